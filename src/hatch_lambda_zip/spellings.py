"""Finds a secret in a text however it is written there: as it is, escaped, or encoded."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Final
from urllib.parse import unquote

_URL_SAFE: Final = str.maketrans("+/", "-_")
_SHORTEST: Final = 4  # characters: less is in every other word
_LONG: Final = 8  # characters: less is blotted out only where it stands alone
_BACKSLASHES: Final = r"\\{0,8}"  # a string of a program, in another one
_PERCENT: Final = "%(?:25){0,4}"  # in URLs, and in those that are part of others
_NAMED: Final = {"\n": "n", "\t": "t", "\r": "r"}
_REPLACED: Final = "\ufffd"


@cache
def pattern(values: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what finds secrets in a text; None where there is none to look for."""
    found: dict[str, int] = {}
    for value in values:
        for plain in {value, unquote(value), unquote(unquote(value))}:
            found[_escaped(plain)] = len(plain)
        found.update((re.escape(text), len(text)) for text in _encoded(value))
    parts = [
        expression if length >= _LONG else rf"(?<!\w){expression}(?!\w)"
        for expression, length in sorted(found.items(), key=lambda it: (-it[1], it[0]))
        if length >= _SHORTEST  # one may hold another
    ]
    return re.compile("|".join(parts)) if parts else None


def _escaped(value: str) -> str:
    """Return an expression for a value whose characters are written in whatever way.

    Tools disagree on which of them they escape in a URL, a string, a shell's word or in HTML.
    """
    return "".join(_run(letter, len([*same])) for letter, same in groupby(value))


def _run(letter: str, times: int) -> str:
    """Return an expression for one character several times; a choice at each would take long."""
    if letter.isascii() and letter.isalnum():
        return letter * times
    if letter == "\\":
        return rf"(?:\\{{{times},{8 * times}}}|(?:{_PERCENT}5[cC]){{{times}}})"
    if letter == "%":
        return f"(?:%{{{times},{2 * times}}}|(?:%(?:25){{1,5}}){{{times}}})"
    return f"(?:{'|'.join(_spellings(letter))}){{{times}}}"


def _spellings(letter: str) -> Iterator[str]:
    """Yield expressions for how one character may be written.

    Variables need not be UTF-8: a byte that is none stands for itself, or is replaced.
    """
    data = letter.encode("utf-8", "surrogateescape")
    code = f"{ord(letter):x}"
    yield _BACKSLASHES + re.escape(letter)
    if len(data) == 1 and ord(letter) > data[0]:
        yield _REPLACED
    for mark in (_PERCENT, r"\\{1,8}x"):
        yield f"(?i:{''.join(f'{mark}{byte:02x}' for byte in data)})"
    yield rf"(?i:\\{{1,8}}(?:x|u|u\{{)0{{0,6}}{code}\}}?)"
    if name := _NAMED.get(letter):
        yield rf"\\{{1,8}}{name}"
    yield rf"(?i:&(?:amp;)?\#(?:0*{ord(letter)}|x0*{code});)"
    if (escaped := html.escape(letter)) != letter:
        yield escaped
    if letter == " ":
        yield r"\+"
    if letter == "'":
        yield r"""'(?:"'"|\\')'"""  # of a shell


def _encoded(value: str) -> Iterator[str]:
    """Yield what hexadecimal and Base64 make of a secret."""
    data = value.encode("utf-8", "surrogateescape")
    if len(data) >= _SHORTEST:
        yield from (data.hex(), data.hex().upper())
        yield from _in_base64(data)


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield what Base64 makes of a secret anywhere in a text, but for letters at both ends."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data)
        whole = (before + len(data)) * 4 // 3  # letters of which it alone decides
        found = text[-(-before * 4 // 3) : whole].decode()
        yield from (found, found.translate(_URL_SAFE))
