"""Normalizing random constants, code and mutants: this Python's own."""

from __future__ import annotations

import importlib.util
import marshal
import math
import struct
import sys
import types
import warnings
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.bytecode.magic import find_format
from hatch_lambda_zip.bytecode.marshal_reader import read_marshal
from hatch_lambda_zip.bytecode.marshal_writer import write_marshal
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.errors import BytecodeError
from tests.interpreters.compare_code import describe
from tests.support.random_code import CONSTANTS, MUTABLE, NANS, rebuild, shared_constants, sources

pytestmark = pytest.mark.every_python

HOST = find_format(importlib.util.MAGIC_NUMBER)
HEADER = HOST.magic_bytes + bytes(12)


def host_canonical_stream(stream: bytes) -> bytes:
    objects, root = read_marshal(stream, HOST)
    return write_marshal(objects, root)


def host_canonical(value: Any, *version: int) -> bytes:  # noqa: ANN401
    return host_canonical_stream(marshal.dumps(value, *version))


def load(stream: bytes) -> Any:  # noqa: ANN401
    return marshal.loads(stream)  # noqa: S302 - our own


@given(CONSTANTS)
def test_constants_survive(value: object) -> None:
    result = host_canonical(value)
    assert describe(load(result)) == describe(value)
    assert host_canonical_stream(result) == result


@given(CONSTANTS)
def test_equal_constants_equal_bytes(value: object) -> None:
    expected = host_canonical(value)
    assert host_canonical(rebuild(value)) == expected
    assert host_canonical((value, value)) == host_canonical((value, rebuild(value)))
    assert host_canonical(value, 2) == expected
    assert host_canonical(value, 3) == expected


@given(MUTABLE)
def test_mutable_and_nan_survive(value: object) -> None:
    try:
        result = host_canonical(value)
    except BytecodeError as error:
        assume("equal members" not in str(error))  # two NaNs in one set
        raise
    assert describe(load(result)) == describe(value)
    assert host_canonical_stream(result) == result


@given(NANS)
def test_all_nans_become_the_same(nan: float) -> None:
    assert host_canonical(nan) == b"g" + struct.pack("<d", math.nan)
    assert host_canonical(complex(1, nan)) == host_canonical(complex(1, math.nan))


@given(st.lists(CONSTANTS, max_size=4), st.text(max_size=10), st.sampled_from(["f", "é", "a b"]))
def test_random_code(constants: list[object], filename: str, name: str) -> None:
    assume("\0" not in filename)
    outer = compile("def f(a, *, b=1):\n  x = a\n  return lambda: x", "module.py", "exec")
    inner = next(item for item in outer.co_consts if isinstance(item, types.CodeType))
    inner = inner.replace(co_consts=(*inner.co_consts, *constants), co_name=name)
    code = outer.replace(co_consts=(*constants, inner, inner, *outer.co_consts))
    result = normalize(HEADER + marshal.dumps(code))
    assert describe(load(result[16:])) == describe(load(marshal.dumps(code)))
    assert normalize(result) == result
    renamed = normalize(result, filename=filename)
    assert load(renamed[16:]).co_filename == filename
    assert normalize(result, filename=filename) == renamed
    assert normalize(renamed) == renamed


def compiled(source: str, optimize: int, constants: tuple[object, ...]) -> types.CodeType:
    """Compile a source, and give every code object these constants in addition to its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(source, "module.py", "exec", dont_inherit=True, optimize=optimize)
        except SyntaxError:
            code = None
    assume(code is not None)  # what is sound by itself may not stand everywhere
    assert code is not None
    return extended(code, constants)


def extended(code: types.CodeType, constants: tuple[object, ...]) -> types.CodeType:
    own = [
        extended(constant, constants) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    ]
    return code.replace(co_consts=(*own, *constants))


@given(sources(), st.integers(0, 2), st.lists(MUTABLE, max_size=3))
def test_random_sources_survive(source: str, optimize: int, constants: list[object]) -> None:
    original = HEADER + marshal.dumps(compiled(source, optimize, tuple(constants)))
    result = normalize(original)
    assert describe(load(result[16:])) == describe(load(original[16:]))
    assert normalize(result) == result


@given(sources(), st.integers(0, 2), shared_constants())
def test_equal_code_equal_bytes(source: str, optimize: int, constants: tuple[object, ...]) -> None:
    code = compiled(source, optimize, constants)
    again = rebuild(code)
    assert again == code
    streams = {marshal.dumps(code), marshal.dumps(again), marshal.dumps(load(marshal.dumps(code)))}
    held = [code.co_name, code.co_names, code.co_consts, *code.co_consts, *code.co_names]
    streams.add(marshal.dumps(code))
    del held
    streams |= {marshal.dumps(code, version) for version in versions()}
    assert len({normalize(HEADER + stream) for stream in streams}) == 1


def versions() -> range:
    """Return the marshal versions that can hold everything this Python compiles."""
    return range(5 if sys.version_info >= (3, 14) else 2, marshal.version + 1)


@given(shared_constants())
def test_sharing_makes_no_difference(value: tuple[object, ...]) -> None:
    result = host_canonical(value)
    assert host_canonical(rebuild(value)) == result
    assert {host_canonical(value, version) for version in versions()} == {result}
    assert describe(load(result)) == describe(value)
    assert host_canonical_stream(result) == result


@given(st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_mutations_raise_or_mean_the_same(data: st.DataObject) -> None:
    stream = bytearray(SAMPLES[data.draw(st.integers(0, len(SAMPLES) - 1))])
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(stream) - 1))
        stream[position] = data.draw(st.integers(0, 255) | st.sampled_from(b"r)z>N(isl\xe9\xa9"))
    try:
        result = host_canonical_stream(bytes(stream))
    except BytecodeError:
        return
    assert host_canonical_stream(result) == result
    try:
        original = load(bytes(stream))
    except (ValueError, TypeError, EOFError):
        return
    assert describe(load(result)) == describe(original)


SAMPLE_VALUES: tuple[Any, ...] = (
    ("spam", ("eggs", 1.5, frozenset({1, 2.5, "x y", (1,)})), 10**20, b"xyz", ("eggs",)),
    ["a" * 300, {"é": None, "b": ("é", ...)}, {1j, True, -7}, 2**31],
    (((((((1,), 2), 3), 4), 5), 6), ((((((1,), 2), 3), 4), 5), 6)),
)
SAMPLES = [marshal.dumps(value) for value in SAMPLE_VALUES]
