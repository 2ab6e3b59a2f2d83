"""What an earlier build left: manifests, and the zips that they describe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hatch_lambda_zip.contents import read_manifest


@dataclass(frozen=True)
class Previous:
    """Outputs of an earlier build, found whole.

    Attributes:
        manifest: the document.
        sha256: of the zip, in hexadecimal.
    """

    manifest: Mapping[str, object]
    sha256: str

    def is_made_from(self, inputs: Mapping[str, object]) -> bool:
        """Tell whether it was made from these very inputs, as ``describe_inputs`` has them."""
        return all(
            key in self.manifest and self.manifest[key] == value for key, value in inputs.items()
        )

    def has_content(self, package: str, digest: str) -> bool:
        """Tell whether a package in the zip is the one that a wheel of this digest installs."""
        pins = self.manifest.get("inputs")
        return isinstance(pins, dict) and pins.get(package) == f"content:{digest}"


def read_previous(artifact: Path) -> Previous | None:
    """Read the manifest of an existing zip.

    Returns:
        None unless both are there and the zip's bytes are those that the manifest names.
    """
    manifest = read_manifest(artifact.with_suffix(".json"))
    if manifest is None or not artifact.is_file():
        return None
    sha256 = hashlib.sha256(artifact.read_bytes()).hexdigest()
    if manifest.get("artifact") != artifact.name or manifest.get("sha256") != sha256:
        return None
    return Previous(manifest, sha256)
