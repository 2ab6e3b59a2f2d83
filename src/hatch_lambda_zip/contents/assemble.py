"""Chosen distributions and files -> the sorted entries of the zip, with their RECORDs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hatch_lambda_zip.contents.overlaps import WaysOut, describe_overlaps
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.record import Digest


def assemble(
    installed: Iterable[Installed],
    *,
    added: Iterable[Entry] = (),
    prefix: str = "",
    ways: WaysOut | None = None,
) -> tuple[Entry, ...]:
    """Put what ships together.

    Args:
        added: files that belong to no distribution, with their whole names.
        prefix: the directory that distributions are put into, with its ``/``.
        ways: what can be done about files of distributions, for errors.

    Returns:
        The entries, ascending by the UTF-8 bytes of their names.

    Raises:
        ContentsError: two of them want different content under one name.
    """
    entries: dict[str, Entry] = {}
    overlaps: dict[tuple[str, str], list[str]] = {}
    for distribution in installed:
        for entry in (*distribution.entries, distribution.record):
            placed = replace(entry, name=prefix + entry.name) if prefix else entry
            other = entries.setdefault(placed.name, placed)
            if not is_same_content(other, placed):
                pair = (other.distribution, entry.distribution)
                overlaps.setdefault(pair, []).append(entry.name)
    if overlaps:
        raise ContentsError(describe_overlaps(overlaps, ways or WaysOut("the table")))
    for entry in added:
        other = entries.setdefault(entry.name, entry)
        if not is_same_content(other, entry):
            raise ContentsError(
                f"`include-files` puts {entry.name} into the zip, which {other.owner} ships "
                "with different content. Choose another place for it, or leave the other out by "
                "`exclude-files`."
            )
    _refuse_files_as_directories(entries)
    return tuple(sorted(entries.values(), key=lambda entry: entry.name.encode()))


def is_same_content(one: Entry, other: Entry) -> bool:
    """Tell whether two entries have the same bytes, by their hashes if those are of one kind."""
    if one.digest.algorithm == other.digest.algorithm:
        return one.digest == other.digest
    return Digest.of(one.read(), other.digest.algorithm) == other.digest


def _refuse_files_as_directories(entries: dict[str, Entry]) -> None:
    for name in sorted(entries.keys() & directories_of(entries)):
        other = entries[name]
        entry = next(entry for path, entry in entries.items() if path.startswith(f"{name}/"))
        raise ContentsError(
            f"{other.owner} ships {other.name} as a file, and {entry.owner} "
            f"has it as a directory with {entry.name}. Leave one of these files out: by "
            "`exclude-files`, or from `include-files` if it comes from there."
        )


def directories_of(names: Iterable[str]) -> set[str]:
    """Return the directories that files lie in, and those that these lie in."""
    found = {name.rpartition("/")[0] for name in names}
    return {parent for directory in found for parent in (directory, *parents(directory))} - {""}


def parents(name: str) -> Iterator[str]:
    """Yield the directories that a file lies in, the outermost first."""
    position = name.find("/")
    while position >= 0:
        yield name[:position]
        position = name.find("/", position + 1)
