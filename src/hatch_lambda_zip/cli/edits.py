"""What counts as an edit of the sources, while ``hatch-lambda-zip build --watch`` watches them."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

# What builds write, besides what watchfiles leaves out itself: .git, caches, environments.
_OUTPUTS: Final = ("dist", "build", ".pdm-build", "target", ".tox", ".nox", ".eggs")
_PROJECT_FILES: Final = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Cargo.toml",
    "CMakeLists.txt",
    "package.json",
)
_LARGE: Final = (".git", "node_modules", ".venv")  # what watchfiles leaves out itself
_UNKNOWN: Final = "unknown"
_GONE: Final = ""  # no path
_TIMES: Final = 3  # builds in a row
_QUIET: Final = 5  # times in a row that nothing was changed for a while
_OUTPUT_ENDINGS: Final = (".egg-info", ".dist-info", ".tmp")
_OLD_OUTPUT: Final = re.compile(r"\..+\.[0-9a-f]+\.before")  # while a new one is published
_BLOCK: Final = 1 << 20  # bytes


@dataclass(frozen=True)
class _Seen:
    """What is known of a path.

    Attributes:
        state: what was there when a change was last noticed.
        build: the number of the last build that changed it.
        times: how many builds in a row have made another one of it than those before.
    """

    state: object
    build: int = -1
    times: int = 0


class Noticed:
    """What was in files when a change of them was noticed.

    Builds write among the sources, too: hooks generate modules, and some back ends write files for
    as long as they work. And what is edited during a build may be undone when it ends, but was read
    in between. So each change during a build is an edit, unless the build before made it, too.
    What each of some builds makes another one of, such as a time, is one when all is quiet again:
    somebody may have saved it in each. If the build then makes another one, it is none.

    Attributes:
        products: the names of what is no edit for that, of the changes that were looked at last.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._builds = 0
        self._is_of_build = False
        self._is_settled = False
        self._waiting: set[str] = set()
        self._quiet = 0
        self.products: list[str] = []

    def look_at(self, places: Iterable[Path]) -> None:
        """Take account of what is in directories before they are watched."""
        for directory, names, files in (it for place in places for it in os.walk(place)):
            names[:] = (name for name in names if name not in _LARGE)
            for name in (*names, *files):
                self._seen.setdefault(str(Path(directory, name)), _Seen(_UNKNOWN))

    def end_build(self) -> None:
        """Take account of a build: the changes that come next were during it."""
        self._builds += 1
        self._is_of_build = True

    def edited(self, changes: Mapping[str, bool]) -> list[str]:
        """Return the names of edited files, sorted.

        Args:
            changes: paths that were changed, and for each whether something was made there; none,
                where nothing was for a while.
        """
        self.products = []
        self._quiet = 0 if changes else self._quiet + 1
        if self._waiting and self._quiet >= _QUIET:
            names = sorted(self._waiting)
            self._waiting.clear()
            self._is_settled = True
            return names
        edited: set[str] = set()
        products: set[str] = set()
        gone = self._seen.get(_GONE, _Seen(None))
        for path, is_made in changes.items():
            state = _state(Path(path))
            seen = self._seen.get(path, _Seen(None if is_made else _UNKNOWN))
            key = path
            if state is None and seen.state is None:
                key, seen = _GONE, gone  # it came and went; next time it has another name
            self._seen[key] = now = self._after(seen, state)
            is_first = self._is_of_build and seen.build != self._builds - 1
            if is_first or state != seen.state:
                is_product = self._is_of_build and now.times >= _TIMES
                (products if is_product else edited).add(Path(path).name)
            if Path(path).is_dir():
                self.look_at([Path(path)])  # it may have been moved there with all that is in it
        self._is_of_build = False
        if edited:
            self._is_settled = False
            self._waiting.clear()  # it is built now
        elif self._is_settled:
            self.products = sorted(products)
        else:
            self._waiting |= products
        return sorted(edited)

    def _after(self, seen: _Seen, state: object) -> _Seen:
        if not self._is_of_build:
            return replace(seen, state=state)
        is_again = seen.build == self._builds - 1 and state != seen.state
        return _Seen(state, self._builds, seen.times + 1 if is_again else 0)


def _state(path: Path) -> object:
    """Return what tells a file or directory from another one; None where there is none."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            return mode, [(file, _state(Path(file))) for file in _files_in(path)]
        if not stat.S_ISREG(mode):
            return mode, path.readlink() if stat.S_ISLNK(mode) else None
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError:
        return None
    return mode, digest.digest()


def _files_in(directory: Path) -> Iterator[str]:
    for place, names, files in os.walk(directory):
        names[:] = sorted(set(names) - {*_LARGE, *_OUTPUTS, "__pycache__"})
        yield from (os.path.join(place, name) for name in sorted(files))  # noqa: PTH118 - a text


def is_output(path: Path, place: Path) -> bool:
    """Tell whether a path below a place is what builds write there, or beside a project's file.

    Elsewhere, and with an ``__init__.py``, a directory of that name has data or modules.
    """
    from hatch_lambda_zip.contents import is_artifact

    if path.name.endswith(_OUTPUT_ENDINGS) or _OLD_OUTPUT.fullmatch(path.name):
        return True
    if is_artifact(path):
        return True
    around = (it for it in (path, *path.parents) if place in it.parents and it.name in _OUTPUTS)
    return any(
        not (it / "__init__.py").is_file()
        and (it.parent == place or any((it.parent / name).is_file() for name in _PROJECT_FILES))
        for it in around
    )
