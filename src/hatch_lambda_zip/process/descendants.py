"""What a process has started, and what that has, however it was started (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from hatch_lambda_zip.process.watcher import SCRIPT, numbers

_ATTEMPTS = 100


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


def status(number: int) -> tuple[str, int] | None:
    """Return the name and the parent of a process; None if it has ended."""
    try:
        head, _, rest = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")
    except OSError:
        return None
    state, parent, *_ = rest.split()  # proc_pid_stat(5)
    return None if state in "ZX" else (head.partition("(")[2], int(parent))


def _descendants(ancestor: int) -> set[int]:
    parents = {number: found[1] for number in numbers() if (found := status(number))}
    tree = {ancestor}
    while more := {number for number, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return {number for number in tree - {ancestor} if not _is_watcher(number)}


def _is_watcher(number: int) -> bool:
    try:
        words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(SCRIPT) in words
