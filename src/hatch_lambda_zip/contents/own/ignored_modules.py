"""Modules that are in the source tree and not in the wheel, since git ignores them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from hatch_lambda_zip.contents.own.gitignore import IgnoreRules, rules_at
from hatch_lambda_zip.contents.own.own_files import NOISE

_SOURCES: Final = ("src", "")


def ignored_modules(project: Path, top: Path, installed: Collection[str]) -> list[str]:
    """Return the ``.py`` files of a project's packages that its wheel lacks, as git ignores them.

    Generated modules such as ``_version.py`` and ``*_pb2.py`` often are among them.

    Args:
        top: where the .gitignore files begin (see `top_of`).
        installed: the paths of the wheel's files, as installed.

    Returns:
        Their paths, as they would be installed.

    Raises:
        ContentsError: a .gitignore can't be read.
    """
    packages = {name.partition("/")[0] for name in installed if name.endswith(".py")}
    found = []
    for package in sorted(packages):
        for source in _SOURCES:
            base = project / source
            directory = base / package
            if directory.is_dir():
                modules = _ignored(directory, rules_at(top, directory), is_ignored=False)
                names = [path.relative_to(base).as_posix() for path in modules]
                found += [name for name in names if name not in installed]
                break
    return found


def _ignored(directory: Path, rules: IgnoreRules, *, is_ignored: bool) -> Iterator[Path]:
    for path in sorted(directory.iterdir(), key=lambda path: path.name):
        if path.name in NOISE or path.is_symlink():
            continue
        is_directory = path.is_dir()
        if is_directory and (path / "pyvenv.cfg").exists():
            continue  # an environment, whatever it is called
        # What lies in an ignored directory is ignored, whatever is said below.
        is_out = is_ignored or rules.ignores(path.name, is_directory=is_directory)
        if is_directory:
            inside = rules if is_out else rules.enter(path)
            yield from _ignored(path, inside, is_ignored=is_out)
        elif is_out and path.suffix == ".py":
            yield path
