"""Whether processes run, and waiting for what they do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def runs(pid: int) -> bool:
    """Tell whether a process runs; one that has ended but is not waited for does not (Linux)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def comes_true(condition: Callable[[], object], seconds: float = 30) -> bool:
    """Wait until a condition holds, but not for ever."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def number_in(path: Path) -> int:
    """Wait for a file with the number of a process, and return it."""
    assert comes_true(lambda: path.is_file() and path.read_text("utf-8").endswith("\n")), path
    return int(path.read_text("utf-8"))
