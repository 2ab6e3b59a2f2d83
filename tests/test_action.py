"""The action's steps, run as a runner runs them, but for those that are other actions."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.commands import CHECKOUT, clean_environment, run

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(sys.platform == "win32", reason="bash is another one there"),
]

ACTION: Final = CHECKOUT / "action"


class Runner:
    """Runs the action's steps in a checkout.

    Attributes:
        workspace: the checkout.
        temporary: what the steps of one job share.
        wheel: of the plugin, to be installed.
    """

    def __init__(self, workspace: Path, temporary: Path, wheel: Path) -> None:
        self.workspace = workspace
        self.temporary = temporary
        self._requirement = f"hatch-lambda-zip[uv] @ {wheel.as_uri()}"
        self._action: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text("utf-8"))

    def run(self, **inputs: str) -> dict[str, Any]:
        """Run all steps, and return the outputs, read as JSON."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        given["requirement"] = self._requirement
        values = {name: item["default"] for name, item in self._action["inputs"].items()} | given
        assert given.keys() <= self._action["inputs"].keys()
        outputs: dict[str, dict[str, str]] = {}
        for step in self._action["runs"]["steps"]:
            if "run" in step:
                outputs[step.get("id", "")] = self._step(step, values)
        return {
            name: json.loads(_filled(item["value"], outputs=outputs))
            for name, item in self._action["outputs"].items()
        }

    def _step(self, step: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, str]:
        assert step["shell"] == "bash"
        output = self.temporary / "output"
        output.write_text("")
        variables = {
            name: _filled(text, inputs=inputs) for name, text in step.get("env", {}).items()
        }
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=clean_environment(
                GITHUB_ACTION_PATH=str(ACTION),
                GITHUB_OUTPUT=str(output),
                GITHUB_WORKSPACE=str(self.workspace),
                RUNNER_TEMP=str(self.temporary),
                **variables,
            ),
            check=False,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        lines = output.read_text(encoding="utf-8").splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _filled(
    text: str,
    *,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Put in what stands for inputs and for the outputs of steps; there is nothing else here."""

    def value(expression: re.Match[str]) -> str:
        words = expression[1].split(".")
        if words[0] == "inputs":
            return (inputs or {})[words[1]]
        assert (words[0], words[2]) == ("steps", "outputs")
        return (outputs or {})[words[1]][words[3]]

    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", value, text)


@pytest.fixture
def runner(tmp_path: Path, plugin_wheel: Path) -> Runner:
    """A repository with two functions, each in a directory of its own, one of them changed."""
    workspace = tmp_path / "a checkout"
    shutil.copytree(CHECKOUT / "examples/folders", workspace)
    environment = clean_environment()
    git = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.invalid")
    run([sys.executable, "-m", "hatch_lambda_zip", "lock"], cwd=workspace)
    run([*git, "init", "-q"], cwd=workspace, env=environment)
    run([*git, "add", "-A"], cwd=workspace, env=environment)
    run([*git, "commit", "-qm", "before"], cwd=workspace, env=environment)
    (edited,) = (workspace / "functions/worker").glob("*.py")
    edited.write_text(edited.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return Runner(workspace, temporary, plugin_wheel)


def test_what_later_steps_learn(runner: Runner) -> None:
    outputs = runner.run(changed_since="HEAD", directory="out", projects="\n.\n")
    assert outputs["names"] == ["api", "worker"]
    assert [row["name"] for row in outputs["changed"]] == ["worker"]
    assert [row["target"] for row in outputs["zips"]] == ["lambda-zip:api", "lambda-zip:worker"]
    for path, expected in zip(outputs["paths"], outputs["hashes"], strict=True):
        content = (runner.workspace / path).read_bytes()
        assert base64.b64encode(hashlib.sha256(content).digest()).decode() == expected
    caches = runner.temporary / "lambda-zip-caches"
    assert {path.name for path in caches.iterdir()} == {"packs", "uv"}
    assert not os.path.lexists(runner.workspace / "dist")


def test_only_what_has_changed_can_be_asked(runner: Runner) -> None:
    outputs = runner.run(changed_since="HEAD", build="false", cache="false")
    assert [row["name"] for row in outputs["changed"]] == ["worker"]
    assert outputs["zips"] == outputs["paths"] == []
    assert not (runner.temporary / "lambda-zip-caches").exists()


def test_what_goes_wrong_ends_the_step(runner: Runner) -> None:
    with pytest.raises(RuntimeError, match="The input `build` has to be true or false, not 'yes'"):
        runner.run(build="yes")
    with pytest.raises(RuntimeError, match="no-such-commit"):
        runner.run(changed_since="no-such-commit")
