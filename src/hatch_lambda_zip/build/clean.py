"""Removes artifacts that we made, recognised by their manifests, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from hatch_lambda_zip.build.previous import is_sbom_of, read_previous
from hatch_lambda_zip.build.publish import locked
from hatch_lambda_zip.config import sbom_of
from hatch_lambda_zip.contents import read_manifest
from hatch_lambda_zip.errors import OutputError


def remove_artifacts(
    directory: Path, project: str, artifacts: Collection[str] | None, tell: Callable[[str], None]
) -> None:
    """Remove a project's zips and manifests from an output directory that others use too.

    A zip goes only when its bytes are those that its manifest names.

    Args:
        directory: the output directory.
        project: the project's normalized name.
        artifacts: the names of those to clean; None for all, past ones too.
        tell: takes a line if a build is waited for.

    Raises:
        OutputError: one of them can't be removed.
    """
    with locked(directory, tell):
        _remove(directory, project, artifacts)


def _remove(directory: Path, project: str, artifacts: Collection[str] | None) -> None:
    targets = [f"lambda-zip:{name}" for name in artifacts or ()]
    for path in sorted(directory.glob("*.json")):
        manifest = read_manifest(path)
        if manifest is None:
            continue
        if artifacts is not None and manifest.get("target") not in targets:
            continue
        owner = manifest.get("project")
        artifact = path.with_suffix(".zip")
        if not isinstance(owner, dict) or owner.get("name") != project:
            continue
        if manifest.get("artifact") == artifact.name:
            try:
                _remove_pair(artifact, path)
            except OSError as error:
                raise OutputError(f"{path} can't be removed with its zip: {error}.") from None


def _remove_pair(artifact: Path, manifest: Path) -> None:
    """Remove a manifest, and its zip if that is the one that it describes; or nothing.

    So it is with the bill of materials.
    """
    described = read_manifest(manifest) or {}
    beside = [artifact] if read_previous(artifact) is not None else []
    if is_sbom_of(described, sbom_of(artifact)):
        beside.insert(0, sbom_of(artifact))
    removed: dict[Path, bytes] = {}
    try:
        # The zip comes last: it is the largest to put back.
        for path in (manifest, *beside):
            content = b"" if path == artifact else path.read_bytes()
            path.unlink()
            removed[path] = content
    except OSError:
        for path, content in removed.items():
            path.write_bytes(content)
        raise
