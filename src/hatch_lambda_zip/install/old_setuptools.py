"""A setuptools that works in the source tree, since it can't be told to work elsewhere.

Before 65.4, and with the standard library's distutils, it does not read the configuration that
names temporary directories. What lies in ``build/`` ships then, and what a ``SOURCES.txt`` lists.
"""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import content_if_any, matching
from hatch_lambda_zip.install.build_system import is_by_setuptools
from hatch_lambda_zip.process import remove_tree

_WHY: Final = (
    "the setuptools that builds it is older than 65.4, or SETUPTOOLS_USE_DISTUTILS=stdlib is set, "
    "and can't be told to work in a temporary directory"
)
# A place to work in, in a configuration file; `build_dir` may be that of documentation.
_PLACE: Final = re.compile(
    rb"^(build[-_](?:base|lib|purelib|platlib|temp|scripts)|bdist[-_]dir)[ \t]*[=:]",
    re.IGNORECASE | re.MULTILINE,
)


class Traces:
    """What a build by setuptools finds in a source tree, and leaves there.

    Args:
        root: the source tree, before the build.
        told: the directory that setuptools is told to have its ``egg-info`` in.
    """

    def __init__(self, root: Path, told: Path) -> None:
        self._root = root
        self._told = told
        self._built = _built(root)
        self._described = _described(root)
        self._lists = _lists(self._described)
        # An unpacked sdist: that list is a source of it, as setuptools reads it.
        is_sdist = (root / "PKG-INFO").is_file()
        self._sources = {file: content_if_any(file) for file in self._lists} if is_sdist else {}
        self._files = _files_built(root)

    def pass_on_lists(self) -> None:
        """Have the list of an unpacked sdist where setuptools is told to have its own."""
        for file, content in self._sources.items():
            place = self._told / file.parent.name
            place.mkdir(parents=True, exist_ok=True)
            (place / file.name).write_bytes(content)

    def spoil_the_wheel(self) -> bool:
        """Tell whether it has to be built once more: another build's list of files had a say.

        That list is removed, and what was built by it.

        Raises:
            DistributionError: what another build left may have shipped, or what this one wrote
                there does not.
        """
        if not self._is_in_tree():
            self._check_files()
            return False
        if self._built:
            found = " and ".join(map(str, self._built))
            raise DistributionError(
                f"What another build left in {self._root / 'build'} would ship, modules that are "
                f"deleted by now among it: {_WHY}. Remove {found}, or require setuptools >= 65.4 "
                f"in build-system.requires of {self._root / 'pyproject.toml'}, and build again."
            )
        setup_cfg = self._root / "setup.cfg"
        if named := _PLACE.search(content_if_any(setup_cfg)):
            raise DistributionError(
                f"{named[1].decode()} in {setup_cfg}: setuptools works in that directory, and what "
                f"an earlier build left there could ship: {_WHY}. Remove it, or require "
                f"setuptools >= 65.4 in build-system.requires of {self._root / 'pyproject.toml'}."
            )
        # It reads the list that it then writes. Others are the user's: a template, a test's.
        written = dict(self._lists.items() - _lists(_described(self._root)).items())
        foreign = written.keys() - self._sources.keys()
        for file in foreign:
            file.unlink(missing_ok=True)
        for path in _built(self._root):
            remove_tree(path)
        return bool(foreign)

    def _check_files(self) -> None:
        before, after = self._files, _files_built(self._root)
        written = sorted(
            path for path in after if after[path] != before.get(path) and self._would_ship(path)
        )
        if is_by_setuptools(self._root) and written:
            raise DistributionError(
                f"{written[0]} was written by the build itself, and does not ship from there: "
                "setuptools works in a temporary directory. Have the command in setup.py write to "
                f"`self.build_lib`, remove {self._root / 'build'}, and build again."
            )

    def _would_ship(self, path: Path) -> bool:
        """Tell whether a file in build/lib would ship if setuptools worked there.

        What is no module may be of another tool that has a place there, such as CMake, unless it
        is beside modules of the project.
        """
        below = path.relative_to(self._root / "build").parts[1:]
        lib = self._told.with_name("lib")
        return path.suffix == ".py" or (len(below) > 1 and (lib / below[0]).is_dir())

    def remove(self) -> None:
        """Remove what was not there before."""
        if not self._is_in_tree():
            return
        before = {*self._built, *self._described}
        for path in (*_built(self._root), *_described(self._root)):
            if path not in before:
                remove_tree(path)
        for file, content in self._sources.items():
            if content_if_any(file) != content:
                file.write_bytes(content)
        with contextlib.suppress(OSError):  # there is something else in it, or it is not there
            (self._root / "build").rmdir()

    def _is_in_tree(self) -> bool:
        # Whatever it builds, it writes an egg-info.
        if any(matching(self._told, "*/PKG-INFO")):
            return False
        return is_by_setuptools(self._root) or self._lists != _lists(_described(self._root))


@contextlib.contextmanager
def removing_traces(root: Path, told: Path) -> Iterator[Traces]:
    """Leave nothing in a source tree that a setuptools works in.

    Args:
        told: the directory that it is told to have its ``egg-info`` in.
    """
    traces = Traces(root, told)
    traces.pass_on_lists()
    try:
        yield traces
    finally:
        traces.remove()


def _built(root: Path) -> list[Path]:
    # "src.linux-x86_64-3.11" or so has what numpy's distutils generates.
    kinds = ("lib", "lib.*", "scripts-*", "src.*-*", "temp", "temp.*", "bdist.*")
    found = (path for kind in kinds for path in matching(root / "build", kind))
    return [path for path in found if path.is_dir()]  # not scripts of a user's, such as lib.sh


def _files_built(root: Path) -> dict[Path, tuple[int, int]]:
    """Return the files in build/lib, with the times when they were written."""
    found = dict[Path, tuple[int, int]]()
    # Not in the sources of a library there, such as libfoo-1.0.
    for place in (path for kind in ("lib", "lib.*") for path in matching(root / "build", kind)):
        for path in matching(place, "**/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                if stat.S_ISREG(status.st_mode):
                    found[path] = (status.st_mtime_ns, status.st_ctime_ns)
    return found


def _described(root: Path) -> list[Path]:
    # Below the directory of the packages, such as lib/python; but not of another project.
    found = (path for depth in range(3) for path in matching(root, "*/" * depth + "*.egg-info"))
    return [path for path in found if not _is_in_another_project(path, root)]


def _is_in_another_project(path: Path, root: Path) -> bool:
    between = (place for place in path.parents if place != root and place.is_relative_to(root))
    files = ("pyproject.toml", "setup.py")
    return any((place / file).exists() for place in between for file in files)


def _lists(described: list[Path]) -> dict[Path, tuple[int, int]]:
    """Return the lists of files, with what tells whether they were written since."""
    found = {}
    for directory in described:
        with contextlib.suppress(OSError):
            status = (directory / "SOURCES.txt").stat()
            found[directory / "SOURCES.txt"] = (status.st_ino, status.st_mtime_ns)
    return found
