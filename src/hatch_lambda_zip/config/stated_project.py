"""The project as pyproject.toml states it, where no wheel of it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.config.tables import inner_table
from hatch_lambda_zip.errors import ConfigError


def stated_name(pyproject: Mapping[str, Any]) -> str | None:
    """Return the name that ``[project]`` or ``[tool.poetry]`` states, normalized (PEP 503)."""
    for table in (inner_table(pyproject, "project"), inner_table(pyproject, "tool", "poetry")):
        name = table.get("name")
        if isinstance(name, str):
            return canonicalize_name(name)
    return None


def check_project_table(pyproject: Mapping[str, Any]) -> None:
    """Check the kinds of what is read of a project, whose form its back end judges.

    Raises:
        ConfigError: something is of another kind than PEP 621 and PEP 735 have it.
    """
    problems = [*_problems(pyproject)]
    if problems:
        raise ConfigError(problems)


def _problems(pyproject: Mapping[str, Any]) -> Iterator[str]:
    for key in ("project", "dependency-groups"):
        if not isinstance(pyproject.get(key, {}), dict):
            yield f"{key}: must be a table"
    table = inner_table(pyproject, "project")
    for key in ("name", "version"):
        if not isinstance(table.get(key, ""), str):
            yield f"project.{key}: must be a string, not {table[key]!r}"
    extras = table.get("optional-dependencies", {})
    lists = {f"project.{key}": table.get(key, []) for key in ("dependencies", "dynamic")}
    if isinstance(extras, dict):
        lists |= {f"project.optional-dependencies.{key}": it for key, it in extras.items()}
    else:
        yield "project.optional-dependencies: must be a table"
    for key, value in lists.items():
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            yield f"{key}: must be an array of strings, not {value!r}"


def read_stated_project(pyproject: Mapping[str, Any], zip_name: object = None) -> Project:
    """Return the project; what is dynamic, or not there, is empty.

    Args:
        zip_name: what the zips' names start with where nothing states a name; anything but a
            string is reported when the table is read.

    The zips' names have the name and version that are stated, and nothing of the directory's name,
    which every checkout may have another one of.

    Raises:
        ConfigError: see ``check_project_table``.
    """
    check_project_table(pyproject)
    table = inner_table(pyproject, "project")
    name = stated_name(pyproject) or ""
    stem = name or (zip_name if isinstance(zip_name, str) else "")
    version = _version(table.get("version"))
    optional = inner_table(table, "optional-dependencies")
    return Project(
        name=name,
        version=version,
        file_stem="-".join(filter(None, (stem.replace("-", "_"), version))),
        dependencies=tuple(table.get("dependencies", ())),
        optional_dependencies={
            canonicalize_name(key): tuple(item) for key, item in optional.items()
        },
        dependency_groups=inner_table(pyproject, "dependency-groups"),
    )


def _version(stated: object) -> str:
    try:
        return str(Version(stated)) if isinstance(stated, str) else ""
    except ValueError:  # InvalidVersion, or too many digits for an int
        return ""
