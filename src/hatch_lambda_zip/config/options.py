"""The keys that functions, layers and their defaults have in common: read, checked, merged."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config.file_names import wrong_template
from hatch_lambda_zip.config.model import BytecodeMode, Strip
from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.runtimes import ARCHITECTURES, PROVIDED_SETS, RUNTIMES, Runtime, find_runtime
from hatch_lambda_zip.text import not_one_of

if TYPE_CHECKING:
    _Check = Callable[[str], str | None]
    _Choices = Collection[str]

# What a function and a layer may both have; in the target's own table they are the defaults.
SHARED_KEYS: Final = (
    *("runtime", "runtimes", "architecture", "architectures", "filename"),
    *("extras", "groups", "exclude-distributions", "provided", "strip"),
    *("include-files", "scripts"),
    *("bytecode", "bytecode-python", "bytecode-python-path", "bytecode-optimize", "source"),
)
FUNCTION_KEYS: Final = (*SHARED_KEYS, "handler", "layers", "include", "exclude")
LAYER_KEYS: Final = (*SHARED_KEYS, "distributions")

# AWS: the part after the last dot is the function, the rest the module; Lambda reads "/" as ".".
_HANDLER: Final = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)*\.[A-Za-z_]\w*")
_PYTHON_VERSION: Final = re.compile(r"3\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)", re.ASCII)
_SOURCES: Final = ("keep", "omit")
MAX_LAYERS: Final = 5
"""AWS Lambda developer guide, "Lambda quotas": layers of one function."""


@dataclass(frozen=True)
class Known:
    """What the package itself has, so that a misspelt name is found early.

    Attributes:
        extras: normalized; None when they can't be known beforehand.
        groups: likewise.
        root: the project's directory, in which files are looked for; None not to look.
    """

    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    root: Path | None = None


@dataclass(frozen=True)
class Several:
    """One value, or a list of them that makes one zip for each.

    Attributes:
        values: at least one.
        listed: whether they came as a list.
    """

    values: tuple[str, ...]
    listed: bool


@dataclass(frozen=True)
class Options:
    """The keys of one table, as far as they are given; None for those that are not."""

    runtimes: Several | None = None
    architectures: Several | None = None
    handler: str | None = None
    filename: str | None = None
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None
    distributions: tuple[str, ...] | None = None
    exclude_distributions: tuple[str, ...] | None = None
    provided: str | None = None
    strip: tuple[Strip, ...] | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    include_files: tuple[tuple[str, str], ...] | None = None
    scripts: bool | None = None
    bytecode: BytecodeMode | None = None
    bytecode_pythons: tuple[str, ...] | None = None
    bytecode_python_path: str | None = None
    bytecode_optimize: int | None = None
    source: str | None = None

    def over(self, defaults: Options) -> Options:
        """Return these options, with the defaults where one is not given."""
        return Options(
            **{
                field.name: (
                    getattr(defaults, field.name)
                    if getattr(self, field.name) is None
                    else getattr(self, field.name)
                )
                for field in fields(Options)
            }
        )


def read_options(reader: TableReader, known: Known) -> Options:
    """Read one table; mistakes are noted in its reader."""
    mode = reader.text("bytecode", lambda value: _unless_in(value, [m.value for m in BytecodeMode]))
    strip = reader.texts("strip", lambda value: _unless_in(value, [kind.value for kind in Strip]))
    return Options(
        runtimes=_several(reader, "runtime", _wrong_runtime),
        architectures=_several(
            reader, "architecture", lambda value: _unless_in(value, ARCHITECTURES)
        ),
        handler=reader.text("handler", _wrong_handler),
        filename=reader.text("filename", wrong_template),
        extras=_names(reader.texts("extras", lambda name: _unless_known(name, known.extras))),
        groups=_names(reader.texts("groups", lambda name: _unless_known(name, known.groups))),
        layers=_read_layers(reader),
        distributions=_names(reader.texts("distributions", _wrong_name)),
        exclude_distributions=_names(reader.texts("exclude-distributions", _wrong_name)),
        provided=reader.text("provided", lambda value: _unless_in(value, PROVIDED_SETS)),
        strip=None if strip is None else tuple(kind for kind in Strip if kind.value in strip),
        include=reader.texts("include", _wrong_pattern),
        exclude=reader.texts("exclude", _wrong_pattern),
        include_files=reader.text_pairs(
            "include-files", lambda source, place: _wrong_file(source, place, known.root)
        ),
        scripts=reader.flag("scripts"),
        bytecode=None if mode is None else BytecodeMode(mode),
        bytecode_pythons=_read_pythons(reader),
        bytecode_python_path=reader.text("bytecode-python-path"),
        bytecode_optimize=reader.number("bytecode-optimize", (0, 1, 2)),
        source=reader.text("source", lambda value: _unless_in(value, _SOURCES)),
    )


def _several(reader: TableReader, key: str, check: _Check) -> Several | None:
    """Read ``key``, or ``keys`` as a list."""
    plural = f"{key}s"
    if key in reader.table and plural in reader.table:
        reader.problem(plural, f"and {key!r} are two words for one thing; keep one of them")
        return None
    if plural not in reader.table:
        value = reader.text(key, check)
        return None if value is None else Several((value,), listed=False)
    values = reader.texts(plural, check)
    if values is None:
        return None
    if not values:
        reader.problem(plural, "is empty, so there is nothing to build; remove it or add one")
        return None
    return Several(tuple(dict.fromkeys(values)), listed=True)


def _read_layers(reader: TableReader) -> tuple[str, ...] | None:
    layers = reader.texts("layers")
    if layers is None:
        return None
    if len(layers) > MAX_LAYERS:
        reader.problem("layers", f"has {len(layers)} layers; Lambda takes {MAX_LAYERS} at the most")
    if twice := sorted({name for name in layers if layers.count(name) > 1}):
        reader.problem("layers", f"names {', '.join(twice)} twice")
    return layers


def _read_pythons(reader: TableReader) -> tuple[str, ...] | None:
    """Read the compiling interpreter's version, or one for each minor version."""
    key = "bytecode-python"
    if isinstance(reader.table.get(key), list):
        versions = reader.texts(key, _wrong_python)
    else:
        version = reader.text(key, _wrong_python)
        versions = None if version is None else (version,)
    if versions is None:
        return None
    if not versions:
        reader.problem(key, "is empty; name the exact version of the compiling interpreter")
        return None
    minors = [version.rpartition(".")[0] for version in versions]
    if twice := sorted({minor for minor in minors if minors.count(minor) > 1}):
        reader.problem(key, f"has two versions for Python {', '.join(twice)}")
    return versions


def python_for(runtime: Runtime, pythons: tuple[str, ...]) -> str | None:
    """Return the version among ``pythons`` that compiles for a runtime, or None."""
    for version in pythons:
        if version.rpartition(".")[0] == runtime.python_version:
            return version
    return None


def _names(values: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(sorted({canonicalize_name(name) for name in values}))


def _unless_in(value: str, choices: _Choices) -> str | None:
    return None if value in choices else not_one_of(value, choices)


def _unless_known(name: str, known: tuple[str, ...] | None) -> str | None:
    return None if known is None else _unless_in(canonicalize_name(name), known)


def _wrong_name(name: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]", name, re.ASCII):
        return None
    return f"{name!r} is not the name of a distribution; write it without version and extras"


def _wrong_runtime(identifier: str) -> str | None:
    if find_runtime(identifier) is not None:
        return None
    return not_one_of(identifier, [row.identifier for row in RUNTIMES])


def _wrong_handler(handler: str) -> str | None:
    if _HANDLER.fullmatch(handler):
        return None
    return f"{handler!r} is not of the form 'package.module.function', which Lambda needs"


def _wrong_python(version: str) -> str | None:
    if _PYTHON_VERSION.fullmatch(version):
        return None
    return (
        f"{version!r} is not the exact version of a release, like '3.13.5'. Patch releases of one "
        "Python compile to different bytecode, so none of them can be left open"
    )


def _wrong_pattern(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            # Python warns of what it may read in another way some day.
            warnings.simplefilter("error")
            (parsed,) = GitIgnoreSpec.from_lines([pattern]).patterns
    except (ValueError, re.error, Warning) as error:
        return f"{pattern!r} is not a pattern: {error}"
    if parsed.include is None:
        return f"{pattern!r} is not a pattern: it matches no file at all"
    return None


def _wrong_file(source: str, place: str, root: Path | None) -> str | None:
    return (
        _wrong_path(source, "the project")
        or _wrong_path(place, "the zip")
        or (None if root is None else _wrong_source(source, root))
    )


def _wrong_path(path: str, base: str) -> str | None:
    if is_absolute(path):
        return f"{path!r} is an absolute path; write it relative to {base}"
    if "\\" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        return f"{path!r} leaves {base}, or is not in its plain form: folder/file, with '/'"
    if any(ord(character) < ord(" ") or character == "\x7f" for character in path):
        return f"{path!r} has a control character"
    return None


def _wrong_source(source: str, root: Path) -> str | None:
    file = root / source
    if not os.path.exists(file):  # noqa: PTH110 - pathlib's raises for some paths
        return f"there is no {source!r} in {root}"
    if not file.resolve().is_relative_to(root.resolve()):
        return f"{source!r} is a symbolic link that leaves the project, to {file.resolve()}"
    return None


def is_absolute(path: str) -> bool:
    """Tell whether a path is absolute on any operating system."""
    return PurePosixPath(path).is_absolute() or bool(re.match(r"[A-Za-z]:|[\\/]", path))
