"""The bill of materials beside a zip, from end to end."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.hatchling_runs import run_hatchling
from tests.support.projects import Build, Project
from tests.support.sboms import check_valid

ZIP = "fixture_app-1.2.3-lambda.zip"
HANDLER = 'handler = "fixture_app.main.handler"\n'


def build(project: Project) -> str:
    """Build beside the wheel, where what is made of the same inputs stays."""
    result = run_hatchling(["build", "-t", "wheel"], cwd=project.path)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def made(project: Project) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in (project.path / "dist").iterdir()
        if path.suffix != ".whl"
    }


def test_it_lies_beside_the_zip_while_the_option_is_on(
    project: Project, reference_build: Build
) -> None:
    project.replace("\n[tool.uv]\n", "\n[tool.hatch.build.hooks.lambda-zip]\n\n[tool.uv]\n")
    project.replace(HANDLER, f"{HANDLER}sbom = true\n")
    build(project)
    listed = made(project)
    assert hashlib.sha256(listed[ZIP]).hexdigest() == reference_build.sha256
    content = listed["fixture_app-1.2.3-lambda.cdx.json"]
    check_valid(content)
    manifest = json.loads(listed["fixture_app-1.2.3-lambda.json"])
    assert manifest["sbom"] == "fixture_app-1.2.3-lambda.cdx.json"
    assert manifest["sbom_sha256"] == hashlib.sha256(content).hexdigest()
    document = json.loads(content)
    assert document["metadata"]["component"]["hashes"] == [
        {"alg": "SHA-256", "content": hashlib.sha256(listed[ZIP]).hexdigest()}
    ]
    found = {component["name"]: component for component in document["components"]}
    assert sorted(found) == ["fixture-app", "fixture-lib", "idna", "markupsafe", "six"]
    assert found["idna"]["hashes"][0]["content"] == manifest["inputs"]["idna"].partition(":")[2]
    assert found["six"]["licenses"] == [{"license": {"name": "MIT"}}]
    needed = {item["ref"]: item.get("dependsOn") for item in document["dependencies"]}
    assert needed["local:fixture-app@1.2.3"] == [
        "local:fixture-lib@0.4",
        *(found[name]["purl"] for name in ("idna", "markupsafe", "six")),
    ]
    assert needed[found["idna"]["purl"]] is None

    assert "unchanged, sha256" in build(project)
    assert made(project) == listed

    # An old one says nothing true of a later zip.
    project.replace("sbom = true\n", "")
    build(project)
    assert sorted(made(project)) == ["fixture_app-1.2.3-lambda.json", ZIP]


@pytest.mark.exhaustive
def test_layers_and_code_directories_have_one_and_other_places_the_same(
    project: Project, tmp_path: Path
) -> None:
    layers = """sbom = true

[tool.hatch.build.targets.lambda-zip.layers.deps]

[tool.hatch.build.targets.lambda-zip.functions.api]
layers = ["deps"]

[tool.hatch.build.targets.lambda-zip.functions.loose]
code = "loose"
handler = "app.handler"
"""
    project.replace(HANDLER, f"{HANDLER}{layers}")
    (project.path / "loose").mkdir()
    (project.path / "loose/app.py").write_text("def handler(event, context): ...\n")
    other = project.copy_to(tmp_path / "somewhere else")
    found = []
    for place in (project, other):
        place.build()
        found.append(made(place))
    assert found[0] == found[1]
    documents = {name: json.loads(text) for name, text in found[0].items() if ".cdx." in name}
    assert {
        name: [component["name"] for component in document["components"]]
        for name, document in documents.items()
    } == {
        "fixture_app-1.2.3-api-lambda.cdx.json": ["fixture-app", "fixture-lib"],
        "fixture_app-1.2.3-deps-layer.cdx.json": ["idna", "markupsafe", "six"],
        "fixture_app-1.2.3-loose-lambda.cdx.json": ["fixture-lib", "idna", "markupsafe", "six"],
    }
    for name, text in found[0].items():
        if name in documents:
            check_valid(text)
