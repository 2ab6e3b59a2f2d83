"""One thread, with one sentence for a machine that has no more of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.files import HOW_TO_HAVE_MORE


def start_thread(target: Callable[..., object], *args: object) -> threading.Thread:
    """Start a thread that ends with this process.

    Raises:
        ToolError: no more threads can be started.
    """
    thread = threading.Thread(target=target, args=args, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise explained(error) from None
    return thread


def explained(error: RuntimeError) -> Exception:
    """Return what to raise for an error of a thread's start: one sentence, or the error itself."""
    if "can't start new thread" not in str(error):  # the words of CPython
        return error
    return ToolError(f"No more threads can be started here. {HOW_TO_HAVE_MORE}")
