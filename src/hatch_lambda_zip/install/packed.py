"""Installed distributions into packs, and back: what a wheel has need be read only once.

A pack is found by the hash and the file name of a wheel, where a lock has both, and saves the
install too. By the hash alone, a row that a bad merge gave another wheel's hash would pass as long
as that wheel is known here. What uv installs all the same has a pack that is found by its files.
What is built here has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from packaging.pylock import is_valid_pylock_path

from hatch_lambda_zip.archive import ENCODER, FORMAT_VERSION, CompressedContent
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install.read import Distribution, Installed
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.install.unlisted import unlisted_but_needed
from hatch_lambda_zip.install.wheel import same_version
from hatch_lambda_zip.lock import InstallList, LockedDistribution
from hatch_lambda_zip.packs import Pack, PackCache
from hatch_lambda_zip.record import Digest

RULES_VERSION: Final = 2
"""Goes up when the same wheel is read otherwise: what ships of it, what stays out and why, or what
is said of a content. A test over a fixed corpus tells."""


@dataclass(frozen=True)
class Packable:
    """A distribution that a pack is to be made of.

    Attributes:
        installed: as read; of one that a pack is found by its files of, without its scripts.
        key: what the pack is found by.
        size: of the wheel, where the lock gives it, so that uv has compared it.
    """

    installed: Installed
    key: str
    size: int | None = None


def is_packable(install: InstallList) -> bool:
    """Tell whether a wheel's hash says all of what is installed."""
    return is_valid_pylock_path(Path(install.file_name)) and not (
        install.builds or install.may_build or install.files or install.checks
    )


def find_packed(install: InstallList, packs: PackCache) -> dict[str, Installed]:
    """Return the distributions of a list that there are packs of, by their names."""
    found = {}
    for locked in install.distributions:
        pack = packs.find(locked.name, _key_of_wheel(locked))
        installed = pack and _installed(pack, locked)
        if installed:
            found[locked.name] = installed
    return found


def packable(installed: Installed, locked: LockedDistribution) -> Packable:
    """Return what makes a pack that is found by the wheel that the lock pins."""
    return Packable(installed, _key_of_wheel(locked), locked.size)


def compressed_before(installed: Installed, packs: PackCache) -> Installed | Packable:
    """Return a distribution with the contents of a pack of the same files, or what makes one.

    For what uv has to install, as the lock does not say which wheel it is: what its RECORD lists
    need not be compressed again.
    """
    # The scripts have a path of this machine in them.
    without_scripts = replace(installed, scripts=())
    rows = [(entry.name, str(entry.digest), entry.size) for entry in installed.entries]
    key = _key(hashlib.sha256(json.dumps(rows).encode()).hexdigest())
    pack = packs.find(installed.name, key)
    if pack is None:
        return Packable(without_scripts, key)
    with pack.reading():
        entries = [*zip(installed.entries, pack.contents, strict=True)]
    return replace(
        installed, entries=tuple(replace(entry, content=content) for entry, content in entries)
    )


def save_packed(
    packable: Packable, packs: PackCache, compress: Callable[[Entry], CompressedContent]
) -> None:
    """Keep a pack of a distribution.

    Args:
        compress: returns an entry's content as it lies in a zip.
    """
    installed = packable.installed
    entries = (*installed.entries, *installed.scripts)
    about = {
        "version": installed.distribution.version,
        "dist_info": installed.dist_info,
        "entries": [(entry.name, str(entry.digest)) for entry in entries],
        "scripts": len(installed.scripts),
        "left_out": [(left.path, left.reason.name) for left in installed.left_out],
        "size": packable.size,
    }
    packs.save(installed.name, packable.key, about, map(compress, entries))


def _key_of_wheel(locked: LockedDistribution) -> str:
    return _key(locked.identity, locked.wheel)


def _key(*found_by: str | None) -> str:
    return json.dumps([*found_by, FORMAT_VERSION, *ENCODER, RULES_VERSION])


def _installed(pack: Pack, locked: LockedDistribution) -> Installed | None:
    """Return what a pack has; None if the lock says otherwise of it, which is uv's to judge."""
    with pack.reading():
        return _described(pack, pack.about, locked)


def _described(
    pack: Pack, about: Mapping[str, Any], locked: LockedDistribution
) -> Installed | None:
    if not same_version(locked.version, about["version"]):
        return None
    if locked.size not in {None, about.get("size")}:
        return None
    distribution = Distribution(locked.name, about["version"], locked.origin, locked.identity)
    entries = tuple(
        Entry(name, content, content.size, Digest.written(digest), locked.name)
        for (name, digest), content in zip(about["entries"], pack.contents, strict=True)
    )
    first_script = len(entries) - about["scripts"]
    left_out = tuple(
        LeftOut(path, Reason[reason], locked.name) for path, reason in about["left_out"]
    )
    shipped = {entry.name for entry in entries[:first_script]}
    scripts = {left.path for left in left_out if left.reason is Reason.SCRIPT}
    names = [*(entry.name for entry in entries), *(left.path for left in left_out)]
    if (
        not 0 <= first_script <= len(entries)
        or not all(entry.name in scripts for entry in entries[first_script:])
        or len({entry.name for entry in entries}) < len(entries)
        or not _are_plain(names)
        or unlisted_but_needed(shipped, about["dist_info"])
    ):
        raise ValueError(about)
    return Installed(
        distribution, about["dist_info"], entries[:first_script], left_out, entries[first_script:]
    )


def _are_plain(names: Iterable[str]) -> bool:
    """Tell whether all are paths that a RECORD may have; many at once, as there are thousands."""
    text = "/\0/".join(["", *names, ""])
    text.encode()  # no lone surrogates
    return not any(odd in text for odd in ("//", "/./", "/../", "\\"))
