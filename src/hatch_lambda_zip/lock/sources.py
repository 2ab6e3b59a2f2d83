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

from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.lock.model import resolved
from hatch_lambda_zip.lock.places import compared_url

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

    Only what is required whatever the platform counts: else there may be several places.

    Args:
        packages: its tables.
        constraints: those that uv was told.
        base: its directory, which paths are relative to.
        adjusted: the names of requirements that uv replaces.
    """
    stated: dict[str, list[_Table]] = {}
    for item in (*constraints, *(it for package in packages for it in _stated(package))):
        stated.setdefault(item["name"], []).append(item)
    found = set()
    for package in packages:
        name, source = package["name"], package["source"]
        items = stated.get(name, ())
        if name in adjusted or all("marker" in item for item in items):
            continue
        if any(_is_from(item, source, base) for item in items):
            continue
        # What comes from no index may itself require something from there.
        others = (it["source"] for it in packages if it is not package)
        if "registry" in source or not any(map(_is_direct, others)):
            found.add(name)
    return tuple(sorted(found))


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
