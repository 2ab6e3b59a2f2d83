"""Makes the zips beside a wheel or an sdist that a back end has just made, hatchling or another.

The build hook and the wrapper of other back ends both do this, each for its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatch_lambda_zip.config import Artifact, inner_table
from hatch_lambda_zip.errors import ConfigError, DistributionError, LockError
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.plugin.app import AppReporter
from hatch_lambda_zip.plugin.request import REQUEST_VARIABLE, HookRequest
from hatch_lambda_zip.redact import has_password
from hatch_lambda_zip.text import not_one_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from hatch_lambda_zip.build import Job
    from hatch_lambda_zip.contents import Outputs
    from hatch_lambda_zip.install import OwnWheel
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

_FROM_VARIABLE: Final = re.compile(r"\{env:[^{}:]*:?\}")
_VARIABLE: Final = re.compile(r"(?:UV|PIP)_|\w*PROXY\Z", re.IGNORECASE)


def refuse_credentials_in(name: str, pyproject: Mapping[str, Any]) -> None:
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


def refuse_passwords(pyproject: Mapping[str, Any], files: Mapping[str, str]) -> None:
    """See that no settings that go along in an sdist have a URL with a password.

    Those of uv, and variables for it and pip in hatch's environments; others may have one that
    opens nothing, as that of a database for tests.

    Args:
        files: the texts of other settings that go along, by their paths.

    Raises:
        ConfigError: some have.
    """
    tool = inner_table(pyproject, "tool")
    found = [*_keys_with_passwords("tool.uv", tool.get("uv"))]
    for name, environment in inner_table(tool, "hatch", "envs").items():
        variables = environment.get("env-vars") if isinstance(environment, dict) else None
        found += [
            key
            for key in _keys_with_passwords(f"tool.hatch.envs.{name}.env-vars", _plain(variables))
            if _VARIABLE.match(key.rpartition(".")[2])
        ]
    found += [name for name, text in files.items() if _settings_have_password(text)]
    if found:
        message = (
            f"{', '.join(dict.fromkeys(found))}: a URL has a password, which an sdist must not "
            "spread, and with embed-lock zips are made of that anywhere. Take it out, and give it "
            "to uv through its variables, netrc or keyring"
        )
        raise ConfigError([message])


def _plain(variables: object) -> dict[str, str]:
    """Return variables without what hatch takes from others, which is no password yet."""
    table = variables if isinstance(variables, dict) else {}
    return {name: _FROM_VARIABLE.sub("", str(value)) for name, value in table.items()}


def _settings_have_password(text: str) -> bool:
    try:
        return any(_keys_with_passwords("", tomllib.loads(text)))
    except (ValueError, RecursionError):
        return has_password(text)


def _keys_with_passwords(key: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _keys_with_passwords(f"{key}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            # What an entry of a list is called says less than the list.
            inners = inner.values() if isinstance(inner, dict) else [inner]
            yield from (found for each in inners for found in _keys_with_passwords(key, each))
    elif isinstance(value, str) and has_password(value):
        yield key


@dataclass(frozen=True)
class Stage:
    """The build of a wheel or an sdist for people.

    Attributes:
        builder: what makes the project's zips.
        output: the directory of the wheel or sdist, and so of the zips.
        request: what to make.
        or_else: what else to do where only an sdist is there; half a sentence.
        build_data: as hatchling's build hooks left it.
    """

    builder: LambdaZipBuilder
    output: Path
    request: HookRequest
    or_else: str = ""
    build_data: Mapping[str, Any] = field(default_factory=dict)

    def make_zips(self, built: Path, embedded: Path | None = None) -> None:
        """Make the zips, if this is the stage that sees the source tree.

        Args:
            built: what the back end has just built.
            embedded: what an sdist takes along of what the zips need.

        Raises:
            LambdaZipError: they can't be made.
        """
        # Before anything takes time: a build of another checkout may replace it.
        content = _content_of(built)
        from hatch_lambda_zip.build import EMBEDDED_DIRECTORY, build_zip

        builder = self.builder
        is_here = True
        if builder.is_unpacked_sdist:
            embedded = Path(builder.root) / EMBEDDED_DIRECTORY
            is_here = embedded.is_dir()
        if not is_here and builder.is_isolated and built.suffix == ".whl":
            # Nothing of it ships from here: to say what it is, it need not be built once more.
            builder.isolated_wheel = built
        builder.check()
        artifacts = self._artifacts()
        if not artifacts:
            return
        if not is_here:
            self._look_for_built(artifacts, built.name, content)
            return
        with builder.keeping_version_files(), builder.open_session(embedded) as session:
            jobs = self._jobs(artifacts, built.name, content, session.workspace.directory)
            del content  # it may be large
            for job in jobs:
                build_zip(job, session)

    def _look_for_built(self, artifacts: Sequence[Artifact], name: str, content: bytes) -> None:
        """Say whether the stage that saw the source tree made the zips of this very package.

        Raises:
            LockError: it did not, and the zips were asked for.
        """
        from hatch_lambda_zip.build import Workspace, is_built

        builder = self.builder
        with Workspace(Path(builder.root)) as workspace:
            jobs = self._jobs(artifacts, name, content, workspace.directory)
            wheel = jobs[0].own.build(workspace.directory)
            labels = {f"{builder.package}:{job.artifact.name}": job for job in jobs}
            missing = [
                label for label, job in labels.items() if not is_built(job, builder.project, wheel)
            ]
        if not missing:
            AppReporter(self.builder.app).info(
                f"{', '.join(labels)}: made already, from the source tree"
            )
            return
        message = (
            f"no zip of {', '.join(missing)}: this is an unpacked sdist (it has a PKG-INFO), which "
            "lacks the lock, local projects or files to include. Build from the source tree "
            f"(`uv build`, or `uv build --wheel` there){self.or_else}."
        )
        if self.request.explicit:
            raise LockError(f"{REQUEST_VARIABLE} asks for zips, but {message}")
        AppReporter(self.builder.app).info(f"lambda-zip: {message}")

    def _jobs(
        self, artifacts: Sequence[Artifact], name: str, content: bytes, directory: Path
    ) -> list[Job]:
        from hatch_lambda_zip.build import Job

        outputs = self.builder.outputs(self.output)
        own = self._own_wheel(outputs, directory / name, content)
        layers_of = self.builder.lambda_config.layers_of
        return [
            Job(artifact, layers_of(artifact), self.output, own, outputs, reuse=True)
            for artifact in artifacts
        ]

    def _own_wheel(self, outputs: Outputs, copy: Path, content: bytes) -> OwnWheel:
        """Return how to get the package's own wheel.

        The wheel target's is it, unless the zips select other files, or the hatchling that runs
        is not the declared one, the zips have another version, or it took in what builds wrote.

        Args:
            copy: where there is to be one of what hatchling has just built.
            content: of that.

        Raises:
            DistributionError: that is a wheel, and damaged.
            OutputError: temporary files are to lie in what it was made of, and are in it then.
        """
        from hatch_lambda_zip.install import content_digest
        from hatch_lambda_zip.plugin.own_wheel import check_sources

        builder = self.builder
        own = builder.own_wheel(outputs)
        differs = builder.own_file_selection or builder.is_isolated or builder.zip_version
        if copy.suffix != ".whl" or differs:
            return own
        check_sources(builder, outputs, self.build_data)
        # All zips are made of this copy, whatever becomes of the file in the output directory.
        copy.write_bytes(content)
        try:
            content_digest(copy)
        except DistributionError as error:
            raise _replaced(error, self.output) from None
        return own if outputs.takes_in(copy) else replace(own, build=lambda _directory: copy)

    def _artifacts(self) -> list[Artifact]:
        """Return what to make; says so when nothing of what is asked for is here."""
        package = self.builder.package
        known = self.builder.lambda_config.artifacts
        chosen = [
            artifact
            for artifact in known
            if self.request.includes(package, artifact.name)
            or self.request.includes(package, artifact.table)
        ]
        if not chosen and self.request.names is not None:
            # No error: in a workspace, every package sees the same variable.
            names = [f"{package}:{artifact.name}" for artifact in known]
            report = AppReporter(self.builder.app)
            for name in self.request.names:
                report.info(f"{package}: {REQUEST_VARIABLE}: {not_one_of(name, names)}")
        return chosen


def _content_of(built: Path) -> bytes:
    """Return the content of a wheel that was just built; nothing of what is none.

    Raises:
        DistributionError: it can't be read.
    """
    if built.suffix != ".whl":
        return b""
    try:
        # Of nothing else, such as a device, which may never end.
        return read_regular(built) or b""
    except OSError as error:
        raise _replaced(error, built.parent) from None


def _replaced(error: Exception, output: Path) -> DistributionError:
    return DistributionError(
        f"{str(error).rstrip('.')}. If another build writes to {output} too, or cleans it, let it "
        "end, and build again."
    )
