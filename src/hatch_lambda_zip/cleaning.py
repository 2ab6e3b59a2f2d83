"""Removes artifacts that we made, recognised by their manifests, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from hatch_lambda_zip.project import TOOL_NAME

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def remove_artifacts(directory: Path, project: str, functions: Collection[str]) -> None:
    """Remove a project's zips and manifests from an output directory that others use too.

    A zip goes only when its bytes are those that its manifest names.

    Args:
        directory: the output directory.
        project: the project's normalized name.
        functions: the names of the functions to clean.
    """
    for path in sorted(directory.glob("*.json")):
        manifest = _read_manifest(path)
        if manifest is None or manifest.get("project") is None:
            continue
        owner = manifest["project"]
        if not isinstance(owner, dict) or owner.get("name") != project:
            continue
        if manifest.get("function") not in functions:
            continue
        artifact = path.with_suffix(".zip")
        if artifact.name == manifest.get("artifact"):
            if artifact.is_file() and _sha256(artifact) == manifest.get("sha256"):
                artifact.unlink()
            path.unlink()


def _read_manifest(path: Path) -> dict[str, object] | None:
    """Return the manifest, or None when the file is none of ours."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    tool = document.get("tool")
    return document if isinstance(tool, dict) and tool.get("name") == TOOL_NAME else None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
