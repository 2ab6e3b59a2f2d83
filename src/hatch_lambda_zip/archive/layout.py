"""The bytes around the data of a canonical zip (PKWARE APPNOTE 6.3.10, section 4.3).

Every field that a zip leaves to the writer has one fixed value here; docs/format.md says why.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

FORMAT_VERSION: Final = 2
"""The version of the canonical zip; a change of any byte rule or of the encoder's pin raises it."""

STORED: Final = 0
DEFLATED: Final = 8

MAX_MEMBERS: Final = 65_534  # one less than what 16 bits hold: that value announces zip64
MAX_OFFSET: Final = 0xFFFF_FFFE  # bytes, likewise

VERSION: Final = 20  # 2.0: DEFLATE
UNIX: Final = 3
_MADE_BY_UNIX: Final = UNIX << 8 | VERSION
UTF8_NAME: Final = 1 << 11
# A day and more from the least that the fields can hold, 1980-01-01: who unpacks that in one time
# zone and packs it again west of it gets a date before it. hatchling's wheels have the same time.
TIME: Final = 0  # 00:00:00
DATE: Final = (2020 - 1980) << 9 | 2 << 5 | 2  # 2020-02-02
REGULAR_FILE: Final = 0o100000

_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_CENTRAL_HEADER: Final = struct.Struct("<4s6H3I5H2I")
LOCAL_HEADER_SIZE: Final = _LOCAL_HEADER.size  # bytes, without the name
_END_OF_CENTRAL_DIRECTORY: Final = struct.Struct("<4s4H2IH")


class MemberHeader(NamedTuple):
    """What the headers of one member say.

    Attributes:
        method: ``STORED`` or ``DEFLATED``.
        crc: CRC-32 of the uncompressed content.
        compressed_size: in bytes.
        size: of the uncompressed content, in bytes.
        mode: the permission bits, 0o644 or 0o755.
    """

    name: str
    method: int
    crc: int
    compressed_size: int
    size: int
    mode: int


def local_header(member: MemberHeader) -> bytes:
    """Return the local file header (4.3.7)."""
    name = member.name.encode()
    fixed = _LOCAL_HEADER.pack(
        b"PK\x03\x04",
        *(VERSION, UTF8_NAME, member.method, TIME, DATE),
        *(member.crc, member.compressed_size, member.size),
        *(len(name), 0),
    )
    return fixed + name


def central_header(member: MemberHeader, offset: int) -> bytes:
    """Return the central directory header (4.3.12); ``offset`` is where the local one starts."""
    name = member.name.encode()
    fixed = _CENTRAL_HEADER.pack(
        b"PK\x01\x02",
        *(_MADE_BY_UNIX, VERSION, UTF8_NAME, member.method, TIME, DATE),
        *(member.crc, member.compressed_size, member.size),
        *(len(name), 0, 0, 0, 0),
        *((REGULAR_FILE | member.mode) << 16, offset),
    )
    return fixed + name


def end_of_central_directory(members: int, size: int, offset: int) -> bytes:
    """Return the end of central directory record (4.3.16): the directory's length, size, place."""
    return _END_OF_CENTRAL_DIRECTORY.pack(b"PK\x05\x06", 0, 0, members, members, size, offset, 0)
