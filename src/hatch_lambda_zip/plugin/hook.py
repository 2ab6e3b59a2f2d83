"""The build hook: zips beside the wheels, from `uv build`, `python -m build` and `hatch build`.

None of these has a target flag. They build an sdist from the source tree and then a wheel from the
unpacked sdist, or either alone, or both from the tree. The zips are made in the stage that sees
the source tree, since the lock and the workspace are only there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

from hatch_lambda_zip.config import TableReader
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import content_if_any
from hatch_lambda_zip.plugin.app import AppReporter, aborting
from hatch_lambda_zip.plugin.request import (
    NO_ZIP_BY_HOOKS_ONLY,
    REQUEST_VARIABLE,
    HookRequest,
    is_for_people,
    is_hooks_only,
    parse_request,
)
from hatch_lambda_zip.plugin.stage import Stage, refuse_credentials_in, refuse_passwords
from hatch_lambda_zip.redact import has_password

if TYPE_CHECKING:
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

HOOK_KEY: Final = "tool.hatch.build.hooks.lambda-zip"

_OR_ELSE: Final = f", or set `embed-lock = true` in [{HOOK_KEY}] and build the sdist again"

# What hatchling itself reads from every build hook's table.
_HATCHLING_HOOK_KEYS: Final = (
    *("dependencies", "enable-by-default"),
    *("require-runtime-dependencies", "require-runtime-features"),
)


@dataclass(frozen=True)
class HookConfig:
    """The build hook's table.

    Attributes:
        embed_lock: put what the functions need into the sdist.
    """

    embed_lock: bool


def parse_hook_config(table: Mapping[str, object]) -> HookConfig:
    """Check the build hook's table and turn it into a :class:`HookConfig`.

    Raises:
        ConfigError: with every mistake of the table.
    """
    reader = TableReader(HOOK_KEY, table, [])
    reader.refuse_unknown(("embed-lock", *_HATCHLING_HOOK_KEYS))
    config = HookConfig(reader.flag("embed-lock") or False)
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


class LambdaZipBuildHook(BuildHookInterface[BuilderConfig]):
    """Makes the functions' zips when an sdist or a wheel is built for people."""

    PLUGIN_NAME = "lambda-zip"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - hatchling's own
        super().__init__(*args, **kwargs)
        # What initialize() prepared for the sdist, until finalize() has made the zips from it.
        self._embedded: Path | None = None
        self._stack = ExitStack()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Refuse what must not be spread; put what functions need into an sdist, if asked to."""
        if not self._has_work(version):
            return
        if is_hooks_only(os.environ, sys.argv):
            self.app.display_info(f"{self.PLUGIN_NAME}: {NO_ZIP_BY_HOOKS_ONLY}")
            return
        # What hatchling writes after this stays in the output directory, whatever we say then.
        with aborting(self.app):
            refuse_credentials_in(self._builder.package, self.metadata.config)
        if self.target_name != "sdist":
            return
        with aborting(self.app), ExitStack() as stack:
            if not parse_hook_config(self.config).embed_lock or self._builder.is_unpacked_sdist:
                return
            from hatch_lambda_zip.build import EMBEDDED_DIRECTORY, Workspace, embed_lock

            self._builder.check()
            refuse_passwords(self.metadata.config, self._settings())
            artifacts = self._builder.lambda_config.artifacts
            workspace = stack.enter_context(Workspace(Path(self.root)))
            self._embedded = workspace.directory / "embedded"
            included = build_data["force_include"]
            included[str(self._embedded)] = EMBEDDED_DIRECTORY
            outputs = self._builder.outputs(self._output)
            with self._builder.open_session() as session:
                for artifact in artifacts:
                    for file in embed_lock(artifact, session, outputs, self._embedded):
                        place = file.relative_to(session.root).as_posix()
                        included.setdefault(str(file), place)
            # Open until finalize() has made the zips, or the process ends without it.
            self._stack = stack.pop_all()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Make the zips."""
        if not self._has_work(version):
            return
        with self._stack, aborting(self.app):
            parse_hook_config(self.config)
            stage = Stage(self._builder, self._output, self._request, _OR_ELSE, build_data)
            stage.make_zips(Path(artifact_path), self._embedded)

    def clean(self, versions: list[str]) -> None:
        """Remove the zips and manifests of this project that we made, and nothing else."""
        del versions
        from hatch_lambda_zip.build import EMBEDDED_DIRECTORY
        from hatch_lambda_zip.build.clean import remove_artifacts

        with self._stack, aborting(self.app):
            if self._builder.is_unpacked_sdist and not Path(self.root, EMBEDDED_DIRECTORY).is_dir():
                return  # they were made from the source tree, just now, and can't be made here
            tell = AppReporter(self.app).info
            remove_artifacts(self._output, self._builder.package, None, tell)

    def _has_work(self, version: str) -> bool:
        return self._request.enabled and is_for_people(
            self.target_name, version, self._output, os.environ
        )

    def _settings(self) -> dict[str, str]:
        """Return the texts of uv's own settings that go along in the sdist."""
        path = Path(self.root, "uv.toml")
        text = content_if_any(path).decode(errors="replace")
        if not has_password(text):
            return {}  # then it does not matter which files go along
        files = self.build_config.builder.recurse_included_files()
        return {path.name: text} if any(Path(file.path) == path for file in files) else {}

    @property
    def _request(self) -> HookRequest:
        return parse_request(os.environ.get(REQUEST_VARIABLE))

    @property
    def _output(self) -> Path:
        return Path(self.root, self.directory)

    @cached_property
    def _builder(self) -> LambdaZipBuilder:
        from hatch_lambda_zip.plugin.target import LambdaZipBuilder

        builder = LambdaZipBuilder(
            self.root,
            plugin_manager=self.build_config.builder.plugin_manager,
            metadata=self.metadata,
            app=self.app,
        )
        self._stack.callback(builder.close)
        return builder
