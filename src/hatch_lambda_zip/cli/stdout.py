"""Writes results to the standard output, which may be full, or which nobody may read any more."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from hatch_lambda_zip.redact import printable


def show_result(text: str, *, ends_line: bool = True) -> None:
    """Print a result.

    Args:
        ends_line: whether a line end follows.

    Raises:
        SystemExit: it can't be written: with one line and code 2, or, where nobody reads any more
            (as ``head`` has enough), in silence with code 1.
    """
    try:
        click.echo(text, nl=ends_line)
    except OSError as error:
        is_unread = isinstance(error, BrokenPipeError)
        if not is_unread:
            click.echo(f"Error: The output can't be written: {error.strerror}.", err=True)
        with contextlib.suppress(OSError):
            # What is left of it would be written at the end, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1 if is_unread else 2)


def show_text(text: str) -> None:
    """Print a result that names what others wrote, which a terminal must not obey."""
    show_result(printable(text))
