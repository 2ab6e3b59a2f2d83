"""RECORDs -> the sorted entries of the zip.

Only what a RECORD lists can ship; the staging directory is never walked for content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_lambda_zip.errors import (
    CollisionError,
    EditableInstallError,
    RecordError,
    StagingError,
    VerificationError,
)
from hatch_lambda_zip.left_out import LeftOut, entry_point_scripts, reason_to_leave_out
from hatch_lambda_zip.record import Digest, format_record, parse_record
from hatch_lambda_zip.wheel import generator, without_generator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hatch_lambda_zip.lock.model import LockedDistribution, Origin
    from hatch_lambda_zip.record import RecordRow
    from hatch_lambda_zip.staging import Site

# What an installer writes about itself; no part of the distribution.
_INSTALLER_FILES: Final = frozenset(
    ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
)
# The names that setuptools, hatchling and the editables library give; and what any of them
# writes into the file: a directory of this machine, or the import of a finder that knows one.
_EDITABLE_NAME: Final = re.compile(r"(__editable__|_?__editables?_|_editable_).*\.pth")
_EDITABLE_LINE: Final = re.compile(r"[\\/]|[A-Za-z]:[\\/]|import\s+_+editable")


@dataclass(frozen=True)
class Entry:
    """One file of the zip.

    Attributes:
        name: the member's name, as in RECORD.
        content: the file to read, or the bytes themselves where they are made here.
        size: in bytes.
        digest: what the content must hash to.
        distribution: the name of the distribution that it is counted for.
    """

    name: str
    content: Path | bytes
    size: int
    digest: Digest
    distribution: str

    def read(self) -> bytes:
        """Return the content, verified.

        Raises:
            VerificationError: it is not what RECORD says, or can't be read.
        """
        try:
            data = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        except OSError as error:
            raise VerificationError(f"{self.name} of {self.distribution}: {error}.") from None
        if len(data) != self.size or Digest.of(data, self.digest.algorithm) != self.digest:
            raise VerificationError(
                f"{self.name} of {self.distribution} is not the file that its RECORD lists. Some "
                "process changed an installed copy, and through a hard link uv's cache with it. "
                f"Run `uv cache clean {self.distribution}` and build again; if that does not "
                "help, the wheel itself is broken."
            )
        return data


@dataclass(frozen=True)
class Distribution:
    """A distribution in the zip.

    Attributes:
        name: normalized (PEP 503).
        version: as its dist-info says.
        origin: where the lock takes it from.
        built_with: what built its wheel, when that happened on this machine; else None.
    """

    name: str
    version: str
    origin: Origin
    built_with: str | None


@dataclass(frozen=True)
class Contents:
    """What ships.

    Attributes:
        entries: ascending by the UTF-8 bytes of their names.
        distributions: ascending by name.
        left_out: what does not ship, ascending by path.
        warnings: lines for the user.
    """

    entries: tuple[Entry, ...]
    distributions: tuple[Distribution, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]


def collect(sites: Iterable[Site]) -> Contents:
    """Decide which files ship.

    Args:
        sites: the directories that distributions were installed into.

    Raises:
        StagingError: a site holds other distributions than were to be installed.
        RecordError: a RECORD is missing or malformed, or lists a file that is not there.
        CollisionError: two distributions want different content under one name.
        EditableInstallError: a distribution is an editable install.
        VerificationError: a dist-info file that is rewritten is not what RECORD says.
    """
    entries: dict[str, Entry] = {}
    distributions: list[Distribution] = []
    left_out: list[LeftOut] = []
    warnings: list[str] = []
    for installed in _installed(sites):
        distributions.append(installed.distribution)
        for entry in installed.entries:
            other = entries.setdefault(entry.name, entry)
            if not _is_same_content(other, entry):
                raise CollisionError(
                    f"{other.distribution} and {entry.distribution} both ship {entry.name}, with "
                    "different content, so one would silently overwrite the other. Remove one of "
                    "them from the dependencies, or ask their authors which is wrong."
                )
        left_out += installed.left_out
        warnings += installed.warnings
    _refuse_files_as_directories(entries)
    return Contents(
        tuple(sorted(entries.values(), key=lambda entry: entry.name.encode())),
        tuple(distributions),
        tuple(sorted(left_out, key=lambda left: (left.path.encode(), left.distribution))),
        tuple(warnings),
    )


def _is_same_content(one: Entry, other: Entry) -> bool:
    if one.digest.algorithm == other.digest.algorithm:
        return one.digest == other.digest
    return Digest.of(one.read(), other.digest.algorithm) == other.digest


@dataclass(frozen=True)
class _Installed:
    """What one installed distribution gives."""

    distribution: Distribution
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]


def _installed(sites: Iterable[Site]) -> list[_Installed]:
    """Read every distribution, ascending by name."""
    found = []
    for site in sites:
        expected = {distribution.name: distribution for distribution in site.distributions}
        seen = set()
        for dist_info in sorted(site.path.glob("*.dist-info")):
            distribution = _identify(dist_info.name, site, expected)
            seen.add(distribution.name)
            found.append(_read_distribution(site, dist_info.name, distribution))
        if absent := sorted(expected.keys() - seen):
            raise StagingError(
                f"{', '.join(absent)} should have been installed, but is not there. "
                "Run the build with -v to see the commands."
            )
    found.sort(key=lambda installed: installed.distribution.name)
    return found


def _identify(dist_info: str, site: Site, expected: dict[str, LockedDistribution]) -> Distribution:
    """Match a dist-info directory with what the lock names."""
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    locked = expected.get(canonicalize_name(name))
    if locked is None or not _same_version(locked.version, version):
        wanted = ", ".join(f"{d.name} {d.version or ''}".strip() for d in expected.values())
        raise StagingError(
            f"{dist_info} was installed, which the lock does not name; it names {wanted}."
        )
    wheel_file = site.path / dist_info / "WHEEL"
    built_with = None
    if site.built and wheel_file.is_file():
        built_with = generator(wheel_file.read_bytes())
    return Distribution(locked.name, version, locked.origin, built_with)


def _same_version(locked: str | None, installed: str) -> bool:
    if locked is None:
        return True
    try:
        return Version(locked) == Version(installed)
    except InvalidVersion:
        return locked == installed


def _read_distribution(site: Site, dist_info: str, distribution: Distribution) -> _Installed:
    record = f"{dist_info}/RECORD"
    source = f"RECORD of {distribution.name} {distribution.version}"
    try:
        text = (site.path / record).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{source} can't be read: {error}.") from None
    rows = parse_record(text, source)
    listed = {row.path for row in rows}
    scripts = entry_point_scripts(site.path / dist_info / "entry_points.txt")
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    warnings: list[str] = []
    for row in rows:
        if row.path == record or _is_installers(row.path, dist_info):
            continue
        if reason := reason_to_leave_out(row.path, record, site.path, listed, scripts):
            left_out.append(LeftOut(row.path, reason, distribution.name))
            continue
        entry = _entry(row, site, source, distribution)
        if row.path.endswith(".pth") and "/" not in row.path:
            warnings.append(_check_pth(entry))
        if site.built and row.path == f"{dist_info}/WHEEL":
            entry = _without_generator(entry)
        entries.append(entry)
    entries.append(_rewritten_record(record, entries, distribution))
    return _Installed(distribution, tuple(entries), tuple(left_out), tuple(warnings))


def _is_installers(path: str, dist_info: str) -> bool:
    directory, _, name = path.rpartition("/")
    return directory == dist_info and name in _INSTALLER_FILES


def _entry(row: RecordRow, site: Site, source: str, distribution: Distribution) -> Entry:
    if row.digest is None:
        raise RecordError(f"{source}: {row.path} has no hash, so it can't be verified")
    path = site.path / row.path
    if not path.is_file():
        raise RecordError(f"{source} lists {row.path}, which is not there as a file")
    return Entry(row.path, path, path.stat().st_size, row.digest, distribution.name)


def _check_pth(entry: Entry) -> str:
    """Return the warning for a .pth file; refuse that of an editable install."""
    lines = entry.read().decode("utf-8", "replace").splitlines()
    if _EDITABLE_NAME.fullmatch(entry.name) or any(map(_EDITABLE_LINE.match, lines)):
        raise EditableInstallError(
            f"{entry.distribution} is an editable install: {entry.name} only points to a "
            "directory of this machine, and no code would ship. Build it as a normal wheel."
        )
    return (
        f"{entry.distribution} ships {entry.name}: Lambda does not process .pth files of the "
        "deployment package, so what it does locally will not happen there"
    )


def _without_generator(entry: Entry) -> Entry:
    """Leave the back end's version out, so that a new one changes no hash."""
    data = without_generator(entry.read())
    return Entry(entry.name, data, len(data), Digest.of(data), entry.distribution)


def _rewritten_record(record: str, entries: Iterable[Entry], distribution: Distribution) -> Entry:
    """Make the RECORD of what ships, which importlib.metadata answers from."""
    rows: list[tuple[str, Digest | None, int | None]] = [
        (entry.name, entry.digest, entry.size) for entry in entries
    ]
    data = format_record([*rows, (record, None, None)])
    return Entry(record, data, len(data), Digest.of(data), distribution.name)


def _refuse_files_as_directories(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        for parent in _parents(entry.name):
            if other := entries.get(parent):
                raise CollisionError(
                    f"{other.distribution} ships {other.name} as a file, and {entry.distribution} "
                    f"has it as a directory with {entry.name}. Remove one of them from the "
                    "dependencies."
                )


def _parents(name: str) -> Iterator[str]:
    position = name.find("/")
    while position >= 0:
        yield name[:position]
        position = name.find("/", position + 1)
