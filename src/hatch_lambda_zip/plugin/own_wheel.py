"""Builds the package's own wheel with hatchling, in this process.

That takes a tenth of the time of a build in an environment of its own, and hatchling is loaded
anyway. It is right when hatchling is the declared back end, and everything that it and the wheel
target are declared to need is here.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatchling.builders.utils import normalize_inclusion_map, safe_walk
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata

from hatch_lambda_zip.contents import Outputs, is_half_written, is_in_uv_cache
from hatch_lambda_zip.errors import ConfigError, DistributionError
from hatch_lambda_zip.files import (
    check_no_compiled_modules,
    check_outside,
    content_if_any,
    exhausted,
    failure_at,
    name_encoding_problem,
)
from hatch_lambda_zip.install import OwnWheel, find_version_source, keeping
from hatch_lambda_zip.lock import LocalProject
from hatch_lambda_zip.plugin.back_end import unmet
from hatch_lambda_zip.plugin.texts import no_utf8
from hatch_lambda_zip.process import environment_with

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    from hatchling.builders.plugin.interface import BuilderInterface, IncludedFile

    from hatch_lambda_zip.plugin.target import LambdaZipBuilder


# hatchling's own and that of hatch-vcs, which write a version file.
_VERSION_HOOKS: Final = frozenset(("version", "vcs"))


class _OwnWheelBuilder(WheelBuilder):
    """hatchling's wheel builder, with the file selection of the lambda-zip target on top."""

    def __init__(
        self,
        builder: BuilderInterface[Any, Any],  # hatchling types both parameters loosely
        metadata: ProjectMetadata[Any],
        selection: Mapping[str, object],
        build_data: Mapping[str, Any],
        outputs: Outputs,
    ) -> None:
        super().__init__(
            builder.root,
            plugin_manager=builder.plugin_manager,
            metadata=metadata,
            app=builder.app,
        )
        self._selection = selection
        self._build_data = build_data
        self._outputs = outputs
        # While hatchling works, it has a directory of its own for them in there.
        self._temporary = Path(tempfile.gettempdir())

    def recurse_included_files(self) -> Iterator[IncludedFile]:
        for file in super().recurse_included_files():
            path = Path(file.path)
            if path.exists() and not path.is_file():
                raise DistributionError(
                    f"{path} would ship, and is no regular file: reading a pipe or a device may "
                    "never end. Remove it, or leave it out by `exclude`."
                )
            directory = self._outputs.directory_of(path)
            if directory is not None and path.suffix == ".py":
                raise DistributionError(
                    f"{path} would ship, and {directory} is an output directory of this project's "
                    "builds, of which nothing does. Choose another output directory, or remove it."
                )
            is_output = self._outputs.is_output(path) or self._outputs.is_unpacked(path)
            if directory is None and not is_output:
                yield file

    def recurse_project_files(self) -> Iterator[IncludedFile]:
        return self._checked(super().recurse_project_files(), self.root)

    def recurse_explicit_files(self, inclusion_map: dict[str, str]) -> Iterator[IncludedFile]:
        for source, place in inclusion_map.items():
            check_outside(self._temporary, Path(source))
            yield from self._checked(super().recurse_explicit_files({source: place}), source)

    def recurse_forced_files(self, inclusion_map: dict[str, str]) -> Iterator[IncludedFile]:
        made_again = self._made_again(inclusion_map)
        for source, place in inclusion_map.items():
            if source in made_again:
                continue
            files = super().recurse_forced_files({source: place})
            check_outside(self._temporary, Path(source))
            # hatchling leaves compiled modules out of everything else.
            check_no_compiled_modules(Path(source))
            yield from self._checked(files, source, check_no_compiled_modules)

    def _made_again(self, inclusion_map: Mapping[str, str]) -> set[str]:
        """Return what hooks made for the zip, and then, in another directory, for the wheel.

        They run for both, and each may make what it includes in a new temporary directory.

        Raises:
            DistributionError: it is not the same.
        """
        given = normalize_inclusion_map(self._build_data.get("force_include", {}), self.root)
        made = {*inclusion_map} & {*given}
        found = set()
        for source in sorted(inclusion_map.keys() - made - self.config.force_include.keys()):
            for earlier in sorted(made):
                if inclusion_map[earlier] != inclusion_map[source]:
                    continue
                before, after = _digests(Path(earlier)), _digests(Path(source))
                if before == after:
                    found.add(earlier)
                elif before.keys() & after.keys():
                    raise DistributionError(
                        f"Build hooks include {earlier} for lambda-zip, and {source} for the "
                        f"wheel, both as {inclusion_map[source]!r}, and these differ. Have the "
                        "hook make the same each time, or let it run for the wheel target alone "
                        "(tool.hatch.build.targets.wheel.hooks)."
                    )
        return found

    def _checked(
        self,
        files: Iterable[IncludedFile],
        source: str,
        check_link: Callable[[Path], None] = lambda _: None,
    ) -> Iterator[IncludedFile]:
        """Yield the files of a source, without caches of uv's and what is just being written.

        Args:
            check_link: checks a symbolic link to a directory that hatchling has followed.

        Raises:
            OutputError: temporary files would lie where a link leads to.
        """
        named = Path(source)
        known = {*named.parents}
        for file in files:
            path = Path(file.path)
            if is_in_uv_cache(path, named) or is_half_written(path):
                continue
            for directory in path.parents:
                if directory in known:
                    break  # and so is what lies above it
                known.add(directory)
                if directory.is_symlink():
                    check_outside(self._temporary, directory)
                    check_link(directory)
            yield file

    def get_build_hooks(self, directory: str) -> dict[str, BuildHookInterface[Any]]:
        hooks: dict[str, BuildHookInterface[Any]] = super().get_build_hooks(directory)
        # Ours would make the zips of the wheel that the zips are made of.
        return {name: hook for name, hook in hooks.items() if name != "lambda-zip"}

    @property
    def target_config(self) -> dict[str, Any]:
        return {**super().target_config, **self._selection}

    def get_default_build_data(self) -> dict[str, Any]:
        # Hooks change it, for one wheel.
        return {**super().get_default_build_data(), **copy.deepcopy(self._build_data)}


def how_to_build(
    builder: LambdaZipBuilder,
    project: LocalProject,
    outputs: Outputs,
    build_data: Mapping[str, Any],
) -> OwnWheel:
    """Return how to build the package's wheel as it ships in the zips.

    Args:
        outputs: where builds write, which does not ship.
        build_data: as build hooks left it.
    """
    if builder.is_isolated:
        wheel = builder.isolated_wheel
        return OwnWheel(project, lambda _directory: wheel)
    wanted = {key: build_data[key] for key in ("artifacts", "force_include") if build_data.get(key)}
    build = partial(
        build_own_wheel,
        builder,
        selection=builder.own_file_selection,
        build_data=wanted,
        outputs=outputs,
        zip_version=builder.zip_version,
    )
    return OwnWheel(project, build, variant=repr(wanted))


def hooks_apart(builder: LambdaZipBuilder) -> list[str]:
    """Return the build hooks whose part in a zip is not all in the package's own wheel.

    They run for the target itself, may write what code directories have, and may give the target
    something else to do than the wheel target. Those that write versions do not.
    """
    if not builder.ships_package or builder.is_isolated:
        return []  # then none runs here
    wheel = WheelBuilder(
        builder.root, plugin_manager=builder.plugin_manager, metadata=builder.metadata
    )
    known = _VERSION_HOOKS & wheel.config.hook_config.keys()
    return sorted({*builder.config.hook_config} - {*known, "lambda-zip"})


def build_own_wheel(
    builder: BuilderInterface[Any, Any],
    directory: Path,
    *,
    selection: Mapping[str, object],
    build_data: Mapping[str, object],
    outputs: Outputs,
    zip_version: str | None = None,
) -> Path:
    """Build the wheel.

    Args:
        selection: keys of the lambda-zip table that select files; each replaces the wheel
            target's own.
        build_data: ``artifacts`` and ``force_include`` as build hooks left them.
        outputs: where builds write, which does not ship.
        zip_version: what it is to be built under, if its version comes from a repository.

    Raises:
        DistributionError: hatchling can't build it.
        OutputError: temporary files would lie in what it takes in.
    """
    root = Path(builder.root)
    source = None if zip_version is None else find_version_source(root)
    metadata, variables = builder.metadata, dict[str, str]()
    if source is not None and zip_version is not None:
        # What has been read has the version of the repository.
        metadata = ProjectMetadata(builder.root, builder.plugin_manager)
        variables = source.variables(zip_version)
    wheel_builder = _OwnWheelBuilder(builder, metadata, selection, build_data, outputs)
    try:
        for included in wheel_builder.config.force_include:
            if outputs.has_directory(Path(included)):
                raise DistributionError(
                    f"force-include: {os.path.relpath(included, builder.root)!r} is an output "
                    "directory of this project's builds, so each wheel and zip would hold those "
                    "before it. Choose another one with `directory` (or `-d`, `-o`), or name what "
                    "is to ship in it."
                )
        with keeping(source, root), environment_with(variables), _temporary_files_in(directory):
            (wheel,) = wheel_builder.build(
                directory=str(directory),
                versions=["standard"],
                hooks_only=False,
                clean=False,
                clean_hooks_after=False,
            )
    except OSError as error:
        reason = f"{failure_at(error)}. {exhausted(error)}".rstrip()
        raise DistributionError(f"hatchling can't build the package's wheel: {reason}") from None
    except (ValueError, TypeError) as error:
        if isinstance(error, UnicodeError) and (problem := name_encoding_problem()):
            message = f"hatchling can't build the package's wheel: {problem}. It says: {error}"
            raise DistributionError(message) from None
        if problem := no_utf8(error, root):
            raise DistributionError(
                f"hatchling can't build the package's wheel: {problem}."
            ) from None
        epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
        if not epoch.strip().isdecimal():
            message = (
                f"SOURCE_DATE_EPOCH={epoch}: hatchling can't build the package's wheel, since that "
                "is no number of seconds. Correct the variable, or unset it."
            )
            raise DistributionError(message) from None
        raise DistributionError(f"hatchling can't build the package's wheel: {error}") from None
    return directory / wheel


def check_sources(
    builder: BuilderInterface[Any, Any], outputs: Outputs, build_data: Mapping[str, Any]
) -> None:
    """Check that hatchling has just made a wheel of nothing where Python writes meanwhile.

    Args:
        build_data: as build hooks left it.

    Raises:
        OutputError: temporary files or compiled modules are to lie in what it took in.
    """
    wheel_builder = _OwnWheelBuilder(builder, builder.metadata, {}, {}, outputs)
    config = wheel_builder.config
    given = {**wheel_builder.get_default_build_data(), **build_data}
    with config.set_build_data(given):
        files = wheel_builder.recurse_selected_project_files()
        forced = wheel_builder.recurse_forced_files(_existing(config.get_force_include()))
        others = {**config.shared_data, **config.shared_scripts, **config.extra_metadata}
        for key in ("shared_data", "shared_scripts", "extra_metadata"):
            others |= normalize_inclusion_map(given.get(key, {}), builder.root)
        explicit = wheel_builder.recurse_explicit_files(_existing(others))
        for _ in itertools.chain(files, forced, explicit):
            pass  # each is checked when it is asked for


def _digests(source: Path) -> dict[str, bytes]:
    """Return the digests of the files in a directory by their relative paths, or of one file."""
    files = [source] if source.is_file() else []
    # As hatchling does, which follows links to directories.
    for directory, _, names in safe_walk(str(source)):
        files += [Path(directory, name) for name in names]
    return {
        path.relative_to(source).as_posix(): sha256(content_if_any(path)).digest() for path in files
    }


def _existing(inclusion_map: Mapping[str, str]) -> dict[str, str]:
    """Return what is still there: a build hook may have removed what it made for the wheel."""
    return {source: place for source, place in inclusion_map.items() if Path(source).exists()}


@contextlib.contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Have what hatchling leaves behind, when it is interrupted, removed with the directory."""
    before = tempfile.tempdir
    tempfile.tempdir = str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = before


def missing_here(
    root: str,
    plugin_manager: Any,  # noqa: ANN401 - hatchling types it loosely
    metadata: ProjectMetadata[Any],
) -> list[str]:
    """Return what the wheel target needs and this process does not have.

    Raises:
        ConfigError: the wheel target's own table is wrong.
    """
    builder = WheelBuilder(root, plugin_manager=plugin_manager, metadata=metadata)
    try:
        known_hooks = plugin_manager.build_hook
        missing = [
            f"the build hook {name!r}"
            for name in builder.config.hook_config
            if known_hooks.get(name) is None
        ]
        return missing or [*unmet(builder.config.dependencies)]
    except (ValueError, TypeError, OSError) as error:
        raise ConfigError([f"{error}. Correct pyproject.toml."]) from None
