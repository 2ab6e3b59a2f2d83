"""Tables of pyproject.toml (or hatch.toml) -> frozen dataclasses, with every mistake at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from hatch_lambda_zip.config.expand import expand
from hatch_lambda_zip.config.file_names import name_problems
from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.config.options import (
    FUNCTION_KEYS,
    LAYER_KEYS,
    Known,
    Options,
    is_absolute,
    read_options,
)
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import RUNTIMES, Runtime
from hatch_lambda_zip.text import not_one_of

TARGET_KEY: Final = "tool.hatch.build.targets.lambda-zip"
LOCK_KEY: Final = f"{TARGET_KEY}.lock"
DEFAULT_FUNCTION: Final = "lambda"

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
# hatchling's "versions", the ones that are built by default, are functions and layers here.
_OWN_KEYS: Final = (*FUNCTION_KEYS, *LAYER_KEYS, "functions", "layers", "lock", "versions")

_TARGET_KEYS: Final = ("runtime", "runtimes", "architecture", "architectures")
_NAME_KEYS: Final = (*_TARGET_KEYS, "filename")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


@dataclass(frozen=True)
class Config:
    """The whole table.

    Attributes:
        artifacts: what is to be built, layers before the functions.
        lock: the value of ``lock``, relative to the project, or None to look for a lock file.
        warnings: what is no mistake but worth a line.
    """

    artifacts: tuple[Artifact, ...]
    lock: str | None
    warnings: tuple[str, ...]

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
            dict.fromkeys(name for one in self.artifacts for name in (one.table, one.name))
        )
        if unknown := [name for name in asked if name not in known]:
            has_layers = any(one.kind is Kind.LAYER for one in self.artifacts)
            what = "function or layer" if has_layers else "function"
            raise ConfigError(
                f"{TARGET_KEY}: the {what} {not_one_of(name, known)}" for name in unknown
            )
        return [one.name for one in self.artifacts if not {one.name, one.table}.isdisjoint(asked)]


def parse_config(
    table: Mapping[str, object],
    *,
    today: date,
    known: Known | None = None,
    project: Project | None = None,
    problems: Iterable[str] = (),
) -> Config:
    """Check the target's table and turn it into a :class:`Config`.

    Args:
        table: what stands in ``[tool.hatch.build.targets.lambda-zip]``.
        today: the date that deprecations are judged by.
        known: what the package has.
        project: the package, which file names are made with; None leaves them unchecked.
        problems: mistakes found elsewhere (by hatchling, in its own keys), reported with ours.

    Raises:
        ConfigError: with every mistake of the table.
    """
    known = known or Known()
    reader = TableReader(TARGET_KEY, table, list(problems))
    reader.refuse_unknown((*_OWN_KEYS, *HATCHLING_KEYS))
    lock = reader.text("lock", _wrong_lock)
    tables = [*_read_tables(reader, known)]
    artifacts = [artifact for one in tables for artifact in one.artifacts]
    well_named = _check_names(tables)
    _check_layers(tables)
    if project is not None:
        # What is wrong in a name or platform would only give more mistakes.
        sound = {one.name: one for one in well_named if one.wrong.isdisjoint(_NAME_KEYS)}
        named = [artifact for one in sound.values() for artifact in one.artifacts]
        for name, message in name_problems(named, project):
            sound[name].reader.problem("filename", message)
    names = [name for one in tables for name in one.names]
    reader.texts("versions", lambda name: None if name in names else not_one_of(name, names))
    if reader.problems:
        raise ConfigError(reader.problems)
    runtimes = {one.platform.runtime.identifier: one.platform.runtime for one in artifacts}
    warnings = [
        warning for runtime in runtimes.values() if (warning := _runtime_warning(runtime, today))
    ]
    return Config(tuple(artifacts), lock, tuple(warnings))


@dataclass(frozen=True)
class _Table:
    """A function's or layer's table.

    Attributes:
        name: of the function or layer.
        kind: which of the two.
        reader: takes its mistakes.
        own: what stands in it.
        options: the same, with the defaults.
        wrong: the keys with a mistake, here or in the defaults.
        artifacts: what is built for it.
    """

    name: str
    kind: Kind
    reader: TableReader
    own: Options
    options: Options
    wrong: frozenset[str]
    artifacts: list[Artifact] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names that it may be asked for by, each once."""
        return list(dict.fromkeys((self.name, *(one.name for one in self.artifacts))))


def _read_tables(reader: TableReader, known: Known) -> list[_Table]:
    """Read all layers, then all functions."""
    # Here `layers` holds the tables of layers; which of them a function has, its own table says.
    own = {key: value for key, value in reader.table.items() if key != "layers"}
    outer = TableReader(reader.key, own, reader.problems)
    defaults = read_options(outer, known)
    tables = []
    for name, inner in reader.tables("layers"):
        _refuse_keys(inner, known=LAYER_KEYS, others=FUNCTION_KEYS, owner="functions")
        options = read_options(inner, known)
        wrong = _wrong_keys(inner, outer)
        tables.append(_Table(name, Kind.LAYER, inner, options, options.over(defaults), wrong))
        _refuse_empty(tables[-1])
    for name, inner in reader.tables("functions"):
        _refuse_keys(inner, known=FUNCTION_KEYS, others=LAYER_KEYS, owner="layers")
        options = read_options(inner, known)
        wrong = _wrong_keys(inner, outer)
        tables.append(_Table(name, Kind.FUNCTION, inner, options, options.over(defaults), wrong))
    if "functions" not in reader.table:
        wrong = frozenset(outer.wrong)
        tables.append(_Table(DEFAULT_FUNCTION, Kind.FUNCTION, outer, defaults, defaults, wrong))
    elif not tables and reader.table["functions"] == {}:
        reader.problem("functions", "has no function in it; remove the table, or add one")
    if "distributions" in own and not reader.table.get("layers"):
        reader.problem("distributions", "is an option of layers, and there is none; remove it")
    has_default = not {"runtime", "runtimes"}.isdisjoint(reader.table)
    for one in tables:
        if one.options.runtimes is not None:
            one.artifacts.extend(
                expand(one.name, one.kind, one.own, one.options, one.reader, one.wrong)
            )
        # A runtime that is given, but wrong, was noted where it stands.
        elif {"runtime", "runtimes"}.isdisjoint(one.reader.table) and not has_default:
            newest = RUNTIMES[-1].identifier
            one.reader.problem("runtime", f'is required; for example: runtime = "{newest}"')
    return tables


def _wrong_keys(reader: TableReader, defaults: TableReader) -> frozenset[str]:
    """Return the keys with a mistake that matters to a table, in it or in the defaults."""
    # A runtime of its own stands for the defaults' runtimes too.
    own = {key.removesuffix("s") for key in reader.table}
    inherited = {key for key in defaults.wrong if key.removesuffix("s") not in own}
    return frozenset(reader.wrong | inherited)


def _refuse_empty(layer: _Table) -> None:
    """Note a layer without anything in it."""
    if layer.options.distributions == () and not layer.own.include_files:
        layer.reader.problem(
            "distributions",
            "is empty, so there is nothing to ship; name distributions, or remove the key for "
            "everything third-party",
        )


def _refuse_keys(
    reader: TableReader, *, known: Sequence[str], others: Sequence[str], owner: str
) -> None:
    """Note keys that do not belong in a table."""
    for key in reader.table:
        if key in others and key not in known:
            reader.problem(key, f"is an option of {owner} only; remove it")
    reader.refuse_unknown({*known, *others})


def _check_names(tables: Iterable[_Table]) -> list[_Table]:
    """Note names that can't be used or are taken, and return the tables with sound ones."""
    sound = []
    owners: dict[str, str] = {}
    for one in tables:
        key = one.reader.key
        if not _NAME.fullmatch(one.name):
            one.reader.problems.append(
                f"{key}: {one.name!r} can't name a {one.kind.value}, since it becomes part of a "
                "file name; only ASCII letters, digits, '-' and '_' will do"
            )
        taken: dict[str, str] = {}
        for name in one.names:
            if (owner := owners.setdefault(name, key)) != key:
                taken.setdefault(owner, name)
        for owner, name in taken.items():
            one.reader.problems.append(
                f"{key}: the name {name!r} is taken by {owner}; rename one of them"
            )
        if _NAME.fullmatch(one.name) and not taken:
            sound.append(one)
    return sound


def _check_layers(tables: Sequence[_Table]) -> None:
    """Note layers that functions name and that are not built, or not for the same platform."""
    layers = {table.name: table for table in tables if table.kind is Kind.LAYER}
    for one in tables:
        names = (one.options.layers or ()) if one.kind is Kind.FUNCTION else ()
        for name in names:
            if name not in layers:
                one.reader.problem("layers", f"the layer {not_one_of(name, sorted(layers))}")
                continue
            if not layers[name].wrong.union(one.wrong).isdisjoint(_TARGET_KEYS):
                continue
            platforms = [artifact.platform for artifact in layers[name].artifacts]
            for artifact in one.artifacts:
                if platforms and artifact.platform not in platforms:
                    one.reader.problem(
                        "layers",
                        f"the layer {name!r} is built for {', '.join(map(str, platforms))}, and "
                        f"the function for {artifact.platform}; make them agree, or build the "
                        "layer for both (`architectures`, `runtimes`)",
                    )


def _wrong_lock(lock: str) -> str | None:
    if is_absolute(lock):
        return (
            f"{lock!r} is an absolute path, which other machines don't have; "
            "write it relative to pyproject.toml"
        )
    path = PurePosixPath(lock)
    if (
        path.name in {"uv.lock", "pylock.toml"}
        or re.fullmatch(r"pylock\.[^.]+\.toml", path.name)
        or path.suffix == ".txt"
    ):
        return None
    return (
        f"{lock!r} is not a lock file that can be read: "
        "uv.lock, pylock.toml, pylock.<name>.toml or a requirements.txt with hashes"
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
