"""Magic numbers: which CPython wrote a .pyc, and what that means for the bytes after it.

A released minor version of CPython keeps one magic number for all its patch releases (PEP 3147;
the list stands in CPython's Include/internal/pycore_magic_number.h, before 3.14 in
Lib/importlib/_bootstrap_external.py). Numbers of alphas, betas and candidates are not here: their
marshal format may differ, and Lambda has never run one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from hatch_lambda_zip.errors import BytecodeError

FieldKind = Literal["bytes", "string", "tuple", "names", "raw"]


@dataclass(frozen=True)
class CodeLayout:
    """What marshal writes for a code object (``w_complex_object`` in Python/marshal.c).

    That is: ``counts`` 32-bit integers, the objects of ``head``, the 32-bit first line number,
    the objects of ``tail``.

    Attributes:
        counts: argument counts, stack size, flags, before 3.11 also the number of locals.
        head: the kinds of the objects before the first line number.
        tail: the kinds of those after it.
        filename: the index of ``co_filename`` in ``head``.
    """

    counts: int
    head: tuple[FieldKind, ...]
    tail: tuple[FieldKind, ...]
    filename: int

    @cached_property
    def fields(self) -> tuple[FieldKind, ...]:
        """The kinds of all parts in order, the first line number as "raw"."""
        return (*self.head, "raw", *self.tail)


# co_code, co_consts, co_names, co_varnames, co_freevars, co_cellvars, co_filename, co_name;
# co_lnotab (3.8, 3.9), co_linetable (3.10).
_LAYOUT_3_8: Final = CodeLayout(
    counts=6,
    head=("bytes", "tuple", "names", "names", "names", "names", "string", "string"),
    tail=("bytes",),
    filename=6,
)
# co_code, co_consts, co_names, localsplusnames, localspluskinds, co_filename, co_name,
# co_qualname; co_linetable, co_exceptiontable.
_LAYOUT_3_11: Final = CodeLayout(
    counts=5,
    head=("bytes", "tuple", "names", "names", "bytes", "string", "string", "string"),
    tail=("bytes", "bytes"),
    filename=5,
)


@dataclass(frozen=True)
class Format:
    r"""How one minor version of CPython writes .pyc files.

    Attributes:
        python_minor: the N of Python 3.N.
        magic: the magic number, without the two bytes ``\r\n`` that follow it.
        marshal_version: ``marshal.version`` of that Python.
        layout: of code objects.
    """

    python_minor: int
    magic: int
    marshal_version: int
    layout: CodeLayout

    @property
    def magic_bytes(self) -> bytes:
        """The first four bytes of the file: ``importlib.util.MAGIC_NUMBER`` of that Python."""
        return self.magic.to_bytes(2, "little") + b"\r\n"


# Those that modules can be compiled to.
FORMATS: Final = (
    Format(9, 3425, 4, _LAYOUT_3_8),
    Format(10, 3439, 4, _LAYOUT_3_8),
    Format(11, 3495, 4, _LAYOUT_3_11),
    Format(12, 3531, 4, _LAYOUT_3_11),
    Format(13, 3571, 4, _LAYOUT_3_11),
    Format(14, 3627, 5, _LAYOUT_3_11),
    Format(15, 3666, 6, _LAYOUT_3_11),
)

# Read and made canonical like the others, but nothing is compiled by it any more.
_PYTHON_3_8: Final = Format(8, 3413, 4, _LAYOUT_3_8)

_BY_MINOR: Final = {row.python_minor: row for row in (_PYTHON_3_8, *FORMATS)}
_BY_MAGIC: Final = {row.magic_bytes: row for row in _BY_MINOR.values()}


def format_of(python_minor: int) -> Format | None:
    """Return how Python 3.N writes .pyc files; None when that is not known."""
    return _BY_MINOR.get(python_minor)


def find_format(magic: bytes) -> Format:
    """Look up what the first four bytes of a .pyc mean.

    Raises:
        BytecodeError: no supported CPython release writes them.
    """
    form = _BY_MAGIC.get(magic)
    if form is None:
        raise BytecodeError(
            f"The magic number {magic.hex(' ')} is not that of a CPython release from "
            f"3.{_PYTHON_3_8.python_minor} to 3.{FORMATS[-1].python_minor}"
        )
    return form
