"""Loads two zips of .pyc files, compares all code deeply, and prints what came of it.

Runs on every interpreter from Python 3.9: ``compare_code.py A.zip B.zip [OPTION]…``. An option is
``fields-only`` (for mutated code, whose line tables can't be walked), ``may-fail`` (files of A that
do not load are counted, not errors), ``other-filename``.

Prints one line, "EQUAL UNLOADABLE", the numbers of files; exits with a message at a difference.
"""

from __future__ import annotations

import marshal
import math
import struct
import sys
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import types
    from collections.abc import Collection

HEADER_SIZE = 16


def bits(value: float) -> bytes:
    """Return a float's bits; every NaN's are those of the canonical one."""
    return struct.pack("<d", float("nan") if math.isnan(value) else value)


def describe(value: Any, options: Collection[str] = ()) -> list[object]:  # noqa: ANN401
    """Return nested lists that are equal only for equal values of equal types."""
    kind = type(value).__name__
    content: object = value
    if kind == "code":
        content = describe_fields(value, options)
    elif kind == "float":
        content = bits(value)
    elif kind == "complex":
        content = [bits(value.real), bits(value.imag)]
    elif kind in {"tuple", "list"}:
        content = [describe(item, options) for item in value]
    elif kind in {"set", "frozenset"}:
        content = sorted((describe(item) for item in value), key=repr)
    elif kind in {"dict", "frozendict"}:
        content = [[describe(key), describe(item, options)] for key, item in value.items()]
    elif kind == "slice":
        content = [describe(part, options) for part in (value.start, value.stop, value.step)]
    elif kind not in {"int", "bool", "str", "bytes"} and value not in {None, ..., StopIteration}:
        raise TypeError(kind)
    return [kind, content]


def describe_fields(code: types.CodeType, options: Collection[str]) -> list[object]:
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
            fields.append([field, describe(content, options)])
        elif "fields-only" not in options:
            # co_lines, co_positions, co_branches: long, and of integers and None alone.
            fields.append([field, list(content())])
    return fields


def main(first: str, second: str, *options: str) -> None:
    """Do what the module says."""
    equal = unloadable = 0
    with zipfile.ZipFile(first) as a, zipfile.ZipFile(second) as b:
        names = a.namelist()
        if names != b.namelist():
            sys.exit("not the same files")
        for name in names:
            try:
                one = marshal.loads(a.read(name)[HEADER_SIZE:])  # noqa: S302 - our own
            except (EOFError, ValueError, TypeError, MemoryError, OverflowError, SystemError):
                if "may-fail" not in options:
                    raise
                unloadable += 1
                continue
            two = marshal.loads(b.read(name)[HEADER_SIZE:])  # noqa: S302 - our own
            if describe(one, options) != describe(two, options):
                sys.exit(f"{name}: not equal")
            equal += 1
    print(equal, unloadable)  # noqa: T201 - the result


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20_000)
    main(*sys.argv[1:])
