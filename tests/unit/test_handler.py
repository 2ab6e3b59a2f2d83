from __future__ import annotations

import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.contents.imports.handler import check_handler
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError, DistributionError
from hatch_lambda_zip.record import Digest

pytestmark = pytest.mark.every_python


def make_entry(name: str, content: bytes) -> Entry:
    return Entry(name, content, len(content), Digest.of(content), "demo")


def check(source: str | bytes, handler: str = "app.handler") -> str | None:
    """Check a handler against a zip whose only module is app.py."""
    content = source if isinstance(source, bytes) else source.encode()
    return check_handler(handler, [make_entry("other.py", b""), make_entry("app.py", content)])


def check_files(handler: str, *names: str) -> str | None:
    """Check a handler against files that all define ``handler``."""
    return check_handler(
        handler, [make_entry(name, b"def handler(event, context): ...\n") for name in names]
    )


def error_of(source: str, handler: str = "app.handler") -> str:
    with pytest.raises(ContentsError) as caught:
        check(source, handler)
    return str(caught.value)


BINDING = {
    "function": "def handler(event, context): ...",
    "bound again": "handler = 1\ndel handler\ndef handler(event, context): ...",
    "class": "class handler(Base): ...",
    "decorated function": "import x\n@x.y\ndef handler(): ...",
    "assignment": "handler = print",
    "one of several platforms": "a = handler = print",
    "unpacking": "(a, [handler, *b]) = 1, [2, 3]",
    "starred unpacking": "a, *handler = 1, 2",
    "annotated assignment": "handler: object = print",
    "augmented assignment": "handler += 1",
    "lambda": "handler = lambda event, context: None",
    "import from": "from a import handler",
    "import from under another name": "from a import b as handler",
    "relative import": "from . import handler",
    "if": "if x:\n    def handler(): ...",
    "else": "if x:\n    pass\nelif y:\n    pass\nelse:\n    handler = 1",
    "try": "try:\n    from a import handler\nexcept ImportError:\n    pass",
    "except": "try:\n    pass\nexcept ImportError:\n    handler = None",
    "try else": "try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    handler = None",
    "finally": "try:\n    pass\nfinally:\n    handler = None",
    "with": "with a() as b:\n    handler = b",
    "with as": "with a() as handler:\n    pass",
    "for": "for handler in a:\n    pass",
    "for body": "for a in b:\n    handler = a",
    "for else": "for a in b:\n    pass\nelse:\n    handler = a",
    "while": "while a:\n    handler = a",
    "walrus": "if (handler := a()):\n    pass",
    "walrus in a call": "print(handler := a())",
    "match": "match a:\n    case handler:\n        pass",
    "match body": "match a:\n    case 1:\n        def handler(): ...",
    "match as": "match a:\n    case [1, 2] as handler:\n        pass",
    "match sequence": "match a:\n    case [1, handler]:\n        pass",
    "match star": "match a:\n    case [1, *handler]:\n        pass",
    "match mapping": "match a:\n    case {'key': handler}:\n        pass",
    "match rest": "match a:\n    case {'key': 1, **handler}:\n        pass",
    "match class": "match a:\n    case int(real=handler):\n        pass",
    # PEP 572: in a comprehension it binds the name outside.
    "walrus in a comprehension": "[handler := a for a in b]",
    "walrus in a nested comprehension": "{1: [x for x in b if (handler := x)] for a in b}",
}


@pytest.mark.parametrize("source", BINDING.values(), ids=BINDING)
def test_every_way_to_bind_a_name(source: str) -> None:
    assert check(source + "\n") is None


NOT_BINDING = {
    "nothing": "",
    "a use": "print(handler)",
    "an attribute": "import a\na.handler = 1",
    "an item": "a = {}\na['handler'] = 1",
    "a string": "a = 'handler'",
    "a local variable": "def main():\n    handler = 1",
    "a nested function": "def main():\n    def handler(): ...",
    "a parameter": "def main(handler): ...",
    "a method": "class Main:\n    def handler(self): ...",
    "a class attribute": "class Main:\n    handler = 1",
    "a lambda's parameter": "main = lambda handler: 1",
    "a lambda's walrus": "main = lambda: (handler := 1)",
    "a comprehension's variable": "main = [1 for handler in a]",
    "a set comprehension's variable": "main = {1 for handler in a}",
    "a dict comprehension's variable": "main = {1: 2 for handler in a}",
    "a generator's variable": "main = list(1 for handler in a)",
    "a bare annotation": "handler: object",
    "an exception's name": "try:\n    pass\nexcept E as handler:\n    pass",
    "a renamed import": "from a import handler as main",
    "a submodule": "import a.handler",
    "the module of an import": "from handler import a",
    "another case": "def Handler(): ...",
}

DELETING = {
    "a deleted name": "def handler(): ...\ndel handler",
    "one deleted among others": "handler = 1\ndel a, (handler, b)",
}


@pytest.mark.parametrize(
    "source", [*NOT_BINDING.values(), *DELETING.values()], ids=[*NOT_BINDING, *DELETING]
)
def test_what_does_not_bind_a_name_in_the_module(source: str) -> None:
    assert error_of(source + "\n").startswith(
        "The handler 'app.handler' can't work: app.py defines no 'handler'."
    )


def test_a_missing_name_comes_with_the_likely_one() -> None:
    source = "def lambda_handler(): ...\ndef main(): ...\n"
    assert error_of(source, "app.lamda_handler") == (
        "The handler 'app.lamda_handler' can't work: app.py defines no 'lamda_handler'. "
        "Did you mean 'lambda_handler'?"
    )
    assert error_of(source, "app.xyz") == (
        "The handler 'app.xyz' can't work: app.py defines no 'xyz'."
    )


AT_RUN_TIME = {
    "star import": "from a import *",
    "star import in a branch": "if a:\n    from b import *",
    "module __getattr__": "def __getattr__(name): ...",
    "globals": "globals()['handler'] = 1",
    "globals in a function": "def main():\n    globals().update(handler=1)",
    "global statement": "def main():\n    global handler\n    handler = 1",
    "vars": "vars()['handler'] = 1",
    "locals": "locals()['handler'] = 1",
    "setattr": "import sys\nsetattr(sys.modules[__name__], 'handler', 1)",
    "exec": "exec('handler = 1')",
}


@pytest.mark.parametrize("source", AT_RUN_TIME.values(), ids=AT_RUN_TIME)
def test_names_made_at_run_time_can_not_be_checked(source: str) -> None:
    assert check(source + "\n") == (
        "the handler 'app.handler' can't be checked: app.py makes names at run time "
        "(a star import, __getattr__ or globals())"
    )


def test_names_made_at_run_time_do_not_matter_when_the_name_is_there() -> None:
    assert check("from a import *\nhandler = 1\nglobals()\n") is None


@pytest.mark.parametrize(
    "source", [b"def handler(:\n", b"\xff\xfe", b"handler = 1\0", b"# coding: x\n"]
)
def test_a_module_that_does_not_parse_can_not_be_checked(source: bytes) -> None:
    warning = check(source)
    assert warning is not None
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert warning.startswith(
        f"the handler 'app.handler' can't be checked: Python {here} can't parse app.py ("
    )


def test_a_declared_encoding_is_heeded() -> None:
    assert (
        check("# coding: latin-1\nfunci\u00f3n = print\n".encode("latin-1"), "app.funci\u00f3n")
        is None
    )


def test_warnings_about_the_code_are_not_ours_to_show() -> None:
    source = 'import re\nPATTERN = re.compile("\\d")\nx = 1 is 1\ndef handler(*both): ...\n'
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert check(source) is None
    assert shown == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check(source) is None


def test_the_module_is_never_executed() -> None:
    assert check("handler = print\nraise SystemExit\n") is None


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        ("app.handler", "app.py"),
        ("app.handler", "app/__init__.py"),
        ("pkg.app.handler", "pkg/app.py"),
        ("pkg.app.handler", "pkg/app/__init__.py"),
        ("pkg/app.handler", "pkg/app.py"),
        ("a/b/c.handler", "a/b/c.py"),
        ("a/b.c.handler", "a/b/c/__init__.py"),
    ],
)
def test_where_the_module_may_be(handler: str, name: str) -> None:
    assert check_files(handler, name) is None


def test_a_package_comes_before_a_module_of_the_same_name() -> None:
    package, module = make_entry("app/__init__.py", b""), make_entry("app.py", b"handler = 1\n")
    with pytest.raises(ContentsError, match=r"app/__init__\.py defines no 'handler'"):
        check_handler("app.handler", [module, package])


def test_a_missing_module_comes_with_those_of_its_name() -> None:
    files = ("src/demo/app.py", "demo/app.py", "zoo/app.py", "a/app.py", "demo/happy_app.py")
    with pytest.raises(ContentsError) as caught:
        check_files("app.handler", *files)
    assert str(caught.value) == (
        "The handler 'app.handler' can't work: the zip has neither app.py nor app/__init__.py. "
        "There is a/app.py, demo/app.py, src/demo/app.py. Correct the handler, or see to it that "
        "the module ships, in the package's wheel (unless `package = false`) or in a `code` "
        "directory."
    )


def test_a_missing_module_comes_with_the_only_one_of_its_name() -> None:
    with pytest.raises(ContentsError, match=r" Did you mean 'src\.demo\.app\.handler'\? "):
        check_files("app.handler", "src/demo/app.py", "other.py")


def test_a_missing_module_without_any_of_its_name() -> None:
    with pytest.raises(ContentsError) as caught:
        check_files("demo.app.handler", "demo/__init__.py", "other.py")
    assert str(caught.value) == (
        "The handler 'demo.app.handler' can't work: the zip has neither demo/app.py nor "
        "demo/app/__init__.py. Correct the handler, or see to it that the module ships, in the "
        "package's wheel (unless `package = false`) or in a `code` directory."
    )


@pytest.mark.parametrize(
    "name",
    [
        "app.so",
        "app.cpython-313-x86_64-linux-gnu.so",
        "app.abi3.so",
        "app/__init__.cpython-313-x86_64-linux-gnu.so",
        "app.pyc",
        "app/__init__.pyc",
    ],
)
def test_a_compiled_module_can_not_be_checked(name: str) -> None:
    assert check_files("app.handler", "other.py", name) == (
        "the handler 'app.handler' can't be checked: app is not Python source"
    )


@pytest.mark.parametrize("name", ["application.so", "pkg/app.so", "app.so.1", "app.pyi", "app.txt"])
def test_what_is_no_compiled_form_of_the_module(name: str) -> None:
    with pytest.raises(ContentsError, match="the zip has neither"):
        check_files("app.handler", name)


def test_the_module_is_verified() -> None:
    entry = Entry("app.py", b"handler = 1\n", 12, Digest.of(b"other"), "demo")
    with pytest.raises(DistributionError):
        check_handler("app.handler", [entry])


@given(st.sampled_from(sorted(BINDING)), st.sampled_from(sorted(NOT_BINDING)))
def test_other_statements_change_nothing(binding: str, other: str) -> None:
    name = f"{BINDING[binding]}\n"
    if "comprehension" not in binding:
        assert check(f"{NOT_BINDING[other]}\n{name}") is None
        assert check(f"if True:\n  pass\n{name}{NOT_BINDING[other]}\n") is None
