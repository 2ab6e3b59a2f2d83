"""Commands that end in time, and take along what they started; whoever watches over them."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from hatch_lambda_zip.process.descendants import status
from hatch_lambda_zip.process.one_thread import start_thread
from hatch_lambda_zip.process.watcher import (
    DONE,
    ENDED,
    FORKED,
    KEPT,
    MARK_VARIABLE,
    SCRIPT,
    STARTED,
    kill_group,
    kill_marked,
    marked,
    named,
    numbers,
)

_READER: Final = "uv"
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows has it
_BLOCK: Final = 1 << 16  # bytes: more than what was written leaves room for
_PAUSE: Final = 1.0  # seconds between two looks at a command
_GRACE: Final = 10.0  # seconds to end what keeps uv waiting in
_QUIET: Final = 3  # looks for it that find nothing, one after the other
_STUCK: Final = b"""
A process that a build back end has left behind keeps uv waiting, since it has inherited the back \
end's output, and starts itself anew whenever it is ended. Have what starts it (such as a build \
hook) give it an output of its own, for instance os.devnull."""


class Watcher:
    """A process that outlives this one: it ends what this one started, and removes its files.

    It does so only if this process is gone without a word. Who clears up calls ``close``.

    Attributes:
        mark: what the marks of this build's processes start with.

    Raises:
        OSError: it can't be started.
    """

    def __init__(self) -> None:
        self.mark = f"{secrets.token_hex(8)}."
        self._is_closed = False
        heard, self._alive = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", SCRIPT, self.mark],
                stdin=heard,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name != MARK_VARIABLE},
                # Not in the group that an interrupt or a closing terminal reaches.
                start_new_session=True,
                creationflags=_NEW_GROUP,
            )
        except BaseException:
            os.close(self._alive)
            raise
        finally:
            os.close(heard)
        _open.add(self)

    def remove_later(self, path: Path) -> None:
        """Tell of a file or directory that must not outlive the build, before it is made."""
        self._tell(os.fsencode(path.absolute()))

    def restore_later(self, path: Path, content: bytes, modified: int) -> None:
        """Tell of a file that must be what it is, before it is written.

        Args:
            modified: its time in nanoseconds.
        """
        told = b"%b%b:%d:" % (KEPT, content.hex().encode(), modified)
        self._tell(told + os.fsencode(path.absolute()))

    def leave(self, path: Path) -> None:
        """Tell that a file is as it should be, and may stay."""
        self._tell(DONE + os.fsencode(path.absolute()))

    def command_started(self, group: int) -> None:
        """Tell of a process group that must not outlive the build."""
        self._tell(b"%b%d" % (STARTED, group))

    def command_ended(self, group: int) -> None:
        """Tell that a process group is gone: another one may get its number."""
        self._tell(b"%b%d" % (ENDED, group))

    def close(self) -> None:
        """Send it away: everything is cleared up."""
        self._process.kill()
        self.clear_up()

    def clear_up(self) -> None:
        """Let it do what it would do after a kill, and wait for that."""
        if not self._is_closed:
            self._is_closed = True
            _open.discard(self)
            os.close(self._alive)
        self._process.wait()

    def leave_to_parent(self) -> None:
        """Let go of it in a process that was forked, which would hold it beyond the parent's end.

        Such a process has no mark, so its number is told.
        """
        # Where no start is known, another process may have the number by then.
        if told := named(os.getpid()):
            with contextlib.suppress(OSError):  # somebody has killed it
                os.write(self._alive, FORKED + told + b"\0")
        self._is_closed = True
        os.close(self._alive)

    def _tell(self, message: bytes) -> None:
        # If somebody has killed it, the build clears up as always; after a kill, the next one does.
        with contextlib.suppress(BrokenPipeError), _telling:
            os.write(self._alive, message + b"\0")


_open: Final[weakref.WeakSet[Watcher]] = weakref.WeakSet()


# A long message goes through the pipe in pieces, which others must not come between.
_telling: Final = threading.Lock()


def _leave_all_to_parent() -> None:
    for watcher in [*_open]:
        watcher.leave_to_parent()
    _open.clear()
    _telling.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_telling.acquire,
        after_in_parent=_telling.release,
        after_in_child=_leave_all_to_parent,
    )


class Command:
    """A command that runs, in a session of its own.

    Args:
        environment: the mark is added.
        watcher: who ends it if this process is killed.

    Raises:
        OSError: it can't be started.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str],
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
        watcher: Watcher | None = None,
    ) -> None:
        self._watcher = watcher
        self._mark = f"{watcher.mark if watcher else ''}{secrets.token_hex(8)}."
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**environment, MARK_VARIABLE: self._mark},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        if watcher:
            watcher.command_started(self.process.pid)

    def kill(self) -> None:
        """Kill it with all that it started, on Linux in other sessions too."""
        if self.process.poll() is None or sys.platform != "win32":
            kill_group(self.process.pid)  # a session's first group has its leader's number
        self.process.kill()
        kill_marked(self._mark)

    def close(self) -> None:
        """Wait for its end, and end what it left in its group.

        What went into a session of its own is meant to stay, such as a compiler cache's server.
        """
        self.process.wait()
        if sys.platform != "win32":
            kill_group(self.process.pid)
        if self._watcher:
            self._watcher.command_ended(self.process.pid)

    def awaited_pipes(self) -> set[str]:
        """Return the pipes whose end uv waits for, though the back end has ended (Linux).

        uv reads what a back end writes until nobody can write any more. A server that the back end
        has started, such as a compiler cache's, may have inherited that pipe.
        """
        names, parents, tree = self._family()
        waiting = [
            number
            for number in tree
            if names.get(number) == _READER and number not in parents.values()
        ]
        # What it writes itself it does not wait for.
        return {
            pipe
            for number in waiting
            for pipe in _pipes(number, stat.S_IRUSR) - _pipes(number, stat.S_IWUSR)
        }

    def end_writers(self, pipes: set[str], until: float) -> bool:
        """End what can write to pipes, but for the command, and what that starts meanwhile.

        One that forks again and again is another process at each look, so each is ended when seen.
        Its mark it may have lost; what has the pipe has it from the back end.

        Args:
            until: when to end looking, by the monotonic clock.

        Returns:
            Whether there was any.
        """
        _, _, tree = self._family()
        quiet, was_any = 0, False
        while quiet < _QUIET and time.monotonic() < until:
            quiet += 1
            for number in sorted({*numbers()} - tree, reverse=True):  # what is new comes first
                if pipes & _pipes(number, stat.S_IWUSR):
                    quiet, was_any = 0, True
                    with contextlib.suppress(OSError):  # it has ended
                        os.kill(number, signal.SIGKILL)
        return was_any

    def _family(self) -> tuple[dict[int, str], dict[int, int], set[int]]:
        """Return names and parents of what has its mark, and which of these descend from it."""
        living = {number: found for number in marked(self._mark) if (found := status(number))}
        names = {number: name for number, (name, _) in living.items()}
        parents = {number: parent for number, (_, parent) in living.items()}
        tree = {self.process.pid}
        while more := {number for number, parent in parents.items() if parent in tree} - tree:
            tree |= more
        return names, parents, tree


def run(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    timeout: float,
    cwd: Path | None = None,
    stdin: bytes = b"",
    watcher: Watcher | None = None,
    started: Callable[[Command], None] = lambda _command: None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; of what it leaves running, nothing is waited for.

    Args:
        timeout: in seconds.
        started: is told of the running command, so that another thread may kill it.

    Raises:
        OSError: it can't be started.
        subprocess.TimeoutExpired: it was killed after ``timeout``, with all that it started.
    """
    with contextlib.ExitStack() as stack:
        # Files: a pipe ends when the last process that has inherited it does.
        stdout, stderr = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        given: int | IO[bytes] = subprocess.DEVNULL
        if stdin:
            given = stack.enter_context(tempfile.TemporaryFile())
            given.write(stdin)
            given.seek(0)
        command = Command(
            words,
            cwd=cwd,
            environment=environment,
            stdin=given,
            stdout=stdout,
            stderr=stderr,
            watcher=watcher,
        )
        over, is_late, is_stuck = threading.Event(), threading.Event(), threading.Event()

        def attend() -> None:
            until = time.monotonic() + timeout
            awaited: set[str] = set()
            are_held, given_up = False, 0.0
            while not over.wait(max(min(_PAUSE, until - time.monotonic()), 0)):
                if time.monotonic() >= until:
                    is_late.set()
                    command.kill()
                    return
                before, awaited = awaited, command.awaited_pipes()
                if not before & awaited:
                    are_held, given_up = False, time.monotonic() + _GRACE
                    continue
                at_most = min(time.monotonic() + _GRACE, until)
                are_held |= command.end_writers(before & awaited, at_most)
                if are_held and time.monotonic() >= given_up and not over.is_set():
                    is_stuck.set()
                    command.kill()
                    return

        try:
            started(command)
            start_thread(attend)
            command.process.wait()
        except BaseException:
            command.kill()
            raise
        finally:
            over.set()
            command.close()
        if is_late.is_set():
            raise subprocess.TimeoutExpired(words, timeout)
        stdout.seek(0)
        stderr.seek(0)
        code, written, said = command.process.returncode, stdout.read(), stderr.read()
        if code != 0:
            said += _STUCK if is_stuck.is_set() else _why_no_more(stderr)
        return subprocess.CompletedProcess(words, code, written, said)


def ending(code: int) -> str:
    """Say how a command ended, which wrote no message.

    >>> ending(2)
    'exit code 2'
    >>> ending(-9)
    'ended by SIGKILL, as where memory runs out'
    """
    if code >= 0:
        return f"exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    why = ", as where memory runs out" if names.get(-code) == "SIGKILL" else ""
    return f"ended by {names.get(-code, f'signal {-code}')}{why}"


def _why_no_more(stream: IO[bytes]) -> bytes:
    """Return a line on why a command may have lost what it wrote last, and ended for that alone."""
    try:
        stream.write(bytes(_BLOCK))
        stream.flush()
    except OSError as error:
        return f"\n{error.strerror}".encode()
    return b""


def _pipes(number: int, mode: int) -> set[str]:
    """Return the pipes that a process has open to read or write: ``S_IRUSR`` or ``S_IWUSR``."""
    found = set()
    with contextlib.suppress(OSError):  # it has ended
        for opened in os.scandir(f"/proc/{number}/fd"):
            with contextlib.suppress(OSError):  # it was just closed
                if opened.stat(follow_symlinks=False).st_mode & mode:  # proc_pid_fd(5)
                    found.add(str(Path(opened.path).readlink()))
    return {target for target in found if target.startswith("pipe:")}
