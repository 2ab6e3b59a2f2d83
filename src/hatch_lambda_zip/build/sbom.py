"""The software bill of materials: what shipped in a zip, as deterministic CycloneDX 1.6 JSON.

It has neither a time nor a serial number, which would be others in each build, and no host.
The specification is ECMA-424 (first edition), https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from email.message import Message
from typing import Final
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import Archive
from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.config import TOOL_NAME, Artifact, Project, file_name
from hatch_lambda_zip.contents import Contents, direct_requirements
from hatch_lambda_zip.install import Distribution, Installed
from hatch_lambda_zip.lock import Origin

# What a pin of a distribution starts with, and what CycloneDX calls that hash. Others are no
# hashes of a file: a commit, a digest of what a wheel installs, or one of several hashes.
_ALGORITHMS: Final = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_CLASSIFIER: Final = "License :: "


def make_sbom(project: Project, inputs: Inputs, contents: Contents, archive: Archive) -> bytes:
    """List the distributions in a finished zip.

    Args:
        project: the package itself.
        inputs: what the zip was made from.

    Returns:
        JSON in UTF-8, the same for the same zip from the same lock, ended by a line feed.

    Raises:
        DistributionError: a distribution has no METADATA.
    """
    artifact = inputs.artifact
    root = file_name(artifact, project)
    required = replace(project, lenders=inputs.lenders).requirements(artifact.request)
    needs = direct_requirements(contents.installed, required, artifact.platform)
    references = {item.name: _reference(item.distribution) for item in contents.installed}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {
                "components": [
                    {"type": "application", "name": TOOL_NAME, "version": __version__},
                ]
            },
            "component": _zip(artifact, project, root, archive),
        },
        "components": [_component(item) for item in contents.installed],
        "dependencies": [
            _dependency(references.get(name, root), [references[needed] for needed in needs[name]])
            for name in ("", *references)
        ],
    }
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _zip(artifact: Artifact, project: Project, name: str, archive: Archive) -> dict[str, object]:
    platform = artifact.platform
    return {
        "type": "application",
        "bom-ref": name,
        "name": name,
        **({"version": project.version} if project.version else {}),
        "description": f"AWS Lambda {artifact.kind.value} {artifact.table}",
        "hashes": [{"alg": "SHA-256", "content": archive.sha256.hex()}],
        "properties": [
            _property("runtime", platform.runtime.identifier),
            _property("architecture", platform.architecture),
        ],
    }


def _component(installed: Installed) -> dict[str, object]:
    distribution = installed.distribution
    algorithm, _, value = distribution.identity.partition("#")[0].partition(":")
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": _reference(distribution),
        "name": distribution.name,
        "version": distribution.version,
    }
    if algorithm in _ALGORITHMS:
        component["hashes"] = [{"alg": _ALGORITHMS[algorithm], "content": value.lower()}]
    if licenses := _licenses(installed.metadata):
        component["licenses"] = licenses
    if distribution.origin is Origin.INDEX:
        component["purl"] = _reference(distribution)
    component["properties"] = [
        _property("origin", distribution.origin.value),
        _property("pin", distribution.identity),
    ]
    return component


def _reference(distribution: Distribution) -> str:
    """Return what a distribution is called in the document.

    That is its package URL, which has no version of another place than an index: what it says is
    that the index has it (purl-spec, type pypi).
    """
    version = quote(distribution.version, safe="")
    if distribution.origin is Origin.INDEX:
        return f"pkg:pypi/{distribution.name}@{version}"
    return f"{distribution.origin.value}:{distribution.name}@{version}"


def _dependency(reference: str, needed: Sequence[str]) -> dict[str, object]:
    return {"ref": reference, **({"dependsOn": sorted(needed)} if needed else {})}


def _property(name: str, value: str) -> Mapping[str, str]:
    return {"name": f"{TOOL_NAME}:{name}", "value": value}


def _licenses(metadata: Message) -> list[dict[str, object]]:
    """Return a distribution's licences, as it states them itself.

    That is an SPDX expression (PEP 639), or names: of the older field, which may have a whole
    licence's text instead, or of the classifiers.
    """
    expression = str(metadata.get("License-Expression", ""))
    try:
        return [{"expression": str(canonicalize_license_expression(expression))}]
    except InvalidLicenseExpression:
        names = [expression, str(metadata.get("License", "")).strip()]
    stated = [name for name in names if name not in {"", "UNKNOWN"} and "\n" not in name]
    return [{"license": {"name": name}} for name in stated or _classified(metadata)]


def _classified(metadata: Message) -> Iterator[str]:
    names = {
        text.rpartition(" :: ")[2]
        for text in map(str, metadata.get_all("Classifier", ()))
        if text.startswith(_CLASSIFIER) and text != f"{_CLASSIFIER}OSI Approved"
    }
    yield from sorted(names)
