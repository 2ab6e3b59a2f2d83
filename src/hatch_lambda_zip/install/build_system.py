"""What a project states of its build (PEP 518); what is wrong with it, uv says."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import TARGET_KEY, inner_table, read_tables
from hatch_lambda_zip.files import content_if_any, matching

_WRAPPER: Final = "hatch_lambda_zip.backend"
_IMPORT: Final = re.compile(r"^\s*(?:from|import)\s+(.+)", re.MULTILINE)
_RUNS_SETUPTOOLS: Final = re.compile(
    rb"^[ \t]*(?:from|import)[ \t].*\bsetuptools\b|\bsetuptools\.build_meta\b", re.MULTILINE
)
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
        return any(map(_RUNS_SETUPTOOLS.search, _contents_with_imports(module, bases)))
    return not back_end.startswith(_OTHERS)


def _contents_with_imports(module: str, bases: list[Path]) -> Iterator[bytes]:
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
    items = inner_table(pyproject, "build-system").get("requires")
    for item in items if isinstance(items, list) else ():
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(str(item))


def required_to_build(pyproject: Mapping[str, Any]) -> set[NormalizedName]:
    """Return the names of what ``build-system.requires`` of a pyproject.toml has."""
    return {canonicalize_name(requirement.name) for requirement in build_requirements(pyproject)}
