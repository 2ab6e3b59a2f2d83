"""Zips beside the wheels of other back ends than hatchling, by ``hatch_lambda_zip.backend``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.commands import UV, clean_environment, run

TABLE = """
[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
handler = "{module}.handler"
"""
INNER = 'inner-backend = "{backend}"\n'
PROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"

[project]
name = "{name}"
version = "1.0"
description = "A function"
requires-python = ">=3.10"
dependencies = ["six"]
"""
BACK_ENDS = {
    "uv_build": "uv_build",
    "setuptools": "setuptools.build_meta",
    "poetry-core": "poetry.core.masonry.api",
    "flit-core": "flit_core.buildapi",
}


@pytest.fixture
def environment(plugin_wheel: Path) -> dict[str, str]:
    links = str(plugin_wheel.parent)
    return clean_environment(UV_FIND_LINKS=links, PIP_FIND_LINKS=links)


def write(directory: Path, requirement: str, *, is_wrapped: bool = True) -> None:
    """Write a project for a back end, with a function."""
    backend = BACK_ENDS[requirement]
    module = directory.name.replace("-", "_")
    requires, declared = f'["{requirement}"]', backend
    table = TABLE.format(module=module)
    if is_wrapped:
        requires = f'["{requirement}", "hatch-lambda-zip"]'
        declared = "hatch_lambda_zip.backend"
        table += INNER.format(backend=backend)
    package = directory / "src" / module
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    text = PROJECT.format(requires=requires, backend=declared, name=directory.name) + table
    (directory / "pyproject.toml").write_text(text, encoding="utf-8")


def outputs(directory: Path, pattern: str = "*-*") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob(pattern)}


def build_by_command(project: Path, environment: Mapping[str, str]) -> dict[str, bytes]:
    """Return what ``hatch-lambda-zip build`` makes."""
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", "-q", "-d", "by-command"]
    run(command, cwd=project, env=environment)
    made = outputs(project / "by-command")
    shutil.rmtree(project / "by-command")
    return made


def test_uv_build(tmp_path: Path, environment: dict[str, str]) -> None:
    project = tmp_path / "orders"
    write(project, "uv_build")
    run([UV, "lock", "-q"], cwd=project, env=environment)
    # An installer's build: no zip, wherever it may write.
    run([UV, "sync", "-q", "--no-editable"], cwd=project, env=environment)
    assert not (project / "dist").exists()
    result = run([UV, "build"], cwd=project, env=environment)
    assert "orders:lambda: made already, from the source tree" in result.stdout + result.stderr
    made = outputs(project / "dist")
    zip_name, manifest_name = "orders-1.0-lambda.zip", "orders-1.0-lambda.json"
    wheel, sdist = "orders-1.0-py3-none-any.whl", "orders-1.0.tar.gz"
    assert {*made} == {zip_name, manifest_name, wheel, sdist}
    assert build_by_command(project, environment) == {
        name: made[name] for name in (zip_name, manifest_name)
    }
    # An inner back end asked directly, for the same pyproject.toml.
    code = "import sys, uv_build; uv_build.build_wheel('inner'); uv_build.build_sdist('inner')"
    command = [UV, "run", "-q", "--no-project", "--with", "uv_build", "python", "-c", code]
    (project / "inner").mkdir()
    run(command, cwd=project, env=environment)
    assert outputs(project / "inner") == {name: made[name] for name in (wheel, sdist)}
