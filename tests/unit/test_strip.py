from __future__ import annotations

from collections.abc import Mapping

import pytest

from hatch_lambda_zip.config.model import Strip
from hatch_lambda_zip.contents.strip import strip
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install.read import Installed
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from tests.support.installed import entry_of, files_of, made

ALL = tuple(Strip)
TESTS = {"pkg/tests/__init__.py": "", "pkg/tests/helpers.py": "", "pkg/tests/data.json": ""}


def kept(
    files: Mapping[str, str | bytes],
    *,
    handler: str | None = None,
    elsewhere: tuple[Installed, ...] = (),
    added: tuple[Entry, ...] = (),
) -> bool:
    """Tell whether pkg/tests ships, of which all or nothing has to."""
    package = made("pkg", {"pkg/__init__.py": "", **TESTS, **files})
    (one,) = strip([package], [Strip.TESTS], handler=handler, elsewhere=elsewhere, added=added)
    found = {*TESTS} & {*files_of(one)}
    assert found in (set(), {*TESTS})
    return bool(found)


def test_every_kind_is_left_out_by_itself() -> None:
    files = {
        "pkg/__init__.py": Reason.TESTS,  # stands for none
        "pkg/a.pyi": Reason.TYPE_STUB,
        "pkg/py.typed": Reason.TYPE_STUB,
        "pkg/include/a.h": Reason.NATIVE_HEADER,
        "pkg/a.pxd": Reason.NATIVE_HEADER,
        "pkg/tests/a.py": Reason.TESTS,
        "pkg/tests/a.pyi": Reason.TESTS,
        "test/a.txt": Reason.TESTS,
    }
    package = made("pkg", dict.fromkeys(files, ""))
    (one,) = strip([package], ALL)
    del files["pkg/__init__.py"]
    assert files_of(one) == ["pkg/__init__.py"]
    assert one.left_out == tuple(LeftOut(name, files[name], "pkg") for name in sorted(files))
    (one,) = strip([package], [Strip.TYPE_STUBS])
    assert {left.path for left in one.left_out} == {"pkg/a.pyi", "pkg/py.typed", "pkg/tests/a.pyi"}
    (one,) = strip([package], [Strip.NATIVE_HEADERS])
    assert {left.path for left in one.left_out} == {"pkg/include/a.h", "pkg/a.pxd"}


@pytest.mark.parametrize("suffix", ["h", "hh", "hpp", "hxx", "cuh", "pxd", "pxi"])
def test_headers(suffix: str) -> None:
    (one,) = strip([made("pkg", {f"pkg/a.{suffix}": ""})], ALL)
    assert files_of(one) == []


@pytest.mark.parametrize(
    "name",
    [
        "pkg/testing/a.py",
        "pkg/tests.py",
        "pkg/test.py",
        "pkg/test_a.py",
        "pkg/Tests/a.py",
        "pkg/tests_a/b.py",
        "pkg/a.c",
        "pkg/a.cpp",
        "pkg/a.pyx",
        "pkg/py.typed.txt",
        "pkg/h",
        "pkg-1.0.dist-info/licenses/tests/a.h",
        "pkg-1.0.dist-info/a.pyi",
        "pkg-1.0.dist-info/py.typed",
    ],
)
def test_what_only_looks_alike_ships(name: str) -> None:
    (one,) = strip([made("pkg", {name: ""})], ALL)
    assert name in [entry.name for entry in one.entries]
    assert one.left_out == ()


def test_nothing_to_leave_out_leaves_all_as_it_is() -> None:
    package = made("pkg", {"pkg/a.py": ""})
    assert strip([package], ALL) == (package,)
    assert strip([package], ()) == (package,)


def test_tests_that_nothing_mentions_are_left_out() -> None:
    assert not kept({})


# What a module of pkg may have that imports its tests.
MENTIONS: dict[str, str | bytes] = {
    "absolute": "import pkg.tests",
    "absolute, deeper": "import os, pkg.tests.helpers as helpers",
    "from the package": "from pkg import a, tests as t",
    "from the tests": "from pkg.tests import helpers",
    "from deeper": "from pkg.tests.helpers import (\n    x,\n)",
    "in parentheses": "from pkg import (  # all\n    a,\n    tests,  # these\n)",
    "relative": "from . import tests",
    "relative, without a space": "from.import tests",
    "relative, deeper": "from .tests import helpers",
    "relative, with spaces": "from . tests . helpers import x",
    "on two lines": "from pkg \\\n    import \\\n    tests",
    "behind a colon": "try: import pkg.tests\nexcept ImportError: pass",
    "behind another statement": "x = 1; import pkg.tests; y = 2",
    "in a function": "def f():\n    '''Say what.'''\n    from pkg.tests import x\n    return x",
    "importlib": "import importlib\nimportlib.import_module('pkg.tests')",
    "importlib, relative": "import importlib\nimportlib.import_module('.tests', 'pkg')",
    "importlib, relative, deeper": 'importlib.import_module(".tests.helpers", __package__)',
    "concatenated": "importlib.import_module(__name__ + '.tests')",
    "f-string": "importlib.import_module(f'{__name__}.tests')",
    "f-string, deeper": 'importlib.import_module(f"{pkg!r:>3}.tests.{name}")',
    "percent": "importlib.import_module('%s.tests' % __name__)",
    "percent, named": "importlib.import_module('%(name)s.tests.helpers' % names)",
    "format": "importlib.import_module('{}.tests'.format(__name__))",
    "star import": "__all__ = ['a', 'tests']",
    "file": "open(os.path.join(here, 'tests/data.json'))",
    "path of a file": "importlib.resources.files('pkg').joinpath('tests/data.json')",
    "path from the top": 'pkgutil.get_data("pkg", "pkg/tests/data.json")',
    "long string": 'x = """pkg.tests"""',
    "raw string": "x = r'pkg.tests'",
    "behind strings that look like comments": "x = '#'; y = \"'\"; import pkg.tests  # '",
    "behind a quote in a comment": "# don't\nimport pkg.tests",
    "behind an escaped quote": "x = 'don\\'t'; import pkg.tests",
    "syntax of no Python yet": "lazy import pkg.tests\nif x then y",
    "other syntax of no Python yet": "lazy from . import tests\n??",
    "not in utf-8": b"# \xff\nimport pkg.tests",
    "continued behind a carriage return": b"from pkg \\\r\n    import tests",
    "old line ends": b"# a comment\rimport pkg.tests\r",
    "carriage returns": b"import os\r\nfrom pkg import (\r\n    tests,\r\n)\r\n",
}


@pytest.mark.parametrize("case", MENTIONS)
def test_tests_that_a_module_may_import_ship(case: str) -> None:
    assert kept({"pkg/a.py": MENTIONS[case]})


@pytest.mark.parametrize(
    "source",
    [
        "# import pkg.tests",
        "import pkg  # from pkg import tests",
        "import pkg.testing, pkg.tests_of, other.tests",
        "from pkg import testing as tests",
        "from other import tests",
        "from other.pkg.tests import x",
        "def test(): tests = 1",
        "'''See the tests of pkg.'''",
        "x = 'pkg.testsuite'",
        "yield from tests",
        "raise tests from None",
        "importing = tests",
    ],
)
def test_tests_that_a_module_only_talks_about_are_left_out(source: str) -> None:
    assert not kept({"pkg/a.py": source})


@pytest.mark.parametrize(
    ("source", "ships"),
    [
        ("from .. import tests", True),
        ("from ..tests.helpers import x", True),
        ("from . import tests", False),
        ("from .tests import x", False),
        ("from ... import tests", False),
        ("x = '..tests'", True),
    ],
)
def test_relative_imports_count_from_their_package(source: str, ships: bool) -> None:  # noqa: FBT001
    assert kept({"pkg/sub/a.py": source}) is ships
    assert kept({"pkg/sub/__init__.py": source}) is ships


def test_a_module_of_another_distribution_counts() -> None:
    other = made("other", {"other.py": "import pkg.tests"})
    package = made("pkg", TESTS)
    shipped = strip([other, package], [Strip.TESTS])
    assert files_of(shipped[1]) == [*TESTS]


def test_a_module_of_a_layer_counts_and_a_layer_keeps_its_own() -> None:
    assert kept({}, elsewhere=(made("other", {"other.py": "from pkg import tests"}),))
    assert kept({}, elsewhere=(made("other", {"other/tests/a.py": "import pkg.tests"}),))
    assert not kept({}, elsewhere=(made("other", {"tests/__init__.py": ""}),))


def test_a_file_of_the_project_counts() -> None:
    assert kept({}, added=(entry_of("run.py", "import pkg.tests.helpers"),))
    assert not kept({}, added=(entry_of("run.txt", "import pkg.tests.helpers"),))


@pytest.mark.parametrize(
    ("reference", "ships"),
    [
        ("pkg.tests:main", True),
        ("pkg.tests.helpers:main", True),
        ("pkg.tests : main [x]", True),
        ("pkg.tests", True),
        ("pkg:tests", False),
        ("pkg.testsuite:main", False),
    ],
)
def test_entry_points_count(reference: str, ships: bool) -> None:  # noqa: FBT001
    content = f"[pytest11]\npkg = {reference}\n"
    assert kept({"pkg-1.0.dist-info/entry_points.txt": content}) is ships


@pytest.mark.parametrize("name", ["bin/tool", "bin/tool.sh"])
def test_scripts_count(name: str) -> None:
    assert kept({name: "#!/usr/bin/python\nfrom pkg.tests import helpers\n"})


@pytest.mark.parametrize("name", ["pkg/a.cpython-313-x86_64-linux-gnu.so", "pkg/sub/a.pyc"])
@pytest.mark.parametrize(
    ("content", "ships"),
    [
        (b"\x00pkg.tests\x00", True),
        (b"\xffpkg.tests.helpers\xff", True),
        (b"\x00import\x00tests\x00", True),
        (b"\x00tests.helpers\x00", True),
        (b"\x00pkg.testing\x00my_tests\x00", False),
    ],
)
def test_compiled_code_counts(name: str, content: bytes, ships: bool) -> None:  # noqa: FBT001
    assert kept({name: content}) is ships


@pytest.mark.parametrize(
    ("handler", "ships"),
    [
        ("pkg.tests.helpers.handler", True),
        ("pkg/tests/helpers.handler", True),
        ("pkg.tests.handler", True),
        ("pkg.tests_of.handler", False),
        ("tests.handler", False),
    ],
)
def test_the_handler_counts(handler: str, ships: bool) -> None:  # noqa: FBT001
    assert kept({}, handler=handler) is ships


def test_tests_import_themselves_in_vain() -> None:
    assert not kept({"pkg/tests/more.py": "import pkg.tests.helpers"})


def test_what_shipped_tests_import_ships_too() -> None:
    files = {
        "pkg/__init__.py": "from a.tests import x",
        "a/tests/__init__.py": "from b.test import y",
        "b/test/__init__.py": "",
        "b/test/sub/tests/deep.py": "import c.tests",
        "c/tests/__init__.py": "from a import tests",
        "d/tests/__init__.py": "import c.tests, e.tests",
        "e/tests/__init__.py": "import d.tests",
    }
    (one,) = strip([made("pkg", files)], [Strip.TESTS])
    assert [left.path for left in one.left_out] == ["d/tests/__init__.py", "e/tests/__init__.py"]


def test_a_tests_package_of_the_top() -> None:
    first = made("first", {"first.py": "import os", "tests/__init__.py": "", "tests/a.py": ""})
    second = made("second", {"tests/b.py": ""})
    assert [files_of(one) for one in strip([first, second], ALL)] == [["first.py"], []]
    other = made("other", {"other.py": "from first import tests, b"})
    assert not files_of(strip([other, second], ALL)[1])
    third = made("third", {"third.py": "from tests import a"})
    assert all(not one.left_out for one in strip([first, second, third], ALL))


def test_only_files_that_may_import_are_read() -> None:
    big = made("pkg", {"pkg/data.bin": b"pkg.tests", "pkg/tests/a.py": ""})
    (one,) = strip([big], ALL)
    assert files_of(one) == ["pkg/data.bin"]


def test_a_large_module_takes_no_time() -> None:
    strings = "x = '''" + "it\\'s a 'test' " * 20_000 + "'''\n"
    comments = '# it\'s """ a test\n' * 20_000
    assert kept({"pkg/a.py": f"{strings}{comments}import pkg.tests\n"})
