"""A part of an install list: some of its distributions, for what has to be installed apart."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from packaging.pylock import is_valid_pylock_path
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.lock.model import InstallList
from hatch_lambda_zip.lock.pylock_writer import write_lock

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def part_of(install: InstallList, names: Collection[str]) -> InstallList:
    """Return the list of some distributions alone.

    Args:
        names: theirs, normalized.
    """
    is_pylock = is_valid_pylock_path(Path(install.file_name))
    text = _packages(install.text, names) if is_pylock else _lines(install.text, names)
    kept = tuple(locked for locked in install.distributions if locked.name in names)
    # What they would compare was compared when all were installed.
    return replace(install, text=text, distributions=kept, checks=())


def _packages(text: str, names: Collection[str]) -> str:
    packages = tomllib.loads(text)["packages"]
    return write_lock(package for package in packages if package["name"] in names)


def _lines(text: str, names: Collection[str]) -> str:
    """Keep the options, and the lines of these requirements, as `requirements` writes both."""
    kept = [line for line in text.splitlines() if line.startswith("-") or _name(line) in names]
    return "\n".join(kept) + "\n"


def _name(line: str) -> str:
    return canonicalize_name(Requirement(line.partition(" --hash")[0]).name)
