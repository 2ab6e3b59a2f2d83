"""Brings a .pyc into its canonical form: equal code, equal bytes."""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.marshal_reader import read_marshal
from hatch_lambda_zip.bytecode.marshal_writer import write_marshal
from hatch_lambda_zip.bytecode.pyc import HASH_SIZE, HEADER_SIZE, read_header, unchecked_header
from hatch_lambda_zip.errors import BytecodeError

NO_SOURCE: Final = bytes(HASH_SIZE)


def normalize(pyc: bytes, *, filename: str | None = None, source_hash: bytes = NO_SOURCE) -> bytes:
    """Return a .pyc with the same code that depends on nothing but that code.

    It loads in its Python to an equal code object, except that every NaN constant becomes the
    positive quiet one (its sign depends on the CPU that folded it). Normalizing again changes
    nothing.

    Args:
        filename: the path that tracebacks are to show, for every code object of the file; None
            keeps what is there.
        source_hash: of the source that ships beside it (PEP 552), 8 bytes; zero bytes if
            none does.

    Returns:
        The content of the canonical file, an unchecked hash-based one (PEP 552).

    Raises:
        BytecodeError: the file is malformed, not from a supported CPython release, no code
            object, or has constants that have no canonical form (sets with equal members).
    """
    header = read_header(pyc)
    objects, root = read_marshal(pyc[HEADER_SIZE:], header.form, filename)
    if objects.kind(root) != kinds.CODE:
        raise BytecodeError("The bytecode is no code object")
    return unchecked_header(header.form, source_hash) + write_marshal(objects, root)
