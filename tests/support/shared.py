"""Directories that are made once for all workers of a test run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a directory that the first worker that wants it has filled.

    Args:
        factory: pytest's own.
        name: what no other caller calls its directory.
        make: fills a directory, which is not there yet. Nobody may change it afterwards.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    directory, done = root / "shared" / name, root / "shared" / f"{name}.done"
    directory.parent.mkdir(exist_ok=True)
    with FileLock(directory.with_name(f"{name}.lock")):
        if not done.exists():
            shutil.rmtree(directory, ignore_errors=True)  # what a failure before has left
            make(directory)
            done.touch()
    return directory
