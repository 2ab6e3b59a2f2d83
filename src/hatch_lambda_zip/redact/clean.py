"""Cleans what is shown of secrets and control characters.

All of it takes time in proportion to the text; no expression looks ahead from each letter of a
long word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from hatch_lambda_zip.redact.urls import (
    BLOT,
    SPACED,
    cleaned_url,
    cleaned_without_scheme,
    is_url,
)
from hatch_lambda_zip.spellings import pattern

# Colours and titles of terminals, whole.
_ESCAPE: Final = re.compile(
    r"\x1b\[[0-?]{0,30}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b\n]{0,999}(?:\x07|\x1b\\)"
)
# C0 and C1 but for tabs and line ends, and what turns the direction of writing.
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_AT: Final = str.maketrans("\uff20\ufe6b", "@@")  # as they are typed among East Asian letters
HEADER: Final = re.compile(
    r"""(authorization["']?[ \t]*[=:][ \t]*(?:b?["'])?(?:basic|bearer|token)[ \t]+)([^\s"',;]+)""",
    re.IGNORECASE,
)


def redact(text: str, values: Iterable[str] = ()) -> str:
    """Return a text as it may be shown.

    Users, passwords, queries and unknown fragments of URLs are blotted out, and control characters
    are written as escapes. A user name alone stays in an ssh URL: it is ``git``, no secret.

    Args:
        values: secrets (see ``secret_values``), blotted out wherever they are.
    """
    text = text.replace("\r\n", "\n").translate(_AT)
    text = _ESCAPE.sub("", text)  # colours may stand within a secret
    if known := pattern(tuple(values)):
        text = known.sub(BLOT, text)
    text = HEADER.sub(rf"\1{BLOT}", SPACED.sub(_without_blanks, printable(text)))
    return _each_word(
        text, lambda word: cleaned_url(word) if is_url(word) else cleaned_without_scheme(word)
    )


def _without_blanks(found: re.Match[str]) -> str:
    return found[1] + "".join(found[2].split())


def printable(text: str) -> str:
    r"""Return a text with escapes for control characters, which a terminal would obey.

    >>> printable("app\x9b2J.py")
    'app\\x9b2J.py'
    """
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def redact_urls(text: str) -> str:
    """Return a text without the secrets of URLs that have a scheme, and otherwise as it is."""
    return _each_word(text, lambda word: cleaned_url(word) if "://" in word else word)


def _each_word(text: str, change: Callable[[str], str]) -> str:
    return "".join(
        change(word) if "@" in word or "://" in word else word for word in re.split(r"(\s+)", text)
    )
