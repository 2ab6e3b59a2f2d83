"""Which file or name hatchling could not read as UTF-8, where it does not say it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.files import read_regular


def no_utf8(error: BaseException, root: Path) -> str | None:
    """Say which file of a project is not UTF-8, or has such a name; None for another error.

    Args:
        error: that hatchling raised, perhaps in place of the one that says it.
        root: the project's directory.
    """
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, UnicodeEncodeError):
            return f"{cause.object!a}: the name is not UTF-8, as names in zips are. Rename the file"
        if isinstance(cause, UnicodeDecodeError):
            found = next(filter(lambda path: _content(path) == cause.object, _texts(root)), None)
            name = found or "a file that is read for the project"
            return f"{name} is not UTF-8: {cause}. Save it as UTF-8"
    return None


def wrong_metadata(error: Exception, root: Path) -> str:
    """Return what to say of metadata that hatchling can't read."""
    return f"{no_utf8(error, root) or f'{error}. Correct pyproject.toml'}."


def _texts(root: Path) -> Iterator[Path]:
    """Yield the files that hatchling reads as text."""
    yield from sorted(root.iterdir())
    yield from (directory / ".gitignore" for directory in root.parents)
    version = inner_table(read_tables(root / "pyproject.toml"), "tool", "hatch", "version")
    yield root / str(version.get("path", ""))


def _content(path: Path) -> bytes | None:
    with contextlib.suppress(OSError, ValueError):
        return read_regular(path)
    return None
