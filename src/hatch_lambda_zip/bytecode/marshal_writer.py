"""Writes objects as a marshal stream (CPython's Python/marshal.c, ``w_object``), canonically.

Depth first; the first occurrence of an object in full, each later one as a reference to it.
FLAG_REF stands only on objects that are referred to, which numbers them by their first occurrence.
CPython itself sets the flag wherever a reference count is not 1, and refers by identity: both
depend on what else the process had loaded.
"""

from __future__ import annotations

import struct
from collections import Counter
from itertools import chain
from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.interning import set_interned_bits
from hatch_lambda_zip.bytecode.objects import Objects

_reference: Final = struct.Struct("<cI").pack


def write_marshal(objects: Objects, root: int) -> bytes:
    """Write one of these objects, none of which contains itself, as a marshal stream.

    It is the same for equal objects, however they were shared before.
    """
    encoded = set_interned_bits(objects)
    children = [numbers[::-1] for numbers in objects.children]
    # Every object is written in full once, so it occurs as often as it is a child.
    occurrences = Counter(chain.from_iterable(objects.children))
    shared = {number for number, count in occurrences.items() if count > 1} - objects.unshared
    parts: list[bytes] = []
    todo = [root]
    references = 0
    while todo:
        number = todo.pop()
        if number in shared:
            shared.remove(number)
            whole = encoded[number]
            parts.append(bytes((whole[0] | kinds.FLAG_REF,)) + whole[1:])
            todo.extend(children[number])
            encoded[number] = _reference(b"r", references)
            children[number] = ()
            references += 1
        else:
            parts.append(encoded[number])
            todo.extend(children[number])
    return b"".join(parts)
