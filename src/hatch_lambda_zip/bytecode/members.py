"""The canonical order of set members, and which of them Python takes for equal.

A set is written in the order of its hash table. Before Python 3.11 that order follows the hash
seed; since then marshal sorts, but by an encoding that again depends on reference counts.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable
from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.objects import Objects
from hatch_lambda_zip.errors import AmbiguousBytecodeError, BytecodeError

_CONTAINERS: Final = kinds.TUPLES + bytes((kinds.FROZENSET,))
# What the compiler can put into a frozenset or use as a key. Slices, code and frozendicts can be
# hashed too, but no constant is made that way, and their equality has rules of its own.
_HASHABLE: Final = (
    kinds.SINGLETONS
    + kinds.STRINGS
    + _CONTAINERS
    + bytes((kinds.INT, kinds.LONG, kinds.FLOAT, kinds.COMPLEX, kinds.BYTES))
)
_LONG: Final = 64  # bytes; beyond that a digest stands for an encoding


class Members:
    """Sorts and checks the members of sets and the keys of dicts.

    Keys are kept, so that each object is looked at once, however deeply sets are nested, and have
    a bounded length, however much is shared below them.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._order: dict[int, bytes] = {}
        self._equality: dict[int, bytes] = {}

    def sort(self, members: Iterable[int]) -> tuple[int, ...]:
        """Bring a set's members into their canonical order: ascending by their plain encoding.

        For a long one its type byte and SHA-256 stand in, and for a tuple or frozenset its start
        and the SHA-256 of what stands for its members. Raises as ``check_distinct`` does.
        """
        self.check_distinct(members)
        return tuple(sorted(members, key=self._order.__getitem__))

    def check_distinct(self, members: Iterable[int]) -> None:
        """Check that objects can be the members of a set or the keys of a dict.

        Raises:
            BytecodeError: one can't be hashed.
            AmbiguousBytecodeError: two are equal, so that one of them would be lost on loading,
                and which one depends on their order.
        """
        self._add_keys(members)
        seen = set()
        for member in members:
            key = self._equality[member]
            if key in seen:
                raise AmbiguousBytecodeError("A set or dict holds equal members")
            seen.add(key)

    def _add_keys(self, members: Iterable[int]) -> None:
        objects = self._objects
        found: set[int] = set()
        todo = list(members)
        while todo:
            number = todo.pop()
            if number not in self._order and number not in found:
                if objects.kind(number) not in _HASHABLE:
                    kind = chr(objects.kind(number))
                    raise BytecodeError(f"A set or dict key holds an object of type {kind!r}")
                found.add(number)
                todo.extend(objects.children[number])
        # What an object contains has a smaller number.
        for number in sorted(found):
            encoded = objects.encoded[number]
            if objects.kind(number) in _CONTAINERS:
                order = [self._order[child] for child in objects.children[number]]
                equality = [self._equality[child] for child in objects.children[number]]
                if objects.kind(number) == kinds.FROZENSET:
                    equality.sort()
                self._order[number] = encoded + _digest(order)
                self._equality[number] = encoded + _digest(equality)
            else:
                self._order[number] = _bounded(encoded)
                self._equality[number] = _bounded(_equal_form(encoded))


def _bounded(encoded: bytes) -> bytes:
    return encoded if len(encoded) <= _LONG else encoded[:1] + _digest([encoded])


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()


def _equal_form(encoded: bytes) -> bytes:
    """Return bytes that are the same for objects without children that compare equal."""
    kind = encoded[0]
    if kind in {kinds.FALSE, kinds.TRUE}:
        return _integer(kind == kinds.TRUE)
    if kind == kinds.FLOAT:
        return _real(struct.unpack("<d", encoded[1:])[0])
    if kind == kinds.COMPLEX:
        real, imaginary = struct.unpack("<dd", encoded[1:])
        if imaginary == 0:
            return _real(real)
        # Adding zero turns -0.0 into 0.0, its equal.
        return bytes((kind,)) + struct.pack("<dd", real + 0.0, imaginary + 0.0)
    return encoded


def _real(value: float) -> bytes:
    if math.isfinite(value) and value.is_integer():
        return _integer(int(value))
    return bytes((kinds.FLOAT,)) + struct.pack("<d", value)


def _integer(value: int) -> bytes:
    """Encode an integer as marshal does (``w_PyLong``)."""
    if -(1 << 31) <= value < 1 << 31:
        return bytes((kinds.INT,)) + value.to_bytes(4, "little", signed=True)
    digits = []
    rest = abs(value)
    while rest:
        digits.append((rest & 0x7FFF).to_bytes(2, "little"))
        rest >>= 15
    count = len(digits) if value > 0 else -len(digits)
    return b"".join((bytes((kinds.LONG,)), count.to_bytes(4, "little", signed=True), *digits))
