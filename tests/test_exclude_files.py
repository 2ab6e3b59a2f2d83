"""`exclude-files` with a dependency that is mostly data."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.projects import Project

PATTERNS = ["botocore/data/*/", "!botocore/data/dynamodb/", "LICENSE*"]
CODE = """\
import importlib.metadata as metadata, sys
sys.path.insert(0, sys.argv[1])
import boto3, botocore.exceptions
arguments = dict(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
print(boto3.client("dynamodb", **arguments).meta.service_model.api_version)
try:
    boto3.client("ec2", **arguments)
except botocore.exceptions.UnknownServiceError:
    print("no ec2")
(botocore,) = metadata.distributions(name="botocore", path=[sys.argv[1]])
assert all(file.locate().is_file() for file in botocore.files)
"""


@pytest.mark.slow
def test_boto3_works_with_a_part_of_its_data(project: Project, tmp_path: Path) -> None:
    project.replace('    "six",', '    "six",\n    "boto3",')
    project.replace(
        'runtime = "python3.13"',
        f'runtime = "python3.13"\nexclude-files = {json.dumps(PATTERNS)}',
    )
    project.lock()
    build = project.build()
    assert "the pattern" not in build.output
    data = {name.split("/")[2] for name in build.names if name.startswith("botocore/data/")}
    assert {"dynamodb", "endpoints.json"} <= data
    assert not {"ec2", "s3"} & data
    assert build.manifest["unzipped_bytes"] < 6_000_000
    left = [file for file in build.manifest["left_out"] if file["reason"] == "excluded-file"]
    assert {file["distribution"] for file in left} > {"botocore", "boto3", "six"}
    assert build.manifest["options"]["exclude-files"] == PATTERNS
    root = build.unpack(tmp_path / "task")
    result = run([sys.executable, "-I", "-S", "-c", CODE, root], cwd=tmp_path)
    assert result.stdout == "2012-08-10\nno ec2\n"
    assert project.build().sha256 == build.sha256
