"""The whole story of one function's zip."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hatch_lambda_zip import checks
from hatch_lambda_zip.archive import write_archive
from hatch_lambda_zip.archive.encoder import check_encoder
from hatch_lambda_zip.contents import collect
from hatch_lambda_zip.embedding import embed, read_embedded
from hatch_lambda_zip.formatting import format_size, plural
from hatch_lambda_zip.handler import check_handler
from hatch_lambda_zip.lock.find import find_lock
from hatch_lambda_zip.lock.model import LocalProject
from hatch_lambda_zip.lock.read import read_lock
from hatch_lambda_zip.manifest import (
    describe_inputs,
    holds_content,
    make_manifest,
    read_previous,
)
from hatch_lambda_zip.output import Workspace
from hatch_lambda_zip.staging import Staging
from hatch_lambda_zip.uv import find_uv
from hatch_lambda_zip.wheel import content_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from hatch_lambda_zip.archive import Archive
    from hatch_lambda_zip.config import Function
    from hatch_lambda_zip.contents import Contents
    from hatch_lambda_zip.lock.model import Selection
    from hatch_lambda_zip.project import Project
    from hatch_lambda_zip.staging import LocalWheel
    from hatch_lambda_zip.uv import Uv


class Reporter(Protocol):
    """Takes lines for the user."""

    def info(self, message: str) -> None:
        """Report progress."""

    def warning(self, message: str) -> None:
        """Report what may be wrong."""

    def debug(self, message: str) -> None:
        """Report what only ``-v`` shows."""


@dataclass(frozen=True)
class Job:
    """One function to build.

    Attributes:
        project: the package.
        root: its directory.
        function: what to build.
        lock: the value of ``lock`` in the configuration.
        output: the directory for the zip and its manifest.
        build_own: builds the package's own wheel into a directory; None when uv has to do it.
        reuse: leave outputs alone that were made from the very same inputs.
        embedded: a directory that :func:`prepare_embedding` filled, to build from instead of the
            lock and the local projects.
    """

    project: Project
    root: Path
    function: Function
    lock: str | None
    output: Path
    build_own: Callable[[Path], Path | None]
    reuse: bool = False
    embedded: Path | None = None

    @property
    def label(self) -> str:
        """What lines for the user start with; builds of a workspace mix theirs."""
        return f"{self.project.name}:{self.function.name}"


def build_function(job: Job, report: Reporter) -> Path:
    """Build one function's zip and manifest.

    Returns:
        The zip's path.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure; then both outputs are
            what they were before.
    """
    started = time.monotonic()
    function, project = job.function, job.project
    artifact = job.output / project.artifact_name(function.name)
    check_encoder()
    manifest = job.output / project.manifest_name(function.name)
    with Workspace([artifact, manifest]) as workspace:
        uv = find_uv(os.environ, log=report.debug, keep_open=workspace.keep_open)
        if job.embedded is not None:
            selection = read_embedded(job.embedded, function.target)
        else:
            selection = _select(job, uv, report)
        previous = read_previous(artifact) if job.reuse else None
        with Staging(selection, function.target, uv=uv, directory=workspace.directory) as staging:
            report.info(_what_is_staged(job, selection))
            if previous is None:
                staging.start_installs()
            wheels = staging.build_wheels(LocalProject(project.name, job.root), job.build_own)
            inputs = describe_inputs(project, function, selection, wheels)
            if previous is not None and previous.inputs == inputs:
                report.info(f"{job.label}: unchanged, sha256 {previous.sha256}")
                return artifact
            contents = collect(staging.finish(wheels))
        warnings = [*_compiled(function, wheels), *contents.warnings]
        unzipped = checks.check_unzipped_size(contents.entries)
        if function.handler is not None:
            warnings += filter(None, [check_handler(function.handler, contents.entries)])
        for warning in warnings:
            report.warning(f"{job.label}: {warning}")

        report.info(
            f"{job.label}: compressing {plural(len(contents.entries), 'file')}, "
            f"{format_size(unzipped)}"
        )
        with workspace.writing(artifact) as stream:
            archive = write_archive(
                contents.entries, stream, inspect=checks.machine_inspector(function.target)
            )
        with workspace.writing(manifest) as stream:
            stream.write(make_manifest(inputs, contents, archive).encode())
        workspace.publish()
    if note := checks.upload_note(archive.size):
        report.warning(f"{job.label}: {note}")
    report.info(_summary(job, contents, archive, unzipped, time.monotonic() - started))
    return artifact


def prepare_embedding(job: Job, directory: Path, report: Reporter) -> None:
    """Put what a function needs, but for the package itself, into a directory for the sdist.

    Raises:
        LambdaZipError: one of its subclasses for every expected failure.
    """
    with Workspace() as workspace:
        uv = find_uv(os.environ, log=report.debug, keep_open=workspace.keep_open)
        selection = _select(job, uv, report)
        with Staging(
            selection, job.function.target, uv=uv, directory=workspace.directory
        ) as staging:
            wheels = staging.build_local_projects()
        embed(selection, job.function.target, [wheel.path for wheel in wheels], directory)


def is_finished(job: Job) -> bool:
    """Tell whether the function's outputs are there and have this very package in them.

    Raises:
        WheelBuildError: the package's wheel can't be built, and so not compared.
    """
    previous = read_previous(job.output / job.project.artifact_name(job.function.name))
    if previous is None:
        return False
    with Workspace() as workspace:
        wheel = job.build_own(workspace.directory)
        return wheel is not None and holds_content(previous, job.project, content_digest(wheel))


def _select(job: Job, uv: Uv, report: Reporter) -> Selection:
    """Read the part of the lock that the function needs."""
    function = job.function
    lock = find_lock(job.root, job.lock, uv)
    report.info(f"{job.label}: reading {lock.path.name} for {function.target}")
    return read_lock(lock, function.target, root=job.root, name=job.project.name, uv=uv)


def _what_is_staged(job: Job, selection: Selection) -> str:
    locked = sum(len(install.distributions) for install in selection.installs)
    local = 1 + len(selection.local_projects)
    return (
        f"{job.label}: {plural(locked, 'locked distribution')}, {plural(local, 'wheel')} to build"
    )


def _compiled(function: Function, wheels: Iterable[LocalWheel]) -> Iterator[str]:
    for wheel in wheels:
        if wheel.is_compiled:
            yield (
                f"{wheel.distribution.name} was compiled on this machine; another machine's "
                "compiler may make other bytes of it, and it may need a newer glibc than "
                f"{function.target.runtime.identifier} has"
            )


def _summary(job: Job, contents: Contents, archive: Archive, unzipped: int, seconds: float) -> str:
    target = job.function.target
    return (
        f"{job.label}: {target.runtime.identifier}/{target.architecture}, "
        f"{plural(len(contents.distributions), 'distribution')}, "
        f"{plural(len(archive.members), 'file')}, {format_size(unzipped)} unzipped, "
        f"{format_size(archive.size)} zipped, {seconds:.1f} s, sha256 {archive.sha256.hex()}"
    )
