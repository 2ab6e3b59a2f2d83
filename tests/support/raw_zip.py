"""Zips written field by field, so that each field can be wrong."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

DEFLATED = 8


@dataclass(frozen=True)
class Raw:
    """A member; what ``local`` and ``central`` have stands there instead."""

    name: bytes = b"app.py"
    content: bytes = b"value = 1\n"
    flags: int = 0
    method: int = 0
    extra: bytes = b""
    local_extra: bytes = b""
    descriptor: bytes = b""
    external: int = 0o100644 << 16
    host: int = 3
    size: int | None = None
    data: bytes | None = None
    local: dict[str, int | bytes] = field(default_factory=dict)
    central: dict[str, int | bytes] = field(default_factory=dict)

    @property
    def stored(self) -> bytes:
        if self.data is not None:
            return self.data
        return deflate(self.content) if self.method == DEFLATED else self.content

    def fields(self, changes: dict[str, int | bytes]) -> dict[str, int | bytes]:
        size = len(self.content) if self.size is None else self.size
        return {
            "signature": b"",
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.content),
            "packed": len(self.stored),
            "size": size,
            "name": self.name,
            "disk": 0,
            "offset": -1,
            **changes,
        }


def deflate(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def raw_zip(
    *members: Raw,
    before: bytes = b"",
    between: bytes = b"",
    comment: bytes = b"",
    after: bytes = b"",
    end: dict[str, int] | None = None,
) -> bytes:
    """Write a zip; ``end`` changes fields of its last record."""
    body = before
    directory = b""
    for member in members:
        offset = len(body)
        f = member.fields(member.local)
        body += struct.pack(
            "<4s5H3I2H",
            *(f["signature"] or b"PK\x03\x04", 20, f["flags"], f["method"], 0, 0x5042),
            *(f["crc"], f["packed"], f["size"], len(bytes(f["name"])), len(member.local_extra)),
        )
        body += bytes(f["name"]) + member.local_extra + member.stored + member.descriptor
        f = member.fields(member.central)
        directory += struct.pack(
            "<4s2B5H3I5H2I",
            *(f["signature"] or b"PK\x01\x02", 20, member.host, 20, f["flags"], f["method"]),
            *(0, 0x5042, f["crc"], f["packed"], f["size"], len(bytes(f["name"]))),
            *(len(member.extra), 0, f["disk"], 0, member.external),
            offset if f["offset"] == -1 else f["offset"],
        )
        directory += bytes(f["name"]) + member.extra
    body += between
    said = {
        "disk": 0,
        "count": len(members),
        "size": len(directory),
        "offset": len(body),
        "comment": len(comment),
        **(end or {}),
    }
    last = struct.pack(
        "<4s4H2IH",
        *(b"PK\x05\x06", said["disk"], 0, said["count"], said["count"]),
        *(said["size"], said["offset"], said["comment"]),
    )
    return body + directory + last + comment + after
