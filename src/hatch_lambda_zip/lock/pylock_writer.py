"""Writes a pylock.toml (PEP 751) that says exactly what to install: the little TOML it needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.lock.model import resolved

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageArchive, PackageSdist, PackageVcs, PackageWheel

    _Source = PackageArchive | PackageSdist | PackageVcs | PackageWheel

Entry = dict[str, "str | dict[str, object] | list[dict[str, object]]"]
"""A package in a pylock.toml."""


def wheel_entry(package: Package, wheel: PackageWheel, base: Path) -> Entry:
    """Return the entry of a package that is installed from one wheel.

    Args:
        base: the directory that relative paths start from.
    """
    entry: Entry = {"name": package.name}
    if package.version is not None:
        entry["version"] = str(package.version)
    file = {**_location(wheel, base), **_size(wheel), "hashes": dict(wheel.hashes)}
    if package.archive is not None:
        entry["archive"] = file
    else:
        if wheel.path is None:
            entry |= _index(package)
        entry["wheels"] = [{"name": wheel.filename, **file}]
    return entry


def _index(package: Package) -> Entry:
    # uv looks the credentials of an index up by it.
    return {} if package.index is None else {"index": package.index}


def source_entry(package: Package, base: Path) -> Entry:
    """Return the entry of a package that is built: from a git commit or an sdist."""
    entry: Entry = {"name": package.name}
    if package.version is not None:
        entry["version"] = str(package.version)
    if package.vcs is not None:
        vcs = package.vcs
        entry["vcs"] = {
            "type": vcs.type,
            **_location(vcs, base),
            "commit-id": vcs.commit_id,
            **({"subdirectory": vcs.subdirectory} if vcs.subdirectory else {}),
        }
    elif package.archive is not None:
        archive = package.archive
        entry["archive"] = {
            **_location(archive, base),
            **_size(archive),
            "hashes": dict(archive.hashes),
            **({"subdirectory": archive.subdirectory} if archive.subdirectory else {}),
        }
    elif package.sdist is not None:
        sdist = package.sdist
        if sdist.path is None:
            entry |= _index(package)
        entry["sdist"] = {
            "name": sdist.filename,
            **_location(sdist, base),
            **_size(sdist),
            "hashes": dict(sdist.hashes),
        }
    return entry


def local_files(sources: Iterable[_Source | None], base: Path) -> tuple[Path, ...]:
    """Return the local files that sources lie in."""
    return tuple(
        resolved(base, source.path)
        for source in sources
        if source is not None and source.path is not None
    )


def _location(source: _Source, base: Path) -> dict[str, object]:
    if source.path is not None:
        return {"path": str(resolved(base, source.path))}
    return {"url": source.url}


def _size(source: PackageWheel | PackageArchive | PackageSdist) -> dict[str, object]:
    return {} if source.size is None else {"size": source.size}


def write_lock(
    packages: Iterable[Mapping[str, object]], head: Mapping[str, object] | None = None
) -> str:
    """Write a pylock.toml; ``head`` has what stands before the packages besides what must."""
    packages = list(packages)
    document = {"lock-version": "1.0", "created-by": TOOL_NAME, **(head or {})}
    if not packages:
        document["packages"] = []  # PEP 751 wants the key
    lines = [f"{key} = {_toml(value)}" for key, value in document.items()]
    for package in packages:
        lines += ["", "[[packages]]"]
        lines += [f"{key} = {_toml(value)}" for key, value in package.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """Write strings and whole numbers, and tables and arrays of them, as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int):
        return str(value)
    # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
