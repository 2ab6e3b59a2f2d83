"""The settings that uv takes for a directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import UvError, UvTimeoutError
from hatch_lambda_zip.lock.find import uv_workspace_of
from hatch_lambda_zip.uv import Uv

_ON: Final = frozenset(("1", "t", "true", "y", "yes", "on"))
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


def is_offline(directory: Path, uv: Uv) -> bool:
    """Tell whether uv is told to reach nothing: by its variable, or the settings it takes.

    Raises:
        UvTimeoutError: uv did not tell in time which project the directory is in.
    """
    environ = uv.environment
    if _is_on("UV_OFFLINE", environ):
        return True
    tables = [read_tables(file) for file in users_settings(environ)]
    if not environ.get("UV_CONFIG_FILE") and not _is_on("UV_NO_CONFIG", environ):
        tables = [settings_for(directory, uv)[1], *tables]
    return next((table["offline"] for table in tables if "offline" in table), False) is True


def users_settings(environ: Mapping[str, str]) -> list[Path]:
    """Return the files with settings that are no project's, the one that counts first.

    They need not be there (see uv's documentation of configuration files).
    """
    if file := environ.get("UV_CONFIG_FILE"):
        return [Path(file)]
    if _is_on("UV_NO_CONFIG", environ):
        return []
    if sys.platform == "win32":
        places = [environ.get("APPDATA"), environ.get("PROGRAMDATA")]
    else:
        own = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config"
        of_all = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        places = [str(own), *of_all.split(os.pathsep), "/etc"]
    return [Path(place) / "uv/uv.toml" for place in places if place]


def settings_around(
    root: Path, environ: Mapping[str, str], of_project: Callable[[Path], _Table] | None = None
) -> Iterator[tuple[_Table, Path]]:
    """Yield all settings that uv may take for a directory, and where their paths begin.

    Args:
        environ: of uv.
        of_project: returns what a directory's pyproject.toml has for uv.
    """
    for file in users_settings(environ):
        yield read_tables(file), file.parent
    for base in (root, *root.parents):
        yield read_tables(base / "uv.toml"), base
        yield (of_project or _of_project)(base), base


def _of_project(directory: Path) -> _Table:
    return inner_table(read_tables(directory / "pyproject.toml"), "tool", "uv")


def _is_on(variable: str, environ: Mapping[str, str]) -> bool:
    return environ.get(variable, "").lower() in _ON


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
    return f"{project}, [tool.uv]", _of_project(place)
