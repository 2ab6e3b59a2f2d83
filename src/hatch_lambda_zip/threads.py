"""Threads that work side by side, with one sentence for a machine that has no more of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from hatch_lambda_zip.errors import ToolError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class ThreadPool(ThreadPoolExecutor):
    """A pool whose threads start when there is work for them."""

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
            return super().submit(fn, *args, **kwargs)
        except RuntimeError as error:
            # The words of CPython; others are about a pool that is closed.
            if "can't start new thread" not in str(error):
                raise
            raise ToolError(
                "No more threads can be started on this machine, or in this container. Raise its "
                "limit of processes (`ulimit -u`, the container's pids limit), or end some."
            ) from None
