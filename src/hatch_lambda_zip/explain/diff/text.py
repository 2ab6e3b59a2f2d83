"""A file's two texts as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Final

from hatch_lambda_zip.explain.diff.difference import FileChange
from hatch_lambda_zip.explain.read import Member

_LARGEST: Final = 1 << 20  # bytes of a text; comparing takes time in proportion to the square
_MOST_LINES: Final = 10_000
_NO_END: Final = "\\ No newline at end of file"


def unified_diff(change: FileChange) -> list[str] | None:
    """Return the lines of a unified diff, without line ends.

    Returns:
        None where the texts are too long to be compared line by line.

    Raises:
        InputError: a file is damaged.
    """
    sides = [_lines(member) for member in (change.before, change.after)]
    old, new = sides
    if old is None or new is None:
        return None
    before = f"a/{change.before.name}" if change.before else "/dev/null"
    after = f"b/{change.after.name}" if change.after else "/dev/null"
    return [*_ended(difflib.unified_diff(old, new, before, after))]


def _lines(member: Member | None) -> list[str] | None:
    if member is None:
        return []
    if member.size > _LARGEST:
        return None
    lines = member.read().decode("utf-8", "replace").split("\n")
    lines = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return lines if len(lines) <= _MOST_LINES else None


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line.rstrip("\n")
        if not line.endswith("\n"):
            yield _NO_END
