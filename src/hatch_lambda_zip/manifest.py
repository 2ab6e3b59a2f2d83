"""The manifest: what is in a zip and what its bytes depend on, as deterministic JSON.

docs/manifest.schema.json is its JSON Schema. It holds no time, no path of the machine, no host.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import encoder
from hatch_lambda_zip.project import TOOL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_lambda_zip.archive import Archive
    from hatch_lambda_zip.config import Function
    from hatch_lambda_zip.contents import Contents
    from hatch_lambda_zip.lock.model import Selection
    from hatch_lambda_zip.project import Project
    from hatch_lambda_zip.staging import LocalWheel

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


def describe_inputs(
    project: Project, function: Function, selection: Selection, wheels: Iterable[LocalWheel]
) -> Inputs:
    """Describe everything that the zip's bytes follow from.

    Args:
        project: the package.
        function: what the zip is built for.
        selection: from the lock.
        wheels: the local projects, as just built.

    Returns:
        The manifest's first part, with an ``inputs`` entry that pins each distribution.
    """
    locked = [entry for install in selection.installs for entry in install.distributions]
    local = [wheel.distribution for wheel in wheels]
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": TOOL_NAME, "version": __version__},
        "format": FORMAT_VERSION,
        "encoder": {
            "name": encoder.NAME,
            "version": encoder.VERSION,
            "level": encoder.LEVEL,
        },
        "artifact": project.artifact_name(function.name),
        "project": {"name": project.name, "version": project.version},
        "function": function.name,
        "handler": function.handler,
        "runtime": function.target.runtime.identifier,
        "architecture": function.target.architecture,
        "lock": selection.lock.path.name,
        "inputs": {
            distribution.name: distribution.identity
            for distribution in sorted([*locked, *local], key=lambda entry: entry.name)
        },
    }


def make_manifest(inputs: Inputs, contents: Contents, archive: Archive) -> str:
    """Describe a finished zip.

    Args:
        inputs: what it was made from.
        contents: what ships, and what does not.
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
            for distribution in contents.distributions
        ],
        "left_out": [
            {
                "path": left.path,
                "distribution": left.distribution,
                "reason": left.reason.value,
                "explanation": left.reason.explanation,
            }
            for left in contents.left_out
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_INPUT_KEYS: Final = (
    *("schema", "tool", "format", "encoder", "artifact", "project", "function", "handler"),
    *("runtime", "architecture", "lock", "inputs"),
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
