"""Directories of wheels that uv takes build requirements from (``find-links``, a flat index).

uv keeps what it unpacked of a wheel there by its name and version alone, so that it has to be told
to look anew: a wheel that is made again has often the same of both (0.13.9 was seen to keep it).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.request import url2pathname

from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.files import matching
from hatch_lambda_zip.lock import users_settings

_FILE: Final = re.compile("^file:(?://[^/]*)?")
_URL: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


def names_in_wheelhouses(root: Path, environ: Mapping[str, str]) -> set[NormalizedName]:
    """Return the names of all wheels in the directories where uv looks for some.

    Args:
        root: where uv runs.
        environ: of uv.
    """
    directories = {directory for directory in _directories(root, environ) if directory.is_dir()}
    found = set[NormalizedName]()
    for wheel in (path for directory in directories for path in matching(directory, "*.whl")):
        with contextlib.suppress(InvalidWheelFilename):
            found.add(parse_wheel_filename(wheel.name)[0])
    return found


def _directories(root: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for place in environ.get("UV_FIND_LINKS", "").split(","):
        yield from _local(root, place)
    for file in users_settings(environ):
        yield from _named(read_tables(file), file.parent)
    for base in (root, *root.parents):
        yield from _named(read_tables(base / "uv.toml"), base)
        yield from _named(inner_table(read_tables(base / "pyproject.toml"), "tool", "uv"), base)


def _named(settings: Mapping[str, Any], base: Path) -> Iterator[Path]:
    for table in (settings, inner_table(settings, "pip")):
        links, indexes = table.get("find-links"), table.get("index")
        for link in links if isinstance(links, list) else []:
            yield from _local(base, link)
        for index in indexes if isinstance(indexes, list) else []:
            if isinstance(index, dict) and index.get("format") == "flat":
                yield from _local(base, index.get("url"))


def _local(base: Path, place: object) -> Iterator[Path]:
    """Yield the directory that a path or URL names, if it is on this machine."""
    if not isinstance(place, str) or not place or "\0" in place:
        return
    if _FILE.match(place):
        yield Path(url2pathname(_FILE.sub("", place)))
    elif not _URL.match(place):
        yield base / place
