"""The ways in which a zip is not canonical (docs/format.md), and those that its headers tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hatch_lambda_zip.archive import (
    DATE,
    ENCODER,
    REGULAR_FILE,
    TIME,
    UNIX,
    UTF8_NAME,
    VERSION,
)
from hatch_lambda_zip.contents import directories_of, folded
from hatch_lambda_zip.explain.headers import DESCRIPTOR, Header
from hatch_lambda_zip.explain.read import Source
from hatch_lambda_zip.text import shortened

_SHOWN: Final = 3
_FEW: Final = 100  # of more, examples say nothing


class Deviation(Enum):
    """A way in which a zip is not canonical."""

    # Of the headers.
    TIME = "time"
    ORDER = "order"
    MODE = "mode"
    HOST = "host"
    VERSION = "version"
    FLAGS = "flags"
    DESCRIPTOR = "descriptor"
    EXTRA = "extra"
    COMMENT = "comment"
    DIRECTORY = "directory"
    LINK = "link"
    NAME = "name"
    ZIP64 = "zip64"
    LAYOUT = "layout"
    ENCODER = "encoder"
    OTHER = "other"
    # Of what is in it.
    PYCACHE = "pycache"
    BYTECODE = "bytecode"
    UNWANTED = "unwanted-bytecode"
    SCRIPT = "script"
    INSTALLER = "installer"
    SIGNATURE = "signature"
    METADATA = "metadata"
    RECORD = "record"
    # What normalizing can't mend.
    STALE = "stale-bytecode"
    NO_RECORD = "no-record"
    CASE = "case"

    @property
    def is_mendable(self) -> bool:
        """Whether normalizing mends it."""
        return self not in {Deviation.STALE, Deviation.NO_RECORD, Deviation.CASE}


# What a number of things is said to be; singular and plural.
_SENTENCES: Final = {
    Deviation.TIME: ("member has", "members have", "another time than 2020-02-02 00:00:00"),
    Deviation.ORDER: ("", "", "members are in another order than that of their names"),
    Deviation.MODE: (
        *("member has", "members have"),
        "other permissions than 0644, or 0755 for programs",
    ),
    Deviation.HOST: ("member is", "members are", "marked as of another system than Unix"),
    Deviation.VERSION: ("member is", "members are", "marked as of another version than 2.0"),
    Deviation.FLAGS: (
        *("member has", "members have"),
        "other flags or attributes than that its name is UTF-8",
    ),
    Deviation.DESCRIPTOR: ("member has", "members have", "the size behind the data"),
    Deviation.EXTRA: ("member has", "members have", "extra fields"),
    Deviation.COMMENT: ("comment is", "comments are", "in it"),
    Deviation.DIRECTORY: ("member is a directory", "members are directories", ""),
    Deviation.LINK: ("member is a symbolic link", "members are symbolic links", ""),
    Deviation.NAME: ("name is", "names are", "not in the plain form, in UTF-8"),
    Deviation.ZIP64: ("", "", "it has the end record for large zips"),
    Deviation.LAYOUT: ("", "", "it has bytes that belong to no member, or data in another order"),
    Deviation.ENCODER: (
        *("member is", "members are"),
        f"compressed otherwise than by {ENCODER.name} {ENCODER.version} at level {ENCODER.level}",
    ),
    Deviation.PYCACHE: (
        *("compiled module is", "compiled modules are"),
        "of no use: nothing proves which source was compiled, or for which Python",
    ),
    Deviation.BYTECODE: ("compiled module is", "compiled modules are", "not in canonical form"),
    Deviation.UNWANTED: (
        *("compiled module has", "compiled modules have"),
        "a source, and `--bytecode drop` wants none",
    ),
    Deviation.SCRIPT: (
        *("script has", "scripts have"),
        "a first line with the interpreter of another machine",
    ),
    Deviation.INSTALLER: ("file is", "files are", "what an installer notes about itself"),
    Deviation.SIGNATURE: ("file signs", "files sign", "a RECORD, which is rewritten"),
    Deviation.METADATA: (
        *("distribution was", "distributions were"),
        "built from a directory, with metadata as the release of its back end writes it",
    ),
    Deviation.RECORD: ("RECORD does", "RECORDs do", "not list exactly what ships, in order"),
    Deviation.OTHER: (
        *("member has", "members have"),
        "something else in its own header than in the central directory",
    ),
    Deviation.STALE: (
        *("compiled module runs", "compiled modules run"),
        "instead of the source beside it, made of another one; `--bytecode drop` mends that",
    ),
    Deviation.NO_RECORD: (
        *("distribution has", "distributions have"),
        "no RECORD, so nobody can tell which files are its own; install it with pip or uv",
    ),
    Deviation.CASE: (
        *("name differs", "names differ"),
        "from another one in nothing but upper and lower case; rename the file",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One deviation, and how often it is there.

    Attributes:
        deviation: which one.
        count: of members, distributions or names; 1 for one of the zip as a whole.
        examples: the first of them.
        is_partial: whether there may be more, since not all was looked at.
    """

    deviation: Deviation
    count: int
    examples: tuple[str, ...]
    is_partial: bool = False

    @property
    def sentence(self) -> str:
        """The deviation in words."""
        one, many, what = _SENTENCES[self.deviation]
        counted = f"{self.count:,} {one if self.count == 1 else many}" if one else ""
        sentence = " ".join(filter(None, ("at least" * self.is_partial, counted, what)))
        if not self.examples or self.count > _FEW:
            return sentence
        names = ", ".join(shortened(name) for name in self.examples)
        return f"{sentence} ({names}{', …' if self.count > len(self.examples) else ''})"


class Findings:
    """Deviations as they are found."""

    def __init__(self) -> None:
        self._counts: Counter[Deviation] = Counter()
        self._examples: dict[Deviation, list[str]] = {}

    def add(self, deviation: Deviation, name: str = "") -> None:
        """Note one, of a member or distribution or, without a name, of the whole zip."""
        self.add_all(deviation, [name])

    def add_all(self, deviation: Deviation, names: Sequence[str]) -> None:
        """Note one of several members or distributions, or of none."""
        if names:
            self._counts[deviation] += len(names)
            examples = self._examples.setdefault(deviation, [])
            examples += [*filter(None, names[:_SHOWN])][: _SHOWN - len(examples)]

    def listed(self, partial: Collection[Deviation] = ()) -> tuple[Finding, ...]:
        """Return them in the order of `Deviation`; of those in ``partial`` there may be more."""
        return tuple(
            Finding(
                *(deviation, self._counts[deviation], tuple(self._examples[deviation])),
                is_partial=deviation in partial,
            )
            for deviation in Deviation
            if deviation in self._counts
        )

    def __bool__(self) -> bool:
        return bool(self._counts)


# What each member's header tells; all of a large zip may have one of them.
_IN_HEADERS: Final[Mapping[Deviation, Callable[[Header], object]]] = {
    Deviation.TIME: lambda it: (it.date, it.time) != (DATE, TIME),
    Deviation.HOST: lambda it: it.host != UNIX,
    Deviation.VERSION: lambda it: (it.made_by, it.needed) != (VERSION, VERSION),
    Deviation.FLAGS: lambda it: (
        it.flags & ~DESCRIPTOR != UTF8_NAME or it.internal or it.external & 0xFFFF
    ),
    Deviation.DESCRIPTOR: lambda it: it.flags & DESCRIPTOR,
    Deviation.EXTRA: lambda it: it.extra or it.local_extra,
    Deviation.COMMENT: lambda it: it.comment,
    Deviation.OTHER: lambda it: not it.is_repeated,
    Deviation.NAME: lambda it: it.name.encode() != it.raw_name,
}


def find_in_headers(source: Source, findings: Findings) -> None:
    """Add what the headers of a zip tell; nothing for a directory."""
    files = source.files
    _find_case([member.name for member in files], findings)
    for member in source.members:
        if member.is_directory and source.layout:
            findings.add(Deviation.DIRECTORY, member.name)
        elif member.is_link:
            findings.add(Deviation.LINK, member.name)
    headers = [member.header for member in files if member.header is not None]
    for deviation, is_found in _IN_HEADERS.items():
        findings.add_all(deviation, [header.name for header in headers if is_found(header)])
    layout = source.layout
    if layout is None:
        return
    names = [member.name.encode() for member in files]
    if names != sorted(names):
        findings.add(Deviation.ORDER)
    if layout.comment:
        findings.add(Deviation.COMMENT, "of the zip")
    if layout.is_zip64:
        findings.add(Deviation.ZIP64)
    if layout.before or layout.stray or not layout.is_in_order:
        findings.add(Deviation.LAYOUT)


def is_mode(header: Header, mode: int) -> bool:
    """Tell whether a header has the permissions, of a regular file."""
    return header.host == UNIX and header.external >> 16 == REGULAR_FILE | mode


def _find_case(names: Collection[str], findings: Findings) -> None:
    paths = {*names, *directories_of(names)}
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if seen.setdefault(folded(path), path) != path:
            findings.add(Deviation.CASE, path)
