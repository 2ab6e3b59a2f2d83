"""The newest glibc that a native library needs, as the loader reads it (System V ABI, gABI 5).

That is what the dynamic segment says, and not the sections, which may be stripped.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

_HEAD: Final = b"\x7fELF\x02\x01"  # 64 bits, little-endian: Lambda has no other machine
_PROGRAM_HEADERS: Final = struct.Struct("<Q14x2H")  # at byte 32: e_phoff, e_phentsize, e_phnum
_PROGRAM_HEADER: Final = struct.Struct("<2I4Q")  # type, flags, offset, address, …, size in file
_DYNAMIC: Final = struct.Struct("<qQ")
_VERNEED: Final = struct.Struct("<2H3I")  # version, count, file, first, next
_VERNAUX: Final = struct.Struct("<I2H2I")  # hash, flags, other, name, next
_PT_LOAD: Final = 1
_PT_DYNAMIC: Final = 2
_DT_NULL: Final = 0
_DT_STRTAB: Final = 5
_DT_VERNEED: Final = 0x6FFF_FFFE
_DT_VERNEEDNUM: Final = 0x6FFF_FFFF
_WEAK: Final = 0x2
_MOST: Final = 256  # libraries, versions of each, and bytes of a version's name: more than is real
_GLIBC: Final = re.compile(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")


def glibc_needed(content: bytes | bytearray) -> tuple[int, int] | None:
    """Return the newest version of glibc whose symbols a library needs; None if it needs none.

    >>> glibc_needed(b"no library")
    """
    if not content.startswith(_HEAD):
        return None
    try:
        found = [_GLIBC.fullmatch(name) for name in _needed_versions(content)]
    except (struct.error, ValueError, OverflowError):
        return None  # cut off, or made up: the loader refuses it whatever the glibc
    return max(((int(match[1]), int(match[2])) for match in found if match), default=None)


def _needed_versions(content: bytes | bytearray) -> Iterator[bytes]:
    segments = [*_segments(content)]
    dynamic = next(((at, size) for kind, at, _, size in segments if kind == _PT_DYNAMIC), None)
    if dynamic is None:
        return
    at, size = dynamic
    tags: dict[int, int] = {}
    for position in range(at, min(at + size, len(content)) - _DYNAMIC.size + 1, _DYNAMIC.size):
        tag, value = _DYNAMIC.unpack_from(content, position)
        if tag == _DT_NULL:
            break
        tags[tag] = value
    if not {_DT_STRTAB, _DT_VERNEED, _DT_VERNEEDNUM} <= tags.keys():
        return
    strings = _offset(tags[_DT_STRTAB], segments)
    need = _offset(tags[_DT_VERNEED], segments)
    for _ in range(min(tags[_DT_VERNEEDNUM], _MOST)):
        _, count, _, first, following = _VERNEED.unpack_from(content, need)
        version = need + first
        for _ in range(min(count, _MOST)):
            _, flags, _, name, step = _VERNAUX.unpack_from(content, version)
            if not flags & _WEAK:
                start = strings + name
                yield bytes(content[start : content.index(b"\0", start, start + _MOST)])
            version += step
        need += following


def _segments(content: bytes | bytearray) -> Iterator[tuple[int, int, int, int]]:
    """Yield kind, place in the file, address and size in the file of each segment."""
    at, size, count = _PROGRAM_HEADERS.unpack_from(content, 32)
    for index in range(count):
        fields = _PROGRAM_HEADER.unpack_from(content, at + index * size)
        kind, _, offset, address, _, file_size = fields
        yield kind, offset, address, file_size


def _offset(address: int, segments: list[tuple[int, int, int, int]]) -> int:
    for kind, offset, start, size in segments:
        if kind == _PT_LOAD and start <= address < start + size:
            return offset + address - start
    raise ValueError(address)
