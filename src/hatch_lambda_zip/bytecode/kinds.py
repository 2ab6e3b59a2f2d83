"""The type bytes of marshal (``TYPE_*`` in CPython's Python/marshal.c).

Only what the writers of marshal versions 2 to 6 produce for code is here. Text floats and complex
numbers (``f``, ``x``: versions 0 and 1), 64-bit integers (``I``: Python 2) and ``?`` (an object
that could not be marshalled) can still be loaded, but no .pyc of a supported Python holds them.
"""

from __future__ import annotations

from typing import Final

# Set on the type byte of an object that a later "r" refers to.
FLAG_REF: Final = 0x80

NULL: Final = ord("0")  # ends a dict
NONE: Final = ord("N")
FALSE: Final = ord("F")
TRUE: Final = ord("T")
STOP_ITERATION: Final = ord("S")
ELLIPSIS: Final = ord(".")
INT: Final = ord("i")
LONG: Final = ord("l")
FLOAT: Final = ord("g")
COMPLEX: Final = ord("y")
BYTES: Final = ord("s")
UNICODE: Final = ord("u")
ASCII: Final = ord("a")
SHORT_ASCII: Final = ord("z")
INTERNED: Final = {UNICODE: ord("t"), ASCII: ord("A"), SHORT_ASCII: ord("Z")}
REF: Final = ord("r")
TUPLE: Final = ord("(")
SMALL_TUPLE: Final = ord(")")
LIST: Final = ord("[")
DICT: Final = ord("{")
FROZENDICT: Final = ord("}")  # marshal version 6, Python 3.15
SET: Final = ord("<")
FROZENSET: Final = ord(">")
SLICE: Final = ord(":")  # marshal version 5, Python 3.14
CODE: Final = ord("c")

SINGLETONS: Final = bytes((NONE, FALSE, TRUE, STOP_ITERATION, ELLIPSIS))
STRINGS: Final = bytes((SHORT_ASCII, ASCII, UNICODE))
TUPLES: Final = bytes((SMALL_TUPLE, TUPLE))

# MAX_MARSHAL_STACK_DEPTH on Unix: the object at the top has depth 1.
MAX_DEPTH: Final = 2000
