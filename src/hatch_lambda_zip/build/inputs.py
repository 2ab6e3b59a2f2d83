"""What a zip is made from, before anything is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from hatch_lambda_zip.config import Artifact, Kind, Project
from hatch_lambda_zip.contents import (
    Code,
    Surroundings,
    check_stray_gitignore,
    output_in,
    read_added,
    read_code,
    top_of,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError, DistributionError, LockError
from hatch_lambda_zip.install import Installer, LocalWheel, OwnWheel
from hatch_lambda_zip.lock import LocalProject, Origin, Selection


@dataclass(frozen=True)
class Source:
    """What a manifest says of a distribution besides what pins its content.

    Attributes:
        version: as its dist-info says, or None where the content decides it.
        origin: where the lock takes it from.
        built_with: what built its wheel, when that happened on this machine; else None.
    """

    version: str | None
    origin: Origin
    built_with: str | None = None

    def is_described_by(self, row: Mapping[str, object]) -> bool:
        """Tell whether a row of a manifest, which may be of an absent distribution, says this."""
        return (
            self.version in (None, row.get("version"))
            and row.get("origin", self.origin.value) == self.origin.value
            and row.get("built_with", self.built_with) == self.built_with
        )


@dataclass(frozen=True)
class Inputs:
    """What one zip is made from.

    Attributes:
        artifact: the function or layer.
        selection: from the lock.
        wheels: the local projects, as just built.
        added: files of the project that ship besides, by their sources; those of code directories
            first.
        around: what decided which of these ship.
        code: what the code directories brought, and what not.
        lenders: the projects whose requirements it has in place of the package's, if any has.
    """

    artifact: Artifact
    selection: Selection
    wheels: tuple[LocalWheel, ...] = ()
    added: tuple[tuple[str, Entry], ...] = ()
    around: Surroundings | None = None
    code: Code = field(default_factory=Code)
    lenders: tuple[Project, ...] = ()

    @property
    def pins(self) -> dict[str, str]:
        """What the content of each distribution is pinned by, ascending by their names."""
        local = [wheel.distribution for wheel in self.wheels]
        both = [*self.selection.distributions, *local]
        return {locked.name: locked.identity for locked in sorted(both, key=lambda item: item.name)}

    @property
    def extras(self) -> tuple[tuple[str, str], ...]:
        """The extras of local projects that the lock itself asks for, with their names."""
        places = {
            wheel.project.path.resolve(): wheel.distribution.name
            for wheel in self.wheels
            if wheel.project is not None
        }
        asked = self.selection.extras
        return tuple((places[place], extra) for place, extra in asked if place in places)

    @property
    def sources(self) -> dict[str, Source]:
        """What manifests say of each distribution besides, by their names."""
        locked = {item.name: Source(None, item.origin) for item in self.selection.distributions}
        local = {
            wheel.distribution.name: Source(
                wheel.version, wheel.distribution.origin, wheel.built_with
            )
            for wheel in self.wheels
        }
        return locked | local


def wheels_to_build(artifact: Artifact, selection: Selection) -> int:
    """Return how many local projects a zip needs as wheels, the package itself among them."""
    if _is_third_party_only(artifact):
        return 0
    return len(selection.local_projects) + artifact.ships_package


def gather_inputs(
    artifact: Artifact,
    selection: Selection,
    own: OwnWheel,
    installer: Installer,
    around: Surroundings,
    lenders: tuple[Project, ...] = (),
) -> Inputs:
    """Build the local wheels that a zip needs, and read the project's other files.

    Args:
        around: what decides which of these ship.
        lenders: see ``Inputs``.

    Raises:
        DistributionError: a wheel can't be built, is for another platform, or has outputs of
            earlier builds in it.
        LockError: it has two distributions of one name.
        ContentsError: a file is not there.
        UvTimeoutError: a build did not end in time.
    """
    if _is_third_party_only(artifact):
        # Then nothing of the workspace is looked at.
        lock = replace(selection.lock, wheels=())
        selection = replace(selection, lock=lock, local_projects=())
    wanted = own if artifact.ships_package else None
    _check_gitignores(selection, wanted, around)
    wheels = installer.build_wheels(selection, artifact.platform, wanted)
    _refuse_twins(selection, wheels)
    places = {project.name: project.path for project in (own.project, *selection.local_projects)}
    for wheel in wheels:
        _refuse_outputs(wheel, places.get(wheel.distribution.name, around.root))
    files = artifact.own_files.added
    owner = own.project.name
    added = read_added(around, files, owner=owner, key=artifact.key)
    code = Code()
    if artifact.code:
        code = read_code(around, artifact.code, artifact.own_files, owner=owner, key=artifact.key)
        _refuse_overlaps(code, added, artifact)
    return Inputs(artifact, selection, wheels, (*code.files, *added), around, code, lenders)


@cache  # each function asks for the same private copies
def _refuse_outputs(wheel: LocalWheel, project: Path) -> None:
    if (name := output_in(wheel.path, project)) is not None:
        raise DistributionError(
            f"The wheel of {wheel.distribution.name} has {name} in it, which a build made, so each "
            "zip would hold those before it. Leave it out of the wheel, or remove it and choose an "
            "output directory (for uv's cache: UV_CACHE_DIR; for temporary files: TMPDIR; for what "
            "Python compiles: PYTHONPYCACHEPREFIX) outside of what the wheel takes in."
        )


def _refuse_twins(selection: Selection, wheels: Iterable[LocalWheel]) -> None:
    """Refuse a lock with two distributions of one name: it says the names of directories nowhere.

    Raises:
        LockError: there are some.
    """
    places = {locked.name: "by a pin" for locked in selection.distributions}
    for wheel in wheels:
        name = wheel.distribution.name
        place = f"as {wheel.project.path}" if wheel.project else f"as {wheel.path.name}"
        if name in places:
            raise LockError(
                f"{selection.lock.name}: there would be two distributions called {name}, "
                f"{places[name]} and {place}. Keep one of them: take the other's line out, or "
                "rename one."
            )
        places[name] = place


def _refuse_overlaps(code: Code, added: Iterable[tuple[str, Entry]], artifact: Artifact) -> None:
    sources = {entry.name: source for source, entry in code.files}
    for source, entry in added:
        if other := sources.get(entry.name):
            raise ContentsError(
                f"{artifact.key}.include-files: {source} and {other}, from `code`, would both be "
                f"{entry.name} in the zip. Choose another place for one of them."
            )


def _check_gitignores(selection: Selection, own: OwnWheel | None, around: Surroundings) -> None:
    """Check that hatchling leaves nothing out by a .gitignore outside of the sources."""
    places: dict[LocalProject, tuple[str, ...]] = {}
    if own is not None:
        places[own.project] = ("lambda-zip", "wheel")
    places |= dict.fromkeys(selection.local_projects, ("wheel",))
    for project, targets in places.items():
        top = top_of(project.path, around.bound or around.root)
        check_stray_gitignore(project.path, top, name=project.name, targets=targets)


def _is_third_party_only(artifact: Artifact) -> bool:
    """Tell whether a layer ships no project of the workspace, since it names no distributions."""
    return artifact.kind is Kind.LAYER and artifact.distributions is None
