"""What a zip is made from, before anything is installed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hatch_lambda_zip.config import Artifact, Kind
from hatch_lambda_zip.contents import read_added
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installer, LocalWheel, OwnWheel
from hatch_lambda_zip.lock import Selection


@dataclass(frozen=True)
class Inputs:
    """What one zip is made from.

    Attributes:
        artifact: the function or layer.
        selection: from the lock.
        wheels: the local projects, as just built.
        added: files of the project that ship besides, by their sources.
    """

    artifact: Artifact
    selection: Selection
    wheels: tuple[LocalWheel, ...] = ()
    added: tuple[tuple[str, Entry], ...] = ()

    @property
    def pins(self) -> dict[str, str]:
        """What the content of each distribution is pinned by, ascending by their names."""
        local = [wheel.distribution for wheel in self.wheels]
        both = [*self.selection.distributions, *local]
        return {locked.name: locked.identity for locked in sorted(both, key=lambda item: item.name)}


def wheels_to_build(artifact: Artifact, selection: Selection) -> int:
    """Return how many local projects a zip needs as wheels, the package itself among them."""
    if _is_third_party_only(artifact):
        return 0
    return len(selection.local_projects) + (artifact.kind is Kind.FUNCTION)


def gather_inputs(
    artifact: Artifact,
    selection: Selection,
    own: OwnWheel,
    installer: Installer,
    root: Path,
) -> Inputs:
    """Build the local wheels that a zip needs, and read the project's other files.

    Args:
        root: the package's directory.

    Raises:
        DistributionError: a wheel can't be built, or is for another platform.
        ContentsError: a file is not there.
        UvTimeoutError: a build did not end in time.
    """
    if _is_third_party_only(artifact):
        # Then nothing of the workspace is looked at.
        lock = replace(selection.lock, wheels=())
        selection = replace(selection, lock=lock, local_projects=())
    wanted = own if artifact.kind is Kind.FUNCTION else None
    wheels = installer.build_wheels(selection, artifact.platform, wanted)
    files = artifact.own_files.added
    added = read_added(root, files, owner=own.project.name, key=artifact.key)
    return Inputs(artifact, selection, wheels, added)


def _is_third_party_only(artifact: Artifact) -> bool:
    """Tell whether a layer ships no project of the workspace, since it names no distributions."""
    return artifact.kind is Kind.LAYER and artifact.distributions is None
