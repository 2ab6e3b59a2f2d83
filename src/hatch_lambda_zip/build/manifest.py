"""The manifest: what is in a zip and what its bytes depend on, as deterministic JSON.

docs/manifest.schema.json is its JSON Schema. It holds no time, no path of the machine, no host.
"""

from __future__ import annotations
from collections.abc import Iterable
from pathlib import Path
from hatch_lambda_zip.archive import Archive
from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.build.inputs import Materials
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.decide import Shipment

import base64
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import encoder
from hatch_lambda_zip.config.file_names import file_name
from hatch_lambda_zip.config.model import Kind
from hatch_lambda_zip.config.project import TOOL_NAME


SCHEMA_VERSION: Final = 1
FORMAT_VERSION: Final = 1
"""The version of the canonical zip; a change of any byte rule or of the encoder's pin raises it."""


Inputs = dict[str, object]
"""The part of a manifest that says what the zip is made from."""


@dataclass(frozen=True)
class Previous:
    """Outputs of an earlier build, found whole.

    Attributes:
        inputs: what they were made from.
        sha256: of the zip, in hexadecimal.
    """

    inputs: Inputs
    sha256: str


def describe_inputs(project: Project, materials: Materials, layers: Iterable[Materials]) -> Inputs:
    """Describe everything that the zip's bytes follow from.

    Args:
        project: the package.
        materials: what the zip is made of.
        layers: the same for the layers that a function is deployed with.

    Returns:
        The manifest's first part, with an ``inputs`` entry that pins each distribution.
    """
    artifact = materials.artifact
    is_layer = artifact.kind is Kind.LAYER
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": TOOL_NAME, "version": __version__},
        "format": FORMAT_VERSION,
        "encoder": {
            "name": encoder.NAME,
            "version": encoder.VERSION,
            "level": encoder.LEVEL,
        },
        "artifact": file_name(artifact, project),
        "target": f"lambda-zip:{artifact.name}",
        "project": {"name": project.name, "version": project.version},
        "function": None if is_layer else artifact.table,
        "layer": artifact.table if is_layer else None,
        "handler": artifact.handler,
        "runtime": artifact.platform.runtime.identifier,
        "architecture": artifact.platform.architecture,
        "layers": [
            {
                "layer": layer.artifact.table,
                "artifact": file_name(layer.artifact, project),
                "options": describe_options(layer.artifact),
                "requirements": _requirements(project, layer.artifact),
                "inputs": layer.pins,
            }
            for layer in layers
        ],
        "options": describe_options(artifact),
        "lock": materials.selection.lock.path.name,
        "requirements": _requirements(project, artifact),
        "inputs": materials.pins,
        "include_files": [
            {"source": source, "path": entry.name, "digest": str(entry.digest)}
            for source, entry in materials.added
        ],
    }


def _requirements(project: Project, artifact: Artifact) -> list[str]:
    """Return what the package requires, from which it follows what needs what."""
    requirements = project.requirements(artifact.request)
    for requirement in requirements:
        # It may be a path of this machine, and says nothing of what is needed.
        requirement.url = None
    return sorted(map(str, requirements))


def describe_options(artifact: Artifact) -> dict[str, object]:
    """Describe the options that decide what is in a zip, in the words of the configuration."""
    return artifact.options.describe()


def make_manifest(inputs: Inputs, shipment: Shipment, archive: Archive) -> str:
    """Describe a finished zip.

    Args:
        inputs: what it was made from.
        shipment: what ships, and what does not.
        archive: the zip.

    Returns:
        JSON, the same for the same zip, ended by a line feed.
    """
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    compressed: Counter[str] = Counter()
    for member in archive.members:
        owner = member.entry.distribution
        files[owner] += 1
        sizes[owner] += member.entry.size
        compressed[owner] += member.compressed_size
    document = {
        **inputs,
        "sha256": archive.sha256.hex(),
        "sha256_base64": base64.b64encode(archive.sha256).decode("ascii"),
        "zipped_bytes": archive.size,
        "unzipped_bytes": sizes.total(),
        "files": len(archive.members),
        "distributions": [
            {
                "name": distribution.name,
                "version": distribution.version,
                "origin": distribution.origin.value,
                "built_with": distribution.built_with,
                "files": files[distribution.name],
                "bytes": sizes[distribution.name],
                "compressed_bytes": compressed[distribution.name],
            }
            for distribution in shipment.contents.distributions
        ],
        "absent_distributions": [
            {
                "name": absent.distribution.name,
                "version": absent.distribution.version,
                "reason": absent.reason.value,
                "explanation": absent.reason.explanation,
                "layer": absent.layer,
            }
            for absent in shipment.absent
        ],
        "bytecode": {
            "compiled_modules": shipment.compiled,
            "left_as_source": [
                {"path": left.path, "reason": left.reason, "detail": left.detail}
                for left in shipment.left_as_source
            ],
        },
        "left_out": [
            {
                "path": left.path,
                "distribution": left.distribution,
                "reason": left.reason.value,
                "explanation": left.reason.explanation,
            }
            for left in shipment.contents.left_out
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_INPUT_KEYS: Final = (
    *("schema", "tool", "format", "encoder", "artifact", "target", "project", "function", "layer"),
    *("handler", "runtime", "architecture", "layers", "options", "lock", "requirements", "inputs"),
    "include_files",
)


def read_manifest(path: Path) -> dict[str, object] | None:
    """Read a manifest.

    Returns:
        The document; None when there is no such file, or it is none of ours.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    tool = document.get("tool")
    return document if isinstance(tool, dict) and tool.get("name") == TOOL_NAME else None


def read_previous(artifact: Path) -> Previous | None:
    """Read the manifest of an existing zip.

    Args:
        artifact: the zip.

    Returns:
        None unless both are there and the zip's bytes are those that the manifest names.
    """
    document = read_manifest(artifact.with_suffix(".json"))
    if document is None or not artifact.is_file():
        return None
    sha256 = hashlib.sha256(artifact.read_bytes()).hexdigest()
    if document.get("artifact") != artifact.name or document.get("sha256") != sha256:
        return None
    return Previous({key: document.get(key) for key in _INPUT_KEYS}, sha256)


def holds_content(previous: Previous, project: Project, digest: str) -> bool:
    """Tell whether the package in earlier outputs is the one that a wheel installs.

    Args:
        previous: the earlier outputs.
        project: the package.
        digest: see ``content_digest``.
    """
    inputs = previous.inputs["inputs"]
    return isinstance(inputs, dict) and inputs.get(project.name) == f"content:{digest}"
