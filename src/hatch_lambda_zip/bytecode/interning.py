"""Which strings get marshal's interned bit.

CPython sets it where the string happens to be interned in the compiling process, which for some
constants depends on what that had loaded (https://github.com/python/cpython/issues/129724). The
rule here depends on the file alone. It covers what a loading interpreter interns in any case:
names, and constants that look like names (``intern_constants`` in Objects/codeobject.c, in older
versions ``intern_string_constants``). So loading does no more work than it would anyway.
"""

from __future__ import annotations

import re
from typing import Final

from hatch_lambda_zip.bytecode import kinds
from hatch_lambda_zip.bytecode.objects import Objects

_INTERNED: Final = {
    bytes((plain,)): bytes((interned,)) for plain, interned in kinds.INTERNED.items()
}
# all_name_chars in Objects/codeobject.c; "" is among them, as it is there.
_NAME_CHARACTERS: Final = re.compile(rb"[0-9A-Za-z_]*").fullmatch
_SHORT_PREFIX: Final = 2  # bytes before the text: the type, and the size in one or four bytes
_LONG_PREFIX: Final = 5
# CPython has one object for each of these: U+0000 to U+007F, and U+0080 to U+00FF in UTF-8.
_ONE_CHARACTER: Final = re.compile(rb"z\x01.|u\x02\0\0\0[\xc2\xc3].", re.DOTALL).fullmatch


def set_interned_bits(objects: Objects) -> list[bytes]:
    """Return every object's encoding, a string's with the interned bit where the rule asks for it.

    The bit is set on a string that is a name in some code object (of a variable or attribute, of
    the code itself, of its file); or has only ASCII letters, digits and underscores; or is a
    single character below U+0100.
    """
    encoded = objects.encoded.copy()
    for numbers, prefix in (
        (objects.short_strings.values(), _SHORT_PREFIX),
        (objects.long_strings, _LONG_PREFIX),
    ):
        for number in numbers:
            plain = encoded[number]
            if number in objects.named or _NAME_CHARACTERS(plain, prefix) or _ONE_CHARACTER(plain):
                encoded[number] = _INTERNED[plain[:1]] + plain[1:]
    return encoded
