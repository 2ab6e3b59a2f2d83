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
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import LockedDistribution, Origin
from hatch_lambda_zip.lock.places import has_name
from hatch_lambda_zip.runtimes import Platform

_PREFIX: Final = "-c "  # as `read_requirements` has them


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
            if not constraint.specifier.contains(version, prereleases=True):
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


def told_constraints(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the constraints among uv's settings."""
    listed = settings.get("constraint-dependencies")
    items = listed if isinstance(listed, list) else ()
    return tuple(item for item in items if isinstance(item, str))  # of others, uv says it
