"""Removes artifacts that we made, recognised by their manifests, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hatch_lambda_zip.build.previous import read_previous
from hatch_lambda_zip.build.publish import locked
from hatch_lambda_zip.contents import read_manifest
from hatch_lambda_zip.errors import OutputError


def remove_artifacts(directory: Path, project: str, artifacts: Collection[str] | None) -> None:
    """Remove a project's zips and manifests from an output directory that others use too.

    A zip goes only when its bytes are those that its manifest names.

    Args:
        directory: the output directory.
        project: the project's normalized name.
        artifacts: the names of those to clean; None for all, past ones too.

    Raises:
        OutputError: one of them can't be removed.
    """
    with locked(directory):
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
    """Remove a manifest, and its zip if that is the one that it describes; or nothing."""
    is_whole = read_previous(artifact) is not None
    text = manifest.read_bytes()
    manifest.unlink()
    if is_whole:
        try:
            artifact.unlink()
        except OSError:
            manifest.write_bytes(text)
            raise
