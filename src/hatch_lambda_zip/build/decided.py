"""What a build decides of one zip before it compresses: what `why` answers from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hatch_lambda_zip.build.job import Job, gather_all, layers_by_name, select_all
from hatch_lambda_zip.build.session import Session
from hatch_lambda_zip.config import CheckImports, Kind
from hatch_lambda_zip.contents.why import Decided
from hatch_lambda_zip.lock import LockFile, LockKind
from hatch_lambda_zip.lock.compile import locked_versions


def decide_unchecked(job: Job, session: Session) -> Decided:
    """Decide what ships, but for the checks that have no say in it.

    So there is an answer for a function that is too large, or that imports what is not there.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    options = job.artifact.options.changed(check_imports=CheckImports.OFF)
    job = replace(job, artifact=replace(job.artifact, options=options))
    return session.surviving_damaged_packs(lambda: _decide(job, session))


def _decide(job: Job, session: Session) -> Decided:
    inputs, *needed = gather_all(job, session, select_all(job, session))
    selection, artifact = inputs.selection, inputs.artifact
    layers = layers_by_name(needed, session, session.decided_layer, selection.lock)
    if artifact.kind is Kind.LAYER:
        contents = session.decided_layer(inputs)
    else:
        contents = session.decided_function(inputs, layers)
    installed = session.installer.install(selection, artifact.platform, inputs.wheels)
    places = {local.name: local.path for local in selection.local_projects}
    if artifact.ships_package:
        places[session.project.name] = session.root
    return Decided(
        artifact,
        session.requirers(artifact, selection),
        contents,
        layers,
        installed,
        inputs.added,
        inputs.code,
        inputs.around,
        places,
        _locked(selection.lock),
    )


def _locked(lock: LockFile) -> Mapping[str, str]:
    """Return the versions that a lock has for everything; nothing for one that is a flat list."""
    if lock.kind not in {LockKind.UV, LockKind.PYLOCK}:
        return {}
    return locked_versions(lock.path.read_text(encoding="utf-8-sig"))
