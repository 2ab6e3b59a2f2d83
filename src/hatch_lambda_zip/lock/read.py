"""Reads a lock file of any kind, for one function after the other."""

from __future__ import annotations

import contextlib
import itertools
import platform as machine
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from hatch_lambda_zip.config import (
    TOOL_NAME,
    Project,
    Request,
    inner_table,
    read_stated_project,
    read_tables,
)
from hatch_lambda_zip.errors import LockError, UvError, UvFailure, UvTimeoutError
from hatch_lambda_zip.lock.adjustments import (
    Adjustment,
    Adjustments,
    find_adjustments,
    told_adjustments,
)
from hatch_lambda_zip.lock.constraints import constraints_in, told_constraints, unmet_constraints
from hatch_lambda_zip.lock.dynamic import built_to_check
from hatch_lambda_zip.lock.elsewhere import stated_elsewhere
from hatch_lambda_zip.lock.foreign import LOCK_COMMANDS
from hatch_lambda_zip.lock.model import LockFile, LockKind, Selection, unreadable
from hatch_lambda_zip.lock.places import check_places, places_in
from hatch_lambda_zip.lock.recorded import (
    as_requirer,
    check_recorded,
    is_recorded,
    read_requirements,
    recorded_lines,
    requirers_of,
)
from hatch_lambda_zip.lock.resolution import explain_settings
from hatch_lambda_zip.lock.settings import HIDING, settings_for
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from hatch_lambda_zip.lock.uv_lock import UvLock


_REQUIRES_PYTHON: Final = re.compile('requires-python = "(.*)"')

Checking = Callable[[Sequence[Path], Path, Uv], AbstractContextManager[Sequence[str]]]
"""What is done around a command of uv that builds projects (the first) to check a uv.lock.

It gives more options for that command, which runs in the second.
"""

_Asked = tuple[LockFile, Platform, Request, tuple[str, ...]]


class LockReader:
    """Selects what functions and layers need, each selection only once.

    Args:
        root: the project's directory.
        name: the project's name, normalized.
        uv: exports the part of a uv.lock that belongs to the project, after checking that the
            lock is up to date.
        checking: has nothing left of what uv builds meanwhile.
    """

    def __init__(self, root: Path, name: str, uv: Uv, checking: Checking) -> None:
        self._root = root
        self._checking = checking
        self._name = name
        self._uv = uv
        self._exports: dict[tuple[LockFile, Request], Future[str]] = {}
        self._pool = ThreadPool(2)
        self._selections: dict[_Asked, Selection] = {}
        self._uv_locks: dict[Path, Future[UvLock]] = {}

    def select(
        self,
        lock: LockFile,
        platform: Platform,
        request: Request,
        build: Collection[str] = (),
    ) -> Selection:
        """Select what a function or layer needs.

        Args:
            build: names of distributions that are built from source where no wheel fits.

        Raises:
            LockError: the lock does not fit pyproject.toml, can't be read, or does not cover the
                platform or the request.
        """
        asked = (lock, platform, request, tuple(build))
        if asked not in self._selections:
            self._selections[asked] = self._select(*asked)
        return self._selections[asked]

    def _select(
        self, lock: LockFile, platform: Platform, request: Request, build: Collection[str]
    ) -> Selection:
        if lock.kind is LockKind.NONE:
            return Selection(lock, (), ())
        if request.is_groups_alone and lock.kind is not LockKind.UV:
            raise LockError(
                f"{lock.name} does not say what the package requires and what its groups do. Use "
                "uv.lock with `only-groups`."
            )
        # One reader's imports are enough for a build.
        if lock.kind is LockKind.REQUIREMENTS:
            from hatch_lambda_zip.lock import requirements

            if request.extras or request.groups:
                raise LockError(
                    f"{lock.name} is one flat list, from which no extras or dependency "
                    "groups can be selected. Use uv.lock for functions that differ in them."
                )
            selection = requirements.select(
                _text(lock), lock, platform, root=self._root, build=build
            )
            return replace(selection, adjustments=self._adjustments)
        from hatch_lambda_zip.lock import pylock

        is_uvs = lock.kind is LockKind.UV
        text, uv_lock = self._exported(lock, request) if is_uvs else (_text(lock), None)
        document = pylock.parse_pylock(text, lock)
        if lock.kind is LockKind.PYLOCK:
            check_recorded(document.tool or {}, lock)
        selection = pylock.select(
            document,
            lock,
            platform,
            # The others have what is requested and nothing else.
            request=request if lock.kind is LockKind.PYLOCK else None,
            root=lock.member or self._root,
            build=build,
            unhashed=uv_lock.unhashed if uv_lock else (),
        )
        if uv_lock is not None:
            return self._completed(selection, uv_lock, request, platform)
        if lock.kind is LockKind.PYLOCK:
            tool = document.tool or {}
            requirers, remedy = _requirers(tool, lock)
            lines = _lines(tool, lock)
            constraints = [*constraints_in(lines)]
            if is_recorded(tool):
                where, settings = settings_for(lock.path.parent, self._uv)
                constraints += told_constraints(settings, where)
                adjustments = told_adjustments(settings, where)
                remedy += _on_hidden(self._uv.environment)
            else:
                adjustments = self._adjustments_beside(lock)
            _check_constraints(constraints, selection, platform, remedy)
            places = [*places_in(lines, lock.path.parent, platform)]
            replaced = {change.name for change in adjustments.changes}
            wanted = (place for place in places if place.name not in replaced)
            selected = pylock.selected_packages(document, lock, platform, request)
            check_places(wanted, selected, lock, remedy)
            return replace(
                selection,
                adjustments=adjustments,
                requirers=requirers,
                remedy=remedy,
                extras=tuple(
                    (place.path, extra) for place in places if place.path for extra in place.extras
                ),
            )
        return selection

    @cached_property
    def _adjustments(self) -> Adjustments:
        """What holds for locks that say nothing of it themselves."""
        return find_adjustments(self._root)

    def _adjustments_beside(self, lock: LockFile) -> Adjustments:
        """Return what holds for a lock that may have been made in a code directory."""
        own = self._adjustments
        if lock.path.parent == self._root:
            return own
        return own.with_others(find_adjustments(lock.path.parent))

    def directories(self, lock: LockFile, platform: Platform, request: Request) -> tuple[Path, ...]:
        """Return the directories that a lock takes something from, whether or not they are there.

        Raises:
            LockError: see `select`; but that a uv.lock is up to date is not asked.
        """
        if lock.kind is LockKind.UV:
            return self._start_reading(lock.path).result().directories
        selection = self.select(lock, platform, request)
        return tuple(project.path for project in selection.local_projects)

    def _completed(
        self, selection: Selection, uv_lock: UvLock, request: Request, platform: Platform
    ) -> Selection:
        """Add what uv.lock says and its export does not.

        Raises:
            LockError: it has something from elsewhere than a project states, or in another version
                than uv was told of.
        """
        selected = {locked.name for locked in selection.distributions}
        selected |= {local.name for local in selection.local_projects}
        uv_lock.refuse_misplaced(selected)
        projects = tuple(
            replace(project, version=uv_lock.version_of(project.name, project.path))
            for project in selection.local_projects
        )
        versions = {(locked.name, locked.version) for locked in selection.distributions}
        versions |= {(project.name, project.version) for project in projects}
        uv_lock.refuse_misplaced_on(platform, versions)
        uv_lock.refuse_unconstrained(selection.distributions, platform)
        package = self._name_for(selection.lock)
        virtual = uv_lock.virtual_members(package, request, platform)
        warnings = tuple(
            f"{name} is locked as virtual ([tool.uv] package = false, or no build system): what it "
            "depends on ships, and nothing of its own code. A [build-system] in its "
            "pyproject.toml, without `package = false`, makes it a package; then run `uv lock`."
            for name in virtual
        )
        # They are not there themselves; what they require has to be.
        needed = sorted({*map(str, uv_lock.required_by_virtual(package, request, platform))})
        replaced = [Adjustment(name, text) for name in virtual for text in needed or (None,)]
        # In what they require, what uv was told of themselves is counted already.
        others = (it for it in uv_lock.adjustments.changes if it.name not in virtual)
        return replace(
            selection,
            local_projects=projects,
            warnings=(*selection.warnings, *warnings),
            adjustments=replace(uv_lock.adjustments, changes=(*others, *replaced)),
        )

    def _name_for(self, lock: LockFile) -> str:
        return self._name if lock.member is None else project_in(lock.member).name

    def _exported(self, lock: LockFile, request: Request) -> tuple[str, UvLock]:
        """Return uv's export of a uv.lock, and the lock itself, which is read meanwhile."""
        self.start(lock, request)
        text = self._exports[lock, request].result()  # which says what is wrong with it
        return text, self._start_reading(lock.path).result()

    def start(self, lock: LockFile, request: Request) -> None:
        """Have uv export a part of a uv.lock in the background, and read the lock itself."""
        if (lock, request) not in self._exports:
            self._exports[lock, request] = self._pool.submit(self._export, lock, request)
            self._start_reading(lock.path)

    def _start_reading(self, path: Path) -> Future[UvLock]:
        if path not in self._uv_locks:
            self._uv_locks[path] = self._pool.submit(_read_uv_lock, path)
        return self._uv_locks[path]

    def close(self) -> None:
        """Wait for what was started."""
        self._pool.shutdown(cancel_futures=True)

    def _export(self, lock: LockFile, request: Request) -> str:
        name = self._name_for(lock)
        command = [
            *("--no-default-groups", "--no-editable", "--format", "pylock.toml"),
            *(("--package", name) if name else ()),
        ]
        if not name and not request.groups:
            raise LockError(
                f"{lock.path}: without a [project] that requires something, only dependency groups "
                "ship: name some in `groups`."
            )
        for extra in request.extras:
            command += ["--extra", extra]
        for group in request.groups:
            command += ["--only-group" if request.is_groups_alone else "--group", group]
        # In the workspace root: uv writes paths relative to where it runs, and before
        # version 0.13 to the root.
        root = lock.path.parent
        try:
            with contextlib.ExitStack() as around:
                options: Sequence[str] = ()
                if built := built_to_check(lock.path):
                    options = around.enter_context(self._checking(built, root, self._uv))
                return self._run_locked(lock.path, ["export", "--locked", *command, *options])
        except UvError as error:
            if error.failure is UvFailure.NO_INTERPRETER:
                _check_without_uv(lock.path, self._uv.environment, error)
                return self._uv.run(["export", "--frozen", *command], cwd=root)
            if error.failure is not UvFailure.LOCK_OUTDATED:
                raise
            remedies = explain_settings(lock.path, self._uv.environment)
            reason = (
                " ".join(["does not match the settings of uv.", *remedies])
                if remedies
                else "does not match pyproject.toml any more. Run `uv lock` and commit the result."
            )
            raise LockError(f"{lock.path} {reason} uv says:\n{error.said}") from None

    def _run_locked(self, lock: Path, export: Sequence[str]) -> str:
        """Run uv, which wants an interpreter for what it may have to build to check a lock.

        With this one it need not ask all on PATH; a shim of pyenv takes 0.2 seconds to answer.
        """
        if _fits_this_python(lock):
            try:
                return self._uv.run([*export, "--python", sys.executable], cwd=lock.parent)
            except UvTimeoutError:
                raise
            except UvError as error:
                # It may be for this Python; what uv says of its own choice is what counts.
                self._uv.log(str(error))
        return self._uv.run(export, cwd=lock.parent)


def _fits_this_python(lock: Path) -> bool:
    """Tell whether the Python that runs this is one that a uv.lock is made for."""
    with contextlib.suppress(OSError, ValueError), lock.open(encoding="utf-8") as lines:
        for line in itertools.takewhile(lambda line: not line.startswith("["), lines):
            if found := _REQUIRES_PYTHON.match(line):
                return SpecifierSet(found[1]).contains(machine.python_version(), prereleases=True)
    return False  # uv says what is wrong with it


def _read_uv_lock(path: Path) -> UvLock:
    from hatch_lambda_zip.lock.uv_lock import UvLock

    return UvLock.read(path)


def _requirers(tool: Mapping[str, object], lock: LockFile) -> tuple[tuple[Project, ...], str]:
    """Return what a pylock.toml answers for, and what to do where it does not have that."""
    if is_recorded(tool):
        made_of = str(inner_table(tool, TOOL_NAME)["requirements-file"])
        if made_of not in LOCK_COMMANDS:
            return requirers_of(tool), f"Run `{TOOL_NAME} lock` and commit the result."
        # Another tool's lock may have forgotten what it was made of, or say that nothing needs it.
        sources = []
        stated = stated_elsewhere(lock.path.parent)
        if stated is not None and stated.lock == made_of:
            sources.append(as_requirer(stated.file, stated.requirements))
        if lock.answers is not None and lock.answers.name == "pyproject.toml":
            sources.append(project_in(lock.answers.parent))
        return (*requirers_of(tool), *sources), (
            f"Run `{LOCK_COMMANDS[made_of]}`, then `{TOOL_NAME} lock`, and commit both results."
        )
    if lock.answers is None:
        return (), ""
    remedy = (
        f"Make it anew of {lock.answers}; or name another lock by `lock`, which then need not "
        "answer for that file."
    )
    if lock.answers.name == "pyproject.toml":
        return (project_in(lock.answers.parent),), remedy
    return (as_requirer(lock.answers.name, read_requirements(lock.answers)),), (
        f"{remedy} Without it, `{TOOL_NAME} lock` makes one."
    )


def _on_hidden(environ: Mapping[str, str]) -> str:
    """Return a sentence on the settings that uv does not read when it makes a lock here."""
    hiding = next(filter(environ.get, HIDING), None)
    if hiding is None:
        return ""
    return f" {hiding} is set here, which may give uv other settings than these: lock without it."


def _lines(tool: Mapping[str, object], lock: LockFile) -> tuple[str, ...]:
    """Return the lines of the requirements file that a pylock.toml answers for."""
    if is_recorded(tool) or lock.answers is None or lock.answers.name == "pyproject.toml":
        return recorded_lines(tool)
    return read_requirements(lock.answers)


def _check_constraints(
    constraints: Iterable[str],
    selection: Selection,
    platform: Platform,
    remedy: str,
) -> None:
    """Check that a pylock.toml has the versions that what it was made of allows.

    Raises:
        LockError: it has others.
    """
    path = selection.lock.path
    if unmet := unmet_constraints(constraints, selection.distributions, platform, path):
        raise LockError(
            f"{path} has other versions than `constraint-dependencies` of [tool.uv], or a file "
            f"that `-c` names, allows: {', '.join(unmet.values())}. {remedy}"
        )


def project_in(directory: Path) -> Project:
    """Return the project that another directory than the package's is, as its pyproject.toml says.

    Raises:
        ConfigError: that can't be read.
    """
    return read_stated_project(read_tables(directory / "pyproject.toml"))


def _check_without_uv(lock: Path, environ: Mapping[str, str], error: UvError) -> None:
    """Check that a uv.lock fits the projects, where uv has no interpreter to do so.

    Raises:
        LockError: it does not, or that can't be told.
    """
    from hatch_lambda_zip.lock.static_check import find_doubt  # hardly any build needs it

    if doubt := find_doubt(lock, environ):
        first = error.said.partition("\n")[0].removeprefix("error: ")
        raise LockError(
            f"Nobody can tell whether {lock} is up to date: uv has no Python here that fits "
            f"requires-python ({first}), and compared without one, {doubt}. Install such a "
            "Python, as with `uv python install`, and build again; or run `uv lock` where one is, "
            "and commit the result."
        )


def _text(lock: LockFile) -> str:
    try:
        return lock.path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(lock.path, error) from None
