"""Numbers as people read them."""

from __future__ import annotations

from typing import Final

_MEGABYTE: Final = 1_000_000
_KILOBYTE: Final = 1_000


def format_size(size: int) -> str:
    """Write a number of bytes in MB or kB (powers of ten).

    >>> format_size(262_144_000)
    '262.1 MB'
    >>> format_size(12_345)
    '12.3 kB'
    >>> format_size(999)
    '999 bytes'
    """
    if size >= _MEGABYTE:
        return f"{size / _MEGABYTE:.1f} MB"
    if size >= _KILOBYTE:
        return f"{size / _KILOBYTE:.1f} kB"
    return f"{size} bytes"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "file"), plural(1200, "file")
    ('1 file', '1,200 files')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
