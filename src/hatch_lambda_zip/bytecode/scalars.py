"""Objects without children: read from their marshal encoding, checked, and made canonical.

Short ASCII strings and singletons are not here: the reader's loop handles them, for speed.
"""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.objects import Objects
from hatch_lambda_zip.errors import BytecodeError

_DIGIT_BITS: Final = 15  # PyLong_MARSHAL_SHIFT
_INT_DIGITS: Final = 3  # as many digits hold every 32-bit integer

_SIGN_BIT: Final = 1 << 63
_INFINITY: Final = 0x7FF0_0000_0000_0000
# The quiet NaN that Python's own float("nan") has. A folded NaN has its sign set on x86 and clear
# on ARM, as the CPU's default NaN does.
_CANONICAL_NAN: Final = (0x7FF8_0000_0000_0000).to_bytes(8, "little")


def read_scalar(objects: Objects, data: bytes, position: int, kind: int) -> tuple[int, int]:
    """Read an object that has no children; return its number, and the position after it.

    Args:
        position: of what follows the type byte.
        kind: the type byte, without FLAG_REF.

    Raises:
        BytecodeError: the type is unknown, or the encoding is not one that CPython writes.
    """
    read = _READERS.get(kind)
    if read is None:
        raise BytecodeError(f"Unknown marshal type {bytes((kind,))!r} at byte {position - 1}")
    return read(objects, data, position)


def checked_end(data: bytes, position: int, count: int) -> int:
    """Return ``position + count``, or raise if that is past the end of the data."""
    if count > len(data) - position:
        raise BytecodeError(f"The bytecode is cut off at byte {len(data)}")
    return position + count


def signed(data: bytes, position: int) -> int:
    """Read a 32-bit integer."""
    return int.from_bytes(data[position : checked_end(data, position, 4)], "little", signed=True)


def sized(data: bytes, position: int) -> tuple[int, int]:
    """Read a 32-bit size, and return where as many bytes start and end."""
    size = signed(data, position)
    if size < 0:
        raise BytecodeError(f"Negative size at byte {position}")
    return position + 4, checked_end(data, position + 4, size)


def _bytes(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    _, end = sized(data, position)
    return objects.leaf(b"s" + data[position:end]), end


def _int(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    end = checked_end(data, position, 4)
    return objects.leaf(b"i" + data[position:end]), end


def _ascii(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    start, end = sized(data, position)
    text = data[start:end]
    if not text.isascii():
        raise BytecodeError(f"Not ASCII at byte {start}")
    return objects.string(text.decode("ascii")), end


def _unicode(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    start, end = sized(data, position)
    try:
        text = data[start:end].decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise BytecodeError(f"Not UTF-8 at byte {start}: {error.reason}") from None
    return objects.string(text), end


def _float(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    end = checked_end(data, position, 8)
    value = data[position:end]
    if _is_nan(value):
        # Containers compare by identity first, so two NaN objects must stay two.
        return objects.new(b"g" + _CANONICAL_NAN), end
    return objects.leaf(b"g" + value), end


def _complex(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    end = checked_end(data, position, 16)
    parts = data[position : position + 8], data[position + 8 : end]
    value = b"".join(_CANONICAL_NAN if _is_nan(part) else part for part in parts)
    if any(map(_is_nan, parts)):
        return objects.new(b"y" + value), end
    return objects.leaf(b"y" + value), end


def _is_nan(value: bytes) -> bool:
    return int.from_bytes(value, "little") & ~_SIGN_BIT > _INFINITY


def _long(objects: Objects, data: bytes, position: int) -> tuple[int, int]:
    count = signed(data, position)
    start = position + 4
    end = checked_end(data, start, 2 * abs(count))
    digits = data[start:end]
    # Linear on purpose: to build an int of a million digits would take quadratic time.
    if digits.endswith(b"\0\0") or any(high & 0x80 for high in digits[1::2]):
        raise BytecodeError(f"Malformed integer at byte {position}")
    if abs(count) <= _INT_DIGITS:
        value = 0
        for index in reversed(range(0, len(digits), 2)):
            value = value << _DIGIT_BITS | int.from_bytes(digits[index : index + 2], "little")
        value = -value if count < 0 else value
        if -(1 << 31) <= value < 1 << 31:
            return objects.leaf(b"i" + value.to_bytes(4, "little", signed=True)), end
    return objects.leaf(b"l" + data[position:end]), end


_READERS: Final = {
    kinds.BYTES: _bytes,
    kinds.INT: _int,
    kinds.LONG: _long,
    kinds.FLOAT: _float,
    kinds.COMPLEX: _complex,
    kinds.ASCII: _ascii,
    kinds.INTERNED[kinds.ASCII]: _ascii,
    kinds.UNICODE: _unicode,
    kinds.INTERNED[kinds.UNICODE]: _unicode,
}
