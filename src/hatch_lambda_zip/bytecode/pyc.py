"""The 16 bytes before the marshal stream of a .pyc file (PEP 552).

Magic number, flags, then either the source's time and size or its hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.bytecode.magic import Format, find_format
from hatch_lambda_zip.errors import BytecodeError

HEADER_SIZE: Final = 16  # bytes
HASH_SIZE: Final = 8  # bytes

_HASH_BASED: Final = 0b01
_CHECK_SOURCE: Final = 0b10
# Checking is a property of hash-based files; the bit alone means nothing.
_FLAGS: Final = (0, _HASH_BASED, _HASH_BASED | _CHECK_SOURCE)


@dataclass(frozen=True)
class Header:
    """What a .pyc says about itself.

    Attributes:
        form: of the CPython that wrote it.
        source_hash: of the source, 8 bytes; None if it has the source's time and size instead.
        check_source: whether an import compares the hash with the source.
    """

    form: Format
    source_hash: bytes | None
    check_source: bool


def read_header(pyc: bytes) -> Header:
    """Read the header of a .pyc, of which the first 16 bytes are enough.

    Raises:
        BytecodeError: it is cut off, or was not written by a supported CPython release.
    """
    if len(pyc) < HEADER_SIZE:
        raise BytecodeError(f"{len(pyc)} bytes are too few for a .pyc file")
    form = find_format(pyc[:4])
    flags = int.from_bytes(pyc[4:8], "little")
    if flags not in _FLAGS:
        raise BytecodeError(f"Unknown flags {flags:#x} in the header (PEP 552)")
    if flags & _HASH_BASED:
        return Header(form, pyc[8:HEADER_SIZE], bool(flags & _CHECK_SOURCE))
    return Header(form, None, check_source=False)


def unchecked_header(form: Format, source_hash: bytes) -> bytes:
    """Write the header of a .pyc that is loaded without a look at the source (8 bytes of hash)."""
    if len(source_hash) != HASH_SIZE:
        raise ValueError(f"A source hash has {HASH_SIZE} bytes, not {len(source_hash)}")
    return form.magic_bytes + _HASH_BASED.to_bytes(4, "little") + source_hash


def without_source_hash(pyc: bytes) -> bytes:
    """Return a hash-based .pyc as it is where its source does not ship: with eight zero bytes."""
    return pyc[: HEADER_SIZE - HASH_SIZE] + bytes(HASH_SIZE) + pyc[HEADER_SIZE:]
