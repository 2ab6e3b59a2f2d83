"""What runtimes bring along, compared with the Pythons that are here."""

from __future__ import annotations

import sys

import pytest

from hatch_lambda_zip.contents.imports.runtime_modules import (
    SDK_MODULES,
    STDLIB_MINORS,
    modules_of_runtime,
    pythons_with,
    standard_library,
)
from hatch_lambda_zip.install import ImportNames

FOREIGN = {
    *("_android_support", "_apple_support", "_ios_support", "_msi", "_overlapped", "_scproxy"),
    *("_winapi", "_wmi", "msilib", "msvcrt", "nt", "winreg", "winsound"),
}


@pytest.mark.every_python
@pytest.mark.skipif(sys.version_info[1] not in STDLIB_MINORS, reason="not in the table")
def test_the_table_has_the_modules_of_the_running_python() -> None:
    assert standard_library(sys.version_info[1]) == {
        "__main__",
        *(sys.stdlib_module_names - FOREIGN),
    }


def test_what_the_sdk_is_made_of() -> None:
    expected = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"}
    assert expected == SDK_MODULES


@pytest.mark.parametrize(
    ("minor", "there", "not_there"),
    [
        (8, {"dummy_threading", "distutils", "asyncio"}, {"zoneinfo", "graphlib", "tomllib"}),
        (9, {"zoneinfo", "graphlib", "parser", "_peg_parser"}, {"dummy_threading", "tomllib"}),
        (10, {"binhex", "zoneinfo"}, {"_peg_parser", "parser", "tomllib"}),
        (11, {"_bootsubprocess", "distutils", "tomllib"}, {"binhex", "_sha2", "_peg_parser"}),
        (12, {"tomllib", "cgi"}, {"distutils", "imp", "asyncore"}),
        (13, {"tomllib", "sre_parse"}, {"cgi", "telnetlib", "annotationlib"}),
        (14, {"annotationlib", "compression"}, {"cgi", "profiling"}),
        (99, {"profiling"}, {"cgi", "sre_parse"}),
    ],
)
def test_what_comes_and_goes(minor: int, there: set[str], not_there: set[str]) -> None:
    assert there <= standard_library(minor)
    assert not_there.isdisjoint(standard_library(minor))
    assert all(pythons_with(module) for module in (there | not_there) - {"asyncio"})


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("_dummy_thread", "until Python 3.8"),
        ("_peg_parser", "from Python 3.9 on and until Python 3.9"),
        ("zoneinfo", "from Python 3.9 on"),
        ("_sha2", "from Python 3.12 on"),
        ("_colorize", "from Python 3.13 on"),
        ("annotationlib", "from Python 3.14 on"),
        ("profiling", "from Python 3.15 on"),
        ("json", None),
    ],
)
def test_which_pythons_have_a_module(module: str, expected: str | None) -> None:
    assert pythons_with(module) == expected


def test_setuptools_went_with_python_3_12() -> None:
    assert "pkg_resources" in modules_of_runtime(11)
    assert "pkg_resources" not in modules_of_runtime(12)


def test_import_names_are_first_components_or_first_below_a_namespace() -> None:
    names = ImportNames.of(
        (
            *("a/__init__.py", "a/b/c.py", "d.py", "e.cpython-313-x86_64-linux-gnu.so", "f.pyc"),
            *("n/m/__init__.abi3.so", "n/m/x.py", "n/o.py", "n/p/q/r.py", "s/data.txt"),
            *("a-1.0.dist-info/METADATA", "a.libs/x.so", "typed.pyi"),
        )
    )
    assert names.modules == {"a", "d", "e", "f", "n.m", "n.o", "n.p.q.r"}
    assert names.namespaces == {"n", "n.p", "n.p.q", "s"}
    assert "a" in names
    assert "s" in names
    assert "typed" not in names
