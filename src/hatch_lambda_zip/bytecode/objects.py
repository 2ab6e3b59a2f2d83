"""The objects of one marshal stream, each distinct value held once.

An object is a number, an index into two columns: its plain encoding (for a container: only the
start, up to its first child) and the numbers of its children. Equal values get the same number
when they are added, whichever of them the writer of the stream had shared, so from here on the
numbers alone say what is the same. Two flat columns, not one dataclass per object: a .pyc holds
an object for every eight bytes or so, and making instances would cost more than all the rest.

Some objects keep an identity of their own instead, since running code could see them merged:
lists, dicts and sets can change, and a NaN is equal only to itself.
"""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.bytecode import kinds

_SHORT_ASCII: Final = bytes((kinds.SHORT_ASCII,))
_SMALL: Final = 0x100  # below this, a size takes one byte


class Objects:
    """A growing set of objects: children are added before what contains them.

    Attributes:
        encoded: of each object, its marshal encoding without FLAG_REF, a string's without the
            interned bit; of a container, what comes before its first child.
        children: of each object, the numbers of what follows ``encoded``, in order.
        short_strings: the numbers of ASCII strings of less than 256 characters, by their encoding
            without the type byte.
        tuples: the numbers of tuples, by their children.
        long_strings: the numbers of all other strings.
        named: the numbers of strings that are a name in some code object.
        unshared: the numbers of what marshal never refers back to: singletons and raw bytes.
    """

    def __init__(self) -> None:
        self.encoded: list[bytes] = []
        self.children: list[tuple[int, ...]] = []
        self.short_strings: dict[bytes, int] = {}
        self.tuples: dict[tuple[int, ...], int] = {}
        self.long_strings: set[int] = set()
        self.named: set[int] = set()
        self.unshared: set[int] = set()
        self._raw: dict[bytes, int] = {}
        self._others: dict[bytes | tuple[bytes, tuple[int, ...]], int] = {}

    def new(self, encoded: bytes, children: tuple[int, ...] = ()) -> int:
        """Add an object that is equal to no other, not even one with the same content.

        ``encoded`` is what comes before the first child; the children are in canonical order.
        """
        self.encoded.append(encoded)
        self.children.append(children)
        return len(self.encoded) - 1

    def leaf(self, encoded: bytes) -> int:
        """Return the object with this complete encoding; short ASCII strings go elsewhere."""
        number = self._others.get(encoded)
        if number is None:
            number = self._others[encoded] = self.new(encoded)
        return number

    def singleton(self, kind: int) -> int:
        """Return None, True, False, Ellipsis or StopIteration."""
        number = self.leaf(bytes((kind,)))
        self.unshared.add(number)
        return number

    def raw(self, encoded: bytes) -> int:
        """Return bytes that stand between a container's children and are no object."""
        number = self._raw.get(encoded)
        if number is None:
            number = self._raw[encoded] = self.new(encoded)
            self.unshared.add(number)
        return number

    def short_string(self, encoded: bytes) -> int:
        """Return an ASCII string by its length in one byte and its less than 256 characters."""
        number = self.short_strings.get(encoded)
        if number is None:
            number = self.short_strings[encoded] = self.new(_SHORT_ASCII + encoded)
        return number

    def string(self, text: str) -> int:
        """Return a string; it may hold lone surrogates, which marshal writes too."""
        raw = text.encode("utf-8", "surrogatepass")
        if text.isascii() and len(raw) < _SMALL:
            return self.short_string(bytes((len(raw),)) + raw)
        kind = kinds.ASCII if text.isascii() else kinds.UNICODE
        number = self.leaf(bytes((kind,)) + len(raw).to_bytes(4, "little") + raw)
        self.long_strings.add(number)
        return number

    def add_tuple(self, children: tuple[int, ...]) -> int:
        """Add a tuple that is not in ``tuples`` yet."""
        count = len(children)
        if count < _SMALL:
            encoded = bytes((kinds.SMALL_TUPLE, count))
        else:
            encoded = bytes((kinds.TUPLE,)) + count.to_bytes(4, "little")
        number = self.tuples[children] = self.new(encoded, children)
        return number

    def container(self, encoded: bytes, children: tuple[int, ...]) -> int:
        """Return an immutable container that is no tuple, by what ``new`` takes."""
        key = (encoded, children)
        number = self._others.get(key)
        if number is None:
            number = self._others[key] = self.new(encoded, children)
        return number

    def kind(self, number: int) -> int:
        """Return an object's type byte."""
        return self.encoded[number][0]
