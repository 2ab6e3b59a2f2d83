"""Compiled modules in a zip: which of them Python would load, and whether they may stay.

A module beside its source is only as good as the proof that it was compiled from that. Once it
is canonical, Python loads it without a look at the source, so one that is not proven can't stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from hatch_lambda_zip.bytecode.magic import find_format, format_of
from hatch_lambda_zip.bytecode.source_hash import source_hash
from hatch_lambda_zip.errors import BytecodeError
from hatch_lambda_zip.explain.read import Member

_CACHED: Final = re.compile(
    r"((?:.*/)?)__pycache__/([^/.]+)\.([^/.]+)(?:\.opt-\w+)?\.pyc"
)  # PEP 3147
_TAG: Final = re.compile(r"cpython-3(\d+)")
_HEADER: Final = 16  # bytes
_TIME_AND_SIZE, _UNCHECKED, _CHECKED = 0, 1, 3  # the flags of PEP 552


class Fate(Enum):
    """What is to become of a .pyc."""

    CODE = auto()  # has no source, so it is the module
    PROVEN = auto()  # was made of the source beside it
    STALE = auto()  # runs instead of the source beside it, and was made of another one
    DEAD = auto()  # is not loaded, or not proven, and the source beside it runs as well


def source_name(name: str) -> str | None:
    """Return the name of the source that a .pyc in ``__pycache__`` is for (PEP 3147).

    >>> source_name("demo/__pycache__/api.cpython-313.opt-1.pyc")
    'demo/api.py'
    >>> source_name("demo/api.pyc")
    """
    match = _CACHED.fullmatch(name)
    return None if match is None else f"{match[1]}{match[2]}.py"


def fate_of(member: Member, files: Mapping[str, Member]) -> tuple[Fate, Member | None]:
    """Tell what is to become of a .pyc, and which source it is of.

    Args:
        files: all files by their names.

    Raises:
        InputError: it or its source is damaged.
    """
    name = member.name
    match = _CACHED.fullmatch(name)
    if match is None:
        is_cached = "/__pycache__/" in f"/{name}"
        is_code = not is_cached and name.removesuffix("c") not in files
        return (Fate.CODE if is_code else Fate.DEAD), None
    source = files.get(f"{match[1]}{match[2]}.py")
    head = member.start(_HEADER)
    if source is None or len(head) < _HEADER or not _is_magic_of(head[:4], match[3]):
        return Fate.DEAD, None
    return _judge(head, source), source


def python_minor_of(member: Member) -> int | None:
    """Return the N of the Python 3.N that compiled a module; None where its magic is not known."""
    try:
        return find_format(member.start(4)).python_minor
    except BytecodeError:
        return None


def is_unchecked(member: Member) -> bool:
    """Tell whether Python loads a .pyc without a look at its source, as canonical ones."""
    return int.from_bytes(member.start(8)[4:], "little") == _UNCHECKED


def _is_magic_of(magic: bytes, tag: str) -> bool:
    """Tell whether the Python that looks for this name takes this magic number, where known."""
    match = _TAG.fullmatch(tag)
    form = format_of(int(match[1])) if match else None
    return form is not None and form.magic_bytes == magic


def _judge(head: bytes, source: Member) -> Fate:
    flags = int.from_bytes(head[4:8], "little")
    if flags in {_UNCHECKED, _CHECKED}:
        if head[8:16] == source_hash(head[:4], source.read()):
            return Fate.PROVEN
        return Fate.STALE if flags == _UNCHECKED else Fate.DEAD
    if flags != _TIME_AND_SIZE or source.modified is None:
        return Fate.DEAD
    said = int.from_bytes(head[8:12], "little"), int.from_bytes(head[12:16], "little")
    is_same = said == (source.modified & 0xFFFF_FFFF, source.size & 0xFFFF_FFFF)
    return Fate.PROVEN if is_same else Fate.DEAD
