"""Builds local projects as wheels; never from a cache, and never inside their source trees."""

from __future__ import annotations

import configparser
import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packaging.version import Version

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import DistributionError, UvError, UvTimeoutError
from hatch_lambda_zip.files import check_outside, home, matching, read_regular
from hatch_lambda_zip.install.wheel import (
    check_tags,
    content_digest,
    parse_name,
    read_maker,
    same_version,
)
from hatch_lambda_zip.install.zip_version import (
    VersionSource,
    find_version_source,
    keeping,
    states_version,
)
from hatch_lambda_zip.lock import (
    LocalProject,
    LockedDistribution,
    Origin,
)
from hatch_lambda_zip.process import remove_tree
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.uv import TIMEOUT_VARIABLE, Uv

_CONFIG_VARIABLE: Final = "DIST_EXTRA_CONFIG"
# Where setuptools works: commands and options, and the directories that these get here.
_PLACES: Final = (
    *(("build", "build_base", "build_base"), ("egg_info", "egg_base", "egg_base")),
    *(("build", "build_purelib", "pure"), ("build", "build_platlib", "plat")),
    *(("build", "build_temp", "build_temp"), ("bdist_wheel", "bdist_dir", "bdist_dir")),
)
# Which take the place of these; poetry-core names those on the command line, and is obeyed.
_PLACES_IF_NAMED: Final = (
    *(("build", "build_lib", "lib"), ("build_py", "build_lib", "lib")),
    *(("build_ext", "build_lib", "lib"), ("build_ext", "build_temp", "build_temp")),
    ("install_lib", "build_dir", "lib"),
)
_OF_USER: Final = (".pydistutils.cfg", "pydistutils.cfg")  # the latter on Windows
_PAUSE: Final = 0.1  # seconds between two looks at a lock


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
            there would ship.
        OutputError: temporary files would lie in the sources.
        UvTimeoutError: it did not end in time.
    """
    if not project.path.is_dir():
        raise DistributionError(
            f"{project.name} is locked as the directory {project.path}, which does not exist. "
            "Restore it, or run `uv lock`."
        )
    check_outside(directory.parent, project.path)
    _check_places(project.path)
    directory.mkdir(parents=True)
    source = find_version_source(project.path) if zip_version is not None else None
    pretended = source.variables(zip_version) if source and zip_version is not None else {}
    command = ["build", "--wheel", "--no-create-gitignore", "--python", sys.executable]
    try:
        with (
            _alone_in(project, uv),
            _leaving_nothing_built(project.path),
            keeping(source, project.path, uv.watcher),
        ):
            uv.run(
                [*command, "--out-dir", directory / "dist", project.path],
                cwd=project.path,
                variables={
                    **_outside_the_tree(directory, project.path, uv.environment),
                    **pretended,
                },
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
    _check_identity(wheels[0], replace(project, version=None) if pretended else project)
    return wheels[0]


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


@contextlib.contextmanager
def _alone_in(project: LocalProject, uv: Uv) -> Iterator[None]:
    """Keep other builds of ours out of a source tree.

    Some back ends work inside it (pdm-backend in ``.pdm-build``), and the functions of a
    workspace, built at the same time, share their members.

    Raises:
        UvTimeoutError: another one is there for longer than a command may take.
        UvError: the build is over.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    directory = os.open(project.path, os.O_RDONLY)
    until = time.monotonic() + uv.timeout
    is_told = False
    try:
        while True:
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            except OSError:
                break  # a file system without locks has to do without
            else:
                break
            if not is_told:
                (uv.tell or uv.log)(
                    f"{project.name}: waiting for another build that works in {project.path}"
                )
                is_told = True
            if time.monotonic() > until:
                raise UvTimeoutError(
                    f"Another build has worked in {project.path} for more than {uv.timeout:g} "
                    "seconds. End it (`fuser -v` with that path names its process), or set "
                    f"{TIMEOUT_VARIABLE} to more seconds."
                )
            uv.pause(_PAUSE)
        yield
    finally:
        os.close(directory)


def _check_places(root: Path) -> None:
    """Check that pyproject.toml has setuptools work where it is told to.

    What stands there counts more than a variable, and than setup.cfg.

    Raises:
        DistributionError: it names another place.
    """
    pyproject = root / "pyproject.toml"
    commands = inner_table(read_tables(pyproject), "tool", "distutils")
    refused = {(command, option) for command, option, _ in (*_PLACES, *_PLACES_IF_NAMED)}
    for command, options in commands.items():
        for option in options if isinstance(options, dict) else ():
            if (_normal(command), _normal(option)) in refused:
                raise DistributionError(
                    f"tool.distutils.{command}.{option} in {pyproject}: setuptools would work in "
                    "that directory, and what an earlier build left there could ship. Remove it, "
                    f"or write it into setup.cfg, as `{_normal(option)}` in "
                    f"[{_normal(command)}]: a temporary directory takes its place there."
                )


@contextlib.contextmanager
def _leaving_nothing_built(root: Path) -> Iterator[None]:
    """See that poetry-core ships nothing of an earlier build, and leaves nothing to a later one.

    With ``generate-setup-file`` it has setuptools work in the source tree, and takes all that is
    there then.

    Raises:
        DistributionError: there is something already.
    """
    pyproject = read_tables(root / "pyproject.toml")
    if not inner_table(pyproject, "tool", "poetry", "build").get("generate-setup-file"):
        yield
        return
    if found := matching(root / "build", "lib*"):
        raise DistributionError(
            f"{found[0]} is of another build, and poetry-core, by `generate-setup-file` of "
            "tool.poetry.build, would ship what is in it, modules that are deleted by now among "
            "them. Remove it, and build again."
        )
    try:
        yield
    finally:
        for made in matching(root / "build", "lib*"):
            remove_tree(made)
        with contextlib.suppress(OSError):  # there is something else in it
            (root / "build").rmdir()


def _normal(name: str) -> str:
    """Return the name of a command or option as setuptools has it."""
    return name.lower().replace("-", "_")


def _named_in(files: Iterable[Path]) -> set[tuple[str, str]]:
    """Return the commands of setuptools' configuration files with their options."""
    config = configparser.RawConfigParser(strict=False)
    for file in files:
        # What is wrong with it, setuptools says.
        with contextlib.suppress(configparser.Error, OSError, ValueError):
            config.read_string((read_regular(file) or b"").decode())
    return {(name, _normal(option)) for name in config.sections() for option in config[name]}


def _outside_the_tree(directory: Path, root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make back ends work outside the source tree.

    By default setuptools leaves ``build/`` there, and its next build ships every file that was ever
    copied into that directory: a deleted module would go on being deployed. Each place is named, as
    setup.cfg and the user's own files may name it too. Cargo (for maturin) and CMake (for
    scikit-build-core, where its ``build-dir`` is set) leave what they compiled, and take a source
    for unchanged that has an older time.

    Args:
        directory: where they work.
        root: the source tree.
        environ: has the configuration that the user has for setuptools.

    Raises:
        DistributionError: that can't be read.
    """
    config = configparser.RawConfigParser()
    extra = environ.get(_CONFIG_VARIABLE)
    if extra:
        try:
            # As setuptools does, which ignores what is no file.
            text = Path(extra).read_text(encoding="utf-8") if Path(extra).is_file() else ""
            config.read_string(text)
        except (configparser.Error, OSError, ValueError):
            # Their words show lines of the file, which may be of any kind.
            raise DistributionError(
                f"{_CONFIG_VARIABLE}={extra}: it can't be read as a configuration of setuptools, "
                "an INI file in UTF-8. Correct the file, or remove the variable."
            ) from None
    files = [root / "setup.cfg", *(home(environ) / name for name in _OF_USER)]
    named = _named_in([*files, Path(extra)] if extra else files)
    if_named = (place for place in _PLACES_IF_NAMED if place[:2] in named)
    for section, option, name in (*_PLACES, *if_named):
        if not config.has_section(section):
            config.add_section(section)
        place = directory / name
        place.mkdir(exist_ok=True)
        config.set(section, option, str(place))
    path = directory / "setuptools.cfg"
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
    return {
        _CONFIG_VARIABLE: str(path),
        "CARGO_TARGET_DIR": str(directory / "cargo"),
        "SKBUILD_BUILD_DIR": str(directory / "cmake"),
    }
