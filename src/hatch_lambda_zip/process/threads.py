"""Threads that work side by side, with one sentence for a machine that has no more of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from hatch_lambda_zip.process.one_thread import explained

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def available_cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
            raise explained(error) from None
