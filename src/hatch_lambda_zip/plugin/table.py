"""The target's table as hatchling has it: what surrounds it, and what hatchling says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hatchling.builders.config import BuilderConfig
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from hatch_lambda_zip import __version__
from hatch_lambda_zip.config import (
    HATCHLING_KEYS,
    HATCHLING_SELECTION_KEYS,
    TARGET_KEY,
    TOOL_NAME,
    Known,
    check_project_table,
    find_misplaced,
    inner_table,
    parse_config,
    stated_name,
    wrong_specifier,
)
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.back_end import Isolation
from hatch_lambda_zip.plugin.texts import wrong_metadata

if TYPE_CHECKING:
    from hatch_lambda_zip.contents import Outputs


class ForeignMetadata(ProjectMetadata[PluginManager]):
    """hatchling's view of a project whose metadata it can't know: only its own tables are read."""

    def validate_fields(self) -> None:
        """Leave that to the back end."""


def known_of(
    metadata: ProjectMetadata[PluginManager], root: Path | None, outputs: Callable[[], Outputs]
) -> Known:
    """Return what pyproject.toml declares, and what finds code directories.

    Args:
        root: where the project's files are; None where not all of them are there.
        outputs: returns where builds write.

    Raises:
        ConfigError: what it declares is of another kind.
    """
    check_project_table(metadata.config)
    # Without this table, another one has the extras.
    project = metadata.config.get("project", {"dynamic": ["optional-dependencies"]})
    groups = metadata.config.get("dependency-groups", {})
    extras = None
    if "optional-dependencies" not in project.get("dynamic", []):
        extras = tuple(sorted(map(canonicalize_name, project.get("optional-dependencies", {}))))

    def directories(patterns: tuple[str, ...]) -> tuple[str, ...]:
        from hatch_lambda_zip.contents import Surroundings, directories_with_code

        place = Path(metadata.root)
        return directories_with_code(Surroundings(place, outputs(), place), patterns)

    return Known(extras, tuple(sorted(map(canonicalize_name, groups))), root, directories)


def target_table(metadata: ProjectMetadata[PluginManager]) -> Mapping[str, object]:
    """Return the target's table; an empty one where there is none.

    Raises:
        ConfigError: it, or one that it stands in, is no table.
    """
    try:
        table = metadata.hatch.build_targets.get("lambda-zip", {})
    except TypeError as error:
        raise ConfigError([f"{error}. Correct pyproject.toml."]) from None
    if not isinstance(table, Mapping):
        raise ConfigError([f"{TARGET_KEY}: must be a table"])
    return table


# Without any of these keys, functions have the package itself in them.
_WITHOUT_PACKAGE: Final = frozenset(("code", "function-directories", "package"))


def ships_package(table: Mapping[str, object], root: Path) -> bool:
    """Tell whether any zip has the package's own wheel in it, as far as the table is right.

    Args:
        root: the project's directory.
    """
    functions = inner_table(table, "functions")
    tables = (table, *(inner_table(functions, name) for name in functions))
    if any(one.get("package") is True for one in tables):
        return True
    has_function = bool(functions) or "functions" not in table
    if has_function and all(_WITHOUT_PACKAGE.isdisjoint(one) for one in tables):
        return True  # as most do, without reading the table twice

    def directories(patterns: tuple[str, ...]) -> tuple[str, ...]:
        from hatch_lambda_zip.contents import Outputs, Surroundings, directories_with_code

        return directories_with_code(Surroundings(root, Outputs.of(root, ()), root), patterns)

    try:
        # Functions that directories make have these as their code, those with a table too.
        known = Known(directories=directories)
        artifacts = parse_config(table, today=date.max, known=known).artifacts
    except ConfigError:  # reported when the table is read for good
        return "code" not in table and "function-directories" not in table
    return any(artifact.ships_package for artifact in artifacts)


def misplaced_table(metadata: ProjectMetadata[PluginManager], root: str) -> str | None:
    """Say where the target's table seems to be instead; None if it is nowhere."""
    if not Path(root, "pyproject.toml").is_file():
        return f"{TARGET_KEY}: there is no pyproject.toml in {root}, where the table belongs"
    tool = inner_table(metadata.config, "tool")
    # With what hatch.toml has, where the same keys come without their first two words.
    tables = {"tool": {**tool, "hatch": metadata.hatch.config}}
    key = find_misplaced(tables, TARGET_KEY)
    return key and f"{key}: is not where hatchling looks for it; call it [{TARGET_KEY}]"


def hatchling_problems(
    config: BuilderConfig,
    table: Mapping[str, object],
    isolation: Isolation | None,
    *,
    has_package: bool,
) -> Iterator[str]:
    """Let hatchling check the keys that are its own, and yield what is wrong with them.

    Args:
        isolation: why the package's wheel is built in an environment of its own; None if
            hatchling makes it here.
        has_package: whether that wheel ships at all.
    """
    for key, attribute in HATCHLING_KEYS.items():
        if isolation and (key in HATCHLING_SELECTION_KEYS or key == "hooks"):
            # It is our own key as well, where no wheel is built.
            if key in table and (key != "artifacts" or has_package):
                yield (
                    f"{TARGET_KEY}.{key}: is for a wheel that hatchling makes in this process, but "
                    f"it is built in an environment of its own: {isolation.reason}. "
                    f"{isolation.remedy}"
                )
        # hatchling reads hooks from tool.hatch.build as well.
        elif key in table or key == "hooks":
            try:
                getattr(config, attribute)
            except (TypeError, ValueError, OSError) as error:
                # hatchling says "Field `tool.…` must be …"; ours start with the key.
                match = re.match(r"Field `([^`]*)` (.*)", str(error), re.DOTALL)
                field, message = match.groups() if match else (f"{TARGET_KEY}.{key}", error)
                yield f"{field}: {message}"


def version_problems(table: Mapping[str, object]) -> Iterator[str]:
    """Yield that the table asks for another version of this plugin, if it does."""
    required = table.get("required-version")
    if not isinstance(required, str) or wrong_specifier(required):
        return  # reported when the table is read
    if not SpecifierSet(required).contains(__version__, prereleases=True):
        yield (
            f"{TARGET_KEY}.required-version: {required!r} is not the version that runs, "
            f'{__version__}; run `uvx --from "{TOOL_NAME}{required}" {TOOL_NAME} build`, or change '
            "the value"
        )


def name_problems(
    table: Mapping[str, object], pyproject: Mapping[str, object], *, has_package: bool
) -> Iterator[str]:
    """Yield that the table has a name for what has one already, if it does.

    Args:
        has_package: whether the package's own wheel ships.
    """
    if "name" in table and (has_package or "project" in pyproject or stated_name(pyproject)):
        yield (
            f"{TARGET_KEY}.name: is for projects without [project]; this one has a name of its "
            "own, with which its zips' names start, so remove the key (`filename` chooses others)"
        )


def metadata_problem(
    metadata: ProjectMetadata[PluginManager], debug: Callable[[str], None]
) -> str | None:
    """Let hatchling check a project's metadata, and return what is wrong with it.

    Args:
        debug: takes what hardly anybody wants to know.
    """
    try:
        metadata.validate_fields()
    except (TypeError, ValueError, OSError) as error:
        return wrong_metadata(error, Path(metadata.root))
    except Exception as error:  # noqa: BLE001 - whatever somebody's version source raises
        first, *rest = str(error).splitlines() or [type(error).__name__]
        debug("\n".join(rest))
        in_git = (
            " A version from git needs a checkout with its history, or the variable "
            "SETUPTOOLS_SCM_PRETEND_VERSION."
            if "setuptools-scm" in first
            else ""
        )
        return f"{first.rstrip('.')}.{in_git}"
    return None
