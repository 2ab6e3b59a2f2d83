"""Which imports are missed, and what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from hatch_lambda_zip.config import Artifact, CheckImports, Kind, Options, Project
from hatch_lambda_zip.contents.decide import Contents, decide_function, decide_layer
from hatch_lambda_zip.contents.imports.importable import Found, Importable
from hatch_lambda_zip.contents.imports.module_source import read_module
from hatch_lambda_zip.contents.imports.syntax import SyntaxJudge
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import ImportNames, Installed
from hatch_lambda_zip.lock import Origin
from tests.support.installed import entry_of, made, platform_of

KEY = "tool.hatch.build.targets.lambda-zip"
HANDLER = "def handler(event, context): ...\n"
PROJECT = Project("orders", "1.0", "orders-1.0", ["lib", "boto3"])
LIB = made("lib", {"lib/__init__.py": "import nothing_that_anybody_has", "lib_c.abi3.so": ""})
SPACE = made("space-a", {"space/a/__init__.py": "", "space/data.txt": "", "space/b.py": ""})


def function(**options: Any) -> Artifact:  # noqa: ANN401 - any options
    platform = platform_of("python3.13")
    wanted = Options(**{"handler": "orders.app.handler", **options})
    return Artifact("lambda", "lambda", KEY, Kind.FUNCTION, platform, wanted)


def own(files: Mapping[str, str]) -> Installed:
    """Make the package itself; its handler's module ends with the handler."""
    files = {"orders/__init__.py": "", **files}
    files["orders/app.py"] = files.get("orders/app.py", "") + f"\n{HANDLER}"
    return made("orders", files, requires=["lib", "boto3"], origin=Origin.LOCAL)


def decide(
    files: Mapping[str, str],
    others: Iterable[Installed] = (LIB, SPACE),
    added: Iterable[Entry] = (),
    layers: Mapping[str, Contents] | None = None,
    **options: Any,  # noqa: ANN401 - any options
) -> Contents:
    installed = sorted([own(files), *others], key=lambda item: item.name)
    return decide_function(function(**options), PROJECT, installed, [*added], layers or {})


def fail(files: Mapping[str, str], **options: Any) -> str:  # noqa: ANN401 - any options
    with pytest.raises(ContentsError) as caught:
        decide(files, **options)
    return str(caught.value)


def app(source: str) -> dict[str, str]:
    return {"orders/app.py": source}


MISSING = {
    "third party": ("import sqlalchemy", "no module 'sqlalchemy' in the zip, its layers or pyth"),
    "first component": ("import sql.alchemy.orm", "no module 'sql' in the zip"),
    "from": ("from sqlalchemy import orm", "no module 'sqlalchemy' in the zip"),
    "typo": (
        "import librry, lib, lib1",
        "layers or python3.13. Did you mean",
    ),
    "below a namespace": ("import space.c", "no module 'space.c' in the zip"),
    "from a namespace": ("from space import a, c", "no module 'space.c' in the zip"),
    "own module": (
        "from orders.models import Order",
        "no module 'orders.models' in the zip or its",
    ),
    "own subpackage": ("import orders.a.b", "no module 'orders.a' in the zip or its layers"),
    "relative": ("from .models import Order", "no module 'orders.models' in the zip or its layers"),
    "relative module": (
        "from . import models",
        "orders/__init__.py has no name 'models', and there is no orders/models.py",
    ),
    "beyond the top": ("from ... import x", "'from ... import x' leads out of the package"),
    "module that is no package": ("import orders.app.x", "no module 'orders.app.x' in the zip or"),
    "name": ("from orders import name", "orders/__init__.py has no name 'name'"),
    "removed from Python": ("import cgi", "library has it until Python 3.12"),
    "only on Windows": ("import winreg", "no module 'winreg' in the zip"),
    "after a conditional one": ("try:\n  import x\nexcept: ...\nimport y", "no module 'y'"),
}


@pytest.mark.parametrize(("source", "message"), MISSING.values(), ids=MISSING)
def test_an_import_that_can_not_succeed(source: str, message: str) -> None:
    text = fail(app(source))
    assert text.startswith(f"{KEY}.handler: 'orders.app.handler' can't be imported on Lambda:\n")
    assert message in text
    assert "\n  orders/app.py, line " in text


FINE = {
    "standard library": "import json, os.path, xml.etree.ElementTree, tomllib, __main__",
    "third party": "import lib, lib_c",
    "what a third party lacks is its own affair": "from lib.nowhere import nothing",
    "namespace": "import space\nfrom space import a, b\nimport space.a.c",
    "AWS's": "import awslambdaric.bootstrap\nfrom snapshot_restore_py import x",
    "in try": "try:\n    import x\nexcept ImportError:\n    x = None",
    "in if": "if a:\n    import x",
    "in with": "with suppress(ImportError):\n    import x",
    "in a function": "def f():\n    import x",
    "in a class": "class A:\n    import x",
    "in a loop": "for a in b:\n    import x",
    "never reached": "raise SystemExit\nimport x",
    "future": "from __future__ import annotations",
    "itself": "import orders.app\nfrom orders.app import handler\nfrom . import app",
    "special names": "from orders import __file__, __path__\nfrom lib import __version__",
    "star": "from orders import *\nfrom orders.app import *",
}


@pytest.mark.parametrize("source", FINE.values(), ids=FINE)
def test_what_is_there_or_not_sure_to_be_missing(source: str) -> None:
    contents = decide(app(source))
    assert contents.warnings == ()


@pytest.mark.parametrize("statement", ["from orders import a", "from . import a"])
def test_a_package_may_import_its_own_modules_from_itself(statement: str) -> None:
    """That binds the name, and is no reason not to look at the module."""
    init = {"orders/__init__.py": statement}
    decide({**init, "orders/a.py": ""})
    decide({**init, "orders/a.py": "", **app("from orders import a")})
    message = fail({**init, "orders/a.py": "import x"})
    assert "  orders/a.py, line 1: import x" in message
    assert f"  orders/__init__.py, line 1: {statement}" in message
    assert "orders/__init__.py" in fail(init)
    decide({"orders/__init__.py": f"def a(): ...\n{statement}"})
    decide({"orders/__init__.py": f"try:\n    {statement}\nexcept ImportError:\n    a = None"})


NAMES = {
    "assigned": "x = 1",
    "in a branch": "if a:\n    x = 1",
    "imported": "from lib import x",
    "star": "from lib import *",
    "__getattr__": "def __getattr__(name): ...",
    "globals": "globals()['x'] = 1",
    "global": "def f():\n    global x",
    "class": "class x: ...",
}


@pytest.mark.parametrize("source", NAMES.values(), ids=NAMES)
def test_a_name_of_a_package_that_may_be_there(source: str) -> None:
    files = {"orders/__init__.py": source, **app("from orders import x\nfrom .__init__ import x")}
    assert decide(files).warnings == ()


def test_a_name_that_another_module_sets() -> None:
    files = app("import orders.setup\nfrom orders import x\n")
    assert "no name 'x'" in fail({**files, "orders/setup.py": "import orders\n"})
    decide({**files, "orders/setup.py": "import orders\norders.x = 1\n"})


def test_the_way_leads_through_packages_and_modules() -> None:
    files = {
        "orders/__init__.py": "from .db import session",
        "orders/db/__init__.py": "",
        "orders/db/session.py": "from . import engine as session",
        "orders/db/engine.py": "\n\nimport sqlalchemy",
    }
    text = fail({**files, "orders/__init__.py": "import orders.db.session"})
    assert text == (
        f"{KEY}.handler: 'orders.app.handler' can't be imported on Lambda:\n"
        "there is no module 'sqlalchemy' in the zip, its layers or python3.13\n"
        "  orders/__init__.py, line 1: import orders.db.session\n"
        "  orders/db/session.py, line 1: from . import engine\n"
        "  orders/db/engine.py, line 3: import sqlalchemy\n"
        "Add the distribution that has a module to the dependencies and lock them again. If a "
        f"layer from elsewhere brings it, name the module in {KEY}.external-modules.\n"
        f'With {KEY}.check-imports = "warn" this is only a warning.'
    )


def test_what_is_not_reached_is_not_looked_at() -> None:
    assert decide({"orders/cli.py": "import click\n(", **app("import lib")}).warnings == ()


def test_every_miss_is_told_once() -> None:
    files = {**app("import a, b\nfrom . import other"), "orders/other.py": "import b, c"}
    text = fail(files)
    assert [text.count(f"no module {name!r}") for name in "abc"] == [1, 1, 1]


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("orders/pkg/__init__.py", "from .x import y"),
        ("orders/pkg/__init__.py", "from ..z import y"),
        ("orders/pkg/__init__.py", "from .. import y"),
        ("orders/pkg/__init__.py", "from orders.pkg.x import y"),
        ("orders/pkg.py", "from . import y"),
        ("orders/pkg.py", "from .z import y"),
    ],
)
def test_a_name_that_a_module_has_from_another(module: str, statement: str) -> None:
    files = dict.fromkeys(("orders/__init__.py", "orders/z.py", "orders/pkg/x.py"), "y = 1\n")
    contents = decide({**files, module: statement, **app("from orders.pkg import y")})
    assert contents.warnings == ()


def test_a_name_that_a_package_has_from_itself_alone() -> None:
    for statement in ("from . import y", "from orders.pkg import y"):
        files = {"orders/pkg/__init__.py": statement, **app("from orders.pkg import y")}
        assert fail(files)
        assert decide({**files, "orders/pkg/y.py": ""}).warnings == ()


def test_what_nobody_here_can_parse_is_said() -> None:
    minor = 12 if sys.version_info[:2] == (3, 13) else 13
    artifact = replace(function(), platform=platform_of(f"python3.{minor}"))
    judge = SyntaxJudge({"PATH": "/nowhere", "HOME": "/nowhere"}, lambda _: None)
    files = {**app("from . import good, other\n"), "orders/good.py": "", "orders/other.py": "x = ="}
    installed = [LIB, own(files)]
    contents = decide_function(artifact, PROJECT, installed, [], {}, None, judge)
    syntax, followed = contents.notes
    assert syntax == (
        "the syntax of 4 modules was not checked, since there is neither a Python "
        f"3.{minor} nor ruff 0.12 or newer here"
    )
    assert followed.startswith("the imports of orders/other.py are not followed, since Python ")


def test_a_miss_can_be_a_warning_or_nothing() -> None:
    (warning,) = decide(app("import x"), check_imports=CheckImports.WARN).warnings
    assert warning == (
        "there is no module 'x' in the zip, its layers or python3.13 "
        "(orders/app.py, line 1: import x)"
    )
    contents = decide(app("import x\nimport boto3"), check_imports=CheckImports.OFF)
    assert (contents.warnings, contents.notes) == ((), ())


def test_modules_from_elsewhere() -> None:
    source = app("import x.y.z\nfrom x.y import w\nimport x")
    decide(source, external_modules=("x",))
    decide(source, external_modules=("x.y",))
    assert "no module 'x.y'" in fail(source, external_modules=("x.z",))


@pytest.mark.parametrize(
    "line",
    [
        "import sys\nsys.path.insert(0, '/opt/vendor')",
        "import sys as system\nsystem.path.append('x')",
        "from sys import path",
        "import sys\nsys.meta_path.append(x)",
        "import sys\nsys.modules['x'] = y",
        "import site\nsite.addsitedir('x')",
        "import importlib.util\nimportlib.util.spec_from_file_location('a', 'b')",
    ],
)
@pytest.mark.parametrize(
    "way", ["from . import setup", "try:\n    from . import setup\nfinally: ..."]
)
def test_who_changes_where_python_looks_gets_a_warning(line: str, way: str) -> None:
    (warning,) = decide({**app(f"{way}\nimport x"), "orders/setup.py": line}).warnings
    assert warning.endswith(
        "It may be found all the same: orders/setup.py changes where Python looks"
    )
    assert "no module 'x'" in fail({**app("import x"), "orders/setup.py": line})


@pytest.mark.parametrize(
    "line",
    ["import sys\na = sys.modules[__name__]", "import sys\n'a' in sys.modules", "import sys"],
)
def test_a_look_at_modules_changes_nothing(line: str) -> None:
    assert "no module 'x'" in fail(app(f"{line}\nimport x"))


def test_the_runtime_s_sdk_is_noted() -> None:
    (note,) = decide(app("import boto3.session\nimport dateutil")).notes[:1]
    assert note == (
        "boto3, dateutil: from AWS's runtime, whose version changes without notice; to pin it, add "
        "it to the dependencies"
    )


BOTO3 = made("boto3", {"boto3/__init__.py": ""}, requires=["numpy"])
NUMPY = made("numpy", {"numpy/__init__.py": ""})


@pytest.mark.parametrize(
    "options", [{"provided": ("boto3",)}, {"exclude_distributions": ("boto3",)}]
)
def test_what_is_left_out_by_name_is_there(options: dict[str, Any]) -> None:
    everything = (BOTO3, LIB, NUMPY)
    contents = decide(app("import boto3"), everything, **options)
    assert contents.warnings == ()
    assert not any("boto3" in note for note in contents.notes)
    assert {left.name for left in contents.left_out_distributions} == {"boto3", "numpy"}
    # Nobody has said that this one is there.
    (warning,) = decide(app("import numpy"), everything, **options).warnings
    assert "may have it too" in warning


def test_distributions_are_provided_by_name() -> None:
    contents = decide({}, (BOTO3, LIB, NUMPY), provided=("Boto3", "numpy"))
    reasons = {left.name: left.reason.value for left in contents.left_out_distributions}
    assert reasons == {"boto3": "provided", "numpy": "provided"}
    assert fail({}, provided=("aws-skd",)) == (
        f"{KEY}.provided: of what the lock selects here, 'aws-skd' is not one of aws-sdk, lib, "
        "space-a. Did you mean 'aws-sdk'? What the lock does not have can't ship; if it is there "
        "all the same, name its modules in `external-modules`"
    )
    assert "'orders' is the package itself" in fail({}, provided=("orders",))


def test_own_files_that_are_left_out_are_named() -> None:
    files = {**app("from orders import api"), "orders/api/__init__.py": ""}
    decide(files)
    text = fail(files, exclude=("orders/api/**",))
    assert "orders/api/__init__.py is left out: `include` or `exclude` leaves it out\n" in text


def test_added_files_are_modules() -> None:
    source = app("import helper\nfrom . import _version")
    added = [entry_of("helper.py", "", "orders"), entry_of("orders/_version.py", "", "orders")]
    assert decide(source, added=added).warnings == ()
    assert "'helper'" in fail(source)
    broken = [entry_of("helper.py", "import x", "orders"), added[1]]
    assert "helper.py, line 1: import x" in fail(source, added=broken)


def test_local_projects_are_own_modules() -> None:
    member = made("member", {"member/__init__.py": "import x"}, origin=Origin.LOCAL)
    assert "member/__init__.py, line 1: import x" in fail(app("import member"), others=[member])


def test_own_and_third_party_modules_share_a_package() -> None:
    files = {"shared/__init__.py": "", **app("import shared.a\nfrom shared import b")}
    other = made("other", {"shared/__init__.py": "", "shared/a.py": "", "shared/b.py": ""})
    assert decide(files, [other]).warnings == ()


def test_extension_modules_are_not_looked_into() -> None:
    files = {
        "orders/fast.cpython-313-x86_64-linux-gnu.so": "",
        "orders/fast.py": "import x",
        "orders/old.abi3.so": "",
        **app("from . import fast\nfrom .old import y\nimport orders.fast.z"),
    }
    assert decide(files).warnings == ()


def test_what_a_layer_brings_is_there() -> None:
    layer = replace(function(distributions=("lib",)), kind=Kind.LAYER, name="deps", table="deps")
    layer = replace(layer, options=Options(distributions=("lib", "member")))
    member = made("member", {"member.py": "import lib\nimport extra"}, origin=Origin.LOCAL)
    added = [entry_of("python/extra.py", "", "orders")]
    project = replace(PROJECT, dependencies=["lib", "member"])
    shipped = decide_layer(layer, project, [LIB, member, own({})], added)
    others = (LIB, member)
    files = app("import member, lib")
    assert decide(files, others, layers={"deps": shipped}).warnings == ()
    bare = decide_layer(layer, project, [LIB, member, own({})], [])
    assert "no module 'extra'" in fail(files, others=others, layers={"deps": bare})


def test_a_handler_that_a_module_of_the_standard_library_is_called_like() -> None:
    files = {"code/__init__.py": "", "code/app.py": f"import x\n{HANDLER}"}
    assert "no module 'x'" in fail(files, handler="code.app.handler")


def test_without_a_handler_a_note_says_that_nothing_is_checked() -> None:
    contents = decide(app("import x"), handler=None)
    assert contents.notes == ("without `handler`, neither it nor what it imports is checked",)


def test_a_runtime_newer_than_the_table_gives_warnings() -> None:
    artifact = replace(function(), platform=platform_of("python3.99"))
    (warning,) = decide_function(artifact, PROJECT, [own(app("import x"))], [], {}).warnings
    assert "python3.99 may have it" in warning


def test_a_module_that_a_package_loads_when_it_is_asked_for() -> None:
    files = {
        "orders/__init__.py": "def __getattr__(name): ...",
        "orders/setup.py": "import sys\nsys.path.append('x')",
        **app("from orders import setup\nimport x"),
    }
    assert len(decide(files).warnings) == 1


def test_imports_are_found_in_every_block() -> None:
    source = """\
import a01
if x: import a02
elif y: import a03
else: import a04
try: import a05
except E: import a06
else: import a07
finally: import a08
for i in x: import a09
else: import a10
while x: import a11
else: import a12
with x: import a13
class C:
    import a14
    def f(self): from a15 import b
async def g():
    async for i in x:
        async with y: import a16
match x:
    case 1: import a17
    case _:
        def h(): import a18
"""
    imports = read_module(entry_of("orders/app.py", source)).imports
    assert sorted(found.module for found in imports) == [f"a{n:02}" for n in range(1, 19)]
    assert [found.module for found in imports if found.is_certain] == ["a01"]


@pytest.mark.parametrize("file", ["orders/app.py", "orders/__init__.py", "orders/other.py"])
def test_what_the_runtime_can_not_parse(file: str) -> None:
    installed = [own({"orders/app.py": "import orders.other", "orders/other.py": ""} | {file: "("})]
    here = f"python3.{sys.version_info.minor}"
    changed = replace(function(), platform=platform_of(here))
    with pytest.raises(ContentsError, match=f"{here} can't parse {file}"):
        decide_function(changed, PROJECT, installed, [], {})


def test_a_namespace_that_is_called_like_a_module_that_python_had() -> None:
    message = fail(app("import cgi.b"), others=[LIB, made("other", {"cgi/a.py": ""})])
    assert "no module 'cgi.b' in python3.13: the standard library has it until" in message


@pytest.mark.parametrize("name", ["X", "X.Y", "pkg.X", "only"])
def test_compiled_modules_are_not_looked_into(name: str) -> None:
    paths = ("X.abi3.so", "X/Y.so", "pkg/X.cpython-313-x86_64-linux-gnu.so", "only.pyc")
    files = {path: entry_of(path, "") for path in (*paths, "X.py", "pkg/__init__.py")}
    assert Importable(files, ImportNames()).resolve(name).found is Found.ELSEWHERE


@pytest.mark.parametrize(
    "word",
    [
        *("meta_path", "path_hooks", "path_importer_cache", "__path__", "__import__"),
        *("addsitedir", "extend_path", "declare_namespace", "zipimporter"),
        *("spec_from_file_location", "spec_from_loader", "module_from_spec"),
        *("exec_module", "load_module", "load_source", "SourceFileLoader"),
    ],
)
def test_words_that_tell_of_other_places_for_modules(word: str) -> None:
    assert read_module(entry_of("a.py", f"x = lib.{word}(y)")).meddles
    assert read_module(entry_of("a.py", f"from lib import {word}")).meddles
    called = read_module(entry_of("a.py", f"x = {word}(y)"))
    assert called.meddles is (word != "__import__"), "which finds what an import would"
    assert not read_module(entry_of("a.py", f"x = lib.{word}X(y)")).meddles


def test_who_has_sys_from_another_module() -> None:
    assert read_module(entry_of("a.py", "from lib import *\nsys.path.append(x)")).meddles
    assert not read_module(entry_of("a.py", "from lib import *\nlib.path.append(x)")).meddles


def test_what_setuptools_puts_in_place_of_pythons_own() -> None:
    hack = ImportNames.of(["_distutils_hack/__init__.py"])
    for name, others, expected in (
        ("distutils", hack, Found.ELSEWHERE),
        ("distutils", ImportNames(), Found.NOTHING),
        ("other", hack, Found.NOTHING),
    ):
        assert Importable({}, others, python_minor=13).resolve(name).found is expected
