"""All that differs between two zips or directories, and what of it follows from what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from hatch_lambda_zip.explain.diff.bytecode import Bytecode
from hatch_lambda_zip.explain.diff.content import (
    bytecode_change,
    find_places,
    is_only_first_line,
    kind_of,
    link_keys,
    machine_name_of,
    metadata_keys,
    record_keys,
)
from hatch_lambda_zip.explain.diff.difference import (
    Aspect,
    Cause,
    Difference,
    DistributionChange,
    FileChange,
    FileKind,
    KeyChange,
    Status,
)
from hatch_lambda_zip.explain.diff.headers import compare_headers
from hatch_lambda_zip.explain.diff.pairs import Pair, pair_files
from hatch_lambda_zip.explain.distributions import OWN, Owners, find_distributions
from hatch_lambda_zip.explain.inspection import manifest_of
from hatch_lambda_zip.explain.pycs import Fate, fate_of, python_minor_of, source_name
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.text import Extent, Progress

_FOR_PYTHON: Final = re.compile(r"\.cpython-3(\d+)[^/]*\.(?:so|pyc)$|python/lib/python3\.(\d+)/")
_UPWARDS: Final = re.compile(r"(?:\.\./)+")  # to a script


def compare(
    before: Source,
    after: Source,
    *,
    workers: int,
    is_thorough: bool = False,
    progress: Progress | None = None,
) -> Difference:
    """Find all that differs between two zips or directories.

    Args:
        workers: how many threads inflate contents, where headers alone don't tell.
        is_thorough: whether to look into the files of distributions of other versions, too.
        progress: takes how much is read and looked into.

    Raises:
        InputError: a file that has to be read is damaged.
    """
    if before.size is not None and before.size == after.size and before.sha256 == after.sha256:
        return Difference(before, after, is_equal=True)
    with ThreadPool(1) as pool:
        # They are shown, and take a while of their own.
        pool.submit(lambda: (before.sha256, after.sha256))
        return _compare(before, after, workers, progress, is_thorough=is_thorough)


def _compare(
    before: Source, after: Source, workers: int, progress: Progress | None, *, is_thorough: bool
) -> Difference:
    owners = find_distributions(before), find_distributions(after)
    pairs = pair_files(before, after, owners, workers=workers, progress=progress)
    comparison = _Comparison(before, after, owners, pairs, is_thorough)
    files = comparison.files(progress)
    aspects = compare_headers(before, after, pairs)
    is_zipped = before.layout is not None and after.layout is not None
    if is_zipped and not files and not aspects:
        aspects = {Aspect.LAYOUT: ()}  # in what no member says, such as local headers
    versions = comparison.versions
    return Difference(
        before,
        after,
        is_equal=not files and not aspects,
        distributions=comparison.distributions,
        versions={name: new for name, new in versions[1].items() if versions[0].get(name) == new},
        own=_own(before, owners[0]) | _own(after, owners[1]),
        files=files,
        stale=comparison.stale(),
        aspects=aspects,
        machines=comparison.machines,
        pythons=comparison.pythons,
    )


def _own(source: Source, owners: Owners) -> frozenset[str]:
    """Return the distributions that are known to be made of the project's own sources."""
    found = {it.name for it in owners.distributions if it.is_local}
    manifest, _ = manifest_of(source)
    listed = manifest.get("distributions")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("origin") == "local":
            found.add(str(item.get("name")))
    return frozenset(found)


@dataclass(frozen=True)
class _Comparison:
    """Two sources and their pairs, and what each question about them needs of another."""

    before: Source
    after: Source
    owners: tuple[Owners, Owners]
    pairs: Sequence[Pair]
    is_thorough: bool

    @cached_property
    def versions(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        old, new = (
            {found.name: found.version for found in reversed(it.distributions)}
            for it in self.owners
        )
        return old, new

    @cached_property
    def distributions(self) -> tuple[DistributionChange, ...]:
        old, new = self.versions
        return tuple(
            DistributionChange(name, old.get(name, ""), new.get(name, ""))
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        )

    @cached_property
    def changed(self) -> list[Pair]:
        """Those that differ in their content or name."""
        return [
            pair
            for pair in self.pairs
            if not (pair.is_same and pair.before and pair.before.name == pair.name)
        ]

    @cached_property
    def machines(self) -> tuple[str, str] | None:
        return _other(
            {name for member in self._side(is_after=is_after) if (name := machine_name_of(member))}
            for is_after in (False, True)
        )

    @cached_property
    def pythons(self) -> tuple[str, str] | None:
        return _other(
            {name for member in self._side(is_after=is_after) if (name := _python_of(member))}
            for is_after in (False, True)
        )

    def _side(self, *, is_after: bool) -> list[Member]:
        members = (pair.after if is_after else pair.before for pair in self.changed)
        return [member for member in members if member is not None and not member.is_link]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all files that differ, but for what is only about other files."""
        found = set()
        for pair in self.changed:
            found |= {member.name for member in (pair.before, pair.after) if member is not None}
        return frozenset(found)

    @cached_property
    def members(self) -> tuple[Mapping[str, Member], Mapping[str, Member]]:
        old, new = ({it.name: it for it in side.files} for side in (self.before, self.after))
        return old, new

    def files(self, progress: Progress | None) -> tuple[FileChange, ...]:
        """Return all files that differ, as far as they are to be looked into."""
        name, found = self.after.path.name, []
        if progress:
            progress.step(name, "comparing", Extent("comparing", len(self.changed)))
        for pair in self.changed:
            found.append(self._look(self._file(pair)))
            if progress:
                progress.advance(name, 1)
        return tuple(found)

    def _file(self, pair: Pair) -> FileChange:
        """Return what is known of a file without its content."""
        old, new = pair.before, pair.after
        if new is None or old is None:
            status = Status.ADDED if old is None else Status.REMOVED
        else:
            status = Status.MOVED if pair.is_same else Status.CHANGED
        kinds = [kind_of(member) for member in (old, new) if member is not None]
        kind = kinds[0] if len({*kinds}) == 1 else FileKind.DATA
        name = pair.name
        owner = "" if new is None else self._owner(name, 1)
        if owner == OWN and old is not None:
            owner = self._owner(old.name, 0)
        change = FileChange(status, kind, name, name if old is None else old.name, owner, old, new)
        return replace(change, cause=self._cause(change))

    def _owner(self, name: str, side: int) -> str:
        """Return whose a file is; RECORDs seldom list what compileall has added."""
        by_file = self.owners[side].by_file
        source = source_name(name)
        return by_file.get(name, OWN) or (by_file.get(source, OWN) if source else OWN)

    def _cause(self, change: FileChange) -> Cause:
        if change.owner in {it.name for it in self.distributions}:
            return Cause.DISTRIBUTION
        is_moved = change.status is Status.MOVED
        if change.kind is FileKind.BYTECODE and not is_moved:
            source = source_name(change.name) or change.name.removesuffix("c")
            if source in self.names:
                return Cause.SOURCE
        if self.pythons and change.kind in {FileKind.BYTECODE, FileKind.NATIVE}:
            return Cause.PYTHON
        if self.pythons and is_moved and _FOR_PYTHON.search(change.name):
            return Cause.PYTHON
        if self.machines and change.kind is FileKind.NATIVE:
            return Cause.MACHINE
        return Cause.OWN

    def _look(self, change: FileChange) -> FileChange:
        """Look into a file, unless what it is a part of says enough."""
        if change.cause in {Cause.DISTRIBUTION, Cause.SOURCE} and not self.is_thorough:
            return change
        old, new = change.before, change.after
        if change.kind is FileKind.BYTECODE:
            return self._look_at_module(change)
        if change.status is Status.MOVED:
            return change
        if old is None or new is None:
            return replace(change, is_harmless=change.kind is FileKind.INSTALLER)
        if change.kind in {FileKind.RECORD, FileKind.METADATA}:
            return self._look_at_metadata(change, old, new)
        is_harmless = change.kind is FileKind.INSTALLER or (
            change.kind is FileKind.SCRIPT and is_only_first_line(old, new)
        )
        places, keys = find_places(change.kind, old, new), link_keys(old, new)
        return replace(change, places=places, keys=keys, is_harmless=is_harmless)

    def _look_at_metadata(self, change: FileChange, old: Member, new: Member) -> FileChange:
        """Look into a RECORD, or METADATA or WHEEL, which do not decide what runs."""
        cause = Cause.OWN
        if change.kind is FileKind.RECORD:
            keys = record_keys(old, new)
            if keys and all(self._is_explained(key, change) for key in keys):
                cause = Cause.FILES
        else:
            keys = metadata_keys(old, new)
            if {key.key for key in keys} == {"tag"} and (self.machines or self.pythons):
                cause = Cause.MACHINE if self.machines else Cause.PYTHON
        cause = cause if change.cause is Cause.OWN else change.cause
        return replace(change, keys=keys, is_harmless=True, cause=cause)

    def stale(self) -> tuple[str, ...]:
        """Return the modules that are stale on one side alone, of sources that differ.

        Whether their own bytes differ does not matter.
        """
        found = []
        for pair in self.pairs:
            name, old, new = pair.name, pair.before, pair.after
            if name.endswith(".pyc") and source_name(name) in self.names and old and new:
                fates = fate_of(old, self.members[0])[0], fate_of(new, self.members[1])[0]
                if (fates[0] is Fate.STALE) != (fates[1] is Fate.STALE):
                    found.append(name)
        return tuple(found)

    def _is_explained(self, row: KeyChange, change: FileChange) -> bool:
        """Tell whether a row of a RECORD differs because the file does."""
        path = _UPWARDS.sub("", row.key)
        site = change.name.rpartition(".dist-info/")[0].rpartition("/")
        names = {f"{site[0]}{site[1]}{path}", path} - {change.name}
        return not names.isdisjoint(self.names)

    def _look_at_module(self, change: FileChange) -> FileChange:
        old, new = change.before, change.after
        fates = [
            Fate.DEAD if member is None else fate_of(member, files)[0]
            for member, files in zip((old, new), self.members, strict=True)
        ]
        if old is None or new is None:
            return replace(change, is_harmless=not {Fate.CODE, Fate.STALE} & {*fates})
        if change.status is Status.MOVED:
            return change
        found = bytecode_change(old, new)
        if (fates[0] is Fate.STALE) != (fates[1] is Fate.STALE):
            found = replace(found, ways=(*found.ways, Bytecode.STALE))
        return replace(change, bytecode=found, is_harmless=found.is_same_code)


def _other(found: Iterable[set[str]]) -> tuple[str, str] | None:
    """Return two sets in words, if they have nothing in common and are not empty."""
    old, new = found
    if not old or not new or old & new:
        return None
    return " and ".join(sorted(old)), " and ".join(sorted(new))


def _python_of(member: Member) -> str | None:
    """Return which Python a compiled module or a library is for, where that is told."""
    if match := _FOR_PYTHON.search(member.name):
        return f"3.{match[1] or match[2]}"
    minor = python_minor_of(member) if member.name.endswith(".pyc") else None
    return None if minor is None else f"3.{minor}"
