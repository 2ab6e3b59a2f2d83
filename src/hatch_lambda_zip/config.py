"""Tables of pyproject.toml (or hatch.toml) -> frozen dataclasses, with every mistake at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES, Runtime, Target, find_runtime
from hatch_lambda_zip.tables import TableReader, not_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

TARGET_KEY: Final = "tool.hatch.build.targets.lambda-zip"
HOOK_KEY: Final = "tool.hatch.build.hooks.lambda-zip"
DEFAULT_FUNCTION: Final = "lambda"

# What hatchling reads from every target's table, and which of its properties checks the value.
HATCHLING_SELECTION_KEYS: Final = {
    "artifacts": "artifact_spec",
    "exclude": "exclude_spec",
    "force-include": "force_include",
    "ignore-vcs": "ignore_vcs",
    "include": "include_spec",
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
# What every function may have; in the target's own table they are the defaults for all.
_FUNCTION_KEYS: Final = ("runtime", "architecture", "handler", "extras", "groups")
# hatchling's "versions", the ones that are built by default, are functions here.
_OWN_KEYS: Final = (*_FUNCTION_KEYS, "functions", "lock", "versions")

# What hatchling itself reads from every build hook's table.
_HATCHLING_HOOK_KEYS: Final = (
    *("dependencies", "enable-by-default"),
    *("require-runtime-dependencies", "require-runtime-features"),
)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
# AWS: the part after the last dot is the function, the rest the module; Lambda reads "/" as ".".
_HANDLER: Final = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)*\.[A-Za-z_]\w*")


@dataclass(frozen=True)
class Wants:
    """Which part of the package's dependencies a function wants.

    Attributes:
        extras: of the package, normalized (PEP 685) and sorted.
        groups: its dependency groups (PEP 735), likewise.
    """

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """One function: one zip.

    Attributes:
        name: how the function is called on the command line and in the zip's file name.
        target: the runtime and architecture that it is built for.
        handler: AWS's ``module.name``, or None when it is not to be checked.
        wants: which dependencies it ships.
    """

    name: str
    target: Target
    handler: str | None
    wants: Wants = Wants()


@dataclass(frozen=True)
class Config:
    """The whole table.

    Attributes:
        functions: in the order in which they are built.
        lock: the value of ``lock``, relative to the project, or None to look for a lock file.
        warnings: what is no mistake but worth a line.
    """

    functions: tuple[Function, ...]
    lock: str | None
    warnings: tuple[str, ...]

    def function(self, name: str) -> Function:
        """Return the function of that name.

        Raises:
            KeyError: there is none.
        """
        for function in self.functions:
            if function.name == name:
                return function
        raise KeyError(name)


@dataclass(frozen=True)
class Known:
    """What the package itself declares, so that a misspelt name is found here.

    Attributes:
        extras: normalized; None when they can't be known beforehand.
        groups: likewise.
    """

    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None


def parse_config(
    table: Mapping[str, object],
    *,
    today: date,
    known: Known | None = None,
    problems: Iterable[str] = (),
) -> Config:
    """Check the target's table and turn it into a :class:`Config`.

    Args:
        table: what stands in ``[tool.hatch.build.targets.lambda-zip]``.
        today: the date that deprecations are judged by.
        known: what the package declares.
        problems: mistakes found elsewhere (by hatchling, in its own keys), reported with ours.

    Raises:
        ConfigError: with every mistake of the table.
    """
    reader = TableReader(TARGET_KEY, table, list(problems))
    reader.refuse_unknown((*_OWN_KEYS, *HATCHLING_KEYS))
    defaults = _read_options(reader, known or Known())
    lock = reader.text("lock", _wrong_lock)
    tables = reader.tables("functions")
    named = [(name, inner, _read_function(name, inner, known or Known())) for name, inner in tables]
    if "functions" not in table:
        named = [(DEFAULT_FUNCTION, reader, _Options())]
    functions = [
        function
        for name, inner, options in named
        if (
            function := _function(
                name, inner, options.over(defaults), has_default="runtime" in table
            )
        )
    ]
    if not named and not reader.problems:
        reader.problem("functions", "has no function in it; remove the table, or add one")
    names = [name for name, _, _ in named]
    reader.texts("versions", lambda name: None if name in names else not_one_of(name, names))
    if reader.problems:
        raise ConfigError(reader.problems)
    runtimes = {
        function.target.runtime.identifier: function.target.runtime for function in functions
    }
    warnings = [
        warning for runtime in runtimes.values() if (warning := _runtime_warning(runtime, today))
    ]
    return Config(tuple(functions), lock, tuple(warnings))


@dataclass(frozen=True)
class _Options:
    """The keys that a function may have, as far as they are given."""

    runtime: Runtime | None = None
    architecture: str | None = None
    handler: str | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None

    def over(self, defaults: _Options) -> _Options:
        """Return these options, with the defaults where one is not given."""
        return _Options(
            **{
                field.name: (
                    getattr(defaults, field.name)
                    if getattr(self, field.name) is None
                    else getattr(self, field.name)
                )
                for field in fields(_Options)
            }
        )


def _read_options(reader: TableReader, known: Known) -> _Options:
    identifier = reader.text("runtime", _wrong_runtime)
    return _Options(
        None if identifier is None else find_runtime(identifier),
        reader.text("architecture", lambda value: _wrong_choice(value, ARCHITECTURES)),
        reader.text("handler", _wrong_handler),
        _names(reader.texts("extras", lambda name: _wrong_choice(name, known.extras))),
        _names(reader.texts("groups", lambda name: _wrong_choice(name, known.groups))),
    )


def _read_function(name: str, reader: TableReader, known: Known) -> _Options:
    reader.refuse_unknown(_FUNCTION_KEYS)
    if not _NAME.fullmatch(name):
        reader.problems.append(
            f"{reader.key}: {name!r} can't name a function: it is part of file names and of "
            "`-t lambda-zip:NAME,…`, so only ASCII letters, digits, '-' and '_' will do"
        )
    return _read_options(reader, known)


def _function(
    name: str, reader: TableReader, options: _Options, *, has_default: bool
) -> Function | None:
    if options.runtime is None:
        # A runtime that is given, but wrong, was noted where it stands.
        if "runtime" not in reader.table and not has_default:
            newest = RUNTIMES[-1].identifier
            reader.problem("runtime", f'is required; for example: runtime = "{newest}"')
        return None
    target = Target(options.runtime, options.architecture or ARCHITECTURES[0])
    wants = Wants(options.extras or (), options.groups or ())
    return Function(name, target, options.handler, wants)


def _names(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted({canonicalize_name(name) for name in values}))


def _wrong_choice(value: str, choices: tuple[str, ...] | None) -> str | None:
    if choices is None or value in choices or canonicalize_name(value) in choices:
        return None
    return not_one_of(value, choices)


def _wrong_runtime(identifier: str) -> str | None:
    if find_runtime(identifier) is not None:
        return None
    return not_one_of(identifier, [row.identifier for row in RUNTIMES])


def _wrong_handler(handler: str) -> str | None:
    if _HANDLER.fullmatch(handler):
        return None
    return f"{handler!r} is not of the form 'package.module.function', which Lambda needs"


def _wrong_lock(lock: str) -> str | None:
    path = PurePosixPath(lock)
    if path.is_absolute() or re.match(r"[A-Za-z]:|[\\/]", lock):
        return (
            f"{lock!r} is an absolute path, which other machines don't have; "
            "write it relative to pyproject.toml"
        )
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
    if not runtime.known:
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
    config = HookConfig(reader.flag("embed-lock"))
    if reader.problems:
        raise ConfigError(reader.problems)
    return config


def unknown_functions(asked: Iterable[str], config: Config) -> list[str]:
    """Return one message for each name in ``asked`` that is no function of ``config``."""
    known = [function.name for function in config.functions]
    return [
        f"{TARGET_KEY}: the function {not_one_of(name, known)}"
        for name in asked
        if name not in known
    ]
