"""What becomes of each file of a zip or directory in the canonical form of docs/format.md.

A file stays as it is, is made anew, or does not ship because the format has no place for it.
`normalize` carries a plan out, and `inspect` tells why one would be needed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from hatch_lambda_zip.bytecode.normalize import NO_SOURCE, normalize
from hatch_lambda_zip.bytecode.source_hash import source_hash
from hatch_lambda_zip.config import Kind
from hatch_lambda_zip.contents import is_for_other_python
from hatch_lambda_zip.errors import BytecodeError, InputError
from hatch_lambda_zip.explain.deviations import Deviation, Findings
from hatch_lambda_zip.explain.distributions import FoundDistribution, Owners
from hatch_lambda_zip.explain.pycs import Fate, fate_of, is_unchecked
from hatch_lambda_zip.explain.read import Member, Source
from hatch_lambda_zip.install import (
    INSTALLER_FILES,
    DistInfo,
    canonical_dist_info,
    read_entry_points,
    script_names,
)

_FIRST_LINES: Final = 4096  # bytes of a script that hold what installers write
_LINKS: Final = 40  # as many as Linux follows


class Bytecode(Enum):
    """What becomes of compiled modules that have a source."""

    NORMALIZE = "normalize"
    DROP = "drop"


@dataclass(frozen=True)
class PlannedRecord:
    """A RECORD to be made anew.

    Attributes:
        found: the distribution.
        name: of the member.
        listed: the names of the other files of the distribution that ship.
    """

    found: FoundDistribution
    name: str
    listed: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What ships in canonical form, but for the RECORDs.

    Attributes:
        files: by their new names: the member as it is, or a new content.
        owners: the distribution that each is of.
        records: one for each distribution that has a RECORD.
        sources: of the compiled modules that have one, by their names.
        root: the directory on Lambda that the zip is unpacked in.
    """

    files: Mapping[str, Member | bytes]
    owners: Mapping[str, str]
    records: tuple[PlannedRecord, ...]
    sources: Mapping[str, Member]
    root: str


def make_plan(
    source: Source, owners: Owners, findings: Findings, bytecode: Bytecode, *, is_thorough: bool
) -> Plan:
    """Decide what becomes of each file, and add why to the findings.

    Args:
        is_thorough: False leaves compiled modules that look right as they are, lets modules and
            links pass that can't be canonical, and leaves metadata of local projects alone.

    Raises:
        InputError: a file that decides is damaged; where ``is_thorough``, a link leads to no file,
            or a compiled module without a source, or one that runs instead of its source, has no
            canonical form.
        DistributionError: the metadata of a local project is malformed.
    """
    planner = _Planner(source, owners, findings, bytecode, is_thorough=is_thorough)
    for member in source.files:
        planner.take(member)
    return planner.plan()


@dataclass
class _Planner:
    """The files that were taken so far, and what deciding needs."""

    source: Source
    owners: Owners
    findings: Findings
    bytecode: Bytecode
    is_thorough: bool = field(kw_only=True)

    def __post_init__(self) -> None:
        self.files = {member.name: member for member in self.source.files}
        self.taken: dict[str, Member | bytes] = {}
        self.sources: dict[str, Member] = {}
        layer_root = Kind.LAYER.import_root.removesuffix(Kind.LAYER.prefix)
        self.root = layer_root if is_layer(self.files) else Kind.FUNCTION.import_root
        self.records = {it.metadata_name("RECORD"): it for it in self.owners.distributions}
        self.unwanted: dict[str, Deviation] = {}
        for found in self.owners.distributions:
            self._decide_on(found)

    def _decide_on(self, found: FoundDistribution) -> None:
        """Note what does not ship of a distribution, whatever its content."""
        if found.rows is None:
            self.findings.add(Deviation.NO_RECORD, f"{found.name} {found.version}")
        elif found.is_local:
            self.findings.add(Deviation.METADATA, f"{found.name} {found.version}")
        for file in INSTALLER_FILES:
            self.unwanted[found.metadata_name(file)] = Deviation.INSTALLER
        installer = self.files.get(found.metadata_name("INSTALLER"))
        lock = self.files.get(f"{found.site}.lock")
        if installer and lock and lock.size == 0 and installer.read().strip() == b"uv":
            self.unwanted[lock.name] = Deviation.INSTALLER
        for file in ("RECORD.jws", "RECORD.p7s"):
            self.unwanted[found.metadata_name(file)] = Deviation.SIGNATURE
        start = f"{found.site}bin/"
        scripts = self._entry_points(found)
        is_package = f"{start}__init__.py" in found.files
        for name in found.files:
            script = name.removeprefix(start)
            if not name.startswith(start) or "/" in script:
                continue
            head = self.files[name].start(_FIRST_LINES)
            is_launcher = script in scripts and script.endswith(".exe")
            is_installers = is_launcher or is_for_other_python(head)
            if is_package and script not in scripts:
                is_installers = head.startswith(b"#!python")
            if is_installers:
                self.unwanted[name] = Deviation.SCRIPT

    def _entry_points(self, found: FoundDistribution) -> frozenset[str]:
        member = self.files.get(found.metadata_name("entry_points.txt"))
        return script_names(read_entry_points(member.read())) if member else frozenset()

    def take(self, member: Member) -> None:
        """Decide about one file."""
        name = member.name
        if name in self.records:
            return
        if name in self.unwanted:
            self.findings.add(self.unwanted[name], name)
        elif name.endswith(".pyc") or "__pycache__" in name.split("/"):
            content = self._module(member)
            if content is not None:
                self.taken[name] = content
        else:
            self.taken[name] = self._resolved(member)

    def _module(self, member: Member) -> Member | bytes | None:
        """Return what ships of a compiled module; None if nothing does."""
        fate, source = fate_of(member, self.files)
        if fate in {Fate.PROVEN, Fate.STALE} and self.bytecode is Bytecode.DROP:
            self.findings.add(Deviation.UNWANTED, member.name)
            return None
        if fate is Fate.STALE:
            self.findings.add(Deviation.STALE, member.name)
            if self.is_thorough:
                raise InputError(
                    f"{self.source.path} has {member.name}, which Python loads without a look at "
                    "the source beside it (PEP 552), and which was made of another one. Compile "
                    "it again; or `--bytecode drop`, and the source runs."
                )
        if fate is Fate.DEAD:
            self.findings.add(Deviation.PYCACHE, member.name)
            return None
        if source is not None:
            self.sources[member.name] = source
        if self.is_thorough:
            return self._canonical_module(member, source)
        if not is_unchecked(member):
            self.findings.add(Deviation.BYTECODE, member.name)
            return member.read()  # which is not to be looked at again
        return member

    def _canonical_module(self, member: Member, source: Member | None) -> Member | bytes | None:
        pyc = member.read()
        try:
            content = canonical_module(member.name, pyc, source, self.root)
        except BytecodeError as error:
            if source is not None:
                self.findings.add(Deviation.PYCACHE, member.name)
                return None
            raise InputError(
                f"{self.source.path} has {member.name}, a module without a source that can't be "
                f"brought into canonical form: {error}. Ship its source instead."
            ) from None
        if content == pyc:
            return member
        self.findings.add(Deviation.BYTECODE, member.name)
        return content

    def _resolved(self, member: Member) -> Member:
        """Return a file as it is, or what a symbolic link leads to."""
        found = member
        for _ in range(_LINKS):
            if not found.is_link:
                return found
            target = found.read().decode("utf-8", "replace")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(found.name), target))
            if path not in self.files:
                break
            found = self.files[path]
        if not self.is_thorough:
            return member
        raise InputError(
            f"{self.source.path} has {member.name}, a symbolic link that leads to no file in it, "
            "and a canonical zip has no links. Put the file itself there."
        )

    def plan(self) -> Plan:
        """Return what was decided, with the metadata of local projects anew."""
        records = []
        owners = dict(self.owners.by_file)
        for found in self.owners.distributions:
            if found.rows is None:
                continue
            record = found.metadata_name("RECORD")
            names = [name for name in found.files if name in self.taken]
            if found.is_local and self.is_thorough:
                record, names = self._with_canonical_metadata(found, names)
            owners |= {name: owners.get(name) or found.name for name in (record, *names)}
            records.append(PlannedRecord(found, record, tuple(names)))
        return Plan(self.taken, owners, tuple(records), self.sources, self.root)

    def _with_canonical_metadata(
        self, found: FoundDistribution, names: Iterable[str]
    ) -> tuple[str, list[str]]:
        """Put the dist-info directory of a local project into its form.

        Returns:
            The name of its RECORD, and the names of its other files.
        """
        start = found.metadata_name("")
        others = [name for name in names if not name.startswith(start)]
        inside = {
            name.removeprefix(start): self._content(name)
            for name in names
            if name.startswith(start)
        }
        canonical = canonical_dist_info(DistInfo(found.dist_info, inside))
        for file in inside:
            del self.taken[start + file]
        place = f"{found.site}{canonical.name}/"
        made = {place + file: content for file, content in canonical.files.items()}
        if twice := sorted(self.taken.keys() & made.keys()):
            raise InputError(
                f"{self.source.path} has {twice[0]} from another distribution of that name already."
            )
        self.taken |= made
        return f"{place}RECORD", [*others, *made]

    def _content(self, name: str) -> bytes:
        content = self.taken[name]
        return content if isinstance(content, bytes) else content.read()


def is_layer(names: Iterable[str]) -> bool:
    """Tell whether a zip is a layer: all modules and distributions lie where layers have them.

    Libraries and programs of layers lie elsewhere, in ``lib`` and ``bin``.
    """
    suffixes = (".py", ".pyc", ".dist-info/METADATA")
    found = [name for name in names if name.endswith(suffixes)]
    return bool(found) and all(name.startswith(Kind.LAYER.prefix) for name in found)


def canonical_module(name: str, pyc: bytes, source: Member | None, root: str) -> bytes:
    """Return a compiled module in canonical form.

    Args:
        name: in the zip.
        source: of the module, if that ships beside it.
        root: the directory on Lambda that the zip is unpacked in.

    Raises:
        BytecodeError: it has none.
    """
    path = name.removesuffix("c") if source is None else source.name
    digest = NO_SOURCE if source is None else source_hash(pyc[:4], source.read())
    return normalize(pyc, filename=root + path, source_hash=digest)
