"""What makes a value wrong, beyond its type: each check returns what to say, or None."""

from __future__ import annotations

import os
import re
import string
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version
from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config.hints import architecture_meant, runtime_meant
from hatch_lambda_zip.config.tables import Known
from hatch_lambda_zip.files import (
    instead_of_file,
    is_absolute,
    name_encoding_problem,
    path_problem,
)
from hatch_lambda_zip.runtimes import ARCHITECTURES, PROVIDED_SETS, RUNTIMES, find_runtime
from hatch_lambda_zip.text import not_one_of

PLACEHOLDERS: Final = ("name", "version", "function", "runtime", "architecture")
ZIP_SUFFIX: Final = ".zip"
PARENT: Final = "../"
MAX_LAYERS: Final = 5
"""AWS Lambda developer guide, "Lambda quotas": layers of one function."""

# AWS: the part after the last dot is the function, the rest the module; Lambda reads "/" as ".".
_HANDLER: Final = re.compile(r"[A-Za-z_]\w*(?:[./][A-Za-z_]\w*)*\.[A-Za-z_]\w*")
_PYTHON_VERSION: Final = re.compile(r"3\.(0|[1-9][0-9]?)\.(0|[1-9][0-9]?)", re.ASCII)
TABLE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
"""What a function or layer can be called: it becomes part of a file name."""

# AWS Lambda API reference, CreateFunction, FunctionName; and Windows' names of devices.
_MAX_FUNCTION_NAME: Final = 64
_DEVICES: Final = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.ASCII | re.IGNORECASE)
# What file systems and shells take for something else; control characters among them.
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]|^[.~-]')


def is_distribution_name(name: str) -> bool:
    """Tell whether a distribution can have a name (core metadata, "Name")."""
    try:
        canonicalize_name(name, validate=True)
    except InvalidName:
        return False
    return True


def wrong_name(name: str) -> str | None:
    """Check the name of a distribution."""
    if is_distribution_name(name):
        return None
    return f"{name!r} is not the name of a distribution; write it without version and extras"


def wrong_provided(name: str) -> str | None:
    """Check a name in ``provided``; which distributions there are is seen when the zip is made."""
    if is_distribution_name(name):
        return None
    return f"{name!r} is none of {', '.join(PROVIDED_SETS)}, and not the name of a distribution"


def wrong_module(name: str) -> str | None:
    """Check the dotted name of a module."""
    if all(part.isidentifier() for part in name.split(".")):
        return None
    return f"{name!r} is not the name of a module; write it as in an import, such as 'a.b'"


def wrong_back_end(name: str) -> str | None:
    """Check the name of a build back end (PEP 517, "Source trees")."""
    module, colon, path = name.partition(":")
    parts = [*module.split("."), *(path.split(".") if colon else ())]
    if all(part.isidentifier() for part in parts):
        return None
    return f"{name!r} names no back end; write it as build-backend has it, such as 'uv_build'"


def wrong_module_pattern(pattern: str) -> str | None:
    """Check a pattern of dotted names of modules."""
    if re.fullmatch(r"[\w.*]+", pattern):
        return None
    return f"{pattern!r} is not a pattern of modules; write names with dots, and * for anything"


def wrong_runtime(identifier: str) -> str | None:
    """Check AWS's name of a runtime."""
    if find_runtime(identifier) is not None:
        return None
    known = [row.identifier for row in RUNTIMES]
    if meant := runtime_meant(identifier):
        return f'{identifier!r} is not how AWS names a runtime; write "{meant}"'
    if re.fullmatch(r"python[23]\.\d", identifier):
        return (
            f"{identifier!r} is older than what can be built for; choose one of {', '.join(known)}"
        )
    return not_one_of(identifier, known)


def wrong_architecture(word: str) -> str | None:
    """Check AWS's name of an architecture."""
    if word in ARCHITECTURES:
        return None
    if meant := architecture_meant(word):
        return f'{word!r} is not how AWS names an architecture; write "{meant}"'
    return not_one_of(word, ARCHITECTURES)


def wrong_handler(handler: str) -> str | None:
    """Check the form of a handler; whether it is there is seen when the zip is made."""
    if _HANDLER.fullmatch(handler):
        return None
    message = f"{handler!r} is not of the form 'package.module.function', which Lambda needs"
    # A path, as of an editor, or an entry point.
    meant = handler.replace(".py", "").replace(":", ".").replace("/", ".").removeprefix("src.")
    return f'{message}; write "{meant}"' if _HANDLER.fullmatch(meant) else message


def wrong_layers(layers: tuple[str, ...]) -> Iterator[str]:
    """Check how many layers a function has, and that each is another one."""
    if len(layers) > MAX_LAYERS:
        yield f"has {len(layers)} layers; Lambda takes {MAX_LAYERS} at the most"
    if twice := sorted({name for name in layers if layers.count(name) > 1}):
        yield f"names {', '.join(twice)} twice"


def wrong_python(version: str) -> str | None:
    """Check the version of a compiling interpreter."""
    if (problem := wrong_release(version)) is None:
        return None
    return (
        f"{problem}. Patch releases of one Python compile to different bytecode, so none of them "
        "can be left open"
    )


def wrong_release(version: str) -> str | None:
    """Check the exact version of a Python."""
    if _PYTHON_VERSION.fullmatch(version):
        return None
    return f"{version!r} is not the exact version of a release, like '3.13.5'"


def wrong_function_name(name: str) -> str | None:
    """Check the name that a directory gives a function."""
    if not TABLE_NAME.fullmatch(name):
        return "may have only ASCII letters, digits, '-' and '_', as AWS and file names have it"
    if len(name) > _MAX_FUNCTION_NAME:
        return f"may have {_MAX_FUNCTION_NAME} characters at AWS"
    return "is a device's on Windows" if _DEVICES.fullmatch(name) else None


def no_patterns(patterns: tuple[str, ...]) -> Iterator[str]:
    """Check that there is a pattern that directories can match."""
    if all(pattern.startswith("!") for pattern in patterns):
        yield 'names no directory; write a pattern such as "functions/*", or remove the key'


def wrong_pythons(versions: tuple[str, ...]) -> Iterator[str]:
    """Check that there is one compiling interpreter for each minor version."""
    if not versions:
        yield "is empty; name the exact version of the compiling interpreter"
    yield from wrong_releases(versions)


def wrong_releases(versions: tuple[str, ...]) -> Iterator[str]:
    """Check that there is one release for each minor version."""
    minors = [version.rpartition(".")[0] for version in versions]
    if twice := sorted({minor for minor in minors if minors.count(minor) > 1}):
        yield f"has two versions for Python {', '.join(twice)}"


def wrong_pattern(pattern: str) -> str | None:
    """Check a pattern as in .gitignore."""
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


def wrong_file(source: str, place: str, known: Known) -> str | None:
    """Check where a file of the project is, and where in the zip it is to be."""
    return (
        _wrong_source_path(source)
        or _wrong_path(place, "the zip")
        or (None if known.root is None else _wrong_source(source, known.root))
    )


def wrong_code(source: str, place: str, known: Known) -> str | None:
    """Check where a code directory is, and where in the zip its files are to be."""
    if source != "." and (problem := _wrong_source_path(source)):
        return problem
    if place and (problem := _wrong_path(place, "the zip")):
        return problem
    if known.root is None:
        return None
    if problem := _wrong_source(source, known.root):
        return problem
    return None if (known.root / source).is_dir() else f"{source!r} is no directory"


def _wrong_source_path(source: str) -> str | None:
    """Check the form of a path; how far ``../`` at its start may lead, its files decide."""
    inner = source
    while inner.startswith(PARENT):
        inner = inner.removeprefix(PARENT)
    problem = path_problem(inner, "the project")
    return None if problem is None else f"{source!r} {problem}"


def _wrong_path(path: str, base: str) -> str | None:
    problem = path_problem(path, base)
    return None if problem is None else f"{path!r} {problem}"


def _wrong_source(source: str, root: Path) -> str | None:
    file = root / source
    if not os.path.exists(file):  # noqa: PTH110 - pathlib's raises for some paths
        if found := instead_of_file(file):
            return f"{source!r} is {found}"
        if not source.isascii() and (problem := name_encoding_problem()):
            return f"{source!a} is not found: {problem}"
        return f"there is no {source!r} in {root}"
    return None  # how far links may lead, its files decide


def wrong_lock(lock: str) -> str | None:
    """Check the path of a lock file; of which kind it is, its content tells."""
    if is_absolute(lock):
        return (
            f"{lock!r} is an absolute path, which other machines don't have; "
            "write it relative to pyproject.toml"
        )
    if "\\" in lock or PurePosixPath(lock).name in {"", ".."}:
        return f"{lock!r} is no path of a file, with `/` between its parts"
    return None


def compares(specifiers: SpecifierSet) -> None:
    """See that versions can be compared with all of them.

    Raises:
        ValueError: a number in one has more digits than Python reads.
    """
    for specifier in specifiers:
        specifier.contains("0")


def wrong_specifier(value: str) -> str | None:
    """Check a set of versions."""
    try:
        compares(SpecifierSet(value))
    except ValueError:  # InvalidSpecifier, or too many digits for an int
        return f'{value!r} does not say which versions (PEP 440); for example: "==1.2.*"'
    return None


def wrong_template(template: str) -> str | None:
    """Check the template of a zip's file name."""
    try:
        fields = [
            (name, conversion or spec)
            for _, name, spec, conversion in string.Formatter().parse(template)
            if name is not None
        ]
    except ValueError as error:
        return f"{template!r} is no template: {error}"
    for name, extra in fields:
        if name not in PLACEHOLDERS:
            return f"{template!r}: the placeholder {not_one_of(name, PLACEHOLDERS)}"
        if extra:
            return f"{template!r}: write plain {{{name}}}"
    if not template.endswith(ZIP_SUFFIX):
        return f"{template!r} does not end with .zip, by which the tools of AWS know a package"
    sample = template.format_map(dict.fromkeys(PLACEHOLDERS, "x"))
    if _UNSAFE.search(sample):
        return f"{template!r} is not a plain file name; choose the directory with `directory`"
    return None


def wrong_version(value: str) -> str | None:
    """Return what is wrong with a version, or None."""
    try:
        normal = str(Version(value))
    except ValueError:  # InvalidVersion, or too many digits for an int
        return f'{value!r} is no version (PEP 440); for example: "0"'
    return None if normal == value else f"{value!r} is spelled {normal!r} (PEP 440)"
