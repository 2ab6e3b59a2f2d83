"""One zip from start to end: select, install, decide, compress, describe."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from hatch_lambda_zip.archive import Archive, write_archive
from hatch_lambda_zip.build.embed import embed
from hatch_lambda_zip.build.inputs import Inputs, wheels_to_build
from hatch_lambda_zip.build.job import Job, gather_all, layers_by_name, select_all
from hatch_lambda_zip.build.manifest import (
    describe_artifact,
    describe_inputs,
    describe_layer,
    make_manifest,
)
from hatch_lambda_zip.build.previous import read_previous
from hatch_lambda_zip.build.sbom import make_sbom
from hatch_lambda_zip.build.session import Session
from hatch_lambda_zip.build.shared import inspect
from hatch_lambda_zip.build.version_notes import version_notes
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.config import (
    PARENT,
    Artifact,
    Kind,
    Project,
    file_name,
    manifest_name,
    sbom_name,
)
from hatch_lambda_zip.contents import (
    Contents,
    Outputs,
    added_files,
    check_machines,
    check_unzipped_size,
    is_artifact,
    upload_note,
)
from hatch_lambda_zip.errors import ConfigError, ContentsError
from hatch_lambda_zip.install import content_digest
from hatch_lambda_zip.lock import LockKind
from hatch_lambda_zip.process.threads import available_cpus
from hatch_lambda_zip.text import Extent, Reporter, format_size, plural


def build_zip(job: Job, session: Session) -> Path:
    """Build one zip and its manifest.

    Returns:
        The zip's path.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure; then both outputs are
            what they were before.
    """
    session.workspace.sweep(job.output)  # there may be nothing to write
    return session.surviving_damaged_packs(lambda: _build_zip(job, session))


def _build_zip(job: Job, session: Session) -> Path:
    started = time.monotonic()
    artifact, project, report = job.artifact, session.project, session.report
    progress = session.progress
    label = session.label(artifact)
    output = job.output / file_name(artifact, project)

    lock = session.locks.of(artifact)
    source = "no lock, as nothing is required," if lock.kind is LockKind.NONE else lock.path.name
    progress.step(label, f"reading {source} for {artifact.platform}")
    selections = select_all(job, session)
    for warning in selections[artifact].warnings:
        report.warning(f"{label}: {warning}")
    locked, to_build = (
        selections[artifact].distributions,
        wheels_to_build(artifact, selections[artifact]),
    )
    extent = Extent("installing", len(locked) + to_build)
    wheels = f"{plural(to_build, 'wheel')} to build"
    progress.step(label, f"{plural(len(locked), 'locked distribution')}, {wheels}", extent)

    is_pinned = all(selection.is_pinned for selection in selections.values())
    may_stay = job.reuse and is_pinned and output.is_file()
    if not may_stay:
        for needed, selection in selections.items():
            told = partial(progress.advance, label) if needed == artifact else None
            session.installer.start(selection, artifact.platform, told)
    inputs, *layers = gather_all(job, session, selections)
    progress.advance(label, to_build)
    manifest = job.output / manifest_name(artifact, project)
    sbom = job.output / sbom_name(artifact, project)
    _check_places((output, manifest, sbom), inputs, session.root.resolve())
    built = [wheel for needed in (inputs, *layers) for wheel in needed.wheels]
    for line in version_notes(built, project):
        session.tell_once(line)
    description = describe_inputs(project, inputs, layers)
    # Read only now: meanwhile, another build may have replaced it.
    previous = read_previous(output) if may_stay else None
    if (
        previous is not None
        and previous.is_made_from(
            description, inputs.sources, inputs.code.left_out if artifact.code else None
        )
        # Git's index may say more than when that was made.
        and not any(map(session.has_odd_files, (inputs, *layers)))
    ):
        progress.finish(label, f"unchanged, sha256 {previous.sha256}")
        return output

    shipped_layers = layers_by_name(layers, session, session.layer_contents, lock)
    if artifact.bytecode.python is not None:
        progress.step(label, f"compiling with CPython {artifact.bytecode.python}")
    contents = (
        session.layer_contents(inputs)
        if artifact.kind is Kind.LAYER
        else session.function_contents(inputs, shipped_layers)
    )
    _check_size(artifact, [contents, *shipped_layers.values()])
    _report(contents, label, report)

    files, size = plural(len(contents.entries), "file"), format_size(contents.unzipped_size)
    extent = Extent("compressing", contents.unzipped_size, is_bytes=True)
    progress.step(label, f"compressing {files}, {size}", extent)
    with session.workspace.writing(output) as stream:
        archive = write_archive(
            contents.entries,
            stream,
            inspect=inspect,
            workers=available_cpus(),
            store=session.store,
            told=partial(progress.advance, label),
        )
        notes = _check_machines(inputs, contents, archive)
    listed = make_sbom(project, inputs, contents, archive) if artifact.options.sbom else None
    written = make_manifest(description, contents, archive, listed)
    _put({sbom: listed, manifest: written}, session.workspace)
    for note in notes:
        report.info(f"{label}: {note}")
    if too_large := upload_note(archive.size):
        report.warning(f"{label}: {too_large}")
    seconds = time.monotonic() - started
    progress.finish(label, _summary(artifact, contents, archive, seconds))
    return output


def _put(described: Mapping[Path, bytes | None], workspace: Workspace) -> None:
    """Put a zip into place with the files that describe it.

    Args:
        described: their content; None where there is to be none any longer.
    """
    for path, content in described.items():
        if content is not None:
            with workspace.writing(path) as stream:
                stream.write(content)
        elif is_artifact(path):
            workspace.remove(path)
    workspace.publish()


def embed_lock(
    artifact: Artifact, session: Session, outputs: Outputs, directory: Path
) -> list[Path]:
    """Put what a zip needs, but for the package itself, into a directory for the sdist.

    Returns:
        The files of the project that the sdist has to take along besides.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    if artifact.code:
        message = (
            f"{artifact.key}.code: can't be taken along in an sdist; remove `embed-lock` from "
            "[tool.hatch.build.hooks.lambda-zip], or build the zips from the source tree"
        )
        raise ConfigError([message])
    for source, _ in artifact.own_files.added:
        if source.startswith(PARENT):
            raise _outside(artifact, source, "is")
    selection = session.select(artifact)
    wheels = session.installer.build_wheels(selection, artifact.platform, own=None)
    around = session.surroundings(selection, outputs)
    root = session.root.resolve()
    files: list[Path] = []
    for source, _ in artifact.own_files.added:
        found = added_files(around, source, f'{artifact.key}.include-files."{source}"')
        for file in found:
            if not Path(os.path.realpath(file)).is_relative_to(root):
                raise _outside(artifact, source, f"{file} is a link to what is")
        files += found
    embed(
        selection,
        artifact.platform,
        [wheel.path for wheel in wheels],
        directory / artifact.name,
        [file.relative_to(session.root).as_posix() for file in files],
    )
    return files


def _outside(artifact: Artifact, source: str, what: str) -> ConfigError:
    message = (
        f'{artifact.key}.include-files."{source}": {what} outside of the project, so an sdist '
        "can't take it along; copy it into the project, or remove `embed-lock` from "
        "[tool.hatch.build.hooks.lambda-zip]"
    )
    return ConfigError([message])


def is_built(job: Job, project: Project, wheel: Path) -> bool:
    """Tell whether a zip and its manifest are there, as a build for this configuration left them.

    Args:
        wheel: the package's own, which it has to have been made from.

    Raises:
        DistributionError: that is no valid wheel.
    """
    previous = read_previous(job.output / file_name(job.artifact, project))
    layers = [describe_layer(project, layer) for layer in job.layers]
    if previous is None or not previous.is_of(describe_artifact(project, job.artifact), layers):
        return False
    if not job.artifact.ships_package:
        return True  # nothing of it is in the zip
    return previous.has_content(project.name, content_digest(wheel, project.zip_version))


def _report(contents: Contents, label: str, report: Reporter) -> None:
    """Say what the user should know of what ships."""
    for warning in contents.warnings:
        report.warning(f"{label}: {warning}")
    for note in contents.notes:
        report.info(f"{label}: {note}")
    if contents.left_as_source:
        count = plural(len(contents.left_as_source), "module")
        report.info(f"{label}: {count} without bytecode; the manifest says why")


def _check_places(outputs: Iterable[Path], inputs: Inputs, root: Path) -> None:
    """Check that no file that ships would be replaced by the zip or its manifest."""
    added = {os.path.realpath(root / source) for source, _ in inputs.added}
    for output in outputs:
        if os.path.realpath(output) in added:
            raise ContentsError(
                f"{output} is to ship, and this build would replace it, so the next zip would hold "
                "this one. Move it away, or choose another `filename` or `directory` (or `-d`, "
                "`-o`)."
            )


def _check_size(artifact: Artifact, contents: Sequence[Contents]) -> None:
    """Check the size of a function with its layers, or of a layer."""
    what = artifact.kind.value
    entries = [entry for shipped in contents for entry in shipped.entries]
    check_unzipped_size(entries, f"{what} with its layers" if len(contents) > 1 else what)


def _check_machines(inputs: Inputs, contents: Contents, archive: Archive) -> tuple[str, ...]:
    artifact = inputs.artifact
    return check_machines(
        ((item.entry, item.machine) for item in archive.members if item.machine is not None),
        contents.installed,
        {entry.name: source for source, entry in inputs.added},
        artifact.platform,
        prefix=artifact.kind.prefix,
        key=artifact.key,
    )


def _summary(artifact: Artifact, contents: Contents, archive: Archive, seconds: float) -> str:
    platform = artifact.platform
    return (
        f"{platform.runtime.identifier}/{platform.architecture}, "
        f"{plural(len(contents.installed), 'distribution')}, "
        f"{plural(len(archive.members), 'file')}, {format_size(contents.unzipped_size)} unzipped, "
        f"{format_size(archive.size)} zipped, {seconds:.1f} s, sha256 {archive.sha256.hex()}"
    )
