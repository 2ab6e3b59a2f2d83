"""What differs between two zips or directories, as values; `diff` finds it, `verdict` words it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hatch_lambda_zip.explain.diff.bytecode import BytecodeChange
from hatch_lambda_zip.explain.diff.source import Place
from hatch_lambda_zip.explain.read import Member, Source


class Status(Enum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class FileKind(Enum):
    """What a file is, which decides how it is compared."""

    SOURCE = "source"
    BYTECODE = "bytecode"
    NATIVE = "native"
    SCRIPT = "script"
    METADATA = "metadata"
    RECORD = "record"
    INSTALLER = "installer"
    LINK = "link"
    JSON = "json"
    TEXT = "text"
    DATA = "data"


class Aspect(Enum):
    """What a zip says around its contents."""

    # Of members.
    TIME = "time"
    ZONE = "time-zone"  # of the same moment
    ACCESS = "access-time"
    MODE = "mode"
    OWNER = "owner"
    COMPRESSION = "compression"
    HOST = "host"
    VERSION = "version"
    FLAGS = "flags"
    DESCRIPTOR = "descriptor"
    ATTRIBUTES = "attributes"
    EXTRA = "extra"
    COMMENT = "comment"
    NAME = "name"  # the same, spelled otherwise, or in the local header
    # Of the zip.
    ORDER = "order"
    DIRECTORIES = "directories"
    LAYOUT = "layout"


class Cause(Enum):
    """Why a file differs, as far as that is another difference."""

    OWN = "itself"
    DISTRIBUTION = "distribution"  # it is of another version, or not there
    SOURCE = "source"  # of a compiled module
    FILES = "files"  # that a RECORD lists
    PYTHON = "python"  # another one compiled it, or is what it is for
    MACHINE = "machine"


@dataclass(frozen=True)
class KeyChange:
    """A row of a RECORD or a field of metadata; empty where it is not there.

    Attributes:
        key: the path, or the field's name.
        before: its digest, or the field's values.
        after: likewise.
    """

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class FileChange:
    """A file whose content or name differs.

    Attributes:
        status: what became of it.
        kind: what it is.
        name: where it is now, or was.
        old_name: where it was.
        owner: the distribution's name; ``OWN`` for own files.
        before: None if it was added.
        after: None if it was removed.
        cause: what else it follows from.
        is_harmless: whether what runs is the same.
        places: of a source, what changed; empty where that can't be told.
        bytecode: of a compiled module.
        keys: of a RECORD or metadata.
    """

    status: Status
    kind: FileKind
    name: str
    old_name: str
    owner: str
    before: Member | None
    after: Member | None
    cause: Cause = Cause.OWN
    is_harmless: bool = False
    places: tuple[Place, ...] = ()
    bytecode: BytecodeChange | None = None
    keys: tuple[KeyChange, ...] = ()


@dataclass(frozen=True)
class DistributionChange:
    """A distribution that is of another version, was added, or was removed.

    Attributes:
        name: normalized.
        before: the version; empty if it was added.
        after: likewise.
    """

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """All that differs between two zips or directories.

    Attributes:
        before: the first.
        after: the second.
        is_equal: whether both are, to the byte, the same; of directories, all contents.
        distributions: ascending by name.
        versions: those of distributions that are the same in both.
        own: the names of distributions that are the project's own, as far as that is known.
        files: ascending by name.
        stale: compiled modules that run, on one side alone, instead of a source that they were not
            made of, where that source differs.
        aspects: what the zips say otherwise around the same contents: the members' names, or
            nothing where it is of the zip as a whole.
        machines: for which native libraries were built, where that differs: before and after.
        pythons: likewise for compiled modules and libraries.
    """

    before: Source
    after: Source
    is_equal: bool
    distributions: tuple[DistributionChange, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    files: tuple[FileChange, ...] = ()
    stale: tuple[str, ...] = ()
    aspects: Mapping[Aspect, tuple[str, ...]] = field(default_factory=dict)
    machines: tuple[str, str] | None = None
    pythons: tuple[str, str] | None = None

    @property
    def is_same_code(self) -> bool:
        """Whether what runs is the same."""
        return not (self.distributions or self.machines or self.pythons or self.stale) and all(
            change.is_harmless for change in self.files
        )
