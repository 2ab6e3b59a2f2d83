"""The build target: hatchling in, pipeline out."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.constants import DEFAULT_BUILD_DIRECTORY
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.plugin.manager import PluginManager
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import (
    HATCHLING_SELECTION_KEYS,
    TARGET_KEY,
    Config,
    Project,
    inner_table,
    instead_of,
    parse_config,
    read_stated_project,
    stated_name,
    wrong_version,
)
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.app import AppReporter, aborting
from hatch_lambda_zip.plugin.back_end import Isolation, inner_problems, read_back_end
from hatch_lambda_zip.plugin.cancel import ending_all
from hatch_lambda_zip.plugin.request import (
    NO_ZIP_BY_HOOKS_ONLY,
    is_hooks_only,
    is_unpacked_for_build,
)
from hatch_lambda_zip.plugin.table import (
    ForeignMetadata,
    hatchling_problems,
    known_of,
    metadata_problem,
    misplaced_table,
    name_problems,
    ships_package,
    target_table,
    version_problems,
)
from hatch_lambda_zip.plugin.texts import wrong_metadata
from hatch_lambda_zip.process import Watcher
from hatch_lambda_zip.uv import Uv, find_uv

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    from hatchling.metadata.core import ProjectMetadata

    from hatch_lambda_zip.build import Installers, Session
    from hatch_lambda_zip.contents import Outputs
    from hatch_lambda_zip.install import OwnWheel
    from hatch_lambda_zip.lock import Selector
    from hatch_lambda_zip.text import Progress


def _checking(built: Sequence[Path], root: Path, uv: Uv) -> AbstractContextManager[Sequence[str]]:
    """Have nothing left of what uv builds to check a lock (see `install.checking`)."""
    # Few projects need it, and uv is at work while the rest is imported.
    from hatch_lambda_zip.install import checking

    return checking(built, root, uv)


class LambdaZipBuilder(BuilderInterface[BuilderConfig, PluginManager]):
    """Builds one zip for each function; hatchling's target versions are the functions."""

    PLUGIN_NAME = "lambda-zip"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - hatchling's own
        super().__init__(*args, **kwargs)
        self._stack = ExitStack()  # closes what the zips of one command share
        self.installers: Installers | None = None  # shared with other projects' builds
        self.progress: Progress | None = None  # lines by default
        self.may_lack_files = False  # those that git ignores, in the files of a commit
        self.instead: Mapping[str, str] = {}  # options that are to have another value in all zips

    @cached_property
    def lambda_config(self) -> Config:
        """The target's table.

        Raises:
            ConfigError: it has mistakes.
        """
        if not self.ships_package:
            return self._parse_config(self.project)
        # Where the version is the wheel's, `check` judges the file names when that is built.
        return self._parse_config(None if self._isolation else self._project_if_valid())

    def _parse_config(self, project: Project | None) -> Config:
        table = self.target_config
        if not table and (found := misplaced_table(self.metadata, self.root)):
            raise ConfigError([found])
        has_package = self.ships_package
        # An sdist need not have all files.
        has_pkg_info = Path(self.root, "PKG-INFO").is_file()
        root = None if self.may_lack_files or has_pkg_info else Path(self.root)
        outputs = partial(self.outputs, Path(self.root, DEFAULT_BUILD_DIRECTORY))
        return parse_config(
            instead_of(table, self.instead),
            today=datetime.now(timezone.utc).date(),
            known=known_of(self.metadata, root, outputs),
            project=project,
            problems=(
                *version_problems(table),
                *name_problems(table, self.metadata.config, has_package=has_package),
                *hatchling_problems(self.config, table, self._isolation, has_package=has_package),
                *inner_problems(table, read_back_end(self.metadata.config)),
            ),
        )

    @cached_property
    def ships_package(self) -> bool:
        """Whether the package's own wheel ships in any zip, and so has to be built at all."""
        return ships_package(target_table(super().metadata), Path(self.root))  # `metadata` asks it

    def get_version_api(self) -> dict[str, Callable[..., str]]:
        """Return what builds each function and layer, by its name."""
        return {
            artifact.name: partial(self._build_artifact, artifact.name)
            for artifact in self.lambda_config.artifacts
        }

    def build(
        self,
        *,
        directory: str | None = None,
        versions: list[str] | None = None,
        **options: Any,  # noqa: ANN401 - hatchling's own switches, passed through
    ) -> Generator[str, None, None]:
        """Build as hatchling does, but end an expected failure with its message alone."""
        with aborting(self.app):
            # One name may stand for several zips, one for each runtime and architecture.
            configured = self.target_config.get("versions") or [*self.get_version_api()]
            names = self.lambda_config.named(versions or configured)
            with self._stack:
                self._stack.enter_context(self.keeping_version_files())
                if not options.get("clean_only"):
                    self.check()
                    self._stack.enter_context(ending_all(self._watcher))
                if options.get("hooks_only") or is_hooks_only(os.environ, sys.argv):
                    self.app.display_info(f"{self.PLUGIN_NAME}: {NO_ZIP_BY_HOOKS_ONLY}")
                # A consumer hears of zips when all are there, since until then none may stay.
                made = [*super().build(directory=directory, versions=names, **options)]
            yield from made

    @property
    def package(self) -> str:
        """The package's normalized name (PEP 503)."""
        return stated_name(self.metadata.config) or self.project.name

    @property
    def metadata(self) -> ProjectMetadata[PluginManager]:
        """The metadata that hatchling reads, but for what another back end makes of it."""
        is_foreign = not self.ships_package or self._is_known_isolated
        return self._foreign_metadata if is_foreign else super().metadata

    def get_build_hooks(self, directory: str) -> dict[str, BuildHookInterface[Any]]:
        """Return hatchling's build hooks; none where they run in an environment of their own."""
        is_foreign = not self.ships_package or self._is_known_isolated
        return {} if is_foreign else super().get_build_hooks(directory)

    @property
    def _is_known_isolated(self) -> bool:
        # hatchling asks at times when an error would be a traceback; `build` reports it.
        with contextlib.suppress(ConfigError):
            return self.is_isolated
        return False

    def close(self) -> None:
        """Remove what was made on the way."""
        self._stack.close()

    def clean(self, directory: str, versions: list[str]) -> None:
        """Remove the zips and manifests of this project that we made, and nothing else."""
        from hatch_lambda_zip.build.clean import remove_artifacts

        remove_artifacts(Path(directory), self.package, versions, AppReporter(self.app).info)

    def check(self) -> None:
        """Check the configuration, and let hatchling check the project's metadata.

        Raises:
            ConfigError: the target's table has mistakes, or the metadata is invalid.
        """
        if "\0" in self.config.directory:
            raise ConfigError([f"{TARGET_KEY}.directory: {self.config.directory!r} is no path"])
        report = AppReporter(self.app)
        for warning in self.lambda_config.warnings:
            report.warning(warning)
        for note in self.lambda_config.notes:
            report.info(note)
        if self.PLUGIN_NAME in inner_table(self.target_config, "hooks"):
            report.warning(
                f"{TARGET_KEY}.hooks.{self.PLUGIN_NAME}: the hook makes zips beside wheels and "
                "sdists, and does nothing for this target, which makes them itself; put it into "
                f"[tool.hatch.build.hooks.{self.PLUGIN_NAME}]"
            )
        if not self.ships_package:
            return
        if self._isolation:
            self._parse_config(self.project)
            return
        if problem := metadata_problem(self.metadata, self.app.display_debug):
            raise ConfigError([problem])

    def outputs(self, directory: Path) -> Outputs:
        """Return where builds of the project write; ``directory`` is where this one does."""
        from hatch_lambda_zip.contents import Outputs

        hatch = self.metadata.hatch
        tables = [hatch.build_config, *hatch.build_targets.values()]
        configured = [table.get("directory") for table in tables if isinstance(table, dict)]
        named = [path for path in configured if isinstance(path, str) and path]
        return Outputs.of(Path(self.root), [directory, DEFAULT_BUILD_DIRECTORY, *named])

    def own_wheel(self, outputs: Outputs, build_data: dict[str, Any] | None = None) -> OwnWheel:
        """Return how to build the package's wheel as it ships in the zips.

        Args:
            outputs: where builds write, which does not ship.
            build_data: as build hooks left it.
        """
        # Imported here, so that configuring, cleaning and listing cost nothing.
        from hatch_lambda_zip.install import OwnWheel
        from hatch_lambda_zip.lock import LocalProject

        project = LocalProject(self.package, Path(self.root))
        if not self.ships_package:
            return OwnWheel(project, lambda directory: directory)  # nobody asks for it
        from hatch_lambda_zip.plugin.own_wheel import how_to_build

        return how_to_build(self, project, outputs, build_data or {})

    @property
    def own_file_selection(self) -> dict[str, Any]:
        """The keys of the table that select the package's own files, with hatchling's meaning."""
        return {
            key: value
            for key, value in self.target_config.items()
            if key in HATCHLING_SELECTION_KEYS
        }

    def open_session(
        self, embedded: Path | None = None, selector: Selector | None = None
    ) -> AbstractContextManager[Session]:
        """Return the session for the functions of one command, to be entered."""
        from hatch_lambda_zip.build import open_session

        return open_session(
            self.project,
            Path(self.root),
            AppReporter(self.app),
            embedded=embedded,
            installers=self.installers,
            selector=selector,
            progress=self.progress,
        )

    def _build_artifact(self, name: str, directory: str, **build_data: Any) -> str:  # noqa: ANN401
        artifact = self.lambda_config.artifact(name)
        # uv is at work while what builds is imported.
        self._selector.start(artifact)
        from hatch_lambda_zip.build import Job, build_zip

        layers = self.lambda_config.layers_of(artifact)
        output = Path(self.root, directory)
        outputs = self.outputs(output)
        job = Job(artifact, layers, output, self.own_wheel(outputs, build_data), outputs)
        return str(build_zip(job, self._session))

    @cached_property
    def _watcher(self) -> Watcher:
        return self._stack.enter_context(contextlib.closing(Watcher()))

    @cached_property
    def _selector(self) -> Selector:
        from hatch_lambda_zip.lock import Selector

        report = AppReporter(self.app)
        uv = find_uv(os.environ, log=report.debug, watcher=self._watcher, tell=report.info)
        selector = Selector(self.project, Path(self.root), uv, _checking)
        return self._stack.enter_context(selector)

    @cached_property
    def _session(self) -> Session:
        return self._stack.enter_context(self.open_session(selector=self._selector))

    def keeping_version_files(self) -> AbstractContextManager[None]:
        """Leave what build hooks write into the source tree as it is, in a build of zips."""
        from hatch_lambda_zip.install import keeping_version_files

        return keeping_version_files(Path(self.root), self.zip_version)

    @property
    def zip_version(self) -> str | None:
        """What ``zip-version`` says; None too when that is wrong, which parsing reports."""
        value = self.target_config.get("zip-version")
        is_valid = isinstance(value, str) and wrong_version(value) is None
        return value if is_valid else None

    @cached_property
    def project(self) -> Project:
        """The package, as its zips have it."""
        version, described = self.zip_version, self._described
        return described if version is None else described.under(version)

    @property
    def _described(self) -> Project:
        """The package, as its metadata describes it."""
        if not self.ships_package:
            return read_stated_project(self.metadata.config, self.target_config.get("name"))
        if self._isolation:
            from hatch_lambda_zip.install import read_project

            groups = self.metadata.config.get("dependency-groups", {})
            return read_project(self.isolated_wheel, groups)
        try:
            core = self.metadata.core
            return Project(
                name=canonicalize_name(core.name),
                version=self.metadata.version,
                file_stem=self.project_id,
                dependencies=tuple(core.dependencies),
                optional_dependencies={
                    canonicalize_name(extra): tuple(requirements)
                    for extra, requirements in core.optional_dependencies.items()
                },
                dependency_groups=self.metadata.config.get("dependency-groups", {}),
            )
        except (TypeError, ValueError, OSError) as error:
            raise ConfigError([wrong_metadata(error, Path(self.root))]) from None

    @property
    def is_isolated(self) -> bool:
        """Whether the package's wheel is built in an environment of its own."""
        return self._isolation is not None

    @cached_property
    def _isolation(self) -> Isolation | None:
        """Why the wheel is built in an environment of its own; None if hatchling makes it here.

        Raises:
            ConfigError: the declared back end can't be read, or needs another version of ours.
        """
        metadata = super().metadata  # hatchling's own, whatever `metadata` is to be
        if isolation := Isolation.of(read_back_end(metadata.config)):
            return isolation
        from hatch_lambda_zip.plugin.own_wheel import missing_here

        return Isolation.for_want_of(missing_here(self.root, self.plugin_manager, metadata))

    @cached_property
    def isolated_wheel(self) -> Path:
        """The package's wheel, made by its declared back end."""
        from hatch_lambda_zip.build import Workspace
        from hatch_lambda_zip.install import build_wheel
        from hatch_lambda_zip.lock import LocalProject

        report = AppReporter(self.app)
        workspace = self._stack.enter_context(Workspace(Path(self.root)))
        uv = find_uv(os.environ, log=report.debug, watcher=workspace.watcher, tell=report.info)
        stated = stated_name(self.metadata.config)
        name = stated or Path(self.root).name
        project = LocalProject(name, Path(self.root), is_name_locked=stated is not None)
        why = self._isolation.reason if self._isolation else ""
        report.info(f"{name}: building its wheel in an environment of its own: {why}")
        return build_wheel(project, uv, workspace.directory / "own", self.zip_version)

    @cached_property
    def _foreign_metadata(self) -> ProjectMetadata[PluginManager]:
        return ForeignMetadata(self.root, self.plugin_manager)

    def _project_if_valid(self) -> Project | None:
        """Return the project; None when its metadata is invalid, which `check` will report."""
        return None if metadata_problem(self.metadata, self.app.display_debug) else self.project

    @cached_property
    def is_unpacked_sdist(self) -> bool:
        """Whether this is what an sdist took of a source tree, and no tree to make zips from.

        PKG-INFO marks an sdist, but it may be a stray one: where nothing is missing that zips are
        made from, this is a source tree as good as any, unless it is unpacked for one build only.

        Raises:
            LambdaZipError: the configuration or the lock can't be read.
        """
        root = Path(self.root)
        if not (root / "PKG-INFO").is_file():
            return False
        from hatch_lambda_zip.build import EMBEDDED_DIRECTORY
        from hatch_lambda_zip.build.source_tree import is_source_tree

        if is_unpacked_for_build(root) or (root / EMBEDDED_DIRECTORY).is_dir():
            return True
        report = AppReporter(self.app)
        uv = find_uv(os.environ, log=report.debug, tell=report.info)
        return not is_source_tree(root, self.lambda_config.artifacts, uv, package=self.package)
