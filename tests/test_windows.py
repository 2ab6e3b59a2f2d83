"""What Windows has otherwise, where no test of a stage has it; simulated.

Only at the edge: no module of POSIX can be imported, and none of its functions is there. What the
standard library and hatchling decide when they are imported, they have decided before.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.cli.execution import _python_of
from hatch_lambda_zip.cli.side_by_side import _log
from tests.support.commands import UV
from tests.support.projects import Build, Project

# Runs the module that the words behind it name, as `python -m` does.
LIKE_WINDOWS: Final = f"""
import concurrent.futures, os, runpy, shutil, signal, socket, sys
import click, hatchling.builders.sdist, hatchling.builders.wheel, hatchling.cli, platformdirs
import hatchling.plugin.manager, packaging.tags
shutil.which = lambda name, **_: {UV!r} if name.endswith("uv") else None
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
gone = "O_NOFOLLOW O_NONBLOCK chown fork getgid getpgid getuid killpg mkfifo pread set_blocking "
for name in (gone + "sched_getaffinity sched_setaffinity setsid statvfs").split():
    delattr(os, name)
for name in "SIGHUP SIGURG SIGUSR1 alarm pthread_kill setitimer".split():
    delattr(signal, name)
sys.platform = "win32"
sys.argv = sys.argv[3:]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="what is taken away is Linux'")
def test_a_build_needs_nothing_of_posix(
    project: Project, reference_build: Build, tmp_path: Path
) -> None:
    # Without POSIX's locks, other tests' builds would take what it makes for a dead build's.
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    build = project.build_by_command(
        wrapper=[sys.executable, "-c", LIKE_WINDOWS], environment={"TMPDIR": str(temporary)}
    )
    assert build.sha256 == reference_build.sha256


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
