"""How one file differs from another one, by what kind of file it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from hatch_lambda_zip.contents import machine_name, machine_of
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.explain.diff.bytecode import Bytecode, BytecodeChange, compare_bytecode
from hatch_lambda_zip.explain.diff.difference import FileKind, KeyChange
from hatch_lambda_zip.explain.diff.source import Part, Place, compare_sources, is_same_but_line_ends
from hatch_lambda_zip.explain.distributions import read_rows
from hatch_lambda_zip.explain.read import Member
from hatch_lambda_zip.install import INSTALLER_FILES, read_headers

_IN_DIST_INFO: Final = re.compile(r"(?:.*/)?[^/]+\.dist-info/([^/]+)")
_METADATA: Final = ("METADATA", "WHEEL")
_LARGEST_MODULE: Final = 32 << 20  # bytes
_LARGEST_RECORD: Final = 64 << 20  # bytes
_LARGEST: Final = 2 << 20  # bytes of text that is looked into
_LINES_OF_SH: Final = 3  # where a path is too long for a first line
_START: Final = 1024  # bytes that tell text from data
_LONGEST_CHARACTER: Final = 4  # bytes of UTF-8


def kind_of(member: Member) -> FileKind:
    """Tell what a file is, by its name, and by its first bytes where that is not enough.

    Raises:
        InputError: it is damaged.
    """
    if member.is_link:
        return FileKind.LINK
    name = member.name
    if name == ".lock" and not member.size:
        return FileKind.INSTALLER  # uv's, in the directory of --target
    if (kind := _kind_in_dist_info(name)) is not None:
        return kind
    if name.endswith((".py", ".pyc")):
        return FileKind.SOURCE if name.endswith(".py") else FileKind.BYTECODE
    return _kind_of_start(member.start(_START), name)


def _kind_of_start(start: bytes, name: str) -> FileKind:
    if machine_of(start) is not None:
        return FileKind.NATIVE
    if not _is_text(start):
        return FileKind.DATA
    if start.startswith(b"#!"):
        return FileKind.SCRIPT
    return FileKind.JSON if name.endswith(".json") else FileKind.TEXT


def _kind_in_dist_info(name: str) -> FileKind | None:
    match = _IN_DIST_INFO.fullmatch(name)
    if match is None:
        return None
    if match[1] in INSTALLER_FILES:
        return FileKind.INSTALLER
    return {"RECORD": FileKind.RECORD, **dict.fromkeys(_METADATA, FileKind.METADATA)}.get(match[1])


def machine_name_of(member: Member) -> str | None:
    """Return for which machine a native library was built; None for other files."""
    machine = machine_of(member.start(_START))
    return None if machine is None else machine_name(machine)


def _is_text(start: bytes) -> bool:
    if b"\0" in start:
        return False
    try:
        start.decode()
    except UnicodeDecodeError as error:
        # The last character may be cut off.
        return len(start) == _START and error.start > _START - _LONGEST_CHARACTER
    return True


def find_places(kind: FileKind, before: Member, after: Member) -> tuple[Place, ...]:
    """Return what changed in a source, or whether only the layout did of text; else nothing."""
    if kind is FileKind.SOURCE:
        return compare_sources(before.read(), after.read()) or ()
    is_text = kind in {FileKind.TEXT, FileKind.JSON, FileKind.SCRIPT}
    if not is_text or max(before.size, after.size) > _LARGEST:
        return ()
    old, new = before.read(), after.read()
    if is_same_but_line_ends(old, new):
        return (Place(Part.LINE_ENDS, "", 1),)
    if kind is FileKind.JSON and _plain(old) == _plain(new) is not None:
        return (Place(Part.LAYOUT, "", 1),)
    return ()


def _plain(document: bytes) -> str | None:
    """Return JSON in one layout, with keys in their order; None if it is none."""
    try:
        return json.dumps(json.loads(document))
    except (ValueError, RecursionError):
        return None


def bytecode_change(before: Member, after: Member) -> BytecodeChange:
    """Return what changed in a compiled module."""
    if max(before.size, after.size) > _LARGEST_MODULE:
        return BytecodeChange((Bytecode.UNREADABLE,), after="It is larger than any module")
    return compare_bytecode(before.read(), after.read())


def is_only_first_line(before: Member, after: Member) -> bool:
    """Tell whether two scripts differ in nothing but where the Python is that runs them."""
    old, new = _interpreter(before.read()), _interpreter(after.read())
    return old[1] == new[1] and b"python" in old[0] and b"python" in new[0]


def _interpreter(script: bytes) -> tuple[bytes, bytes]:
    """Return what names the interpreter, which may be three lines of sh, and the rest."""
    is_long = script.startswith(b"#!/bin/sh\n'''exec'")
    count = _LINES_OF_SH if is_long else 1
    *first, rest = script.split(b"\n", count)
    return b"\n".join(first), rest


def record_keys(before: Member, after: Member) -> tuple[KeyChange, ...]:
    """Return the rows of a RECORD that differ; none where only their order or form does."""
    if max(before.size, after.size) > _LARGEST_RECORD:
        return ()
    old, new = (
        {path: str(digest or "") for path, digest in read_rows(member.read())}
        for member in (before, after)
    )
    return _changes(old, new)


def metadata_keys(before: Member, after: Member) -> tuple[KeyChange, ...]:
    """Return the fields of METADATA or WHEEL that differ; none where only their order does."""
    if max(before.size, after.size) > _LARGEST_RECORD:
        return ()
    return _changes(_fields(before.read()), _fields(after.read()))


def link_keys(before: Member, after: Member) -> tuple[KeyChange, ...]:
    """Return where two symbolic links lead to; nothing if one of them is a file."""
    if not (before.is_link and after.is_link):
        return ()
    old, new = (member.read().decode("utf-8", "replace") for member in (before, after))
    return (KeyChange("leads to", old, new),)


def _fields(content: bytes) -> dict[str, str]:
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    try:
        found = read_headers(head + b"\n\n", "METADATA")
    except DistributionError:
        return {"": content.decode("utf-8", "replace")}
    fields = {key: ", ".join(sorted(values)) for key, values in found.items()}
    return {**fields, "description": body.decode("utf-8", "replace")}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[KeyChange, ...]:
    return tuple(
        KeyChange(key, old.get(key, ""), new.get(key, ""))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
