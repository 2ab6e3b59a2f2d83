"""RECORDs -> what each installed distribution has to ship.

Only what a RECORD lists can ship; the staging directory is never walked for content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.install import Site
from hatch_lambda_zip.install.skip import (
    LeftOut,
    Reason,
    entry_point_scripts,
    reason_to_leave_out,
)
from hatch_lambda_zip.install.wheel import generator, without_generator
from hatch_lambda_zip.lock.model import LockedDistribution, Origin
from hatch_lambda_zip.record import RecordRow, parse_record

# What an installer writes about itself; no part of the distribution.
_INSTALLER_FILES: Final = frozenset(
    ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
)
# The names that setuptools, hatchling and the editables library give; and what any of them
# writes into the file: a directory of this machine, or the import of a finder that knows one.
_EDITABLE_NAME: Final = re.compile(r"(__editable__|_?__editables?_|_editable_).*\.pth")
_EDITABLE_LINE: Final = re.compile(r"[\\/]|[A-Za-z]:[\\/]|import\s+_+editable")


@dataclass(frozen=True)
class Distribution:
    """A distribution in the zip.

    Attributes:
        name: normalized (PEP 503).
        version: as its dist-info says.
        origin: where the lock takes it from.
        identity: what its content is pinned by.
        built_with: what built its wheel, when that happened on this machine; else None.
    """

    name: str
    version: str
    origin: Origin
    identity: str
    built_with: str | None


@dataclass(frozen=True)
class Installed:
    """What one installed distribution has.

    Attributes:
        distribution: which one it is.
        dist_info: the name of its dist-info directory.
        entries: what ships, but for its RECORD.
        left_out: what does not, ascending by path.
        warnings: lines for the user.
        bytecode: the files in ``__pycache__``, which are among those left out.
        scripts: the scripts that came with the wheel, likewise.
    """

    distribution: Distribution
    dist_info: str
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    bytecode: tuple[Entry, ...] = ()
    scripts: tuple[Entry, ...] = ()

    @property
    def name(self) -> str:
        """The distribution's normalized name."""
        return self.distribution.name

    def without(self, reasons: Mapping[str, Reason]) -> Installed:
        """Leave some files out.

        Args:
            reasons: why, by the file's name.
        """
        if not reasons:
            return self
        left_out = [LeftOut(name, reason, self.name) for name, reason in reasons.items()]
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if entry.name not in reasons),
            left_out=tuple(sorted((*self.left_out, *left_out), key=lambda left: left.path)),
        )


def read_installed(sites: Iterable[Site]) -> tuple[Installed, ...]:
    """Read every distribution.

    Args:
        sites: the directories that distributions were installed into.

    Returns:
        The distributions, ascending by name.

    Raises:
        DistributionError: a site holds other distributions than were to be installed.
        DistributionError: a RECORD is missing or malformed, or lists a file that is not there.
        DistributionError: a distribution is an editable install.
        DistributionError: a dist-info file that is rewritten is not what RECORD says.
    """
    found = []
    for site in sites:
        expected = {distribution.name: distribution for distribution in site.distributions}
        seen = set()
        for dist_info in sorted(site.path.glob("*.dist-info")):
            distribution = _identify(dist_info.name, site, expected)
            seen.add(distribution.name)
            found.append(_read_distribution(site, dist_info.name, distribution))
        if absent := sorted(expected.keys() - seen):
            raise DistributionError(
                f"{', '.join(absent)} should have been installed, but is not there. "
                "Run the build with -v to see the commands."
            )
    found.sort(key=lambda installed: installed.name)
    return tuple(found)


def _identify(dist_info: str, site: Site, expected: dict[str, LockedDistribution]) -> Distribution:
    """Match a dist-info directory with what the lock names."""
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    locked = expected.get(canonicalize_name(name))
    if locked is None or not _same_version(locked.version, version):
        wanted = ", ".join(f"{d.name} {d.version or ''}".strip() for d in expected.values())
        raise DistributionError(
            f"{dist_info} was installed, which the lock does not name; it names {wanted}."
        )
    wheel_file = site.path / dist_info / "WHEEL"
    built_with = None
    if site.built and wheel_file.is_file():
        built_with = generator(wheel_file.read_bytes())
    return Distribution(locked.name, version, locked.origin, locked.identity, built_with)


def _same_version(locked: str | None, installed: str) -> bool:
    if locked is None:
        return True
    try:
        return Version(locked) == Version(installed)
    except InvalidVersion:
        return locked == installed


def _read_distribution(site: Site, dist_info: str, distribution: Distribution) -> Installed:
    record = f"{dist_info}/RECORD"
    source = f"RECORD of {distribution.name} {distribution.version}"
    try:
        text = (site.path / record).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DistributionError(f"{source} can't be read: {error}.") from None
    rows = parse_record(text, source)
    listed = {row.path for row in rows}
    scripts = entry_point_scripts(site.path / dist_info / "entry_points.txt")
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    warnings: list[str] = []
    others: dict[Reason, list[Entry]] = {Reason.BYTECODE: [], Reason.SCRIPT: []}
    for row in rows:
        if row.path == record or _is_installers(row.path, dist_info):
            continue
        if reason := reason_to_leave_out(row.path, record, site.path, listed, scripts):
            left_out.append(LeftOut(row.path, reason, distribution.name))
            # Only on request will anybody look at it; it need not be there.
            if row.digest is not None and (site.path / row.path).is_file() and reason in others:
                others[reason].append(_entry(row, site, source, distribution))
            continue
        entry = _entry(row, site, source, distribution)
        if row.path.endswith(".pth") and "/" not in row.path:
            warnings.append(_check_pth(entry))
        if site.built and row.path == f"{dist_info}/WHEEL":
            # Leave the back end's version out, so that a new one changes no hash.
            entry = Entry.of(entry.name, without_generator(entry.read()), entry.distribution)
        entries.append(entry)
    return Installed(
        distribution,
        dist_info,
        tuple(entries),
        tuple(sorted(left_out, key=lambda left: left.path)),
        tuple(warnings),
        tuple(others[Reason.BYTECODE]),
        tuple(others[Reason.SCRIPT]),
    )


def _is_installers(path: str, dist_info: str) -> bool:
    directory, _, name = path.rpartition("/")
    return directory == dist_info and name in _INSTALLER_FILES


def _entry(row: RecordRow, site: Site, source: str, distribution: Distribution) -> Entry:
    if row.digest is None:
        raise DistributionError(f"{source}: {row.path} has no hash, so it can't be verified")
    path = site.path / row.path
    if not path.is_file():
        raise DistributionError(f"{source} lists {row.path}, which is not there as a file")
    return Entry(row.path, path, path.stat().st_size, row.digest, distribution.name)


def _check_pth(entry: Entry) -> str:
    """Return the warning for a .pth file; refuse that of an editable install."""
    lines = entry.read().decode("utf-8", "replace").splitlines()
    if _EDITABLE_NAME.fullmatch(entry.name) or any(map(_EDITABLE_LINE.match, lines)):
        raise DistributionError(
            f"{entry.distribution} is an editable install: {entry.name} only points to a "
            "directory of this machine, and no code would ship. Build it as a normal wheel."
        )
    return (
        f"{entry.distribution} ships {entry.name}: Lambda does not process .pth files of the "
        "deployment package, so what it does locally will not happen there"
    )
