"""Any zip or directory in the canonical form of docs/format.md, and what keeps it from being so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Final

import deflate

from hatch_lambda_zip.archive import (
    DEFLATED,
    Archive,
    Compressed,
    CompressedContent,
    check_encoder,
    compressed,
    mode_of,
    write_archive,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import BytecodeError
from hatch_lambda_zip.explain.deviations import (
    Deviation,
    Finding,
    Findings,
    find_in_headers,
    is_mode,
)
from hatch_lambda_zip.explain.distributions import OWN, Owners, find_distributions
from hatch_lambda_zip.explain.plan import Bytecode, Plan, PlannedRecord, canonical_module, make_plan
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.record import Digest, format_record
from hatch_lambda_zip.text import Extent, Progress, format_size, plural

_ALL: Final = 8 << 20  # bytes of contents that `look` compresses again, if there are not more
_SAMPLE: Final = 1 << 20  # bytes of those of larger zips
_SAMPLE_OF_MODULES: Final = 256 << 10  # bytes of compiled modules that it makes canonical
_START: Final = 4  # bytes that tell a program
_PARTIAL: Final = (Deviation.ENCODER, Deviation.BYTECODE, Deviation.RECORD)


@dataclass(frozen=True)
class Normalized:
    """A canonical zip, and what the input had otherwise.

    Attributes:
        archive: what was written.
        findings: all deviations of the input.
        is_same: whether the input was, to the byte, what was written; of a directory always False.
    """

    archive: Archive
    findings: tuple[Finding, ...]
    is_same: bool

    @property
    def is_canonical(self) -> bool:
        """Whether the input was canonical; a directory is if its files could all ship so."""
        return not self.findings


def write_canonical(
    source: Source,
    stream: IO[bytes],
    *,
    bytecode: Bytecode,
    workers: int,
    progress: Progress | None = None,
) -> Normalized:
    """Write a zip or directory in canonical form.

    Args:
        stream: only written to, never sought.
        workers: how many threads compress; the bytes are the same for any number.
        progress: takes how many bytes are compressed.

    Raises:
        InputError: a file is damaged, a link leads nowhere, or a compiled module without a source,
            or one that runs instead of its source, has no canonical form.
        DistributionError: the metadata of a local project is malformed.
        ContentsError: it is too large for a zip.
        ToolError: this machine's encoder writes other bytes.
    """
    check_encoder()
    findings = Findings()
    find_in_headers(source, findings)
    owners = find_distributions(source)
    plan = make_plan(source, owners, findings, bytecode, is_thorough=True)
    made = _make_all(plan, str(source.path), workers, progress)
    before = {member.name: member for member in source.files}
    for record in plan.records:
        rows = {name: (made[name].digest, made[name].content.size) for name in record.listed}
        content = _record(record, rows, plan.files)
        made[record.name] = _make(record.name, content)
        _is_record(before.get(record.name), record, content, findings)
    for name, file in made.items():
        if name in before:
            _compare(before[name], file.content, findings)
    entries = [
        Entry(name, _Ready(it.content), it.content.size, it.digest, plan.owners.get(name, OWN))
        for name, it in sorted(made.items(), key=lambda item: item[0].encode())
    ]
    archive = write_archive(entries, stream, inspect=_no_machine, workers=1)
    is_same = archive.sha256 == source.sha256
    if source.layout and not is_same and not findings:
        findings.add(Deviation.OTHER)
    return Normalized(archive, findings.listed(), is_same)


def look(source: Source, owners: Owners) -> tuple[tuple[Finding, ...], bool]:
    """Return in which ways a zip is not canonical, as far as that is told within a second.

    Of large zips, not every content is compressed again, nor hashed to be compared with its
    RECORD, nor is every compiled module read.

    Returns:
        The deviations, and whether all was looked at, so that a zip without any is canonical.

    Raises:
        InputError: a file is damaged.
        ToolError: this machine's encoder writes other bytes.
    """
    check_encoder()
    findings = Findings()
    find_in_headers(source, findings)
    plan = make_plan(source, owners, findings, Bytecode.NORMALIZE, is_thorough=False)
    odd, is_complete = _odd_modules(plan)
    for name in odd:
        findings.add(Deviation.BYTECODE, name)
    files = {member.name: member for member in source.files}
    kept = [it for name, it in plan.files.items() if it is files.get(name) and name not in odd]
    regular = [file for file in kept if isinstance(file, Member) and not file.is_link]
    is_small = sum(member.size for member in regular) <= _ALL
    some = regular if is_small else _smallest(regular, _SAMPLE)
    made = {member.name: _make(member.name, member) for member in some}
    for member in regular:
        if member.name in made:
            _compare(member, made[member.name].content, findings)
        elif member.header and not is_mode(member.header, mode_of(member.start(_START))):
            findings.add(Deviation.MODE, member.name)
    for record in plan.records:
        stated = record.found.rows or {}
        rows = {
            name: (made[name].digest if name in made else stated.get(name), files[name].size)
            for name in record.listed
        }
        before = files.get(record.name)
        content = _record(record, rows, plan.files)
        if _is_record(before, record, content, findings) and before:
            _compare(before, _make(before.name, before).content, findings)
    is_complete = is_complete and len(some) == len(regular)
    partial = () if is_complete else _PARTIAL
    return findings.listed(partial), is_complete


def _odd_modules(plan: Plan) -> tuple[list[str], bool]:
    """Return compiled modules that are not canonical, and whether all were looked at."""
    modules = [
        file
        for name, file in plan.files.items()
        if name.endswith(".pyc") and isinstance(file, Member)
    ]
    some = _smallest(modules, _SAMPLE_OF_MODULES)
    found = []
    for member in some:
        source, pyc = plan.sources.get(member.name), member.read()
        try:
            is_odd = canonical_module(member.name, pyc, source, plan.root) != pyc
        except BytecodeError:
            is_odd = True
        if is_odd:
            found.append(member.name)
    return found, len(some) == len(modules)


def _smallest(members: Iterable[Member], limit: int) -> list[Member]:
    """Return the smallest members that have not more bytes than this together."""
    found = []
    for member in sorted(members, key=lambda it: (it.size, it.name)):
        limit -= member.size
        if limit < 0:
            break
        found.append(member)
    return found


@dataclass(frozen=True)
class _Made:
    """A file as it will lie in the zip."""

    digest: Digest
    content: CompressedContent


@dataclass(frozen=True)
class _Ready(Compressed):
    """A content that is compressed already."""

    content: CompressedContent

    def compressed(self) -> CompressedContent:
        return self.content

    def read_bytes(self) -> bytes:
        data, size = self.content.data, self.content.size
        is_deflated = self.content.method == DEFLATED
        return bytes(deflate.deflate_decompress(data, size) if is_deflated else data)


def _make_all(plan: Plan, name: str, workers: int, progress: Progress | None) -> dict[str, _Made]:
    """Compress all files of a plan but for the RECORDs."""
    sizes = [len(it) if isinstance(it, bytes) else it.size for it in plan.files.values()]
    if progress:
        said = f"compressing {plural(len(sizes), 'file')}, {format_size(sum(sizes))}"
        progress.step(name, said, Extent("compressing", sum(sizes), is_bytes=True))
    made = {}
    with ThreadPool(workers) as pool:
        results = pool.map(_make, plan.files.keys(), plan.files.values())
        for path, size, result in zip(plan.files, sizes, results, strict=True):
            made[path] = result
            if progress:
                progress.advance(name, size)
    return made


def _make(name: str, file: Member | bytes) -> _Made:
    entry = Entry.of(name, file if isinstance(file, bytes) else file.read(), OWN)
    return _Made(entry.digest, compressed(entry, _no_machine, None))


def _no_machine(_entry: Entry, _content: bytes) -> None:
    return None


_Rows = Mapping[str, tuple[Digest | None, int]]


def _record(record: PlannedRecord, rows: _Rows, files: Mapping[str, Member | bytes]) -> bytes:
    """Return a RECORD of what ships.

    Args:
        rows: digest and size of each file, by its name in the zip.
        files: the contents, where digests of another kind may be needed.
    """
    site, stated = record.found.site, record.found.rows or {}
    lines: list[tuple[str, Digest | None, int | None]] = []
    for name, (digest, size) in rows.items():
        wanted, file = stated.get(name), files.get(name)
        is_other = wanted and digest and wanted.algorithm != digest.algorithm
        if wanted and is_other and isinstance(file, Member):
            lines.append((name.removeprefix(site), Digest.of(file.read(), wanted.algorithm), size))
        else:
            lines.append((name.removeprefix(site), digest, size))
    return format_record([*lines, (record.name.removeprefix(site), None, None)])


def _is_record(
    before: Member | None, record: PlannedRecord, content: bytes, findings: Findings
) -> bool:
    """Tell whether a RECORD is as it ought to be, which that of a local project can't be."""
    is_same = before is not None and before.read() == content
    if not is_same and not record.found.is_local:
        findings.add(Deviation.RECORD, record.name)
    return is_same


def _compare(member: Member, content: CompressedContent, findings: Findings) -> None:
    """Compare a member with what it ought to be, but for its name, time and content."""
    header = member.header
    if header is None or member.is_link:
        return
    if not is_mode(header, content.mode):
        findings.add(Deviation.MODE, member.name)
    is_same_content = (header.crc, header.size) == (content.crc, content.size)
    is_same_data = (
        header.method == content.method and bytes(member.compressed_data or b"") == content.data
    )
    if is_same_content and not is_same_data:
        findings.add(Deviation.ENCODER, member.name)
