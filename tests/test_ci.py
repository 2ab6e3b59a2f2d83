"""The pipelines of docs/ci.md do what it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hatch_lambda_zip.cli import main
from tests.support.commands import CHECKOUT, UV, clean_environment, needed, run

GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "gc.auto=0")
# What CI gets from an index is this checkout here.
UVX = '#!/bin/sh\nif [ "$1" = --from ]; then shift 2; fi\nexec "$@"\n'
# GitHub: without `shell`, and with `shell: bash`. GitLab's runner sets both.
SHELLS = {None: ["bash", "-e", "-c"], "bash": ["bash", "-eo", "pipefail", "-c"]}


def pipelines() -> list[dict[str, Any]]:
    """Return the YAML of the page: GitHub's three pipelines, then GitLab's two."""
    text = (CHECKOUT / "docs/ci.md").read_text("utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def scripts(node: object) -> Iterator[str]:
    """Yield all shell in a pipeline."""
    for value in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from scripts(value)
    if isinstance(node, dict):
        yield from (node[key] for key in ("run",) if key in node)
        yield from node.get("script", ())


def test_what_stands_there_is_yaml_and_shell() -> None:
    found = pipelines()
    assert len(found) == 5
    for pipeline in found:
        lines = [*scripts(pipeline)]
        assert lines
        for line in lines:
            subprocess.run(["bash", "-n", "-c", line], check=True)
            for command in re.findall(r"uvx(?: --from \S+)? hatch-lambda-zip (\w+)", line):
                assert command in main.list_commands(click.Context(main))


class Runner:
    """A machine that has cloned a repository for one job.

    Args:
        origin: the repository.
        root: where the clone is to be.
        depth: how many commits it gets; 0 for all.
        variables: of the environment.
    """

    def __init__(
        self, origin: Path, root: Path, depth: int, variables: Mapping[str, str], tools: Path
    ) -> None:
        deep = [f"--depth={depth}"] if depth else []
        run([*GIT, "clone", "-q", *deep, origin.as_uri(), root], cwd=origin)
        self.root = root
        path = f"{tools}:{clean_environment()['PATH']}"
        self.environment = clean_environment(**{"PATH": path, **variables})

    def run(self, script: str, shell: str | None = "bash") -> None:
        done = subprocess.run(
            [*SHELLS[shell], script],
            cwd=self.root,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"

    def zips(self) -> set[str]:
        return {path.name for path in (self.root / "dist").glob("*.zip")}


ALL = {"api-1.0.0-lambda.zip", "worker-1.0.0-lambda.zip"}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A directory of programs that CI has."""
    directory = tmp_path / "tools"
    directory.mkdir()
    (directory / "uvx").write_text(UVX)
    (directory / "uvx").chmod(0o755)
    (directory / "uv").symlink_to(UV)
    return directory


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A workspace of two functions, of which the last commit has changed one."""
    root = tmp_path / "origin"
    shutil.copytree(CHECKOUT / "examples/monorepo", root)
    run([UV, "lock", "-q"], cwd=root, env=clean_environment())
    (root / ".gitignore").write_text("dist/\n.cache/\n")
    run([*GIT, "init", "-q"], cwd=root)
    commit(root)
    app = root / "functions/worker/src/worker/app.py"
    app.write_text(f"{app.read_text()}\n# An edit.\n")
    (root / "README.md").write_text("Nothing of it ships.\n")
    commit(root)
    return root


def commit(root: Path) -> None:
    run([*GIT, "add", "-A"], cwd=root)
    run([*GIT, "commit", "-q", "-m", "a"], cwd=root)


def before(origin: Path) -> str:
    return run([*GIT, "rev-parse", "HEAD~1"], cwd=origin).stdout.strip()


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the values of GitHub's expressions."""
    return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: values[found[1]], text)


@pytest.mark.exhaustive
def test_github(origin: Path, tools: Path, tmp_path: Path) -> None:
    pipeline, *_ = pipelines()
    values = {"github.workspace": str(tmp_path / "all")}
    variables = {key: filled_in(value, values) for key, value in pipeline["env"].items()}
    runner = Runner(origin, tmp_path / "all", 1, variables, tools)
    steps = pipeline["jobs"]["zips"]["steps"]
    for step in steps:
        if "run" in step:
            runner.run(filled_in(step["run"], values), step.get("shell"))
    assert runner.zips() == ALL
    (kept,) = (step["with"]["path"] for step in steps if "cache@" in step.get("uses", ""))
    assert [*(runner.root / kept).iterdir()]


@pytest.mark.exhaustive
def test_githubs_matrix(origin: Path, tools: Path, tmp_path: Path) -> None:
    needed("jq")
    _, pipeline, *_ = pipelines()
    jobs = pipeline["jobs"]
    checkout, *_ = jobs["changed"]["steps"]
    output = tmp_path / "output"
    output.touch()
    variables = {"GITHUB_OUTPUT": str(output)}
    depth = checkout["with"]["fetch-depth"]
    lister = Runner(origin, tmp_path / "changed", depth, variables, tools)
    for step in jobs["changed"]["steps"]:
        if "run" in step:
            script = filled_in(step["run"], {"github.event.before": before(origin)})
            lister.run(script, step.get("shell"))
    name, _, functions = output.read_text().rstrip("\n").partition("=")
    assert jobs["changed"]["outputs"] == {name: f"${{{{ steps.list.outputs.{name} }}}}"}
    assert functions != "[]"  # as the condition of the next job is
    assert jobs["zips"]["if"] == f"needs.changed.outputs.{name} != '[]'"
    (function,) = json.loads(functions)
    values = {f"matrix.function.{key}": value for key, value in function.items()}
    runner = Runner(origin, tmp_path / "zips", 1, {}, tools)
    for step in jobs["zips"]["steps"]:
        if "run" in step:
            runner.run(filled_in(step["run"], values), step.get("shell"))
    assert runner.zips() == {"worker-1.0.0-lambda.zip"}
    # A commit that is not there ends the job.
    step = jobs["changed"]["steps"][-1]
    with pytest.raises(AssertionError, match="is no commit that"):
        lister.run(filled_in(step["run"], {"github.event.before": "0" * 40}), step.get("shell"))


@pytest.mark.exhaustive
def test_gitlab(origin: Path, tools: Path, tmp_path: Path) -> None:
    *_, pipeline, _ = pipelines()
    job, root = pipeline["zips"], tmp_path / "all"
    variables = {
        key: value.replace("$CI_PROJECT_DIR", str(root)) for key, value in job["variables"].items()
    }
    runner = Runner(origin, root, 20, variables, tools)
    for line in job["script"]:
        runner.run(line)
    assert runner.zips() == ALL
    kept = [path for entry in job["cache"] for path in entry["paths"]]
    assert all([*(root / path).iterdir()] for path in kept)


@pytest.mark.exhaustive
def test_gitlabs_child_pipeline(origin: Path, tools: Path, tmp_path: Path) -> None:
    *_, pipeline = pipelines()
    variables = {"CI_COMMIT_BEFORE_SHA": before(origin)}
    depth = pipeline["changed"]["variables"]["GIT_DEPTH"]
    runner = Runner(origin, tmp_path / "changed", depth, variables, tools)
    for line in pipeline["changed"]["script"]:
        runner.run(line)
    (artifact,) = pipeline["changed"]["artifacts"]["paths"]
    (included,) = pipeline["zips"]["trigger"]["include"]
    assert included == {"artifact": artifact, "job": "changed"}
    child = yaml.safe_load((runner.root / artifact).read_text())
    runner = Runner(origin, tmp_path / "child", 20, {}, tools)
    for job in child.values():
        for line in job["script"]:
            runner.run(line)
    assert runner.zips() == {"worker-1.0.0-lambda.zip"}
