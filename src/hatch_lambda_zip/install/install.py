"""Installs selections: registry wheels by uv, local projects as freshly built wheels.

Nothing that lies in the staging directory is changed afterwards: its files may be hard links into
uv's cache.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import cache, partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.archive import CompressedContent
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import (
    DistributionError,
    LambdaZipError,
    LockError,
    UvError,
    UvFailure,
)
from hatch_lambda_zip.files import check_outside, is_utf_8
from hatch_lambda_zip.install.as_committed import as_committed
from hatch_lambda_zip.install.build_requirements import check_added
from hatch_lambda_zip.install.local_wheel import (
    LocalWheel,
    OwnWheel,
    build_wheel,
    read_local_wheel,
)
from hatch_lambda_zip.install.packed import (
    Packable,
    compressed_before,
    find_packed,
    is_packable,
    packable,
    save_packed,
)
from hatch_lambda_zip.install.read import Installed, Site, overlapping, read_site
from hatch_lambda_zip.install.wheel import check_tags, read_built, unpack_wheel
from hatch_lambda_zip.lock import (
    InstallList,
    LocalProject,
    LockFile,
    LockKind,
    Origin,
    Selection,
    part_of,
)
from hatch_lambda_zip.packs import PackCache
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from typing_extensions import Self

# Installs and builds at a time: each is a process tree of its own, and mostly waits.
_PARALLEL_JOBS: Final = 4


class Installer:
    """Installs for all zips of a command into one staging directory; nothing is done twice.

    Installs and builds run in the background, as many at a time as make sense.

    Args:
        directory: an empty directory to fill.
        zip_version: what local projects ship under instead of their own versions.
        packs: has what earlier commands have installed.
    """

    def __init__(
        self,
        uv: Uv,
        directory: Path,
        zip_version: str | None = None,
        packs: PackCache | None = None,
    ) -> None:
        self._packs = packs or PackCache(None, uv.log)
        self._to_pack: list[Packable] = []
        self._zip_version = zip_version
        self._uv = uv
        self._directory = directory
        self._pool = ThreadPool(_PARALLEL_JOBS)
        self._numbers = count()
        self._installs: dict[tuple[InstallList, Platform], Future[tuple[Installed, ...]]] = {}
        self._builds: dict[Path, Future[Path]] = {}
        self._own_wheels: dict[tuple[Path, str], Path] = {}
        self._copies: dict[Path, Path] = {}
        self._unpacked: dict[Path, tuple[Installed, ...]] = {}
        # All of them lie in the directory, where nobody changes them.
        self._read = cache(partial(_read_wheel, zip_version))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._uv.stop()
        self._pool.shutdown()

    def start(
        self,
        selection: Selection,
        platform: Platform,
        told: Callable[[int], object] | None = None,
    ) -> None:
        """Have uv install what the lock names, unless it has done or is doing so.

        Args:
            told: is told of each number of distributions that are there, from any thread.
        """
        for install in selection.installs:
            key = (install, platform)
            if key not in self._installs:
                place = self._directory / f"install-{next(self._numbers)}"
                self._installs[key] = self._pool.submit(
                    self._install, install, selection.lock, platform, place
                )
            if told is not None:
                count = partial(_tell, told, len(install.distributions))
                self._installs[key].add_done_callback(count)

    def build_wheels(
        self, selection: Selection, platform: Platform, own: OwnWheel | None
    ) -> tuple[LocalWheel, ...]:
        """Build the local projects of a selection, each once for all zips.

        Returns:
            The wheels, the package's own first, if it is wanted.

        Raises:
            DistributionError: one could not be built, or was built for another machine.
            OutputError: temporary files would lie in one of them.
            UvTimeoutError: a build did not end in time.
        """
        for project in selection.local_projects:
            check_outside(self._directory, project.path)  # before uv leaves something there
        for project in selection.local_projects:
            self._start_build(project)
        built: list[tuple[Path, LocalProject | None]] = []
        if own is not None:
            built.append((self.own_wheel(own), own.project))
        built += [
            (self._builds[project.path].result(), project) for project in selection.local_projects
        ]
        built += [(self._copy_of(path), None) for path in selection.lock.wheels]
        return tuple(self._read(path, platform, project) for path, project in built)

    def own_wheel(self, own: OwnWheel) -> Path:
        """Return the package's own wheel, built once for all zips.

        Raises:
            DistributionError: it could not be built.
        """
        key = (own.project.path, own.variant)
        if key not in self._own_wheels:
            # hatchling works with the process's state, so this is done in this thread.
            directory = self._directory / f"own-{len(self._own_wheels)}"
            directory.mkdir()
            self._own_wheels[key] = own.build(directory)
        return self._own_wheels[key]

    def install(
        self, selection: Selection, platform: Platform, wheels: Iterable[LocalWheel]
    ) -> tuple[Installed, ...]:
        """Wait for the installs, unpack the wheels beside them, and read what is there.

        Returns:
            The distributions, ascending by name.

        Raises:
            UvError: an install failed.
            LockError: it failed since no locked wheel fits the platform.
            DistributionError: what was installed is not what was locked.
        """
        self.start(selection, platform)
        found = [installed for wheel in wheels for installed in self._unpack(wheel)]
        for install in selection.installs:
            found += self._installs[install, platform].result()
        return tuple(sorted(found, key=lambda installed: installed.name))

    def keep_packs(self, compress: Callable[[Entry], CompressedContent]) -> None:
        """Keep what was installed for the next command.

        Args:
            compress: returns an entry's content as it lies in a zip; for several threads.
        """
        saves = [
            self._pool.submit(save_packed, packable, self._packs, compress)
            for packable in self._to_pack
        ]
        self._to_pack.clear()
        for save in saves:
            save.result()

    def forget_pack(self, path: Path) -> None:
        """Remove a pack that is damaged, and do without packs from now on."""
        self._packs.remove(path)
        self._installs.clear()

    def _start_build(self, project: LocalProject) -> None:
        if project.path not in self._builds:
            place = self._directory / f"wheel-{len(self._builds)}"
            self._builds[project.path] = self._pool.submit(
                build_wheel, project, self._uv, place, self._zip_version
            )

    def _copy_of(self, wheel: Path) -> Path:
        """Return the private copy of a wheel that lies where others may change it."""
        if wheel not in self._copies:
            copy = self._directory / f"copy-{len(self._copies)}" / wheel.name
            copy.parent.mkdir()
            shutil.copyfile(wheel, copy)
            self._copies[wheel] = copy
        return self._copies[wheel]

    def _unpack(self, wheel: LocalWheel) -> tuple[Installed, ...]:
        if wheel.path not in self._unpacked:
            place = self._directory / f"local-{len(self._unpacked)}"
            place.mkdir()
            unpack_wheel(wheel.path, place)
            compiled = frozenset([wheel.distribution.name] if wheel.is_compiled else [])
            site = Site(
                place,
                (wheel.distribution,),
                is_built_here=True,
                compiled=compiled,
                version=self._zip_version,
            )
            self._unpacked[wheel.path] = read_site(site)
        return self._unpacked[wheel.path]

    def _install(
        self, install: InstallList, lock: LockFile, platform: Platform, directory: Path
    ) -> tuple[Installed, ...]:
        """Take from packs what there is, and have uv install the rest."""
        if not is_packable(install):
            installed = self._install_by_uv(install, lock, platform, directory)
            is_built = install.builds or install.may_build
            return installed if is_built else tuple(map(self._compressed_before, installed))
        found = find_packed(install, self._packs)
        missing = {locked.name for locked in install.distributions} - found.keys()
        if missing:
            rest = part_of(install, missing) if found else install
            installed = self._install_by_uv(rest, lock, platform, directory)
            named = {locked.name: locked for locked in rest.distributions}
            self._to_pack += (packable(item, named[item.name]) for item in installed)
            found |= {item.name: item for item in installed}
        return tuple(found[name] for name in sorted(found))

    def _compressed_before(self, installed: Installed) -> Installed:
        found = compressed_before(installed, self._packs)
        if isinstance(found, Installed):
            return found
        self._to_pack.append(found)
        return installed

    def _install_by_uv(
        self, install: InstallList, lock: LockFile, platform: Platform, directory: Path
    ) -> tuple[Installed, ...]:
        directory.mkdir()
        site = directory / "site"
        builds = install.builds
        try:
            self._run_uv(install, install.text, site, lock, platform, builds=builds)
        except UvError as error:
            if not (install.may_build and error.failure is UvFailure.NO_WHEEL):
                raise _explained(error, lock, platform) from None
            builds = True
            try:
                self._run_uv(install, install.text, site, lock, platform, builds=True)
            except UvError as error_of_build:
                raise _explained(error_of_build, lock, platform) from None
        for number, check in enumerate(install.checks):
            # Only for uv to compare one hash; what it takes lies in its cache by now.
            place = directory / f"check-{number}"
            try:
                self._run_uv(install, check, place, lock, platform, builds=builds)
            except UvError as error:
                raise _explained(error, lock, platform) from None
        compiled = frozenset[str]()
        if builds:
            built = [read_built(path) for path in sorted(site.glob("*.dist-info/WHEEL"))]
            for wheel in built:
                check_tags(wheel, platform)
            compiled = frozenset(wheel.distribution for wheel in built if wheel.is_compiled)
        found = read_site(Site(site, install.distributions, builds, compiled))
        apart: dict[str, Installed] = {}
        # uv puts a file of one over that of another, so each of these gets a directory of its own.
        for number, name in enumerate(overlapping(found)):
            alone = part_of(install, [name])
            place = directory / f"apart-{number}" / "site"
            place.parent.mkdir()
            self._run_uv(alone, alone.text, place, lock, platform, builds=builds)
            (apart[name],) = read_site(Site(place, alone.distributions, builds, compiled))
        return tuple(apart.get(item.name, item) for item in found)

    def _run_uv(
        self,
        install: InstallList,
        text: str,
        site: Path,
        lock: LockFile,
        platform: Platform,
        *,
        builds: bool,
    ) -> None:
        if builds:
            names = {locked.name for locked in install.distributions}
            check_added(names, lock.configured_in, self._uv.environment)
        file = site.parent / install.file_name
        for path in install.files:
            if not is_utf_8(path):
                raise LockError(
                    f"{lock.name} takes something from {str(path)!a}, and uv can't be told of a "
                    "path that is not UTF-8. Rename that directory or file."
                )
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        command: list[str | Path] = [
            *("pip", "install", "--no-deps", "--no-compile-bytecode"),
            *("--target", site),
            # uv wants an interpreter; which one makes no difference to what is installed.
            *("--python", sys.executable),
            *("--python-platform", platform.uv_platform),
            *("--python-version", platform.release),
            *([] if builds else ["--no-build"]),
            *("-r", file),
        ]
        without: tuple[str, ...] = ()
        if lock.kind is LockKind.REQUIREMENTS:
            command += ["--require-hashes"]
        if lock.kind is LockKind.REQUIREMENTS and not builds:
            # Here uv chooses the wheels. A configuration could make it build them from source
            # (no-binary wins over --no-build), so none is read: indexes stand in the file itself
            # or in uv's variables.
            command += ["--no-config"]
            without = ("UV_CONFIG_FILE",)
        variables: dict[str, str] = {}
        if any(locked.origin is Origin.GIT for locked in install.distributions):
            variables = as_committed(self._uv.environment)
        # There uv also finds constraints of what builds need.
        self._uv.run(command, cwd=lock.configured_in, variables=variables, without=without)


def _tell(told: Callable[[int], object], count: int, _done: Future[tuple[Installed, ...]]) -> None:
    told(count)


def _explained(error: UvError, lock: LockFile, platform: Platform) -> LambdaZipError:
    """Say in our words why an install failed."""
    from hatch_lambda_zip.lock.requirements import explain_failure

    if error.failure is UvFailure.FOREIGN_BUILD:
        return DistributionError(
            f"What is built from source is not in pure Python, and does not fit {platform}. Build "
            "it on a machine of that kind, with that Python; take a version that has a wheel; or "
            f"choose the runtime and architecture of this machine. uv says:\n{error.said}"
        )
    if error.failure is UvFailure.NO_BINARY:
        return UvError(
            f"{error}\nA uv configuration asks to build it from source (no-binary, "
            "no-binary-package). Functions are made of wheels: remove that setting, or "
            "keep it out of this build with UV_CONFIG_FILE."
        )
    return explain_failure(error, lock, platform) or error


def _read_wheel(
    zip_version: str | None, path: Path, platform: Platform, project: LocalProject | None
) -> LocalWheel:
    return read_local_wheel(path, platform, project=project, zip_version=zip_version)
