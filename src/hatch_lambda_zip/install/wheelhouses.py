"""Directories that uv takes wheels of build requirements from: ``find-links``, and indexes there.

uv keeps what it unpacked of a wheel there by its name and version alone, so that it has to be told
to look anew: a wheel that is made again has often the same of both (0.13.9 was seen to keep it).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.utils import (
    InvalidName,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)

from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.files import matching, path_of_url
from hatch_lambda_zip.lock import settings_around

# Of uv's settings for indexes, a name may come before an "=".
_INDEXES: Final = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX_URL")
_NAME: Final = re.compile(r"^[\w.-]+=")
_URL: Final = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


def names_in_wheelhouses(root: Path, environ: Mapping[str, str]) -> set[NormalizedName]:
    """Return the names of all that has wheels in the directories where uv looks for some.

    Args:
        root: where uv runs.
        environ: of uv.
    """
    found = set[NormalizedName]()
    # os.path's has no error for what can be no path.
    for directory in filter(os.path.isdir, {*_directories(root, environ)}):
        for path in matching(directory, "*"):
            with contextlib.suppress(InvalidWheelFilename, InvalidName):
                if path.suffix == ".whl":
                    found.add(parse_wheel_filename(path.name)[0])
                elif path.is_dir():  # a page of links, in what has one for each project
                    found.add(canonicalize_name(path.name, validate=True))
    return found


def _directories(root: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for place in environ.get("UV_FIND_LINKS", "").split(","):
        yield from _local(root, place)
    for variable in _INDEXES:
        for place in environ.get(variable, "").split():
            yield from _local(root, _NAME.sub("", place))
    for settings, base in settings_around(root, environ):
        yield from _named(settings, base)


def _named(settings: Mapping[str, Any], base: Path) -> Iterator[Path]:
    for table in (settings, inner_table(settings, "pip")):
        for key in ("find-links", "extra-index-url", "index-url", "index"):
            value = table.get(key)
            for item in value if isinstance(value, list) else [value]:
                yield from _local(base, item.get("url") if isinstance(item, dict) else item)


def _local(base: Path, place: object) -> Iterator[Path]:
    """Yield the directory that a path or URL names, if it is on this machine."""
    if not isinstance(place, str) or not place or "\0" in place:
        return
    if path := path_of_url(place):
        yield Path(path)
    elif not _URL.match(place):
        yield base / place
