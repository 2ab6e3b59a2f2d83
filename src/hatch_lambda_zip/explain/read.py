"""Any zip, wheel or directory as members whose contents are read when they are asked for."""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import deflate

from hatch_lambda_zip.archive import DEFLATED, UNIX
from hatch_lambda_zip.errors import InputError
from hatch_lambda_zip.explain.extra import extra_fields
from hatch_lambda_zip.explain.headers import (
    MAX_MEMBERS,
    MAX_UNZIPPED,
    MAX_ZIP,
    Buffer,
    Header,
    Layout,
    read_headers,
)
from hatch_lambda_zip.explain.names import check_names
from hatch_lambda_zip.files import check_depth, failure_at, open_regular, path_problem
from hatch_lambda_zip.text import format_size, shortened

_MACOS: Final = 19
_UNIX_TIMES: Final = 0x5455  # the extra field of Info-ZIP with seconds since 1970
_FOUND: Final = 1 << 10  # compressed bytes that hold the start of a content


class Content(Protocol):
    """What can be read of a member."""

    def read(self) -> bytes:
        """Return all of it."""

    def start(self, size: int) -> bytes:
        """Return the first bytes, as many as there are."""

    def unchecked(self) -> bytes | bytearray:
        """Return all of it, which may be damaged."""

    @property
    def data(self) -> memoryview | None:
        """The content as the zip has it; None on disk."""


@dataclass(frozen=True)
class Member:
    """A member of a zip, or a file or directory on disk.

    Attributes:
        name: ``/``-separated and relative; that of a directory ends with ``/``.
        size: of the content, in bytes.
        date_time: year to second, as the zip says it; of a file on disk in UTC.
        modified: the same in seconds since 1970, where that is told; else None.
        mode: kind and permissions as ``stat`` has them; None where the writer's system has none.
        header: what else the zip says; None on disk.
        content: what `read` and `start` read.
    """

    name: str
    size: int
    date_time: tuple[int, ...]
    modified: int | None
    mode: int | None
    header: Header | None
    content: Content

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, which has no content."""
        return self.name.endswith("/")

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link, whose content is where it leads to."""
        return self.mode is not None and stat.S_ISLNK(self.mode)

    @property
    def compressed_size(self) -> int | None:
        """How many bytes it takes in the zip, without its headers; None on disk."""
        return None if self.header is None else self.header.compressed_size

    def read(self) -> bytes:
        """Return the content, checked by its CRC-32.

        Raises:
            InputError: it is damaged, or can't be read.
        """
        return self.content.read()

    def unchecked(self) -> bytes | bytearray:
        """Return the content, which may be damaged; for large files this takes half the time.

        Raises:
            InputError: it can't be read.
        """
        return self.content.unchecked()

    @property
    def compressed_data(self) -> memoryview | None:
        """The content as it lies in the zip; None on disk."""
        return self.content.data

    def start(self, size: int) -> bytes:
        """Return the first bytes, or all if there are fewer; they are not checked.

        Raises:
            InputError: it is damaged, or can't be read.
        """
        return self.content.start(size)


@dataclass(frozen=True)
class Source:
    """What was named on the command line, as far as it is known without its contents.

    Attributes:
        path: as it was named.
        members: as they follow each other in the zip; of a directory, by their names' UTF-8 bytes.
        layout: None for a directory.
        data: of the zip; None for a directory.
    """

    path: Path
    members: tuple[Member, ...]
    layout: Layout | None = None
    data: Buffer | None = None

    @property
    def size(self) -> int | None:
        """How many bytes the zip has; None for a directory."""
        return None if self.data is None else len(self.data)

    @cached_property
    def sha256(self) -> bytes | None:
        """The hash of the zip; None for a directory."""
        return None if self.data is None else hashlib.sha256(self.data).digest()

    @cached_property
    def files(self) -> tuple[Member, ...]:
        """The members that are no directories."""
        return tuple(member for member in self.members if not member.is_directory)


def read_source(path: Path) -> Source:
    """Read what a zip, wheel or directory has. A zip must not be changed in place from then on.

    Raises:
        InputError: it is not there, can't be read, or is none; see `read_headers`.
    """
    try:
        if path.is_dir():
            return _read_directory(path)
        stream = open_regular(path)
        if stream is None:
            raise InputError(f"{path} is neither a file nor a directory.")
        with stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_ZIP:
                raise InputError(
                    f"{path} has {format_size(size)}, and what is for Lambda has less than 262.1 MB"
                )
            # Mapped, it need not be copied, which takes longer than to hash it.
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except OSError as error:
        raise InputError(f"{failure_at(error)}.") from None
    return read_zip(data, path)


def read_zip(data: Buffer, path: Path) -> Source:
    """Read a zip that is in memory or mapped; ``path`` is what to call it.

    Raises:
        InputError: see `read_headers`.
    """
    layout, headers = read_headers(data, str(path))
    view = memoryview(data)
    members = tuple(_member(header, view, path) for header in headers)
    return Source(path, members, layout, data)


def _member(header: Header, data: memoryview, path: Path) -> Member:
    mode = header.external >> 16 if header.host in {UNIX, _MACOS} else 0
    kind = stat.S_IFMT(mode)
    name = header.name
    if kind == stat.S_IFDIR and not name.endswith("/"):
        name += "/"
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise InputError(f"{path} has {shortened(name)}, which is neither a file nor a directory.")
    return Member(
        name,
        header.size,
        _date_time(header),
        _modified(header),
        mode or None,
        header,
        ZippedContent(header, data[header.start : header.start + header.compressed_size], path),
    )


@dataclass(frozen=True)
class ZippedContent:
    """A content as it lies in a zip.

    Attributes:
        header: of its member.
        data: as the zip has it.
        path: of the zip.
    """

    header: Header
    data: memoryview
    path: Path

    def read(self) -> bytes:
        """Return the content, checked by its CRC-32."""
        content = self.unchecked()
        if len(content) != self.header.size or deflate.crc32(content) != self.header.crc:
            raise self._damaged()
        return bytes(content)

    def unchecked(self) -> bytes | bytearray:
        """Return the content as it was inflated, without another copy."""
        if self.header.method != DEFLATED:
            return bytes(self.data)
        try:
            return deflate.deflate_decompress(self.data, self.header.size)
        except deflate.DeflateError as error:
            raise self._damaged() from error

    def start(self, size: int) -> bytes:
        """Return the first bytes, for which a piece of the data is enough."""
        if self.header.method != DEFLATED:
            return bytes(self.data[:size])
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            found = stream.decompress(self.data[: _FOUND + size], size)
            if len(found) < min(size, self.header.size):
                found = zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.data, size)
        except zlib.error as error:
            raise self._damaged() from error
        return found

    def _damaged(self) -> InputError:
        return InputError(
            f"{self.path} is broken: {shortened(self.header.name)} is not what its checksum says."
        )


def _date_time(header: Header) -> tuple[int, ...]:
    date, clock = header.date, header.time
    day = ((date >> 9) + 1980, date >> 5 & 15, date & 31)
    return (*day, clock >> 11, clock >> 5 & 63, (clock & 31) * 2)


def _modified(header: Header) -> int | None:
    for kind, data in extra_fields(header.local_extra or header.extra):
        if kind == _UNIX_TIMES and data[:1] and data[0] & 1 and len(data) >= 5:  # noqa: PLR2004
            seconds: int = struct.unpack_from("<i", data, 1)[0]
            return seconds
    return None


@dataclass(frozen=True)
class _FileContent:
    """A file on disk, or where a symbolic link leads to."""

    path: Path
    size: int
    is_link: bool

    data: None = None

    def read(self) -> bytes:
        return self._read(None)

    def unchecked(self) -> bytes:
        return self._read(None)

    def start(self, size: int) -> bytes:
        return self._read(size)

    def _read(self, size: int | None) -> bytes:
        try:
            if self.is_link:
                return os.fsencode(self.path.readlink())[:size]
            stream = open_regular(self.path)
            if stream is None:
                raise InputError(f"{self.path} is no file any more.")
            with stream:
                content = stream.read(self.size if size is None else size) or b""
        except OSError as error:
            raise InputError(f"{failure_at(error)}.") from None
        if size is None and len(content) != self.size:
            raise InputError(f"{self.path} was changed while it was read. Try again.")
        return content


def _read_directory(path: Path) -> Source:
    members = []
    total = 0
    for member in _walk(path, "", 0):
        members.append(member)
        total += member.size
        if len(members) > MAX_MEMBERS or total > MAX_UNZIPPED:
            raise InputError(
                f"{path} has more than {MAX_MEMBERS:,} files or {format_size(MAX_UNZIPPED)}, so it "
                "is not for Lambda. Name the directory that is to be deployed."
            )
    members.sort(key=lambda member: member.name.encode())
    check_names([member.name for member in members], str(path))
    return Source(path, tuple(members))


def _walk(root: Path, start: str, depth: int) -> Iterator[Member]:
    check_depth(root / start, depth)
    with os.scandir(root / start) as found:
        entries = [*found]
    for entry in entries:
        name = f"{start}{entry.name}"
        status = entry.stat(follow_symlinks=False)
        is_link, is_directory = stat.S_ISLNK(status.st_mode), stat.S_ISDIR(status.st_mode)
        if not (is_link or is_directory or stat.S_ISREG(status.st_mode)):
            raise InputError(f"{entry.path} is neither a file nor a directory.")
        if path_problem(name, "it", may_mislead=True) or not _is_utf8(name):
            raise InputError(f"{root} has {name!r}, a name that a zip for Lambda can't have.")
        modified = int(status.st_mtime)
        yield Member(
            f"{name}/" if is_directory else name,
            0 if is_directory else status.st_size,
            time.gmtime(modified)[:6],
            modified,
            status.st_mode,
            None,
            _FileContent(Path(entry.path), status.st_size, is_link),
        )
        if is_directory:
            yield from _walk(root, f"{name}/", depth + 1)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
