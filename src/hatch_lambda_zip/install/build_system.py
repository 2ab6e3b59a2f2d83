"""What a project states of its build (PEP 518); what is wrong with it, uv says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import TARGET_KEY, inner_table, read_tables

_WRAPPER: Final = "hatch_lambda_zip.backend"
_SETUPTOOLS: Final = "setuptools.build_meta:__legacy__"  # where none is declared (PEP 517)
# What finds by itself what setuptools built for it, or has no use for it.
_OTHERS: Final = ("flit", "hatch", "maturin", "meson", "pdm", "poetry", "scikit", "uv-build")


def is_by_setuptools(root: Path) -> bool:
    """Tell whether setuptools is the declared back end, or what that one runs."""
    pyproject = read_tables(root / "pyproject.toml")
    if "setuptools" in _back_end(pyproject):  # such as scikit_build_core.setuptools.build_meta
        return True
    names = required_to_build(pyproject)
    return "setuptools" in names and not any(name.startswith(_OTHERS) for name in names)


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
    requires = inner_table(pyproject, "build-system").get("requires")
    for text in requires if isinstance(requires, list) else ():
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(str(text))


def required_to_build(pyproject: Mapping[str, Any]) -> set[NormalizedName]:
    """Return the names of what ``build-system.requires`` of a pyproject.toml has."""
    return {canonicalize_name(requirement.name) for requirement in build_requirements(pyproject)}


def required_by_path(root: Path) -> tuple[str, ...]:
    """Return the names of what a project and its build may take from directories, sorted.

    Those of ``tool.uv.sources``, also of the workspace and of these directories, and of URLs in
    ``build-system.requires``. uv keeps a wheel of each, and sees an edit of pyproject.toml,
    setup.py and setup.cfg alone (see ``cache-keys`` of its settings).
    """
    found = set[str]()
    seen = {root}
    left = [root, *(place for place in root.parents if _is_workspace(place))]
    while left:
        place = left.pop()
        pyproject = read_tables(place / "pyproject.toml")
        for requirement in build_requirements(pyproject):
            if (requirement.url or "").startswith("file:"):
                found.add(canonicalize_name(requirement.name))
        for name, source in inner_table(pyproject, "tool", "uv", "sources").items():
            for item in source if isinstance(source, list) else [source]:
                path = item.get("path") if isinstance(item, dict) else None
                if not isinstance(path, str) or "\0" in path:
                    continue
                found.add(canonicalize_name(name))
                directory = Path(os.path.abspath(place / path))  # noqa: PTH100 - links stay
                if directory not in seen and directory.is_dir():
                    seen.add(directory)
                    left.append(directory)
    return tuple(sorted(found))


def _is_workspace(place: Path) -> bool:
    return "workspace" in inner_table(read_tables(place / "pyproject.toml"), "tool", "uv")
