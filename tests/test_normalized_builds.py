"""What builds make is canonical, and comes out of `normalize` byte for byte."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.explain import find_distributions, look, read_source
from tests.support.commands import CHECKOUT
from tests.support.projects import Project
from tests.support.site_zips import normalize

pytestmark = pytest.mark.exhaustive

COMPILED = (
    f'runtime = "python3.{sys.version_info.minor}"\nbytecode = "compile"\n'
    f'bytecode-python = "{platform.python_version()}"\n'
)


def check(directory: Path) -> None:
    zips = [*directory.glob("*.zip")]
    assert zips
    for path in zips:
        source = read_source(path)
        made, found = normalize(source)
        assert found.findings == (), path.name
        assert made == path.read_bytes()
        findings, _ = look(source, find_distributions(source))
        assert findings == ()


@pytest.mark.parametrize(
    "options",
    [
        *("", "scripts = true\n", COMPILED, f"{COMPILED}scripts = true\n"),
        *(f'{COMPILED}source = "omit"\n', f"{COMPILED}bytecode-optimize = 2\n"),
    ],
)
def test_functions(project: Project, options: str) -> None:
    project.configure(runtime=None if "runtime" in options else "python3.13", handler=None)
    table = "[tool.hatch.build.targets.lambda-zip]\n"
    project.replace(table, table + options)
    check(project.build().kept)


def test_layers(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("dist", "uv.lock")
    shutil.copytree(CHECKOUT / "examples/functions", tmp_path / "functions", ignore=ignored)
    project = Project(tmp_path, "functions")
    project.lock()
    check(project.build().kept)
