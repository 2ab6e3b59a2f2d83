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
from hatch_lambda_zip.wheel import check_built_tags, check_tags, parse_name, unpack_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

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
        distributions: what was to be installed; for one local project its version is None.
        built: whether they were built on this machine, so that their WHEEL names the local
            version of a build back end.
    """

    path: Path
    distributions: tuple[LockedDistribution, ...]
    built: bool


@dataclass(frozen=True)
class Staged:
    """The staging directory.

    Attributes:
        sites: its parts.
        compiled: local projects whose wheels hold code compiled on this machine.
    """

    sites: tuple[Site, ...]
    compiled: tuple[str, ...]


def stage(
    selection: Selection,
    target: Target,
    *,
    own: LocalProject,
    build_own: Callable[[Path], Path | None],
    uv: Uv,
    directory: Path,
) -> Staged:
    """Install what a function needs.

    Args:
        selection: from the lock.
        target: the function's runtime and architecture.
        own: the package itself.
        build_own: builds the package's own wheel into a directory; None when uv has to.
        uv: runs the installs and the builds.
        directory: an empty directory to fill.

    Raises:
        UvError, UvTimeoutError: an install failed.
        WheelBuildError: a local project could not be built.
        WheelTagError: a local project was built for another machine.
    """
    wheelhouse = directory / "wheels"
    own_directory = wheelhouse / "own"
    own_directory.mkdir(parents=True)
    with ThreadPoolExecutor(_PARALLEL_JOBS) as pool:
        installs = [
            pool.submit(_install, install, target, selection, uv, directory / f"install-{number}")
            for number, install in enumerate(selection.installs)
        ]
        builds = [
            pool.submit(_build, project, uv, wheelhouse / str(number))
            for number, project in enumerate(selection.local_projects)
        ]
        try:
            # hatchling works with the process's state, so the own wheel is made in this thread.
            own_wheel = build_own(own_directory) or _build(own, uv, own_directory / "built")
            wheels = [own_wheel, *(build.result() for build in builds)]
            sites = [install.result() for install in installs]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            uv.stop()
            raise

    compiled = []
    for number, wheel in enumerate(wheels):
        name = parse_name(wheel)
        check_tags(name, target)
        if name.is_compiled:
            compiled.append(name.distribution)
        site = directory / f"local-{number}"
        site.mkdir()
        unpack_wheel(wheel, site)
        distribution = LockedDistribution(name.distribution, None, Origin.LOCAL)
        sites.append(Site(site, (distribution,), built=True))
    return Staged(tuple(sites), tuple(compiled))


def _install(
    install: InstallList, target: Target, selection: Selection, uv: Uv, directory: Path
) -> Site:
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
        *("--python-platform", target.uv_platform),
        *("--python-version", target.runtime.python_version),
        *([] if install.builds else ["--no-build"]),
        *("-r", lock),
    ]
    if selection.lock.kind is LockKind.REQUIREMENTS:
        command.append("--require-hashes")
    try:
        # In the lock's directory, so that uv finds the configuration of indexes that it was
        # locked with.
        uv.run(command, cwd=selection.lock.path.parent)
    except UvTimeoutError:
        raise
    except UvError as error:
        from hatch_lambda_zip.lock.requirements import explain_failure

        raise explain_failure(str(error), selection.lock, target) or error from None
    if install.builds:
        for wheel_file in sorted(site.glob("*.dist-info/WHEEL")):
            check_built_tags(wheel_file, target)
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
