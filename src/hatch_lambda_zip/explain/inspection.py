"""What is in a zip, in figures: by distribution, by file, for which runtime, and how canonical."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.archive import FORMAT_VERSION
from hatch_lambda_zip.contents import (
    MAX_DIRECT_UPLOAD,
    MAX_UNZIPPED,
    machine_name,
    machine_of,
    read_manifest,
)
from hatch_lambda_zip.explain.canonical import look
from hatch_lambda_zip.explain.deviations import Finding
from hatch_lambda_zip.explain.distributions import OWN, Owners, find_distributions
from hatch_lambda_zip.explain.elf import glibc_needed
from hatch_lambda_zip.explain.plan import is_layer
from hatch_lambda_zip.explain.pycs import python_minor_of
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES, Runtime, find_runtime

_ELF_START: Final = 20  # bytes that have the machine
_TAGGED: Final = re.compile(r"[./]cpython-3(\d+)(?:[-.]|$)")
_IN_SITE: Final = re.compile(r"python/lib/python3\.(\d+)/site-packages/")
_DEFAULT_HANDLER: Final = ("lambda_function.py", b"def lambda_handler")  # of AWS's console
_LARGEST: Final = 10


@dataclass(frozen=True)
class Limit:
    """A limit of Lambda's.

    Attributes:
        name: ``unzipped``, layers included; or ``direct-upload``, beyond which there is S3.
        value: in bytes.
        limit: in bytes.
    """

    name: str
    value: int
    limit: int

    @property
    def is_crossed(self) -> bool:
        """Whether it is too much."""
        return self.value > self.limit


@dataclass(frozen=True)
class Found:
    """What was found out, and from what: ``manifest``, ``files``, or empty if nothing was.

    Attributes:
        names: none, one, or several that contradict each other.
        source: where they were found.
    """

    names: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Share:
    """What a distribution has in a zip; ``name`` and ``version`` are empty for own files.

    Attributes:
        name: of the distribution.
        version: of it.
        files: how many.
        size: in bytes.
        compressed_size: in bytes, without headers; of a directory None.
    """

    name: str
    version: str
    files: int
    size: int
    compressed_size: int | None


@dataclass(frozen=True)
class NativeLibrary:
    """A native library or program.

    Attributes:
        member: the file.
        machine: as AWS calls it, if it is one of Lambda's.
        glibc: the newest version of glibc that it needs symbols of; None for none.
        oldest_runtime: the oldest of Lambda's runtimes that has such a glibc; None if none has.
    """

    member: Member
    machine: str
    glibc: tuple[int, int] | None
    oldest_runtime: str | None


@dataclass(frozen=True)
class Inspection:
    """What there is to say about a zip or directory.

    Attributes:
        source: what was read.
        owners: which file is whose.
        kind: ``function``, ``layer`` or ``wheel``.
        target: as its manifest calls it; empty without one.
        is_of_another: whether the manifest beside it is that of another zip.
        limits: of Lambda, with what it has.
        runtime: which it is for.
        architecture: which it is for.
        handler: of a function.
        shares: of all distributions, and of own files; the largest first.
        largest: the largest files, the largest first.
        native: native libraries and programs, the neediest first.
        findings: the ways in which it is not canonical, as far as they were looked for.
        is_canonical: None if not all was looked at, and what was is canonical.
    """

    source: Source
    owners: Owners
    kind: str
    target: str
    is_of_another: bool
    limits: tuple[Limit, ...]
    runtime: Found
    architecture: Found
    handler: Found
    shares: tuple[Share, ...]
    largest: tuple[Member, ...]
    native: tuple[NativeLibrary, ...]
    findings: tuple[Finding, ...]
    is_canonical: bool | None

    @property
    def size(self) -> int:
        """How many bytes it has unzipped."""
        return sum(share.size for share in self.shares)

    @property
    def oldest_runtime(self) -> str | None:
        """The oldest runtime that loads all native libraries; None if none does."""
        newest = max((library.glibc or (0, 0) for library in self.native), default=(0, 0))
        return _oldest_runtime(newest)

    @property
    def too_old_runtimes(self) -> tuple[str, ...]:
        """The runtimes that it is for, and that can't load all native libraries."""
        newest = max((library.glibc or (0, 0) for library in self.native), default=(0, 0))
        found = (find_runtime(name) for name in self.runtime.names)
        return tuple(it.identifier for it in found if it and not _loads(it, newest))

    @property
    def is_too_large(self) -> bool:
        """Whether Lambda refuses it, however it is uploaded."""
        return any(limit.is_crossed for limit in self.limits if limit.name == "unzipped")


def inspect_source(source: Source, *, workers: int) -> Inspection:
    """Find out what there is to say about a zip or directory.

    Raises:
        InputError: a file that tells something is damaged.
        ToolError: this machine's encoder is not the canonical format's.
    """
    with ThreadPool(workers) as pool:
        hashed = pool.submit(lambda: source.sha256)
        needed = _start_native(source, pool)
        owners = find_distributions(source)
        findings, is_complete = look(source, owners)
        native = _native(needed)
        hashed.result()
    manifest, is_of_another = manifest_of(source)
    is_as_built = manifest.get("format") == FORMAT_VERSION
    is_canonical = False if findings else (is_complete or is_as_built) or None
    shares = tuple(_shares(source, owners))
    limits = [Limit("unzipped", sum(share.size for share in shares), MAX_UNZIPPED)]
    if source.size is not None:
        limits.append(Limit("direct-upload", source.size, MAX_DIRECT_UPLOAD))
    by_size = sorted(source.files, key=lambda member: (-member.size, member.name))
    return Inspection(
        source=source,
        owners=owners,
        kind=_kind(source, manifest),
        target=str(manifest.get("target") or ""),
        is_of_another=is_of_another,
        limits=tuple(limits),
        runtime=_stated(manifest, "runtime") or _runtime(source),
        architecture=_stated(manifest, "architecture") or _architecture(native),
        handler=_stated(manifest, "handler") or _handler(source),
        shares=shares,
        largest=tuple(by_size[:_LARGEST]),
        native=native,
        findings=findings,
        is_canonical=is_canonical,
    )


def manifest_of(source: Source) -> tuple[Mapping[str, object], bool]:
    """Return the manifest beside a zip, and whether there is one of another zip instead."""
    if source.sha256 is None:
        return {}, False
    manifest = read_manifest(source.path.with_suffix(".json"))
    if manifest is None:
        return {}, False
    is_ours = manifest.get("sha256") == source.sha256.hex()
    return (manifest if is_ours else {}), not is_ours


def _kind(source: Source, manifest: Mapping[str, object]) -> str:
    if source.path.suffix == ".whl":
        return "wheel"
    names = (member.name for member in source.files)
    return "layer" if manifest.get("layer") or (not manifest and is_layer(names)) else "function"


def _stated(manifest: Mapping[str, object], key: str) -> Found | None:
    value = manifest.get(key)
    return Found((value,), "manifest") if isinstance(value, str) else None


def _runtime(source: Source) -> Found:
    minors = set()
    for member in source.files:
        name = member.name
        if name.endswith((".so", ".pyc")) and (match := _TAGGED.search(name)):
            minors.add(int(match[1]))
        elif name.endswith(".pyc") and (minor := python_minor_of(member)):
            minors.add(minor)
        if match := _IN_SITE.match(name):
            minors.add(int(match[1]))
    return _from_files(f"python3.{minor}" for minor in sorted(minors))


def _architecture(native: Iterable[NativeLibrary]) -> Found:
    return _from_files(sorted({library.machine for library in native} & {*ARCHITECTURES}))


def _handler(source: Source) -> Found:
    name, mark = _DEFAULT_HANDLER
    member = next((member for member in source.files if member.name == name), None)
    is_there = member is not None and mark in member.read()
    return _from_files(["lambda_function.lambda_handler"] if is_there else [])


def _from_files(names: Iterable[str]) -> Found:
    found = tuple(names)
    return Found(found, "files" if found else "")


def _shares(source: Source, owners: Owners) -> Iterator[Share]:
    members: dict[str, list[Member]] = {}
    for member in source.files:
        members.setdefault(owners.by_file[member.name], []).append(member)
    versions = {found.name: found.version for found in owners.distributions}
    is_zip = source.layout is not None
    found = [
        Share(
            *(name, versions.get(name, ""), len(files), sum(member.size for member in files)),
            sum(member.compressed_size or 0 for member in files) if is_zip else None,
        )
        for name, files in members.items()
    ]
    yield from sorted(found, key=lambda it: (-(it.compressed_size or it.size), it.name != OWN))


_Needed = list[tuple[Member, str, "Future[tuple[int, int] | None]"]]


def _start_native(source: Source, pool: ThreadPool) -> _Needed:
    """Have threads find out what native libraries need; the largest first."""
    found = []
    for member in source.files:
        machine = None if member.is_link else machine_of(member.start(_ELF_START))
        if machine is not None:
            found.append((member, machine_name(machine)))
    found.sort(key=lambda item: -item[0].size)
    return [(member, machine, pool.submit(_glibc_of, member)) for member, machine in found]


def _glibc_of(member: Member) -> tuple[int, int] | None:
    return glibc_needed(member.unchecked())


def _native(needed: _Needed) -> tuple[NativeLibrary, ...]:
    libraries = []
    for member, machine, future in needed:
        glibc = future.result()
        libraries.append(NativeLibrary(member, machine, glibc, _oldest_runtime(glibc or (0, 0))))
    libraries.sort(key=lambda it: (it.glibc or (0, 0), it.member.size), reverse=True)
    return tuple(libraries)


def _oldest_runtime(glibc: tuple[int, int]) -> str | None:
    return next((it.identifier for it in RUNTIMES if _loads(it, glibc)), None)


def _loads(runtime: Runtime, glibc: tuple[int, int]) -> bool:
    return (2, runtime.system_glibc_minor) >= glibc
