from __future__ import annotations

import pytest
from installing import files_of, installed

from hatch_lambda_zip.artifacts import Strip
from hatch_lambda_zip.left_out import LeftOut, Reason
from hatch_lambda_zip.stripping import strip

TESTS = {
    "pkg/tests/__init__.py": b"",
    "pkg/tests/test_a.py": b"import pytest\n",
    "pkg/tests/data/a.txt": b"data",
    "pkg/sub/tests/test_b.py": b"",
}
CODE = {"pkg/__init__.py": b"", "pkg/sub/__init__.py": b"", "pkg/core.py": b"x = 1\n"}


def shipped(
    files: dict[str, bytes], *kinds: Strip, handler: str | None = None, **others: dict[str, bytes]
) -> set[str]:
    layer = [installed("layer", others.pop("layer"))] if "layer" in others else []
    distributions = [
        installed("pkg", files),
        *(installed(name, other) for name, other in others.items()),
    ]
    return files_of(strip(distributions, kinds or (Strip.TESTS,), elsewhere=layer, handler=handler))


def test_test_directories_go_with_all_that_is_in_them() -> None:
    assert shipped({**CODE, **TESTS}) == CODE.keys()
    (stripped,) = strip([installed("pkg", {**CODE, **TESTS})], [Strip.TESTS])
    assert stripped.left_out == tuple(LeftOut(name, Reason.TESTS, "pkg") for name in sorted(TESTS))


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("pkg/core.py", b"import pkg.tests\n"),
        ("pkg/core.py", b"import os, pkg.tests.data as d\n"),
        ("pkg/core.py", b"from pkg.tests import helper\n"),
        ("pkg/core.py", b"from pkg import core, tests\n"),
        ("pkg/core.py", b"from pkg import (\n    core,\n    tests as t,\n)\n"),
        ("pkg/core.py", b"from pkg import core, \\\n    tests\n"),
        ("pkg/core.py", b"from . import tests\n"),
        ("pkg/core.py", b"def f():\n    from .tests.test_a import x\n"),
        ("pkg/sub/a.py", b"from ..tests import x\n"),
        ("pkg/sub/a.py", b"from .. import tests\n"),
        ("pkg/core.py", b"importlib.import_module('pkg.tests.test_a')\n"),
        ("pkg/core.py", b"importlib.import_module('.tests', __package__)\n"),
        ("pkg/sub/a.py", b'importlib.import_module("..tests", __package__)\n'),
        ("pkg/__init__.py", b"__all__ = ['core', 'tests']\n"),
        ("pkg/__init__.py", b"__all__ += ('core',\n  'tests')\n"),
        ("pkg/__init__.py", b"__all__.extend(['tests'])\n"),
        ("pkg/core.py", b"match x:\n    case _: type A = f'{pkg.tests}'  # of no Python here\n"),
        ("pkg/native.cpython-313-x86_64-linux-gnu.so", b"\x7fELF\0pkg.tests.test_a\0"),
        ("pkg/compiled.pyc", b"\0\0\xda\x09pkg.tests\xda"),
    ],
)
def test_a_directory_that_is_mentioned_ships(place: str, source: bytes) -> None:
    kept = {name for name in TESTS if name.startswith("pkg/tests/")}
    assert shipped({**CODE, **TESTS, place: source}) == {*CODE, place, *kept}


@pytest.mark.parametrize(
    "source",
    [
        b"# see the tests\n",
        b"tests = ['pkg', 'tests']\n",
        b"import contests, pkg_tests\n",
        b"from pkg.testing import tests_of\n",
        b"from other import tests\n",
        b"from ... import tests\n",
        b"'''This is a test. It tests.'''\n",
    ],
)
def test_what_is_no_mention(source: bytes) -> None:
    assert shipped({**CODE, **TESTS, "pkg/core.py": source}) == CODE.keys()


def test_what_a_shipped_directory_mentions_ships_too() -> None:
    files = {**CODE, **TESTS, "pkg/core.py": b"from pkg.sub.tests import test_b\n"}
    files["pkg/sub/tests/test_b.py"] = b"from ...tests import data\n"
    assert shipped(files) == files.keys()
    # Test directories that only mention one another do not.
    files["pkg/core.py"] = b""
    assert shipped(files) == CODE.keys()


def test_other_distributions_layers_entry_points_and_the_handler_count() -> None:
    files = {**CODE, **TESTS}
    kept = {name for name in TESTS if name.startswith("pkg/tests/")}
    user = {"user.py": b"import pkg.tests\n"}
    assert shipped(files, user=user) == {*CODE, *kept, "user.py"}
    assert shipped(files, layer=user) == {*CODE, *kept}
    assert shipped(files, handler="pkg.tests.test_a.main") == {*CODE, *kept}
    points = {
        "pkg-1.0.dist-info/entry_points.txt": b"[console_scripts]\na = pkg.tests.test_a:main\n"
    }
    assert shipped({**files, **points}) == {*CODE, *kept}


def test_a_directory_at_the_top() -> None:
    files = {"tests/__init__.py": b"", "pkg.py": b"# no tests here\n"}
    assert shipped(files) == {"pkg.py"}
    for source in (
        b"import tests\n",
        b"import a, tests\n",
        b"__import__('tests')\n",
        b"from tests import a\n",
    ):
        assert shipped({**files, "pkg.py": source}) == files.keys()


def test_conftest_goes_and_what_it_mentions() -> None:
    files = {**CODE, **TESTS, "pkg/conftest.py": b"from pkg.tests import data\n"}
    assert shipped(files) == CODE.keys()
    files["pkg/core.py"] = b"from pkg import conftest\n"
    assert shipped(files) == {name for name in files if "sub/tests" not in name}


def test_type_stubs_and_headers() -> None:
    files = {
        **CODE,
        **dict.fromkeys(("pkg/core.pyi", "pkg/py.typed", "pkg-stubs/a.pyi"), b""),
        **dict.fromkeys(("pkg/include/a.h", "pkg/a.hpp", "pkg/a.pxd", "pkg/a.hh"), b""),
        **dict.fromkeys(("pkg/a.html", "pkg/typed.py", "pkg/h"), b""),
        "pkg-1.0.dist-info/licenses/tests/py.typed": b"",
        "pkg-1.0.dist-info/a.h": b"",
    }
    others = {*CODE, "pkg/a.html", "pkg/typed.py", "pkg/h"}
    headers = {"pkg/include/a.h", "pkg/a.hpp", "pkg/a.pxd", "pkg/a.hh"}
    stubs = {"pkg/core.pyi", "pkg/py.typed", "pkg-stubs/a.pyi"}
    assert shipped(files, Strip.TYPE_STUBS) == {*others, *headers}
    assert shipped(files, Strip.NATIVE_HEADERS) == {*others, *stubs}
    distribution = installed("pkg", files)
    (stripped,) = strip([distribution], [*Strip])
    assert {entry.name for entry in stripped.entries if ".dist-info/" in entry.name} == {
        entry.name for entry in distribution.entries if ".dist-info/" in entry.name
    }
    assert {left.reason for left in stripped.left_out} == {Reason.TYPE_STUB, Reason.NATIVE_HEADER}
