"""What uv was told of requirements, so that a lock differs on purpose from what projects require.

These are uv's settings ``override-dependencies``, ``exclude-dependencies`` and
``dependency-metadata``, which uv.lock repeats in ``[manifest]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import LockError


@dataclass(frozen=True)
class Adjustment:
    """A requirement that was replaced, or dropped.

    Attributes:
        name: of what is required, normalized.
        instead: what is required instead (PEP 508); None for nothing.
        package: whose requirement it is, normalized; None for everybody's.
        version: of that package; None for any.
    """

    name: str
    instead: str | None = None
    package: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Adjustments:
    """All that uv was told of requirements.

    Attributes:
        changes: the requirements that were replaced or dropped.
        restated: the names of distributions whose own metadata does not count.
    """

    changes: tuple[Adjustment, ...] = ()
    restated: frozenset[str] = frozenset()

    def applied(
        self, requirement: Requirement, package: str, version: str
    ) -> tuple[Requirement, ...]:
        """Return what a requirement of a package comes to; what is told of that package wins."""
        name = canonicalize_name(requirement.name)
        found = [
            change
            for change in self.changes
            if change.name == name
            and change.package in {None, package}
            and change.version in {None, version}
        ]
        found = [change for change in found if change.package is not None] or found
        if not found:
            return (requirement,)
        return tuple(Requirement(change.instead) for change in found if change.instead is not None)

    def described(self) -> dict[str, Any]:
        """Return what ``read_described`` reads again: tables and strings."""
        changes = [
            {key: value for key, value in asdict(change).items() if value is not None}
            for change in self.changes
        ]
        return {"changes": changes, "restated": sorted(self.restated)}


NO_ADJUSTMENTS: Final = Adjustments()


def read_described(table: Mapping[str, Any]) -> Adjustments:
    """Read what ``described`` returned, and a pylock.toml in an sdist had since.

    Raises:
        LockError: it is something else by now.
    """
    try:
        changes = tuple(Adjustment(**change) for change in table.get("changes", ()))
        for change in changes:
            if change.instead is not None:
                Requirement(change.instead)
        return Adjustments(changes, frozenset(table.get("restated", ())))
    except (TypeError, InvalidRequirement) as error:
        first, *_ = str(error).splitlines()  # the others point at a column
        raise LockError(f"The lock in the sdist: {first}. Build the sdist again.") from None


def read_adjustments(
    overrides: object, excludes: object, metadata: object, source: str
) -> Adjustments:
    """Read the values of the three settings, or of their like in uv.lock.

    Args:
        source: where they stand, for errors.

    Raises:
        LockError: an override is no requirement.
    """
    try:
        changes = (
            *(change for item in _items(overrides) for change in _overrides(item)),
            *(change for item in _items(excludes) for change in _excludes(item)),
        )
    except (InvalidRequirement, AttributeError, KeyError, TypeError) as error:
        first, *_ = str(error).splitlines()  # the others point at a column
        raise LockError(f"{source}: an override can't be read: {first}. Correct it.") from None
    restated = (item.get("name") for item in _items(metadata) if isinstance(item, dict))
    names = frozenset(canonicalize_name(name) for name in restated if isinstance(name, str))
    return Adjustments(changes, names)


def find_adjustments(root: Path) -> Adjustments:
    """Read the settings of a project, and of the workspace that it may be a member of.

    Args:
        root: the project's directory.

    Raises:
        LockError: an override is no requirement.
    """
    changes: tuple[Adjustment, ...] = ()
    restated: frozenset[str] = frozenset()
    for directory in (root, *root.parents):
        path = directory / "pyproject.toml"
        settings = inner_table(read_tables(path), "tool", "uv")
        # Beside it, uv takes nothing but the workspace from there.
        settings = {**settings, **read_tables(directory / "uv.toml")}
        if directory == root or "workspace" in settings:
            found = read_adjustments(
                settings.get("override-dependencies"),
                settings.get("exclude-dependencies"),
                settings.get("dependency-metadata"),
                f"{path}, [tool.uv]",
            )
            changes, restated = (*changes, *found.changes), restated | found.restated
        if "workspace" in settings:
            break
    return Adjustments(changes, restated)


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _overrides(item: str | Mapping[str, Any]) -> Iterator[Adjustment]:
    if isinstance(item, Mapping) and "package" in item:
        package, version = _target(item["package"])
        inner: list[Any] = item["dependencies"]
    else:
        package, version, inner = None, None, [item]
    for text in map(requirement_text, inner):
        name = canonicalize_name(Requirement(text).name)
        yield Adjustment(name, text, package, version)


def _excludes(item: str | Mapping[str, Any]) -> Iterator[Adjustment]:
    if isinstance(item, str):
        yield Adjustment(canonicalize_name(item))
        return
    package, version = _target(item["package"])
    for name in item["dependencies"]:
        yield Adjustment(canonicalize_name(name), None, package, version)


def _target(table: Mapping[str, str]) -> tuple[str, str | None]:
    return canonicalize_name(table["name"]), table.get("version")


def requirement_text(item: str | Mapping[str, Any]) -> str:
    """Return a requirement as text (PEP 508); uv.lock has it as a table."""
    if isinstance(item, str):
        return item
    extras = f"[{','.join(item['extras'])}]" if item.get("extras") else ""
    marker = f"; {item['marker']}" if item.get("marker") else ""
    return f"{item['name']}{extras}{item.get('specifier', '')}{marker}"
