"""The target's table in pyproject.toml (or hatch.toml) -> artifacts, with every mistake at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

from hatch_lambda_zip.config.expand import expand
from hatch_lambda_zip.config.file_names import name_problems
from hatch_lambda_zip.config.hints import about_key
from hatch_lambda_zip.config.model import DEFAULT_FUNCTION, Artifact
from hatch_lambda_zip.config.option import Kind, Option
from hatch_lambda_zip.config.options import TABLE_NAME, Options, TargetOptions
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.tables import Known, TableReader
from hatch_lambda_zip.config.words import Modules
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import RUNTIMES, Runtime
from hatch_lambda_zip.text import not_one_of

TARGET_KEY: Final = "tool.hatch.build.targets.lambda-zip"
LOCK_KEY: Final = f"{TARGET_KEY}.lock"

# What hatchling reads from every target's table, and which of its properties checks the value.
# Its `include` and `exclude` are not among them: here they choose among the wheel's files.
HATCHLING_SELECTION_KEYS: Final = {
    "artifacts": "artifact_spec",
    "force-include": "force_include",
    "ignore-vcs": "ignore_vcs",
    "only-include": "only_include",
    "only-packages": "only_packages",
    "packages": "packages",
    "skip-excluded-dirs": "skip_excluded_dirs",
    "sources": "sources",
}
HATCHLING_KEYS: Final = {
    **HATCHLING_SELECTION_KEYS,
    "dependencies": "dependencies",
    "dev-mode-dirs": "dev_mode_dirs",
    "dev-mode-exact": "dev_mode_exact",
    "directory": "directory",
    "hooks": "hook_config",
    "reproducible": "reproducible",
    "require-runtime-dependencies": "require_runtime_dependencies",
    "require-runtime-features": "require_runtime_features",
}

_PLATFORM_KEYS: Final = (*Options.runtimes.keys, *Options.architectures.keys)
_NAME_KEYS: Final = (*_PLATFORM_KEYS, *Options.filename.keys)


@dataclass(frozen=True)
class Config:
    """The whole table.

    Attributes:
        artifacts: what is to be built, layers before the functions.
        lock: the value of ``lock``, relative to the project, or None to look for a lock file.
        warnings: what is no mistake but worth a line.
        notes: what may well be meant.
    """

    artifacts: tuple[Artifact, ...]
    lock: str | None
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
    own = _keys(TargetOptions.declared())
    reader.refuse_unknown((*own, *defaults), HATCHLING_KEYS, about_key)
    target = TargetOptions.read(reader, TargetOptions.declared())
    tables = _read_tables(reader, target, options)
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
    return Config(tuple(artifacts), target.lock, tuple(warnings), tuple(_idle_layers(tables)))


@dataclass(frozen=True)
class _Table:
    """A function's or layer's table.

    Attributes:
        name: of the function or layer.
        kind: which of the two.
        reader: takes its mistakes.
        defaults: takes those of what it inherits: the reader of the target's table.
        options: those that hold for it, with the defaults.
        wrong: the keys with a mistake, here or in the defaults.
        artifacts: what is built for it.
    """

    name: str
    kind: Kind
    reader: TableReader
    defaults: TableReader
    options: Options
    wrong: frozenset[str]
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names that it may be asked for by, each once."""
        return list(dict.fromkeys((self.name, *(artifact.name for artifact in self.artifacts))))

    def problem(
        self, option: Option[object], message: str, asked_by: Option[object] | None = None
    ) -> None:
        """Note a mistake in an option at the key that holds its value.

        One that is missing is missing beside the option that asks for it.
        """
        holder = asked_by or option
        if self.options.is_own(holder) or not self.options.is_given(holder):
            self.reader.problem(option.key, message)
        else:
            self.defaults.problem(option.default_key, message)


def _read_tables(
    target: TableReader, target_options: TargetOptions, options: type[Options]
) -> list[_Table]:
    """Read all layers, then all functions."""
    defaults = options.read_defaults(target)
    tables = []
    for kind, inner_tables in (
        (Kind.LAYER, target_options.layers),
        (Kind.FUNCTION, target_options.functions),
    ):
        for name, inner in inner_tables:
            _refuse_keys(inner, kind, options)
            merged = options.read(inner, options.allowed_in(kind)).over(defaults, kind)
            wrong = _wrong_keys(inner, target, options)
            tables.append(_Table(name, kind, inner, target, merged, wrong))
    if "functions" not in target.table:
        # The target's table is the only function's own.
        merged = defaults.over(options(), Kind.FUNCTION)
        wrong = frozenset(target.wrong)
        tables.append(_Table(DEFAULT_FUNCTION, Kind.FUNCTION, target, target, merged, wrong))
    elif not tables and target.table["functions"] == {}:
        target.problem("functions", "has no function in it; remove the table, or add one")
    if not target.table.get("layers"):
        for option in options.inheritable():
            if option.of == (Kind.LAYER,) and option.default_key in target.table:
                target.problem(
                    option.default_key, "is an option of layers, and there is none; remove it"
                )
    for table in tables:
        _refuse_empty(table)
        _check_modules(table)
        table.artifacts.extend(
            expand(
                table.name, table.kind, table.options, table.reader.key, table.problem, table.wrong
            )
        )
    _require_runtimes(tables, target)
    return tables


def _require_runtimes(tables: Sequence[_Table], target: TableReader) -> None:
    """Note tables without a runtime; one that is given, but wrong, was noted where it stands."""
    keys = set(Options.runtimes.keys)
    without = [table for table in tables if keys.isdisjoint(table.reader.table)]
    if keys.isdisjoint(target.table):
        # What all lack, they best have from the defaults.
        readers = [target] if len(without) == len(tables) else [table.reader for table in without]
        for reader in readers:
            newest = RUNTIMES[-1].identifier
            reader.problem("runtime", f'is required; for example: runtime = "{newest}"')


def _keys(options: Iterable[Option[object]]) -> set[str]:
    return {key for option in options for key in option.keys}


def _wrong_keys(
    reader: TableReader, defaults: TableReader, options: type[Options]
) -> frozenset[str]:
    """Return the keys with a mistake that matters to a table, in it or in the defaults."""
    # A runtime of its own stands for the defaults' runtimes too.
    own = _keys(
        option for option in options.declared() if not reader.table.keys().isdisjoint(option.keys)
    )
    return frozenset(reader.wrong | (defaults.wrong - own))


def _refuse_empty(table: _Table) -> None:
    """Note a layer without anything in it."""
    if table.options.distributions == () and not table.options.include_files:
        table.problem(
            Options.distributions,
            "is empty, so there is nothing to ship; name distributions, or remove the key for "
            "everything third-party",
        )


def _check_modules(table: _Table) -> None:
    """Note modules that are to be found from a handler that is not given."""
    options = table.options
    if options.modules is Modules.IMPORTED:
        if not options.handler:
            table.problem(
                Options.modules,
                'is "imported", which needs a `handler` to start from; give one, or remove it',
            )
    elif options.is_own(Options.keep_modules) and options.keep_modules:
        table.reader.problem("keep-modules", 'says nothing without modules = "imported"; remove it')


def _refuse_keys(reader: TableReader, kind: Kind, options: type[Options]) -> None:
    """Note keys that do not belong in a table."""
    known = _keys(options.allowed_in(kind))
    elsewhere = _keys(options.declared()) - known
    for key in reader.table:
        if key in elsewhere:
            others = " or ".join(f"{other.value}s" for other in Kind if other is not kind)
            reader.problem(key, f"is an option of {others} only; remove it")
    first_table = _keys(TargetOptions.declared()) | HATCHLING_KEYS.keys()
    reader.refuse_unknown(known, hint=partial(about_key, first_table=first_table))


def _check_names(tables: Iterable[_Table]) -> list[_Table]:
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


def _check_layers(tables: Sequence[_Table]) -> None:
    """Note layers that functions name and that are not built, or not for the same platform."""
    layers = {table.name: table for table in tables if table.kind is Kind.LAYER}
    for table in tables:
        for name in table.options.layers:
            if name not in layers:
                message = f"the layer {not_one_of(name, sorted(layers))}"
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


def _idle_layers(tables: Sequence[_Table]) -> Iterator[str]:
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
