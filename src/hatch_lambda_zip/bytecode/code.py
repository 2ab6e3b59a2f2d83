"""The functions of a compiled module, as values to compare, without loading any of it."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.magic import CodeLayout, Format
from hatch_lambda_zip.bytecode.marshal_reader import read_marshal
from hatch_lambda_zip.bytecode.objects import Objects
from hatch_lambda_zip.bytecode.pyc import HEADER_SIZE, read_header
from hatch_lambda_zip.errors import BytecodeError

_SHOWN: Final = 60  # characters of a constant
_SHOWN_MEMBERS: Final = 6
_SHORT: Final = 2  # bytes before the text of a short string, and of a small tuple
_LONG: Final = 5
_NAMES: Final = {
    kinds.NONE: "None",
    kinds.FALSE: "False",
    kinds.TRUE: "True",
    kinds.ELLIPSIS: "...",
    kinds.STOP_ITERATION: "StopIteration",
}
# What stands around the members of a container.
_AROUND: Final = {
    kinds.SMALL_TUPLE: "()",
    kinds.TUPLE: "()",
    kinds.LIST: "[]",
    kinds.SET: "{}",
    kinds.FROZENSET: "{}",
    kinds.DICT: "{}",
    kinds.FROZENDICT: "{}",
    kinds.SLICE: "[]",
}


@dataclass(frozen=True)
class Constant:
    """A constant of a code object.

    Attributes:
        digest: the same for equal ones, whichever file they are in.
        shown: what to show of it, in Python's words as far as they are short.
    """

    digest: bytes
    shown: str


@dataclass(frozen=True)
class Code:
    """A code object: a module, class, function, or expression with a scope of its own.

    Attributes:
        name: qualified, since Python 3.11; ``<module>`` of the module itself.
        filename: the path that tracebacks show.
        line: the first one.
        instructions: as they are stored, two bytes each.
        constants: but for code objects.
        names: of globals and attributes.
        lines: the table of line numbers.
        rest: a digest of all else, such as arguments and flags.
        inner: the code objects among its constants.
    """

    name: str
    filename: str
    line: int
    instructions: bytes
    constants: tuple[Constant, ...]
    names: tuple[str, ...]
    lines: bytes
    rest: bytes
    inner: tuple[Code, ...]


def read_code(pyc: bytes) -> Code:
    """Return the code of a compiled module.

    Raises:
        BytecodeError: it is malformed, or not from a supported CPython release.
    """
    form = read_header(pyc).form
    return _Reader(*_read(pyc, form), form.layout).read()


def read_filename(pyc: bytes) -> str:
    """Return the path that tracebacks show of a module, in a tenth of the time of `read_code`.

    Raises:
        BytecodeError: it is malformed, or not from a supported CPython release.
    """
    form = read_header(pyc).form
    objects, root = _read(pyc, form)
    return _text(objects.encoded[objects.children[root][form.layout.filename]])


def _read(pyc: bytes, form: Format) -> tuple[Objects, int]:
    objects, root = read_marshal(pyc[HEADER_SIZE:], form)
    if objects.kind(root) != kinds.CODE:
        raise BytecodeError("The bytecode is no code object")
    return objects, root


class _Reader:
    """Makes values of objects; what one contains has a smaller number, so nothing recurses."""

    def __init__(self, objects: Objects, root: int, layout: CodeLayout) -> None:
        self.objects = objects
        self.root = root
        self.layout = layout
        self.codes: dict[int, Code] = {}
        self.constants: list[Constant] = []

    def read(self) -> Code:
        objects = self.objects
        for number, encoded in enumerate(objects.encoded):
            digest = hashlib.sha256(encoded)
            for child in objects.children[number]:
                digest.update(self.constants[child].digest)
            self.constants.append(Constant(digest.digest(), self._shown(number)))
            if encoded[:1] == b"c" and number not in objects.unshared:
                self.codes[number] = self._code(number)
        return self.codes[self.root]

    def _code(self, number: int) -> Code:
        objects, fields = self.objects, self.layout.fields
        parts = objects.children[number]
        filename = self.layout.filename
        line_at = fields.index("raw")
        code, constants, names, table = parts[0], parts[1], parts[2], parts[line_at + 1]
        found = objects.children[constants]
        known = {code, constants, names, parts[filename], parts[line_at], table}
        rest = hashlib.sha256(objects.encoded[number])
        for part in parts:
            if part not in known:
                rest.update(self.constants[part].digest)
        return Code(
            name=_text(objects.encoded[parts[line_at - 1]]),  # co_qualname, or co_name
            filename=_text(objects.encoded[parts[filename]]),
            line=int.from_bytes(objects.encoded[parts[line_at]], "little"),
            instructions=objects.encoded[code][_LONG:],
            constants=tuple(self.constants[it] for it in found if it not in self.codes),
            names=tuple(_text(objects.encoded[it]) for it in objects.children[names]),
            lines=objects.encoded[table][_LONG:],
            rest=rest.digest(),
            inner=tuple(self.codes[it] for it in found if it in self.codes),
        )

    def _shown(self, number: int) -> str:
        encoded, children = self.objects.encoded[number], self.objects.children[number]
        kind = encoded[0]
        if kind in _AROUND:
            around = _AROUND[kind]
            members = [self.constants[it].shown for it in children[:_SHOWN_MEMBERS]]
            more = ["…"] if len(children) > _SHOWN_MEMBERS else []
            return _short(around[0] + ", ".join([*members, *more]) + around[1])
        if number in self.objects.unshared and kind not in _NAMES:
            return ""  # no object, but bytes between some
        return "code" if kind == kinds.CODE else _scalar(encoded)


def _scalar(encoded: bytes) -> str:
    """Return what to show of an object without children."""
    kind = encoded[0]
    if kind in _NAMES:
        return _NAMES[kind]
    if kind in kinds.STRINGS:
        return _short(repr(_text(encoded[: 8 * _SHOWN])))
    if kind == kinds.BYTES:
        return _short(repr(encoded[_LONG : _LONG + _SHOWN]))
    if kind == kinds.LONG:
        return f"an integer of {len(encoded) - _LONG} bytes"
    return repr(_number(encoded))


def _number(encoded: bytes) -> complex:
    kind, value = encoded[0], encoded[1:]
    if kind == kinds.INT:
        return int.from_bytes(value, "little", signed=True)
    if kind == kinds.FLOAT:
        (real,) = struct.unpack("<d", value)
        return float(real)
    return complex(*struct.unpack("<dd", value))


def _text(encoded: bytes) -> str:
    """Return a string, whose end may be cut off."""
    start = _SHORT if encoded[0] == kinds.SHORT_ASCII else _LONG
    return encoded[start:].decode("utf-8", "replace")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
