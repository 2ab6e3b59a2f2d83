"""Ends a build that is cancelled: by Ctrl-C, by a signal, or by the end of who asked for it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from types import FrameType
from typing import Final

from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.process import MARK_VARIABLE, Watcher, kill_descendants, kill_marked
from hatch_lambda_zip.process.one_thread import start_thread

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")
# What Python does by itself; whoever set another handler, or ignores a signal, has a reason.
_DEFAULTS: Final = (signal.SIG_DFL, signal.default_int_handler)
_PARENT_VARIABLE: Final = "HATCH_LAMBDA_ZIP_PARENT"  # has the number of a process
_BY_SIGNAL: Final = 128
_PAUSE: Final = 0.5  # seconds between two looks at the parent
_ONCE: Final = 3.0  # seconds in which another signal says the same again
_LAST: Final = 2.0  # seconds for what Python does when the main thread is over
_PATIENCE: Final = 0.1  # seconds until a signal that has come is sent on to the main thread


class Cancelled(KeyboardInterrupt):
    """Somebody wants the build to end.

    Attributes:
        exit_code: what shells have for an end by that signal.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = _BY_SIGNAL + number
        super().__init__(
            f"cancelled by {signal.Signals(number).name}. What it had started was ended; run it "
            "again for what is missing."
        )


_ending: Final[list[Callable[[], object]]] = []
_came: Final[list[int]] = []  # the signals for which a Cancelled was raised


@contextlib.contextmanager
def ending_all(watcher: Watcher) -> Iterator[None]:
    """End all that this process starts where the build is cancelled, or after a kill.

    What a build hook waits for, as for the workers of a pool, is ended before it is told: it would
    wait on.
    """
    before = os.environ.get(MARK_VARIABLE)
    os.environ[MARK_VARIABLE] = watcher.mark
    _ending.append(kill_descendants)
    try:
        yield
    except KeyboardInterrupt:
        kill_marked(watcher.mark)
        raise
    finally:
        _ending.remove(kill_descendants)
        if before is None:
            os.environ.pop(MARK_VARIABLE, None)
        else:
            os.environ[MARK_VARIABLE] = before


def end_for_good(code: int) -> None:
    """Have this process end soon after its main thread, whatever threads a build hook has left."""
    with contextlib.suppress(ToolError):  # without another thread Python waits for them
        start_thread(_exit_after_main, code)


def _exit_after_main(code: int) -> None:
    threading.main_thread().join()
    time.sleep(_LAST)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or full
            stream.flush()
    os._exit(code)


def _not_while_importing(cancel: Callable[[int], None]) -> Callable[[int, FrameType | None], None]:
    """Put off what a signal does where it interrupts Python's import itself.

    That takes a lock before the ``try`` that gives it back: an exception between them would have
    every other thread wait for ever that imports something.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
            start_thread(_send_later, number)
        else:
            cancel(number)

    return handle


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Raise :class:`Cancelled` for signals that end a process.

    Signals that follow at once do nothing: they would interrupt the clearing up. A front end that
    is killed alone leaves its back end behind: its end is a signal, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    cancelled_at: float | None = None

    def is_cancelled() -> bool:
        return cancelled_at is not None and time.monotonic() < cancelled_at + _ONCE

    @_not_while_importing
    def cancel(number: int) -> None:
        nonlocal cancelled_at
        if not is_cancelled():  # or a build hook has gone on as if nothing had been
            cancelled_at = time.monotonic()
            for end in _ending:
                end()
            _came.append(number)
            raise Cancelled(number)

    def forget() -> None:
        nonlocal cancelled_at
        cancelled_at = None

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    replaced = {number: handler for number, handler in before.items() if handler in _DEFAULTS}
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(over.set)
        for number, handler in replaced.items():
            stack.callback(signal.signal, number, handler)
            signal.signal(number, cancel)
        if replaced:
            stack.enter_context(_never_ignored(forget))
            stack.enter_context(_waking(replaced, lambda: is_cancelled() or over.is_set()))
        if signal.SIGTERM in replaced and _has_front_end():
            start_thread(_watch_parent, over)
        yield


def which_signal() -> Cancelled:
    """Return what a KeyboardInterrupt was that somebody else's code raised in place of ours."""
    return Cancelled(_came[-1] if _came else signal.SIGINT)


@contextlib.contextmanager
def _never_ignored(forget: Callable[[], None]) -> Iterator[None]:
    """Have a signal come again that came where Python lets nothing out, as in a destructor."""
    before = sys.unraisablehook

    def see(ignored: sys.UnraisableHookArgs) -> None:
        if isinstance(ignored.exc_value, Cancelled):
            forget()
            start_thread(_send_later, ignored.exc_value.exit_code - _BY_SIGNAL)
        else:
            before(ignored)

    sys.unraisablehook = see
    try:
        yield
    finally:
        sys.unraisablehook = before


def _send_later(number: int) -> None:
    time.sleep(_PATIENCE)  # here, nothing is let out yet
    os.kill(os.getpid(), number)


@contextlib.contextmanager
def _waking(numbers: Collection[int], has_arrived: Callable[[], bool]) -> Iterator[None]:
    """See that signals end what the main thread waits for.

    CPython notes a signal, and looks at it when the main thread is back from what it does. One that
    comes right before that begins to wait, for a lock or a process, is looked at when it is had or
    over. Another signal ends the wait.
    """
    if sys.platform == "win32" or signal.getsignal(signal.SIGURG) is not signal.SIG_DFL:
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, writer)  # which ends the thread
        # One that is late harms nobody: by default it is ignored.
        stack.callback(signal.signal, signal.SIGURG, signal.SIG_DFL)
        signal.signal(signal.SIGURG, lambda *_: None)
        stack.callback(
            signal.set_wakeup_fd, signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        )
        start_thread(_wake, reader, numbers, threading.get_ident(), has_arrived)
        yield


def _wake(
    reader: int, numbers: Collection[int], main: int, has_arrived: Callable[[], bool]
) -> None:
    with open(reader, "rb", buffering=0) as signals:
        while came := signals.read(1):
            while came[0] in numbers and not has_arrived():
                time.sleep(_PATIENCE)
                if sys.platform != "win32":
                    signal.pthread_kill(main, signal.SIGURG)


def _has_front_end() -> bool:
    """Tell whether the parent asked for this build, and waits for its end.

    hatchling's own command, or this package's, is what a shell starts, which may well end before
    it.
    """
    if sys.platform == "win32":
        return False
    if "hatch_lambda_zip.cli" in sys.modules:
        return os.environ.get(_PARENT_VARIABLE) == str(os.getppid())
    return "hatchling.cli" not in sys.modules or "HATCH_ENV_ACTIVE" in os.environ


def child_variables() -> dict[str, str]:
    """Return variables for a command of this package that is to end with this process."""
    return {_PARENT_VARIABLE: str(os.getpid())}


def _watch_parent(over: threading.Event) -> None:
    parent = os.getppid()
    while not over.wait(_PAUSE):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
