"""A second implementation of docs/format.md, sections 3 to 5, made from that page alone.

It shares no code with ``hatch_lambda_zip.archive`` and ``hatch_lambda_zip.bytecode``, and was
written before those were read: where it gives other bytes, it is wrong, they are, or the page is.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import deflate

# The zip: sections 4 and 5.


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """Return the canonical zip of these files."""
    locals_, central = bytearray(), bytearray()
    members = sorted((name.encode(), content) for name, content in files.items())
    for name, content in members:
        data, method = bytes(deflate.deflate_compress(content, 6)), 8
        if len(data) >= len(content):
            data, method = content, 0
        # Version needed, flags, method, time, date, CRC, sizes, length of the name and the extra.
        sizes = (zlib.crc32(content), len(data), len(content), len(name), 0)
        common = struct.pack("<HHHHHIIIHH", 20, 0x0800, method, 0, 0x5042, *sizes)
        runs = content.startswith((b"#!", b"\x7fELF"))
        attributes = 0x81ED0000 if runs else 0x81A40000
        central += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common
        central += struct.pack("<HHHII", 0, 0, 0, attributes, len(locals_)) + name
        locals_ += b"PK\x03\x04" + common + name + data
    count = len(members)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(locals_), 0)
    return bytes(locals_ + central + b"PK\x05\x06" + end)


# Compiled modules: section 3. What marshal's types look like is Python/marshal.c's.


@dataclass(frozen=True, eq=False)
class Thing:
    """An object of a marshal stream; two occurrences of one are one.

    Attributes:
        kind: its type, as one letter for all ways to write it: ``u`` of strings, ``(`` of tuples.
        value: of a scalar, as bytes; of a string, its UTF-8.
        members: of a container or code object; numbers among the fields of code are bytes.
    """

    kind: str
    value: bytes = b""
    members: tuple[Thing | bytes, ...] = ()


_SHAPES: Final = {
    # Numbers that come first, then the fields: o of an object, n of a number, N of a name or a
    # tuple of names, and F of the file's name.
    "3.10": (6, "ooNNNNFNno"),
    "3.11": (5, "ooNNoFNNnoo"),
}
_SINGLETONS: Final = "NTF.S"
_STRINGS: Final = "uatzZA"
_STAYS_APART: Final = "[{<"


def write_pyc(pyc: bytes, minor: int, filename: str, source: bytes | None) -> bytes:
    """Return the canonical form of a ``.pyc``.

    Args:
        pyc: as CPython wrote it.
        minor: of that Python.
        filename: for ``co_filename``.
        source: what ships beside it, if something does.

    Raises:
        ValueError: if it has no canonical form.
    """
    shape = _SHAPES["3.10" if minor <= 10 else "3.11"]
    thing = _Reader(pyc[16:], shape, filename.encode()).read_all()
    digest = bytes(8)
    if source is not None:
        digest = source_hash(source, pyc[:4], rounds=2 if minor <= 10 else 1)
    code = _Writer(shape).write(_Merger().merge(thing))
    return pyc[:4] + struct.pack("<I", 1) + digest + code


class _Reader:
    """Reads a stream into things, with references followed."""

    def __init__(self, stream: bytes, shape: tuple[int, str], filename: bytes) -> None:
        self.stream, self.place = stream, 0
        self.shape, self.filename = shape, filename
        self.known: list[Thing | None] = []

    def read_all(self) -> Thing:
        thing = self.some()
        if self.place != len(self.stream):
            message = "more than one object"
            raise ValueError(message)
        return thing

    def take(self, size: int) -> bytes:
        self.place += size
        return self.stream[self.place - size : self.place]

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)

    def read(self) -> Thing | None:
        byte = self.take(1)[0]
        kind = chr(byte & 0x7F)
        if kind == "r":
            return self.known[self.number()]
        index = len(self.known)
        if byte & 0x80:
            self.known.append(None)
        thing = self.body(kind)
        if byte & 0x80:
            self.known[index] = thing
        return thing

    def body(self, kind: str) -> Thing | None:  # noqa: PLR0911
        if kind == "0":
            return None
        if kind in _SINGLETONS:
            return Thing(kind)
        if kind in "il":
            return Thing("i", self.integer(kind))
        if kind in "gy":
            return Thing(kind, self.take(8 if kind == "g" else 16))
        if kind == "s":
            return Thing(kind, self.take(self.number()))
        if kind in _STRINGS:
            text = self.take(self.take(1)[0] if kind in "zZ" else self.number())
            return Thing("u", text if kind in "ut" else text.decode("latin-1").encode())
        if kind == "c":
            return self.code()
        if kind in "{}":
            return Thing(kind, members=tuple(self.until_null()))
        if kind in ")([<>:":
            count = 3 if kind == ":" else self.take(1)[0] if kind == ")" else self.number()
            members = tuple(self.some() for _ in range(count))
            return Thing("(" if kind == ")" else kind, members=members)
        raise ValueError(kind)

    def some(self) -> Thing:
        thing = self.read()
        if thing is None:
            message = "nothing where a member is due"
            raise ValueError(message)
        return thing

    def until_null(self) -> Iterator[Thing]:
        while (key := self.read()) is not None:
            yield key
            yield self.some()

    def integer(self, kind: str) -> bytes:
        value = count = self.number()
        if kind == "l":
            digits = [int.from_bytes(self.take(2), "little") for _ in range(abs(count))]
            value = sum(digit << 15 * place for place, digit in enumerate(digits))
            value = -value if count < 0 else value
        return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)

    def code(self) -> Thing:
        count, fields = self.shape
        members: list[Thing | bytes] = [self.take(4 * count)]
        for field in fields:
            if field == "n":
                members.append(self.take(4))
            else:
                thing = self.some()
                members.append(Thing("u", self.filename) if field == "F" else thing)
        return Thing("c", members=tuple(members))


class _Merger:
    """Makes equal things one thing."""

    def __init__(self) -> None:
        self.one: dict[object, Thing] = {}
        self.merged: dict[int, Thing] = {}

    def merge(self, thing: Thing) -> Thing:
        if id(thing) not in self.merged:
            members = tuple(
                self.merge(member) if isinstance(member, Thing) else member
                for member in thing.members
            )
            value, apart = thing.value, thing.kind in _STAYS_APART
            if thing.kind in "gy":
                parts = [value[place : place + 8] for place in range(0, len(value), 8)]
                numbers = [_without_nan(part) for part in parts]
                value, apart = b"".join(numbers), _NAN in numbers
            marks = [id(one) if isinstance(one, Thing) else one for one in members]
            same = frozenset(marks) if thing.kind == ">" else tuple(marks)
            key = id(thing) if apart else (thing.kind, value, same)
            merged = self.one.setdefault(key, Thing(thing.kind, value, members))
            self.merged[id(thing)] = merged
        return self.merged[id(thing)]


_NAN: Final = bytes.fromhex("7FF8000000000000")[::-1]


def _without_nan(number: bytes) -> bytes:
    (value,) = struct.unpack("<d", number)
    return _NAN if value != value else number  # noqa: PLR0124


class _Writer:
    """Writes merged things."""

    def __init__(self, shape: tuple[int, str]) -> None:
        self.shape = shape
        self.names: set[int] = set()
        self.count: Counter[int] = Counter()
        self.indexes: dict[int, int] = {}
        self.keys: dict[int, bytes] = {}

    def write(self, thing: Thing) -> bytes:
        self.look_at(thing)
        return self.full(thing, plain=False)

    def look_at(self, thing: Thing) -> None:
        self.count[id(thing)] += 1
        if self.count[id(thing)] > 1:
            return
        for member in thing.members:
            if isinstance(member, Thing):
                self.look_at(member)
        if thing.kind == "c":
            for field, member in zip(self.shape[1], thing.members[1:], strict=True):
                if field in "NF" and isinstance(member, Thing):
                    self.names.update(map(id, [member, *member.members]))

    def encode(self, thing: Thing | bytes, *, plain: bool) -> bytes:
        """Write one thing, or the reference to it; plain ones have neither bit."""
        if isinstance(thing, bytes):
            return thing
        if plain or thing.kind in _SINGLETONS or self.count[id(thing)] == 1:
            return self.full(thing, plain=plain)
        if id(thing) in self.indexes:
            return b"r" + struct.pack("<I", self.indexes[id(thing)])
        self.indexes[id(thing)] = len(self.indexes)
        first, *rest = self.full(thing, plain=False)
        return bytes([first | 0x80, *rest])

    def full(self, thing: Thing, *, plain: bool) -> bytes:
        head = self.head(thing, plain=plain)
        members = self.ordered(thing)
        body = b"".join([self.encode(member, plain=plain) for member in members])
        return head + body + (b"0" if thing.kind in "{}" else b"")

    def head(self, thing: Thing, *, plain: bool) -> bytes:
        kind, value, count = thing.kind, thing.value, len(thing.members)
        if kind == "i":
            return _integer(int.from_bytes(value, "little", signed=True))
        if kind == "u":
            return self.string(thing, plain=plain)
        if kind == "s":
            return b"s" + struct.pack("<I", len(value)) + value
        if kind == "(" and count < 256:
            return b")" + bytes([count])
        if kind in "([<>":
            return kind.encode() + struct.pack("<I", count)
        return kind.encode() + value

    def string(self, thing: Thing, *, plain: bool) -> bytes:
        text = thing.value.decode("utf-8", "surrogatepass")
        interned = not plain and (
            id(thing) in self.names
            or re.fullmatch("[A-Za-z0-9_]*", text) is not None
            or (len(text) == 1 and text < "\u0100")
        )
        if text.isascii() and len(text) < 256:
            return (b"Z" if interned else b"z") + bytes([len(text)]) + thing.value
        kind = (b"A" if interned else b"a") if text.isascii() else (b"t" if interned else b"u")
        return kind + struct.pack("<I", len(thing.value)) + thing.value

    def ordered(self, thing: Thing) -> tuple[Thing | bytes, ...]:
        if thing.kind not in "<>":
            return thing.members
        keyed = {self.key(one): one for one in thing.members if isinstance(one, Thing)}
        if len({_python(one) for one in thing.members}) < len(thing.members):
            message = "equal members of a set"
            raise ValueError(message)
        return tuple(keyed[key] for key in sorted(keyed))

    def key(self, thing: Thing) -> bytes:
        if id(thing) not in self.keys:
            if thing.kind in "(>":
                members = [one for one in self.ordered(thing) if isinstance(one, Thing)]
                message = b"".join([_framed(self.key(one)) for one in members])
                key = self.head(thing, plain=True) + hashlib.sha256(message).digest()
            else:
                key = self.full(thing, plain=True)
                if len(key) > 64:
                    key = key[:1] + hashlib.sha256(_framed(key)).digest()
            self.keys[id(thing)] = key
        return self.keys[id(thing)]


def _python(thing: Thing | bytes) -> object:
    """Return what is equal to that of the things that Python takes for equal, NaNs among them."""
    if isinstance(thing, bytes) or thing.kind in _SINGLETONS.replace("T", "").replace("F", ""):
        return thing
    if thing.kind in "TF":
        return thing.kind == "T"
    if thing.kind == "i":
        return int.from_bytes(thing.value, "little", signed=True)
    if thing.kind in "gy":
        numbers = struct.unpack(f"<{len(thing.value) // 8}d", thing.value)
        return "NaN" if _NAN in thing.value else complex(*numbers)
    if thing.kind in "(>":
        members = map(_python, thing.members)
        return ("(", *members) if thing.kind == "(" else frozenset(members)
    return thing.kind, thing.value


def _framed(data: bytes) -> bytes:
    return struct.pack("<Q", len(data)) + data


def _integer(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return b"i" + struct.pack("<i", value)
    digits = []
    rest = abs(value)
    while rest:
        digits.append(struct.pack("<H", rest & 0x7FFF))
        rest >>= 15
    count = len(digits) if value > 0 else -len(digits)
    return b"l" + struct.pack("<i", count) + b"".join(digits)


_MASK: Final = (1 << 64) - 1


def source_hash(source: bytes, magic: bytes, *, rounds: int) -> bytes:
    """Return what PEP 552's hash is: SipHash with one or two rounds a word, keyed by the magic."""
    key = int.from_bytes(magic, "little")
    state = [word ^ number for word, number in zip((key, 0) * 2, _SIP, strict=True)]
    tail = len(source) % 8
    padded = source + bytes(7 - tail) + bytes([len(source) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        state[3] ^= word
        for _ in range(rounds):
            _sip_round(state)
        state[0] ^= word
    state[2] ^= 0xFF
    for _ in range(rounds + 2):
        _sip_round(state)
    return struct.pack("<Q", state[0] ^ state[1] ^ state[2] ^ state[3])


_SIP: Final = tuple(struct.unpack(">4Q", b"somepseudorandomlygeneratedbytes"))


def _sip_round(state: list[int]) -> None:
    a, b, c, d = state
    a = (a + b) & _MASK
    b = _turned(b, 13) ^ a
    a = _turned(a, 32)
    c = (c + d) & _MASK
    d = _turned(d, 16) ^ c
    a = (a + d) & _MASK
    d = _turned(d, 21) ^ a
    c = (c + b) & _MASK
    b = _turned(b, 17) ^ c
    c = _turned(c, 32)
    state[:] = a, b, c, d


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK
