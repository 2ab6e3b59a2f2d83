"""Streams made to cost much: time and memory stay within multiples of their size.

Time is counted in executed lines, which are the same on every machine, and for what happens inside
of single calls compared with the time that a shorter stream takes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Final

import pytest

from hatch_lambda_zip.bytecode.magic import FORMATS, Format
from hatch_lambda_zip.bytecode.marshal_reader import read_marshal
from hatch_lambda_zip.bytecode.marshal_writer import write_marshal
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.errors import BytecodeError
from tests.support import effort

FORM: Final = FORMATS[-1]  # knows all types
MAX_DEPTH: Final = 2000


def size(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def canonical(stream: bytes) -> bytes:
    objects, root = read_marshal(stream, FORM)
    return write_marshal(objects, root)


def refused_or_canonical(stream: bytes) -> bytes | None:
    try:
        return canonical(stream)
    except BytecodeError:
        return None


def integers(start: int, count: int) -> bytes:
    return b"".join(b"i" + size(number) for number in range(start, start + count))


def reference(index: int) -> bytes:
    return b"r" + size(index)


# A code object around what are its consts; names and varnames, say.
CODE_START: Final = b"c" + bytes(4 * FORM.layout.counts) + b"s" + size(0)
CODE_MIDDLE: Final = b")\0s" + size(0) + b"z\0" * 3 + bytes(4) + (b"s" + size(0)) * 2


def code(consts: bytes, names: bytes = b")\0") -> bytes:
    return CODE_START + consts + names + CODE_MIDDLE


def nested_frozensets(count: int) -> bytes:
    width = count // 1900
    levels = (b">" + size(width + 1) + integers(width * n, width) for n in range(1900))
    return b"".join(levels) + b"N"


def separate_chains(count: int) -> bytes:
    """Nest tuples over leaves that are all different, so that no two tuples are equal."""
    depth = 1900
    chains = (b")\1" * depth + b"i" + size(number) for number in range(count // depth))
    return b"(" + size(count // depth) + b"".join(chains)


WIDE: Final[dict[str, Callable[[int], bytes]]] = {
    "nothing but None": lambda n: b"(" + size(n) + b"N" * n,
    "integers": lambda n: b"(" + size(n) + integers(0, n),
    "empty lists": lambda n: b"(" + size(n) + (b"[" + size(0)) * n,
    "empty tuples": lambda n: b"(" + size(n) + b")\0" * n,
    "NaNs": lambda n: b"(" + size(n) + (b"g" + struct.pack("<d", float("nan"))) * n,
    "frozenset": lambda n: b">" + size(n) + integers(0, n),
    "dict": lambda n: b"{" + b"".join(b"i" + size(k) + b"N" for k in range(n)) + b"0",
    "frozendict": lambda n: b"}" + b"".join(b"i" + size(k) + b"N" for k in range(n)) + b"0",
    "long integer": lambda n: b"l" + size(n) + b"\1\0" * n,
    "bytes": lambda n: b"s" + size(n) + bytes(n),
    "text": lambda n: b"u" + size(2 * n) + b"\xc3\xa9" * n,
    "flagged": lambda n: (
        b"("
        + size(2 * n)
        + b"".join(b"\xe9" + size(k) for k in range(n))
        + b"".join(map(reference, range(n)))
    ),
    "chains": separate_chains,
    "nested frozensets": nested_frozensets,
    "long member, often": lambda n: (
        b"(" + size(n) + b"\xf3" + size(n) + bytes(n) + reference(0) * (n - 1)
    ),
    "long member of members": lambda n: (
        b">"
        + size(n + 1)
        + b"\xf3"
        + size(50 * n)
        + bytes(50 * n)
        + b"".join(b")\2" + reference(0) + b"i" + size(k) for k in range(n))
    ),
    "wide member of members": lambda n: (
        b">"
        + size(n + 1)
        + b"\xa8"
        + size(n)
        + integers(0, n)
        + b"".join(b")\2" + reference(0) + b"i" + size(k) for k in range(n))
    ),
    "same names in all code": lambda n: (
        b"("
        + size(n)
        + code(b")\1i" + size(0), b"\xa8" + size(n) + b"Z\2ab" * n)
        + b"".join(code(b")\1i" + size(k), reference(0)) for k in range(1, n))
    ),
    "nested too deeply": lambda n: b")\xff" * n,
}


# What opens a container that refers to itself, and what closes it after its first child, which is
# the object of that number.
NESTING: Final[dict[str, tuple[bytes, Callable[[int], bytes]]]] = {
    "tuple": (b"\xa9\2", reference),
    "long tuple": (b"\xa8" + size(2), reference),
    "list": (b"\xdb" + size(2), reference),
    "frozenset": (b"\xbe" + size(2), lambda child: b")\1" + reference(child)),
    "slice": (b"\xba", lambda child: reference(child) * 2),
    "dict": (b"\xfbN", lambda child: b"T" + reference(child) + b"0"),
    "frozendict": (b"\xfdN", lambda child: b"T" + reference(child) + b"0"),
    "code": (
        b"\xe3" + CODE_START[1:] + b")\2",
        lambda child: reference(child) + b")\0" + CODE_MIDDLE,
    ),
}


def nested(kind: str, levels: int) -> bytes:
    """Hold the next level twice in each: 2**levels leaves when written in full."""
    start, end = NESTING[kind]
    # The outermost is object 0, the leaf is flagged as well.
    ends = (end(child) for child in range(levels, 0, -1))
    return start * levels + b"\xe9" + size(7) + b"".join(ends)


def assert_bounded(stream: bytes) -> None:
    call = partial(refused_or_canonical, stream)
    assert effort.lines(call) <= effort.LINES * len(stream) + effort.BASE
    assert effort.peak(call) <= effort.MEMORY * len(stream) + effort.BASE


@pytest.mark.parametrize("build", WIDE.values(), ids=WIDE.keys())
def test_effort_grows_with_the_size(build: Callable[[int], bytes]) -> None:
    short, long = build(2_000), build(16_000)
    assert_bounded(short)
    # A linear algorithm takes 8 times as long, a quadratic one 64 times.
    assert effort.growth(refused_or_canonical, short, long) < 3 * len(long) / len(short)


@pytest.mark.parametrize("build", WIDE.values(), ids=WIDE.keys())
def test_large_streams_are_canonical_afterwards(build: Callable[[int], bytes]) -> None:
    stream = build(2_000)
    result = refused_or_canonical(stream)
    assert (result is None) == (build is WIDE["nested too deeply"])
    if result is not None:
        assert len(result) <= effort.GROWTH * len(stream)
        assert canonical(result) == result


@pytest.mark.parametrize("kind", NESTING)
def test_reference_bombs_do_not_go_off(kind: str) -> None:
    stream = nested(kind, 60)
    assert_bounded(stream)
    result = canonical(stream)
    assert len(result) <= effort.GROWTH * len(stream)
    assert canonical(result) == result
    # Where it lies among the members of a set, or as a key, does not matter.
    assert_bounded(b">" + size(2) + b"T" + stream)
    assert_bounded(b"{" + stream + b"N0")


@pytest.mark.parametrize("kind", NESTING)
def test_depth_is_limited_in_every_container(kind: str) -> None:
    per_level = 2 if kind in {"code", "frozenset"} else 1
    allowed = nested(kind, MAX_DEPTH // per_level - 2)
    assert canonical(allowed)
    assert_bounded(allowed)
    start, _ = NESTING[kind]
    for too_deep in (nested(kind, MAX_DEPTH), start * 100_000):
        with pytest.raises(BytecodeError, match="deeply"):
            canonical(too_deep)
    assert_bounded(start * 20_000)


@pytest.mark.parametrize("kind", [*b"sutaA([<>l"])
@pytest.mark.parametrize("count", [0x7FFF_FFFF, -0x8000_0000, -1, 1_000])
def test_sizes_are_not_believed(kind: int, count: int) -> None:
    for stream in (bytes((kind,)) + size(count), bytes((kind,)) + size(count) + b"N" * 90):
        assert_bounded(stream)
        with pytest.raises(BytecodeError, match=r"cut off|Negative|follows"):
            canonical(stream)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: f"3.{form.python_minor}")
def test_every_type_byte_is_known_or_refused(form: Format) -> None:
    known = set(b"NFTS.ilgysuatzZA()[{<>cr" + (b":" if form.marshal_version >= 5 else b""))
    known |= set(b"}" if form.marshal_version >= 6 else b"")
    # Nothing ever refers to None and the like: they take one byte themselves.
    known |= {kind | 0x80 for kind in known - set(b"rNFTS.")}
    for kind in range(256):
        for rest in (b"", bytes(64), b"NNN0", b"\xff" * 64):
            try:
                read_marshal(bytes((kind,)) + rest, form)
            except BytecodeError as error:
                # Only what follows may be wrong with a known one.
                message = str(error)
                refused = message.startswith("Unknown marshal type") and "byte 0" in message
                refused |= f"has no marshal type {chr(kind & 0x7F)!r}" in message
                assert not (refused and kind in known), message
            else:
                assert kind in known


def test_every_other_magic_number_is_refused() -> None:
    known = {3413, *(form.magic for form in FORMATS)}  # nothing is compiled to that of 3.8
    for magic in range(1 << 16):
        if magic not in known:
            with pytest.raises(BytecodeError, match="magic number"):
                normalize(magic.to_bytes(2, "little") + b"\r\n" + bytes(12) + b"N")
