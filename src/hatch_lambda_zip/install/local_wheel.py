"""Builds local projects as wheels; never from a cache, and never inside their source trees."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packaging.version import Version

from hatch_lambda_zip.errors import DistributionError, UvError, UvTimeoutError
from hatch_lambda_zip.files import check_outside
from hatch_lambda_zip.install.build_requirements import (
    FromDirectories,
    directories_required,
    required_by_path,
    surely_required,
)
from hatch_lambda_zip.install.old_setuptools import removing_traces
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built
from hatch_lambda_zip.install.required_trees import alone_with
from hatch_lambda_zip.install.setuptools_configuration import (
    check_dates,
    check_places,
    lacks_option,
)
from hatch_lambda_zip.install.wheel import (
    check_tags,
    content_digest,
    parse_name,
    read_maker,
    same_version,
)
from hatch_lambda_zip.install.wheelhouses import names_in_wheelhouses
from hatch_lambda_zip.install.work_places import check_alone, outside_the_tree
from hatch_lambda_zip.install.zip_version import (
    VersionSource,
    find_version_source,
    keeping,
    states_version,
)
from hatch_lambda_zip.lock import LocalProject, LockedDistribution, Origin, is_offline
from hatch_lambda_zip.process import remove_tree
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.uv import Uv

_MANY: Final = 1000  # names; a command has no place for all of an index's


@dataclass(frozen=True)
class LocalWheel:
    """A wheel that was built from a directory, just now.

    Attributes:
        path: the file.
        distribution: what it holds.
        is_compiled: whether that is code compiled on this machine.
        version_source: what makes its version out of a repository; None if nothing does.
        changes_with_commits: whether another commit of the same sources has another version.
        version: that it ships under.
        built_with: what built it.
        project: what it was built from, if that is here.
    """

    path: Path
    distribution: LockedDistribution
    is_compiled: bool
    version_source: VersionSource | None = None
    changes_with_commits: bool = False
    version: str | None = None
    built_with: str | None = None
    project: LocalProject | None = None


@dataclass(frozen=True)
class OwnWheel:
    """How to get the package's own wheel.

    Attributes:
        project: the package.
        build: builds its wheel, into a directory that it is given or elsewhere.
        variant: tells wheels apart that build hooks want to differ between functions.
    """

    project: LocalProject
    build: Callable[[Path], Path]
    variant: str = ""


def read_local_wheel(
    path: Path,
    platform: Platform,
    *,
    project: LocalProject | None = None,
    zip_version: str | None = None,
) -> LocalWheel:
    """Identify a wheel by its content.

    Args:
        project: what it was built from, if that is here.
        zip_version: what it ships under instead of its own version.

    Raises:
        DistributionError: it is no valid wheel, or for another platform.
    """
    name = parse_name(path)
    check_tags(name, platform)
    identity = f"content:{content_digest(path, zip_version)}"
    distribution = LockedDistribution(name.distribution, None, Origin.LOCAL, identity)
    written, built_with = read_maker(path)
    wheel = LocalWheel(
        path,
        distribution,
        name.is_compiled,
        version=zip_version or written,
        built_with=built_with,
    )
    if project is None:
        return wheel
    source = find_version_source(project.path)
    version = Version(name.version)
    is_between_releases = version.is_devrelease or version.local is not None
    changes = source is not None or (is_between_releases and not states_version(project.path))
    return replace(wheel, version_source=source, changes_with_commits=changes, project=project)


def build_wheel(
    project: LocalProject, uv: Uv, directory: Path, zip_version: str | None = None
) -> Path:
    """Build a project as a wheel, by its declared back end in an environment of its own.

    Args:
        zip_version: what it is to be built under, if its version comes from a repository.
        directory: made for the wheel and what its back end leaves behind.

    Raises:
        DistributionError: the build failed, or made no single wheel.
        DistributionError: setuptools would work inside the source tree, or what another build left
            there, or in a directory that it requires, would ship, or what was built besides.
        OutputError: temporary files would lie in the sources, or where back ends can't be told of.
        UvTimeoutError: it did not end in time.
    """
    if not project.path.is_dir():
        raise DistributionError(
            f"{project.name} is locked as the directory {project.path}, which does not exist. "
            "Restore it, or run `uv lock`."
        )
    for sources in (project.path, *sorted(directories_required([project.path], uv.environment))):
        check_outside(directory.parent, sources)
    check_places(project.path, uv.environment)
    check_dates(project.path, uv.environment)
    directory.mkdir(parents=True)
    source = find_version_source(project.path)
    pretended = source.variables(zip_version) if source and zip_version is not None else {}
    is_kept = source is not None and (zip_version is not None or source.changes_sources)
    required = _from_directories(project, uv)
    names = {*required.built, *required.edited}
    kept = names_in_wheelhouses(project.path, uv.environment)
    if kept and not is_offline(project.path, uv):  # where it is, uv can't look
        names |= kept
    refreshed = [f"--refresh-package={name}" for name in sorted(names)]
    if len(refreshed) > _MANY:
        refreshed = ["--refresh"]
    command = ["build", "--wheel", "--no-create-gitignore", "--python", sys.executable]
    try:
        with (
            alone_with(project, required.built, uv, directory) as requirements,
            leaving_nothing_built(project.path, uv.watcher) as leftovers,
            keeping(source if is_kept else None, project.path, uv.watcher),
            removing_traces(project.path, directory / "egg_base") as traces,
        ):
            variables = outside_the_tree(directory, project.path, uv.environment, pretended)
            run = [*command, *refreshed, "--out-dir", str(directory / "dist"), str(project.path)]
            uv.run(run, cwd=project.path, variables=variables)
            spoilt = (requirements.spoil_a_wheel(), traces.spoil_the_wheel())
            if any(spoilt):
                remove_tree(directory / "dist")
                uv.run(run, cwd=project.path, variables=variables)
    except UvTimeoutError:
        raise
    except UvError as error:
        why = lacks_option(error.said, uv.environment) or error
        raise DistributionError(f"The wheel of {project.name} could not be built: {why}") from None
    check_alone(project.name, directory)
    wheels = sorted((directory / "dist").glob("*.whl"))
    if len(wheels) != 1:
        raise DistributionError(
            f"The build of {project.name} in {project.path} made {len(wheels)} wheels, not one."
        )
    leftovers.check(lambda: read_maker(wheels[0])[1])
    _check_identity(wheels[0], replace(project, version=None) if pretended else project)
    return wheels[0]


def _from_directories(project: LocalProject, uv: Uv) -> FromDirectories:
    """Return what its build may take from directories.

    Raises:
        DistributionError: uv can't look whether it is up to date.
        UvTimeoutError: uv did not tell in time which project the directory is in.
    """
    required = required_by_path(project.path, uv.environment)
    if (required.built or required.edited) and is_offline(project.path, uv):
        names = surely_required(project.path, uv.environment)
        if names:
            raise DistributionError(
                f"The build of {project.name} requires {', '.join(names)} from a directory. uv "
                "keeps a wheel of that, and builds it anew only where it is not offline: unset "
                "UV_OFFLINE (or `offline` in uv's settings: [tool.uv] of pyproject.toml, or a "
                "uv.toml) for this build, or let it require a wheel that you made of it."
            )
        return FromDirectories({}, {})  # of the rest, uv can't be asked
    return required


def _check_identity(wheel: Path, project: LocalProject) -> None:
    """Check that a wheel is of the distribution that was locked, as is done with an index's."""
    built = parse_name(wheel)
    is_it = built.distribution == project.name or not project.is_name_locked
    if is_it and same_version(project.version, built.version):
        return
    locked = f"{project.name} {project.version or ''}".strip()
    raise DistributionError(
        f"{project.path} is locked as {locked}, but its back end makes a wheel of "
        f"{built.distribution} {built.version}. Correct its name or version, or run `uv lock`."
    )
