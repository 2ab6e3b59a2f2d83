"""Words for people: numbers, suggestions, and who takes the lines."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_MEGABYTE: Final = 1_000_000
_KILOBYTE: Final = 1_000
_READABLE: Final = 100  # characters
_LONGEST_WORD: Final = 400  # characters: more than most paths have
_FIRST_LINES: Final = 50
_LAST_LINES: Final = 150


def format_size(size: int) -> str:
    """Write a number of bytes in MB or kB (powers of ten).

    >>> format_size(262_144_000)
    '262.1 MB'
    >>> format_size(12_345)
    '12.3 kB'
    >>> format_size(999)
    '999 bytes'
    """
    if size >= _MEGABYTE:
        return f"{size / _MEGABYTE:.1f} MB"
    if size >= _KILOBYTE:
        return f"{size / _KILOBYTE:.1f} kB"
    return f"{size} bytes"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "file"), plural(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def shortened(name: str) -> str:
    """Return a name as far as anybody wants to read it.

    >>> shortened("orders/api.py"), len(shortened("x" * 10_000))
    ('orders/api.py', 101)
    """
    return name if len(name) <= _READABLE else f"{name[:_READABLE]}…"


def readable(text: str) -> str:
    r"""Return a text without what nobody reads: the rest of long words, and lines beyond hundreds.

    Of many lines the first ones stay, and more of the last ones, where programs say why they end.

    >>> readable("ab " + "x" * 10_000 + " cd") == "ab " + "x" * 400 + "… cd"
    True
    >>> readable("line\n" * 1_000).count("line"), "… 801 lines more …" in readable("\n" * 1_000)
    (200, True)
    """
    if len(text) <= _LONGEST_WORD:
        return text
    lines = text.split("\n")
    if left := max(len(lines) - _FIRST_LINES - _LAST_LINES, 0):
        lines[_FIRST_LINES:-_LAST_LINES] = [f"… {left:,} lines more …"]
    return "".join(
        part if len(part) <= _LONGEST_WORD else f"{part[:_LONGEST_WORD]}…"
        for part in re.split(r"(\s+)", "\n".join(lines))
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word like this one was meant; an empty string when there is none.

    >>> did_you_mean("handle", ["handler", "layers"])
    "Did you mean 'handler'?"
    """
    if len(word) > _READABLE:
        return ""  # like no word at all, and the comparison would take long
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def not_one_of(word: str, known: Iterable[str]) -> str:
    """Say that a word is none of the known ones, and which one was perhaps meant.

    >>> not_one_of("arm", ["x86_64", "arm64"])
    "'arm' is not one of x86_64, arm64. Did you mean 'arm64'?"
    """
    known = list(known)
    hint = did_you_mean(word, known)
    return f"{word!r} is not one of {', '.join(known) or '(there is none)'}{hint and f'. {hint}'}"


def first(names: Iterable[object], most: int = 12) -> str:
    """Write a list of which not all has to be read.

    >>> first(["a.py", "b.py", "c.py"], 2)
    'a.py, b.py and 1 more'
    >>> first(["a.py", "b.py"], 2)
    'a.py, b.py'
    """
    words = [*map(str, names)]
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more:,} more" if more > 0 else "")


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Write rows as the lines of a table, whose columns are as wide as they have to be.

    Args:
        right: the columns that are aligned at the right, as numbers.

    >>> aligned([("name", "files"), ("idna", "9")], right={1})
    ['name  files', 'idna      9']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


class Reporter(Protocol):
    """Takes lines for the user."""

    def info(self, message: str) -> None:
        """Report progress."""

    def warning(self, message: str) -> None:
        """Report what may be wrong."""

    def debug(self, message: str) -> None:
        """Report what only ``-v`` shows."""


@dataclass(frozen=True)
class Extent:
    """How much a step has to do.

    Attributes:
        doing: what it does, in a word.
        total: how many bytes or things it does that to.
        is_bytes: which of the two.
    """

    doing: str
    total: int
    is_bytes: bool = False


class Progress(Protocol):
    """Takes what is done for each zip."""

    def step(self, name: str, line: str, extent: Extent | None = None) -> None:
        """Take what is done for a zip from now on, and how much that is, where it is known."""

    def advance(self, name: str, count: int) -> None:
        """Take how much more of the step's extent is done; from any thread."""

    def finish(self, name: str, line: str) -> None:
        """Take what a zip has become."""


class Lines:
    """Progress as plain lines."""

    def __init__(self, report: Reporter) -> None:
        self._report = report

    def step(self, name: str, line: str, extent: Extent | None = None) -> None:  # noqa: ARG002
        """Report what is done."""
        self._report.info(f"{name}: {line}")

    def advance(self, name: str, count: int) -> None:
        """Report nothing: who reads lines has no bar."""

    def finish(self, name: str, line: str) -> None:
        """Report what a zip has become."""
        self._report.info(f"{name}: {line}")
