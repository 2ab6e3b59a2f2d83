"""What was made, as documents for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hatch_lambda_zip import read_manifest
from hatch_lambda_zip.config import sbom_of
from hatch_lambda_zip.errors import ConfigError


def described(made: Iterable[Path]) -> list[dict[str, object]]:
    """Describe zips, each by itself."""
    documents = []
    for path in made:
        manifest_path = path.with_suffix(".json")
        manifest = read_manifest(manifest_path) or {}
        document = {
            "target": manifest["target"],
            "zip": str(path),
            "manifest": str(manifest_path),
            **({"sbom": str(sbom_of(path))} if manifest.get("sbom") else {}),
            "sha256": manifest["sha256"],
            "sha256_base64": manifest["sha256_base64"],
        }
        documents.append(document)
    return documents


def external(made: Iterable[Path], here: Path) -> dict[str, str]:
    """Describe zips as one flat object of strings, with keys such as ``api.sha256_base64``.

    That is what Terraform's provider hashicorp/external wants of a program. Paths are relative,
    since they end up in Terraform's state, where those of another checkout would be a change.

    Args:
        made: absolute paths of zips.
        here: what paths are relative to: where Terraform runs the command.

    Raises:
        ConfigError: two of them have one name.
    """
    values: dict[str, str] = {}
    for document in described(made):
        texts = {key: str(value) for key, value in document.items()}
        name = texts.pop("target").partition(":")[2]
        if f"{name}.zip" in values:
            message = (
                f"--external: {name} is a function or layer of two of the projects, and its values "
                "would have one name. Build these projects by a command each"
            )
            raise ConfigError([message])
        for key in texts.keys() & {"zip", "manifest", "sbom"}:
            texts[key] = Path(os.path.relpath(texts[key], here)).as_posix()
        values |= {f"{name}.{key}": value for key, value in texts.items()}
    return values
