"""Files in a staging directory that no RECORD names: there, only an installer writes.

A RECORD in uv's cache that lost lines, as a loss of power leaves it, is known by them. What is
listed no more and is not there either can't be told from what never was.
"""

from __future__ import annotations

import os
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


def check_all_listed(site: Path, listed: Mapping[str, Collection[str]]) -> None:
    """Check that a RECORD names every file of a site.

    Args:
        listed: the paths in the RECORD of each distribution, by its name.

    Raises:
        DistributionError: none names some, which would not ship.
    """
    known = {path for paths in listed.values() for path in paths}
    unlisted = sorted(path for path in _files(site) if path not in known and path != _UV_LOCK)
    if unlisted:
        first, owners = unlisted[0], _owners(unlisted[0], listed)
        others = f" and {plural(len(unlisted) - 1, 'other file')}" if unlisted[1:] else ""
        raise DistributionError(
            f"{first}{others} of {' or '.join(owners)} would not ship, since no RECORD lists it. "
            f"{how_to_mend(owners)}"
        )


def how_to_mend(names: Iterable[str]) -> str:
    """Return what to do when a RECORD lacks something."""
    return (
        "uv's cache is damaged, as by a loss of power: run "
        f"`uv cache clean {' '.join(names)}` and build again. If that does not help, the wheel "
        "itself is malformed: choose another version."
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
