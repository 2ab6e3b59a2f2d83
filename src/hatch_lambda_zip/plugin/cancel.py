"""Ends a build that is cancelled: by Ctrl-C, by a signal, or by the end of who asked for it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")
# What Python does by itself; whoever set another handler, or ignores a signal, has a reason.
_DEFAULTS: Final = (signal.SIG_DFL, signal.default_int_handler)
_PAUSE: Final = 0.5  # seconds between two looks at the parent


class Cancelled(KeyboardInterrupt):
    """Somebody wants the build to end.

    Attributes:
        exit_code: what shells have for an end by that signal.
    """

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(
            f"cancelled by {signal.Signals(number).name}. What the build had started was ended; "
            "build again for the zips that are missing."
        )


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Raise :class:`Cancelled`, once, for signals that end a process.

    A front end that is killed alone leaves its back end behind: its end is a signal, too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread gets signals
        return
    is_cancelled = False

    def cancel(number: int, _frame: FrameType | None) -> None:
        nonlocal is_cancelled
        if not is_cancelled:  # another one would interrupt the clearing up
            is_cancelled = True
            raise Cancelled(number)

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    replaced = {number: handler for number, handler in before.items() if handler in _DEFAULTS}
    over = threading.Event()
    try:
        for number in replaced:
            signal.signal(number, cancel)
        if signal.SIGTERM in replaced and _has_front_end():
            try:
                threading.Thread(target=_watch_parent, args=(over,), daemon=True).start()
            except RuntimeError as error:
                from hatch_lambda_zip.process.threads import explained

                raise explained(error) from None
        yield
    finally:
        over.set()
        for number, handler in replaced.items():
            signal.signal(number, handler)


def _has_front_end() -> bool:
    """Tell whether the parent asked for this build, and waits for its end.

    hatchling's own command is what a shell starts, which may well end before it.
    """
    is_front_end = "hatchling.cli" not in sys.modules or "HATCH_ENV_ACTIVE" in os.environ
    return sys.platform != "win32" and is_front_end


def _watch_parent(over: threading.Event) -> None:
    parent = os.getppid()
    while not over.wait(_PAUSE):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
