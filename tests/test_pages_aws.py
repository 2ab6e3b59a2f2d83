"""The pages that deploy with the AWS CLI do what they say, with moto's server as AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.aws import Aws, serving_aws
from tests.support.pages import DEPLOYING, run_page

pytestmark = [pytest.mark.shared_cache, pytest.mark.exhaustive]

ROLE = ("iam", "create-role", "--role-name", "page", "--assume-role-policy-document", "{}")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with serving_aws() as aws:
        yield aws


@pytest.mark.parametrize("page", DEPLOYING, ids=lambda page: page.stem)
def test_a_page_deploys_as_it_says(
    page: Path, aws: Aws, plugin_wheel: Path, tmp_path: Path
) -> None:
    role = aws.run(*ROLE)["Role"]["Arn"]
    found = aws.environment(ROLE_ARN=role)
    run_page(page, tmp_path / "page", wheels=plugin_wheel.parent, aws=found)
