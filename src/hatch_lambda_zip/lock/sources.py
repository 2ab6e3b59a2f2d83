"""Whether a uv.lock takes packages from where its projects say.

It repeats what each local project states, with the sources of ``[tool.uv.sources]``, and uv
compares that with the project. With the entry of the package it does not: that may be another
branch's, after a bad merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from packaging.markers import InvalidMarker, Marker

from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.lock.model import resolved
from hatch_lambda_zip.lock.places import compared_url
from hatch_lambda_zip.runtimes import Platform

_DIRECTORIES: Final = ("directory", "editable", "virtual")
_REVISIONS: Final = ("rev", "tag", "branch")
_Table = Mapping[str, Any]


def misplaced(
    packages: Sequence[_Table],
    constraints: Iterable[_Table],
    base: Path,
    adjusted: Collection[str],
) -> tuple[str, ...]:
    """Return the names of packages that a uv.lock has from elsewhere than it says, sorted.

    Only what is required whatever the platform counts: else there may be several places, and
    ``misplaced_on`` tells.

    Args:
        packages: its tables.
        constraints: those that uv was told.
        base: its directory, which paths are relative to.
        adjusted: the names of requirements that uv replaces.
    """
    stated = _all_stated(packages, constraints)
    found = set()
    for package in packages:
        name, source = package["name"], package["source"]
        items = stated.get(name, ())
        if name in adjusted or all("marker" in item for item in items):
            continue
        if not _is_from_any(source, items, packages, base):
            found.add(name)
    return tuple(sorted(found))


def misplaced_on(
    platform: Platform,
    selected: Collection[tuple[str, str | None]],
    packages: Sequence[_Table],
    constraints: Iterable[_Table],
    base: Path,
    adjusted: Collection[str],
) -> tuple[str, ...]:
    """Return the names of what a platform gets from elsewhere than a uv.lock says, sorted.

    What is stated for an extra alone decides nothing, and may be the reason all the same.

    Args:
        platform: what markers are evaluated for.
        selected: what is installed, by name and version; if that is locked from two places, one of
            them has to be right.
        packages: see ``misplaced``, as for the others.
    """
    stated = _all_stated(packages, constraints)
    found = set()
    for name, version in selected:
        items = () if name in adjusted else stated.get(name, ())
        if not any(_holds(item, platform) for item in items):
            continue
        possible = [it for it in items if _is_for_extra(it) or _holds(it, platform)]
        sources = [
            it["source"] for it in packages if (it["name"], it.get("version")) == (name, version)
        ]
        if sources and not any(_is_from_any(it, possible, packages, base) for it in sources):
            found.add(name)
    return tuple(sorted(found))


def _holds(item: _Table, platform: Platform) -> bool:
    """Tell whether something is stated for a platform, whatever extras are asked for."""
    if "marker" not in item:
        return True
    try:
        return not _is_for_extra(item) and platform.satisfies(Marker(item["marker"]))
    except InvalidMarker:
        return False


def _is_for_extra(item: _Table) -> bool:
    return "extra" in item.get("marker", "")


def _is_from_any(
    source: _Table, items: Iterable[_Table], packages: Sequence[_Table], base: Path
) -> bool:
    """Tell whether a package from a source may be what one of several requirements asks for."""
    if any(_is_from(item, source, base) for item in items):
        return True
    # What comes from no index may itself require something from there.
    others = (it["source"] for it in packages if it["source"] is not source)
    return "registry" not in source and any(map(_is_direct, others))


def _all_stated(
    packages: Iterable[_Table], constraints: Iterable[_Table]
) -> dict[str, list[_Table]]:
    """Return all that is stated, by the name of what it is about."""
    stated: dict[str, list[_Table]] = {}
    for item in (*constraints, *(it for package in packages for it in _stated(package))):
        stated.setdefault(item["name"], []).append(item)
    return stated


def _stated(package: _Table) -> Iterator[_Table]:
    metadata = inner_table(package, "metadata")
    yield from metadata.get("requires-dist", ())
    for items in inner_table(metadata, "requires-dev").values():
        yield from items


def _is_direct(source: _Table) -> bool:
    return bool(source.keys() & {"url", "git", "path"})


def _is_from(item: _Table, source: _Table, base: Path) -> bool:
    if "index" in item:
        return "registry" in source and _is_index(item["index"], source["registry"])
    if "url" in item:
        return "url" in source and compared_url(item["url"]) == compared_url(source["url"])
    if "git" in item:
        return "git" in source and _checkout(item["git"]) == _checkout(source["git"])
    for kinds in (_DIRECTORIES, ("path",)):
        if wanted := [item[kind] for kind in kinds if kind in item]:
            places = [source[kind] for kind in kinds if kind in source]
            return [resolved(base, it) for it in wanted] == [resolved(base, it) for it in places]
    return "registry" in source


def _is_index(wanted: str, found: str) -> bool:
    """Tell whether two indexes may be one; directories are written in several ways."""
    if not all(url.startswith("http") for url in (wanted, found)):
        return wanted.startswith("http") == found.startswith("http")
    return compared_url(wanted) == compared_url(found)


def _checkout(url: str) -> tuple[object, ...]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return (
        compared_url(parts._replace(query="").geturl()),
        *(query.get(key) for key in _REVISIONS),
    )
