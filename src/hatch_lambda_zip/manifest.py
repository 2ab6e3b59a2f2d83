"""The manifest: what is in a zip and what its bytes depend on, as deterministic JSON.

docs/manifest.schema.json is its JSON Schema. It holds no time, no path of the machine, no host.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import encoder
from hatch_lambda_zip.project import TOOL_NAME

if TYPE_CHECKING:
    from hatch_lambda_zip.archive import Archive
    from hatch_lambda_zip.config import Function
    from hatch_lambda_zip.contents import Contents
    from hatch_lambda_zip.project import Project

SCHEMA_VERSION: Final = 1
FORMAT_VERSION: Final = 1
"""The version of the canonical zip; a change of any byte rule or of the encoder's pin raises it."""


def make_manifest(
    project: Project, function: Function, lock_name: str, contents: Contents, archive: Archive
) -> str:
    """Describe a finished zip.

    Args:
        project: the package.
        function: what the zip was built for.
        lock_name: the lock's file name, without a directory.
        contents: what ships, and what does not.
        archive: the zip.

    Returns:
        JSON, the same for the same zip, ended by a line feed.
    """
    files: dict[str, int] = {}
    sizes: dict[str, int] = {}
    compressed: dict[str, int] = {}
    for member in archive.members:
        owner = member.entry.distribution
        files[owner] = files.get(owner, 0) + 1
        sizes[owner] = sizes.get(owner, 0) + member.entry.size
        compressed[owner] = compressed.get(owner, 0) + member.compressed_size
    document = {
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
        "sha256": archive.sha256.hex(),
        "sha256_base64": base64.b64encode(archive.sha256).decode("ascii"),
        "zipped_bytes": archive.size,
        "unzipped_bytes": sum(sizes.values()),
        "files": len(archive.members),
        "lock": lock_name,
        "distributions": [
            {
                "name": distribution.name,
                "version": distribution.version,
                "origin": distribution.origin.value,
                "built_with": distribution.generator,
                "files": files.get(distribution.name, 0),
                "bytes": sizes.get(distribution.name, 0),
                "compressed_bytes": compressed.get(distribution.name, 0),
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
