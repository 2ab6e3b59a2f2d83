"""What became of one file or distribution, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hatch_lambda_zip.explain.diff.bytecode import Bytecode, BytecodeChange
from hatch_lambda_zip.explain.diff.difference import DistributionChange, FileChange, Status
from hatch_lambda_zip.explain.diff.source import Part, Place
from hatch_lambda_zip.text import shortened

_FEW: Final = 3
PARTS: Final = {
    Part.COMMENT: "comment",
    Part.DOCSTRING: "docstring",
    Part.CONSTANT: "constant",
}
"""The parts of a source that are counted."""


def joined(words: Sequence[str]) -> str:
    """Join words as in a sentence.

    >>> joined(["time", "mode", "order"])
    'time, mode and order'
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def describe_distribution(change: DistributionChange) -> str:
    """Say what became of a distribution.

    >>> describe_distribution(DistributionChange("idna", "3.9", "3.10"))
    'idna 3.9 -> 3.10'
    """
    if change.before and change.after:
        return f"{change.name} {change.before} -> {change.after}"
    version = change.before or change.after
    return f"{change.name} {version} {'removed' if change.before else 'added'}"


def describe_file(change: FileChange) -> str:
    """Say what became of one file."""
    name = shortened(change.name)
    if change.status is Status.MOVED:
        is_there = change.old_name.rpartition("/")[0] == change.name.rpartition("/")[0]
        return f"{shortened(change.old_name)} {'renamed' if is_there else 'moved'} to {name}"
    if change.status is not Status.CHANGED:
        return f"{name} {change.status.value}"
    if change.bytecode is not None:
        return _module(change.bytecode, name)
    if not change.places:
        return f"{name} changed"
    return _places(change.places, name)


def _places(places: Sequence[Place], name: str) -> str:
    """Say what changed in a source."""
    part = places[0].part
    those = [place for place in places if place.part is part]
    if part is Part.CODE:
        return f"code in {name} ({_scopes((it.scope, it.line) for it in those)})"
    if part not in PARTS:
        return f"only the {part.value} of {name}"
    counted = []
    for one, noun in reversed(PARTS.items()):
        if count := sum(place.part is one for place in places):
            counted.append(f"one {noun}" if count == 1 else f"{count} {noun}s")
    detail = ""
    if part is Part.CONSTANT and len(those) == 1:
        where = _scope(those[0].scope, those[0].line)
        detail = f" ({where}: {those[0].before} -> {those[0].after})"
    return f"{joined(counted)} in {name}{detail}"


def _module(found: BytecodeChange, name: str) -> str:
    """Say what changed in a compiled module."""
    if Bytecode.UNREADABLE in found.ways:
        return f"the compiled module {name}, which can't be read"
    if Bytecode.PYTHON in found.ways:
        return f"the compiled module {name} ({found.before} -> {found.after})"
    if Bytecode.LINES in found.ways:
        return f"only line numbers in the compiled module {name}"
    if Bytecode.STALE in found.ways:
        return f"{name}, which runs on one side though it is not of the source beside it"
    details = [(it, detail) for it in found.functions for detail in it.details]
    if len(found.functions) == len(details) == 1 and details[0][1].kind == "constant":
        function, detail = details[0]
        where = f"{_scope(function.name, function.line)}: {detail.before} -> {detail.after}"
        return f"one constant in the compiled module {name} ({where})"
    where = _scopes((it.name, it.line) for it in found.functions)
    return f"code in the compiled module {name}" + (f" ({where})" if where else "")


def _scopes(places: Iterable[tuple[str, int]]) -> str:
    first: dict[str, int] = {}
    for scope, line in places:
        first.setdefault(scope, line)
    shown = [_scope(scope, line) for scope, line in first.items()]
    return "; ".join(shown[:_FEW]) + ("; …" if len(shown) > _FEW else "")


def _scope(scope: str, line: int) -> str:
    return f"{scope}, line {line}" if scope else f"line {line}"
