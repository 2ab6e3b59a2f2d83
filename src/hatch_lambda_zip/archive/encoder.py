"""The pinned DEFLATE encoder (RFC 1951), and the check that it is the one.

zlib and zlib-ng write different bytes for the same input, and Pythons come with either, so the
host's zlib never compresses anything here.
"""

from __future__ import annotations

import hashlib
import mmap
from typing import Final, NamedTuple

import deflate

from hatch_lambda_zip.errors import ToolError


class Encoder(NamedTuple):
    """A package from the index, its exact version, and the level that it compresses with."""

    name: str
    version: str
    level: int


ENCODER: Final = Encoder("deflate", "0.9.0", 6)

_ROOM: Final = 16 << 20  # bytes: what the encoder works with, for some threads
_CHECK_DIGEST: Final = "205382bf5a618911267cefe0b9e3363fd3bbb09a0140c84cb15352a520e2c138"


def compress(data: bytes) -> bytearray:
    """Return a raw DEFLATE stream, always the same for the same data. Releases the GIL."""
    return deflate.deflate_compress(data, ENCODER.level)


def crc32(data: bytes) -> int:
    """Return the CRC-32 that zip uses."""
    return deflate.crc32(data)


def check_encoder() -> None:
    """Check that this machine's encoder writes the bytes that the canonical format asks for.

    Raises:
        ToolError: it does not, because it was built from another libdeflate.
        MemoryError: there is none left for it. It does not look whether it was given some, and
            would end the process without a word.
    """
    try:
        mmap.mmap(-1, _ROOM).close()
    except OSError:
        raise MemoryError from None
    name, version, _ = ENCODER
    digest = hashlib.sha256(compress(check_vector())).hexdigest()
    if digest != _CHECK_DIGEST:
        raise ToolError(
            f"The installed {name} {deflate.__version__} does not compress like {name} {version} "
            "from the package index, so the zip's bytes would differ from those of other "
            "machines. It was probably built from source against another libdeflate. Install "
            f"the wheel instead: `pip install --only-binary :all: {name}=={version}`."
        )


def check_vector() -> bytes:
    """Return some 200 kB of text, code and binary data, made by integer arithmetic alone."""
    state = 2_463_534_242
    words = (
        *("def", "return", "import", "self", "None", "lambda", "function", "layer", "handler"),
        *("event", "context", "the", "of", "and", "zip", "bytes", "hash", "lock", "wheel", "for"),
        *("in", "if", "else", "raise", "from", "with", "as", "class", "not", "is", "str", "int"),
    )
    lines = []
    for _ in range(4_500):
        # Marsaglia's xorshift, 32 bits: short, and the same everywhere.
        state ^= state << 13 & 0xFFFF_FFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFF_FFFF
        count = 3 + state % 7
        picked = [words[(state >> shift) % len(words)] for shift in range(count)]
        lines.append("    " * (state >> 9 & 3) + " ".join(picked) + f"({state & 0xFFF})\n")
    text = "".join(lines).encode()
    binary = bytes((index * index ^ index >> 3) & 0xFF for index in range(16_384))
    return text + binary + bytes(8_192) + text[::-7]
