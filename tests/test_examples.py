"""The examples, as a reader of the README meets them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT, clean_environment, run
from tests.support.projects import Project
from tests.support.shared import made_once

pytestmark = pytest.mark.shared_cache

REQUEST = {
    "version": "2.0",
    "rawPath": "/orders",
    "requestContext": {"http": {"method": "POST", "path": "/orders"}, "stage": "$default"},
    "body": json.dumps(
        {"customer": "ada", "items": [{"sku": "a", "quantity": 3, "price": "1.50"}]}
    ),
}
CALL = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); import orders.app;"
    "print(json.dumps(orders.app.handler(json.loads(sys.argv[2]), None)))"
)


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example, locked. Not to be changed."""

    def make(root: Path) -> None:
        ignored = shutil.ignore_patterns("dist", "uv.lock")
        shutil.copytree(CHECKOUT / "examples/orders", root / "orders", ignore=ignored)
        Project(root, "orders").lock()

    return Project(made_once(tmp_path_factory, "orders", make), "orders")


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("runtime", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_orders_builds_for_every_target(
    orders: Project, tmp_path: Path, runtime: str, architecture: str
) -> None:
    project = orders.copy_to(tmp_path / "copy")
    project.configure(runtime=runtime, architecture=architecture)
    build = project.build()
    native = [name for name in build.names if name.endswith(".so")]
    assert native
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    assert all(machine in name or ".cpython-" not in name for name in native)
    assert {"aws-lambda-powertools", "orders", "orjson", "pydantic", "requests"} <= {
        entry["name"] for entry in build.manifest["distributions"]
    }


@pytest.mark.skipif(
    sys.version_info < (3, 11) or sys.platform != "linux", reason="the example's runtimes"
)
def test_orders_answers(orders: Project, tmp_path: Path) -> None:
    project = orders.copy_to(tmp_path / "copy")
    machine = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    project.configure(runtime=f"python3.{sys.version_info.minor}", architecture=machine)
    root = project.build().unpack(tmp_path / "task")
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CALL, root, json.dumps(REQUEST)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "POWERTOOLS_METRICS_NAMESPACE": "test"},
    )
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["statusCode"] == 201
    assert json.loads(answer["body"]) == {"customer": "ada", "total": "4.50"}


@pytest.mark.slow
def test_the_readmes_command_in_a_clone(orders: Project, tmp_path: Path) -> None:
    (line,) = [
        line
        for line in (CHECKOUT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("python3 examples/build.py orders")
    ]
    clone = tmp_path / "clone"
    ignored = shutil.ignore_patterns(".git", ".tox", ".venv", "dist", "uv.lock", ".*_cache")
    shutil.copytree(CHECKOUT, clone, ignore=ignored)
    result = run(
        [sys.executable, *line.split()[1:]],
        cwd=clone,
        env=clean_environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
    )
    manifest = json.loads((clone / "examples/orders/dist/orders-1.0.0-lambda.json").read_text())
    assert manifest["sha256"] in result.stdout
    assert base64.b64decode(manifest["sha256_base64"]).hex() == manifest["sha256"]
    assert "pydantic-core" in result.stdout
    assert "hatch build -t lambda-zip" in result.stdout
    assert (manifest["runtime"], manifest["architecture"]) == ("python3.13", "arm64")
    # The same elsewhere, by another Python's hatchling.
    assert orders.copy_to(tmp_path / "copy").build().sha256 == manifest["sha256"]
