"""The lines that `hatch-lambda-zip diff` prints, below its verdict."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from hatch_lambda_zip.cli.console import style
from hatch_lambda_zip.explain import OWN, Member
from hatch_lambda_zip.explain.diff import (
    Aspect,
    Cause,
    Difference,
    FileChange,
    FileKind,
    KeyChange,
    ManifestDifference,
    Status,
    describe_file,
    manifest_verdict,
    unified_diff,
    verdict,
)
from hatch_lambda_zip.redact import printable
from hatch_lambda_zip.text import aligned, format_size, plural, shortened

_Members = Mapping[str, Member]

_SHOWN_LINES: Final = 100  # of the diff of one file
_SHOWN_FILES: Final = 20  # of a distribution of another version, or that an aspect is about
_SHOWN_NAMES: Final = 3
_MARKS: Final = {
    Status.ADDED: ("added", "green"),
    Status.REMOVED: ("removed", "red"),
    Status.CHANGED: ("changed", "yellow"),
    Status.MOVED: ("moved", "cyan"),
}
_FOLLOWS: Final = {
    Cause.SOURCE: "follows from its source",
    Cause.FILES: "follows from the files that it lists",
    Cause.PYTHON: "for another Python",
    Cause.MACHINE: "for another architecture",
}
_ASPECTS: Final = {
    Aspect.TIME: "time",
    Aspect.ZONE: "time zone",
    Aspect.ACCESS: "time of access",
    Aspect.MODE: "mode",
    Aspect.OWNER: "user or group",
    Aspect.COMPRESSION: "compression only",
    Aspect.HOST: "system",
    Aspect.VERSION: "version of the format",
    Aspect.FLAGS: "flags",
    Aspect.DESCRIPTOR: "place of the size",
    Aspect.ATTRIBUTES: "attributes",
    Aspect.EXTRA: "extra fields",
    Aspect.COMMENT: "comment",
    Aspect.NAME: "spelling of the name",
    Aspect.ORDER: "order",
    Aspect.DIRECTORIES: "in one alone",
    Aspect.LAYOUT: "around the files",
}


def all_lines(found: Difference, *, is_full: bool) -> Iterator[str]:
    """Yield all that is to be told, the verdict first.

    Raises:
        InputError: a file is damaged.
    """
    yield style(printable(verdict(found)), bold=True)
    if found.is_equal:
        return
    yield from _sides(found)
    yield from _distributions(found)
    yield from _apart([_file(change, is_full=is_full) for change in _ordered(found)])
    if found.stale:
        yield ""
        yield style("run on one side though they are not of the source beside them:", fg="red")
        yield from (f"  {printable(name)}" for name in found.stale)
    yield from _rest(found, is_full=is_full)
    yield from _aspects(found)


def _apart(files: Iterable[Iterator[str]]) -> Iterator[str]:
    """Yield the lines of files, of which those with one alone stand together."""
    was_long = True
    for each in files:
        shown = [*each]
        if was_long or len(shown) > 1:
            yield ""
        yield from shown
        was_long = len(shown) > 1


def stat_lines(found: Difference) -> Iterator[str]:
    """Yield the verdict, and a line for each file."""
    yield style(printable(verdict(found)), bold=True)
    yield from _distributions(found)
    if found.files:
        yield ""
        rows = [(_MARKS[it.status][0], *_sizes(it), printable(_named(it))) for it in found.files]
        yield from aligned(rows, right={1, 2})
    yield from _aspects(found)


def name_lines(found: Difference) -> Iterator[str]:
    """Yield the names of the files whose content or name differs, or else anything of them."""
    names = {change.name for change in found.files}
    names = names or {name for those in found.aspects.values() for name in those}
    yield from map(printable, sorted(names, key=str.encode))


def _sides(found: Difference) -> Iterator[str]:
    rows = []
    for sign, source in (("-", found.before), ("+", found.after)):
        sha256 = "directory" if source.sha256 is None else f"sha256 {source.sha256.hex()}"
        size = sum(member.size for member in source.members)
        count = plural(len(source.files), "file")
        rows.append((f"{sign} {printable(str(source.path))}", count, format_size(size), sha256))
    yield from aligned(rows, right={1, 2})


def _distributions(found: Difference) -> Iterator[str]:
    counts: dict[str, dict[Status, int]] = {it.name: {} for it in found.distributions}
    for change in found.files:
        of_one = counts.setdefault("" if change.owner in found.own else change.owner, {})
        of_one[change.status] = of_one.get(change.status, 0) + 1
    if not counts:
        return
    versions = {it.name: (it.before or "-", it.after or "-") for it in found.distributions}
    yield ""
    rows = [("distribution", "before", "after", *(word for word, _ in _MARKS.values()))]
    for name, statuses in sorted(counts.items()):
        same = found.versions.get(name, "")
        numbers = [f"{statuses[it]:,}" if it in statuses else "" for it in _MARKS]
        shown = name if name != OWN else "(own files)"
        rows.append((printable(shown), *map(printable, versions.get(name, (same, same))), *numbers))
    yield from aligned(rows, right={3, 4, 5, 6})


def _ordered(found: Difference) -> list[FileChange]:
    """Return the files that are shown one by one: what counts first, what follows last."""
    shown = [change for change in found.files if change.cause is not Cause.DISTRIBUTION]
    alone = [it for it in shown if it.status is Status.CHANGED or it.kind is not FileKind.BYTECODE]
    order = [*Cause]
    return sorted(alone, key=lambda it: (it.is_harmless, order.index(it.cause)))


def _file(change: FileChange, *, is_full: bool) -> Iterator[str]:
    word, colour = _MARKS[change.status]
    follows = _FOLLOWS.get(change.cause, "")
    what = [*filter(None, (_what(change), follows))]
    yield style(f"{word} {printable(_named(change))}", fg=colour, bold=True) + (
        f": {printable('; '.join(what))}" if what else ""
    )
    if change.bytecode is not None:
        yield from _functions(change)
    if change.keys and change.cause is not Cause.FILES:
        yield from _keys(change.keys)
    is_text = change.kind in {FileKind.SOURCE, FileKind.TEXT, FileKind.SCRIPT}
    if is_text and change.status is Status.CHANGED:
        yield from _diff(change, is_full=is_full)


def _named(change: FileChange) -> str:
    is_same = change.old_name == change.name
    return change.name if is_same else f"{change.old_name} -> {change.name}"


def _what(change: FileChange) -> str:
    if change.status is not Status.CHANGED:
        return "" if change.status is Status.MOVED else " ".join(filter(None, _sizes(change)))
    if change.places:
        return describe_file(change).replace(f" in {shortened(change.name)}", "")
    if change.bytecode is not None:
        ways = ", ".join(way.value.replace("-", " ") for way in change.bytecode.ways)
        sides = (change.bytecode.before, change.bytecode.after)
        return f"{ways} ({' -> '.join(filter(None, sides))})" if any(sides) else ways
    old, new = _sizes(change)
    is_sized = change.kind in {FileKind.JSON, FileKind.DATA, FileKind.NATIVE}
    return f"{old} -> {new}" if is_sized else ""


def _sizes(change: FileChange) -> tuple[str, str]:
    old, new = change.before, change.after
    return format_size(old.size) if old else "", format_size(new.size) if new else ""


def _functions(change: FileChange) -> Iterator[str]:
    for function in change.bytecode.functions if change.bytecode else ():
        yield f"  {printable(function.name)}, line {function.line}"
        for detail in function.details:
            if detail.kind == "other":
                yield "    arguments, variables or flags"
            else:
                sides = f"{detail.before or '(none)'} -> {detail.after or '(none)'}"
                yield f"    {detail.kind} {printable(sides)}"


def _keys(keys: Sequence[KeyChange]) -> Iterator[str]:
    for key in keys[:_SHOWN_FILES]:
        for sign, colour, value in (("-", "red", key.before), ("+", "green", key.after)):
            if value:
                text = printable(f"{key.key}: {shortened(value)}").replace("\n", " ")
                yield style(f"  {sign} {text}", fg=colour)
    if len(keys) > _SHOWN_FILES:
        yield f"  and {plural(len(keys) - _SHOWN_FILES, 'other')}"


def _diff(change: FileChange, *, is_full: bool) -> Iterator[str]:
    found = unified_diff(change)
    if found is None:
        yield "  too long to be compared line by line"
        return
    shown = found if is_full else found[:_SHOWN_LINES]
    for line in shown:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        yield style(printable(line), fg=colour)
    if len(found) > len(shown):
        yield f"  and {plural(len(found) - len(shown), 'line')} more (--full)"


def _rest(found: Difference, *, is_full: bool) -> Iterator[str]:
    """Yield the files of distributions of other versions, and modules on one side alone."""
    rest = [it for it in found.files if it.cause is Cause.DISTRIBUTION]
    shown = {id(it) for it in (*rest, *_ordered(found))}
    modules = [it for it in found.files if id(it) not in shown]
    if is_full:
        yield from _apart([_file(change, is_full=True) for change in rest])
        rest = []
    for title, changes in (
        (f"{plural(len(rest), 'file')} of distributions that are not the same:", rest),
        (f"{plural(len(modules), 'compiled module')} on one side alone:", modules),
    ):
        if changes:
            yield ""
            yield style(title, bold=True)
        for change in changes if is_full else changes[:_SHOWN_FILES]:
            word, colour = _MARKS[change.status]
            yield f"  {style(word, fg=colour)} {printable(_named(change))}"
        if not is_full and len(changes) > _SHOWN_FILES:
            yield f"  and {plural(len(changes) - _SHOWN_FILES, 'other')} (--full)"


def _aspects(found: Difference) -> Iterator[str]:
    if not found.aspects:
        return
    yield ""
    rows = []
    before, after = ({it.name: it for it in side.members} for side in (found.before, found.after))
    for aspect, names in found.aspects.items():
        shown = [printable(shortened(name)) for name in names[:_SHOWN_NAMES]]
        shown += ["…"] if len(names) > _SHOWN_NAMES else []
        count = f"{len(names):,}" if names else ""
        sides = next(filter(None, (_example(before, after, aspect, name) for name in names)), "")
        rows.append((_ASPECTS[aspect], count, sides, ", ".join(shown)))
    yield from aligned(rows, right={1})


def _example(before: _Members, after: _Members, aspect: Aspect, name: str) -> str:
    """Return what the zips say of a member."""
    old, new = before.get(name), after.get(name)
    if old is None or new is None:  # it has another name in one of them
        return ""
    if aspect is Aspect.MODE and old.mode is not None and new.mode is not None:
        return f"{old.mode & 0o7777:04o} -> {new.mode & 0o7777:04o}"
    if aspect in {Aspect.TIME, Aspect.ZONE}:
        return _times(old, new)
    if aspect is Aspect.COMPRESSION:
        return f"{old.compressed_size:,} -> {new.compressed_size:,} bytes"
    return ""


def _times(old: Member, new: Member) -> str:
    """Return the times as the headers say them, or else as the more exact extra fields do."""
    times = old.date_time, new.date_time
    if times[0] == times[1]:
        return f"{_utc(old.modified)} -> {_utc(new.modified)}"
    return " -> ".join("{}-{:02}-{:02} {:02}:{:02}:{:02}".format(*it) for it in times)


def _utc(seconds: int | None) -> str:
    """Return a time in UTC, as far as it is told."""
    if seconds is None:
        return "(not told)"
    return "{}-{:02}-{:02} {:02}:{:02}:{:02} UTC".format(*time.gmtime(seconds)[:6])


def manifest_lines(found: ManifestDifference, *, is_names: bool) -> Iterator[str]:
    """Yield the verdict, and all that two manifests say otherwise; or only files' names."""
    if is_names:
        yield from (printable(change.key) for change in (*found.files, *found.left_out))
        return
    yield style(printable(manifest_verdict(found)), bold=True)
    versions = [KeyChange(it.name, it.before, it.after) for it in found.distributions]
    for title, changes in (
        ("distributions", versions),
        ("other contents of one version", found.pins),
        ("other files of one version", found.shipped),
        ("included files", found.files),
        ("left out, and why", found.left_out),
        ("settings", found.settings),
    ):
        if changes:
            yield ""
            yield style(f"{title}:", bold=True)
        for change in changes:
            sides = f"{change.before or '(none)'} -> {change.after or '(none)'}"
            yield f"  {printable(change.key)}: {printable(sides)}"
