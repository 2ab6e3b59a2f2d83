"""SipHash (Aumasson and Bernstein, 2012), the keyed hash of CPython's Python/pyhash.c."""

from __future__ import annotations

from typing import Final, Literal

_MASK: Final = 0xFFFF_FFFF_FFFF_FFFF


def siphash(key: int, data: bytes, rounds: Literal[1, 2]) -> bytes:
    """Return the hash of some data: 8 bytes, little-endian.

    Args:
        key: the first 64 bits of the key; the others are zero, as in ``_Py_KeyedHash``.
        rounds: 2 for SipHash-2-4, 1 for SipHash-1-3.
    """
    v0 = 0x736F_6D65_7073_6575 ^ key
    v1 = 0x646F_7261_6E64_6F6D
    v2 = 0x6C79_6765_6E65_7261 ^ key
    v3 = 0x7465_6462_7974_6573
    padding = bytes(-(len(data) + 1) % 8)
    padded = memoryview(data + padding + bytes((len(data) & 0xFF,)))
    state = v0, v1, v2, v3
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        v0, v1, v2, v3 = state
        v0, v1, v2, v3 = _mix(v0, v1, v2, v3 ^ word, rounds)
        state = v0 ^ word, v1, v2, v3
    v0, v1, v2, v3 = state
    v0, v1, v2, v3 = _mix(v0, v1, v2 ^ 0xFF, v3, rounds + 2)
    return (v0 ^ v1 ^ v2 ^ v3).to_bytes(8, "little")


def _mix(v0: int, v1: int, v2: int, v3: int, rounds: int) -> tuple[int, int, int, int]:
    for _ in range(rounds):
        v0 = v0 + v1 & _MASK
        v1 = (v1 << 13 & _MASK | v1 >> 51) ^ v0
        v0 = v0 << 32 & _MASK | v0 >> 32
        v2 = v2 + v3 & _MASK
        v3 = (v3 << 16 & _MASK | v3 >> 48) ^ v2
        v0 = v0 + v3 & _MASK
        v3 = (v3 << 21 & _MASK | v3 >> 43) ^ v0
        v2 = v2 + v1 & _MASK
        v1 = (v1 << 17 & _MASK | v1 >> 47) ^ v2
        v2 = v2 << 32 & _MASK | v2 >> 32
    return v0, v1, v2, v3
