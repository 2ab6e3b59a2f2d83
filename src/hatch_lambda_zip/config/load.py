"""The target's table in pyproject.toml (or hatch.toml) -> artifacts, with every mistake at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hatch_lambda_zip.config.checks import TABLE_NAME
from hatch_lambda_zip.config.file_names import name_problems
from hatch_lambda_zip.config.function_tables import Table, keys_of, read_function_tables
from hatch_lambda_zip.config.hints import about_key
from hatch_lambda_zip.config.keys import HATCHLING_KEYS, TARGET_KEY
from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.options import Options
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.tables import Known, TableReader
from hatch_lambda_zip.config.target_options import TargetOptions
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import RUNTIMES, Runtime
from hatch_lambda_zip.text import not_one_of

_PLATFORM_KEYS: Final = (*Options.runtimes.keys, *Options.architectures.keys)
_NAME_KEYS: Final = (*_PLATFORM_KEYS, *Options.filename.keys)


@dataclass(frozen=True)
class Config:
    """The whole table.

    Attributes:
        artifacts: what is to be built, layers before the functions.
        warnings: what is no mistake but worth a line.
        notes: what may well be meant.
    """

    artifacts: tuple[Artifact, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def artifact(self, name: str) -> Artifact:
        """Return the artifact of that name.

        Raises:
            KeyError: there is none.
        """
        for artifact in self.artifacts:
            if artifact.name == name:
                return artifact
        raise KeyError(name)

    def layers_of(self, function: Artifact) -> tuple[Artifact, ...]:
        """Return the layers that a function is deployed with, in its order."""
        return tuple(
            artifact
            for table in function.layers
            for artifact in self.artifacts
            if artifact.table == table and artifact.platform == function.platform
        )

    def named(self, asked: Iterable[str]) -> list[str]:
        """Return the names of the artifacts that are meant, each once.

        Args:
            asked: names of functions, of layers, or of single artifacts.

        Raises:
            ConfigError: one of them is none of these.
        """
        asked = list(asked)
        known = list(
            dict.fromkeys(
                name for artifact in self.artifacts for name in (artifact.table, artifact.name)
            )
        )
        if unknown := [name for name in asked if name not in known]:
            has_layers = any(artifact.kind is Kind.LAYER for artifact in self.artifacts)
            what = "function or layer" if has_layers else "function"
            raise ConfigError(
                f"{TARGET_KEY}: the {what} {not_one_of(name, known)}" for name in unknown
            )
        return [
            artifact.name
            for artifact in self.artifacts
            if not {artifact.name, artifact.table}.isdisjoint(asked)
        ]


def parse_config(
    table: Mapping[str, object],
    *,
    today: date,
    known: Known | None = None,
    project: Project | None = None,
    problems: Iterable[str] = (),
    options: type[Options] = Options,
) -> Config:
    """Check the target's table and turn it into a :class:`Config`.

    Args:
        table: what stands in ``[tool.hatch.build.targets.lambda-zip]``.
        today: the date that deprecations are judged by.
        known: what the package has.
        project: the package, which file names are made with; None leaves them unchecked.
        problems: mistakes found elsewhere (by hatchling, in its own keys), reported with ours.
        options: the declarations of what functions and layers may have.

    Raises:
        ConfigError: with every mistake of the table.
    """
    reader = TableReader(TARGET_KEY, table, list(problems), known)
    defaults = (key for option in options.inheritable() for key in option.default_keys)
    own = keys_of(TargetOptions.declared())
    ours = {*own, *defaults} - HATCHLING_KEYS.keys()
    reader.refuse_unknown(ours, HATCHLING_KEYS, about_key)
    target = TargetOptions.read(reader, TargetOptions.declared())
    tables = read_function_tables(reader, target, options)
    artifacts = [artifact for inner in tables for artifact in inner.artifacts]
    well_named = _check_names(tables)
    _check_layers(tables)
    if project is not None:
        # What is wrong in a name or platform would only give more mistakes.
        sound = {inner.name: inner for inner in well_named if inner.wrong.isdisjoint(_NAME_KEYS)}
        named = [artifact for inner in sound.values() for artifact in inner.artifacts]
        for name, message in name_problems(named, project):
            sound[name].reader.problem("filename", message)
    names = [name for inner in tables for name in inner.names]
    for name in target.versions:
        if name not in names:
            reader.problem("versions", not_one_of(name, names))
    if reader.problems:
        raise ConfigError(reader.problems)
    runtimes = {
        artifact.platform.runtime.identifier: artifact.platform.runtime for artifact in artifacts
    }
    warnings = [
        warning for runtime in runtimes.values() if (warning := _runtime_warning(runtime, today))
    ]
    return Config(tuple(artifacts), tuple(warnings), tuple(_idle_layers(tables)))


def _check_names(tables: Iterable[Table]) -> list[Table]:
    """Note names that can't be used or are taken, and return the tables with sound ones."""
    sound = []
    owners: dict[str, str] = {}
    for table in tables:
        key = table.reader.key
        if not TABLE_NAME.fullmatch(table.name):
            table.reader.problems.append(
                f"{key}: {table.name!r} can't name a {table.kind.value}, since it becomes part of "
                "a file name; only ASCII letters, digits, '-' and '_' will do"
            )
        taken: dict[str, str] = {}
        for name in table.names:
            if (owner := owners.setdefault(name, key)) != key:
                taken.setdefault(owner, name)
        for owner, name in taken.items():
            table.reader.problems.append(
                f"{key}: the name {name!r} is taken by {owner}; rename one of them"
            )
        if TABLE_NAME.fullmatch(table.name) and not taken:
            sound.append(table)
    return sound


def _check_layers(tables: Sequence[Table]) -> None:
    """Note layers that functions name and that are not built, or not for the same platform."""
    layers = {table.name: table for table in tables if table.kind is Kind.LAYER}
    for table in tables:
        for name in table.options.layers:
            if name not in layers:
                message = (
                    f"the layer {not_one_of(name, sorted(layers))}"
                    if layers
                    else f"there is no layer {name!r}; [{TARGET_KEY}.layers.{name}] makes one"
                )
                table.problem(Options.layers, message)
                continue
            if not layers[name].wrong.union(table.wrong).isdisjoint(_PLATFORM_KEYS):
                continue
            platforms = [artifact.platform for artifact in layers[name].artifacts]
            for artifact in table.artifacts:
                if platforms and artifact.platform not in platforms:
                    table.problem(
                        Options.layers,
                        f"the layer {name!r} is built for {', '.join(map(str, platforms))}, and "
                        f"the function {table.name!r} for {artifact.platform}; make them agree, or "
                        "build the layer for both (`architectures`, `runtimes`)",
                    )


def _idle_layers(tables: Sequence[Table]) -> Iterator[str]:
    """Yield a line for each layer that no function is deployed with."""
    used = {name for table in tables for name in table.options.layers}
    for table in tables:
        if table.kind is Kind.LAYER and table.name not in used:
            yield (
                f"{table.reader.key}: no function has this layer in its `layers`; where one is "
                "deployed with it, say so there, and it ships only what the layer does not"
            )


def _runtime_warning(runtime: Runtime, today: date) -> str | None:
    if not runtime.is_known:
        return (
            f"{TARGET_KEY}.runtime: {runtime.identifier!r} is newer than this version of "
            f"hatch-lambda-zip, which knows {RUNTIMES[-1].identifier!r} as the newest and "
            "assumes the same operating system; look for an update of hatch-lambda-zip"
        )
    if runtime.deprecated is not None and runtime.deprecated <= today:
        return (
            f"{TARGET_KEY}.runtime: AWS deprecated {runtime.identifier!r} on "
            f"{runtime.deprecated.isoformat()}; it gets no more security updates"
        )
    return None
