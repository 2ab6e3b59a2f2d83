"""RECORDs -> what each installed distribution has to ship.

Only what a RECORD lists can ship; the staging directory is never walked for content.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import too_long
from hatch_lambda_zip.install.dist_info import (
    DistInfo,
    canonical_dist_info,
    generator,
    is_for_any_platform,
)
from hatch_lambda_zip.install.entry_points import read_entry_points, script_names
from hatch_lambda_zip.install.import_names import ImportNames
from hatch_lambda_zip.install.reasons import LeftOut, LeftOutDistribution, Reason
from hatch_lambda_zip.install.skip import reason_to_skip
from hatch_lambda_zip.install.unlisted import (
    check_all_listed,
    how_to_mend,
    signed_and_signatures,
    unlisted_but_needed,
)
from hatch_lambda_zip.install.wheel import same_version
from hatch_lambda_zip.lock import LockedDistribution, Origin
from hatch_lambda_zip.record import Digest, RecordRow, format_record, parse_record

INSTALLER_FILES: Final = frozenset(
    ("INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")
)
"""What an installer writes about itself in a dist-info directory; no part of the distribution."""

# The names that setuptools, hatchling and the editables library give; and what any of them
# writes into the file: a directory of this machine, or the import of a finder that knows one.
_EDITABLE_NAME: Final = re.compile(r"(__editable__|_?__editables?_|_editable_).*\.pth")
_EDITABLE_LINE: Final = re.compile(r"[\\/]|[A-Za-z]:[\\/]|import\s+_+editable")


@dataclass(frozen=True)
class Site:
    """A directory that distributions were installed into, as ``pip install --target`` does it.

    Attributes:
        path: the directory.
        distributions: what was to be installed.
        is_built_here: whether their wheels were built on this machine, so that their WHEEL names
            the local version of a build back end.
        compiled: the names of those that hold code compiled on this machine.
        version: what they ship under instead of their own version, when built here.
    """

    path: Path
    distributions: tuple[LockedDistribution, ...]
    is_built_here: bool
    compiled: frozenset[str] = frozenset()
    version: str | None = None

    @property
    def is_cached(self) -> bool:
        """Whether it came out of uv's cache: what uv itself builds does, too."""
        return any(item.origin is not Origin.LOCAL for item in self.distributions)


@dataclass(frozen=True)
class Distribution:
    """A distribution in the zip.

    Attributes:
        name: normalized (PEP 503).
        version: as its dist-info says.
        origin: where the lock takes it from.
        identity: what its content is pinned by.
        built_with: what built its wheel, when that happened on this machine; else None.
        is_compiled_here: whether it holds code that was compiled on this machine.
    """

    name: str
    version: str
    origin: Origin
    identity: str
    built_with: str | None = None
    is_compiled_here: bool = False


@dataclass(frozen=True)
class Installed:
    """What one installed distribution has.

    Attributes:
        distribution: which one it is.
        dist_info: the name of its dist-info directory.
        entries: what ships, but for its RECORD.
        left_out: what does not, ascending by path.
        scripts: the scripts that came with the wheel, which are among those left out.
    """

    distribution: Distribution
    dist_info: str
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    scripts: tuple[Entry, ...] = ()

    @property
    def name(self) -> str:
        """The distribution's normalized name."""
        return self.distribution.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines for the user, on what ships."""
        return tuple(
            f"{self.name} ships {entry.name}: Lambda does not process .pth files of the "
            "deployment package, so what it does locally will not happen there"
            for entry in self.entries
            if _is_pth(entry.name)
        )

    @cached_property
    def record(self) -> Entry:
        """The RECORD of what ships, which importlib.metadata answers from."""
        path = f"{self.dist_info}/RECORD"
        rows: list[tuple[str, Digest | None, int | None]] = [
            (entry.name, entry.digest, entry.size) for entry in self.entries
        ]
        return Entry.of(path, format_record([*rows, (path, None, None)]), self.name)

    @cached_property
    def import_names(self) -> ImportNames:
        """What can be imported of it; ``bytecode`` has nothing that ``entries`` lacks."""
        return ImportNames.of(entry.name for entry in self.entries)

    @cached_property
    def metadata(self) -> Message:
        """What METADATA says, read as leniently as importlib.metadata does.

        Nobody here can mend what is published. What is written anew, of local projects, is read
        strictly (install/metadata).

        Raises:
            DistributionError: there is none, or it is not what RECORD says.
        """
        content = self.metadata_file("METADATA")
        if content is None:
            raise DistributionError(f"{self.name} has no METADATA. Choose another version of it.")
        return HeaderParser().parsestr(content.decode("utf-8", "replace"))

    @property
    def is_for_any_platform(self) -> bool:
        """Whether its wheel's tags say that it works everywhere."""
        return is_for_any_platform(self.metadata_file("WHEEL") or b"")

    def is_metadata(self, path: str) -> bool:
        """Tell whether a path lies in the distribution's dist-info directory."""
        return path.startswith(f"{self.dist_info}/")

    def metadata_file(self, name: str) -> bytes | None:
        """Return the content of a file in the dist-info directory, such as ``METADATA``, or None.

        Raises:
            DistributionError: it is not what RECORD says.
        """
        path = f"{self.dist_info}/{name}"
        return next((entry.read() for entry in self.entries if entry.name == path), None)

    def as_left_out(self, reason: Reason, layer: str | None = None) -> LeftOutDistribution:
        """Return the note that the whole distribution stays out, or that a layer ships it."""
        return LeftOutDistribution(self.name, self.distribution.version, reason, layer)

    def without(self, reasons: Mapping[str, Reason]) -> Installed:
        """Leave some files out; ``reasons`` says why, by the file's name."""
        left_out = [LeftOut(name, reason, self.name) for name, reason in reasons.items()]
        kept = tuple(entry for entry in self.entries if entry.name not in reasons)
        return self.with_entries(kept, left_out)

    def with_more(self, entries: Iterable[Entry]) -> Installed:
        """Ship more entries, whether or not they were left out before."""
        more = {entry.name: entry for entry in entries}
        left_out = tuple(left for left in self.left_out if left.path not in more)
        return replace(self, entries=(*self.entries, *more.values()), left_out=left_out)

    def with_entries(self, entries: Iterable[Entry], left_out: Iterable[LeftOut] = ()) -> Installed:
        """Ship these entries instead, and note what more is left out."""
        both = sorted((*self.left_out, *left_out), key=lambda left: left.path)
        return replace(self, entries=tuple(entries), left_out=tuple(both))


def read_site(site: Site) -> tuple[Installed, ...]:
    """Read every distribution of a site, ascending by name.

    Raises:
        DistributionError: the site holds other distributions than were to be installed, or an
            editable install; a RECORD is missing or malformed, or lists a file that is not there;
            none lists a file that is there; or a dist-info file that is rewritten is not what
            RECORD says.
    """
    expected = {distribution.name: distribution for distribution in site.distributions}
    found = []
    listed = {}
    for dist_info in sorted(path.name for path in site.path.glob("*.dist-info")):
        distribution = _identify(dist_info, site, expected)
        rows = _read_record(site, dist_info, distribution)
        listed[distribution.name] = {row.path for row in rows} | signed_and_signatures(dist_info)
        found.append(_read_distribution(site, dist_info, distribution, rows))
    if absent := sorted(expected.keys() - {installed.name for installed in found}):
        raise DistributionError(
            f"{', '.join(absent)} should have been installed, but is not there. "
            "Run the build with -v to see the commands."
        )
    check_all_listed(site.path, listed, is_cached=site.is_cached)
    return tuple(sorted(found, key=lambda installed: installed.name))


def overlapping(installed: Iterable[Installed]) -> list[str]:
    """Return the names of distributions that have different files in one place, each once."""
    first: dict[str, Entry] = {}
    names: dict[str, None] = {}
    for item in installed:
        for entry in (*item.entries, *item.scripts):
            other = first.setdefault(entry.name, entry)
            if other.digest != entry.digest:
                names |= dict.fromkeys((other.distribution, entry.distribution))
    return [*names]


def _identify(dist_info: str, site: Site, expected: dict[str, LockedDistribution]) -> Distribution:
    """Match a dist-info directory with what the lock names."""
    name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    locked = expected.get(canonicalize_name(name))
    if locked is None or not same_version(locked.version, version):
        wanted = ", ".join(f"{d.name} {d.version or ''}".strip() for d in expected.values())
        raise DistributionError(
            f"{dist_info} was installed, which the lock does not name; it names {wanted}."
        )
    wheel_file = site.path / dist_info / "WHEEL"
    built_with = None
    if site.is_built_here and wheel_file.is_file():
        built_with = generator(wheel_file.read_bytes())
    return Distribution(
        locked.name,
        version,
        locked.origin,
        locked.identity,
        built_with,
        is_compiled_here=locked.name in site.compiled,
    )


def _read_record(site: Site, dist_info: str, distribution: Distribution) -> list[RecordRow]:
    source = _record_of(distribution)
    path = f"{dist_info}/RECORD"
    try:
        text = (site.path / path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DistributionError(f"{source} can't be read: {error}.") from None
    if sys.platform == "win32":
        text = text.replace("\\", "/")  # as uv writes what it has moved; no name can have one there
    rows = [*dict.fromkeys(parse_record(text, source))]  # a row that is there twice says no more
    if missing := unlisted_but_needed({row.path for row in rows}, dist_info):
        remedy = how_to_mend([distribution.name], is_cached=site.is_cached)
        raise DistributionError(f"{source} does not list its own {' and '.join(missing)}. {remedy}")
    return rows


def _record_of(distribution: Distribution) -> str:
    return f"RECORD of {distribution.name} {distribution.version}"


def _read_distribution(
    site: Site, dist_info: str, distribution: Distribution, rows: list[RecordRow]
) -> Installed:
    record = f"{dist_info}/RECORD"
    source = _record_of(distribution)
    listed = {row.path for row in rows}
    scripts = _entry_point_scripts(site.path / dist_info / "entry_points.txt")
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    found: list[Entry] = []
    names: set[str] = set()
    for row in rows:
        if row.path == record or is_installers_file(row.path, dist_info):
            continue
        if reason := reason_to_skip(row.path, record, site.path, listed, scripts):
            left_out.append(LeftOut(row.path, reason, distribution.name))
            # Only on request will anybody look at it; it need not be there.
            is_there = row.digest is not None and _is_file(site.path / row.path)
            if reason is Reason.SCRIPT and is_there:
                found.append(_entry(row, site, source, distribution))
            continue
        entry = _entry(row, site, source, distribution)
        if _is_pth(row.path):
            _check_pth(entry)
        if entry.name in names:
            remedy = how_to_mend([distribution.name], is_cached=site.is_cached)
            raise DistributionError(
                f"{source} lists {row.path} twice, with different hashes. {remedy}"
            )
        names.add(entry.name)
        entries.append(entry)
    if site.is_built_here:
        # What the back end's release has a say in stays out, so that a new one changes no hash.
        dist_info, entries = _with_canonical_dist_info(
            dist_info, entries, distribution.name, site.version
        )
        if site.version is not None:
            distribution = replace(distribution, version=site.version)
    return Installed(
        distribution,
        dist_info,
        tuple(entries),
        tuple(sorted(left_out, key=lambda left: left.path)),
        tuple(found),
    )


def _with_canonical_dist_info(
    directory: str, entries: list[Entry], name: str, version: str | None
) -> tuple[str, list[Entry]]:
    inside = {
        entry.name.removeprefix(f"{directory}/"): entry.read()
        for entry in entries
        if entry.name.startswith(f"{directory}/")
    }
    dist_info = canonical_dist_info(DistInfo(directory, inside), version)
    others = [entry for entry in entries if not entry.name.startswith(f"{directory}/")]
    made = [
        Entry.of(f"{dist_info.name}/{path}", content, name)
        for path, content in dist_info.files.items()
    ]
    return dist_info.name, [*others, *made]


def _entry_point_scripts(path: Path) -> frozenset[str]:
    return script_names(read_entry_points(path.read_bytes())) if path.is_file() else frozenset()


def is_installers_file(path: str, dist_info: str) -> bool:
    """Tell whether a file in a dist-info directory is what an installer writes about itself."""
    directory, _, name = path.rpartition("/")
    return directory == dist_info and name in INSTALLER_FILES


def _entry(row: RecordRow, site: Site, source: str, distribution: Distribution) -> Entry:
    if row.digest is None:
        remedy = how_to_mend([distribution.name], is_cached=site.is_cached)
        raise DistributionError(
            f"{source}: {row.path} has no hash, so it can't be verified. {remedy}"
        )
    path = site.path / row.path
    if not _is_file(path):
        remedy = how_to_mend([distribution.name], is_cached=site.is_cached)
        raise DistributionError(
            f"{source} lists {row.path}, which is not there as a file. {too_long(path) or remedy}"
        )
    return Entry(row.path, path, path.stat().st_size, row.digest, distribution.name)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's raises for names that are too long


def _is_pth(path: str) -> bool:
    return path.endswith(".pth") and "/" not in path


def _check_pth(entry: Entry) -> None:
    """Refuse the .pth file of an editable install."""
    lines = entry.read().decode("utf-8", "replace").splitlines()
    if _EDITABLE_NAME.fullmatch(entry.name) or any(map(_EDITABLE_LINE.match, lines)):
        raise DistributionError(
            f"{entry.distribution} is an editable install: {entry.name} only points to a "
            "directory of this machine, and no code would ship. Build it as a normal wheel."
        )
