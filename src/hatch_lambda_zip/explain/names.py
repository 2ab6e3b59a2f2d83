"""Names of members: as they were meant, safe to unpack, and each for one file."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Final

from hatch_lambda_zip.archive import UTF8_NAME
from hatch_lambda_zip.contents import directories_of
from hatch_lambda_zip.errors import InputError
from hatch_lambda_zip.explain.extra import extra_fields
from hatch_lambda_zip.files import is_absolute, path_problem
from hatch_lambda_zip.text import shortened

_LONGEST_NAME: Final = 4096  # bytes: PATH_MAX of Linux
_UNICODE_NAME: Final = 0x7075


def read_name(raw: bytes, flags: int, extra: bytes, source: str) -> str:
    """Return the name of a member, ``/``-separated, without ``./`` at its start.

    Args:
        raw: as it stands in the zip.
        flags: the general purpose bits.
        extra: the extra fields.
        source: what to call the zip in an error.

    Returns:
        The name; that of a directory ends with ``/``.

    Raises:
        InputError: it leads out of the zip, or can't be the name of a file on Lambda.
    """
    if len(raw) > _LONGEST_NAME:
        raise InputError(f"{source} has a name of {len(raw):,} bytes, which Lambda can't open.")
    try:
        name = _decoded(raw, flags, extra)
    except UnicodeDecodeError:
        raise InputError(
            f"{source} has the name {raw!r}, which is said to be UTF-8, and is not."
        ) from None
    if name in {"./", "."}:
        return "/"
    while name.startswith("./"):
        name = name[2:]
    path = name.removesuffix("/")
    if path_problem(path, "it", may_mislead=True):
        raise InputError(f"{source} has a member named {shortened(name)!r}, which {_why(path)}.")
    return name


def check_names(names: Sequence[str], source: str) -> None:
    """Check that names stand for one file each, and none for a file and a directory.

    Args:
        names: those of directories end with ``/``.
        source: what to call the zip or directory in an error.

    Raises:
        InputError: they do not.
    """
    paths = [name.removesuffix("/") for name in names]
    known = set(paths)
    if len(known) != len(paths):
        twice = next(path for path, count in Counter(paths).items() if count > 1)
        raise InputError(
            f"{source} has {shortened(twice)} twice, and who unpacks it decides which one is left. "
            "Zip it anew."
        )
    files = {name for name in names if not name.endswith("/")}
    if both := sorted(files & directories_of(paths)):
        raise InputError(f"{source} has {shortened(both[0])} as a file and as a directory.")


def _decoded(raw: bytes, flags: int, extra: bytes) -> str:
    """Return a name as it was meant: few writers say that theirs is UTF-8."""
    if raw.isascii() or flags & UTF8_NAME:
        return raw.decode()
    for kind, data in extra_fields(extra):
        # Info-ZIP's field: a version, the CRC-32 of the other name, the name in UTF-8.
        if kind == _UNICODE_NAME and data[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return data[5:].decode()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp437")  # APPNOTE, appendix D


def _why(path: str) -> str:
    if "\\" in path and not path.startswith("\\"):
        return (
            "has a backslash, as old tools on Windows write it, and Lambda takes that for a part "
            "of a file's name. Zip it with another tool"
        )
    if is_absolute(path):
        return "is an absolute path. Nothing of it is unpacked"
    if "/../" in f"/{path}/":
        return "leads out of the zip. Nothing of it is unpacked"
    return "has a control character, or an empty or doubled part. Zip it with another tool"
