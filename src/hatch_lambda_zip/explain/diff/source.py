"""What changed in a Python source: comments, layout, docstrings, constants, or code."""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

_LARGEST: Final = 2 << 20  # bytes of a source that is parsed
_MOST_COMMENTS: Final = 1000
_SHOWN: Final = 60  # characters of a constant
_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES: Final = (ast.Module, *_NAMED)
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
_IGNORED: Final = frozenset(("kind", "type_comment", "type_ignores"))  # u"" is ""


class Part(Enum):
    """What a source is made of; the later, the more a change of it matters."""

    LINE_ENDS = "line ends"
    LAYOUT = "layout"
    COMMENT = "comment"
    DOCSTRING = "docstring"
    CONSTANT = "constant"
    CODE = "code"


@dataclass(frozen=True)
class Place:
    """One change in a source.

    Attributes:
        part: what changed.
        scope: the qualified name of the function or class; empty for the module.
        line: in the later source, or in the earlier one of what is gone.
        before: of a constant, in Python's words as far as they are short; else empty.
        after: likewise.
    """

    part: Part
    scope: str
    line: int
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class _Step:
    """Two nodes, lists of nodes, or values of a field that are to be compared."""

    old: object
    new: object
    scope: str
    line: int


def compare_sources(before: bytes, after: bytes) -> tuple[Place, ...] | None:
    """Tell what changed from one source to another one with other bytes.

    The Python that runs parses both.

    Returns:
        At least one place, the weightiest first; None where it can't be told.
    """
    if is_same_but_line_ends(before, after):
        return (Place(Part.LINE_ENDS, "", 1),)
    if max(len(before), len(after)) > _LARGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trees = ast.parse(before), ast.parse(after)
        places = [*_compare_trees(*trees)] or _compare_comments(before, after)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    order = [*Part]
    return tuple(sorted(places, key=lambda place: (-order.index(place.part), place.line)))


def is_same_but_line_ends(before: bytes, after: bytes) -> bool:
    """Tell whether two texts are the same but for carriage returns at the ends of lines."""
    return before.replace(b"\r\n", b"\n") == after.replace(b"\r\n", b"\n")


def _compare_comments(before: bytes, after: bytes) -> list[Place]:
    """Return the comments that changed; without any, it is the layout that did."""
    earlier, later = _comments(before), _comments(after)
    texts = [text for _, text in earlier], [text for _, text in later]
    if texts[0] == texts[1]:
        return [Place(Part.LAYOUT, "", 1)]
    start, end = _common(*texts), _common(texts[0][::-1], texts[1][::-1])
    end = min(end, min(map(len, texts)) - start)
    rest = texts[0][start : len(texts[0]) - end], texts[1][start : len(texts[1]) - end]
    # What is long is compared in time that grows with its length, and may be told as too much.
    is_short = max(map(len, rest)) <= _MOST_COMMENTS
    matcher = difflib.SequenceMatcher(None, *rest, autojunk=not is_short)
    places = []
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind != "equal":
            changed = later[start:][new_first:new_last] or earlier[start:][first:last]
            places += [Place(Part.COMMENT, "", line) for line, _ in changed]
    return places


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many members two sequences start with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _comments(source: bytes) -> list[tuple[int, str]]:
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def _compare_trees(before: ast.Module, after: ast.Module) -> Iterator[Place]:
    """Walk through two trees side by side, and yield where they part.

    With a stack of its own, so that no nesting can exhaust Python's.
    """
    todo: list[_Step] = [_Step(before, after, "", 1)]
    while todo:
        for found in _compare(todo.pop()):
            if isinstance(found, Place):
                yield found
            else:
                todo.append(found)


def _compare(step: _Step) -> Iterator[Place | _Step]:
    """Yield where two nodes differ, and what of them is still to be compared."""
    old, new, scope = step.old, step.new, step.scope
    line = getattr(new, "lineno", step.line)
    if isinstance(old, ast.Constant) and isinstance(new, ast.Constant):
        if type(old.value) is not type(new.value) or old.value != new.value:
            yield Place(Part.CONSTANT, scope, line, _shown(old.value), _shown(new.value))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield _Step(one, other, scope, line)
    elif isinstance(old, ast.AST) and type(old) is type(new):
        if isinstance(old, _SCOPES) and isinstance(new, _SCOPES):
            yield from _compare_docstrings(old, new, scope)
            yield from _compare_bodies(old, new, scope, line)
        for name in old._fields:
            if name not in _IGNORED and (name != "body" or not isinstance(old, _SCOPES)):
                yield _Step(getattr(old, name, None), getattr(new, name, None), scope, line)
    elif old != new:
        yield Place(Part.CODE, scope, line)


def _compare_docstrings(old: _Scope, new: _Scope, scope: str) -> Iterator[Place]:
    before, after = _docstring(old), _docstring(new)
    if (before and before.value) != (after and after.value):
        where = after or before
        yield Place(Part.DOCSTRING, scope, 1 if where is None else where.lineno)


def _docstring(node: _Scope) -> ast.Constant | None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value if isinstance(first.value.value, str) else None
    return None


def _compare_bodies(old: _Scope, new: _Scope, scope: str, line: int) -> Iterator[Place | _Step]:
    """Yield where two bodies differ, and which functions and statements are to be compared."""
    before, after = _keyed(old), _keyed(new)
    for key, statement in after.items():
        if key in before and key[0]:
            yield _Step(before[key], statement, f"{scope}.{key[0]}".lstrip("."), line)
        elif key[0]:
            yield Place(Part.CODE, f"{scope}.{key[0]}".lstrip("."), statement.lineno)
    for key, statement in before.items():
        if key not in after and key[0]:
            yield Place(Part.CODE, f"{scope}.{key[0]}".lstrip("."), statement.lineno)
    loose = [it for key, it in before.items() if not key[0]]
    loose_now = [it for key, it in after.items() if not key[0]]
    if len(loose) != len(loose_now):
        yield Place(Part.CODE, scope, _first_other(loose, loose_now, line))
    else:
        yield _Step(loose, loose_now, scope, line)
        if [*before] != [*after] and before.keys() == after.keys():
            yield Place(Part.CODE, scope, line)  # the same in another order


def _keyed(node: _Scope) -> dict[tuple[str, int], ast.stmt]:
    """Return the statements but for the docstring, functions and classes by their names."""
    counts: Counter[str] = Counter()
    found = {}
    for statement in node.body[_docstring(node) is not None :]:
        name = statement.name if isinstance(statement, _NAMED) else ""
        found[name, counts[name]] = statement
        counts[name] += 1
    return found


def _first_other(old: Sequence[ast.stmt], new: Sequence[ast.stmt], line: int) -> int:
    """Return the line of the first statement that differs."""
    dumps = [ast.dump(it) for it in old]
    for index, statement in enumerate(new):
        if index >= len(dumps) or ast.dump(statement) != dumps[index]:
            return statement.lineno
    return old[len(new)].lineno if len(old) > len(new) else line


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 4 * _SHOWN:
        return "a large integer"
    text = repr(value[:_SHOWN] if isinstance(value, str | bytes) else value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
