"""What a command has compressed already: functions of one package ship mostly the same files.

A local header is made anew for each zip, since names differ (a layer's start with ``python/``).
What lies behind it follows from the content alone, so it is kept by the content's digest.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path

from hatch_lambda_zip.record import Digest

# Where a digest could be forged, the size would have to be, too.
_Key = tuple[Digest, int]


@dataclass(frozen=True)
class CompressedContent:
    """A file as it lies in a zip, but for its name.

    Attributes:
        method: ``STORED`` or ``DEFLATED``.
        data: as the zip has it.
        size: of the content, in bytes.
        crc: its CRC-32.
        mode: the permissions.
        machine: which it was built for, if any.
    """

    method: int
    data: bytes | bytearray
    size: int
    crc: int
    mode: int
    machine: int | None


class Compressed(ABC):
    """Where a file's content lies compressed already."""

    @abstractmethod
    def compressed(self) -> CompressedContent:
        """Return it as it is."""

    @abstractmethod
    def read_bytes(self) -> bytes:
        """Return what it was before."""


class ContentStore:
    """Compressed contents in a temporary file, for all zips of a command; for several threads.

    In a file, since memory must not grow with the number of functions.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, which is not there yet."""
        self._stream = path.open("x+b", buffering=0)
        self._end = 0
        self._kept: dict[_Key, tuple[int, int, CompressedContent]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def get(self, digest: Digest, size: int) -> CompressedContent | None:
        """Return the content that has a digest and a size, if it was compressed before."""
        with self._lock:
            kept = self._kept.get((digest, size))
            if kept is None:
                return None
            offset, length, content = kept
            self._stream.seek(offset)
            data = self._stream.read(length)
        return replace(content, data=data) if len(data) == length else None

    def put(self, digest: Digest, content: CompressedContent) -> None:
        """Keep a content, unless the disk is full: then it will be compressed again.

        Args:
            digest: what it was verified to hash to.
        """
        key, length = (digest, content.size), len(content.data)
        with self._lock:
            if key in self._kept:
                return
            try:
                self._stream.seek(self._end)
                is_whole = self._stream.write(content.data) == length
            except OSError:
                is_whole = False
            if is_whole:
                self._kept[key] = (self._end, length, replace(content, data=b""))
                self._end += length
