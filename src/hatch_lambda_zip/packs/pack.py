"""The file of a pack: an index, then the compressed contents, one after the other.

It starts with a line that names the format, the SHA-256 of the index, the length of the index in
eight bytes, and the index, which is JSON: the ``key`` that the pack is found by, ``about``, which
is whatever its maker wants back, and a row for each content. A row has the SHA-256 of the
compressed bytes, so that no content passes for another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import deflate

from hatch_lambda_zip.archive import DEFLATED, STORED, Compressed, CompressedContent
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.files import open_regular

_MAGIC: Final = b"hatch-lambda-zip pack 1\n"
_DIGEST: Final = hashlib.sha256().digest_size
_LENGTH: Final = 8
_LARGEST: Final = 0xFFFFFFFF  # of four bytes
_LONGEST_INDEX: Final = 256 << 20  # bytes: more than a million files
_LARGEST_MODE: Final = 0o777
_DENSEST: Final = 1032  # bytes that DEFLATE makes one of, at most
_HEAD: Final = len(_MAGIC) + _DIGEST + _LENGTH


# What reading raises where something is missing, of another kind, or nested too deep.
_OTHER_FORMS: Final = (
    *(KeyError, IndexError, StopIteration, TypeError, ValueError, AttributeError, RecursionError),
    deflate.DeflateError,
)


class _Ahead(threading.local):
    """What a thread has read beyond what it was asked for: contents are asked for in their order.

    Attributes:
        pack: the one that it is of.
        offset: where it lies there.
        data: a part of the file.
    """

    pack: Pack | None = None
    offset = 0
    data = b""


_AHEAD: Final = 1 << 17  # bytes that are read at once
_ahead: Final = _Ahead()


class _Row(NamedTuple):
    """Where a content lies, and what it is."""

    offset: int
    length: int
    method: int
    size: int
    crc: int
    mode: int
    machine: int | None
    seal: str


def _check_row(row: _Row) -> None:
    """See that a row's values fit into a zip: whoever else wrote it may have sealed anything.

    Raises:
        ValueError: they do not.
    """
    numbers = (row.length, row.size, row.crc, row.mode)
    if not all(isinstance(it, int) and 0 <= it <= _LARGEST for it in numbers):
        raise ValueError(row)
    if row.method not in {STORED, DEFLATED} or not isinstance(row.seal, str):
        raise ValueError(row)
    is_whole = row.length == row.size if row.method == STORED else row.size <= row.length * _DENSEST
    if not is_whole or row.mode > _LARGEST_MODE:
        raise ValueError(row)
    if not isinstance(row.machine, int | None):
        raise TypeError(row)


class Pack:
    """An open pack; for several threads.

    Attributes:
        path: the file.
        about: what its maker wanted back.
        contents: what is in it, in the order of its making.
    """

    def __init__(self, path: Path, key: str) -> None:
        """Open a pack.

        Raises:
            FileNotFoundError: there is none.
            OSError: it can't be read.
            DamagedPackError: it is not one, or has another key.
        """
        self.path = path
        stream = open_regular(path)
        if stream is None:
            raise self.damaged()
        self._stream = stream
        self._lock = threading.Lock()
        try:
            self.about, rows = self._read_index(key)
        except BaseException:
            self._stream.close()
            raise
        self.contents = tuple(PackedContent(self, row) for row in rows)

    def _read_index(self, key: str) -> tuple[Any, list[_Row]]:
        head = self._stream.read(_HEAD)
        if len(head) != _HEAD or not head.startswith(_MAGIC):
            raise self.damaged()
        size = os.fstat(self._stream.fileno()).st_size
        length = int.from_bytes(head[-_LENGTH:], "big")
        if length > min(size - _HEAD, _LONGEST_INDEX):
            raise self.damaged()
        index = self._stream.read(length)
        if hashlib.sha256(index).digest() != head[len(_MAGIC) : -_LENGTH]:
            raise self.damaged()
        rows = []
        offset = _HEAD + length
        with self.reading():
            document = json.loads(index)
            for row in document["contents"]:
                rows.append(_Row(offset, *row))
                _check_row(rows[-1])
                offset += row[0]
            if document["key"] != key or offset != size:
                raise self.damaged()
            return document["about"], rows

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Take what is not in the form that its reader expects for damaged, right hash or not."""
        try:
            yield
        except _OTHER_FORMS:
            raise self.damaged() from None

    def damaged(self) -> DamagedPackError:
        """Return the error that it is not as it was written."""
        return DamagedPackError(self.path)

    def read(self, offset: int, length: int) -> bytes:
        """Return a part of the file, which is shorter if that ends before.

        Raises:
            DamagedPackError: it can't be read.
        """
        ahead = _ahead
        start = offset - ahead.offset
        if ahead.pack is not self or start < 0 or start + length > len(ahead.data):
            if length >= _AHEAD:
                return self._read(offset, length)
            ahead.pack, ahead.offset, ahead.data = self, offset, self._read(offset, _AHEAD)
            start = 0
        return ahead.data[start : start + length]

    def _read(self, offset: int, length: int) -> bytes:
        try:
            if hasattr(os, "pread"):
                return os.pread(self._stream.fileno(), length, offset)
            with self._lock:
                self._stream.seek(offset)
                return self._stream.read(length)
        except (OSError, ValueError):  # the second one if it was removed and closed
            raise self.damaged() from None

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class PackedContent(Compressed):
    """A content in a pack."""

    def __init__(self, pack: Pack, row: _Row) -> None:
        self._pack = pack
        self._row = row

    @property
    def size(self) -> int:
        """How many bytes it has when it is not compressed."""
        return self._row.size

    def compressed(self) -> CompressedContent:
        """Return it as it is, verified.

        Raises:
            DamagedPackError: it is not what was written.
        """
        row = self._row
        data = self._pack.read(row.offset, row.length)
        if hashlib.sha256(data).hexdigest() != row.seal:
            raise self._pack.damaged()
        return CompressedContent(row.method, data, row.size, row.crc, row.mode, row.machine)

    def read_bytes(self) -> bytes:
        """Return what it was before it was compressed, verified.

        Raises:
            DamagedPackError: it is not what was written.
        """
        content = self.compressed()
        if content.method != DEFLATED:
            return bytes(content.data)
        with self._pack.reading():
            return bytes(deflate.deflate_decompress(content.data, content.size))


def write_pack(
    stream: IO[bytes], key: str, about: object, contents: Iterable[CompressedContent]
) -> None:
    """Write a pack.

    Args:
        about: is JSON.

    Raises:
        OSError: the disk is full, say.
    """
    contents = list(contents)
    rows: list[Sequence[object]] = [
        (
            *(len(it.data), it.method, it.size, it.crc, it.mode, it.machine),
            hashlib.sha256(it.data).hexdigest(),
        )
        for it in contents
    ]
    document = {"key": key, "about": about, "contents": rows}
    index = json.dumps(document, separators=(",", ":")).encode()
    stream.write(_MAGIC + hashlib.sha256(index).digest() + len(index).to_bytes(_LENGTH, "big"))
    stream.write(index)
    for content in contents:
        stream.write(content.data)
