"""What Windows has otherwise, where no test of a stage has it; simulated."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.cli.execution import _python_of
from hatch_lambda_zip.cli.side_by_side import _log


def test_the_python_of_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _python_of(Path("venv")) == Path("venv/bin/python")
    monkeypatch.setattr(sys, "platform", "win32")
    assert _python_of(Path("venv")) == Path("venv/Scripts/python.exe")


def test_a_log_that_a_server_keeps_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *, missing_ok: bool) -> None:
        raise PermissionError(13, f"used by another process ({missing_ok})", str(path))

    monkeypatch.setattr(sys, "platform", "win32")
    with monkeypatch.context() as patch, _log() as (_, reader):
        patch.setattr(Path, "unlink", refuse)
        name = reader.name
    Path(name).unlink()
