"""``python -m hatch_lambda_zip``, and the script: the command ``hatch-lambda-zip``."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

_CANCELLED = b"Error: cancelled by SIGINT before anything was done.\n"


def main() -> None:
    """Run the command; an interrupt while it is imported is one line, too."""
    _open_streams()
    # Who ignores it, as a shell's background jobs do, has a reason.
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_default:
        signal.signal(signal.SIGINT, _end)
    from hatch_lambda_zip.cli import main as command

    # It imports what it is asked for, which takes up to 0.4 s, and calls this then.
    command(obj=_raise if is_default else None)


def _open_streams() -> None:
    """Open the standard streams that were closed, as by `>&-` or in a daemon.

    Else the first file that is opened would have their number, and what a build hook starts would
    write into that.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened == number:  # on POSIX, the lowest that is free
                os.set_inheritable(number, True)
            else:
                os.dup2(opened, number)
                os.close(opened)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as Python does
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _raise() -> None:
    """Have interrupts raise from now on, as Python does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, _frame: FrameType | None) -> None:
    # Not by an exception: what is imported may take it for one of its own.
    os.write(2, _CANCELLED)
    os._exit(128 + number)


if __name__ == "__main__":
    main()
