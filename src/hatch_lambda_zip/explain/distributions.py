"""Which file is of which distribution, by the RECORDs in a zip; all others are the project's own.

RECORDs are read leniently: pip writes where its own staging directory had the scripts, SAM leaves a
wheel's paths as they are, and nothing here trusts a RECORD with more than the answer to "whose?".
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.explain.pycs import source_name
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.install import installed_place, read_headers
from hatch_lambda_zip.record import Digest, parse_digest

OWN: Final = ""
"""What stands for the name of a distribution where a file is the project's own."""

# Where Python finds distributions on Lambda: in functions, and in layers in two places.
_SITE: Final = r"(?:python/(?:lib/python3\.\d+/site-packages/)?)?"
_DIST_INFO: Final = re.compile(rf"({_SITE})([^/]+\.dist-info)/(.+)")
_LARGEST_RECORD: Final = 64 << 20  # bytes
_SCRIPTS_OF_PIP: Final = "../../bin/"  # pip's --target moves them to bin/, and says so nowhere


@dataclass(frozen=True)
class FoundDistribution:
    """A distribution in a zip or directory.

    Attributes:
        name: normalized (PEP 503).
        version: as METADATA says, or the directory's name.
        site: the directory that its paths are relative to; empty, or with its ``/``.
        dist_info: the name of its directory there.
        files: the names of the members that are its own, RECORD included, and modules that were
            compiled of its sources, listed or not.
        rows: what RECORD says of these, by their names; None where there is no RECORD.
        missing: the paths in RECORD that are not there, as it has them.
        is_local: whether direct_url.json says that it was built from a directory.
    """

    name: str
    version: str
    site: str
    dist_info: str
    files: tuple[str, ...]
    rows: Mapping[str, Digest | None] | None
    missing: tuple[str, ...]
    is_local: bool

    def metadata_name(self, file: str) -> str:
        """Return the name of the member that a file in the dist-info directory is."""
        return f"{self.site}{self.dist_info}/{file}"


@dataclass(frozen=True)
class Owners:
    """Whose the files are.

    Attributes:
        distributions: ascending by name.
        by_file: the name of a distribution for each member that is a file; ``OWN`` for others. Of
            several that list it, the first.
    """

    distributions: tuple[FoundDistribution, ...]
    by_file: Mapping[str, str]


def find_distributions(source: Source) -> Owners:
    """Read METADATA and RECORD of all distributions, and nothing else.

    Raises:
        InputError: one of these files is damaged.
    """
    files = {member.name: member for member in source.files}
    directories: dict[tuple[str, str], dict[str, Member]] = {}
    for name, member in files.items():
        if ".dist-info/" in name and (match := _DIST_INFO.fullmatch(name)):
            directories.setdefault((match[1], match[2]), {})[match[3]] = member
    compiled: dict[str, list[str]] = {}
    for name in files:
        if name.endswith(".pyc") and (source_of := source_name(name)):
            compiled.setdefault(source_of, []).append(name)
    found = [
        _read(site, dist_info, inside, files, compiled)
        for (site, dist_info), inside in directories.items()
        if "METADATA" in inside or "RECORD" in inside
    ]
    found.sort(key=lambda distribution: (distribution.name, distribution.site))
    by_file = dict.fromkeys(files, OWN)
    for distribution in reversed(found):
        by_file.update(dict.fromkeys(distribution.files, distribution.name))
    return Owners(tuple(found), by_file)


def _read(
    site: str,
    dist_info: str,
    inside: Mapping[str, Member],
    files: Mapping[str, Member],
    compiled: Mapping[str, list[str]],
) -> FoundDistribution:
    raw_name, _, version = dist_info.removesuffix(".dist-info").partition("-")
    name, version = _identity(inside.get("METADATA"), raw_name, version)
    is_local = b'"dir_info"' in (_small(inside.get("direct_url.json")) or b"")
    own = {f"{site}{dist_info}/{file}" for file in inside}
    record = _small(inside.get("RECORD"))
    rows: dict[str, Digest | None] = {}
    missing = []
    for path, digest in () if record is None else read_rows(record):
        member = next((it for it in _places(path, site, dist_info) if it in files), None)
        if member is None:
            missing.append(path)
        else:
            rows[member] = digest
    # pip lists compiled modules, and uv does not.
    own |= rows.keys()
    own |= {name for source in rows for name in compiled.get(source, ())}
    return FoundDistribution(
        *(name, version, site, dist_info, tuple(sorted(own, key=str.encode))),
        None if record is None else rows,
        *(tuple(missing), is_local),
    )


def _small(member: Member | None) -> bytes | None:
    """Return the content of a file; None if there is none, or it can be no metadata."""
    return None if member is None or member.size > _LARGEST_RECORD else member.read()


def _identity(metadata: Member | None, name: str, version: str) -> tuple[str, str]:
    try:
        fields = read_headers(_small(metadata) or b"", "METADATA")
    except DistributionError:
        fields = {}  # the directory is called after both, too
    stated = next(iter(fields.get("name", ())), name)
    return canonicalize_name(stated), next(iter(fields.get("version", ())), version)


def read_rows(record: bytes) -> Iterator[tuple[str, Digest | None]]:
    """Yield the paths and digests of a RECORD, as far as it can be read."""
    text = record.decode("utf-8", "replace").replace("\0", "")
    try:
        for cells in csv.reader(io.StringIO(text, newline="")):
            if cells:
                yield cells[0], parse_digest(cells[1]) if len(cells) > 1 else None
    except csv.Error:
        return


def _places(path: str, site: str, dist_info: str) -> Iterable[str]:
    """Return the names that the member of a row may have."""
    data = f"{dist_info.removesuffix('.dist-info')}.data"
    yield f"{site}{path}"
    if path.startswith(_SCRIPTS_OF_PIP):
        yield f"{site}bin/{path.removeprefix(_SCRIPTS_OF_PIP)}"
    elif path.startswith(f"{data}/"):
        try:
            yield f"{site}{installed_place(path, data)}"
        except DistributionError:
            return
