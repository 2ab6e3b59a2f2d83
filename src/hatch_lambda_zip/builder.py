"""The build target: hatchling in, pipeline out."""

from __future__ import annotations

import re
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
    parse_config,
    unknown_functions,
)
from hatch_lambda_zip.errors import ConfigError, LambdaZipError, ProjectError
from hatch_lambda_zip.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from hatchling.bridge.app import Application


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
        return parse_config(table, today=today, problems=self._hatchling_problems(table))

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
        try:
            for warning in self.lambda_config.warnings:
                self.app.display_warning(f"Warning: {warning}")
            self._check_project()
            if unknown := unknown_functions(versions or self.config.versions, self.lambda_config):
                raise ConfigError(unknown)
            yield from super().build(directory=directory, versions=versions, **options)
        except LambdaZipError as error:
            self.app.abort(f"Error: {error}")
        except OSError as error:
            # hatchling makes the output directory; what else fails here is the disk's doing too.
            self.app.abort(f"Error: {error}. Free or repair that path and build again.")

    def clean(self, directory: str, versions: list[str]) -> None:
        """Remove the zips and manifests of this project that we made, and nothing else."""
        from hatch_lambda_zip.cleaning import remove_artifacts

        remove_artifacts(Path(directory), canonicalize_name(self.metadata.core.name), versions)

    def _build_function(self, name: str, directory: str, **build_data: Any) -> str:  # noqa: ANN401
        # Imported here, so that configuring, cleaning and listing cost nothing.
        from hatch_lambda_zip.own_wheel import build_own_wheel
        from hatch_lambda_zip.pipeline import Job, build_function

        selection = {
            key: value
            for key, value in self.target_config.items()
            if key in HATCHLING_SELECTION_KEYS
        }
        job = Job(
            project=Project(
                name=canonicalize_name(self.metadata.core.name),
                version=self.metadata.version,
                file_stem=self.project_id,
            ),
            root=Path(self.root),
            function=self.lambda_config.function(name),
            lock=self.lambda_config.lock,
            output=Path(self.root, directory),
            build_own=lambda place: build_own_wheel(
                self,
                place,
                selection=selection,
                build_data={
                    key: build_data[key]
                    for key in ("artifacts", "force_include")
                    if build_data.get(key)
                },
            ),
        )
        return str(build_function(job, _AppReporter(self.app)))

    def _check_project(self) -> None:
        """Let hatchling check the project's metadata, where its errors still have no traceback.

        Raises:
            ProjectError: they are invalid.
        """
        try:
            self.metadata.validate_fields()
        except (TypeError, ValueError, OSError) as error:
            raise ProjectError(f"{error}. Correct pyproject.toml.") from None

    def _hatchling_problems(self, table: dict[str, Any]) -> Iterator[str]:
        """Let hatchling check the keys that are its own."""
        for key, attribute in HATCHLING_KEYS.items():
            if key in table:
                try:
                    getattr(self.config, attribute)
                except (TypeError, ValueError, OSError) as error:
                    # hatchling says "Field `tool.…` must be …"; ours start with the key.
                    message = re.sub(r"^Field `[^`]*` ", "", str(error))
                    yield f"{TARGET_KEY}.{key}: {message}"


class _AppReporter:
    """Shows the pipeline's lines through hatchling."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def info(self, message: str) -> None:
        self._app.display_info(message)

    def warning(self, message: str) -> None:
        self._app.display_warning(f"Warning: {message}")

    def debug(self, message: str) -> None:
        self._app.display_debug(message)
