"""What uv is run with to read its own lock."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatch_lambda_zip.config import Request
from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.install import checking
from hatch_lambda_zip.lock import LockFile, LockKind, LockReader
from hatch_lambda_zip.runtimes import RUNTIMES, Platform
from hatch_lambda_zip.uv import find_uv

PLATFORM = Platform(RUNTIMES[-1], "x86_64")
PROJECT = """\
[project]
name = "app"
version = "1"
requires-python = "{}"
"""
LOCK = """\
version = 1
revision = 3
requires-python = "{}"

[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}
"""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a Python on PATH that tells who asks it, and that can't answer."""
    asked = tmp_path / "asked"
    shim = tmp_path / "bin" / "python3"
    shim.parent.mkdir()
    shim.write_text(f"#!/bin/sh\n: > '{asked}'\nexit 1\n", encoding="utf-8")
    shim.chmod(0o755)
    monkeypatch.setenv("UV", str(find_uv(os.environ, log=print).executable))
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}/bin")
    return asked


def read(root: Path, project: str, lock: str) -> None:
    (root / "pyproject.toml").write_text(PROJECT.format(project), encoding="utf-8")
    (root / "uv.lock").write_text(LOCK.format(lock), encoding="utf-8")
    reader = LockReader(root, "app", find_uv(os.environ, log=print), checking)
    reader.select(LockFile(LockKind.UV, root / "uv.lock", "uv.lock"), PLATFORM, Request())


def test_no_python_on_path_is_asked_where_the_one_that_builds_fits(
    tmp_path: Path, asked: Path
) -> None:
    read(tmp_path, ">=3.9", ">=3.9")
    assert not asked.exists()


@pytest.mark.parametrize("lock", [">=3.99", "==3.9.*", "not one", ">=3.9"])
def test_uv_looks_for_another_python_where_it_does_not(
    tmp_path: Path, asked: Path, lock: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LambdaZipError) as caught:
        read(tmp_path, ">=3.99", lock)
    assert asked.exists()
    # And what it says is of its own search: `--python` was our word.
    assert "--python" not in str(caught.value)
    assert ("--python" in capsys.readouterr().out) == (lock == ">=3.9")
