"""Removes artifacts that we made, recognised by their manifests, and nothing else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hatch_lambda_zip.build.previous import read_previous
from hatch_lambda_zip.contents import read_manifest


def remove_artifacts(directory: Path, project: str, artifacts: Collection[str] | None) -> None:
    """Remove a project's zips and manifests from an output directory that others use too.

    A zip goes only when its bytes are those that its manifest names.

    Args:
        directory: the output directory.
        project: the project's normalized name.
        artifacts: the names of those to clean; None for all, past ones too.
    """
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
            if read_previous(artifact) is not None:
                artifact.unlink()
            path.unlink()
