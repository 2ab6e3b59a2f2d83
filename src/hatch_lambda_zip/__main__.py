"""``python -m hatch_lambda_zip``, and the script: the command ``hatch-lambda-zip``."""

from __future__ import annotations

import os
import signal
from types import FrameType

_CANCELLED = b"Error: cancelled by SIGINT before anything was done.\n"


def main() -> None:
    """Run the command; an interrupt while it is imported is one line, too."""
    # Who ignores it, as a shell's background jobs do, has a reason.
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_default:
        signal.signal(signal.SIGINT, _end)
    from hatch_lambda_zip.cli import main as command

    # It imports what it is asked for, which takes up to 0.4 s, and calls this then.
    command(obj=_raise if is_default else None)


def _raise() -> None:
    """Have interrupts raise from now on, as Python does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, _frame: FrameType | None) -> None:
    # Not by an exception: what is imported may take it for one of its own.
    os.write(2, _CANCELLED)
    os._exit(128 + number)


if __name__ == "__main__":
    main()
