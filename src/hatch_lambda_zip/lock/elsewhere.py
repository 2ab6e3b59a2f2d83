"""Requirements that only poetry or pipenv reads: in tables of poetry's, and in a Pipfile."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from hatch_lambda_zip.config import TOOL_NAME, inner_table, read_tables
from hatch_lambda_zip.lock.foreign import LOCK_COMMANDS
from hatch_lambda_zip.runtimes import evaluate_marker


@dataclass(frozen=True)
class Stated:
    """Requirements that only another tool reads.

    Attributes:
        file: where they stand: pyproject.toml or Pipfile.
        lock: what that tool makes of them.
        requirements: what they come to (PEP 508), as far as they say it in a form that all share.
    """

    file: str
    lock: str
    requirements: tuple[str, ...]


# What may stand beside a version and says nothing of when it is needed.
_UNCONDITIONAL: Final = frozenset(
    (
        *("version", "extras", "index", "source", "allow-prereleases", "url"),
        *("git", "ref", "rev", "tag", "branch", "subdirectory", "editable"),
        *("path", "file", "develop", "hashes", "optional"),
    )
)
# What pipenv takes as a key of its own: `sys_platform = "== 'linux'"`.
_MARKERS: Final = frozenset(
    (
        *("os_name", "sys_platform", "python_version", "python_full_version"),
        *("platform_machine", "platform_python_implementation", "platform_release"),
        *("platform_system", "platform_version", "implementation_name", "implementation_version"),
    )
)
# Poetry's own: https://python-poetry.org/docs/dependency-specification/
_POETRYS: Final = re.compile(r"\s*([\^~])\s*(\d+(?:\.\d+)*)\s*")
_AND: Final = re.compile(r"\s*,\s*|(?<=[\w*])\s+(?=[<>=!~^])")


def stated_elsewhere(directory: Path) -> Stated | None:
    """Return the requirements in a directory that only poetry or pipenv reads, if there are some.

    Those of poetry's count where ``[project]`` does not state them.
    """
    pyproject = read_tables(directory / "pyproject.toml")
    poetry = inner_table(pyproject, "tool", "poetry")
    tables = [poetry, inner_table(poetry, "group", "main")]
    found = {name: it for of in tables for name, it in inner_table(of, "dependencies").items()}
    needed = {name: it for name, it in found.items() if _is_needed(name, it)}
    if needed and "dependencies" not in inner_table(pyproject, "project"):
        return Stated("pyproject.toml", "poetry.lock", (*_required(needed),))
    if packages := inner_table(read_tables(directory / "Pipfile"), "packages"):
        return Stated("Pipfile", "Pipfile.lock", (*_required(packages),))
    return None


def unlocked_source(directory: Path) -> str | None:
    """Return what to do about requirements that only poetry or pipenv reads, if they have no lock.

    See `stated_elsewhere`.
    """
    stated = stated_elsewhere(directory)
    if stated is None:
        return None
    command = LOCK_COMMANDS[stated.lock]
    return (
        f"{directory / stated.file} states requirements that only {command.split()[0]} "
        f"reads, and there is no {stated.lock} beside it. Run `{command}`, then "
        f"`{TOOL_NAME} lock`, and commit both results."
    )


def _required(stated: Mapping[str, object]) -> Iterator[str]:
    """Yield as requirements (PEP 508) what is required in poetry's or pipenv's own words.

    A version that is neither a specifier (PEP 440) nor one such as ``^3.0`` is left out of them,
    and so is all that is needed under a condition of another kind.
    """
    for name, value in stated.items():
        for constraint in value if isinstance(value, list) else [value]:
            table = constraint if isinstance(constraint, dict) else {"version": constraint}
            said = {key: it for key, it in table.items() if it != ""}
            conditions = {key: it for key, it in said.items() if key not in _UNCONDITIONAL}
            markers = [*map(_marker, conditions, conditions.values())]
            listed = ",".join(map(str, _list(table.get("extras"))))
            extras = f"[{listed}]" if listed else ""
            marker = " and ".join(f"({it})" for it in markers)
            line = f"{name}{extras}{_specifier(table.get('version'))} ; {marker}".rstrip(" ;")
            # Of what makes no requirement, its own tool says what is wrong.
            with contextlib.suppress(InvalidRequirement, InvalidMarker):
                if None not in markers and _is_needed(name, table):
                    _check_evaluated(Requirement(line))
                    yield line


def _marker(key: str, value: object) -> str | None:
    """Return a condition as a marker (PEP 508); None for one of another kind."""
    if not isinstance(value, str):
        return None
    if key == "markers":
        return value
    if key == "platform" and value.isalnum():  # poetry's, as sys.platform has it
        return f'sys_platform == "{value}"'
    if key == "python" and (specifier := _specifier(value)):
        parts = (
            f'python_full_version {it.operator} "{it.version}"'
            for it in sorted(SpecifierSet(specifier), key=str)
        )
        return " and ".join(parts)
    return f"{key} {value}" if key in _MARKERS else None


def _specifier(version: object) -> str:
    """Return a version's specifier (PEP 440); nothing for any, and for one of other words.

    Alternatives (``^1 || ^2``) are such words: no specifier says them.
    """
    if not isinstance(version, str) or version.strip() == "*":
        return ""
    try:
        return str(SpecifierSet(",".join(map(_comparison, _AND.split(version.strip())))))
    except ValueError:  # InvalidSpecifier, or too many digits for an int
        return ""


def _comparison(text: str) -> str:
    if match := _POETRYS.fullmatch(text):
        parts = [*map(int, match[2].split("."))]
        # What may not go up: for a caret the first that is not 0, for a tilde the second.
        nonzero = [place for place, part in enumerate(parts) if part]
        place = [*nonzero, len(parts) - 1][0] if match[1] == "^" else min(1, len(parts) - 1)
        above = ".".join(map(str, [*parts[:place], parts[place] + 1]))
        return f"<{above},>={match[2]}"
    return f"=={text}" if text[:1].isdigit() else text


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _is_needed(name: str, constraint: object) -> bool:
    is_optional = isinstance(constraint, dict) and constraint.get("optional") is True
    return name != "python" and not is_optional


def _check_evaluated(requirement: Requirement) -> None:
    """See that a marker can be evaluated.

    Raises:
        InvalidMarker: it can't.
    """
    if requirement.marker is not None:
        evaluate_marker(requirement.marker, {"extra": ""}, "requirement")
