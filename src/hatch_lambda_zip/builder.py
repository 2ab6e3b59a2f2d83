"""The build target: hatchling in, pipeline out."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import datetime, timezone
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.plugin.manager import PluginManager
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import (
    HATCHLING_KEYS,
    HATCHLING_SELECTION_KEYS,
    TARGET_KEY,
    Config,
    Known,
    parse_config,
    unknown_functions,
)
from hatch_lambda_zip.errors import ConfigError, ProjectError
from hatch_lambda_zip.project import Project
from hatch_lambda_zip.reporting import AppReporter, aborting

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from hatch_lambda_zip.staging import OwnWheel
    from hatch_lambda_zip.workshop import Workshop


class LambdaZipBuilder(BuilderInterface[BuilderConfig, PluginManager]):
    """Builds one zip for each function; hatchling's target versions are the functions."""

    PLUGIN_NAME = "lambda-zip"

    @cached_property
    def lambda_config(self) -> Config:
        """The target's table.

        Raises:
            ConfigError: it has mistakes.
        """
        try:
            table = self.target_config
        except TypeError:
            raise ConfigError([f"{TARGET_KEY}: must be a table"]) from None
        today = datetime.now(timezone.utc).date()
        return parse_config(
            table,
            today=today,
            known=self._known_names(),
            problems=self._hatchling_problems(table),
        )

    def get_version_api(self) -> dict[str, Callable[..., str]]:
        """Return what builds each function, by its name."""
        return {
            function.name: partial(self._build_function, function.name)
            for function in self.lambda_config.functions
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
            self.check()
            if unknown := unknown_functions(versions or self.config.versions, self.lambda_config):
                raise ConfigError(unknown)
            with ExitStack() as self._stack:
                yield from super().build(directory=directory, versions=versions, **options)

    def clean(self, directory: str, versions: list[str]) -> None:
        """Remove the zips and manifests of this project that we made, and nothing else."""
        from hatch_lambda_zip.cleaning import remove_artifacts

        remove_artifacts(Path(directory), canonicalize_name(self.metadata.core.name), versions)

    def check(self) -> None:
        """Check the configuration, and let hatchling check the project's metadata.

        Raises:
            ConfigError: the target's table has mistakes.
            ProjectError: the metadata are invalid.
        """
        for warning in self.lambda_config.warnings:
            self.app.display_warning(f"Warning: {warning}")
        try:
            self.metadata.validate_fields()
        except (TypeError, ValueError, OSError) as error:
            raise ProjectError(f"{error}. Correct pyproject.toml.") from None

    def own_wheel(self, build_data: dict[str, Any] | None = None) -> OwnWheel:
        """Return how to build the package's wheel as it ships in the zips.

        Args:
            build_data: as build hooks left it.
        """
        # Imported here, so that configuring, cleaning and listing cost nothing.
        from hatch_lambda_zip.lock.model import LocalProject
        from hatch_lambda_zip.own_wheel import build_own_wheel
        from hatch_lambda_zip.staging import OwnWheel

        wanted = {
            key: build_data[key]
            for key in ("artifacts", "force_include")
            if build_data and build_data.get(key)
        }
        build = partial(build_own_wheel, self, selection=self.own_file_selection, build_data=wanted)
        project = LocalProject(canonicalize_name(self.metadata.core.name), Path(self.root))
        return OwnWheel(project, build, variant=repr(wanted))

    @property
    def own_file_selection(self) -> dict[str, Any]:
        """The keys of the table that select the package's own files, with hatchling's meaning."""
        return {
            key: value
            for key, value in self.target_config.items()
            if key in HATCHLING_SELECTION_KEYS
        }

    def open_workshop(self) -> Workshop:
        """Return the workshop for the functions of one command, to be entered."""
        from hatch_lambda_zip.workshop import Workshop

        project = Project(
            name=canonicalize_name(self.metadata.core.name),
            version=self.metadata.version,
            file_stem=self.project_id,
        )
        lock = self.lambda_config.lock
        return Workshop(project, Path(self.root), lock=lock, report=AppReporter(self.app))

    def _build_function(self, name: str, directory: str, **build_data: Any) -> str:  # noqa: ANN401
        from hatch_lambda_zip.pipeline import Job, build_function

        job = Job(
            self.lambda_config.function(name),
            Path(self.root, directory),
            self.own_wheel(build_data),
        )
        return str(build_function(self._workshop, job))

    @cached_property
    def _workshop(self) -> Workshop:
        return self._stack.enter_context(self.open_workshop())

    def _known_names(self) -> Known:
        """Return the extras and dependency groups that pyproject.toml declares."""
        project = self.metadata.config.get("project", {})
        groups = self.metadata.config.get("dependency-groups", {})
        extras = None
        if "optional-dependencies" not in project.get("dynamic", []):
            extras = tuple(sorted(map(canonicalize_name, project.get("optional-dependencies", {}))))
        return Known(extras, tuple(sorted(map(canonicalize_name, groups))))

    def _hatchling_problems(self, table: dict[str, Any]) -> Iterator[str]:
        """Let hatchling check the keys that are its own."""
        for key, attribute in HATCHLING_KEYS.items():
            # hatchling reads hooks from tool.hatch.build as well.
            if key in table or key == "hooks":
                try:
                    getattr(self.config, attribute)
                except (TypeError, ValueError, OSError) as error:
                    # hatchling says "Field `tool.…` must be …"; ours start with the key.
                    match = re.match(r"Field `([^`]*)` (.*)", str(error), re.DOTALL)
                    field, message = match.groups() if match else (f"{TARGET_KEY}.{key}", error)
                    yield f"{field}: {message}"
