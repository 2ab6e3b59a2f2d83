"""Why two hashes differ, in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hatch_lambda_zip.explain.diff.bytecode import Bytecode
from hatch_lambda_zip.explain.diff.describe import (
    PARTS,
    describe_distribution,
    describe_file,
    joined,
)
from hatch_lambda_zip.explain.diff.difference import (
    Aspect,
    Cause,
    Difference,
    FileChange,
    FileKind,
    Status,
)
from hatch_lambda_zip.explain.diff.source import Part
from hatch_lambda_zip.explain.distributions import OWN
from hatch_lambda_zip.text import plural, shortened

_FEW: Final = 3
_WAYS: Final = {
    Bytecode.CHECK: "what is checked before loading",
    Bytecode.TIME: "the time of the source",
    Bytecode.SIZE: "the size of the source",
    Bytecode.HASH: "the hash of the source",
    Bytecode.PATH: "the path of the source",
    Bytecode.REFERENCES: "reference flags",
    Bytecode.LINES: "line numbers",
}
# What only tells which tool wrote the zip.
_OF_THE_WRITER: Final = frozenset(
    (
        *(Aspect.HOST, Aspect.VERSION, Aspect.FLAGS, Aspect.DESCRIPTOR, Aspect.ATTRIBUTES),
        *(Aspect.EXTRA, Aspect.COMMENT, Aspect.NAME),
    )
)
_ASPECTS: Final = {
    Aspect.TIME: "time",
    Aspect.ZONE: "time zone",
    Aspect.ACCESS: "time of access",
    Aspect.MODE: "mode",
    Aspect.OWNER: "user or group",
    Aspect.COMPRESSION: "compression",
}
_MARKS: Final = "marks of the zipping tool"
_OF_THE_ZIP: Final = {
    Aspect.ORDER: "another order",
    Aspect.DIRECTORIES: "directories as members of one alone",
    Aspect.LAYOUT: "another comment, or other bytes around the files",
}


def verdict(found: Difference) -> str:
    """Return in one line, without a full stop, why two zips or directories differ."""
    if found.is_equal:
        is_zip = found.before.sha256 is not None and found.before.sha256 == found.after.sha256
        return "equal: the same bytes" if is_zip else "equal: the same files"
    causes = [*_causes(found)]
    others = [*_harmless(found)]
    if not causes:
        return f"same code: {joined(others or ['bytes that nothing here explains'])}"
    return f"{joined(causes)}; besides, {joined(others)}" if others else joined(causes)


def _causes(found: Difference) -> Iterator[str]:
    for pair, cause, what in (
        (found.machines, Cause.MACHINE, "for {1} instead of {0}"),
        (found.pythons, Cause.PYTHON, "for Python {1} instead of {0}"),
    ):
        if pair is not None:
            count = sum(change.cause is cause for change in found.files)
            yield what.format(*pair) + (f" ({plural(count, 'file')})" if count else "")
    changes = [describe_distribution(change) for change in found.distributions]
    if len(changes) > _FEW:
        yield f"{len(changes)} distributions changed ({', '.join(changes[:_FEW])}, …)"
    else:
        yield from changes
    own = [it for it in found.files if it.cause is Cause.OWN and not it.is_harmless]
    moved = [change for change in own if change.status is Status.MOVED]
    stayed = [change for change in own if change.status is not Status.MOVED]
    for owner in sorted({_owner(change, found) for change in stayed}):
        yield from _several([it for it in stayed if _owner(it, found) == owner], owner)
    if found.stale:
        count = len(found.stale)
        what = shortened(found.stale[0]) if count == 1 else plural(count, "compiled module")
        yield f"{what} not made of the source {'beside it' if count == 1 else 'beside them'}"
    if moved:
        yield describe_file(moved[0]) if len(moved) == 1 else _moves(moved)


def _owner(change: FileChange, found: Difference) -> str:
    if change.owner == OWN or change.owner in found.own:
        return ""
    return f"{change.owner} {found.versions.get(change.owner, '')}".strip()


def _several(changes: Sequence[FileChange], owner: str) -> Iterator[str]:
    """Say what became of files of one distribution, or of the project."""
    for status in Status:
        those = [change for change in changes if change.status is status]
        parts = {change.places[0].part if change.places else None for change in those}
        part = parts.pop() if len(parts) == 1 else None
        if len(those) == 1:
            yield describe_file(those[0])
        elif part is not None and part is not Part.CODE:
            yield f"only {_plural_part(part)} in {_files(len(those), owner)}"
        elif those:
            yield f"{_files(len(those), owner)} {status.value}"


def _files(count: int, owner: str) -> str:
    return f"{plural(count, 'file')} of {owner}" if owner else plural(count, "own file")


def _plural_part(part: Part) -> str:
    return f"{PARTS[part]}s" if part in PARTS else part.value


def _moves(moved: Sequence[FileChange]) -> str:
    ends = set()
    for change in moved:
        old, new = change.old_name, change.name
        while old and new and old[-1] == new[-1]:
            old, new = old[:-1], new[:-1]
        ends.add((old[: old.rfind("/") + 1], new[: new.rfind("/") + 1]))
    start = f"{plural(len(moved), 'file')} moved"
    if len(ends) != 1:
        return start
    old, new = ends.pop()
    return f"{start} from {old or 'the root'} to {new or 'the root'}"


def _harmless(found: Difference) -> Iterator[str]:
    """Say what differs besides what runs."""
    files = [it for it in found.files if it.cause is Cause.OWN and it.is_harmless]
    yield from _modules([it for it in files if it.kind is FileKind.BYTECODE])
    scripts = [change for change in files if change.kind is FileKind.SCRIPT]
    if scripts:
        what = scripts[0].name if len(scripts) == 1 else plural(len(scripts), "script")
        yield f"the Python that the first line of {what} names"
    installers = sum(change.kind is FileKind.INSTALLER for change in files)
    if installers:
        yield f"notes of the installer ({plural(installers, 'file')})"
    metadata = [change for change in files if change.kind is FileKind.METADATA]
    if metadata:
        keys = sorted({key.key for change in metadata for key in change.keys})
        owners = sorted({change.owner for change in metadata})
        whose = owners[0] if len(owners) == 1 else plural(len(owners), "distribution")
        yield f"metadata of {whose}" + (f" ({', '.join(keys[:_FEW])})" if keys else "")
    records = [change for change in files if change.kind is FileKind.RECORD]
    if records:
        one = f"the RECORD of {records[0].owner}"
        yield one if len(records) == 1 else f"the RECORDs of {len(records)} distributions"
    yield from _headers(found)


def _modules(files: Sequence[FileChange]) -> Iterator[str]:
    """Say how compiled modules differ that have the same code."""
    for status in (Status.ADDED, Status.REMOVED):
        if count := sum(change.status is status for change in files):
            yield f"{plural(count, 'compiled module')} {status.value}"
    ways: dict[tuple[Bytecode, ...], list[FileChange]] = {}
    for change in files:
        if change.bytecode is not None:
            ways.setdefault(change.bytecode.ways, []).append(change)
    for kinds, changes in ways.items():
        modules = plural(len(changes), "compiled module")
        sides = {(it.bytecode.before, it.bytecode.after) for it in changes if it.bytecode}
        detail = f" ({' -> '.join(sides.pop())})" if len(sides) == 1 else ""
        described = Bytecode.CHECK if Bytecode.CHECK in kinds else Bytecode.PATH
        words = [_WAYS[way] + (detail if way is described else "") for way in _WAYS if way in kinds]
        yield f"{modules} {'differs' if len(changes) == 1 else 'differ'} only in {joined(words)}"


def _headers(found: Difference) -> Iterator[str]:
    """Say what zips have otherwise around the same files."""
    groups: dict[frozenset[str], list[str]] = {}
    marks = {name for it in _OF_THE_WRITER for name in found.aspects.get(it, ())}
    for aspect, word in _ASPECTS.items():
        if names := found.aspects.get(aspect):
            shown = _modes(found, names) if aspect is Aspect.MODE else ""
            groups.setdefault(frozenset(names), []).append(word + shown)
    if marks:
        groups.setdefault(frozenset(marks), []).append(_MARKS)
    whole = [words for aspect, words in _OF_THE_ZIP.items() if aspect in found.aspects]
    is_alone = not found.files and len(groups) == 1 and not whole
    verb, only = " differ", " only" * is_alone
    for members, words in groups.items():
        is_one = len(members) == 1
        ending = "s" if is_one and verb else ""
        whose = "its" if is_one else "their"
        yield f"{_counted(members)}{verb}{ending}{only} in {whose} {joined(words)}"
        verb = ""  # the same for all that follow
    yield from whole


def _counted(names: frozenset[str]) -> str:
    directories = sum(name.endswith("/") for name in names)
    if directories == len(names):
        return "1 directory" if directories == 1 else f"{directories:,} directories"
    return plural(len(names), "member" if directories else "file")


def _modes(found: Difference, names: Sequence[str]) -> str:
    """Return the two modes, if they are the same of all members."""
    wanted = {*names}
    modes = [
        {it.mode & 0o7777 for it in side.members if it.name in wanted and it.mode is not None}
        for side in (found.before, found.after)
    ]
    if any(len(side) != 1 for side in modes):
        return ""
    return f" ({modes[0].pop():04o} -> {modes[1].pop():04o})"
