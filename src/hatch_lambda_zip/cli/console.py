"""Where lines go: results to the standard output, all else to the standard error."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final, NoReturn

import click
from hatchling.bridge.app import Application

from hatch_lambda_zip.cli.progress import Plain

_STDOUT: Final = 1
_STDERR: Final = 2


@contextlib.contextmanager
def hooks_aside() -> Iterator[None]:
    """Have what build hooks print go to the standard error: the standard output has results alone.

    Nor do processes inherit it that hooks leave behind; whoever reads it would wait for them.
    """
    sys.stdout.flush()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        with contextlib.suppress(OSError):  # one of them was closed
            before = os.dup(_STDOUT)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, _STDOUT)
            os.dup2(_STDERR, _STDOUT)
        yield


def style(text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
    """Return a text in colour, which click shows on terminals alone; as it is with NO_COLOR."""
    return text if os.environ.get("NO_COLOR") else click.style(text, fg=fg, bold=bold)


class Console(Application):
    """hatchling's application, as verbose as the command's options say.

    Args:
        verbosity: 0 shows progress, 1 commands and details as well, -1 warnings alone.
        prefix: what each line starts with.
        screen: shows each line.
        failure: the exit code of expected failures.
    """

    def __init__(
        self,
        verbosity: int = 0,
        prefix: str = "",
        screen: Plain | None = None,
        *,
        failure: int = 1,
    ) -> None:
        super().__init__()
        self._put = (screen or Plain()).show
        self._failure = failure
        self._prefix = prefix
        self._verbosity = verbosity

    @property
    def verbosity(self) -> int:
        """How much is shown."""
        return self._verbosity

    def display_info(self, message: str = "", **_kwargs: object) -> None:
        """Show progress."""
        self._show(message, 0)

    def display_waiting(self, message: str = "", **_kwargs: object) -> None:
        """Show what may take a while."""
        self._show(message, 0)

    def display_success(self, message: str = "", **_kwargs: object) -> None:
        """Show that something is done."""
        self._show(message, 0)

    def display_warning(self, message: str = "", **_kwargs: object) -> None:
        """Show what may be wrong."""
        self._show(message, -1)

    def display_error(self, message: str = "", **_kwargs: object) -> None:
        """Show what is wrong."""
        for line in message.split("\n"):
            self._put(f"{self._prefix}{line}")

    def abort(self, message: str = "", code: int = 1, **_kwargs: object) -> NoReturn:
        """Show what is wrong, and end the command."""
        if message:
            self.display_error(message)
        sys.exit(self._failure if code == 1 else code)

    def display_debug(self, message: str = "", level: int = 1, **_kwargs: object) -> None:
        """Show what hardly anybody wants to know."""
        self._show(message, level)

    def display_mini_header(self, message: str = "", **_kwargs: object) -> None:
        """Show what follows."""
        self._show(f"[{message}]", 0)

    def _show(self, message: str, level: int) -> None:
        if self._verbosity >= level:
            self.display_error(message)
