"""What a project states of its build (PEP 518); what is wrong with it, uv says."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import TARGET_KEY, inner_table, read_tables
from hatch_lambda_zip.files import content_if_any, matching

_WRAPPER: Final = "hatch_lambda_zip.backend"
_IMPORT: Final = re.compile(r"^\s*(?:from|import)\s+(.+)", re.MULTILINE)
_WORD: Final = re.compile(r"\w+")
_OUTSIDE: Final = re.compile(r"^[/\\]|\.\.|\0")  # of a tree, or no path
_SETUPTOOLS: Final = "setuptools.build_meta:__legacy__"  # where none is declared (PEP 517)
# Modules of back ends that find by themselves what setuptools built for them, or don't run it.
_OTHERS: Final = (
    *("enscons", "flit", "hatch", "maturin", "mesonpy", "pdm", "poetry", "py_build_cmake"),
    *("scikit_build_core", "sipbuild", "uv_build", "whey"),
)


def is_by_setuptools(root: Path) -> bool:
    """Tell whether setuptools is the declared back end, or what that one runs."""
    pyproject = read_tables(root / "pyproject.toml")
    back_end = _back_end(pyproject)
    if "setuptools" in back_end:  # such as scikit_build_core.setuptools.build_meta
        return True
    places = inner_table(pyproject, "build-system").get("backend-path")
    if isinstance(places, list):
        module = back_end.partition(":")[0]
        # Relative and within the tree, by PEP 517.
        bases = [root / place for place in map(str, places) if not _OUTSIDE.search(place)]
        return any(b"setuptools" in content for content in contents_with_imports(module, bases))
    return not back_end.startswith(_OTHERS)


def contents_with_imports(module: str, bases: list[Path]) -> Iterator[bytes]:
    """Yield the contents of a module's files, and of what they import, as far as it is in a tree.

    Args:
        bases: the directories that these are looked for in.
    """
    left = [base / word for base in bases for word in _WORD.findall(module)]
    seen = set[Path]()
    while left:
        place = left.pop()  # of a package, or of a module without the end of its name
        if place in seen:
            continue
        seen.add(place)
        files = {place.with_name(f"{place.name}.py"), *matching(place, "**/*.py")}
        for file in sorted(files - seen):
            content = content_if_any(file)
            yield content
            lines = _IMPORT.findall(content.decode("utf-8", "replace"))
            words = {word for line in lines for word in _WORD.findall(line)}
            left.extend(base / word for base in (*bases, file.parent) for word in words)
        seen |= files


def is_by_hatchling(root: Path) -> bool:
    """Tell whether hatchling is the declared back end."""
    return _back_end(read_tables(root / "pyproject.toml")).startswith("hatchling")


def _back_end(pyproject: Mapping[str, Any]) -> str:
    """Return the declared back end; where that is our own, what it wraps."""
    declared = inner_table(pyproject, "build-system").get("build-backend")
    if declared == _WRAPPER:
        declared = inner_table(pyproject, *TARGET_KEY.split(".")).get("inner-backend")
    return _SETUPTOOLS if declared is None else str(declared)


def build_requirements(pyproject: Mapping[str, Any]) -> Iterator[Requirement]:
    """Yield what ``build-system.requires`` of a pyproject.toml has."""
    return _requirements([inner_table(pyproject, "build-system").get("requires")])


def _requirements(lists: Iterable[object]) -> Iterator[Requirement]:
    """Yield the requirements of what may be lists of them."""
    for items in lists:
        for item in items if isinstance(items, list) else ():
            text = item.get("requirement") if isinstance(item, dict) else item
            with contextlib.suppress(InvalidRequirement):
                yield Requirement(str(text))


def required_to_build(pyproject: Mapping[str, Any]) -> set[NormalizedName]:
    """Return the names of what ``build-system.requires`` of a pyproject.toml has."""
    return {canonicalize_name(requirement.name) for requirement in build_requirements(pyproject)}


def required_by_path(root: Path) -> tuple[str, ...]:
    """Return the names of what a project's build takes from directories, sorted.

    What it requires is in ``tool.uv.sources``, also of the workspace, with a path; or has a URL
    that is one. And so on for what these require. uv keeps a wheel of each, and sees an edit of
    pyproject.toml, setup.py and setup.cfg alone (see ``cache-keys`` of its settings).
    """
    found = dict[str, Path]()
    left = [(root, _stated(root, is_built_only=True))]
    while left:
        place, requirements = left.pop()
        sources = _directories(place)
        for requirement in requirements:
            name = canonicalize_name(requirement.name)
            url = requirement.url or ""
            directory = Path(url2pathname(urlsplit(url).path)) if url.startswith("file:") else None
            directory = directory or sources.get(name)
            # Of a wheel or sdist uv sees that it is another one.
            if directory is not None and directory.is_dir() and name not in found:
                found[name] = directory
                left.append((directory, _stated(directory)))
    return tuple(sorted(found))


def is_offline(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether uv is told to reach nothing, by its variable or a project's settings."""
    stated = environ.get("UV_OFFLINE", "").lower() in {"1", "t", "true", "y", "yes", "on"}
    files = (place / "pyproject.toml" for place in (root, *root.parents))
    settings = (inner_table(read_tables(file), "tool", "uv") for file in files)
    return stated or any(table.get("offline") is True for table in settings)


def _stated(place: Path, *, is_built_only: bool = False) -> list[Requirement]:
    """Return what a project requires to be built, and to run if it is to."""
    pyproject = read_tables(place / "pyproject.toml")
    extra = inner_table(pyproject, "tool", "uv", "extra-build-dependencies").values()
    dependencies = inner_table(pyproject, "project").get("dependencies")
    lists = [*extra, [] if is_built_only else dependencies]
    return [*build_requirements(pyproject), *_requirements(lists)]


def _directories(place: Path) -> dict[NormalizedName, Path]:
    """Return what ``tool.uv.sources`` has a path for, of a project and of its workspace."""
    found = dict[NormalizedName, Path]()
    for base in (*(above for above in reversed(place.parents) if _is_workspace(above)), place):
        sources = inner_table(read_tables(base / "pyproject.toml"), "tool", "uv", "sources")
        for name, source in sources.items():
            for item in source if isinstance(source, list) else [source]:
                path = item.get("path") if isinstance(item, dict) else None
                if isinstance(path, str) and "\0" not in path:
                    directory = Path(os.path.abspath(base / path))  # noqa: PTH100 - links stay
                    found[canonicalize_name(name)] = directory
    return found


def _is_workspace(place: Path) -> bool:
    return "workspace" in inner_table(read_tables(place / "pyproject.toml"), "tool", "uv")
