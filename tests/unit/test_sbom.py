"""What a bill of materials says, and that it changes when what ships does."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip import __version__
from hatch_lambda_zip.archive import Archive
from hatch_lambda_zip.build.inputs import Inputs
from hatch_lambda_zip.build.sbom import make_sbom
from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents import Contents
from hatch_lambda_zip.contents.own.outputs import is_artifact
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock import LockFile, Origin, Selection
from tests.support.installed import made as made_of
from tests.support.installed import platform_of
from tests.support.sboms import check_valid

PROJECT = Project("orders", "1.0", "orders-1.0", dependencies=("a[fast]", "gone"))
HASH = "ab" * 32

Json = dict[str, Any]  # as json.loads returns it


made = partial(made_of, identity=f"sha256:{HASH}")


def with_metadata(installed: Installed, *lines: str) -> Installed:
    """Return a distribution whose METADATA has more fields."""
    (metadata,) = installed.entries
    text = metadata.read().decode() + "".join(f"{line}\n" for line in lines)
    return replace(installed, entries=made(installed.name, {metadata.name: text}).entries)


def text_of(
    *installed: Installed, project: Project = PROJECT, kind: Kind = Kind.FUNCTION, zipped: int = 1
) -> bytes:
    artifact = Artifact("api", "api", "the key", kind, platform_of())
    inputs = Inputs(artifact, Selection(LockFile.none(Path()), (), ()))
    archive = Archive(size=9, sha256=bytes([zipped]) * 32, members=())
    text = make_sbom(project, inputs, Contents((), installed), archive)
    check_valid(text)
    return text


def document_of(*installed: Installed, **changes: Any) -> Json:  # noqa: ANN401 - as text_of takes
    document: Json = json.loads(text_of(*installed, **changes))
    return document


def test_the_whole_document() -> None:
    document = document_of(
        with_metadata(
            made("a", requires=["b>=1", "c; extra == 'fast'"], identity=f"sha256:{HASH}"),
            "License-Expression: mit OR apache-2.0",
        ),
        made("b", version="1.0+cpu", identity=f"sha512:{HASH}{HASH}#sub/directory"),
        made("c", origin=Origin.GIT, identity="git:0123abc"),
        made("orders", requires=["a"], origin=Origin.LOCAL, identity="content:123"),
    )
    origin, pin = "hatch-lambda-zip:origin", "hatch-lambda-zip:pin"
    assert document == {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {
                "components": [
                    {"type": "application", "name": "hatch-lambda-zip", "version": __version__}
                ]
            },
            "component": {
                "type": "application",
                "bom-ref": "orders-1.0-api-lambda.zip",
                "name": "orders-1.0-api-lambda.zip",
                "version": "1.0",
                "description": "AWS Lambda function api",
                "hashes": [{"alg": "SHA-256", "content": "01" * 32}],
                "properties": [
                    {"name": "hatch-lambda-zip:runtime", "value": "python3.13"},
                    {"name": "hatch-lambda-zip:architecture", "value": "x86_64"},
                ],
            },
        },
        "components": [
            {
                "type": "library",
                "bom-ref": "pkg:pypi/a@1.0",
                "name": "a",
                "version": "1.0",
                "hashes": [{"alg": "SHA-256", "content": HASH}],
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "purl": "pkg:pypi/a@1.0",
                "properties": [
                    {"name": origin, "value": "index"},
                    {"name": pin, "value": f"sha256:{HASH}"},
                ],
            },
            {
                "type": "library",
                "bom-ref": "pkg:pypi/b@1.0%2Bcpu",
                "name": "b",
                "version": "1.0+cpu",
                "hashes": [{"alg": "SHA-512", "content": HASH + HASH}],
                "purl": "pkg:pypi/b@1.0%2Bcpu",
                "properties": [
                    {"name": origin, "value": "index"},
                    {"name": pin, "value": f"sha512:{HASH}{HASH}#sub/directory"},
                ],
            },
            {
                "type": "library",
                "bom-ref": "git:c@1.0",
                "name": "c",
                "version": "1.0",
                "properties": [
                    {"name": origin, "value": "git"},
                    {"name": pin, "value": "git:0123abc"},
                ],
            },
            {
                "type": "library",
                "bom-ref": "local:orders@1.0",
                "name": "orders",
                "version": "1.0",
                "properties": [
                    {"name": origin, "value": "local"},
                    {"name": pin, "value": "content:123"},
                ],
            },
        ],
        "dependencies": [
            {
                "ref": "orders-1.0-api-lambda.zip",
                "dependsOn": ["local:orders@1.0", "pkg:pypi/a@1.0"],
            },
            # `c` because the package asks for the extra.
            {"ref": "pkg:pypi/a@1.0", "dependsOn": ["git:c@1.0", "pkg:pypi/b@1.0%2Bcpu"]},
            {"ref": "pkg:pypi/b@1.0%2Bcpu"},
            {"ref": "git:c@1.0"},
            {"ref": "local:orders@1.0", "dependsOn": ["pkg:pypi/a@1.0"]},
        ],
    }


@pytest.mark.parametrize(
    ("lines", "licenses"),
    [
        ([], None),
        (["License-Expression: BSD-3-Clause"], [{"expression": "BSD-3-Clause"}]),
        # The expression wins, and what is none is a name.
        (["License-Expression: MIT", "License: other"], [{"expression": "MIT"}]),
        (["License-Expression: my own"], [{"license": {"name": "my own"}}]),
        (["License: BSD"], [{"license": {"name": "BSD"}}]),
        # A whole text is no name.
        (
            ["License: The text", "        of a licence", "Classifier: License :: Public Domain"],
            [{"license": {"name": "Public Domain"}}],
        ),
        (
            [
                "License: UNKNOWN",
                "Classifier: License :: OSI Approved",
                "Classifier: License :: OSI Approved :: MIT License",
                "Classifier: License :: OSI Approved :: Apache Software License",
                "Classifier: Topic :: Text Processing",
            ],
            [
                {"license": {"name": "Apache Software License"}},
                {"license": {"name": "MIT License"}},
            ],
        ),
    ],
)
def test_licences_are_as_stated(lines: list[str], licenses: list[Json] | None) -> None:
    (component,) = document_of(with_metadata(made("a"), *lines))["components"]
    assert component.get("licenses") == licenses


def test_pins_that_are_no_hash_of_a_file_are_no_hashes() -> None:
    (component,) = document_of(made("a", identity=f"hashes:{HASH}"))["components"]
    assert "hashes" not in component


def test_an_empty_zip_and_one_of_a_project_without_a_version() -> None:
    project = Project("orders", "", "orders")
    document = document_of(project=project, kind=Kind.LAYER)
    assert document["components"] == []
    assert "version" not in document["metadata"]["component"]
    assert document["dependencies"] == [{"ref": "orders-api-layer.zip"}]


def test_requirements_that_nobody_can_read_are_no_failure() -> None:
    document = document_of(made("a", requires=["b", "!? old", "c; nothing == '1'"]), made("b"))
    assert document["dependencies"][1]["dependsOn"] == ["pkg:pypi/b@1.0"]


def test_it_changes_when_what_ships_does_and_only_then() -> None:
    one = made("a")
    text = text_of(one)
    assert text == text_of(made("a"))
    others = [
        text_of(one, zipped=2),
        text_of(one, made("b")),
        text_of(made("a", version="2.0")),
        text_of(made("a", identity=f"sha256:{HASH[2:]}cd")),
        text_of(with_metadata(one, "License: MIT")),
    ]
    assert len({text, *others}) == 1 + len(others)


def test_it_is_known_as_an_output_which_never_ships(tmp_path: Path) -> None:
    ours, other = tmp_path / "a.cdx.json", tmp_path / "b.cdx.json"
    text = text_of(made("a"))
    ours.write_bytes(text)
    assert is_artifact(ours)
    for changed in (
        text.replace(b'"name": "hatch-lambda-zip"', b'"name": "other"'),
        text.replace(b"CycloneDX", b"another"),
        b'{"bomFormat": "CycloneDX", "metadata": {"tools": ["hatch-lambda-zip"]}}',
        b'{"bomFormat": "CycloneDX", "components": [{"name": "hatch-lambda-zip"}]}',
    ):
        other.write_bytes(changed)
        assert not is_artifact(other)
