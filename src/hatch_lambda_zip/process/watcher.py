"""Ends and removes what a build leaves behind that was killed, and can't do it itself.

Runs as a script of its own, by its path, so it imports nothing of this package. It reads from a
pipe whose other end only the build has: the end of the pipe is the end of the build.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Final

MARK_VARIABLE: Final = "HATCH_LAMBDA_ZIP_MARK"
"""In the environment of all that a build starts; what starts with one value belongs together."""

STARTED: Final = b"+"  # then the number of a process group
ENDED: Final = b"-"  # likewise
KEPT: Final = b"="  # then a file's content in hexadecimal, its time, and its path, after colons
DONE: Final = b"~"  # then the path of a file that nothing is to be done about any more
# A message of no such kind is a path to remove.

SCRIPT: Final = __file__
"""The path of this script."""

_BINARY: Final = getattr(os, "O_BINARY", 0)  # Windows has it
_ATTEMPTS: Final = 100
_QUIET: Final = 4  # looks that find nothing, one after the other
_PAUSE: Final = 0.05  # seconds
_LONGEST: Final = 30.0  # seconds, for another program that ends processes


def kill_group(group: int) -> None:
    """Kill the processes of a group, if there are any.

    Windows has no groups, but knows what a process has started for as long as that runs.
    """
    if sys.platform == "win32":
        words = ["taskkill", "/F", "/T", "/PID", str(group)]
        # It fails where the process has ended.
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(words, check=False, capture_output=True, timeout=_LONGEST)
        return
    # macOS gives PermissionError for a group of which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill the processes whose mark starts with this one, whatever session they are in.

    Only Linux shows the environments of processes; elsewhere nothing is done.
    """
    quiet = 0
    for _ in range(_ATTEMPTS):
        found = marked(mark)
        for number in found:
            with contextlib.suppress(OSError):  # it has ended
                os.kill(number, signal.SIGKILL)
        # A process that is just being started shows no environment yet.
        quiet = 0 if found else quiet + 1
        if quiet == _QUIET or sys.platform != "linux":
            return
        time.sleep(_PAUSE)


def marked(mark: str) -> list[int]:
    """Return the other processes whose mark starts with this one; none where it can't be read."""
    if sys.platform != "linux":
        return []
    start = f"{MARK_VARIABLE}={mark}".encode()
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - it has to be quick
        if not name.isdigit() or int(name) == os.getpid():
            continue
        # It has ended, or is another user's.
        with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123
            if any(variable.startswith(start) for variable in file.read().split(b"\0")):
                found.append(int(name))
    return found


def main(mark: str) -> None:
    """Wait for the end of the build, then clear up."""
    *messages, _unfinished = sys.stdin.buffer.read().split(b"\0")
    groups: set[int] = set()
    paths: dict[bytes, bytes] = {}
    for message in messages:
        if message.startswith(STARTED):
            groups.add(int(message[1:]))
        elif message.startswith(ENDED):
            groups.discard(int(message[1:]))
        elif message.startswith(DONE):
            paths.pop(message[1:], None)
        elif message.startswith(KEPT):
            paths[message.split(b":", 2)[2]] = message
        else:
            paths[message] = b""
    for group in groups:
        kill_group(group)
    kill_marked(mark)
    for path, kept in paths.items():
        if kept:
            with contextlib.suppress(OSError):  # what it lies in is gone
                restore(path, kept)
            continue
        try:
            os.remove(path)  # noqa: PTH107 - it may be no text
        except OSError:
            shutil.rmtree(path, ignore_errors=True)


def restore(path: bytes, kept: bytes) -> None:
    """Make a file what it was, if it is another one now."""
    digits, modified, _ = kept[1:].split(b":", 2)
    content = bytes.fromhex(digits.decode())
    # Not for appending: two watchers of one build may do so at once.
    with open(os.open(path, os.O_RDWR | os.O_CREAT | _BINARY, 0o666), "r+b") as file:  # noqa: PTH123
        if file.read() == content:
            return
        file.seek(0)
        file.truncate()
        file.write(content)
    os.utime(path, ns=(int(modified), int(modified)))


if __name__ == "__main__":
    main(sys.argv[1])
