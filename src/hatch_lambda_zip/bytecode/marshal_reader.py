"""Reads a marshal stream (CPython's Python/marshal.c, ``r_object``) without making its objects.

Nothing is loaded or executed. One loop with a stack of its own, so no nesting can exhaust
Python's; every size is checked against what is left, so memory and time are bounded by the input.
"""

from __future__ import annotations

import struct
from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.magic import Format
from hatch_lambda_zip.bytecode.members import Members
from hatch_lambda_zip.bytecode.objects import Objects
from hatch_lambda_zip.bytecode.scalars import checked_end, read_scalar, signed, sized
from hatch_lambda_zip.errors import BytecodeError

_REF: Final = kinds.REF
_FLAG_REF: Final = kinds.FLAG_REF
_SMALL_TUPLE: Final = kinds.SMALL_TUPLE
_TUPLES: Final = kinds.TUPLES
_CODE: Final = kinds.CODE
_SHORT_STRINGS: Final = frozenset(
    kind | flag
    for kind in (kinds.SHORT_ASCII, kinds.INTERNED[kinds.SHORT_ASCII])
    for flag in (0, _FLAG_REF)
)
_CONTAINERS: Final = frozenset(
    kind | flag
    for kind in (
        *(kinds.SMALL_TUPLE, kinds.TUPLE, kinds.LIST, kinds.SET, kinds.FROZENSET),
        *(kinds.DICT, kinds.FROZENDICT, kinds.SLICE, kinds.CODE),
    )
    for flag in (0, _FLAG_REF)
)
_SINCE_VERSION: Final = {kinds.SLICE: 5, kinds.FROZENDICT: 6}
_DICTS: Final = (kinds.DICT, kinds.FROZENDICT)
_UNBOUNDED: Final = -1  # no count: a dict ends with a NULL

# Not type bytes: the whole stream, and a code object past its first line number.
_ROOT: Final = 0
_CODE_TAIL: Final = 1
_UNFINISHED: Final = -1

_FIELD_KINDS: Final = {
    "bytes": bytes((kinds.BYTES,)),
    "string": kinds.STRINGS,
    "tuple": kinds.TUPLES,
}

_read_index: Final = struct.Struct("<I").unpack_from


def read_marshal(data: bytes, form: Format, filename: str | None = None) -> tuple[Objects, int]:
    """Read a marshal stream that holds one object, and all of it.

    A filename stands for ``co_filename`` in every code object; None keeps what is there.

    Returns:
        The objects, merged by value, and the number of the one that contains all others.

    Raises:
        BytecodeError: the stream is not exactly one object as that CPython writes it.
    """
    try:
        return _Reader(data, form, filename).read()
    except (IndexError, struct.error):
        raise BytecodeError(f"The bytecode is cut off at byte {len(data)}") from None


class _Reader:
    """One stream, and the steps of reading it that are too rare to stand in the loop."""

    def __init__(self, data: bytes, form: Format, filename: str | None) -> None:
        self.data = data
        self.form = form
        self.objects = Objects()
        self.members = Members(self.objects)
        self.filename = None if filename is None else self.objects.string(filename)
        # Tuples whose members are known to be strings, and stand in objects.named.
        self.name_tuples: set[int] = set()

    def read(self) -> tuple[Objects, int]:  # noqa: C901, PLR0912, PLR0915 - calls cost too much
        """Read everything; see ``read_marshal``."""
        data = self.data
        objects = self.objects
        layout = self.form.layout
        counts_size = 4 * layout.counts
        singletons = {kind: objects.singleton(kind) for kind in kinds.SINGLETONS}
        find_string = objects.short_strings.get
        find_tuple = objects.tuples.get
        # What "r" refers to: the number of each object with FLAG_REF, in the order of their
        # starts, or _UNFINISHED.
        references: list[int] = []
        stack: list[tuple[int, int, list[int], int, int]] = []
        # The innermost unfinished container: its kind, how many children are missing, those that
        # are there, its index in references or _UNFINISHED, where its content started.
        kind, missing, slot, start = _ROOT, 1, _UNFINISHED, 0
        children: list[int] = []
        position = 0
        while True:
            if not missing:
                if kind in _TUPLES:
                    key = tuple(children)
                    number = find_tuple(key, _UNFINISHED)
                    if number < 0:
                        number = objects.add_tuple(key)
                elif kind == _CODE:
                    kind, missing = _CODE_TAIL, len(layout.tail)
                    children.append(objects.raw(data[position : checked_end(data, position, 4)]))
                    position += 4
                    continue
                elif kind == _CODE_TAIL:
                    number = self.close_code(children, data[start : start + counts_size])
                elif kind == _ROOT:
                    break
                else:
                    number = self.close(kind, children)
                if slot >= 0:
                    references[slot] = number
                kind, missing, children, slot, start = stack.pop()
                children.append(number)
                continue

            missing -= 1
            byte = data[position]
            if byte == _REF:
                (index,) = _read_index(data, position + 1)
                number = references[index] if index < len(references) else _UNFINISHED
                if number < 0:
                    raise BytecodeError(f"Reference to no object at byte {position}")
                children.append(number)
                position += 5
            elif byte in _SHORT_STRINGS:
                end = position + 2 + data[position + 1]
                text = data[position + 1 : end]
                number = find_string(text, _UNFINISHED)
                if number < 0:
                    # A text that is cut off never gets into the table.
                    checked_end(data, position, end - position)
                    if not text[1:].isascii():
                        raise BytecodeError(f"Not ASCII at byte {position}")
                    number = objects.short_string(text)
                if byte >= _FLAG_REF:
                    references.append(number)
                children.append(number)
                position = end
            elif byte in singletons:
                children.append(singletons[byte])
                position += 1
            elif byte in _CONTAINERS:
                stack.append((kind, missing, children, slot, start))
                slot = _UNFINISHED
                if byte >= _FLAG_REF:
                    slot = len(references)
                    references.append(_UNFINISHED)
                kind = byte & ~_FLAG_REF
                position += 1
                start = position
                children = []
                if kind == _SMALL_TUPLE:
                    missing = data[position]
                    position += 1
                elif kind == _CODE:
                    missing = len(layout.head)
                    position = checked_end(data, position, counts_size)
                else:
                    missing, position = self.open(kind, position)
                if missing and len(stack) >= kinds.MAX_DEPTH:
                    raise BytecodeError(f"Nested too deeply at byte {position}")
            elif byte == kinds.NULL and kind in _DICTS and len(children) % 2 == 0:
                missing = 0
                position += 1
            else:
                number, position = read_scalar(objects, data, position + 1, byte & ~_FLAG_REF)
                if byte >= _FLAG_REF:
                    references.append(number)
                children.append(number)

        if position != len(data):
            raise BytecodeError(f"Something follows the bytecode at byte {position}")
        return objects, children[0]

    def open(self, kind: int, position: int) -> tuple[int, int]:
        """Return how many children a container has, and the position of the first."""
        if self.form.marshal_version < _SINCE_VERSION.get(kind, 0):
            raise BytecodeError(
                f"Python 3.{self.form.python_minor} has no marshal type {chr(kind)!r}"
            )
        if kind in _DICTS:
            return _UNBOUNDED, position
        if kind == kinds.SLICE:
            return 3, position
        start, _ = sized(self.data, position)  # each child takes a byte at least
        return signed(self.data, position), start

    def close(self, kind: int, children: list[int]) -> int:
        """Return the object that a finished container is; it is neither tuple nor code."""
        count = len(children).to_bytes(4, "little")
        if kind == kinds.FROZENSET:
            return self.objects.container(b">" + count, self.members.sort(children))
        if kind == kinds.SET:
            return self.objects.new(b"<" + count, self.members.sort(children))
        if kind == kinds.LIST:
            return self.objects.new(b"[" + count, tuple(children))
        if kind == kinds.SLICE:
            return self.objects.container(b":", tuple(children))
        self.members.check_distinct(children[::2])
        children.append(self.objects.raw(b"0"))
        if kind == kinds.FROZENDICT:
            return self.objects.container(b"}", tuple(children))
        return self.objects.new(b"{", tuple(children))

    def close_code(self, children: list[int], counts: bytes) -> int:
        """Return the code object that is made of these parts."""
        objects = self.objects
        layout = self.form.layout
        if self.filename is not None:
            children[layout.filename] = self.filename
        for number, field in zip(children, layout.fields, strict=True):
            if field == "names":
                self.check_names(number)
            elif field != "raw" and objects.kind(number) not in _FIELD_KINDS[field]:
                raise BytecodeError(f"A code object has a part that is no {field}")
            if field == "string":
                objects.named.add(number)
        return objects.container(b"c" + counts, tuple(children))

    def check_names(self, number: int) -> None:
        """Check that an object is a tuple of strings, and note that they are names."""
        if number not in self.name_tuples:
            objects = self.objects
            names = objects.children[number]
            if objects.kind(number) not in kinds.TUPLES or not all(
                objects.kind(name) in kinds.STRINGS for name in names
            ):
                raise BytecodeError("A code object has names that are no tuple of strings")
            objects.named.update(names)
            self.name_tuples.add(number)
