"""What code does with its time and memory, in numbers that no other process changes."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

from hatch_lambda_zip import bytecode

# Limits, all of them multiples of an input's size in bytes.
LINES: Final = 40
MEMORY: Final = 300  # bytes
# References take five bytes, and an object as short as an empty tuple, when it is not shared, two.
GROWTH: Final = 2.5
# What the first byte costs, in lines or bytes.
BASE: Final = 20_000

_PACKAGE: Final = str(Path(bytecode.__file__).parent)


def lines(call: Callable[[], object]) -> int:
    """Count the lines of the bytecode package that a call executes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:  # noqa: ANN401
        del argument
        nonlocal count
        if event == "call":
            return trace if frame.f_code.co_filename.startswith(_PACKAGE) else None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def peak(call: Callable[[], object]) -> int:
    """Return how many bytes of memory a call has allocated at the same time, at most."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def growth(call: Callable[[bytes], object], short: bytes, long: bytes) -> float:
    """Return how many times as long a call takes with more data, at best."""
    return min(seconds(partial(call, long)) / seconds(partial(call, short)) for _ in range(3))


def seconds(call: Callable[[], object]) -> float:
    """Return a call's processor time, in seconds; a microsecond where the clock has not moved."""
    started = time.process_time()
    call()
    return max(time.process_time() - started, 1e-6)
