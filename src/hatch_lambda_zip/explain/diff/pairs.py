"""Which file of one zip or directory is which of another one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import deflate

from hatch_lambda_zip.explain.distributions import OWN, Owners
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.text import Extent, Progress

_PORTION: Final = 1_000_000  # bytes
_SITE: Final = re.compile(r"python/(?:lib/python3\.\d+/site-packages/)?")
_DIST_INFO: Final = re.compile(r"([^/]+)-[^/-]+\.dist-info/")
# What names a Python or a machine: `.cpython-312-x86_64-linux-gnu.so`, `.cpython-312.opt-1.pyc`.
_TAG: Final = re.compile(
    r"\.(?:cpython|pypy)-?[\w-]+(?=(?:\.opt-\w+)?\.(?:pyc|so)$)|\.abi3(?=\.so$)"
)


@dataclass(frozen=True)
class Pair:
    """Two files that are compared; None for one that the other side has nothing for."""

    before: Member | None
    after: Member | None
    is_same: bool = False

    @property
    def name(self) -> str:
        """Where it is now, or was."""
        member = self.after or self.before
        return "" if member is None else member.name


def pair_files(
    before: Source,
    after: Source,
    owners: tuple[Owners, Owners],
    *,
    workers: int,
    progress: Progress | None = None,
) -> list[Pair]:
    """Pair all files: by their names, by what their names mean, and by their contents.

    Args:
        owners: of both.
        workers: how many threads inflate what headers alone don't tell.
        progress: takes how many bytes of that are read.

    Raises:
        InputError: a file that has to be read is damaged.
    """
    old = {member.name: member for member in before.files}
    new = {member.name: member for member in after.files}
    pairs = [(old.pop(name), new.pop(name)) for name in [*old] if name in new]
    for place in (_meaning, _by_content(old.values(), new.values(), owners)):
        pairs += _take(old, new, place)
    same = [_is_same_by_headers(*pair) for pair in pairs]
    unknown = {index: pairs[index] for index, is_same in enumerate(same) if is_same is None}
    portions = [*_portions(unknown)]
    if progress:
        size = sum(portion.size for portion in portions)
        progress.step(after.path.name, "reading", Extent("reading", size, is_bytes=True))
    with ThreadPool(workers) as pool:
        for portion, read in zip(portions, pool.map(_Portion.read, portions), strict=True):
            for index, is_same in read.items():
                same[index] = is_same
            if progress:
                progress.advance(after.path.name, portion.size)
    found = [Pair(*pair, bool(is_same)) for pair, is_same in zip(pairs, same, strict=True)]
    found += [Pair(member, None) for member in old.values()]
    found += [Pair(None, member) for member in new.values()]
    return sorted(found, key=lambda pair: pair.name.encode())


@dataclass
class _Portion:
    """Files that a thread reads in one go: to hand a small one over takes longer than to read it.

    Attributes:
        pairs: by their indices.
        size: of their contents, in bytes.
    """

    pairs: dict[int, tuple[Member, Member]] = field(default_factory=dict)
    size: int = 0

    def read(self) -> dict[int, bool]:
        """Return which of them have the same content."""
        return {index: one.read() == other.read() for index, (one, other) in self.pairs.items()}


def _portions(pairs: Mapping[int, tuple[Member, Member]]) -> Iterator[_Portion]:
    portion = _Portion()
    for index, pair in pairs.items():
        portion.pairs[index] = pair
        portion.size += pair[1].size
        if portion.size > _PORTION:
            yield portion
            portion = _Portion()
    if portion.pairs:
        yield portion


_Place = Callable[[Member, int], Hashable]


def _take(
    old: dict[str, Member], new: dict[str, Member], place: _Place
) -> Iterator[tuple[Member, Member]]:
    """Remove the files that have one place in common, which no other file has, and yield them."""
    places = _unique(old.values(), place, 0), _unique(new.values(), place, 1)
    for key, member in places[0].items():
        if key is not None and key in places[1]:
            other = places[1][key]
            yield old.pop(member.name), new.pop(other.name)


def _unique(members: Iterable[Member], place: _Place, side: int) -> dict[Hashable, Member]:
    placed = [(place(member, side), member) for member in members]
    counts = Counter(key for key, _ in placed)
    return {key: member for key, member in placed if counts[key] == 1}


def _meaning(member: Member, _side: int) -> str:
    """Return a name without the directory of a layer, versions, and what the file is built for."""
    name = member.name
    match = _SITE.match(name)
    rest = _TAG.sub("", name[match.end() if match else 0 :])
    if info := _DIST_INFO.match(rest):
        project = re.sub(r"[-_.]+", "-", info[1]).lower()
        rest = f"{project}.dist-info/{rest[info.end() :]}"
    return rest


def _by_content(
    old: Iterable[Member], new: Iterable[Member], owners: tuple[Owners, Owners]
) -> _Place:
    """Return what tells where a file was moved to, within its distribution.

    Only sizes that both sides have are looked at; no empty files, which are many; and no compiled
    modules, which go where their sources go.
    """
    sizes = [{member.size for member in side} for side in (old, new)]
    common = (sizes[0] & sizes[1]) - {0}

    def place(member: Member, side: int) -> Hashable:
        if member.size not in common or "__pycache__/" in member.name:
            return None
        crc = member.header.crc if member.header else deflate.crc32(member.read())
        return member.size, crc, owners[side].by_file.get(member.name, OWN)

    return place


def _is_same_by_headers(one: Member, other: Member) -> bool | None:
    """Tell whether two files have the same content; None where only the contents tell."""
    if one.size != other.size or one.is_link != other.is_link:
        return False
    if one.header is None or other.header is None:
        return None
    if one.header.crc != other.header.crc:
        return False
    return is_same_data(one, other) or None


def is_same_data(one: Member, other: Member) -> bool:
    """Tell whether two members of zips lie there compressed to the same bytes."""
    if one.header is None or other.header is None or one.header.method != other.header.method:
        return False
    if one.compressed_size != other.compressed_size:  # before their data is copied
        return False
    data = one.compressed_data, other.compressed_data
    return None not in data and bytes(data[0] or b"") == bytes(data[1] or b"")
