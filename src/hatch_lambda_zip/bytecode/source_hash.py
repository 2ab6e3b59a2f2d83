"""The hash of a source that a .pyc holds (PEP 552), for any Python's .pyc under any Python.

``importlib.util.source_hash`` has the key of the Python that runs. The key is the magic number, and
the function SipHash: 2-4 up to Python 3.10, 1-3 from 3.11 on (Python/pyhash.c, ``_Py_KeyedHash``).
"""

from __future__ import annotations

import sys
from typing import Final

_FIRST_OF_311: Final = 3450  # magic numbers of its alphas start there, those of 3.10 end at 3439
_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF


def source_hash(magic: bytes, source: bytes) -> bytes:
    """Return the 8 bytes that a .pyc has of its source.

    Args:
        magic: the first four bytes of the .pyc.
    """
    key = int.from_bytes(magic, "little")
    is_short = int.from_bytes(magic[:2], "little") >= _FIRST_OF_311
    if sys.implementation.name == "cpython" and is_short == (sys.version_info >= (3, 11)):
        import _imp  # what importlib.util.source_hash calls, with a key of its own

        found: bytes = _imp.source_hash(key, source)
        return found
    return siphash(key, source, *((1, 3) if is_short else (2, 4)))


def siphash(key: int, data: bytes, rounds: int, last_rounds: int) -> bytes:
    """Return SipHash (Aumasson and Bernstein, 2012) of data, with a key of 64 bits.

    Args:
        rounds: for each eight bytes.
        last_rounds: at the end.
    """
    v0, v1 = key ^ 0x736F6D6570736575, 0x646F72616E646F6D
    v2, v3 = key ^ 0x6C7967656E657261, 0x7465646279746573
    whole = len(data) // 8 * 8
    last = int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    steps = [(word, rounds) for word in (*words, last)]
    for word, count in (*steps, (None, last_rounds)):
        if word is None:
            v2 ^= 0xFF
        else:
            v3 ^= word
        for _ in range(count):
            v0 = (v0 + v1) & _MASK
            v1 = ((v1 << 13 | v1 >> 51) & _MASK) ^ v0
            v0 = (v0 << 32 | v0 >> 32) & _MASK
            v2 = (v2 + v3) & _MASK
            v3 = ((v3 << 16 | v3 >> 48) & _MASK) ^ v2
            v0 = (v0 + v3) & _MASK
            v3 = ((v3 << 21 | v3 >> 43) & _MASK) ^ v0
            v2 = (v2 + v1) & _MASK
            v1 = ((v1 << 17 | v1 >> 47) & _MASK) ^ v2
            v2 = (v2 << 32 | v2 >> 32) & _MASK
        if word is not None:
            v0 ^= word
    return (v0 ^ v1 ^ v2 ^ v3).to_bytes(8, "little")
