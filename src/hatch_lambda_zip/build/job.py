"""One zip to build, and what it is made from: the steps that come before anything is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hatch_lambda_zip.build.inputs import Inputs, gather_inputs
from hatch_lambda_zip.build.session import Session
from hatch_lambda_zip.config import Artifact
from hatch_lambda_zip.contents import Contents, Outputs
from hatch_lambda_zip.install import OwnWheel
from hatch_lambda_zip.lock import LockFile, Selection


@dataclass(frozen=True)
class Job:
    """One zip to build.

    Attributes:
        artifact: what to build.
        layers: those that a function is deployed with.
        output: the directory for the zip and its manifest.
        own: how to get the package's own wheel.
        outputs: where builds of the project write.
        reuse: leave outputs alone that were made from the very same inputs.
    """

    artifact: Artifact
    layers: tuple[Artifact, ...]
    output: Path
    own: OwnWheel
    outputs: Outputs
    reuse: bool = False


def select_all(job: Job, session: Session) -> dict[Artifact, Selection]:
    """Return what the lock selects for a zip and then its layers.

    Raises:
        LambdaZipError: a lock does not say it, or the package's own wheel can't be built.
    """
    own = job.own if job.artifact.ships_package else None
    return session.select_all((job.artifact, *job.layers), own)


def gather_all(
    job: Job, session: Session, selections: Mapping[Artifact, Selection]
) -> list[Inputs]:
    """Return what a zip and then its layers are made from.

    Raises:
        LambdaZipError: see ``gather_inputs``.
    """
    return [
        gather_inputs(
            needed,
            selection,
            job.own,
            session.installer,
            session.surroundings(selection, job.outputs),
            session.locks.lenders(needed, selection.lock),
        )
        for needed, selection in selections.items()
    ]


def layers_by_name(
    layers: Iterable[Inputs],
    session: Session,
    decide: Callable[[Inputs], Contents],
    lock: LockFile,
) -> dict[str, Contents]:
    """Return what the layers of a function ship, by their names.

    Args:
        decide: says it.
        lock: the function's.
    """
    return {
        layer.artifact.table: replace(
            decide(layer), is_locked_apart=session.are_apart(layer.selection.lock, lock)
        )
        for layer in layers
    }
