"""The files of one or several zips, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatch_lambda_zip.explain.distributions import Owners
from hatch_lambda_zip.explain.read import Member, Source


@dataclass(frozen=True)
class ReportedFile:
    """A file by its name and distribution, in each of the zips.

    Attributes:
        name: in the zips.
        distribution: whose it is; ``OWN`` for the project's own.
        members: one for each zip; None where that has no such file.
        is_changed: of two zips that both have it, whether its content differs; else None.
    """

    name: str
    distribution: str
    members: tuple[Member | None, ...]
    is_changed: bool | None


def list_files(zips: Sequence[tuple[Source, Owners]]) -> list[ReportedFile]:
    """Return the files of all zips, ascending by name and distribution.

    Raises:
        InputError: a file is damaged.
    """
    found: dict[tuple[str, str], list[Member | None]] = {}
    for index, (source, owners) in enumerate(zips):
        for member in source.files:
            key = (member.name, owners.by_file[member.name])
            found.setdefault(key, [None] * len(zips))[index] = member
    return [
        ReportedFile(name, owner, tuple(members), _is_changed(members))
        for (name, owner), members in sorted(found.items())
    ]


def _is_changed(members: Sequence[Member | None]) -> bool | None:
    match members:
        case [Member() as before, Member() as after]:
            if (before.size, before.is_link) != (after.size, after.is_link):
                return True
            if before.header and after.header and before.header.crc != after.header.crc:
                return True
            return before.read() != after.read()
        case _:
            return None
