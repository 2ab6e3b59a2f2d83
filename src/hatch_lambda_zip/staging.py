"""Fills the staging directory: registry wheels by uv, local projects as freshly built wheels.

Nothing that was put into it is changed afterwards: its files may be hard links into uv's cache.
"""

from __future__ import annotations

import configparser
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.errors import UvError, UvTimeoutError, WheelBuildError
from hatch_lambda_zip.lock.model import LockedDistribution, LockKind, Origin
from hatch_lambda_zip.wheel import (
    check_built_tags,
    check_tags,
    content_digest,
    parse_name,
    unpack_wheel,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from hatch_lambda_zip.lock.model import InstallList, LocalProject, Selection
    from hatch_lambda_zip.runtimes import Target
    from hatch_lambda_zip.uv import Uv

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
    """

    path: Path
    distributions: tuple[LockedDistribution, ...]
    built: bool


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


class Staging:
    """Fills a staging directory, with what can run at the same time running at the same time."""

    def __init__(self, selection: Selection, target: Target, *, uv: Uv, directory: Path) -> None:
        """Prepare the staging; nothing runs yet.

        Args:
            selection: from the lock.
            target: the function's runtime and architecture.
            uv: runs the installs and the builds.
            directory: an empty directory to fill.
        """
        self._selection = selection
        self._target = target
        self._uv = uv
        self._directory = directory
        self._pool = ThreadPoolExecutor(_PARALLEL_JOBS)
        self._installs: list[Future[Site]] = []

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

    def start_installs(self) -> None:
        """Let uv install what the lock names, in the background."""
        for number, install in enumerate(self._selection.installs):
            place = self._directory / f"install-{number}"
            self._installs.append(self._pool.submit(self._install, install, place))

    def build_local_projects(self) -> tuple[LocalWheel, ...]:
        """Build the local projects that the function needs.

        Raises:
            WheelBuildError: one could not be built.
            WheelTagError: one was built for another machine.
        """
        builds = self._start_builds()
        return tuple(self._local_wheel(build.result()) for build in builds)

    def build_wheels(
        self, own: LocalProject, build_own: Callable[[Path], Path | None]
    ) -> tuple[LocalWheel, ...]:
        """Build the package and the local projects that it needs.

        Args:
            own: the package itself.
            build_own: builds its wheel into a directory; None when uv has to do it.

        Returns:
            The wheels, the package's own first.

        Raises:
            WheelBuildError: one could not be built.
            WheelTagError: one was built for another machine.
        """
        builds = self._start_builds()
        # hatchling works with the process's state, so the own wheel is made in this thread.
        directory = self._directory / "own"
        directory.mkdir()
        own_wheel = build_own(directory) or _build(own, self._uv, directory / "built")
        built = [build.result() for build in builds]
        return tuple(map(self._local_wheel, (own_wheel, *built, *self._selection.wheels)))

    def _start_builds(self) -> list[Future[Path]]:
        return [
            self._pool.submit(_build, project, self._uv, self._directory / f"wheel-{number}")
            for number, project in enumerate(self._selection.local_projects)
        ]

    def finish(self, wheels: Iterable[LocalWheel]) -> tuple[Site, ...]:
        """Wait for the installs, and unpack the wheels beside them.

        Raises:
            UvError, UvTimeoutError, MissingWheelError: an install failed.
        """
        if not self._installs:
            self.start_installs()
        sites = []
        for number, wheel in enumerate(wheels):
            site = self._directory / f"local-{number}"
            site.mkdir()
            unpack_wheel(wheel.path, site)
            sites.append(Site(site, (wheel.distribution,), built=True))
        return (*sites, *(install.result() for install in self._installs))

    def _local_wheel(self, path: Path) -> LocalWheel:
        name = parse_name(path)
        check_tags(name, self._target)
        identity = f"content:{content_digest(path)}"
        distribution = LockedDistribution(name.distribution, None, Origin.LOCAL, identity)
        return LocalWheel(path, distribution, name.is_compiled)

    def _install(self, install: InstallList, directory: Path) -> Site:
        """Install one list with uv."""
        directory.mkdir()
        site = directory / "site"
        lock = directory / install.file_name
        lock.write_text(install.text, encoding="utf-8")
        command: list[str | Path] = [
            *("pip", "install", "--no-deps", "--no-compile-bytecode"),
            *("--target", site),
            # uv wants an interpreter; which one makes no difference to what is installed.
            *("--python", sys.executable),
            *("--python-platform", self._target.uv_platform),
            *("--python-version", self._target.runtime.python_version),
            *([] if install.builds else ["--no-build"]),
            *("-r", lock),
        ]
        if self._selection.lock.kind is LockKind.REQUIREMENTS:
            command.append("--require-hashes")
        try:
            # In the lock's directory, so that uv finds the configuration of indexes that it was
            # locked with.
            self._uv.run(command, cwd=self._selection.lock.path.parent)
        except UvTimeoutError:
            raise
        except UvError as error:
            from hatch_lambda_zip.lock.requirements import explain_failure

            raise explain_failure(str(error), self._selection.lock, self._target) or error from None
        if install.builds:
            for wheel_file in sorted(site.glob("*.dist-info/WHEEL")):
                check_built_tags(wheel_file, self._target)
        return Site(site, install.distributions, install.builds)


def _build(project: LocalProject, uv: Uv, directory: Path) -> Path:
    """Build a directory as a wheel; never from a cache."""
    if not project.path.is_dir():
        raise WheelBuildError(
            f"{project.name} is locked as the directory {project.path}, which does not exist. "
            "Restore it, or run `uv lock`."
        )
    directory.mkdir(parents=True)
    command = ["build", "--wheel", "--no-create-gitignore", "--python", sys.executable]
    try:
        uv.run(
            [*command, "--out-dir", directory / "dist", project.path],
            cwd=project.path,
            variables=_setuptools_in(directory, uv.environment),
        )
    except UvTimeoutError:
        raise
    except UvError as error:
        raise WheelBuildError(f"The wheel of {project.name} could not be built: {error}") from None
    wheels = sorted((directory / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise WheelBuildError(
            f"The build of {project.name} in {project.path} made {len(wheels)} wheels, not one."
        )
    return wheels[0]


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
