"""Whether processes run, and waiting for what they do."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_HEED: Final = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""
HEEDING_SIGINT: Final = (sys.executable, "-c", _HEED)
"""Runs a command: a shell's background jobs ignore SIGINT, and what they start inherits that."""


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


def kill_tree(pid: int) -> None:
    """Kill a process and all that descends from it, in whatever session (Linux)."""
    numbers = [pid]
    for number in numbers:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGSTOP)  # so that it starts no more
        numbers += _children(number)
    for number in numbers:
        with contextlib.suppress(OSError):
            os.kill(number, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended
            after_name = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(after_name[1]) == parent:  # proc_pid_stat(5)
                found.append(int(path.parent.name))
    return found
