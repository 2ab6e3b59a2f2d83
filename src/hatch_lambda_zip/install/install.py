"""Fills the staging directory: registry wheels by uv, local projects as freshly built wheels.

Nothing that was put into it is changed afterwards: its files may be hard links into uv's cache.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.errors import DistributionError, UvError, UvFailure, UvTimeoutError
from hatch_lambda_zip.install.wheel import (
    check_built_tags,
    check_tags,
    content_digest,
    parse_name,
    unpack_wheel,
)
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from typing_extensions import Self

# Installs and builds at a time: each is a process tree of its own, and mostly waits.
_PARALLEL_JOBS: Final = 4


@dataclass(frozen=True)
class Site:
    """A directory that distributions were installed into.

    Attributes:
        path: as ``pip install --target`` lays it out.
        distributions: what was to be installed.
        built: whether they were built on this machine, so that their WHEEL names the local
            version of a build back end.
        compiled: the names of those that hold code compiled on this machine.
    """

    path: Path
    distributions: tuple[LockedDistribution, ...]
    built: bool
    compiled: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalWheel:
    """A wheel that was built from a directory, just now.

    Attributes:
        path: the file.
        distribution: what it holds.
        is_compiled: whether that is code compiled on this machine.
    """

    path: Path
    distribution: LockedDistribution
    is_compiled: bool


@dataclass(frozen=True)
class OwnWheel:
    """How to get the package's own wheel.

    Attributes:
        project: the package.
        build: builds its wheel into a directory; None when uv has to do it.
        variant: tells wheels apart that build hooks want to differ between functions.
    """

    project: LocalProject
    build: Callable[[Path], Path | None]
    variant: str = ""


class Staging:
    """Fills a staging directory for all functions of a command; nothing is done twice.

    Installs and builds run in the background, as many at a time as make sense.
    """

    def __init__(self, *, uv: Uv, directory: Path) -> None:
        """Prepare the staging; nothing runs yet.

        Args:
            uv: runs the installs and the builds.
            directory: an empty directory to fill.
        """
        self._uv = uv
        self._directory = directory
        self._pool = ThreadPoolExecutor(_PARALLEL_JOBS)
        self._installs: dict[tuple[InstallList, Platform], Future[Site]] = {}
        self._builds: dict[Path, Future[Path]] = {}
        self._own_wheels: dict[str, Path] = {}
        self._unpacked: dict[Path, Path] = {}

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

    def start_installs(self, selection: Selection, platform: Platform) -> list[Future[Site]]:
        """Let uv install what the lock names, unless it has done or is doing so."""
        futures = []
        for install in selection.installs:
            key = (install, platform)
            if key not in self._installs:
                place = self._directory / f"install-{len(self._installs)}"
                self._installs[key] = self._pool.submit(
                    self._install, install, selection.lock, platform, place
                )
            futures.append(self._installs[key])
        return futures

    def build_wheels(
        self, selection: Selection, platform: Platform, own: OwnWheel | None
    ) -> tuple[LocalWheel, ...]:
        """Build the local projects that a function needs, each once for all functions.

        Args:
            selection: from the lock.
            platform: the function's runtime and architecture.
            own: the package itself; None when only what it needs is wanted.

        Returns:
            The wheels, the package's own first.

        Raises:
            DistributionError: one could not be built.
            DistributionError: one was built for another machine.
        """
        for project in selection.local_projects:
            self._start_build(project)
        paths = [] if own is None else [self._own_wheel(own)]
        paths += [self._builds[project.path].result() for project in selection.local_projects]
        paths += selection.wheels
        return tuple(_local_wheel(path, platform) for path in paths)

    def finish(
        self, selection: Selection, platform: Platform, wheels: Iterable[LocalWheel]
    ) -> tuple[Site, ...]:
        """Wait for the installs, and unpack the wheels beside them.

        Raises:
            UvError, UvTimeoutError, LockError: an install failed.
        """
        installs = self.start_installs(selection, platform)
        sites = [
            Site(
                self._unpack(wheel.path),
                (wheel.distribution,),
                built=True,
                compiled=(wheel.distribution.name,) if wheel.is_compiled else (),
            )
            for wheel in wheels
        ]
        return (*sites, *(install.result() for install in installs))

    def _start_build(self, project: LocalProject) -> None:
        if project.path not in self._builds:
            place = self._directory / f"wheel-{len(self._builds)}"
            self._builds[project.path] = self._pool.submit(_build, project, self._uv, place)

    def _own_wheel(self, own: OwnWheel) -> Path:
        if own.variant not in self._own_wheels:
            # hatchling works with the process's state, so this is done in this thread.
            directory = self._directory / f"own-{len(self._own_wheels)}"
            directory.mkdir()
            wheel = own.build(directory) or _build(own.project, self._uv, directory / "built")
            self._own_wheels[own.variant] = wheel
        return self._own_wheels[own.variant]

    def _unpack(self, wheel: Path) -> Path:
        if wheel not in self._unpacked:
            site = self._directory / f"local-{len(self._unpacked)}"
            site.mkdir()
            unpack_wheel(wheel, site)
            self._unpacked[wheel] = site
        return self._unpacked[wheel]

    def _install(
        self, install: InstallList, lock: LockFile, platform: Platform, directory: Path
    ) -> Site:
        """Install one list with uv."""
        directory.mkdir()
        site = directory / "site"
        file = directory / install.file_name
        file.write_text(install.text, encoding="utf-8")
        command: list[str | Path] = [
            *("pip", "install", "--no-deps", "--no-compile-bytecode"),
            *("--target", site),
            # uv wants an interpreter; which one makes no difference to what is installed.
            *("--python", sys.executable),
            *("--python-platform", platform.uv_platform),
            *("--python-version", platform.runtime.python_version),
            *([] if install.builds else ["--no-build"]),
            *("-r", file),
        ]
        without: tuple[str, ...] = ()
        if lock.kind is LockKind.REQUIREMENTS:
            # Here uv chooses the wheels. A configuration could make it build them from source
            # (no-binary wins over --no-build), so none is read: indexes stand in the file itself
            # or in uv's variables.
            command += ["--require-hashes", "--no-config"]
            without = ("UV_CONFIG_FILE",)
        try:
            # In the lock's directory, so that uv finds the configuration of indexes that it was
            # locked with.
            self._uv.run(command, cwd=lock.path.parent, without=without)
        except UvTimeoutError:
            raise
        except UvError as error:
            from hatch_lambda_zip.lock.requirements import explain_failure

            if error.failure is UvFailure.NO_BINARY:
                raise UvError(
                    f"{error}\nA uv configuration asks to build it from source (no-binary, "
                    "no-binary-package). Functions are made of wheels: remove that setting, or "
                    "keep it out of this build with UV_CONFIG_FILE."
                ) from None
            raise explain_failure(error, lock, platform) or error from None
        wheel_files = sorted(site.glob("*.dist-info/WHEEL")) if install.builds else ()
        compiled = tuple(
            wheel_file.parent.name.partition("-")[0]
            for wheel_file in wheel_files
            if check_built_tags(wheel_file, platform)
        )
        return Site(site, install.distributions, install.builds, compiled)


def _local_wheel(path: Path, platform: Platform) -> LocalWheel:
    name = parse_name(path)
    check_tags(name, platform)
    identity = f"content:{content_digest(path)}"
    distribution = LockedDistribution(name.distribution, None, Origin.LOCAL, identity)
    return LocalWheel(path, distribution, name.is_compiled)


def _build(project: LocalProject, uv: Uv, directory: Path) -> Path:
    """Build a directory as a wheel; never from a cache."""
    if not project.path.is_dir():
        raise DistributionError(
            f"{project.name} is locked as the directory {project.path}, which does not exist. "
            "Restore it, or run `uv lock`."
        )
    directory.mkdir(parents=True)
    command = ["build", "--wheel", "--no-create-gitignore", "--python", sys.executable]
    try:
        with _alone_in(project.path):
            uv.run(
                [*command, "--out-dir", directory / "dist", project.path],
                cwd=project.path,
                variables=_setuptools_in(directory, uv.environment),
            )
    except UvTimeoutError:
        raise
    except UvError as error:
        raise DistributionError(
            f"The wheel of {project.name} could not be built: {error}"
        ) from None
    wheels = sorted((directory / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise DistributionError(
            f"The build of {project.name} in {project.path} made {len(wheels)} wheels, not one."
        )
    return wheels[0]


@contextlib.contextmanager
def _alone_in(project: Path) -> Iterator[None]:
    """Keep other builds of ours out of a source tree.

    Some back ends work inside it (pdm-backend in ``.pdm-build``), and the functions of a
    workspace, built at the same time, share their members.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    directory = os.open(project, os.O_RDONLY)
    try:
        # A file system without locks has to do without.
        with contextlib.suppress(OSError):
            fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _setuptools_in(directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Make setuptools work outside the source tree.

    By default it leaves ``build/`` there, and its next build ships every file that was ever
    copied into that directory: a deleted module would go on being deployed.
    """
    config = configparser.RawConfigParser()
    if extra := environ.get("DIST_EXTRA_CONFIG"):
        config.read(extra, encoding="utf-8")
    for section, option in (("build", "build_base"), ("egg_info", "egg_base")):
        if not config.has_section(section):
            config.add_section(section)
        place = directory / option
        place.mkdir()
        config.set(section, option, str(place))
    path = directory / "setuptools.cfg"
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
    return {"DIST_EXTRA_CONFIG": str(path)}
