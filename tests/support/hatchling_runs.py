"""What `python -m hatchling` does and prints, without the time that a process takes."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from unittest import mock

from hatchling.cli import hatchling

from tests.support.commands import clean_environment

COMMAND = (sys.executable, "-m", "hatchling")


def run_hatchling(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Do in this process what ``python -m hatchling`` does with these arguments.

    An expected failure is its return code, as there. An unexpected one, which would be a
    traceback there, is raised here.

    Args:
        arguments: what follows ``hatchling``.
        cwd: the directory to do it in.
        env: the whole environment; the clean one by default.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        _working_in(cwd, clean_environment() if env is None else env),
        mock.patch.object(sys, "argv", ["hatchling", *arguments]),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            code = hatchling()
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
    command = [*COMMAND, *arguments]
    return subprocess.CompletedProcess(command, code, stdout.getvalue(), stderr.getvalue())


@contextlib.contextmanager
def _working_in(directory: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Change what a process has, and a function does not, and change it back."""
    before = Path.cwd()
    # pytest removes a variable of its own after each test, so that stays.
    own = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    with mock.patch.dict(os.environ, {**environment, **own}, clear=True):
        os.chdir(directory)
        try:
            yield
        finally:
            os.chdir(before)
