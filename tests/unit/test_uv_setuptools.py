"""What is said where setuptools, which uv runs, can't read what the user has configured for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.uv.setuptools import unreadable_configuration

CANARY = "hunter2-canary"
SAID = f"""\
  x Failed to build `demo @ file:///demo`
      │ Traceback (most recent call last):
      │   File "configparser.py", line 1101, in _read
      │     raise MissingSectionHeaderError(fpname, lineno, line)
      │ configparser.MissingSectionHeaderError: File contains no section headers.
      │ file: 'x', line: 1
      │ '{CANARY}'
"""
NOT_ALLOWED = "PermissionError: [Errno 13] Permission denied: 'x'"
NOT_UTF_8 = "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0"
IS_NONE = (
    "it can't be read as a configuration of setuptools, an INI file in UTF-8 (with each % of a "
    "value as %%)"
)


@pytest.mark.parametrize("said", [SAID, f"error: it failed\n{NOT_UTF_8}\n", NOT_ALLOWED])
def test_a_configuration_for_all_projects(tmp_path: Path, said: str) -> None:
    path = tmp_path / ".pydistutils.cfg"
    path.write_text(f"{CANARY}\n", encoding="utf-8")
    why = unreadable_configuration(said, {"HOME": str(tmp_path)})
    assert why == f"{path}: {IS_NONE}. Correct that file, or remove it."


def test_an_extra_configuration(tmp_path: Path) -> None:
    path = tmp_path / "extra.cfg"
    path.write_bytes(b"\xff")
    environ = {"HOME": str(tmp_path), "DIST_EXTRA_CONFIG": str(path)}
    why = unreadable_configuration(SAID, environ)
    assert why == f"DIST_EXTRA_CONFIG={path}: {IS_NONE}. Correct the file, or remove the variable."


def test_a_failure_over_something_else(tmp_path: Path) -> None:
    """A file that setuptools did not read is not the cause."""
    (tmp_path / ".pydistutils.cfg").write_text(f"{CANARY}\n", encoding="utf-8")
    assert unreadable_configuration("error: no network", {"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("text", [None, "", "[build]\nforce = 1\n"])
def test_what_can_be_read_is_not_the_cause(tmp_path: Path, text: str | None) -> None:
    """The project's own setup.cfg may be."""
    if text is not None:
        (tmp_path / ".pydistutils.cfg").write_text(text, encoding="utf-8")
    environ = {"HOME": str(tmp_path), "DIST_EXTRA_CONFIG": str(tmp_path / "missing")}
    assert unreadable_configuration(SAID, environ) is None
