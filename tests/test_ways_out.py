"""Real packages that need a way out: mostly data, programs for each machine, no wheel."""

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


def depend_on(project: Project, name: str) -> None:
    project.replace('    "six",', f'    "six",\n    "{name}",')
    project.lock()


@pytest.mark.slow
def test_boto3_works_with_a_part_of_its_data(project: Project, tmp_path: Path) -> None:
    depend_on(project, "boto3")
    project.replace(
        'runtime = "python3.13"',
        f'runtime = "python3.13"\nexclude-files = {json.dumps(PATTERNS)}',
    )
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


@pytest.mark.slow
def test_programs_for_each_machine_ship_to_each(project: Project) -> None:
    depend_on(project, "selenium")
    for architecture, other in (("x86_64", "arm64"), ("arm64", "x86_64")):
        project.configure(architecture=architecture)
        build = project.build()
        program = f"/selenium/webdriver/common/linux-{other}/selenium-manager"
        assert (
            f"selenium ships 1 file for other machines beside the same for {architecture}; if you "
            f'like, `exclude-files = ["{program}"]` leaves it out'
        ) in build.output
        assert program[1:] in build.names
