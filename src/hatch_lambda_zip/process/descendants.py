"""What a process has started, and what that has, however it was started (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Final

from hatch_lambda_zip.process.watcher import SCRIPT, numbers

_ATTEMPTS: Final = 100
_PAUSE: Final = 0.02  # seconds


def kill_descendants() -> None:
    """Kill all that descends from this process, but for watchers, which clear up.

    A process that was only forked shows no mark, and another one may have been given no
    environment. Only Linux shows parents; elsewhere nothing is done.
    """
    for _ in range(_ATTEMPTS):  # meanwhile, they may start others
        found = _descendants(os.getpid())
        for number in found:
            with contextlib.suppress(OSError):  # it has ended
                os.kill(number, signal.SIGKILL)
        if not found:
            return
        time.sleep(_PAUSE)


def status(number: int) -> tuple[str, int] | None:
    """Return the name and the parent of a process; None if it has ended."""
    try:
        head, _, rest = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")
    except OSError:
        return None
    state, parent, *_ = rest.split()  # proc_pid_stat(5)
    return None if state in "ZX" else (head.partition("(")[2], int(parent))


def _descendants(ancestor: int) -> list[int]:
    """Return them, parents first: one whose child is killed would go on with something else."""
    parents = {number: found[1] for number in numbers() if (found := status(number))}
    tree = [ancestor]
    for number in tree:
        tree += [child for child, parent in parents.items() if parent == number]
    return [number for number in tree[1:] if not _is_watcher(number)]


def _is_watcher(number: int) -> bool:
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(SCRIPT) in words
