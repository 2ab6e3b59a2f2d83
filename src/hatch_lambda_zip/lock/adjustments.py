"""What uv was told of requirements, so that a lock differs on purpose from what projects require.

These are uv's settings ``override-dependencies``, ``exclude-dependencies`` and
``dependency-metadata``, which uv.lock repeats in ``[manifest]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, canonicalize_version

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import LockError


@dataclass(frozen=True)
class Adjustment:
    """A requirement that was replaced, or dropped.

    Attributes:
        name: of what is required, normalized.
        instead: what is required instead (PEP 508); None for nothing.
        package: whose requirement it is, normalized; None for everybody's.
        version: of that package, normalized; None for any.
    """

    name: str
    instead: str | None = None
    package: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Restated:
    """What a distribution requires, whatever its own metadata says of it.

    Attributes:
        name: of the distribution, normalized.
        requires: as in ``Requires-Dist``.
        version: of the distribution, normalized; None for any.
    """

    name: str
    requires: tuple[str, ...]
    version: str | None = None


@dataclass(frozen=True)
class Adjustments:
    """All that uv was told of requirements.

    Attributes:
        changes: the requirements that were replaced or dropped.
        restated: what distributions require instead of what their own metadata says.
    """

    changes: tuple[Adjustment, ...] = ()
    restated: tuple[Restated, ...] = ()

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
            and change.version in {None, canonicalize_version(version)}
        ]
        found = [change for change in found if change.package is not None] or found
        if not found:
            return (requirement,)
        return tuple(Requirement(change.instead) for change in found if change.instead is not None)

    def restated_of(
        self, name: str, version: str, *, is_version_known: bool
    ) -> tuple[Requirement, ...] | None:
        """Return what a distribution requires instead of what its metadata says; None if nothing.

        Of several entries uv takes that of the version, or else one for any. Of a source whose
        version its metadata alone says, it takes an only entry with a version for its metadata,
        whichever version that is (uv's ``DependencyMetadata::get``; 0.13.9 was seen to do so).

        Args:
            is_version_known: whether uv knows the version without its metadata: of every wheel, and
                of what an index has.
        """
        entries = [entry for entry in self.restated if entry.name == name]
        if is_version_known:
            wanted = (canonicalize_version(version), None)
            entries = [it for each in wanted for it in entries if it.version == each]
        elif len(entries) > 1 or any(entry.version is None for entry in entries):
            return None
        return tuple(map(Requirement, entries[0].requires)) if entries else None

    def with_others(self, others: Adjustments) -> Adjustments:
        """Return these and others, each of them once."""
        return Adjustments(
            (*self.changes, *others.changes),
            tuple(dict.fromkeys((*self.restated, *others.restated))),
        )

    def described(self) -> dict[str, Any]:
        """Return what ``read_described`` reads again: tables, lists and strings."""
        return {"changes": [*map(_table, self.changes)], "restated": [*map(_table, self.restated)]}

    def without_urls(self) -> Adjustments:
        """Return the same, but for where something is to be from, which may hold a secret."""

        def bare(text: str) -> str:
            requirement = Requirement(text)
            requirement.url = None
            return str(requirement)

        return Adjustments(
            tuple(
                replace(change, instead=None if change.instead is None else bare(change.instead))
                for change in self.changes
            ),
            tuple(replace(it, requires=tuple(map(bare, it.requires))) for it in self.restated),
        )


def _table(item: Adjustment | Restated) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(item).items()
        if value is not None
    }


NO_ADJUSTMENTS: Final = Adjustments()


def read_described(table: Mapping[str, Any]) -> Adjustments:
    """Read what ``described`` returned, and a pylock.toml in an sdist had since.

    Raises:
        LockError: it is something else by now.
    """
    try:
        changes = tuple(Adjustment(**change) for change in table.get("changes", ()))
        restated = tuple(
            Restated(**{**item, "requires": tuple(item["requires"])})
            for item in table.get("restated", ())
        )
        texts = [change.instead for change in changes if change.instead is not None]
        for text in (*texts, *(text for item in restated for text in item.requires)):
            Requirement(text)
        return Adjustments(changes, restated)
    except (TypeError, KeyError, InvalidRequirement) as error:
        first, *_ = str(error).splitlines()  # the others point at a column
        raise LockError(f"The lock in the sdist: {first}. Build the sdist again.") from None


def read_adjustments(
    overrides: object, excludes: object, metadata: object, source: str
) -> Adjustments:
    """Read the values of the three settings, or of their like in uv.lock.

    Args:
        source: where they stand, for errors.

    Raises:
        LockError: an override, or what a distribution is said to require, is no requirement.
    """
    what = "an override"
    try:
        changes = (
            *(change for item in _items(overrides) for change in _overrides(item)),
            *(change for item in _items(excludes) for change in _excludes(item)),
        )
        what = "an entry of dependency-metadata"
        return Adjustments(changes, tuple(map(_restated, _items(metadata))))
    # InvalidRequirement and what has too many digits for an int are ValueErrors.
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        first, *_ = str(error).splitlines()  # the others point at a column
        raise LockError(f"{source}: {what} can't be read: {first}. Correct it.") from None


def told_adjustments(settings: Mapping[str, Any], source: str) -> Adjustments:
    """Return the adjustments among uv's settings; see `read_adjustments`."""
    return read_adjustments(
        settings.get("override-dependencies"),
        settings.get("exclude-dependencies"),
        settings.get("dependency-metadata"),
        source,
    )


def find_adjustments(root: Path) -> Adjustments:
    """Read the settings of a project, and of the workspace that it may be a member of.

    Args:
        root: the project's directory.

    Raises:
        LockError: see `read_adjustments`.
    """
    adjustments = NO_ADJUSTMENTS
    for directory in (root, *root.parents):
        path = directory / "pyproject.toml"
        settings = inner_table(read_tables(path), "tool", "uv")
        # Beside it, uv takes nothing but the workspace from there.
        settings = {**settings, **read_tables(directory / "uv.toml")}
        if directory == root or "workspace" in settings:
            found = told_adjustments(settings, f"{path}, [tool.uv]")
            adjustments = adjustments.with_others(found)
        if "workspace" in settings:
            break
    return adjustments


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
    return canonicalize_name(table["name"]), _version(table)


def _restated(item: Mapping[str, Any]) -> Restated:
    requires = tuple(map(requirement_text, item.get("requires-dist", ())))
    for text in requires:
        Requirement(text)
    return Restated(canonicalize_name(item["name"]), requires, _version(item))


def _version(table: Mapping[str, str]) -> str | None:
    return canonicalize_version(table["version"]) if "version" in table else None


def requirement_text(item: str | Mapping[str, Any]) -> str:
    """Return a requirement as text (PEP 508); uv.lock has it as a table."""
    if isinstance(item, str):
        return item
    extras = f"[{','.join(item['extras'])}]" if item.get("extras") else ""
    marker = f"; {item['marker']}" if item.get("marker") else ""
    return f"{item['name']}{extras}{item.get('specifier', '')}{marker}"
