"""Whether a package's wheel has to be built at all, before its directories are looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.plugin.table import ships_package

RUNTIME = {"runtime": "python3.13"}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, True),
        ({"code": "."}, False),
        ({"code": ".", "package": True}, True),
        ({"function-directories": "functions/*"}, False),
        ({"function-directories": "functions/*", "package": True}, True),
        # Whether there is such a directory is seen later.
        ({"function-directories": "f/*", "functions": {"a": {"package": True}}}, True),
        ({"function-directories": "f/*", "functions": {"a": {"package": False}}}, False),
        ({"functions": {"a": {"code": "a"}, "b": {}}}, True),
        ({"functions": {"a": {"code": "a"}, "b": {"code": "b"}}}, False),
        ({"functions": "no table"}, True),
    ],
)
def test_any_zip_with_the_package_in_it(
    table: dict[str, object], tmp_path: Path, *, expected: bool
) -> None:
    assert ships_package({**RUNTIME, **table}, tmp_path) is expected


@pytest.mark.parametrize(("name", "expected"), [("api", False), ("other", True)])
def test_a_table_of_a_function_that_a_directory_makes(
    name: str, tmp_path: Path, *, expected: bool
) -> None:
    (tmp_path / "functions/api").mkdir(parents=True)
    (tmp_path / "functions/api/main.py").touch()
    functions = {name: {"handler": "main.handler"}}
    table = {**RUNTIME, "function-directories": "functions/*", "functions": functions}
    assert ships_package(table, tmp_path) is expected
