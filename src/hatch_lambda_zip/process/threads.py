"""Threads that work side by side, with one sentence for a machine that has no more of them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

from hatch_lambda_zip.process.one_thread import explained

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_LOGGER: Final = logging.getLogger("concurrent.futures")


def available_cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadPool(ThreadPoolExecutor):
    """A pool whose threads start when there is work for them.

    Args:
        max_workers: how many there are at most.
    """

    def __init__(self, max_workers: int) -> None:
        super().__init__(max_workers)
        self._futures = weakref.WeakSet[Future[Any]]()
        self._lock = threading.RLock()  # who is told may submit
        self._death: BaseException | None = None
        # Nothing keeps a pool that nobody has any more: its threads end then.
        self._deaths = _Deaths(weakref.WeakMethod(self._end))
        _LOGGER.addHandler(self._deaths)
        weakref.finalize(self, _LOGGER.removeHandler, self._deaths)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as there
        """Wait for the threads, and end them."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        _LOGGER.removeHandler(self._deaths)

    def submit(
        self,
        fn: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Future[Result]:
        """Have a thread do something.

        Raises:
            ToolError: no more threads can be started.
        """
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError as error:
            raise explained(error) from None
        with self._lock:
            self._futures.add(future)
            if self._death is not None:  # nobody may be left to do it
                self._fail()
        return future

    def _end(self, error: BaseException) -> None:
        with self._lock:
            self._death = error
            self._fail()

    def _fail(self) -> None:
        for future in list(self._futures):
            with contextlib.suppress(InvalidStateError):  # it is done
                future.set_exception(self._death)


class _Deaths(logging.Handler):
    """Takes what the standard library logs of a thread that died between two tasks.

    Where memory is short, Python may fail to call what does a task (a SystemError), and whoever
    waits for that would do so for ever.
    """

    def __init__(self, end: weakref.WeakMethod[Callable[[BaseException], None]]) -> None:
        super().__init__(logging.CRITICAL)
        self._end = end

    def emit(self, record: logging.LogRecord) -> None:
        """Have everybody who waits get the error."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or isinstance(error, SystemError):
            error = MemoryError()
        if (end := self._end()) is not None:
            end(error)
