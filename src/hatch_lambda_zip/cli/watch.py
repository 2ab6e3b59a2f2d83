"""Builds again whenever something is edited: ``hatch-lambda-zip build --watch``."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.project import open_project, shortest
from hatch_lambda_zip.cli.sources import sources_of
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LambdaZipError, ToolError
from hatch_lambda_zip.files import content_if_any, home
from hatch_lambda_zip.install import directories_required
from hatch_lambda_zip.plugin.cancel import Cancelled, child_variables, which_signal
from hatch_lambda_zip.text import plural

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
_TIMEOUT: Final = 200  # milliseconds that are waited for an edit, again and again
_WAIT: Final = 400  # milliseconds in which edits count as one
_LARGE: Final = (".git", "node_modules", ".venv")  # what watchfiles leaves out itself
_UNKNOWN: Final = "unknown"
_GONE: Final = ""  # no path
_NEVER: Final = -1  # the number of no build
_OUTPUT_ENDINGS: Final = (".egg-info", ".dist-info", ".tmp")


def watch_and_build(
    projects: Sequence[Path],
    words: Sequence[str],
    outputs: Sequence[Path],
    console: Console,
) -> None:
    """Build, and build again after each edit, until somebody interrupts.

    Each build is a command of its own, so that nothing of an earlier one is in its way.

    Args:
        projects: their directories.
        words: the options of the command.
        outputs: what the options name to write into: the directory of the zips, and of their files.
        console: takes lines of progress.

    Raises:
        ToolError: watchfiles is not installed.
    """
    show = console.display_info
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", "--json", "-q", *words]
    command += ["--", *map(str, projects)]
    made: dict[str, str] = {}
    places: list[Path] = []
    noticed = _Noticed()
    try:
        while True:
            edits = _edits(places := _places(projects, console), outputs)
            next(edits)  # from now on none is missed, whatever is done meanwhile
            noticed.look_at(places)
            _build(command, made, show)
            noticed.end_build()
            show(f"watching {', '.join(map(str, places))}")
            for names in filter(None, map(noticed.edited, edits)):
                more = f" and {plural(len(names) - 1, 'other file')}" if names[1:] else ""
                show(f"{names[0]}{more} edited")
                if _places(projects, console) != places:
                    break  # builds there, too
                _build(command, made, show)
                noticed.end_build()
    except Cancelled:
        raise
    except KeyboardInterrupt:
        raise which_signal() from None  # watchfiles has its own word for any of them


def _places(projects: Iterable[Path], console: Console) -> list[Path]:
    """Return the directories that projects are built from, none of them within another.

    What a project's table or lock says can't always be read while they are edited; then it is the
    project's own directory, or its repository.
    """
    from hatch_lambda_zip.contents import top_of

    at_home = home(os.environ)
    too_much = {at_home, *at_home.parents}
    found: set[Path] = set()
    for project in map(Path.resolve, projects):
        found.add(top_of(project, project))
        try:
            with open_project(project, console) as opened:
                sources = sources_of(opened, console)
        except LambdaZipError:
            continue  # the build says why
        # An editor puts a new file in place of an old one.
        places = {path.parent if path.is_file() else path for path in sources}
        places |= {path.resolve() for path in directories_required(places, os.environ)}
        found |= {path for path in places - too_much if path.is_dir()}
    return sorted(path for path in found if found.isdisjoint(path.parents))


class _Noticed:
    """What was in files when a change of them was noticed.

    Builds write among the sources, too: hooks generate modules, and some back ends write files for
    as long as they work. And what is edited during a build may be undone when it ends, but was read
    in between. So each change during a build is an edit, unless the build before made it, too.
    """

    def __init__(self) -> None:
        # For each path its state, and during which build it was last changed.
        self._known: dict[str, tuple[object, int]] = {}
        self._builds = 0
        self._is_of_build = False

    def look_at(self, places: Iterable[Path]) -> None:
        """Take account of what is in directories before they are watched."""
        for directory, names, files in (it for place in places for it in os.walk(place)):
            names[:] = (name for name in names if name not in _LARGE)
            for name in (*names, *files):
                self._known.setdefault(str(Path(directory, name)), (_UNKNOWN, _NEVER))

    def end_build(self) -> None:
        """Take account of a build: the changes that come next were during it."""
        self._builds += 1
        self._is_of_build = True

    def edited(self, changes: Mapping[str, bool]) -> list[str]:
        """Return the names of edited files, sorted.

        Args:
            changes: paths that were changed, and for each whether something was made there.
        """
        edited = set()
        for path, is_made in changes.items():
            state = _state(Path(path))
            before, during = self._known.get(path, (None if is_made else _UNKNOWN, _NEVER))
            key = path
            if state is None and before is None:  # it came and went; next time it has another name
                key = _GONE
                during = self._known.get(_GONE, (None, _NEVER))[1]
            is_new = self._is_of_build and during < self._builds - 1
            if is_new or state != before:
                edited.add(Path(path).name)
            self._known[key] = state, self._builds if self._is_of_build else during
            if Path(path).is_dir():
                self.look_at([Path(path)])  # it may have been moved there with all that is in it
        self._is_of_build = False
        return sorted(edited)


def _state(path: Path) -> object:
    """Return what tells a file or directory from another one; None where there is none."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            within = sorted(it for it in path.iterdir() if it.name not in (*_LARGE, *_OUTPUTS))
            return mode, [(it.name, _state(it)) for it in within if it.name != "__pycache__"]
        if not stat.S_ISREG(mode):
            return mode, path.readlink() if stat.S_ISLNK(mode) else None
    except OSError:
        return None
    return mode, hashlib.sha256(content_if_any(path)).digest()


def _edits(places: Sequence[Path], outputs: Sequence[Path]) -> Iterator[dict[str, bool]]:
    """Yield paths that were changed, and for each whether something was made there.

    None, where nothing is changed for a while.
    """
    try:
        from watchfiles import Change, DefaultFilter, watch
    except ImportError:
        raise ToolError(
            "`--watch` needs watchfiles, which the extra `cli` brings: "
            f'`uvx --from "{TOOL_NAME}[cli]" {TOOL_NAME} build --watch`.'
        ) from None

    class Filter(DefaultFilter):
        """What may be an edit."""

        def __call__(self, change: object, path: str) -> bool:
            edited = Path(path)
            is_named = any(map(edited.is_relative_to, outputs))
            # Above the sources there may be any names, and watchfiles judges all of a path.
            place = next(filter(edited.is_relative_to, places), Path(edited.anchor))
            below = str(edited.relative_to(place))
            return not (is_named or _is_output(edited, place)) and super().__call__(change, below)  # type: ignore[arg-type]

    for changes in watch(
        *places, watch_filter=Filter(), yield_on_timeout=True, rust_timeout=_TIMEOUT, debounce=_WAIT
    ):
        made = {path for change, path in changes if change == Change.added}
        yield {path: path in made for _, path in changes}


def _is_output(path: Path, place: Path) -> bool:
    """Tell whether a path below a place is what builds write there, or beside a project's file.

    Elsewhere, and with an ``__init__.py``, a directory of that name has data or modules.
    """
    if path.name.endswith(_OUTPUT_ENDINGS):
        return True
    around = (it for it in (path, *path.parents) if place in it.parents and it.name in _OUTPUTS)
    return any(
        not (it / "__init__.py").is_file()
        and (it.parent == place or any((it.parent / name).is_file() for name in _PROJECT_FILES))
        for it in around
    )


def _build(command: Iterable[str], made: dict[str, str], show: Callable[[str], None]) -> None:
    """Build, and show the zips that are other ones than before; what is wrong is shown."""
    started = time.monotonic()
    done = subprocess.run(
        [*command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, **child_variables()},
        check=False,
    )
    if done.returncode != 0:
        return
    zips = {row["zip"]: row["sha256"] for row in json.loads(done.stdout)}
    changed = [path for path, sha256 in zips.items() if made.get(path) != sha256]
    made.update(zips)
    for path in changed:
        show_result(str(shortest(Path(path), Path.cwd())))
    seconds = time.monotonic() - started
    show(f"{plural(len(changed), 'zip')} changed, {seconds:.1f} s")
