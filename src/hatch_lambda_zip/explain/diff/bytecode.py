"""In what two compiled modules differ: header, path, references, line numbers, or code."""

from __future__ import annotations

import opcode
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from hatch_lambda_zip.bytecode.code import Code, read_code, read_filename
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.bytecode.pyc import read_header
from hatch_lambda_zip.errors import BytecodeError

_HEADER: Final = 16  # bytes (PEP 552)
_LONGEST_PATH: Final = 255  # bytes that one byte can count
_FIRST_LINE: Final = "__firstlineno__"
_QUALIFIED: Final = 11  # the N of the Python 3.N from which on names say where code is
_UNIT: Final = 2  # bytes of an instruction
_CHECKS: Final = {0: "time and size", 1: "nothing", 3: "hash"}


class Bytecode(Enum):
    """A way in which a compiled module differs; what comes last changes what runs."""

    CHECK = "check"  # what is compared with the source before it is loaded
    TIME = "source-time"
    SIZE = "source-size"
    HASH = "source-hash"
    PATH = "source-path"
    REFERENCES = "references"
    LINES = "line-numbers"
    PYTHON = "python"
    UNREADABLE = "unreadable"
    CODE = "code"
    STALE = "stale"  # on one side, it runs instead of a source that it was not made of


SAME_CODE: Final = frozenset(
    (
        *(Bytecode.CHECK, Bytecode.TIME, Bytecode.SIZE, Bytecode.HASH),
        *(Bytecode.PATH, Bytecode.REFERENCES),
    )
)
"""The ways that leave the same code, to the line."""


@dataclass(frozen=True)
class Detail:
    """One thing in a function that differs.

    Attributes:
        kind: ``constant``, ``name``, ``instruction``, or ``other``: arguments, variables, flags.
        before: in Python's words; empty if it was not there.
        after: likewise.
    """

    kind: str
    before: str
    after: str


@dataclass(frozen=True)
class FunctionChange:
    """A function, class or module whose code differs.

    Attributes:
        name: qualified; ``<module>`` for the module.
        line: its first one, of the later code if it is there.
        details: empty if it was added or removed.
    """

    name: str
    line: int
    details: tuple[Detail, ...]


@dataclass(frozen=True)
class BytecodeChange:
    """In what a compiled module differs.

    Attributes:
        ways: at least one.
        before: what there is to say of the header and path, where they differ.
        after: likewise.
        functions: those whose code differs.
    """

    ways: tuple[Bytecode, ...]
    before: str = ""
    after: str = ""
    functions: tuple[FunctionChange, ...] = ()

    @property
    def is_same_code(self) -> bool:
        """Whether the same code is in both."""
        return SAME_CODE.issuperset(self.ways)


def compare_bytecode(before: bytes, after: bytes) -> BytecodeChange:
    """Tell in what two compiled modules with other bytes differ."""
    try:
        forms = read_header(before).form, read_header(after).form
        if forms[0] != forms[1]:
            pythons = [f"Python 3.{form.python_minor}" for form in forms]
            return BytecodeChange((Bytecode.PYTHON,), pythons[0], pythons[1])
        ways = [*_compare_headers(before, after)]
        if before[_HEADER:] == after[_HEADER:]:
            return BytecodeChange(tuple(ways), *_checks(ways, before, after))
        return _compare_code(ways, before, after)
    except BytecodeError as error:
        return BytecodeChange((Bytecode.UNREADABLE,), after=str(error))


def _compare_headers(before: bytes, after: bytes) -> Iterator[Bytecode]:
    kinds = _flags(before), _flags(after)
    if kinds[0] != kinds[1]:
        yield Bytecode.CHECK
    elif kinds[0] == 0:
        if before[8:12] != after[8:12]:
            yield Bytecode.TIME
        if before[12:_HEADER] != after[12:_HEADER]:
            yield Bytecode.SIZE
    elif before[8:_HEADER] != after[8:_HEADER]:
        yield Bytecode.HASH


def _flags(pyc: bytes) -> int:
    return int.from_bytes(pyc[4:8], "little")


def _checks(ways: list[Bytecode], before: bytes, after: bytes) -> tuple[str, str]:
    if Bytecode.CHECK not in ways:
        return "", ""
    return _CHECKS[_flags(before)], _CHECKS[_flags(after)]


def _compare_code(ways: list[Bytecode], before: bytes, after: bytes) -> BytecodeChange:
    checks = _checks(ways, before, after)
    if paths := _only_path(before, after):
        return BytecodeChange((*ways, Bytecode.PATH), *(checks if checks[0] else paths))
    if _is_same(before, after, None):
        return BytecodeChange((*ways, Bytecode.REFERENCES), *checks)
    old, new = read_code(before), read_code(after)
    if old.filename != new.filename:
        ways.append(Bytecode.PATH)
        if _is_same(before, after, ""):
            # Whether references differ besides can't be told, and does not matter either.
            paths = old.filename, new.filename
            return BytecodeChange(tuple(ways), *(checks if checks[0] else paths))
    functions = tuple(_compare_functions(old, new, read_header(after).form.python_minor))
    is_moved = not functions and _lines(old) != _lines(new)
    ways.append(Bytecode.LINES if is_moved else Bytecode.CODE)
    return BytecodeChange(tuple(ways), *checks, functions)


def _only_path(before: bytes, after: bytes) -> tuple[str, str] | None:
    """Return the two source paths if, to the byte, nothing else differs: that is soon found out.

    Marshal writes a string once, and refers to it from then on.
    """
    shorter = min(len(before), len(after))
    start = next((at for at in range(_HEADER, shorter) if before[at] != after[at]), 0)
    for at in range(start, max(_HEADER, start - _LONGEST_PATH), -1):
        # A short string is its length in one byte, and the text.
        old, new = (pyc[at + 1 : at + 1 + pyc[at]] for pyc in (before, after))
        if old.endswith(b".py") and new.endswith(b".py"):
            rest = before[at + 1 + len(old) :], after[at + 1 + len(new) :]
            if rest[0] == rest[1] and read_filename(before).encode() == old:
                return old.decode("ascii", "replace"), new.decode("ascii", "replace")
    return None


def _is_same(before: bytes, after: bytes, filename: str | None) -> bool:
    """Tell whether two modules are the same in canonical form."""
    return normalize(before, filename=filename) == normalize(after, filename=filename)


def _lines(module: Code) -> list[tuple[int, bytes]]:
    """Return the line numbers of all code objects."""
    return [(code.line, code.lines) for code in _by_name(module, _QUALIFIED).values()]


def _compare_functions(old: Code, new: Code, python_minor: int) -> Iterator[FunctionChange]:
    before, after = _by_name(old, python_minor), _by_name(new, python_minor)
    for key, code in after.items():
        if key not in before:
            yield FunctionChange(key[0], code.line, ())
        elif details := tuple(_compare_one(before[key], code, python_minor)):
            yield FunctionChange(key[0], code.line, details)
    for key, code in before.items():
        if key not in after:
            yield FunctionChange(key[0], code.line, ())


def _by_name(module: Code, python_minor: int) -> dict[tuple[str, int], Code]:
    """Return all code objects by their names, and by how many of that name came before."""
    counts: Counter[str] = Counter()
    found = {}
    todo = [(module, "")]
    while todo:
        code, outside = todo.pop()
        name = f"{outside}.{code.name}" if outside and python_minor < _QUALIFIED else code.name
        found[name, counts[name]] = code
        counts[name] += 1
        inside = "" if code is module else name
        todo += [(inner, inside) for inner in reversed(code.inner)]
    return found


def _compare_one(old: Code, new: Code, python_minor: int) -> Iterator[Detail]:
    """Yield in what two code objects differ, without those inside them and their lines."""
    before = {constant.digest: constant.shown for constant in old.constants}
    after = {constant.digest: constant.shown for constant in new.constants}
    gone = [shown for digest, shown in before.items() if digest not in after]
    added = [shown for digest, shown in after.items() if digest not in before]
    gone_names = [name for name in old.names if name not in new.names]
    added_names = [name for name in new.names if name not in old.names]
    is_other = bool(gone or added or gone_names or added_names)
    if _FIRST_LINE in old.names and _FIRST_LINE in new.names:
        # Since Python 3.13, a class has its line as a constant, or in an instruction.
        if (gone, added) == ([str(old.line)], [str(new.line)]):
            gone, added = [], []
        new = replace(new, instructions=_with_line(new.instructions, old, new.line))
    yield from _pairs("constant", gone, added)
    yield from _pairs("name", gone_names, added_names)
    if old.instructions != new.instructions:
        yield from _instructions(old.instructions, new.instructions, python_minor)
    elif not is_other and (old.rest != new.rest or old.names != new.names or [*before] != [*after]):
        yield Detail("other", "", "")


def _with_line(instructions: bytes, old: Code, line: int) -> bytes:
    """Return the instructions of a class with its old line, where one has the new line in it."""
    pairs = zip(_units(old.instructions), _units(instructions), strict=False)
    other = [at for at, (one, its) in enumerate(pairs) if one != its]
    if len(other) == 1 and len(instructions) == len(old.instructions):
        at = _UNIT * other[0]
        units = old.instructions[at : at + _UNIT], instructions[at : at + _UNIT]
        if units[0][0] == units[1][0] and (units[0][1], units[1][1]) == (old.line, line):
            return old.instructions
    return instructions


def _pairs(kind: str, gone: list[str], added: list[str]) -> Iterator[Detail]:
    for index in range(max(len(gone), len(added))):
        yield Detail(
            kind,
            gone[index] if index < len(gone) else "",
            added[index] if index < len(added) else "",
        )


def _instructions(old: bytes, new: bytes, python_minor: int) -> Iterator[Detail]:
    """Yield the first instruction that differs: those behind it may only have moved."""
    pairs = zip(_units(old), _units(new), strict=False)
    at = next((index for index, (one, other) in enumerate(pairs) if one != other), None)
    at = min(len(old), len(new)) // _UNIT if at is None else at
    units = _units(old)[at : at + 1], _units(new)[at : at + 1]
    yield Detail("instruction", *(_instruction(unit, python_minor) for unit in units))


def _units(code: bytes) -> list[bytes]:
    return [code[at : at + _UNIT] for at in range(0, len(code), _UNIT)]


def _instruction(units: list[bytes], python_minor: int) -> str:
    """Name an instruction, for which the Python that runs has to be the one that compiled it."""
    if not units or len(units[0]) < _UNIT:
        return ""
    number, argument = units[0]
    is_known = python_minor == sys.version_info[1]
    return f"{opcode.opname[number] if is_known else f'opcode {number}'} {argument}"
