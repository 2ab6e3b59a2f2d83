"""The build hook: zips beside the wheels, from `uv build`, `python -m build` and `hatch build`.

None of these has a target flag. They build an sdist from the source tree and then a wheel from the
unpacked sdist, or either alone, or both from the tree. The zips are made in the stage that sees
the source tree, since the lock and the workspace are only there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

from hatch_lambda_zip.config import Artifact, TableReader, inner_table
from hatch_lambda_zip.errors import ConfigError, DistributionError, LockError
from hatch_lambda_zip.plugin.app import AppReporter, aborting
from hatch_lambda_zip.plugin.request import (
    NO_ZIP_BY_HOOKS_ONLY,
    REQUEST_VARIABLE,
    HookRequest,
    is_for_people,
    is_hooks_only,
    parse_request,
)
from hatch_lambda_zip.text import not_one_of

if TYPE_CHECKING:
    from hatch_lambda_zip.build import Job
    from hatch_lambda_zip.contents import Outputs
    from hatch_lambda_zip.install import OwnWheel
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

HOOK_KEY: Final = "tool.hatch.build.hooks.lambda-zip"

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


def _refuse_credentials(name: str, pyproject: Mapping[str, Any]) -> None:
    """See that no requirement in pyproject.toml has a URL with a secret.

    Raises:
        DistributionError: one has.
    """
    from hatch_lambda_zip.install import refuse_credentials

    project = inner_table(pyproject, "project")
    optional = inner_table(project, "optional-dependencies")
    lists = [project.get("dependencies"), *optional.values()]
    # What is no list of strings is hatchling's to judge.
    listed = [value for values in lists if isinstance(values, list) for value in values]
    requirements = [value for value in listed if isinstance(value, str)]
    refuse_credentials(name, "Requires-Dist", requirements)


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
            _refuse_credentials(self._builder.package, self.metadata.config)
        if self.target_name != "sdist":
            return
        with aborting(self.app), ExitStack() as stack:
            if not parse_hook_config(self.config).embed_lock or self._builder.is_unpacked_sdist:
                return
            from hatch_lambda_zip.build import EMBEDDED_DIRECTORY, Workspace, embed_lock

            self._builder.check()
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
        del build_data
        if not self._has_work(version):
            return
        with self._stack, aborting(self.app):
            self._make(Path(artifact_path))

    def clean(self, versions: list[str]) -> None:
        """Remove the zips and manifests of this project that we made, and nothing else."""
        del versions
        from hatch_lambda_zip.build import remove_artifacts

        with self._stack, aborting(self.app):
            remove_artifacts(self._output, self._builder.package, artifacts=None)

    def _make(self, built: Path) -> None:
        """Make the zips.

        Args:
            built: what hatchling has just built.
        """
        parse_hook_config(self.config)
        self._builder.check()
        artifacts = self._artifacts()
        if not artifacts:
            return
        from hatch_lambda_zip.build import EMBEDDED_DIRECTORY, build_zip

        embedded = self._embedded
        if self._builder.is_unpacked_sdist:
            embedded = Path(self.root) / EMBEDDED_DIRECTORY
            if not embedded.is_dir():
                self._look_for_built(artifacts, built)
                return
        with (
            self._builder.keeping_version_files(),
            self._builder.open_session(embedded) as session,
        ):
            for job in self._jobs(artifacts, built, session.workspace.directory):
                build_zip(job, session)

    def _look_for_built(self, artifacts: Sequence[Artifact], built: Path) -> None:
        """Say whether the stage that saw the source tree made the zips of this very package.

        Raises:
            LockError: it did not, and the zips were asked for.
        """
        from hatch_lambda_zip.build import Workspace, is_built

        builder = self._builder
        with Workspace(Path(self.root)) as workspace:
            jobs = self._jobs(artifacts, built, workspace.directory)
            wheel = jobs[0].own.build(workspace.directory)
            labels = {f"{builder.package}:{job.artifact.name}": job for job in jobs}
            missing = [
                label for label, job in labels.items() if not is_built(job, builder.project, wheel)
            ]
        if not missing:
            AppReporter(self.app).info(f"{', '.join(labels)}: made already, from the source tree")
            return
        message = (
            f"no zip of {', '.join(missing)}: this is an unpacked sdist (it has a PKG-INFO), which "
            "lacks the lock, local projects or files to include. Build from the source tree "
            "(`uv build`, or `uv build --wheel` there), or set `embed-lock = true` in "
            "[tool.hatch.build.hooks.lambda-zip] and build the sdist again."
        )
        if self._request.explicit:
            raise LockError(f"{REQUEST_VARIABLE} asks for zips, but {message}")
        AppReporter(self.app).info(f"lambda-zip: {message}")

    def _jobs(self, artifacts: Sequence[Artifact], built: Path, directory: Path) -> list[Job]:
        from hatch_lambda_zip.build import Job

        outputs = self._builder.outputs(self._output)
        own = self._own_wheel(outputs, built, directory)
        layers_of = self._builder.lambda_config.layers_of
        return [
            Job(artifact, layers_of(artifact), self._output, own, outputs, reuse=True)
            for artifact in artifacts
        ]

    def _own_wheel(self, outputs: Outputs, built: Path, directory: Path) -> OwnWheel:
        """Return how to get the package's own wheel.

        The wheel target's is it, unless the zips select other files, or the hatchling that runs
        is not the declared one, the zips have another version, or it took in what builds wrote.

        Args:
            built: what hatchling has just built.
            directory: for a copy of that.

        Raises:
            DistributionError: that is a wheel, and damaged.
        """
        from hatch_lambda_zip.install import content_digest

        builder = self._builder
        own = builder.own_wheel(outputs)
        differs = builder.own_file_selection or builder.is_isolated or builder.zip_version
        if built.suffix != ".whl" or differs:
            return own
        # All zips are made of this copy, whatever becomes of the file in the output directory.
        copy = directory / built.name
        try:
            shutil.copyfile(built, copy)
            content_digest(copy)
        except (OSError, DistributionError) as error:
            raise DistributionError(
                f"{str(error).rstrip('.')}. If another build writes to {built.parent} too, or "
                "cleans it, let it end, and build again."
            ) from None
        return own if outputs.takes_in(copy) else replace(own, build=lambda _directory: copy)

    def _artifacts(self) -> list[Artifact]:
        """Return what to make; says so when nothing of what is asked for is here."""
        package = self._builder.package
        known = self._builder.lambda_config.artifacts
        chosen = [
            artifact
            for artifact in known
            if self._request.includes(package, artifact.name)
            or self._request.includes(package, artifact.table)
        ]
        if not chosen and self._request.names is not None:
            # No error: in a workspace, every package sees the same variable.
            names = [f"{package}:{artifact.name}" for artifact in known]
            report = AppReporter(self.app)
            for name in self._request.names:
                report.info(f"{package}: {REQUEST_VARIABLE}: {not_one_of(name, names)}")
        return chosen

    def _has_work(self, version: str) -> bool:
        return self._request.enabled and is_for_people(
            self.target_name, version, self._output, os.environ
        )

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
