"""What two zips say otherwise around the same files: times, modes, order, who wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from hatch_lambda_zip.explain.diff.difference import Aspect
from hatch_lambda_zip.explain.diff.pairs import Pair, is_same_data
from hatch_lambda_zip.explain.extra import extra_fields
from hatch_lambda_zip.explain.headers import DESCRIPTOR, Header
from hatch_lambda_zip.explain.read import Member, Source

# Modification, access and creation: of NTFS, and of Info-ZIP twice.
_TIMES: Final = frozenset((0x000A, 0x5455, 0x5855))
_OWNERS: Final = frozenset((0x7855, 0x7875))  # Info-ZIP: user and group
_OF_THE_LEVEL: Final = 0b110  # flags that tell how hard DEFLATE tried
_OF_MSDOS: Final = 0xFFFF  # the bits of the external attributes that are no mode


def compare_headers(
    before: Source, after: Source, pairs: Sequence[Pair]
) -> dict[Aspect, tuple[str, ...]]:
    """Return in what two sources differ besides contents, with the names that this concerns.

    Of directories on disk only the modes count, and nothing of one beside a zip.
    """
    if (before.layout is None) != (after.layout is None):
        return {}
    found: dict[Aspect, list[str]] = {}
    both = [*_in_both(before, after, pairs)]
    same = {pair.name for pair in pairs if pair.is_same}
    for old, new in both:
        for aspect in {*_compare_members(old, new, is_same=new.name in same)}:
            found.setdefault(aspect, []).append(new.name)
    if alone := [*_alone(before, after)] if before.layout else []:
        found[Aspect.DIRECTORIES] = sorted(alone)
    renamed = {old.name: new.name for old, new in both}
    if before.layout and _order(before, renamed) != _order(
        after, {name: name for name in renamed.values()}
    ):
        found[Aspect.ORDER] = []
    if before.layout != after.layout:
        found[Aspect.LAYOUT] = []
    return {aspect: tuple(found[aspect]) for aspect in Aspect if aspect in found}


def _in_both(
    before: Source, after: Source, pairs: Sequence[Pair]
) -> Iterator[tuple[Member, Member]]:
    for pair in pairs:
        if pair.before is not None and pair.after is not None:
            yield pair.before, pair.after
    directories = _directories(after)
    for name, member in _directories(before).items():
        if name in directories:
            yield member, directories[name]


def _directories(source: Source) -> dict[str, Member]:
    return {member.name: member for member in source.members if member.is_directory}


def _alone(before: Source, after: Source) -> Iterator[str]:
    """Yield the directories that are members of one alone, though files of both are in them."""
    for one, other in ((before, after), (after, before)):
        names = [member.name for member in other.files]
        filled = {name[: at + 1] for name in names for at, it in enumerate(name) if it == "/"}
        alone = _directories(one).keys() - _directories(other).keys()
        yield from (name for name in alone if name == "/" or name in filled)


def _order(source: Source, names: Mapping[str, str]) -> list[str]:
    return [names[member.name] for member in source.members if member.name in names]


def _compare_members(old: Member, new: Member, *, is_same: bool) -> Iterator[Aspect]:
    if old.mode != new.mode:
        yield Aspect.MODE
    one, other = old.header, new.header
    if one is None or other is None:
        return
    is_told = old.modified is not None and new.modified is not None
    changed, kinds = _changed_fields(one, other), set[int]()
    if changed:
        kinds = _field_kinds(one) & _field_kinds(other)
    is_other_clock = (one.date, one.time) != (other.date, other.time)
    if is_told and old.modified == new.modified and is_other_clock:
        yield Aspect.ZONE
    elif is_other_clock or (is_told and old.modified != new.modified):
        yield Aspect.TIME
    elif changed & kinds & _TIMES:
        yield Aspect.ACCESS
    if is_same and not is_same_data(old, new):
        yield Aspect.COMPRESSION
    # What is stored needs no version with DEFLATE.
    is_other_need = one.needed != other.needed and one.method == other.method
    attributes = one.internal != other.internal or (one.external ^ other.external) & _OF_MSDOS
    is_other = one.is_repeated != other.is_repeated or one.raw_name != other.raw_name
    for aspect, is_there in (
        (Aspect.OWNER, changed & kinds & _OWNERS),
        (Aspect.EXTRA, changed - (kinds & (_TIMES | _OWNERS))),
        (Aspect.HOST, one.host != other.host),
        (Aspect.VERSION, one.made_by != other.made_by or is_other_need),
        (Aspect.FLAGS, (one.flags ^ other.flags) & ~(DESCRIPTOR | _OF_THE_LEVEL)),
        (Aspect.DESCRIPTOR, (one.flags ^ other.flags) & DESCRIPTOR),
        (Aspect.ATTRIBUTES, attributes),
        (Aspect.COMMENT, one.comment != other.comment),
        (Aspect.NAME, is_other and old.name == new.name),
    ):
        if is_there:
            yield aspect


def _changed_fields(one: Header, other: Header) -> set[int]:
    """Return the kinds of extra fields that differ."""
    kinds = set[int]()
    for old, new in ((one.extra, other.extra), (one.local_extra, other.local_extra)):
        if old == new:
            continue
        before, after = dict(extra_fields(old)), dict(extra_fields(new))
        kinds |= {it for it in before.keys() | after.keys() if before.get(it) != after.get(it)}
    return kinds


def _field_kinds(header: Header) -> set[int]:
    return {kind for kind, _ in extra_fields(header.extra + header.local_extra)}
