"""What lines of a requirements file ask for by a path or a URL, and whether a pylock.toml has it.

Some have no name that they could be missed by; with a name, what another place has of it by that
name is something else (PEP 508).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import LockFile, resolved
from hatch_lambda_zip.lock.requirements import LineError, directory_in
from hatch_lambda_zip.runtimes import Platform

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageVcs

ARCHIVES: Final = (".whl", ".tar.gz", ".zip")
"""What the names of wheels and sdists end with."""

_GIT: Final = "git+"
_PORTS: Final = {"http": 80, "https": 443}
_Url = tuple[str, str, int | None, str, str]


@dataclass(frozen=True)
class Place:
    """What a line asks for, and where that is.

    Attributes:
        line: as it stands there.
        path: of a directory or archive on this machine; None for what is elsewhere.
        url: of what is elsewhere, with ``git+`` where it is a repository; else empty.
        name: that it has to have, normalized; empty for any.
        extras: what is asked of it besides by its path alone, normalized.
    """

    line: str
    path: Path | None = None
    url: str = ""
    name: str = ""
    extras: tuple[str, ...] = ()

    def is_of(self, package: Package, base: Path) -> bool:
        """Tell whether a package of a lock is from there; ``base`` is the lock's directory."""
        if self.name and package.name != self.name:
            return False
        if self.path is not None:
            sources = (package.directory, package.archive)
            paths = [it.path for it in sources if it is not None and it.path is not None]
            found = [resolved(base, path) for path in paths]
            found += [it.resolved(base) for it in map(directory_in, _urls(package)) if it]
            return self.path in found
        if self.url.startswith(_GIT):
            return package.vcs is not None and _is_checkout(self.url, package.vcs)
        return compared_url(self.url) in map(compared_url, _urls(package))


def _urls(package: Package) -> list[str]:
    archive = package.archive
    return [] if archive is None or archive.url is None else [archive.url]


def places_in(lines: Iterable[str], base: Path, platform: Platform) -> Iterator[Place]:
    """Yield what lines of a requirements file ask for by a path or a URL.

    Lines with variables are left out, as others may have other values of them.

    Args:
        base: the directory that uv runs in, which paths are relative to.

    Raises:
        LockError: a path can't be followed, or a marker not be evaluated.
    """
    for line in lines:
        if "${" in line or line.startswith("-c "):
            continue
        try:
            found = (_named if has_name(line) else _unnamed)(line, base, platform)
            if found is not None:
                yield found
        except (LineError, InvalidMarker) as error:
            first, *_ = str(error).splitlines()  # the others point at a column
            raise LockError(
                f"{base}: the requirement {line!r} can't be read: {first.rstrip('.')}. Correct it "
                "where it stands, and lock again."
            ) from None


def has_name(line: str) -> bool:
    """Tell whether a line names what it requires; the file name of an archive is no name."""
    try:
        name = Requirement(line.partition(" --")[0]).name  # options follow it
    except InvalidRequirement:
        return False
    return not name.endswith(ARCHIVES)


def _named(line: str, base: Path, platform: Platform) -> Place | None:
    """Return where a requirement with a name is to be from; None for from any index."""
    requirement = Requirement(line.partition(" --")[0])
    url, marker = requirement.url, requirement.marker
    if url is None or (marker is not None and not platform.satisfies(marker)):
        return None
    name = canonicalize_name(requirement.name)
    if "://" in url and not url.startswith("file:"):
        return Place(line, url=url, name=name)
    local = directory_in(url) or directory_in(f"./{url}")
    return None if local is None else Place(line, local.resolved(base), name=name)


def _unnamed(line: str, base: Path, platform: Platform) -> Place | None:
    """Return what a line without a name asks for, if the platform needs it."""
    text, _, marker = line.partition(" --")[0].partition(" ;")
    local = directory_in(line)
    if local is None and "://" in text:
        is_needed = not marker or platform.satisfies(Marker(marker.strip()))
        return Place(line, url=text.strip()) if is_needed else None
    # pip and uv take `files/a.whl` for a path, too.
    local = local or directory_in(f"./{line}")
    if local is None or not local.holds(platform):
        return None
    return Place(line, local.resolved(base), extras=local.extras)


def _is_checkout(url: str, vcs: PackageVcs) -> bool:
    """Tell whether a repository in a lock is that of a requirement's URL, at its revision."""
    place, _, _ = url.removeprefix(_GIT).partition("#")
    before, at, revision = place.rpartition("@")
    if not at or "/" not in before.partition("://")[2]:  # that of a user
        before, revision = place, ""
    is_there = revision in {"", vcs.requested_revision, vcs.commit_id}
    return is_there and vcs.url is not None and compared_url(before) == compared_url(vcs.url)


def compared_url(url: str) -> _Url:
    """Return what of a URL tells where something is: no fragment, no user, in one spelling."""
    try:
        parts = urlsplit(url)
        port = None if parts.port == _PORTS.get(parts.scheme) else parts.port
    except ValueError:
        return "", "", None, url, ""  # it is none
    path = unquote(parts.path).rstrip("/")
    return parts.scheme, parts.hostname or "", port, path, parts.query


def check_places(
    places: Iterable[Place], packages: Collection[Package], lock: LockFile, remedy: str
) -> None:
    """Check that a lock has what it was asked for by a path or a URL.

    Args:
        packages: those that are selected from it.
        remedy: what to do where it does not.

    Raises:
        LockError: it does not.
    """
    base = lock.path.parent
    missing = [
        place.line
        for place in places
        if not any(place.is_of(package, base) for package in packages)
    ]
    if missing:
        raise LockError(f"{lock.path} does not have {', '.join(missing)}. {remedy}")
