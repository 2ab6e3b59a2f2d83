"""What files may import, found in their text alone.

It is found generously: a mention of a module is enough, in an import, in a string (for importlib),
in an entry point or in a native library. No Python's parser is asked: another Python's may
understand less or more, and the zip would depend on which one builds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import read_entry_points

_COMMENT_OR_STRING: Final = re.compile(
    r"""\#[^\n]*
    | (?P<quotes>["']{3}) (?P<long>(?:\\.|(?!(?P=quotes))[^\\])*) (?P=quotes)
    | (?P<quote>["']) (?P<short>(?:\\.|(?!(?P=quote))[^\\\n])*) (?P=quote)
    """,
    re.DOTALL | re.VERBOSE,
)
_FROM_IMPORT: Final = re.compile(
    r"\bfrom\b(?P<module>[ \t\f.\w]*?)\bimport\b\s*(?P<names>\([^)]*\)|[^\n;]*)"
)
_IMPORT: Final = re.compile(r"\bimport\b(?P<names>[^\n;]*)")
_TEXT: Final = range(0x20, 0x7F)  # printable ASCII
_NAME: Final = re.compile(rb"[A-Za-z_][\w.]*")
_CALLED: Final = re.compile(r"""import(?:_module|__)\(\s*["'](?P<name>\w+)["']""")
_ALL: Final = re.compile(r"\b__all__\b[^\[(\n]*[\[(](?P<names>[^\])]*)")
_FORMATTING: Final = re.compile(r"\{[^{}]*\}|%(?:\(\w*\))?[a-z]")


def mentions(entry: Entry, word: re.Pattern[bytes]) -> Iterator[str]:
    """Yield dotted names that a file may import, as they stand and relative to its package.

    Args:
        word: what names of interest have in them; a file without it is not looked at.

    Raises:
        DistributionError: the file is not what RECORD says.
    """
    name = entry.name
    is_source = name.endswith(".py") or name.startswith("bin/")
    if not is_source and not name.endswith((".so", ".pyc", "/entry_points.txt")):
        return
    content = entry.read()
    if not word.search(content):
        return
    package = tuple(name.split("/")[:-1])
    if is_source:
        yield from _source_mentions(content.decode("utf-8", "replace"), package)
    elif name.endswith("/entry_points.txt"):
        for group in read_entry_points(content).values():
            yield from (reference.partition(":")[0].strip() for reference in group.values())
    else:
        # Names of modules stand in compiled code as they are, relative ones without their dots.
        # A single word that is not the start of a text is prose.
        for match in _NAME.finditer(content):
            is_alone = content[match.start() - 1] not in _TEXT
            if word.search(match[0]) and (b"." in match[0] or is_alone):
                yield from _everywhere(match[0].decode("ascii", "replace"), package)


def code_and_strings(source: str) -> tuple[str, list[str]]:
    """Divide a source: its code without comments and with empty strings, and what was in these."""
    strings: list[str] = []

    def without(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        strings.append(match["long"] or match["short"] or "")
        return "''"

    # Python takes every kind of line end for "\n".
    lines = source.replace("\r\n", "\n").replace("\r", "\n")
    return _COMMENT_OR_STRING.sub(without, lines).replace("\\\n", " "), strings


def string_mentions(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield what the strings of a source may name, as they stand and relative to its package."""
    yield from _string_mentions(code_and_strings(source)[1], package)


def _source_mentions(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield what a module imports, and what its strings may name."""
    code, strings = code_and_strings(source)
    lines = source.replace("\r\n", "\n").replace("\r", "\n")
    for match in _FROM_IMPORT.finditer(code):
        module = "".join(match["module"].split())
        relative = module.lstrip(".")
        level = len(module) - len(relative)
        base = (*(package[: max(len(package) - level + 1, 0)] if level else ()), relative)
        for name in _imported(match["names"].strip("()")):
            yield ".".join(filter(None, (*base, name)))
    for match in _IMPORT.finditer(_FROM_IMPORT.sub("", code)):
        yield from _imported(match["names"])
    yield from _string_mentions(strings, package)
    for match in _CALLED.finditer(lines):
        yield from _everywhere(match["name"], package)
    for match in _ALL.finditer(lines):
        # A star import makes modules of these names.
        for name in re.findall(r"\w+", match["names"]):
            yield from _everywhere(name, package)


def _string_mentions(strings: Iterable[str], package: tuple[str, ...]) -> Iterator[str]:
    """Yield what strings may name: for importlib, or the path of a file."""
    for text in strings:
        # What formatting fills in stands before the name.
        for number, part in enumerate(_FORMATTING.split(text)):
            name = part.strip().replace("/", ".")
            # A word alone may be anything.
            if number or "." in name:
                yield from _everywhere(name.lstrip("."), package)


def _imported(names: str) -> Iterator[str]:
    """Yield the names of ``a, b.c as d``."""
    for name in names.split(","):
        yield name.partition(" as ")[0].strip()


def _everywhere(name: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield a name as it stands, and relative to a package and those around it."""
    if name:
        yield from (".".join((*package[:depth], name)) for depth in range(len(package) + 1))
