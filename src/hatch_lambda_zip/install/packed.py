"""Installed distributions into packs, and back: what a wheel has need be read only once.

A pack is for what a lock pins by the hash of a wheel. What uv builds, or takes from a file that may
have changed since it was locked, is read anew by every command.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.pylock import is_valid_pylock_path

from hatch_lambda_zip.archive import ENCODER, FORMAT_VERSION, CompressedContent
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install.read import Distribution, Installed
from hatch_lambda_zip.install.reasons import LeftOut, Reason
from hatch_lambda_zip.install.wheel import same_version
from hatch_lambda_zip.lock import InstallList, LockedDistribution
from hatch_lambda_zip.packs import Pack, PackCache
from hatch_lambda_zip.record import Digest

RULES_VERSION: Final = 1
"""Goes up when the same wheel is read otherwise: what ships of it, what stays out and why, or what
is said of a content. A test over a fixed corpus tells."""


def is_packable(install: InstallList) -> bool:
    """Tell whether a wheel's hash says all of what is installed."""
    return is_valid_pylock_path(Path(install.file_name)) and not (
        install.builds or install.may_build or install.files or install.checks
    )


def find_packed(install: InstallList, packs: PackCache) -> dict[str, Installed]:
    """Return the distributions of a list that there are packs of, by their names."""
    found = {}
    for locked in install.distributions:
        pack = packs.find(locked.name, _key(locked))
        installed = pack and _installed(pack, locked)
        if installed:
            found[locked.name] = installed
    return found


def save_packed(
    installed: Installed,
    packs: PackCache,
    compress: Callable[[Entry], CompressedContent],
) -> None:
    """Keep a pack of a distribution.

    Args:
        installed: of a list that is packable, as read.
        compress: returns an entry's content as it lies in a zip.
    """
    entries = (*installed.entries, *installed.scripts)
    distribution = installed.distribution
    about = {
        "version": distribution.version,
        "dist_info": installed.dist_info,
        "entries": [(entry.name, str(entry.digest)) for entry in entries],
        "scripts": len(installed.scripts),
        "left_out": [(left.path, left.reason.name) for left in installed.left_out],
    }
    key = _key_of(distribution.identity)
    packs.save(distribution.name, key, about, map(compress, entries))


def _key(locked: LockedDistribution) -> str:
    return _key_of(locked.identity)


def _key_of(identity: str) -> str:
    return json.dumps([identity, FORMAT_VERSION, *ENCODER, RULES_VERSION])


def _installed(pack: Pack, locked: LockedDistribution) -> Installed | None:
    """Return what a pack has; None if the lock calls it otherwise, which is uv's to judge."""
    about: Mapping[str, Any] = pack.about
    if not same_version(locked.version, about["version"]):
        return None
    distribution = Distribution(locked.name, about["version"], locked.origin, locked.identity)
    entries = tuple(
        Entry(name, content, content.size, _digest(digest), locked.name)
        for (name, digest), content in zip(about["entries"], pack.contents, strict=True)
    )
    first_script = len(entries) - about["scripts"]
    return Installed(
        distribution,
        about["dist_info"],
        entries[:first_script],
        tuple(LeftOut(path, Reason[reason], locked.name) for path, reason in about["left_out"]),
        entries[first_script:],
    )


def _digest(text: str) -> Digest:
    return Digest(*text.split("=", 1))
