"""Extra fields of a zip's headers (PKWARE APPNOTE 6.3.10, section 4.5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_FIELD: Final = struct.Struct("<2H")


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the data of each extra field, as far as they are whole."""
    position = 0
    while position + _FIELD.size <= len(extra):
        kind, size = _FIELD.unpack_from(extra, position)
        position += _FIELD.size
        yield kind, extra[position : position + size]
        position += size
