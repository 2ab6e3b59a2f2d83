"""The headers of a zip (PKWARE APPNOTE 6.3.10, section 4.3), whoever wrote it.

They are read as hostile input: nothing is believed that another place of the file contradicts.
Python's ``zipfile`` will not do, since it cuts names at a NUL, passes over the local headers, which
other tools believe, and judges overlaps by its release.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hatch_lambda_zip.archive import DEFLATED, STORED
from hatch_lambda_zip.errors import InputError
from hatch_lambda_zip.explain.extra import extra_fields
from hatch_lambda_zip.explain.names import check_names, read_name
from hatch_lambda_zip.text import format_size, shortened

Buffer = bytes | mmap.mmap

MAX_ZIP: Final = 512 << 20  # bytes; Lambda takes half of it, unzipped
MAX_UNZIPPED: Final = 1 << 30  # bytes, all members together: four times what Lambda takes
MAX_MEMBERS: Final = 100_000
_MAX_RATIO: Final = 1032  # of DEFLATE: 258 bytes for two bits

_ENCRYPTED: Final = 1 << 0
DESCRIPTOR: Final = 1 << 3
_PATCHED: Final = 1 << 5
_STRONGLY_ENCRYPTED: Final = 1 << 6
_MASKED: Final = 1 << 13
_METHODS: Final = {
    6: "Implode",
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
}
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s2B5H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_LOCATOR: Final = struct.Struct("<4sIQI")  # of the zip64 end of central directory record
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LONGEST_COMMENT: Final = 0xFFFF
_16_BITS: Final = 0xFFFF  # where a zip64 record has the value
_32_BITS: Final = 0xFFFF_FFFF
_ZIP64: Final = 0x0001
_DESCRIPTOR_SIZES: Final = (12, 16, 20, 24)  # with a signature or not, with 64 bits or 32


class Header(NamedTuple):
    """What the headers of a member say.

    Attributes:
        name: ``/``-separated, without ``./`` at its start; one of a directory ends with ``/``.
        raw_name: as it stands there.
        made_by: the version that the writer claims, ten times.
        host: the system that the writer names; 3 is Unix.
        needed: the version that a reader needs, ten times.
        flags: the general purpose bits.
        method: ``STORED`` or ``DEFLATED``.
        time: in MS-DOS's format.
        date: in MS-DOS's format.
        crc: CRC-32 of the content.
        compressed_size: in bytes.
        size: of the content, in bytes.
        extra: the extra fields of the central directory.
        local_extra: those of the local header.
        comment: the member's.
        internal: the internal file attributes.
        external: the external file attributes.
        offset: of the local header, from the start of the file.
        start: of the data, from the start of the file.
        is_repeated: whether the local header says the same, but for sizes and extra fields.
    """

    name: str
    raw_name: bytes
    made_by: int
    host: int
    needed: int
    flags: int
    method: int
    time: int
    date: int
    crc: int
    compressed_size: int
    size: int
    extra: bytes
    local_extra: bytes
    comment: bytes
    internal: int
    external: int
    offset: int
    start: int
    is_repeated: bool


@dataclass(frozen=True)
class Layout:
    """What a zip is besides its members.

    Attributes:
        before: how many bytes stand before the first member.
        stray: how many bytes stand between members and belong to none.
        is_in_order: whether the data lie in the order of the central directory.
        is_zip64: whether it has an end record for large zips.
        comment: the zip's.
    """

    before: int
    stray: int
    is_in_order: bool
    is_zip64: bool
    comment: bytes


def read_headers(data: Buffer, source: str) -> tuple[Layout, tuple[Header, ...]]:
    """Read all headers of a zip, in the order of its central directory.

    Args:
        source: what to call it in an error.

    Raises:
        InputError: it is none, is cut off, encrypted or broken, contradicts itself, is larger than
            anything for Lambda, or has names that lead out of it or stand for two files.
    """
    try:
        return _Reader(data, source).read()
    except (struct.error, OverflowError):
        raise InputError(f"{source} is broken: a header reaches beyond its end.") from None


@dataclass(frozen=True)
class _End:
    """Where the central directory is."""

    start: int
    stop: int
    base: int  # what offsets count from
    count: int
    is_zip64: bool
    comment: bytes


class _Said(NamedTuple):
    """What a central directory says of a member, and its own header has to say as well."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    size: int
    packed: int
    offset: int


class _Reader:
    def __init__(self, data: Buffer, source: str) -> None:
        self.data = data
        self.source = source

    def read(self) -> tuple[Layout, tuple[Header, ...]]:
        end = self._find_end()
        if end.count > MAX_MEMBERS:
            raise self._wrong(f"has {end.count:,} members, more than the {MAX_MEMBERS:,} allowed")
        headers = [*self._central(end)]
        total = sum(header.size for header in headers)
        if total > MAX_UNZIPPED:
            raise self._wrong(
                f"has {format_size(total)} unzipped: more than {format_size(MAX_UNZIPPED)}, where "
                "Lambda takes 262.1 MB. Nothing of it is unpacked"
            )
        check_names([header.name for header in headers], self.source)
        before, stray = self._spread(headers, end)
        offsets = [header.offset for header in headers]
        is_in_order = offsets == sorted(offsets)
        layout = Layout(before, stray, is_in_order, end.is_zip64, end.comment)
        return layout, tuple(headers)

    def _wrong(self, what: str) -> InputError:
        return InputError(f"{self.source} {what}.")

    def _broken(self, what: str) -> InputError:
        return self._wrong(f"is broken: {what}")

    def _find_end(self) -> _End:
        data, size = self.data, len(self.data)
        least = max(0, size - _END.size - _LONGEST_COMMENT)
        position = data.rfind(b"PK\x05\x06", least)
        while position >= 0:
            if size - position >= _END.size:
                fields = _END.unpack_from(data, position)
                if position + _END.size + fields[-1] == size:
                    return self._end_at(position, fields)
            position = data.rfind(b"PK\x05\x06", least, position + 3)
        if data[:4] == b"PK\x03\x04":
            raise self._wrong(
                "is cut off, or something was added behind its end: the record that ends a zip is "
                f"not at the end of its {size:,} bytes. Get it again"
            )
        raise self._wrong("is no zip")

    def _end_at(self, position: int, fields: Sequence[int]) -> _End:
        _, disk, first_disk, here, count, length, start, _ = fields
        comment = self.data[position + _END.size :]
        end = position
        is_zip64 = self.data[max(0, position - _LOCATOR.size) :][:4] == b"PK\x06\x07"
        if is_zip64:
            end, wide = self._end64(position - _LOCATOR.size)
            narrow = (disk, first_disk, here, count, length, start)
            for value, long in zip(narrow, wide, strict=True):
                if value not in {long, _16_BITS, _32_BITS}:
                    raise self._broken("its two end records contradict each other")
            disk, first_disk, here, count, length, start = wide
        if disk or first_disk or here != count:
            raise self._wrong("is a part of a zip that was split. Put it together first")
        base = end - length - start
        if base < 0:
            raise self._broken("its central directory is not where its end says")
        return _End(base + start, end, base, count, is_zip64, comment)

    def _end64(self, locator: int) -> tuple[int, tuple[int, ...]]:
        _, _, position, _ = _LOCATOR.unpack_from(self.data, locator)
        if self.data[position : position + 4] != b"PK\x06\x06":
            position = locator - _END64.size  # something stands before the zip
        signature, _, _, _, *wide = _END64.unpack_from(self.data, max(0, position))
        if signature != b"PK\x06\x06":
            raise self._broken("its end record for large zips is missing")
        return position, tuple(wide)

    def _central(self, end: _End) -> Iterator[Header]:
        position = end.start
        for _ in range(end.count):
            fields = _CENTRAL.unpack_from(self.data, position)
            name_size, extra_size, comment_size = fields[11:14]
            stop = position + _CENTRAL.size + name_size + extra_size + comment_size
            if fields[0] != b"PK\x01\x02" or stop > end.stop:
                raise self._broken("its central directory has not the members that its end says")
            name_at = position + _CENTRAL.size
            raw_name = self.data[name_at : name_at + name_size]
            extra = self.data[name_at + name_size : stop - comment_size]
            comment = self.data[stop - comment_size : stop]
            yield self._member(fields, raw_name, extra, comment, end)
            position = stop
        if position != end.stop:
            raise self._broken("something stands between its central directory and its end")

    def _member(
        self, fields: Sequence[int], raw_name: bytes, extra: bytes, comment: bytes, end: _End
    ) -> Header:
        _, made_by, host, needed, flags, method, time, date, crc, packed, size = fields[:11]
        disk, internal, external, offset = fields[14:]
        name = read_name(raw_name, flags, extra, self.source)
        self._check_kind(name, flags, method)
        size, packed, offset = self._wide(name, extra, (size, packed, offset))
        if disk not in {0, _16_BITS}:
            raise self._wrong("is a part of a zip that was split. Put it together first")
        if (size != packed) if method == STORED else (size > packed * _MAX_RATIO):
            raise self._wrong(
                f"says that {shortened(name)} has {size:,} bytes, which {packed:,} bytes in it "
                "can't hold. Nothing of it is unpacked"
            )
        said = _Said(name, raw_name, flags, method, crc, size, packed, end.base + offset)
        local_extra, start = self._local(said, end)
        local = _LOCAL.unpack_from(self.data, said.offset)
        is_repeated = local[1:6] == (needed, flags, method, time, date)
        return Header(
            *(name, raw_name, made_by, host, needed, flags, method, time, date),
            *(crc, packed, size, extra, local_extra, comment, internal, external),
            *(said.offset, start, is_repeated),
        )

    def _check_kind(self, name: str, flags: int, method: int) -> None:
        if flags & (_ENCRYPTED | _STRONGLY_ENCRYPTED | _MASKED):
            raise self._wrong(
                f"is encrypted ({shortened(name)}), and Lambda has no password. Zip it without one"
            )
        if flags & _PATCHED or method not in {STORED, DEFLATED}:
            how = _METHODS.get(method, f"method {method}")
            raise self._wrong(
                f"has {shortened(name)} compressed by {how}, which is not for Lambda. Zip it with "
                "DEFLATE"
            )

    def _wide(self, name: str, extra: bytes, narrow: tuple[int, ...]) -> tuple[int, ...]:
        """Return sizes and offset, from the field for large zips where they say so."""
        if _32_BITS not in narrow:
            return narrow
        field = next((data for kind, data in extra_fields(extra) if kind == _ZIP64), b"")
        values = [value for (value,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
        if len(values) < narrow.count(_32_BITS):
            raise self._broken(f"{shortened(name)} has no size")
        return tuple(values.pop(0) if value == _32_BITS else value for value in narrow)

    def _local(self, said: _Said, end: _End) -> tuple[bytes, int]:
        """Return the local extra fields and where the data start; all else must be said alike."""
        shown = shortened(said.name)
        if not end.base <= said.offset < end.start:
            raise self._broken(f"{shown} is not where its central directory says")
        fields = _LOCAL.unpack_from(self.data, said.offset)
        signature, _, flags, method, _, _, crc, packed, size, name_size, extra_size = fields
        name_at = said.offset + _LOCAL.size
        extra_at = name_at + name_size
        start = extra_at + extra_size
        if signature != b"PK\x03\x04" or start + said.packed > end.start:
            raise self._broken(f"{shown} is not where its central directory says")
        extra = self.data[extra_at:start]
        if self.data[name_at:extra_at] != said.raw_name:
            raise self._broken(f"{shown} has another name in its own header")
        if flags & DESCRIPTOR:  # its sizes stand behind the data
            is_same = True
        else:
            sizes = self._wide(said.name, extra, (size, packed))
            is_same = (crc, *sizes) == (said.crc, said.size, said.packed)
        if not is_same or method != said.method or (flags ^ said.flags) & _ENCRYPTED:
            raise self._broken(f"{shown} has other sizes, or another method, in its own header")
        return extra, start

    def _spread(self, headers: Sequence[Header], end: _End) -> tuple[int, int]:
        """Return how many bytes stand before the members, and how many between them.

        Raises:
            InputError: two of them overlap.
        """
        position = before = stray = 0
        ordered = sorted(headers, key=lambda header: header.offset)
        for index, header in enumerate(ordered):
            if index == 0:
                before = header.offset
            else:
                stray += self._gap(ordered[index - 1], position, header.offset)
            position = header.start + header.compressed_size
        if ordered:
            stray += self._gap(ordered[-1], position, end.start)
        return before if ordered else end.start, stray

    def _gap(self, header: Header, position: int, following: int) -> int:
        gap = following - position
        if gap < 0:
            raise self._wrong(
                f"has members that overlap ({shortened(header.name)} and the next one), as in a "
                "zip bomb. Nothing of it is unpacked"
            )
        has_descriptor = header.flags & DESCRIPTOR and gap in _DESCRIPTOR_SIZES
        return 0 if has_descriptor else gap
