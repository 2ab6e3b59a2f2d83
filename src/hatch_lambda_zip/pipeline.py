"""The whole story of one function's zip."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_lambda_zip import checks
from hatch_lambda_zip.archive import write_archive
from hatch_lambda_zip.archive.encoder import check_encoder
from hatch_lambda_zip.contents import collect
from hatch_lambda_zip.embedding import embed, read_embedded
from hatch_lambda_zip.formatting import format_size, plural
from hatch_lambda_zip.handler import check_handler
from hatch_lambda_zip.lock.model import LockKind
from hatch_lambda_zip.manifest import (
    describe_inputs,
    holds_content,
    make_manifest,
    read_previous,
)
from hatch_lambda_zip.requirements_check import check_requirements
from hatch_lambda_zip.wheel import content_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hatch_lambda_zip.archive import Archive
    from hatch_lambda_zip.config import Function
    from hatch_lambda_zip.contents import Contents
    from hatch_lambda_zip.lock.model import Selection
    from hatch_lambda_zip.manifest import Inputs
    from hatch_lambda_zip.staging import OwnWheel, Site
    from hatch_lambda_zip.workshop import Workshop


@dataclass(frozen=True)
class Job:
    """One function to build.

    Attributes:
        function: what to build.
        output: the directory for the zip and its manifest.
        own: how to get the package's own wheel.
        reuse: leave outputs alone that were made from the very same inputs.
        embedded: a directory that :func:`prepare_embedding` filled, to build from instead of the
            lock and the local projects.
    """

    function: Function
    output: Path
    own: OwnWheel
    reuse: bool = False
    embedded: Path | None = None


def build_function(workshop: Workshop, job: Job) -> Path:
    """Build one function's zip and manifest.

    Returns:
        The zip's path.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure; then both outputs are
            what they were before.
    """
    started = time.monotonic()
    function, project, report = job.function, workshop.project, workshop.report
    label = label_of(workshop, function)
    artifact = job.output / project.artifact_name(function.name)
    check_encoder()

    selection = _select(workshop, job)
    report.info(f"{label}: {_what_is_staged(selection)}")
    previous = read_previous(artifact) if job.reuse and _is_pinned(selection) else None
    if previous is None:
        workshop.staging.start_installs(selection, function.target)
    wheels = workshop.staging.build_wheels(selection, function.target, job.own)
    inputs = describe_inputs(project, function, selection, wheels)
    if previous is not None and previous.inputs == inputs:
        report.info(f"{label}: unchanged, sha256 {previous.sha256}")
        return artifact
    sites = workshop.staging.finish(selection, function.target, wheels)
    contents = collect(sites)
    if job.embedded is not None or selection.lock.kind is not LockKind.UV:
        # uv has checked its own lock; nobody has checked these.
        check_requirements(project.name, sites, function.target, function.wants, selection.lock)

    unzipped = checks.check_unzipped_size(contents.entries)
    warnings = [*_compiled(function, sites), *contents.warnings]
    if all(".dist-info/" in e.name for e in contents.entries if e.distribution == project.name):
        warnings.append(f"the zip has no file of {project.name} itself: does its wheel have any?")
    if function.handler is not None:
        warnings += filter(None, [check_handler(function.handler, contents.entries)])
    for warning in warnings:
        report.warning(f"{label}: {warning}")

    count = plural(len(contents.entries), "file")
    report.info(f"{label}: compressing {count}, {format_size(unzipped)}")
    archive = _write(workshop, job, inputs, contents)
    if note := checks.upload_note(archive.size):
        report.warning(f"{label}: {note}")
    seconds = time.monotonic() - started
    report.info(f"{label}: {_summary(function, contents, archive, unzipped, seconds)}")
    return artifact


def prepare_embedding(workshop: Workshop, job: Job, directory: Path) -> None:
    """Put what a function needs, but for the package itself, into a directory for the sdist.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    target = job.function.target
    selection = _select(workshop, job)
    wheels = workshop.staging.build_wheels(selection, target, own=None)
    embed(selection, target, [wheel.path for wheel in wheels], directory)


def is_finished(workshop: Workshop, job: Job) -> bool:
    """Tell whether the function's outputs are there and have this very package in them.

    Raises:
        WheelBuildError: the package's wheel can't be built, and so not compared.
    """
    project = workshop.project
    previous = read_previous(job.output / project.artifact_name(job.function.name))
    if previous is None:
        return False
    wheel = job.own.build(workshop.workspace.directory)
    return wheel is not None and holds_content(previous, project, content_digest(wheel))


def label_of(workshop: Workshop, function: Function) -> str:
    """Return what lines for the user start with; the builds of a workspace mix theirs."""
    return f"{workshop.project.name}:{function.name}"


def _select(workshop: Workshop, job: Job) -> Selection:
    """Select what the function needs, from the lock or from what an sdist took along."""
    function = job.function
    if job.embedded is not None:
        return read_embedded(job.embedded, function.target)
    name = workshop.reader.lock.path.name
    label = label_of(workshop, function)
    workshop.report.info(f"{label}: reading {name} for {function.target}")
    return workshop.reader.select(function.target, function.wants)


def _write(workshop: Workshop, job: Job, inputs: Inputs, contents: Contents) -> Archive:
    """Write zip and manifest, and move both into place."""
    function, workspace = job.function, workshop.workspace
    with workspace.writing(job.output / workshop.project.artifact_name(function.name)) as stream:
        inspect = checks.machine_inspector(function.target)
        archive = write_archive(contents.entries, stream, inspect=inspect)
    with workspace.writing(job.output / workshop.project.manifest_name(function.name)) as stream:
        stream.write(make_manifest(inputs, contents, archive).encode())
    workspace.publish()
    return archive


def _what_is_staged(selection: Selection) -> str:
    locked = sum(len(install.distributions) for install in selection.installs)
    local = 1 + len(selection.local_projects)
    return f"{plural(locked, 'locked distribution')}, {plural(local, 'wheel')} to build"


def _is_pinned(selection: Selection) -> bool:
    """Tell whether the lock alone says what is installed.

    What is built from a commit or an sdist follows from uv's configuration as well, and a file on
    this machine may have changed since it was locked.
    """
    return not any(install.builds or install.files for install in selection.installs)


def _compiled(function: Function, sites: Iterable[Site]) -> Iterator[str]:
    for site in sites:
        for name in site.compiled:
            yield (
                f"{name} was compiled on this machine; another machine's compiler may make other "
                "bytes of it, and it may need a newer glibc than "
                f"{function.target.runtime.identifier} has"
            )


def _summary(
    function: Function, contents: Contents, archive: Archive, unzipped: int, seconds: float
) -> str:
    target = function.target
    return (
        f"{target.runtime.identifier}/{target.architecture}, "
        f"{plural(len(contents.distributions), 'distribution')}, "
        f"{plural(len(archive.members), 'file')}, {format_size(unzipped)} unzipped, "
        f"{format_size(archive.size)} zipped, {seconds:.1f} s, sha256 {archive.sha256.hex()}"
    )
