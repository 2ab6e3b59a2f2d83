"""What was made, as documents for other programs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hatch_lambda_zip import read_manifest
from hatch_lambda_zip.config import sbom_of
from hatch_lambda_zip.errors import ConfigError, OutputError


def made_manifest(path: Path) -> dict[str, object]:
    """Return the manifest of a zip that was made before.

    Raises:
        OutputError: it is not there any more.
    """
    manifest = read_manifest(path.with_suffix(".json"))
    if manifest is None:
        raise changed_since(path)
    return manifest


def changed_since(path: Path) -> OutputError:
    """Return what to say of a zip that is not what it was when it was made."""
    return OutputError(
        f"{path} and its manifest were made, and another command has changed or removed one of "
        f"them since. Let it end, and build again with {path.parent} for this build alone."
    )


def described(made: Iterable[Path]) -> list[dict[str, object]]:
    """Describe zips, each by itself.

    Raises:
        OutputError: one is not there any more.
    """
    documents = []
    for path in made:
        manifest_path = path.with_suffix(".json")
        manifest = made_manifest(path)
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
        OutputError: one is not there any more.
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
