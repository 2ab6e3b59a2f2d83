"""Random constants and random Python sources, as strategies of hypothesis."""

from __future__ import annotations

import builtins
import struct
import sys
import types
from typing import Any, Final

from hypothesis import strategies as st


def float_of(bits: int) -> float:
    value: float = struct.unpack("<d", bits.to_bytes(8, "little"))[0]
    return value


NANS: Final = st.builds(
    lambda sign, payload: float_of(sign << 63 | 0x7FF << 52 | payload),
    st.integers(0, 1),
    st.integers(1, (1 << 52) - 1),
)
FLOATS: Final = (
    st.floats(allow_nan=False)
    | st.integers(0, (1 << 64) - 1).map(float_of).filter(lambda value: value == value)  # noqa: PLR0124
    # Subnormal, at the limits, and both zeros.
    | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, sys.float_info.min / 3, 1e308 * 10])
)
TEXTS: Final = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=5),  # lone surrogates too
    st.text("ab_ ", max_size=3),
    st.text("\x7f\x80\xffĀ\uffff\U00010000", max_size=2),
    st.builds(
        lambda text, count: text * count, st.sampled_from("x-é"), st.sampled_from([200, 256])
    ),
)


# Functions, so that hypothesis does not write out all of that wherever it names a strategy.
@st.composite
def scalars(draw: st.DrawFn) -> Any:  # noqa: ANN401
    return draw(
        st.one_of(
            st.sampled_from([None, True, False, ..., StopIteration]),
            st.integers(),
            st.integers(-(2**40), 2**40),
            # Around the ends of marshal's 15-bit digits, up to hundreds of them.
            st.builds(lambda n, more: (1 << n) + more, st.integers(0, 5_000), st.integers(-1, 1)),
            FLOATS,
            st.builds(complex, FLOATS, FLOATS),
            TEXTS,
            st.binary(max_size=5),
        )
    )


FROZENDICT: Final = getattr(builtins, "frozendict", None)  # since Python 3.15


@st.composite
def nans(draw: st.DrawFn) -> Any:  # noqa: ANN401
    return draw(NANS | st.builds(complex, NANS | FLOATS, NANS | FLOATS))


HASHABLE: Final = st.recursive(
    scalars(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(tuple), st.frozensets(inner, max_size=5)
    ),
    max_leaves=20,
)
CONSTANTS: Final = st.recursive(HASHABLE, lambda inner: st.lists(inner, max_size=6).map(tuple))
MUTABLE: Final = st.recursive(
    HASHABLE | nans(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.sets(HASHABLE, max_size=4),
        st.dictionaries(HASHABLE, inner, max_size=4),
        *([st.builds(slice, inner, inner, inner)] if sys.version_info >= (3, 14) else []),
        *([st.dictionaries(HASHABLE, inner, max_size=4).map(FROZENDICT)] if FROZENDICT else []),
    ),
    max_leaves=20,
)


@st.composite
def shared_constants(draw: st.DrawFn) -> tuple[object, ...]:
    """Draw a tuple whose members, and theirs, are often the same object."""
    members: list[Any] = draw(st.lists(scalars(), min_size=1, max_size=4))
    others: list[Any] = []  # not for sets
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(["tuple", "frozenset", "slice", "wide"]))
        pool = st.sampled_from(members)
        if kind == "frozenset":
            members.append(frozenset(draw(st.lists(pool, max_size=4))))
        elif kind == "slice" and sys.version_info >= (3, 14):
            pool = st.sampled_from([*members, *others])
            others.append(slice(draw(pool), draw(pool), draw(pool)))
        elif kind == "wide" and not others:
            others.append((draw(pool),) * draw(st.sampled_from([255, 256])))
        else:
            members.append(tuple(draw(st.lists(pool, max_size=4))))
    return tuple(draw(st.lists(st.sampled_from([*members, *others]), max_size=8)))


def rebuild(value: Any) -> Any:  # noqa: ANN401, PLR0911
    """Copy a value so that as little as possible is shared."""
    if isinstance(value, types.CodeType):
        return value.replace(
            co_consts=rebuild(value.co_consts), co_filename=rebuild(value.co_filename)
        )
    if isinstance(value, tuple):
        return tuple([rebuild(item) for item in value])
    if isinstance(value, frozenset):
        return frozenset([rebuild(item) for item in sorted(value, key=repr, reverse=True)])
    if isinstance(value, slice):
        return slice(rebuild(value.start), rebuild(value.stop), rebuild(value.step))
    if isinstance(value, str):
        return "".join(list(value))
    if isinstance(value, bytes):
        return bytes(bytearray(value))
    if isinstance(value, (bool, types.EllipsisType, type)) or value is None:
        return value
    if isinstance(value, int):
        return value + (1 << 9_999) - (1 << 9_999)
    if isinstance(value, float):
        return struct.unpack("<d", struct.pack("<d", value))[0]
    return complex(value.real, value.imag) if isinstance(value, complex) else value


NAMES: Final = st.sampled_from(
    [
        *("a", "b", "x1", "_private", "__mangled", "__dunder__", "é", "naïve", "变量", "µ"),
        *("ª", "ŉame", "Δx", "i" * 300),
    ]
)
LITERALS: Final = st.one_of(
    st.integers(0, 1 << 200).map(repr),
    st.builds(complex, st.just(0), st.floats(0, allow_infinity=False)).map(repr),
    TEXTS.map(repr),
    st.binary(max_size=5).map(repr),
    st.sampled_from(["()", "(1, 'a', (2.5, None))", "...", "1e999", "-0.0", "'a b' 'c'", "True"]),
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:  # noqa: C901, PLR0911
    """Draw an expression without yield and await."""
    kinds = ["name", "literal", "literal", "set", "f-string"]
    if depth:
        kinds += ["binary", "call", "subscript", "lambda", "comprehension", "walrus", "if", "tuple"]
    kind = draw(st.sampled_from(kinds))
    name = draw(NAMES)
    if kind == "name":
        return name
    if kind == "literal":
        return draw(LITERALS)
    if kind == "set":
        return f"({name} in {{{', '.join(draw(st.lists(LITERALS, min_size=1, max_size=5)))}}})"
    if kind == "f-string":
        return f"f'text {{{name}!r:>{{{name}}}}} {{{name} = }}'"
    one, two = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    if kind == "binary":
        return f"({one} {draw(st.sampled_from(['+', '@', 'and', '<', 'is not', '%']))} {two})"
    if kind == "call":
        return f"{name}.{draw(NAMES)}({one}, *{name}, {draw(NAMES)}={two}, **{name})"
    if kind == "subscript":
        return f"{name}[{one}:{two}, {draw(st.sampled_from(['1:2', '::3', ':', '...']))}]"
    if kind == "lambda":
        return f"(lambda {name}={one}, *, key: ({two}, key))"
    if kind == "comprehension":
        body = f"{one} for {name} in ({two}) if {name}"
        return draw(st.sampled_from(["[%s]", "{%s}", "list(%s)", "{1: %s}"])) % body
    if kind == "walrus":
        return f"({name} := {one})"
    if kind == "if":
        return f"({one} if {name} else {two})"
    return f"({one}, {two}, *{name})"


# Separated by blank lines.
STATEMENTS: Final = """
{name} = {one}

{name} += {one}

{name}.{other}[{one}] = {two}

{name}: {one} = {two}

import {other}.{name} as {name}

from ..{other} import {name}

assert {name}, {two}

del {name}

raise {one} from {two}

{one}

if {one}:
{block}
else:
{more}

for {name}, *{other} in {one}:
{block}
else:
{more}

while {one}:
{block}

try:
{block}
except {other} as {name}:
{more}
finally:
    {name} = {one}

with {one} as {name}, {two}:
{block}

match {one}:
    case {other}({name}=1, other=[_, 'text', *_]) | {{'{name}': _}}:
        {name} = {one}
    case {{'key': {name}, **rest}} if {two}:
        {other}

@{other}({one})
class {name}({other}, metaclass={two}):
    'Doc string of {name}.'
{block}

@{other}
def {name}(one, /, two: {one} = {two}, *args, key=None, **kwargs) -> {one}:
    'Doc string of {name}.'
{block}
    return {two}

def {name}({name}):
{block}
    def inner():
        nonlocal {name}
        yield {name}
    return (yield from inner())

async def {name}(x):
    async with x as {other}:
        await {other}
    async for i in {other}:
        yield [j async for j in i if await j]
{block}
""".strip().split("\n\n")
if sys.version_info >= (3, 11):
    STATEMENTS.append("try:\n{block}\nexcept* {other} as {name}:\n{more}")
if sys.version_info >= (3, 12):
    STATEMENTS.append("type {name}[T] = list[T, {name}]")
    STATEMENTS.append("def {name}[T: {other}, *Ts, **P](x: T) -> T:\n{block}\n    return T")
    STATEMENTS.append("class {name}[T]({other}):\n{block}")
if sys.version_info >= (3, 14):
    STATEMENTS.append("{name} = t'{{{other}!r}} text'")


@st.composite
def sources(draw: st.DrawFn, depth: int = 2) -> str:
    """Draw some statements; not all that come out can be compiled."""
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        shape = draw(
            st.sampled_from([text for text in STATEMENTS if depth or "{block" not in text])
        )
        parts = {"name": draw(NAMES), "other": draw(NAMES)}
        parts |= {key: draw(expressions()) for key in ("one", "two") if f"{{{key}}}" in shape}
        for key in ("block", "more"):
            if f"{{{key}}}" in shape:
                parts[key] = indented(draw(sources(depth - 1)))
        lines.append(shape.format_map(parts))
    return "\n".join(lines)


def indented(block: str) -> str:
    return "".join(f"    {line}" for line in block.splitlines(keepends=True))
