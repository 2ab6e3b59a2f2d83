"""What a build takes from directories: uv keeps a wheel of each, and sees few edits of them.

It sees those of pyproject.toml, setup.py and setup.cfg alone (see ``cache-keys`` of its settings),
so that it has to be told to look anew. Once too often does no harm: names are looked for in texts.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.request import url2pathname

from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.files import content_if_any, matching
from hatch_lambda_zip.lock import settings_for
from hatch_lambda_zip.uv import Uv

_WORD: Final = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
# A name with a path or `file:` URL, which may begin with what stands for one.
_DIRECT: Final = re.compile(
    rf"(?<![\w.-])({_WORD.pattern})[ \t]*(?:\[[^]\n]{{0,200}}\])?[ \t]*@[ \t]*"
    r"""((?:file:|["'/%{]|\$\{)[^\s"',;#]*)""",
    re.ASCII,  # as uv's names are
)
_STANDS_FOR: Final = re.compile(r"(\$?)\{([^}]*)\}")
_ARCHIVES: Final = (".whl", ".gz", ".zip", ".bz2", ".xz", ".tgz")  # uv sees that one is another
_TEXTS: Final = ("pyproject.toml", "setup.cfg", "setup.py", "*.txt", "*.in", "requirements/*")
_OF_SETUPTOOLS: Final = ("setup.cfg", "setup.py")

_Found = dict[NormalizedName, set[Path]]


def required_by_path(root: Path, environ: Mapping[str, str]) -> dict[NormalizedName, set[Path]]:
    """Return what a project's build takes from directories: names, and where these may be.

    That is what the project requires to be built; and all that such a directory names in turn,
    as that may be needed to build it, or to run it.

    Args:
        environ: of uv, which puts variables into URLs.
    """
    found: _Found = {}
    seen = {root}
    left = [(root, _stated_of_build(root, environ))]
    while left:
        place, text = left.pop()
        named, edited = _named(text, place, root, environ)
        for name, directories in named.items():
            found.setdefault(name, set()).update(directories)
        for directory in edited.union(*named.values()) - seen:
            seen.add(directory)
            left.append((directory, _texts(directory, _TEXTS)))
    return found


def is_offline(root: Path, uv: Uv) -> bool:
    """Tell whether uv is told to reach nothing: by its variable, or the settings it takes.

    Raises:
        UvTimeoutError: uv did not tell in time which project the directory is in.
    """
    environ = uv.environment
    if _is_on("UV_OFFLINE", environ):
        return True
    tables = [read_tables(file) for file in _settings_files(environ)]
    if not environ.get("UV_CONFIG_FILE") and not _is_on("UV_NO_CONFIG", environ):
        tables = [settings_for(root, uv)[1], *tables]
    return next((table["offline"] for table in tables if "offline" in table), False) is True


def _is_on(variable: str, environ: Mapping[str, str]) -> bool:
    return environ.get(variable, "").lower() in {"1", "t", "true", "y", "yes", "on"}


def _settings_files(environ: Mapping[str, str]) -> list[Path]:
    """Return the files with uv's settings that are no project's; what comes first counts."""
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


def _stated_of_build(root: Path, environ: Mapping[str, str]) -> str:
    """Return a text with what a project requires to be built."""
    pyproject = read_tables(root / "pyproject.toml")
    hatch = inner_table(pyproject, "tool", "hatch", "build")
    of_setuptools = _texts(root, _OF_SETUPTOOLS)
    if any(_values(hatch, "require-runtime-dependencies", "require-runtime-features")):
        return _texts(root, _TEXTS)
    settings = [read_tables(file) for file in _settings_files(environ)]
    for place in (root, *root.parents):
        settings += [_of_uv(place), read_tables(place / "uv.toml")]
    stated = (
        inner_table(pyproject, "build-system").get("requires"),
        *(inner_table(table, "extra-build-dependencies") for table in settings),
        *_values(hatch, "dependencies"),
        of_setuptools if "setup_requires" in of_setuptools else "",
    )
    return "\n".join(line for part in stated for line in _strings(part))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _values(table: Mapping[str, Any], *keys: str) -> Iterator[object]:
    """Yield what has one of these keys, in a table or tables in it."""
    for key, value in table.items():
        if key in keys:
            yield value
        elif isinstance(value, dict):
            yield from _values(value, *keys)


def _texts(place: Path, patterns: tuple[str, ...]) -> str:
    files = [file for pattern in patterns for file in sorted(matching(place, pattern))]
    return "\n".join(content_if_any(file).decode(errors="replace") for file in files)


def _named(
    text: str, place: Path, root: Path, environ: Mapping[str, str]
) -> tuple[_Found, set[Path]]:
    """Return what a text names that is in directories; and those of which uv keeps no wheel.

    Args:
        place: the directory that the text is of.
        root: where uv runs.
    """
    found: _Found = {}
    for written, where in _DIRECT.findall(text):
        if not where.endswith(_ARCHIVES):
            paths = {_path(where, base, place, environ) for base in (root, place)}
            found.setdefault(canonicalize_name(written), set()).update(filter(_is_there, paths))
    words = {canonicalize_name(word) for word in _WORD.findall(text)}
    edited = set[Path]()
    for name, directory, is_edited in _sources(place, words):
        if _is_there(directory):
            places = edited if is_edited else found.setdefault(name, set())
            places.add(directory)
    for directories in found.values():
        directories -= {place, root}  # where a text gives a path in parts
    return found, edited


def _path(where: str, base: Path, place: Path, environ: Mapping[str, str]) -> Path:
    """Return the path that a path or URL is.

    Args:
        base: what ``${PROJECT_ROOT}`` is: for uv where it runs, for pdm-backend the project.
        place: what hatchling's ``{root:uri}`` is, and whatever is not known.
    """

    def meant(match: re.Match[str]) -> str:
        mark, name = match.groups()
        if mark:
            return str(base) if name == "PROJECT_ROOT" else environ.get(name, match[0])
        directory = place
        for _ in range(name.count(":parent")):
            directory = directory.parent
        return directory.as_uri() if name.endswith(":uri") else str(directory)

    text = _STANDS_FOR.sub(meant, where).lstrip("\"'")
    if text.startswith("file:"):
        text = url2pathname(re.sub("^file:(?://[^/]*)?", "", text))
    return _absolute(base, re.sub("^//+", "/", text))


def _absolute(base: Path, path: str) -> Path:
    return Path(os.path.abspath(base / path))  # noqa: PTH100 - links stay


def _is_there(directory: Path) -> bool:
    return os.path.isdir(directory)  # noqa: PTH112 - no error for what can be no path


def _sources(place: Path, names: Container[str]) -> Iterator[tuple[NormalizedName, Path, bool]]:
    """Yield what a project and its workspace have directories for, of these names.

    And whether it is a member of the workspace that is used as it lies there.
    """
    workspaces = [base for base in (place, *place.parents) if "workspace" in _of_uv(base)]
    for base in {place: None, **dict.fromkeys(workspaces)}:
        poetry = inner_table(read_tables(base / "pyproject.toml"), "tool", "poetry")
        for table in (inner_table(_of_uv(base), "sources"), inner_table(poetry, "dependencies")):
            for written, source in table.items():
                name = canonicalize_name(written)
                for item in source if isinstance(source, list) else [source]:
                    if name not in names or not isinstance(item, dict):
                        continue
                    if isinstance(path := item.get("path"), str):
                        yield name, _absolute(base, path), False
                    elif item.get("workspace") is True:
                        is_edited = item.get("editable") is not False
                        for path in filter(None, (_member(it, name) for it in workspaces)):
                            yield name, path, is_edited


def _member(workspace: Path, name: NormalizedName) -> Path | None:
    """Return the member of a workspace that has a name."""
    patterns = inner_table(_of_uv(workspace), "workspace").get("members")
    places = [workspace]
    for pattern in patterns if isinstance(patterns, list) else []:
        with contextlib.suppress(ValueError, NotImplementedError):  # it is no pattern
            places += matching(workspace, str(pattern))
    for place in places:
        written = inner_table(read_tables(place / "pyproject.toml"), "project").get("name")
        if isinstance(written, str) and canonicalize_name(written) == name:
            return place
    return None


def _of_uv(place: Path) -> Mapping[str, Any]:
    return inner_table(read_tables(place / "pyproject.toml"), "tool", "uv")
