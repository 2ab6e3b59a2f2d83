"""The input digest: one hash over all that decides a zip's bytes, before anything is installed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.build.job import Job, gather_all, select_all
from hatch_lambda_zip.build.manifest import describe_inputs
from hatch_lambda_zip.build.session import Session
from hatch_lambda_zip.files import failure_at
from hatch_lambda_zip.lock import Selection

# What a manifest says besides, and no byte of the zip follows from.
_NAMES: Final = frozenset(
    (
        *("schema", "artifact", "sbom", "target", "project", "function", "layer"),
        "adjustments",
    )
)


@dataclass(frozen=True)
class InputDigest:
    """What a zip is made from, as one hash.

    Attributes:
        value: in hexadecimal; None where it can't be told.
        unknown: why not, in a sentence; else empty.
    """

    value: str | None
    unknown: str = ""


def input_digest(job: Job, session: Session) -> InputDigest:
    """Return the digest of what one zip is made from: with equal ones, zips are equal to the byte.

    Nothing that the lock names is installed. Local projects are built as wheels, as for each zip:
    whatever has a say in them (a build back end, its version, its hooks) is in the digest through
    what it made.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    selections = select_all(job, session)
    for unknown in _not_pinned(selections.values()):
        return InputDigest(None, unknown)
    needed = gather_all(job, session, selections)  # the zip's inputs, and its layers'
    for unknown in _compiled(needed):
        return InputDigest(None, unknown)
    document = [_describe(inputs, session) for inputs in needed]
    try:
        files = [*_digests_of_files(selections.values())]
    except OSError as error:
        return InputDigest(None, f"{failure_at(error)}, which the lock names")
    text = json.dumps([*document, files], sort_keys=True)
    return InputDigest(hashlib.sha256(text.encode()).hexdigest())


def _describe(inputs: Inputs, session: Session) -> dict[str, object]:
    described = describe_inputs(session.project, inputs, ())
    # Where a file lies in the project is no matter, only where it is in the zip.
    added = sorted((entry.name, str(entry.digest)) for _, entry in inputs.added)
    return {
        **{key: value for key, value in described.items() if key not in _NAMES},
        "include_files": added,
    }


def _not_pinned(selections: Iterable[Selection]) -> Iterator[str]:
    for selection in selections:
        for install in selection.installs:
            if install.builds or install.may_build:
                names = ", ".join(locked.name for locked in install.distributions)
                yield (
                    f"{names} may be built from source, by what its build requires at that time, "
                    f"which {selection.lock.name} does not say"
                )


def _compiled(needed: Iterable[Inputs]) -> Iterator[str]:
    for wheel in (wheel for inputs in needed for wheel in inputs.wheels):
        if wheel.is_compiled:
            yield (
                f"{wheel.distribution.name} is compiled, and another machine's compiler may make "
                "other bytes of it"
            )


def _digests_of_files(selections: Iterable[Selection]) -> Iterator[str]:
    """Yield the hashes of files on this machine that locks name: they may be others by now."""
    for selection in selections:
        for install in selection.installs:
            for path in install.files:
                yield hashlib.sha256(path.read_bytes()).hexdigest()
