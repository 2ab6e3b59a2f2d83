"""Zips deployed by the AWS CLI, to moto's server: what AWS says of them is in the manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws import Aws, serving_aws
from tests.support.commands import CHECKOUT
from tests.support.loose import build, lock
from tests.support.shared import made_once

# The server and each command take seconds to start.
pytestmark = [pytest.mark.shared_cache, pytest.mark.exhaustive]

ROLE = "arn:aws:iam::123456789012:role/orders"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serving_aws() as aws:
        document = json.dumps(TRUST)
        role = ("--role-name", "orders", "--assume-role-policy-document", document)
        aws.run("iam", "create-role", *role)
        yield aws


@pytest.fixture
def project(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """Two functions and a layer, built: a copy of the test's own, to change."""

    def make(root: Path) -> None:
        ignored = shutil.ignore_patterns("dist", "pylock.toml", ".terraform", "terraform.tfstate*")
        shutil.copytree(CHECKOUT / "examples/terraform", root, ignore=ignored)
        lock(root)
        build(root)

    return shutil.copytree(made_once(tmp_path_factory, "aws-example", make), tmp_path / "project")


def manifest(project: Path, name: str = "orders-lambda") -> dict[str, Any]:
    document: dict[str, Any] = json.loads((project / "dist" / f"{name}.json").read_text())
    return document


def zip_of(project: Path, name: str = "orders-lambda") -> str:
    return f"fileb://{project / 'dist' / name}.zip"


def create(aws: Aws, project: Path, name: str, *words: str) -> dict[str, Any]:
    described = manifest(project)
    return aws.run(
        *("lambda", "create-function", "--function-name", name, "--role", ROLE),
        *("--zip-file", zip_of(project), "--handler", described["handler"]),
        *("--runtime", described["runtime"], "--architectures", described["architecture"], *words),
    )


def test_aws_has_the_manifests_hash(aws: Aws, project: Path) -> None:
    made = create(aws, project, "hash")
    described = manifest(project)
    assert made["CodeSha256"] == described["sha256_base64"]
    assert made["CodeSize"] == described["zipped_bytes"]


def test_an_update_is_needed_after_an_edit_alone(aws: Aws, project: Path) -> None:
    create(aws, project, "updated")
    named = ("--function-name", "updated")
    before = aws.run("lambda", "publish-version", *named)["Version"]

    build(project)
    asked = aws.run("lambda", "get-function-configuration", *named)
    assert asked["CodeSha256"] == manifest(project)["sha256_base64"]
    # Whoever publishes all the same gets the version that is there.
    assert aws.run("lambda", "publish-version", *named)["Version"] == before

    handler = project / "functions/orders/main.py"
    handler.write_text(handler.read_text(encoding="utf-8").replace("201", "200"), "utf-8")
    build(project)
    assert manifest(project)["sha256_base64"] != asked["CodeSha256"]
    update = ("--zip-file", zip_of(project))
    updated = aws.run("lambda", "update-function-code", *named, *update)
    assert updated["CodeSha256"] == manifest(project)["sha256_base64"]
    assert int(aws.run("lambda", "publish-version", *named)["Version"]) == int(before) + 1


def test_a_layer_with_its_function(aws: Aws, project: Path) -> None:
    layer = "libraries-layer"
    described = manifest(project, layer)
    published = aws.run(
        *("lambda", "publish-layer-version", "--layer-name", "libraries"),
        *("--zip-file", zip_of(project, layer), "--compatible-runtimes", described["runtime"]),
    )
    assert published["Content"]["CodeSha256"] == described["sha256_base64"]
    arn = published["LayerVersionArn"]
    assert create(aws, project, "layered", "--layers", arn)["Layers"][0]["Arn"] == arn
