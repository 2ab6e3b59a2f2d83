"""Finds the projects of a tree: directories whose pyproject.toml or hatch.toml has the table."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.config import TARGET_KEY, inner_table, read_tables
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import check_depth, read_regular

if TYPE_CHECKING:
    from hatch_lambda_zip.contents import IgnoreRules

_NO_PROJECTS: Final = frozenset(("node_modules", "__pycache__", "dist", "build"))
_TABLES: Final = {
    "pyproject.toml": ("tool", "hatch", "build", "targets"),
    "hatch.toml": ("build", "targets"),
}
_HEADER: Final = re.compile(rb"^\s*\[.*\blambda-zip\b", re.MULTILINE)


def chosen_projects(projects: Iterable[Path], *, is_all: bool) -> list[Path]:
    """Return the projects that are meant.

    Args:
        projects: directories, as they are typed.
        is_all: whether all projects in and below them are meant.

    Raises:
        ConfigError: there is none.
    """
    if not is_all:
        return [*projects]
    found = list(dict.fromkeys(found for project in projects for found in find_projects(project)))
    if not found:
        names = ", ".join(str(project.resolve()) for project in projects)
        raise ConfigError([f"no project in or below {names} has the table [{TARGET_KEY}]"])
    return found


def find_projects(root: Path) -> list[Path]:
    """Return the directories below one, and itself, that have the target's table, sorted.

    What git ignores is not looked into, nor are directories with a dot at the start of their
    names, virtual environments and what package managers and builds fill.

    Raises:
        ContentsError: a .gitignore can't be read.
        OutputError: directories lie too deep in one another.
    """
    from hatch_lambda_zip.contents import rules_at, top_of  # few commands look for projects

    root = root.resolve()
    return sorted(_below(root, rules_at(top_of(root, root), root), 0))


def file_with_table(directory: Path) -> Path | None:
    """Return the file that has a project's table, or seems to, where it can't be read."""
    paths = ((directory / file, keys) for file, keys in _TABLES.items())
    return next((path for path, keys in paths if _has_table(path, keys)), None)


def _has_table(path: Path, keys: Iterable[str]) -> bool:
    if tables := read_tables(path):
        return "lambda-zip" in inner_table(tables, *keys)
    with contextlib.suppress(OSError):  # there is none
        return _HEADER.search(read_regular(path) or b"") is not None
    return False


def _below(directory: Path, rules: IgnoreRules, depth: int) -> Iterator[Path]:
    check_depth(directory, depth)
    if file_with_table(directory):  # what is wrong in one that can't be read, its build says
        yield directory
    for inner in sorted(directory.iterdir()):
        if inner.name.startswith(".") or inner.name in _NO_PROJECTS or inner.is_symlink():
            continue
        if not inner.is_dir() or (inner / "pyvenv.cfg").is_file():
            continue
        if not rules.ignores(inner.name, is_directory=True):
            yield from _below(inner, rules.enter(inner), depth + 1)
