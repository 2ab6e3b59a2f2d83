"""The manifest: what is in a zip and what its bytes depend on, as deterministic JSON.

docs/manifest.schema.json is its JSON Schema. It holds no time, no path of the machine, no host.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import ENCODER, FORMAT_VERSION, Archive
from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.config import TOOL_NAME, Artifact, Kind, Project, file_name, sbom_name
from hatch_lambda_zip.contents import Contents
from hatch_lambda_zip.install import LeftOut, Reason

SCHEMA_VERSION: Final = 1

# What stands around the last value: the hash, in hexadecimal, of everything before it.
_BEFORE_CHECKSUM: Final = b',\n  "checksum": "'
_AFTER_CHECKSUM: Final = b'"\n}\n'


def describe_inputs(
    project: Project, inputs: Inputs, layers: Iterable[Inputs]
) -> dict[str, object]:
    """Describe everything that the zip's bytes follow from.

    Args:
        layers: the same for the layers that a function is deployed with.

    Returns:
        The manifest's first part, with an ``inputs`` entry that pins each distribution.
    """
    return {
        **describe_artifact(replace(project, lenders=inputs.lenders), inputs.artifact),
        "lock": inputs.selection.lock.name,
        "adjustments": _adjustments(inputs),
        "inputs": inputs.pins,
        "include_files": _include_files(inputs),
        "layers": [
            {
                **describe_layer(replace(project, lenders=layer.lenders), layer.artifact),
                "adjustments": _adjustments(layer),
                "inputs": layer.pins,
                "include_files": _include_files(layer),
            }
            for layer in layers
        ],
    }


def describe_artifact(project: Project, artifact: Artifact) -> dict[str, object]:
    """Describe what the configuration says of a zip, which is a part of its inputs."""
    is_layer = artifact.kind is Kind.LAYER
    return {
        "schema": SCHEMA_VERSION,
        "tool": {"name": TOOL_NAME, "version": __version__},
        "format": FORMAT_VERSION,
        "encoder": ENCODER._asdict(),
        "artifact": file_name(artifact, project),
        "sbom": sbom_name(artifact, project) if artifact.options.sbom else None,
        "target": f"lambda-zip:{artifact.name}",
        "project": {"name": project.name, "version": project.version},
        "function": None if is_layer else artifact.table,
        "layer": artifact.table if is_layer else None,
        "handler": artifact.handler,
        "runtime": artifact.platform.runtime.identifier,
        "architecture": artifact.platform.architecture,
        "options": describe_options(artifact),
        "requirements": _requirements(project, artifact),
    }


def describe_layer(project: Project, layer: Artifact) -> dict[str, object]:
    """Describe what the configuration says of a layer that a function is deployed with."""
    return {
        "layer": layer.table,
        "artifact": file_name(layer, project),
        "options": describe_options(layer),
        "requirements": _requirements(project, layer),
    }


def _include_files(inputs: Inputs) -> list[dict[str, str]]:
    return [
        {"source": source, "path": entry.name, "digest": str(entry.digest)}
        for source, entry in inputs.added
    ]


def _adjustments(inputs: Inputs) -> dict[str, object]:
    """Describe what the lock has on purpose otherwise than it is required.

    With other ones a build may have to refuse a lock of the same pins.
    """
    return inputs.selection.adjustments.without_urls().described()


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


def describe_left_out(left_out: Iterable[LeftOut]) -> list[dict[str, str]]:
    """Describe files that do not ship."""
    return [
        {
            "path": left.path,
            "distribution": left.distribution,
            "reason": left.reason.value,
            "explanation": left.reason.explanation,
        }
        for left in left_out
    ]


def make_manifest(
    inputs: Mapping[str, object], contents: Contents, archive: Archive, sbom: bytes | None = None
) -> bytes:
    """Describe a finished zip.

    Args:
        inputs: what it was made from, from ``describe_inputs``.
        sbom: the bill of materials beside it, if there is one.

    Returns:
        JSON in UTF-8, the same for the same zip, ended by a line feed.
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
        "sbom_sha256": None if sbom is None else hashlib.sha256(sbom).hexdigest(),
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
        "absent_distributions": [
            {
                "name": absent.name,
                "version": absent.version,
                "reason": absent.reason.value,
                "explanation": absent.reason.explanation,
                "layer": absent.layer,
            }
            for absent in contents.left_out_distributions
        ],
        "bytecode": {
            "compiled_modules": contents.compiled_modules,
            "sources_left_out": sum(left.reason is Reason.SOURCE for left in contents.left_out),
            "left_as_source": [
                {"path": left.path, "reason": left.reason, "detail": left.detail}
                for left in contents.left_as_source
            ],
        },
        # A rule says which those are: the sources of all compiled modules.
        "left_out": describe_left_out(
            left for left in contents.left_out if left.reason is not Reason.SOURCE
        ),
    }
    text = json.dumps(document, indent=2, ensure_ascii=False).encode()
    return _with_checksum(text.removesuffix(b"\n}"))


def with_unpacked(manifest: bytes, sha256: str, layers: Iterable[str]) -> bytes:
    """Return the manifest of a zip as that of a directory with its files.

    Args:
        manifest: as ``make_manifest`` returned it.
        sha256: over the directory, as docs/format.md says.
        layers: the file names of the layers whose files are among them.
    """
    head, _, _ = manifest.rpartition(_BEFORE_CHECKSUM)
    unpacked = json.dumps({"unpacked": {"sha256": sha256, "layers": [*layers]}}, indent=2)
    inner = unpacked.removeprefix("{").removesuffix("\n}")
    return _with_checksum(head + b"," + inner.encode())


def is_as_made(manifest: bytes) -> bool:
    """Tell whether a manifest is, to the byte, what `make_manifest` returned."""
    head, _, _ = manifest.rpartition(_BEFORE_CHECKSUM)
    return manifest == _with_checksum(head)


def _with_checksum(head: bytes) -> bytes:
    checksum = hashlib.sha256(head).hexdigest().encode()
    return head + _BEFORE_CHECKSUM + checksum + _AFTER_CHECKSUM
