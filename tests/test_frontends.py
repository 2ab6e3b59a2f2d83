"""The target through the commands that users type, with isolated builds."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT, clean_environment, run
from tests.support.projects import Project

# What a build needs of the standard library, and what it may, differs between Pythons.
pytestmark = pytest.mark.every_python


def test_hatch_build(project: Project, plugin_wheel: Path, tmp_path: Path) -> None:
    # Another hatchling may write other METADATA, which ships.
    project.replace('"hatchling"', f'"hatchling=={version("hatchling")}"')
    reference = project.build()
    shutil.rmtree(reference.directory)
    environment = clean_environment(
        UV_FIND_LINKS=str(plugin_wheel.parent), HATCH_DATA_DIR=str(tmp_path / "hatch")
    )
    result = run(["hatch", "build", "-t", "lambda-zip"], cwd=project.path, env=environment)
    (artifact,) = reference.directory.glob("*.zip")
    assert artifact.read_bytes() == reference.artifact.read_bytes()
    assert "dist/fixture_app-1.2.3-lambda.zip" in result.stdout + result.stderr
    # A failure is one message, and not hatch's traceback.
    project.configure(handler="fixture_app.main.nothing")
    result = run(
        ["hatch", "build", "-t", "lambda-zip"], cwd=project.path, env=environment, check=False
    )
    assert result.returncode == 1
    assert "defines no 'nothing'" in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_hook_that_only_the_wheel_has(project: Project, plugin_wheel: Path) -> None:
    """Its wheel is built in an environment of its own, since ours does not have the hook."""
    links = {"UV_FIND_LINKS": str(plugin_wheel.parent)}
    project.replace(
        "[tool.uv]\n",
        "[tool.hatch.build.targets.wheel.hooks.custom]\n"
        'dependencies = ["iniconfig<2"]\n\n[tool.uv]\n',
    )
    (project.path / "hatch_build.py").write_text(
        "import iniconfig\n"
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
        "class CustomBuildHook(BuildHookInterface):\n"
        "    def initialize(self, version, build_data):\n"
        "        with open(self.root + '/src/fixture_app/generated.py', 'w') as file:\n"
        "            file.write('by = \"hook\"\\n')\n"
    )
    build = project.build(environment={**links, "HATCH_VERBOSE": "1"})
    assert build.read("fixture_app/generated.py") == b'by = "hook"\n'
    assert "uv build --wheel" in build.output
    project.replace('runtime = "python3.13"', 'runtime = "python3.13"\nartifacts = ["x"]')
    message = project.fail(environment=links)
    assert (
        "lambda-zip.artifacts: is for a wheel that hatchling makes in this process, but it is "
        "built in an environment of its own: this one does not have iniconfig<2, which the wheel "
        "target needs." in message
    )
    assert "Add it to build-system.requires" in message


@pytest.mark.parametrize("tool", ["uv", "build"])
def test_the_wheel_and_sdist_targets_are_as_they_were(
    project: Project, plugin_wheel: Path, tool: str
) -> None:
    environment = clean_environment(
        UV_FIND_LINKS=str(plugin_wheel.parent), PIP_FIND_LINKS=str(plugin_wheel.parent)
    )
    command = {
        "uv": ["uv", "build", "-q"],
        "build": [sys.executable, "-m", "build", "--installer", "uv"],
    }[tool]
    run(command, cwd=project.path, env=environment)
    names = sorted(path.name for path in (project.path / "dist").glob("fixture*"))
    assert names == ["fixture_app-1.2.3-py3-none-any.whl", "fixture_app-1.2.3.tar.gz"]


def test_the_plugin_imports_only_what_it_needs() -> None:
    """Loading the plugin costs a build of any other target next to nothing."""
    code = (
        "import sys, hatchling.builders.wheel, hatchling.plugin.manager\n"
        "before = set(sys.modules)\n"
        "import hatch_lambda_zip.plugin.hooks, hatch_lambda_zip.plugin.target\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = run([sys.executable, "-c", code], cwd=CHECKOUT)
    loaded = set(result.stdout.split())
    for heavy in ("deflate", "packaging.pylock", "concurrent.futures", "zipfile", "csv", "ast"):
        assert heavy not in loaded, heavy
