"""Ends and removes what a build leaves behind that was killed, and can't do it itself.

Runs as a script of its own, by its path, so it imports nothing of this package. It reads from a
pipe whose other end only the build has: the end of the pipe is the end of the build.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from typing import Final

MARK_VARIABLE: Final = "HATCH_LAMBDA_ZIP_MARK"
"""In the environment of all that a build starts; what starts with one value belongs together."""

STARTED: Final = b"+"  # then the number of a process group
FORKED: Final = b"*"  # then the number of a process, and when it was started, after a colon
ENDED: Final = b"-"  # likewise
KEPT: Final = b"="  # then a file's content in hexadecimal, its time, and its path, after colons
DONE: Final = b"~"  # then the path of a file that nothing is to be done about any more
# A message of no such kind is a path to remove.

OWN: Final = b"hatch-lambda-zip-"
"""What the names of this package's temporary directories start with."""

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
    for number in numbers():
        # It has ended, or is another user's.
        with contextlib.suppress(OSError), open(f"/proc/{number}/environ", "rb") as file:  # noqa: PTH123
            if any(variable.startswith(start) for variable in file.read().split(b"\0")):
                found.append(number)
    return found


def numbers() -> list[int]:
    """Return the other processes of this machine; none where there is no /proc.

    Nor are there any where that is another namespace's, as in a sandbox that shares the files of
    the system: its numbers stand for other processes here.
    """
    try:
        if os.readlink("/proc/self") != str(os.getpid()):  # noqa: PTH115 - it has to be quick
            return []
        names = os.listdir("/proc")  # noqa: PTH208 - it has to be quick
    except OSError:
        return []
    return [int(name) for name in names if name.isdigit() and int(name) != os.getpid()]


def named(number: int) -> bytes:
    """Return the number of a process, and when it was started: its number alone is used again."""
    try:
        with open(f"/proc/{number}/stat", "rb") as file:  # noqa: PTH123
            times = file.read().rpartition(b")")[2].split()
    except OSError:
        return b""
    return b"%d:%b" % (number, times[19])  # proc_pid_stat(5)


def remove_tree(directory: bytes | os.PathLike[str]) -> None:
    """Remove a directory with all that is in it, as far as that can be done.

    Where somebody has taken away the right to write there, as Go does in its cache of modules, it
    is given back first.
    """
    top = os.fsencode(directory)
    shutil.rmtree(top, ignore_errors=True)
    if not os.path.isdir(top) or os.path.islink(top):  # noqa: PTH112, PTH114 - it may be no text
        return
    _allow_writing(top)
    for place, names, _ in os.walk(top):  # looks into each only after that
        for name in names:
            _allow_writing(os.path.join(place, name))  # noqa: PTH118 - likewise
    shutil.rmtree(top, ignore_errors=True)


def _allow_writing(directory: bytes) -> None:
    if not os.path.islink(directory):  # noqa: PTH114 - it may be no text
        with contextlib.suppress(OSError):  # it is gone, or another user's
            os.chmod(directory, stat.S_IRWXU)  # noqa: PTH101 - likewise


def main(mark: str) -> None:
    """Wait for the end of the build, then clear up."""
    *messages, _unfinished = sys.stdin.buffer.read().split(b"\0")
    groups: set[bytes] = set()
    paths: dict[bytes, bytes] = {}
    for message in messages:
        kind, rest = message[:1], message[1:]
        if kind == STARTED:
            groups.add(rest)
        elif kind == ENDED:
            groups.discard(rest)
        elif kind == FORKED:
            _kill_forked(rest)
        elif kind == DONE:
            paths.pop(rest, None)
        elif kind == KEPT:
            paths[message.split(b":", 2)[2]] = message
        else:
            paths[message] = b""
    for group in groups:
        kill_group(int(group))
    kill_marked(mark)
    for path, kept in paths.items():
        with contextlib.suppress(OSError):  # it is gone, or what it lies in
            restore(path, kept) if kept else _remove(path)


def _remove(path: bytes) -> None:
    """Remove a file, or a directory of this package's; nothing else was ever meant."""
    if os.path.basename(path).startswith(OWN):  # noqa: PTH119 - it may be no text
        remove_tree(path)
    with contextlib.suppress(IsADirectoryError, PermissionError):
        os.remove(path)  # noqa: PTH107 - likewise


def _kill_forked(process: bytes) -> None:
    number = int(process.partition(b":")[0])
    if process == named(number):
        with contextlib.suppress(OSError):  # it has just ended
            os.kill(number, signal.SIGKILL)


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
