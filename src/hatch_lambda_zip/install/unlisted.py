"""Files in a staging directory that no RECORD names: there, only an installer writes.

A RECORD in uv's cache that lost lines, as a loss of power leaves it, is known by them. What is
listed no more and is not there either can't be told from what never was; nor can a line that was
taken out of one RECORD where another distribution's lists a file in the same place.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.text import plural

_UV_LOCK: Final = ".lock"  # that of the directory, which uv leaves there
_NEEDED: Final = ("METADATA", "WHEEL")  # PEP 427


def unlisted_but_needed(listed: Collection[str], dist_info: str) -> list[str]:
    """Return what a RECORD does not list of the files that every wheel has."""
    return [file for file in _NEEDED if f"{dist_info}/{file}" not in listed]


def signed_and_signatures(dist_info: str) -> set[str]:
    """Return the paths of a RECORD and its signatures, which it need not list (PEP 427)."""
    return {f"{dist_info}/RECORD{suffix}" for suffix in ("", ".jws", ".p7s")}


def check_all_listed(site: Path, listed: Mapping[str, Collection[str]], *, is_cached: bool) -> None:
    """Check that a RECORD names every file of a site.

    Args:
        listed: the paths in the RECORD of each distribution, by its name.
        is_cached: see ``how_to_mend``.

    Raises:
        DistributionError: none names some, which would not ship.
    """
    known = {path for paths in listed.values() for path in paths}
    unlisted = sorted(path for path in _files(site) if path not in known and path != _UV_LOCK)
    if unlisted:
        unlisted = _without_other_spellings(unlisted, known, site)
    if unlisted:
        first, owners = unlisted[0], _owners(unlisted[0], listed)
        others = f" and {plural(len(unlisted) - 1, 'other file')}" if unlisted[1:] else ""
        raise DistributionError(
            f"{first}{others} of {' or '.join(owners)} would not ship, since no RECORD lists it. "
            f"{how_to_mend(owners, is_cached=is_cached)}"
        )


def _without_other_spellings(
    unlisted: Iterable[str], known: Collection[str], site: Path
) -> list[str]:
    """Leave out what is listed under another spelling, which the file system takes for the same.

    Those of macOS and Windows tell neither cases apart nor, some of them, forms of Unicode: a
    directory has the spelling of who was there first.
    """
    listed = {_folded(path): path for path in known}
    return [
        path
        for path in unlisted
        if (alike := listed.get(_folded(path))) is None or not _is_same(site / path, site / alike)
    ]


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def how_to_mend(names: Collection[str], *, is_cached: bool) -> str:
    """Return what to do when a RECORD lacks something.

    Args:
        names: the distributions that may be meant.
        is_cached: whether they came out of uv's cache, and were not just built by this build.
    """
    if not is_cached:
        return (
            f"The build back end of {' or '.join(names)} made a wheel with a wrong RECORD: build "
            "it with another release of that."
        )
    return (
        "Either uv's cache is damaged, as by a loss of power: then "
        f"`uv cache clean {' '.join(names)}` helps. Or the wheel was published so; uv and pip "
        "install it unseen, but what it has to hold nobody can tell, and `exclude-files` changes "
        "nothing of that. Choose another version, and tell its author, whom `wheel unpack` "
        "and `wheel pack` give a right RECORD."
    )


def _files(site: Path) -> Iterator[str]:
    for directory, _, names in os.walk(site):
        relative = Path(directory).relative_to(site)
        yield from ((relative / name).as_posix() for name in names)


def _owners(path: str, listed: Mapping[str, Collection[str]]) -> list[str]:
    """Return the distributions that a file may be of, as far as its place and name tell."""
    for parent in Path(path).parents[:-1]:
        start = f"{parent.as_posix()}/"
        owners = [name for name, paths in listed.items() if any(p.startswith(start) for p in paths)]
        if owners:
            return owners
    top = canonicalize_name(path.partition("/")[0].removesuffix(".py"))
    return [name for name in listed if name == top] or [*listed]
