"""Tables of pyproject.toml (or hatch.toml) -> frozen dataclasses, with every mistake at once."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES, Target, find_runtime

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
# hatchling's "versions", the ones that are built by default, are functions here.
_OWN_KEYS: Final = ("runtime", "architecture", "handler", "lock", "versions")

# What hatchling itself reads from every build hook's table.
_HATCHLING_HOOK_KEYS: Final = (
    *("dependencies", "enable-by-default"),
    *("require-runtime-dependencies", "require-runtime-features"),
)

# AWS: the part after the last dot is the function, the rest the module; Lambda reads "/" as ".".
_HANDLER: Final = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)*\.[A-Za-z_]\w*")


@dataclass(frozen=True)
class Function:
    """One function: one zip.

    Attributes:
        name: how the function is called on the command line and in the zip's file name.
        target: the runtime and architecture that it is built for.
        handler: AWS's ``module.name``, or None when it is not to be checked.
    """

    name: str
    target: Target
    handler: str | None


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


def parse_config(
    table: Mapping[str, object], *, today: date, problems: Iterable[str] = ()
) -> Config:
    """Check the target's table and turn it into a :class:`Config`.

    Args:
        table: what stands in ``[tool.hatch.build.targets.lambda-zip]``.
        today: the date that deprecations are judged by.
        problems: mistakes found elsewhere (by hatchling, in its own keys), reported with ours.

    Raises:
        ConfigError: with every mistake of the table.
    """
    reader = _Reader(TARGET_KEY, table, list(problems))
    reader.refuse_unknown((*_OWN_KEYS, *HATCHLING_KEYS))
    identifier = reader.text("runtime", required=True)
    architecture = reader.text("architecture", choices=ARCHITECTURES) or ARCHITECTURES[0]
    handler = reader.text("handler")
    if handler is not None and not _HANDLER.fullmatch(handler):
        reader.problem(
            "handler",
            f"{handler!r} is not of the form 'package.module.function', which Lambda needs",
        )
    lock = reader.text("lock")
    if lock is not None:
        _check_lock(reader, lock)

    runtime = None
    warnings: list[str] = []
    if identifier is not None:
        runtime = find_runtime(identifier)
        known = [row.identifier for row in RUNTIMES]
        if runtime is None:
            reader.problem("runtime", not_one_of(identifier, known))
        elif not runtime.known:
            warnings.append(
                f"{TARGET_KEY}.runtime: {identifier!r} is newer than this version of "
                f"hatch-lambda-zip, which knows {known[-1]!r} as the newest and assumes the same "
                "operating system; look for an update of hatch-lambda-zip"
            )
        elif runtime.deprecated is not None and runtime.deprecated <= today:
            warnings.append(
                f"{TARGET_KEY}.runtime: AWS deprecated {identifier!r} on "
                f"{runtime.deprecated.isoformat()}; it gets no more security updates"
            )
    _check_versions(reader, [DEFAULT_FUNCTION])
    if reader.problems or runtime is None:
        raise ConfigError(reader.problems)
    function = Function(DEFAULT_FUNCTION, Target(runtime, architecture), handler)
    return Config((function,), lock, tuple(warnings))


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
    reader = _Reader(HOOK_KEY, table, [])
    reader.refuse_unknown(("embed-lock", *_HATCHLING_HOOK_KEYS))
    embed_lock = table.get("embed-lock", False)
    if not isinstance(embed_lock, bool):
        reader.problem("embed-lock", f"must be true or false, not {embed_lock!r}")
    if reader.problems:
        raise ConfigError(reader.problems)
    return HookConfig(bool(embed_lock))


def unknown_functions(asked: Iterable[str], config: Config) -> list[str]:
    """Return one message for each name in ``asked`` that is no function of ``config``."""
    known = [function.name for function in config.functions]
    return [
        f"{TARGET_KEY}: the function {not_one_of(name, known)}"
        for name in asked
        if name not in known
    ]


def not_one_of(value: str, choices: Iterable[str]) -> str:
    """Say that a value is none of the choices, and which one was perhaps meant."""
    choices = list(choices)
    close = difflib.get_close_matches(value, choices, n=1)
    hint = f". Did you mean {close[0]!r}?" if close else ""
    return f"{value!r} is not one of {', '.join(choices)}{hint}"


def _check_versions(reader: _Reader, functions: list[str]) -> None:
    versions = reader.table.get("versions", [])
    if not isinstance(versions, list) or not all(isinstance(name, str) for name in versions):
        reader.problem("versions", f"must be an array of functions' names, not {versions!r}")
        return
    for name in versions:
        if name not in functions:
            reader.problem("versions", not_one_of(name, functions))


def _check_lock(reader: _Reader, lock: str) -> None:
    path = PurePosixPath(lock)
    if path.is_absolute() or re.match(r"[A-Za-z]:|[\\/]", lock):
        reader.problem(
            "lock",
            f"{lock!r} is an absolute path, which other machines don't have; "
            "write it relative to pyproject.toml",
        )
    elif not (
        path.name in {"uv.lock", "pylock.toml"}
        or re.fullmatch(r"pylock\.[^.]+\.toml", path.name)
        or path.suffix == ".txt"
    ):
        reader.problem(
            "lock",
            f"{lock!r} is not a lock file that can be read: "
            "uv.lock, pylock.toml, pylock.<name>.toml or a requirements.txt with hashes",
        )


class _Reader:
    """Reads one table and collects what is wrong with it."""

    def __init__(self, key: str, table: Mapping[str, object], problems: list[str]) -> None:
        self.key = key
        self.table = table
        self.problems = problems

    def problem(self, key: str, message: str) -> None:
        self.problems.append(f"{self.key}.{key}: {message}")

    def refuse_unknown(self, known: Iterable[str]) -> None:
        known = sorted(known)
        for key in self.table:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}"
                self.problem(key, f"unknown key. {hint}")

    def text(self, key: str, *, required: bool = False, choices: Iterable[str] = ()) -> str | None:
        """Return a string value; None when it is absent or wrong (which is noted)."""
        if key not in self.table:
            if required:
                newest = RUNTIMES[-1].identifier
                self.problem(key, f'is required; for example: {key} = "{newest}"')
            return None
        value = self.table[key]
        if not isinstance(value, str) or not value:
            self.problem(key, f"must be a non-empty string, not {value!r}")
            return None
        if choices and value not in choices:
            self.problem(key, not_one_of(value, choices))
            return None
        return value
