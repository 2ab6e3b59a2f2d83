"""Progress on a terminal: what is done for each zip while it is made, then a line of it.

A build that is over at once shows its lines and no more, and never imports what draws.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import click

from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.process.one_thread import start_thread
from hatch_lambda_zip.redact import redact, secret_values
from hatch_lambda_zip.text import Extent, Progress, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.live import Live
    from rich.table import Table

_DELAY: Final = 0.4  # seconds that a build has to be over in, before anything is drawn
_PAUSE: Final = 0.1  # seconds between two looks at what is done
_BAR: Final = 30  # columns
_MARK: Final = "\x1e"  # what a step starts with that one command tells another of
_COLOURS: Final = {"Error:": "red", "Warning:": "yellow"}


@dataclass
class _Row:
    """A zip in the making."""

    line: str
    extent: Extent | None
    done: int = 0
    started: float = field(default_factory=time.monotonic)


class Plain:
    """Writes lines and draws nothing.

    Attributes:
        progress: takes what is done for each zip; None where lines of it are to be shown.
    """

    progress: Progress | None = None

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Do nothing besides, until the end of the context."""
        yield

    def only(self, name: str, line: str) -> None:
        """Do nothing: it is only drawn that something is done now, and nothing else."""

    def show(self, line: str) -> None:
        """Show a line."""
        # It may be what a build hook says.
        self._put(redact(line, secret_values(os.environ)))

    def _put(self, line: str) -> None:
        click.echo(line, err=True)

    def hear(self, line: str) -> None:
        """Take a line of another command."""
        self.show(line)

    def result(self, line: str) -> None:
        """Write a line to the standard output."""
        show_result(line)


class Bars(Plain):
    """Draws what is done, below the lines that it is given to show.

    Use `drawing` as a context: whatever ends it, the terminal is left as it was.
    """

    def __init__(self) -> None:
        self.progress = self
        self._rows: dict[str, _Row] = {}
        self._lock = threading.RLock()  # a signal may interrupt who has it
        self._over = threading.Event()
        self._live: Live | None = None

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw until the end of the context."""
        # What waits for it must not wait for an import.
        thread = start_thread(self._draw)
        try:
            yield
        finally:
            with self._lock:
                self._over.set()
                is_drawing = self._live is not None
            if is_drawing:
                thread.join()

    def _put(self, line: str) -> None:
        word = line.partition(" ")[0]
        if word in _COLOURS and "NO_COLOR" not in os.environ:
            line = click.style(word, fg=_COLOURS[word]) + line.removeprefix(word)
        with self._lock:
            if self._live is None:
                super()._put(line)
                return
            from rich.text import Text

            self._live.console.print(Text.from_ansi(line), soft_wrap=True)

    def result(self, line: str) -> None:
        """Write a line to the standard output, which may be the same terminal."""
        with self._lock:
            if self._live is not None:
                self._live.stop()
            super().result(line)
            if self._live is not None:
                self._live.start()

    def only(self, name: str, line: str) -> None:
        """Draw what is done now, and nothing else."""
        with self._lock:
            self._rows = {name: _Row(line, None)}

    def step(self, name: str, line: str, extent: Extent | None = None) -> None:
        """Draw what is done for a zip from now on."""
        with self._lock:
            self._rows[name] = _Row(line, extent)

    def advance(self, name: str, count: int) -> None:
        """Draw that more of it is done."""
        with self._lock:
            if row := self._rows.get(name):
                row.done += count

    def finish(self, name: str, line: str) -> None:
        """Show what a zip has become."""
        with self._lock:
            self._rows.pop(name, None)
            self.show(f"{name}: {line}")

    def hear(self, line: str) -> None:
        """Take a line of another command: what `Told` has written, or one to show."""
        shown, mark, told = line.partition(_MARK)  # a hook may have printed no end of a line
        if shown or not mark:
            self.show(shown)
        if not mark:
            return
        verb, name, *rest = json.loads(told)
        if verb == "end":
            with self._lock:
                self._rows = {it: row for it, row in self._rows.items() if not it.startswith(name)}
        elif verb == "step":
            text, extent = rest
            self.step(name, text, extent and Extent(*extent))
        elif verb == "advance":
            self.advance(name, *rest)
        else:
            self.finish(name, *rest)

    def _draw(self) -> None:
        if self._over.wait(_DELAY):
            return
        from rich.console import Console
        from rich.live import Live

        live = Live(
            get_renderable=self.table,
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._lock:
            if self._over.is_set():
                return
            self._live = live
            live.start()
        try:
            while not self._over.wait(_PAUSE):
                with self._lock:
                    live.refresh()
        finally:
            with self._lock:
                live.stop()
                self._live = None

    def table(self) -> Table:
        """Return what is drawn now: a row for each zip in the making."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        with self._lock:
            rows = dict(self._rows)
        for name, row in rows.items():
            seconds = f"{time.monotonic() - row.started:.0f} s"
            if row.extent is None or not row.extent.total:
                table.add_row(
                    Text(name), Text(row.line, overflow="crop", no_wrap=True), "", seconds
                )
                continue
            total, done = row.extent.total, min(row.done, row.extent.total)
            write = format_size if row.extent.is_bytes else str
            bar = ProgressBar(total, done, width=_BAR)
            table.add_row(
                Text(name),
                Text(f"{row.extent.doing} {write(done)} of {write(total)}"),
                bar,
                seconds,
            )
        return table


class Told:
    """Tells the command that has started this one, which may draw it.

    Args:
        prefix: what names start with there.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def step(self, name: str, line: str, extent: Extent | None = None) -> None:
        """Tell what is done for a zip from now on."""
        known = extent and (extent.doing, extent.total, extent.is_bytes)
        self._tell("step", name, line, known)

    def advance(self, name: str, count: int) -> None:
        """Tell that more of it is done."""
        self._tell("advance", name, count)

    def finish(self, name: str, line: str) -> None:
        """Tell what a zip has become."""
        self._tell("finish", name, line)

    def end(self) -> None:
        """Tell that nothing more comes, whatever was begun."""
        self._tell("end", "")

    def _tell(self, verb: str, name: str, *rest: object) -> None:
        click.echo(_MARK + json.dumps([verb, self._prefix + name, *rest]), err=True)


def can_draw() -> bool:
    """Tell whether the standard error is a terminal that takes more than lines."""
    return (
        sys.stderr.isatty()
        and os.environ.get("TERM") not in {"dumb", "unknown"}
        and importlib.util.find_spec("rich") is not None
    )
