"""Reading, normalizing and writing .pyc files: byte by byte, on the host's Python alone."""

from __future__ import annotations

import ast
import base64
import builtins
import hashlib
import importlib.util
import marshal
import math
import struct
import subprocess
import sys
import types
from collections.abc import Sequence
from typing import Any

import pytest

from hatch_lambda_zip.bytecode.magic import FORMATS, find_format
from hatch_lambda_zip.bytecode.marshal_reader import read_marshal
from hatch_lambda_zip.bytecode.marshal_writer import write_marshal
from hatch_lambda_zip.bytecode.members import Members
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.bytecode.objects import Objects
from hatch_lambda_zip.bytecode.pyc import read_header, without_source_hash
from hatch_lambda_zip.errors import BytecodeError
from tests.interpreters.compare_code import describe

pytestmark = pytest.mark.every_python

HOST = find_format(importlib.util.MAGIC_NUMBER)
BY_MINOR = {form.python_minor: form for form in FORMATS}
HEADER = HOST.magic_bytes + bytes(12)


def size(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def canonical(stream: bytes, minor: int = 13) -> bytes:
    """Normalize any marshal stream, not only code."""
    objects, root = read_marshal(stream, BY_MINOR[minor])
    return write_marshal(objects, root)


def load(stream: bytes) -> Any:  # noqa: ANN401
    return marshal.loads(stream)  # noqa: S302 - our own


# Streams, as input and in their canonical form.


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"N", b"N", id="none"),
        pytest.param(b"\xe9\1\0\0\0", b"i\1\0\0\0", id="unused flag"),
        pytest.param(b"l" + size(1) + b"\7\0", b"i\7\0\0\0", id="small long"),
        pytest.param(b"l" + size(-3) + b"\0\0\0\0\2\0", b"i\0\0\0\x80", id="smallest int"),
        pytest.param(
            b"l" + size(3) + b"\0\0\0\0\2\0", b"l" + size(3) + b"\0\0\0\0\2\0", id="2**31 stays"
        ),
        pytest.param(b"l" + size(0), b"i\0\0\0\0", id="long zero"),
        pytest.param(b"u" + size(2) + b"a-", b"z\2a-", id="version 2 string"),
        pytest.param(b"u" + size(2) + b"ab", b"Z\2ab", id="name"),
        pytest.param(b"a" + size(2) + b"a-", b"z\2a-", id="short string in long form"),
        pytest.param(b"A" + size(300) + b"-" * 300, b"a" + size(300) + b"-" * 300, id="long"),
        pytest.param(
            b"a" + size(300) + b"-" + b"b" * 299,
            b"a" + size(300) + b"-" + b"b" * 299,
            id="long, and like a name but for its start",
        ),
        pytest.param(b"a" + size(300) + b"b" * 300, b"A" + size(300) + b"b" * 300, id="long name"),
        pytest.param(b"t" + size(3) + "é-".encode(), b"u" + size(3) + "é-".encode(), id="unicode"),
        pytest.param(b"u" + size(2) + "é".encode(), b"t" + size(2) + "é".encode(), id="latin-1"),
        pytest.param(b"t" + size(2) + "ā".encode(), b"u" + size(2) + "ā".encode(), id="not latin"),
        pytest.param(b"u" + size(3) + b"\xed\xa0\x80", b"u" + size(3) + b"\xed\xa0\x80", id="lone"),
        pytest.param(b"z\0", b"Z\0", id="empty string"),
        pytest.param(b"z\1-", b"Z\1-", id="single character"),
        pytest.param(b"(" + size(1) + b"N", b")\1N", id="small tuple in long form"),
        pytest.param(b")\2z\2a-z\2a-", b")\2\xfa\2a-r" + size(0), id="merged"),
        pytest.param(
            b")\3z\2a-\xe9\1\0\0\0r\0\0\0\0",
            b")\3z\2a-\xe9\1\0\0\0r" + size(0),
            id="renumbered",
        ),
        pytest.param(
            b")\2)\1i\1\0\0\0)\1i\1\0\0\0", b")\2\xa9\1i\1\0\0\0r" + size(0), id="merged tuples"
        ),
        pytest.param(b")\2)\0)\0", b")\2\xa9\0r" + size(0), id="the first of all tuples"),
        pytest.param(b")\2NN", b")\2NN", id="singletons are not shared"),
        pytest.param(
            b">" + size(3) + b"z\1bN)\1z\1a",
            b">" + size(3) + b")\1Z\1aNZ\1b",
            id="frozenset is sorted",
        ),
        pytest.param(
            b">" + size(2) + b")\2TF)\2FT",
            b">" + size(2) + b")\2TF)\2FT",
            id="order matters in a tuple",
        ),
        pytest.param(b"[" + size(1) + b"N", b"[" + size(1) + b"N", id="list"),
        pytest.param(b"{z\1bNz\1aN0", b"{Z\1bNZ\1aN0", id="dict keeps its order"),
        pytest.param(
            b")\2[" + size(0) + b"[" + size(0),
            b")\2[" + size(0) + b"[" + size(0),
            id="mutable objects stay two",
        ),
        pytest.param(
            b")\2\xdb" + size(0) + b"r" + size(0),
            b")\2\xdb" + size(0) + b"r" + size(0),
            id="mutable object stays one",
        ),
        pytest.param(
            b"g" + struct.pack("<Q", 0xFFF8_0000_0000_0000),
            b"g" + struct.pack("<d", math.nan),
            id="folded nan of x86",
        ),
        pytest.param(
            b"y" + struct.pack("<dQ", -0.0, 0x7FF0_0000_0000_0001),
            b"y" + struct.pack("<dd", -0.0, math.nan),
            id="signalling nan",
        ),
        pytest.param(
            b")\2g" + struct.pack("<d", 0.0) + b"g" + struct.pack("<d", -0.0),
            b")\2g" + struct.pack("<d", 0.0) + b"g" + struct.pack("<d", -0.0),
            id="zeros are two",
        ),
        pytest.param(b")\2Ti\1\0\0\0", b")\2Ti\1\0\0\0", id="True is not 1"),
    ],
)
def test_streams(stream: bytes, expected: bytes) -> None:
    assert canonical(stream) == expected
    assert canonical(expected) == expected


def test_two_nans_stay_two() -> None:
    nan = b"g" + struct.pack("<d", math.nan)
    two = b")\2" + nan + nan
    one = b")\2\xe7" + nan[1:] + b"r" + size(0)
    assert canonical(two) == two
    assert canonical(one) == one


def test_slices_since_3_14_frozendicts_since_3_15() -> None:
    part = b":i\1\0\0\0NN"
    assert canonical(b")\2" + part + part, 14) == b")\2\xba" + part[1:] + b"r" + size(0)
    items = b"}z\1aN0"
    assert canonical(b")\2" + items + items, 15) == b")\2\xfdZ\1aN0r" + size(0)


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (b"", "cut off"),
        (b"i\0\0", "cut off"),
        (b"g1234567", "cut off"),
        (b"y123456789012345", "cut off"),
        (b"z", "cut off"),
        (b"z\5abcd", "cut off"),
        (b")", "cut off"),
        (b")\2N", "cut off"),
        (b"r\0\0", "cut off"),
        (b"c", "cut off"),
        (b"s" + size(5) + b"abcd", "cut off"),
        (b"s" + size(0x7FFF_FFFF), "cut off"),
        (b"(" + size(0x7FFF_FFFF) + b"N", "cut off"),
        (b"l" + size(-0x8000_0000), "cut off"),
        (b"{NN", "cut off"),
        (b"NN", "follows"),
        (b"s" + size(-1), "Negative size"),
        (b"(" + size(-1), "Negative size"),
        (b"?", "Unknown marshal type"),
        (b"0", "Unknown marshal type"),
        (b")\0010", "Unknown marshal type"),
        (b"{N0", "Unknown marshal type"),
        (b"I12345678", "Unknown marshal type"),
        (b"f\0011", "Unknown marshal type"),
        (b"\xceN", "Unknown marshal type"),
        (b":NNN", "no marshal type"),
        (b"}0", "no marshal type"),
        (b"r" + size(0), "no object"),
        (b")\2\xe9\1\0\0\0r" + size(1), "no object"),
        (b"\xdb" + size(1) + b"r" + size(0), "no object"),
        (b"\xa9\1r" + size(0), "no object"),
        (b")\1r" + size(-1), "no object"),
        (b"z\1\xe9", "ASCII"),
        (b"a" + size(1) + b"\xe9", "ASCII"),
        (b"u" + size(1) + b"\xe9", "UTF-8"),
        (b"u" + size(2) + b"\xc1\x81", "UTF-8"),
        (b"l" + size(1) + b"\0\0", "Malformed integer"),
        (b"l" + size(1) + b"\0\x80", "Malformed integer"),
        (b">" + size(2) + b"Ti\1\0\0\0", "equal members"),
        (b">" + size(2) + b")\1T)\1g" + struct.pack("<d", 1.0), "equal members"),
        (b">" + size(2) + b"F" + b"y" + struct.pack("<dd", -0.0, -0.0), "equal members"),
        (
            b">"
            + size(2)
            + b"g"
            + struct.pack("<d", -(2.0**40))
            + b"l"
            + size(-3)
            + b"\0\0\0\0\0\4",
            "equal members",
        ),
        (b"<" + size(2) + b"z\1az\1a", "equal members"),
        (b"{i\1\0\0\0NTN0", "equal members"),
        (b">" + size(1) + b"[" + size(0), "holds an object of type '\\['"),
        (b">" + size(1) + b")\1[" + size(0), "holds an object of type '\\['"),
        (b"c" + bytes(20) + b"N" * 8 + bytes(4) + b"NN", "no bytes"),
    ],
)
def test_rejected(stream: bytes, message: str) -> None:
    with pytest.raises(BytecodeError, match=message):
        canonical(stream)


def test_depth_limit_is_that_of_cpython() -> None:
    deepest = b")\1" * 1999 + b"N"
    assert canonical(deepest) == deepest
    assert load(deepest)
    with pytest.raises(BytecodeError, match="deeply"):
        canonical(b")\1" * 2000 + b"N")
    with pytest.raises(ValueError, match="recursion"):
        load(b")\1" * 2000 + b"N")
    with pytest.raises(BytecodeError, match="deeply"):
        canonical((b"[" + size(1)) * 1_000_000)


# Headers and hashes.


def test_header() -> None:
    data = HOST.magic_bytes + b"\3\0\0\0" + b"12345678"
    header = read_header(data)
    assert (header.form, header.source_hash, header.check_source) == (HOST, b"12345678", True)
    header = read_header(HEADER)
    assert (header.source_hash, header.check_source) == (None, False)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", "0 bytes are too few"),
        (b"\0" * 16, "magic number 00 00 00 00 is not"),
        (BY_MINOR[13].magic_bytes[:2] + b"\n\r" + bytes(12), "magic number"),
        (BY_MINOR[13].magic_bytes + b"\2" + bytes(11), "Unknown flags 0x2"),
        (BY_MINOR[13].magic_bytes + b"\1\0\1" + bytes(9), "Unknown flags 0x10001"),
    ],
)
def test_bad_headers(header: bytes, message: str) -> None:
    with pytest.raises(BytecodeError, match=message):
        normalize(header and header + marshal.dumps(compile("", "", "exec")))


def test_cut_off_header() -> None:
    with pytest.raises(BytecodeError, match="15 bytes are too few"):
        read_header(HEADER[:15])


def test_only_code_is_a_pyc() -> None:
    with pytest.raises(BytecodeError, match="no code object"):
        normalize(HEADER + b"N")


def test_a_source_hash_has_eight_bytes() -> None:
    with pytest.raises(ValueError, match="8 bytes, not 3"):
        normalize(HEADER + marshal.dumps(compile("", "", "exec")), source_hash=b"abc")


# Whole files.

SOURCE = '''
"""A module."""
import os.path as p
from typing import *
DATA = {"b", "a", 1.5, (1, "x"), b"x"} if p else -0.0
def outer(a, /, b: int = 10**20, *args, c=1j, **kwargs):
    """Doc string."""
    def inner():
        return a in {"spam", "eggs", ("x", None), 1e300 * 1e300, ...}, (1, 1.0, True)
    class Local[T] if False else inner: pass
    return lambda: (inner, "a text that is no name")
class Outer:
    def method(self): return self.method.__name__, "method", "Outer.method"
async def co(): await (yield "é")
'''.replace("class Local[T] if False else inner: pass", "class Local(object): attr = 'ÿ', 'ā'")


def pyc(source: str = SOURCE, filename: str = "module.py") -> bytes:
    return HEADER + marshal.dumps(compile(source, filename, "exec", dont_inherit=True))


def test_normalized_file_loads_equal() -> None:
    original = pyc()
    result = normalize(original, source_hash=b"12345678")
    assert result[:16] == HOST.magic_bytes + b"\1\0\0\0" + b"12345678"
    assert len(result) <= len(original)
    code = load(result[16:])
    assert code == load(original[16:])
    assert describe(code) == describe(load(original[16:]))
    assert normalize(result, source_hash=b"12345678") == result
    assert without_source_hash(result) == normalize(original)


def test_names_have_the_interned_bit() -> None:
    result = normalize(pyc("import é.b as a; x = 'no-name'", filename="no-identifier.py"))
    for kind, text in ((b"Z", "no-identifier.py"), (b"z", "no-name"), (b"t", "é.b")):
        before = result.partition(text.encode())[0]
        length = 4 if kind == b"t" else 1
        assert before[-length - 1] & 0x7F == kind[0], text


def test_names_are_interned() -> None:
    code = load(normalize(pyc())[16:])
    for name in (*code.co_names, code.co_name, *code.co_consts[-2:]):
        if isinstance(name, str):
            assert sys.intern(name) is name


def test_sharing_leaves_no_trace() -> None:
    code = compile(SOURCE, "module.py", "exec")
    streams = {marshal.dumps(code, version) for version in (3, 4)}
    held = [constant for constant in walk(code) if not isinstance(constant, types.CodeType)]
    streams.add(marshal.dumps(code))
    del held
    streams.add(marshal.dumps(load(marshal.dumps(code))))
    if sys.version_info < (3, 14):
        streams.add(marshal.dumps(code, 2))
    assert len(streams) >= 3
    assert len({normalize(HEADER + stream) for stream in streams}) == 1


def walk(code: types.CodeType) -> list[object]:
    found = list[object](code.co_consts)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += walk(constant)
    return found


def test_filename_is_replaced_everywhere() -> None:
    filename = "/var/task/mödule.py"
    result = normalize(pyc(filename="/tmp/x/module.py"), filename=filename)  # noqa: S108
    assert result == normalize(pyc(filename=filename))
    assert result == normalize(pyc(filename="other.py"), filename=filename)
    code = load(result[16:])
    codes = [item for item in walk(code) if isinstance(item, types.CodeType)]
    assert {item.co_filename for item in (code, *codes)} == {filename}


def test_filename_that_is_also_a_constant() -> None:
    source = "x = 'module.py'"
    code = load(normalize(pyc(source), filename="/var/task/module.py")[16:])
    assert "module.py" in code.co_consts


def test_whoever_has_no_bytecode_does_not_import_what_works_on_it() -> None:
    program = (
        "import sys, hatch_lambda_zip.contents.decide, hatch_lambda_zip.bytecode as package;"
        "print([n for n in sys.modules if n.startswith(package.__name__ + '.')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, encoding="utf-8"
    )
    assert ast.literal_eval(run.stdout) == ["hatch_lambda_zip.bytecode.model"]


def test_nothing_is_loaded_or_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    original = pyc()
    for name in ("load", "loads"):
        monkeypatch.setattr(marshal, name, refuse)
    for name in ("exec", "eval"):
        monkeypatch.setattr(builtins, name, refuse)
    assert normalize(original)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: f"3.{form.python_minor}")
def test_field_types_are_checked(form: Any) -> None:  # noqa: ANN401
    values = {"bytes": b"s" + size(0), "string": b"z\0", "tuple": b")\0", "names": b")\0"}
    layout = form.layout

    def stream(broken: int | None = None, value: bytes = b"N") -> bytes:
        parts = [values.get(field, bytes(4)) for field in layout.fields]
        if broken is not None:
            parts[broken] = value
        return b"c" + bytes(4 * layout.counts) + b"".join(parts)

    header = form.magic_bytes + bytes(12)
    assert normalize(header + stream())
    for index, field in enumerate(layout.fields):
        if field != "raw":
            with pytest.raises(BytecodeError, match="code object has"):
                normalize(header + stream(index))
        if field == "names":
            with pytest.raises(BytecodeError, match="no tuple of strings"):
                normalize(header + stream(index, b")\1N"))


# What Python 3.8.18 makes of a function that adds its positional and its keyword-only argument.
PYC_OF_3_8 = (
    "VQ0NCgEAAAA1A440Ik+SOOMAAAAAAAAAAAAAAAAAAAAAAwAAAEAAAABzEgAAAGQAZAGcAWQCZAOEAloAZARTACkFZwAAAAAA"
    "APg/KQHaBW90aGVyYwEAAAABAAAAAQAAAAIAAAACAAAAQwAAAHMIAAAAfAB8ARcAUwApAU6pACkCWgNvbmVyAQAAAHICAAAA"
    "cgIAAAD6EC9idWlsZC9kZW1vL2EucHnaA2FkZAEAAABzAgAAAAABcgQAAABOKQFyBAAAAHICAAAAcgIAAAByAgAAAHIDAAAA"
    "2gg8bW9kdWxlPgEAAADzAAAAAA=="
)


def test_modules_of_python_3_8_are_canonical_too() -> None:
    original = base64.b64decode(PYC_OF_3_8)
    canonical = normalize(original, filename="/var/task/a.py", source_hash=original[8:16])
    assert canonical[:16] == original[:16]
    assert b"/build" not in canonical
    assert b"/var/task/a.py" in canonical
    assert canonical[16:].count(b"add") == 1
    assert normalize(canonical, source_hash=original[8:16]) == canonical
    assert normalize(original)[16:] != original[16:]


def test_every_cut_is_noticed() -> None:
    original = pyc("def f(a): return a, (1, 'x y'), 2.5, 10**30, b'z', {*()}")
    for end in range(len(original)):
        with pytest.raises(BytecodeError):
            normalize(original[:end])


def test_which_form_of_marshal_each_python_writes() -> None:
    """`Py_MARSHAL_VERSION` in Include/marshal.h of each release."""
    written = {form.python_minor: form.marshal_version for form in FORMATS}
    assert written == {9: 4, 10: 4, 11: 4, 12: 4, 13: 4, 14: 5, 15: 6}
    assert find_format((3413).to_bytes(2, "little") + b"\r\n").marshal_version == 4


@pytest.mark.parametrize("lengths", [[64] * 6, [65] * 6, range(65, 71)])
def test_from_sixty_five_bytes_on_a_digest_decides_the_order_of_members(
    lengths: Sequence[int],
) -> None:
    """As docs/format.md has it; an encoding is that of bytes: a type, a size, and they."""
    objects = Objects()
    encodings = [
        b"s" + size(length - 5) + letter * (length - 5)
        for length, letter in zip(lengths, (b"a", b"b", b"c", b"d", b"e", b"f"), strict=True)
    ]
    numbers = [objects.leaf(encoding) for encoding in encodings]
    ordered = [objects.encoded[number] for number in Members(objects).sort(numbers[::-1])]
    by_digest = sorted(
        encodings, key=lambda it: hashlib.sha256(len(it).to_bytes(8, "little") + it).digest()
    )
    assert by_digest != encodings
    assert ordered == (encodings if lengths[0] == 64 else by_digest)
