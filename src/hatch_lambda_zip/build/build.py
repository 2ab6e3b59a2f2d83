"""The whole story of one zip, a function's or a layer's."""

from __future__ import annotations
from collections.abc import Iterable, Iterator
from pathlib import Path
from hatch_lambda_zip.archive import Archive
from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.lock.model import Selection
from hatch_lambda_zip.build.manifest import Inputs
from hatch_lambda_zip.contents.decide import Shipment
from hatch_lambda_zip.install.install import OwnWheel, Site
from hatch_lambda_zip.build.session import Session, available_cpus

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hatch_lambda_zip.contents import limits
from hatch_lambda_zip.archive import check_encoder, write_archive
from hatch_lambda_zip.config.file_names import file_name, manifest_name
from hatch_lambda_zip.config.model import Kind
from hatch_lambda_zip.build.embed import embed, read_embedded
from hatch_lambda_zip.text import format_size, plural
from hatch_lambda_zip.install.read import read_installed
from hatch_lambda_zip.lock.model import LockKind
from hatch_lambda_zip.build.manifest import describe_inputs, holds_content, make_manifest, read_previous
from hatch_lambda_zip.build.inputs import Materials
from hatch_lambda_zip.contents.own_files import read_added
from hatch_lambda_zip.contents.requirements_graph import check_requirements
from hatch_lambda_zip.contents.decide import ship_function, ship_layer
from hatch_lambda_zip.install.wheel import content_digest



@dataclass(frozen=True)
class Job:
    """One zip to build.

    Attributes:
        artifact: what to build.
        layers: those that a function is deployed with.
        output: the directory for the zip and its manifest.
        own: how to get the package's own wheel.
        reuse: leave outputs alone that were made from the very same inputs.
        embedded: a directory that :func:`prepare_embedding` filled for each artifact, to build
            from instead of the lock and the local projects.
    """

    artifact: Artifact
    layers: tuple[Artifact, ...]
    output: Path
    own: OwnWheel
    reuse: bool = False
    embedded: Path | None = None


def build_artifact(session: Session, job: Job) -> Path:
    """Build one zip and its manifest.

    Returns:
        The zip's path.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure; then both outputs are
            what they were before.
    """
    started = time.monotonic()
    artifact, project, report = job.artifact, session.project, session.report
    label = label_of(session, artifact)
    output = job.output / file_name(artifact, project)
    check_encoder()

    report.info(f"{label}: reading {_lock_name(session, job)} for {artifact.platform}")
    selection = _select(session, job, artifact)
    report.info(f"{label}: {_what_is_staged(selection, artifact)}")
    needed = [(artifact, selection)]
    needed += [(layer, _select(session, job, layer)) for layer in job.layers]
    is_pinned = all(_is_pinned(one) for _, one in needed)
    previous = read_previous(output) if job.reuse and is_pinned else None
    if previous is None:
        for _, one in needed:
            session.staging.start_installs(one, artifact.platform)
    materials, *layers = [_prepare(session, job, *one) for one in needed]
    inputs = describe_inputs(project, materials, layers)
    if previous is not None and previous.inputs == inputs:
        report.info(f"{label}: unchanged, sha256 {previous.sha256}")
        return output
    shipment = _ship(session, job, materials, layers)
    entries = shipment.contents.entries
    unzipped = sum(entry.size for entry in entries)
    _check_size(session, job, shipment)
    for warning in shipment.warnings:
        report.warning(f"{label}: {warning}")
    if shipment.left_as_source:
        count = plural(len(shipment.left_as_source), "module")
        report.info(f"{label}: {count} without bytecode; the manifest says why")

    report.info(f"{label}: compressing {plural(len(entries), 'file')}, {format_size(unzipped)}")
    archive = _write(session, job, inputs, shipment)
    if note := limits.upload_note(archive.size):
        report.warning(f"{label}: {note}")
    seconds = time.monotonic() - started
    report.info(f"{label}: {_summary(artifact, shipment, archive, unzipped, seconds)}")
    return output


def prepare_embedding(session: Session, job: Job, directory: Path) -> None:
    """Put what a zip needs, but for the package itself, into a directory for the sdist.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    platform = job.artifact.platform
    selection = _select(session, job, job.artifact)
    wheels = session.staging.build_wheels(selection, platform, own=None)
    embed(selection, platform, [wheel.path for wheel in wheels], directory / job.artifact.name)


def is_finished(session: Session, job: Job) -> bool:
    """Tell whether an artifact's outputs are there and have this very package in them.

    Raises:
        DistributionError: the package's wheel can't be built, and so not compared.
    """
    project = session.project
    previous = read_previous(job.output / file_name(job.artifact, project))
    if previous is None:
        return False
    if job.artifact.kind is Kind.LAYER:
        return True  # nothing of the package itself is in it
    wheel = job.own.build(session.workspace.directory)
    return wheel is not None and holds_content(previous, project, content_digest(wheel))


def label_of(session: Session, artifact: Artifact) -> str:
    """Return what lines for the user start with; the builds of a workspace mix theirs."""
    return f"{session.project.name}:{artifact.name}"


def _lock_name(session: Session, job: Job) -> str:
    return "the sdist's part of the lock" if job.embedded else session.reader.lock.path.name


def _select(session: Session, job: Job, artifact: Artifact) -> Selection:
    """Select what is needed, from the lock or from what an sdist took along."""
    if job.embedded is not None:
        return read_embedded(job.embedded / artifact.name, artifact.platform)
    return session.reader.select(artifact.platform, artifact.request)


def _prepare(session: Session, job: Job, artifact: Artifact, selection: Selection) -> Materials:
    """Build the local wheels, and read the project's other files."""
    if artifact.kind is Kind.FUNCTION:
        wheels = session.staging.build_wheels(selection, artifact.platform, job.own)
    elif artifact.distributions is not None:
        wheels = session.staging.build_wheels(selection, artifact.platform, own=None)
    else:
        # Everything third-party: then nothing of the workspace is looked at.
        selection, wheels = replace(selection, local_projects=(), wheels=()), ()
    files = artifact.own_files.added
    added = read_added(session.root, files, owner=session.project.name, key=artifact.key)
    return Materials(artifact, selection, wheels, added)


def _ship(
    session: Session, job: Job, materials: Materials, layers: Iterable[Materials]
) -> Shipment:
    """Wait for what is staged, and decide what ships of it; only once for each artifact."""
    artifact, project, selection = materials.artifact, session.project, materials.selection
    if artifact.name in session.shipments:
        return session.shipments[artifact.name]
    sites = session.staging.finish(selection, artifact.platform, materials.wheels)
    installed = read_installed(sites)
    added = [entry for _, entry in materials.added]
    compiler = session.compiler(artifact.bytecode)
    if compiler is not None:
        session.report.info(
            f"{label_of(session, artifact)}: compiling with CPython {artifact.bytecode.python}"
        )
    if artifact.kind is Kind.LAYER:
        shipment = ship_layer(artifact, project, installed, added, compiler)
    else:
        if job.embedded is not None or selection.lock.kind is not LockKind.UV:
            # uv has checked its own lock; nobody has checked these.
            check_requirements(
                project.name, installed, artifact.platform, artifact.request, selection.lock
            )
        shipped = {layer.artifact.table: _ship(session, job, layer, ()) for layer in layers}
        shipment = ship_function(artifact, project, installed, added, shipped, compiler)
    compiled = tuple(_compiled(artifact, shipment, sites))
    shipment = replace(shipment, warnings=(*compiled, *shipment.warnings))
    session.shipments[artifact.name] = shipment
    return shipment


def _check_size(session: Session, job: Job, shipment: Shipment) -> None:
    entries = [*shipment.contents.entries]
    for layer in job.layers:
        entries += session.shipments[layer.name].contents.entries
    what = job.artifact.kind.value
    limits.check_unzipped_size(entries, f"{what} with its layers" if job.layers else what)


def _write(session: Session, job: Job, inputs: Inputs, shipment: Shipment) -> Archive:
    """Write zip and manifest, and move both into place."""
    artifact, project, workspace = job.artifact, session.project, session.workspace
    with workspace.writing(job.output / file_name(artifact, project)) as stream:
        inspect = limits.machine_inspector(artifact.platform)
        archive = write_archive(
            shipment.contents.entries, stream, inspect=inspect, workers=available_cpus()
        )
    with workspace.writing(job.output / manifest_name(artifact, project)) as stream:
        stream.write(make_manifest(inputs, shipment, archive).encode())
    workspace.publish()
    return archive


def _what_is_staged(selection: Selection, artifact: Artifact) -> str:
    locked = sum(len(install.distributions) for install in selection.installs)
    wheels = len(selection.local_projects) + (artifact.kind is Kind.FUNCTION)
    if artifact.kind is Kind.LAYER and artifact.distributions is None:
        wheels = 0
    return f"{plural(locked, 'locked distribution')}, {plural(wheels, 'wheel')} to build"


def _is_pinned(selection: Selection) -> bool:
    """Tell whether the lock alone says what is installed.

    What is built from a commit or an sdist follows from uv's configuration as well, and a file on
    this machine may have changed since it was locked.
    """
    return not any(install.builds or install.files for install in selection.installs)


def _compiled(artifact: Artifact, shipment: Shipment, sites: Iterable[Site]) -> Iterator[str]:
    shipped = {distribution.name for distribution in shipment.contents.distributions}
    for site in sites:
        for name in site.compiled:
            if name in shipped:
                yield (
                    f"{name} was compiled on this machine; another machine's compiler may make "
                    "other bytes of it, and it may need a newer glibc than "
                    f"{artifact.platform.runtime.identifier} has"
                )


def _summary(
    artifact: Artifact, shipment: Shipment, archive: Archive, unzipped: int, seconds: float
) -> str:
    platform = artifact.platform
    return (
        f"{platform.runtime.identifier}/{platform.architecture}, "
        f"{plural(len(shipment.contents.distributions), 'distribution')}, "
        f"{plural(len(archive.members), 'file')}, {format_size(unzipped)} unzipped, "
        f"{format_size(archive.size)} zipped, {seconds:.1f} s, sha256 {archive.sha256.hex()}"
    )
