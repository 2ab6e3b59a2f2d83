"""Writes the canonical zip: members are read and compressed in parallel, written in order."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO, Final, NamedTuple

from hatch_lambda_zip.archive import encoder
from hatch_lambda_zip.archive.layout import (
    DEFLATED,
    LOCAL_HEADER_SIZE,
    MAX_MEMBERS,
    MAX_OFFSET,
    STORED,
    MemberHeader,
    central_header,
    end_of_central_directory,
    local_header,
)
from hatch_lambda_zip.archive.store import Compressed, CompressedContent, ContentStore
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.process.threads import ThreadPool

# Small files go to the workers in batches, which saves a hand-over each; both bounds in bytes
# of uncompressed content. One file larger than a bound still goes through, alone.
_BATCH_BYTES: Final = 1 << 20
_WINDOW_BYTES: Final = 32 << 20

_TOO_LARGE: Final = (
    "{what} is larger than a zip can say without zip64 (4 GiB). Lambda takes 250 MB."
)
_EXECUTABLE_MAGIC: Final = (b"#!", b"\x7fELF")


Inspect = Callable[[Entry, bytes], int | None]


class Member(NamedTuple):
    """A member of the finished zip.

    Attributes:
        compressed_size: of its data, in bytes.
        machine: what `inspect` said of its content.
    """

    entry: Entry
    compressed_size: int
    machine: int | None = None


@dataclass(frozen=True)
class Archive:
    """The finished zip.

    Attributes:
        size: in bytes.
        sha256: of the whole file, 32 bytes.
        members: in the order of the zip.
    """

    size: int
    sha256: bytes
    members: tuple[Member, ...]


def write_archive(
    entries: Sequence[Entry],
    stream: IO[bytes],
    *,
    inspect: Inspect,
    workers: int,
    store: ContentStore | None = None,
    told: Callable[[int], object] = lambda _size: None,
) -> Archive:
    """Write a canonical zip.

    Each file is read once: the same bytes are verified, inspected, summed and compressed.

    Args:
        entries: in their canonical order, with unique names.
        stream: only written to, never sought.
        inspect: called for each entry that is compressed, with its content, from several threads;
            says which machine the content was built for, if any; may raise.
        workers: how many threads compress; the bytes are the same for any number.
        store: has what was compressed before, and gets what is compressed now.
        told: is told of the bytes of content that are in the zip, again and again.

    Raises:
        ContentsError: the zip would need zip64.
        DistributionError: a file is not what RECORD says.
    """
    if len(entries) > MAX_MEMBERS:
        raise ContentsError(
            f"{len(entries)} files are more than a zip can hold without zip64 ({MAX_MEMBERS}), "
            "and far more than Lambda starts quickly with. Remove dependencies."
        )
    for entry in entries:
        if entry.size > MAX_OFFSET:
            raise ContentsError(_TOO_LARGE.format(what=entry.name))
    sink = _Sink(stream)
    directory: list[bytes] = []
    members: list[Member] = []
    for run in _compressed(entries, inspect, workers, store, told):
        offset = sink.offset
        for member, header in run.members:
            directory.append(central_header(header, offset))
            offset += LOCAL_HEADER_SIZE + len(header.name.encode()) + header.compressed_size
            members.append(member)
        sink.write(run.parts)
    start = sink.offset
    sink.write([b"".join(directory)])
    sink.write([end_of_central_directory(len(members), sink.offset - start, start)])
    return Archive(sink.offset, sink.sha256.digest(), tuple(members))


class _Run(NamedTuple):
    """Members as they follow each other in a zip.

    Attributes:
        members: with what their headers say.
        parts: of the run's bytes, in order; few, since each takes a call to write and to hash.
    """

    members: list[tuple[Member, MemberHeader]]
    parts: list[bytes | bytearray]


class _Sink:
    """A stream that counts and hashes what is written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.offset = 0
        self.sha256 = hashlib.sha256()

    def write(self, parts: Iterable[bytes | bytearray]) -> None:
        for part in parts:
            self.offset += len(part)
            if self.offset > MAX_OFFSET:
                raise ContentsError(_TOO_LARGE.format(what="The zip"))
            self.stream.write(part)
            self.sha256.update(part)


def _compressed(
    entries: Sequence[Entry],
    inspect: Inspect,
    workers: int,
    store: ContentStore | None,
    told: Callable[[int], object],
) -> Iterator[_Run]:
    """Yield all members in order, at most a window ahead of the consumer."""
    pending: deque[tuple[int, Future[_Run]]] = deque()
    in_flight = 0
    with ThreadPool(workers) as pool:
        try:
            for batch in _batches(entries):
                size = sum(entry.size for entry in batch)
                while pending and in_flight + size > _WINDOW_BYTES:
                    done, future = pending.popleft()
                    yield future.result()
                    in_flight -= done
                    told(done)
                pending.append((size, pool.submit(_compress_batch, batch, inspect, store)))
                in_flight += size
            while pending:
                done, future = pending.popleft()
                yield future.result()
                told(done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and size + entry.size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _compress_batch(batch: Sequence[Entry], inspect: Inspect, store: ContentStore | None) -> _Run:
    members: list[tuple[Member, MemberHeader]] = []
    parts: list[bytes | bytearray] = []
    for entry in batch:
        content = compressed(entry, inspect, store)
        size = len(content.data)
        header = MemberHeader(
            entry.name, content.method, content.crc, size, content.size, content.mode
        )
        members.append((Member(entry, size, content.machine), header))
        parts += (local_header(header), content.data)
    # One large file is not copied.
    return _Run(members, [b"".join(parts)] if len(batch) > 1 else parts)


def compressed(entry: Entry, inspect: Inspect, store: ContentStore | None) -> CompressedContent:
    """Return an entry's content as it lies in a zip; see `write_archive`."""
    if isinstance(entry.content, Compressed):
        return entry.content.compressed()
    content = None if store is None else store.get(entry.digest, entry.size)
    if content is None:
        content = _compress(entry, inspect)
        if store is not None:
            store.put(entry.digest, content)
    return content


def _compress(entry: Entry, inspect: Inspect) -> CompressedContent:
    content = entry.read()
    machine = inspect(entry, content)
    method = STORED
    data: bytes | bytearray = content
    smaller = encoder.compress(content)
    if len(smaller) < len(content):
        method, data = DEFLATED, smaller
    crc = encoder.crc32(content)
    return CompressedContent(method, data, len(content), crc, mode_of(content), machine)


def mode_of(content: bytes) -> int:
    """Return the permissions of a file in a zip, of which the first four bytes are enough."""
    return 0o755 if content.startswith(_EXECUTABLE_MAGIC) else 0o644
