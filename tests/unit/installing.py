"""Installed distributions that exist in memory only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.installed import Distribution, Installed
from hatch_lambda_zip.lock.model import Origin
from hatch_lambda_zip.runtimes import Target, find_runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def target(runtime: str = "python3.13", architecture: str = "x86_64") -> Target:
    found = find_runtime(runtime)
    assert found is not None
    return Target(found, architecture)


def installed(
    name: str,
    files: Mapping[str, bytes] | None = None,
    *,
    requires: Iterable[str] = (),
    version: str = "1.0",
    origin: Origin = Origin.INDEX,
    identity: str | None = None,
) -> Installed:
    """Return a distribution with some files and requirements."""
    dist_info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    everything = {**(files or {}), f"{dist_info}/METADATA": "\n".join([*lines, ""]).encode()}
    entries = tuple(Entry.of(path, content, name) for path, content in everything.items())
    pin = identity or f"sha256:{name}-{version}"
    return Installed(Distribution(name, version, origin, pin, None), dist_info, entries)


def names_of(distributions: Iterable[Installed]) -> list[str]:
    return [one.name for one in distributions]


def files_of(distributions: Iterable[Installed]) -> set[str]:
    """Return the names of what ships, but for dist-info."""
    return {
        entry.name
        for one in distributions
        for entry in one.entries
        if ".dist-info/" not in entry.name
    }
