"""The settings that uv takes where it locks what a requirements file asks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import UvError, UvTimeoutError
from hatch_lambda_zip.lock.find import uv_workspace_of
from hatch_lambda_zip.uv import Uv

HIDING: Final = ("UV_NO_CONFIG", "UV_CONFIG_FILE")
"""The variables with which uv reads another file, or none."""

_Table = Mapping[str, Any]
_NOWHERE: Final = "uv's settings"


def settings_for(directory: Path, uv: Uv) -> tuple[str, _Table]:
    """Return where the settings for a directory stand, in words, and what they are.

    uv takes the nearest: from the project on that it takes the directory for a part of, or else
    from the root of that project's workspace (its ``FilesystemOptions::find``; 0.13.9 was seen to
    do so). What the user or a variable says besides is not among them, as a lock is the same for
    everybody.

    Args:
        uv: tells where the project or the workspace is.
    """
    place = _nearest(directory)
    if place is not None and any((it / "pyproject.toml").exists() for it in place.parents):
        place = _nearest(_start(directory, uv))
    return (_NOWHERE, {}) if place is None else _read(place)


def _start(directory: Path, uv: Uv) -> Path:
    """Return the root of the project or workspace that a directory is in, or else itself."""
    try:
        return uv_workspace_of(directory, uv)
    except UvTimeoutError:
        raise
    except UvError:  # it is in none
        return directory


def _nearest(start: Path) -> Path | None:
    places = (start, *start.parents)
    return next((place for place in places if _has_settings(place)), None)


def _has_settings(place: Path) -> bool:
    tool = inner_table(read_tables(place / "pyproject.toml"), "tool")
    return "uv" in tool or (place / "uv.toml").is_file()


def _read(place: Path) -> tuple[str, _Table]:
    beside, project = place / "uv.toml", place / "pyproject.toml"
    if beside.is_file():  # with it, even an empty one, uv takes nothing from the other
        return str(beside), read_tables(beside)
    return f"{project}, [tool.uv]", inner_table(read_tables(project), "tool", "uv")
