"""The pages that deploy with the AWS CLI do what they say, with moto's server as AWS."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.aws import Aws, aws_library, serving_aws
from tests.support.pages import DEPLOYING, run_page

pytestmark = [pytest.mark.shared_cache, pytest.mark.exhaustive]

ROLE = ("iam", "create-role", "--role-name", "page", "--assume-role-policy-document", "{}")


@pytest.fixture
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with serving_aws(aws_library(tmp_path_factory)) as aws:
        yield aws


def variables(aws: Aws, commands: Path) -> dict[str, str]:
    """Return those with which `aws` is found, which is written into a directory, and its AWS."""
    commands.mkdir()
    words = ["exec", "env", f"PYTHONPATH={aws.library}", sys.executable, "-m", "awscli"]
    (commands / "aws").write_text(f'#!/bin/sh\n{shlex.join(words)} "$@"\n', encoding="utf-8")
    (commands / "aws").chmod(0o755)
    paths = [str(Path(sys.executable).parent), str(commands), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(paths),
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "ROLE_ARN": aws.run(*ROLE)["Role"]["Arn"],
    }


@pytest.mark.parametrize("page", DEPLOYING, ids=lambda page: page.stem)
def test_a_page_deploys_as_it_says(
    page: Path, aws: Aws, plugin_wheel: Path, tmp_path: Path
) -> None:
    found = variables(aws, tmp_path / "commands")
    run_page(page, tmp_path / "page", wheels=plugin_wheel.parent, aws=found)
