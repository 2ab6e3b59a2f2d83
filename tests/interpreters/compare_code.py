"""Loads two zips of .pyc files, compares all code deeply, and prints what came of it.

Runs on every interpreter from Python 3.9:

``compare_code.py A.zip B.zip [other-filename]`` prints "N equal", the number of files, and exits
with a message at the first difference.

``compare_code.py A.zip B.zip mutants NAME`` is for files whose code may be unsound, so that loading
it may kill the interpreter. It starts at the file NAME and prints two lines for each file, "NAME
started" and "NAME VERDICT", which is equal, different or unloadable.
"""

from __future__ import annotations

import contextlib
import faulthandler
import marshal
import math
import os
import struct
import sys
import types
import warnings
import zipfile
from collections.abc import Collection
from typing import Any

HEADER_SIZE = 16
# For one mutant. Its constants, written in full, can be exponentially many.
SECONDS = 30
MEMORY = 1 << 32


def bits(value: float) -> bytes:
    """Return a float's bits; every NaN's are those of the canonical one."""
    return struct.pack("<d", float("nan") if math.isnan(value) else value)


def describe(  # noqa: C901 - a case for each type
    value: Any,  # noqa: ANN401
    options: Collection[str] = (),
    mutable: dict[int, int] | None = None,
) -> list[object]:
    """Return nested lists that are equal only for equal values of equal types.

    Args:
        value: of a type that marshal writes.
        options: as in ``main``.
        mutable: the objects seen so far that can change, by their ids: it matters which are one.
    """
    mutable = {} if mutable is None else mutable
    kind = type(value).__name__
    content: object = value
    if kind in {"list", "set", "dict"}:
        if id(value) in mutable:
            return [kind, "seen", mutable[id(value)]]
        mutable[id(value)] = len(mutable)
    if kind == "code":
        content = describe_fields(value, options, mutable)
    elif kind == "float":
        content = bits(value)
    elif kind == "complex":
        content = [bits(value.real), bits(value.imag)]
    elif kind in {"tuple", "list"}:
        content = [describe(item, options, mutable) for item in value]
    elif kind in {"set", "frozenset"}:
        content = sorted((describe(item) for item in value), key=repr)
    elif kind in {"dict", "frozendict"}:
        content = [[describe(key), describe(value[key], options, mutable)] for key in value]
    elif kind == "slice":
        parts = (value.start, value.stop, value.step)
        content = [describe(part, options, mutable) for part in parts]
    elif kind not in {"int", "bool", "str", "bytes"} and value not in {None, ..., StopIteration}:
        raise TypeError(kind)
    return [kind, content]


def describe_fields(
    code: types.CodeType, options: Collection[str], mutable: dict[int, int]
) -> list[object]:
    """Describe everything in a code object that starts with ``co_``."""
    fields: list[object] = []
    for field in sorted(dir(code)):
        if not field.startswith("co_") or (field == "co_filename" and "other-filename" in options):
            continue
        if field == "co_lnotab" and sys.version_info >= (3, 10):
            continue  # deprecated, computed from co_linetable
        # Since 3.11, co_code is computed by a walk over the bytecode, which must be sound for that.
        raw_code = "fields-only" in options and sys.version_info >= (3, 11) and field == "co_code"
        content = getattr(code, "_co_code_adaptive" if raw_code else field)
        if not callable(content):
            fields.append([field, describe(content, options, mutable)])
        elif "fields-only" not in options:
            # co_lines, co_positions, co_branches: long, and of integers and None alone.
            fields.append([field, list(content())])
    return fields


def compare(one: bytes, two: bytes, options: Collection[str]) -> str:
    """Load two .pyc files and say whether they are "equal" or "different".

    The third possibility is that the first is "unloadable", with "mutants".
    """
    try:
        expected = describe(marshal.loads(one[HEADER_SIZE:]), options)  # noqa: S302 - our own
    except Exception:
        if "mutants" not in options:
            raise
        return "unloadable"
    try:
        found = describe(marshal.loads(two[HEADER_SIZE:]), options)  # noqa: S302 - our own
    except Exception as error:
        if "mutants" not in options:
            raise
        print(repr(error), file=sys.stderr)  # noqa: T201 - for whoever looks into it
        return "different"
    return "equal" if expected == found else "different"


def limit_memory() -> None:
    """Turn what would fill the machine's memory into a MemoryError, where that can be done."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def compare_mutants(a: zipfile.ZipFile, b: zipfile.ZipFile, names: list[str]) -> None:
    """Print a line before each comparison and one after it, so that it is seen where this dies."""
    limit_memory()
    for name in names:
        one, two = a.read(name), b.read(name)
        print(name, "started", flush=True)  # noqa: T201 - the result
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        print(name, compare(one, two, ("mutants", "fields-only")), flush=True)  # noqa: T201
        faulthandler.cancel_dump_traceback_later()
    os._exit(0)  # what a mutant broke might otherwise show only now


def main(first: str, second: str, *options: str) -> None:
    """Do what the module says."""
    with zipfile.ZipFile(first) as a, zipfile.ZipFile(second) as b:
        names = a.namelist()
        if names != b.namelist():
            sys.exit("not the same files")
        if "mutants" in options:
            compare_mutants(a, b, names[names.index(options[-1]) :])
        for name in names:
            if compare(a.read(name), b.read(name), options) != "equal":
                sys.exit(f"{name}: not equal")
        print(len(names), "equal")  # noqa: T201 - the result


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)
    main(*sys.argv[1:])
