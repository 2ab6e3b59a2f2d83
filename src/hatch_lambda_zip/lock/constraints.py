"""Whether a lock has versions that its constraints allow.

uv and pip take these from ``constraint-dependencies`` of ``[tool.uv]``, and from the files that
``-c`` names in a requirements file. Nobody requires what they name, so a lock may have that in
another version, after a bad merge, and all requirements be met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import LockedDistribution, Origin
from hatch_lambda_zip.lock.places import has_name
from hatch_lambda_zip.runtimes import Platform

_PREFIX: Final = "-c "  # as `read_requirements` has them


def allows(specifiers: SpecifierSet, version: str) -> bool:
    """Tell whether a requirement allows a locked version; pre-releases are the lock's choice.

    As for uv, ``===2.0.0`` is the same as ``===2.0``; PEP 440 compares the letters.

    Raises:
        ValueError: a version has too many digits for an int.
    """
    return all(
        _is_same(it.version, version)
        if it.operator == "==="
        else it.contains(version, prereleases=True)
        for it in specifiers
    )


def _is_same(one: str, other: str) -> bool:
    return canonicalize_version(one) == canonicalize_version(other)


def unmet_constraints(
    constraints: Iterable[str],
    distributions: Iterable[LockedDistribution],
    platform: Platform,
    source: Path,
) -> dict[str, str]:
    """Return what has another version than constraints allow, in words, by its name.

    Only what comes from an index counts: uv takes all else in whatever version it is.

    Args:
        constraints: requirements (PEP 508); as they stand there.
        source: the lock that they hold for, for errors.

    Raises:
        LockError: one can't be read, or its marker not be evaluated.
    """
    locked = {it.name: it.version for it in distributions if it.origin is Origin.INDEX}
    unmet: dict[str, str] = {}
    for text in constraints:
        try:
            constraint = Requirement(text)
            name, marker = canonicalize_name(constraint.name), constraint.marker
            version = locked.get(name)
            if version is None or (marker is not None and not platform.satisfies(marker)):
                continue
            if not allows(constraint.specifier, version):
                unmet[name] = f"{name} {version} for {text}"
        except ValueError as error:  # invalid ones, or too many digits for an int
            first, *_ = str(error).splitlines()
            raise LockError(
                f"{source}: the constraint {text!r} can't be read: {first}. Correct it where it "
                "stands, and lock again."
            ) from None
    return unmet


def constraints_in(lines: Iterable[str]) -> Iterator[str]:
    """Yield the constraints among the lines of a requirements file, but for paths alone."""
    for line in lines:
        text = line.removeprefix(_PREFIX).partition(" --")[0]
        if line.startswith(_PREFIX) and has_name(text):
            yield text


def told_constraints(settings: Mapping[str, Any], source: str) -> tuple[str, ...]:
    """Return the constraints among uv's settings.

    Args:
        source: where they stand, for errors.

    Raises:
        LockError: they are no list of texts; uv passes over all settings then.
    """
    found = settings.get("constraint-dependencies", [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise LockError(
            f"{source}: constraint-dependencies is no list of requirements, so that uv passes over "
            "all settings there. Correct it, and lock again."
        )
    return tuple(found)
