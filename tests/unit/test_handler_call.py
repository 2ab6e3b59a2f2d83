"""Handlers that Lambda can't call, or can do nothing with."""

from __future__ import annotations

import ast

import pytest

from hatch_lambda_zip.contents.imports.bindings import bound_names
from hatch_lambda_zip.contents.imports.handler import check_handler
from hatch_lambda_zip.errors import ContentsError
from tests.support.installed import entry_of

OTHER = "def good(event, context): ...\ndef bad(event): ...\nclass Plain: ...\n"


def check(source: str, handler: str = "app.handler", **files: str) -> str | None:
    files = {"app": source, "other": OTHER, "pkg/__init__": "", "pkg/mod": "", **files}
    files = {"namespace/mod": "", "sub/__init__": "", "sub/other": OTHER, **files}
    return check_handler(handler, [entry_of(f"{path}.py", text) for path, text in files.items()])


REFUSED = {
    "no argument": ("def handler(): ...", "takes ()"),
    "one argument": ("def handler(event): ...", "takes (event)"),
    "three arguments": ("def handler(a, b, c): ...", "takes (a, b, c)"),
    "positional only": ("def handler(a, /): ...", "takes (a, /)"),
    "keywords only": ("def handler(*, event, context): ...", "takes (*, event, context)"),
    "a keyword too many": ("def handler(event, context, *, x): ...", "*, x)"),
    "coroutine without arguments": ("async def handler(): ...", "takes ()"),
    "lambda": ("handler = lambda event: 1", "takes (event)"),
    "alias": ("def main(event): ...\nhandler = main", "takes (event)"),
    "another one's": ("from other import bad as handler", "other.py, line 2, takes (event)"),
    "through a package": ("from pkg import handler", "other.py, line 2, takes (event)"),
    "module": ("import other as handler", "it is the module 'other' (app.py, line 1)"),
    "Python's module": ("import json as handler", "it is the module 'json' (app.py, line 1)"),
    "Python's submodule": ("import os.path as handler", "it is the module 'os.path' (app.py, line"),
    "module from a package": (
        "from pkg import mod as handler",
        "it is the module pkg.mod (app.py,",
    ),
    "module from a namespace package": (
        "from namespace import mod as handler",
        "it is the module namespace.mod (app.py, line 1)",
    ),
    "number": ("handler = 1", "it is no function, but '1' (app.py, line 1)"),
    "annotated": ("handler: object = None", "it is no function, but 'None'"),
    "table": ("handler = {'a': 1}", "it is no function, but"),
    "instance": ("class A: ...\nhandler = A()", "it is an instance of A, which has no __call__"),
    "instance of another's": ("from other import Plain\nhandler = Plain()", "instance of Plain"),
    "instance of a subclass": ("class A: ...\nclass B(A): ...\nhandler = B()", "instance of B"),
    "narrow call": ("class A:\n  def __call__(self, e): ...\nhandler = A()", "takes (self, e)"),
    "class": ("class handler: ...", "it is a class that takes no arguments (app.py, line 1)"),
    "narrow class": ("class handler:\n  def __init__(self, a): ...", "takes (self, a)"),
    "bound again": ("handler = print\ndef handler(): ...", "takes ()"),
}


@pytest.mark.parametrize(("source", "message"), REFUSED.values(), ids=REFUSED)
def test_what_lambda_can_not_call(source: str, message: str) -> None:
    through = {"pkg/__init__": "from other import bad as handler"}
    with pytest.raises(ContentsError) as caught:
        check(source, **(through if source == "from pkg import handler" else {}))
    assert str(caught.value).startswith("The handler 'app.handler' can't work: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("module", "file"),
    [(".other", "sub/other.py"), ("..other", "other.py"), ("..sub.other", "sub/other.py")],
)
def test_another_modules_function_by_a_relative_import(module: str, file: str) -> None:
    source = f"from {module} import bad as handler"
    with pytest.raises(ContentsError, match=rf"\b(?<!/){file}, line 2, takes \(event\)"):
        check("", "sub.api.handler", **{"sub/api": source})


CALLABLE = {
    "default": "def handler(event, context=None): ...",
    "any number": "def handler(*args, **kwargs): ...",
    "defaults": "def handler(a, b, c=1, *, d=2): ...",
    "positional only": "def handler(a, b, /): ...",
    "decorated": "import lib\n@lib.wrap\ndef handler(): ...",
    "decorated coroutine": "import lib\n@lib.wrap\nasync def handler(event): ...",
    "in a branch": "if x:\n  def handler(): ...",
    "bound again in a branch": "def handler(): ...\nif x:\n  handler = print",
    "bound again": "def handler(): ...\nhandler = wrap(handler)",
    "lambda": "handler = lambda *both: 1",
    "result": "import lib\nhandler = lib.Mangum(app)",
    "alias": "from other import good\nhandler = good",
    "alias of what is bound twice": "def main(): ...\nmain = wrap(main)\nhandler = main",
    "alias of what is bound later": "main = wrap(f)\nhandler = main\ndef main(): ...",
    "third party": "from lib import handler",
    "builtin": "handler = print",
    "call": "class A:\n  def __call__(self, e, c): ...\nhandler = A()",
    "inherited call": "class A:\n  def __call__(self, e, c): ...\nclass B(A): ...\nhandler = B()",
    "call set later": "class A: ...\nA.__call__ = print\nhandler = A()",
    "unknown base": "from lib import Base\nclass A(Base): ...\nhandler = A()",
    "metaclass": "class A(metaclass=M): ...\nhandler = A()",
    "new": "class A:\n  def __new__(cls): ...\nhandler = A()",
    "class": "class handler(dict):\n  def __init__(self, e, c): ...",
    "class that nothing is known of": "class handler:\n  def __init__(self, e, c): ...",
    "decorated class": "@wrap\nclass handler: ...",
    "name at run time": "def handler(): ...\nglobals()",
    "factory": "def make(): ...\nhandler = make()",
    "not bound here": "def __getattr__(name): ...\ndef handler(): ...",
}


@pytest.mark.parametrize("source", CALLABLE.values(), ids=CALLABLE)
def test_what_lambda_may_well_be_able_to_call(source: str) -> None:
    assert check(source) is None


UNSURE = {
    "coroutine": ("async def handler(event, context): ...", "it is a coroutine function (app.py,"),
    "imported coroutine": ("from more import handler", "it is a coroutine function (more.py,"),
    "coroutine call": (
        "class A:\n  async def __call__(self, e, c): ...\nhandler = A()",
        "it is a coroutine function (app.py, line 2)",
    ),
    "generator": ("def handler(event, context):\n  yield 1", "it is a generator function"),
    "third party's module": ("import lib as handler", "it is the module 'lib'"),
    "module that replaces itself": ("import magic as handler", "it is the module 'magic'"),
}


@pytest.mark.parametrize(("source", "message"), UNSURE.values(), ids=UNSURE)
def test_what_gives_a_warning(source: str, message: str) -> None:
    magic = "import sys\nsys.modules[__name__] = print"
    warning = check(source, more="async def handler(a, b): ...", magic=magic)
    assert warning is not None
    assert warning.startswith(f"the handler 'app.handler' may not work: {message}")


def test_names_that_stand_for_each_other_in_a_circle() -> None:
    assert check("from more import handler", more="from app import handler") is None


def test_how_many_bases_are_looked_into() -> None:
    bases = "".join(f"class A{n + 1}(A{n}): ...\n" for n in range(19))
    (first, *others) = ("class A0: ...\n" + bases).splitlines(keepends=True)
    fault = "it is an instance of A19, which has no __call__"
    with pytest.raises(ContentsError, match=fault):
        check("".join([first, *others, "handler = A19()"]))
    one_more = first.replace("A0", "A0(A)")
    assert check("".join(["class A: ...\n", one_more, *others, "handler = A19()"])) is None


def test_third_parties_are_not_looked_into() -> None:
    entries = [entry_of("app.py", "from lib import handler"), entry_of("lib.py", "handler = 1")]
    other = entry_of("lib.py", "handler = 1", "lib")
    with pytest.raises(ContentsError):
        check_handler("app.handler", entries, {"demo"})
    assert check_handler("app.handler", [entries[0], other], {"demo"}) is None


@pytest.mark.parametrize("handler", ["time.handler", "sys/app.handler", "errno.x.handler"])
def test_a_built_in_module_comes_before_any_file(handler: str) -> None:
    path = handler.rpartition(".")[0].replace(".", "/")
    good = "def handler(event, context): ..."
    with pytest.raises(ContentsError, match="is a built-in module of Python"):
        check("", handler, **{path: good})


def test_names_that_statements_bind() -> None:
    source = "import a.b, c.d as e\nfrom f import g, h as i\nj: int = 1\nk = l = 2\n"
    assert {*bound_names(ast.parse(source).body)} == {"a", "e", "g", "i", "j", "k", "l"}
