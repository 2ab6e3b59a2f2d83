"""Several functions of one package: what each gets, and that work is shared."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hatch_lambda_zip.runtimes import Platform, find_runtime
from tests.support.commands import FIXTURES, UV, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.projects import Project

FUNCTIONS = """
[tool.hatch.build.targets.lambda-zip.functions.api]
extras = ["web"]

[tool.hatch.build.targets.lambda-zip.functions.worker]
groups = ["queue"]
architecture = "arm64"

[tool.hatch.build.targets.lambda-zip.functions.cron]
handler = "fixture_app.main.handler"

[project.optional-dependencies]
web = ["iniconfig", "tomli; python_version < '3.11'"]

[dependency-groups]
queue = ["attrs"]
dev = ["pluggy"]

[tool.uv]
"""
ALWAYS = {"fixture-app", "fixture-lib", "idna", "markupsafe", "six"}


@pytest.fixture
def functions(project: Project) -> Project:
    project.replace("\n[tool.uv]\n", FUNCTIONS)
    project.lock()
    return project


def distributions(project: Project, function: str) -> set[str]:
    path = project.path / f"dist/fixture_app-1.2.3-{function}-lambda.json"
    return {entry["name"] for entry in json.loads(path.read_text())["distributions"]}


def test_each_function_gets_its_own_dependencies(functions: Project) -> None:
    functions.build()
    assert distributions(functions, "api") == {*ALWAYS, "iniconfig"}
    assert distributions(functions, "worker") == {*ALWAYS, "attrs"}
    assert distributions(functions, "cron") == ALWAYS
    with zipfile.ZipFile(functions.path / "dist/fixture_app-1.2.3-worker-lambda.zip") as archive:
        assert [name for name in archive.namelist() if name.endswith("aarch64-linux-gnu.so")]


def test_functions_are_chosen_on_the_command_line(functions: Project) -> None:
    functions.build_by_command(names="cron,api")
    names = sorted(path.name for path in (functions.path / "dist").glob("*.zip"))
    assert names == ["fixture_app-1.2.3-api-lambda.zip", "fixture_app-1.2.3-cron-lambda.zip"]
    message = functions.fail(names="croon")
    assert "the function 'croon' is not one of api, worker, cron. Did you mean 'cron'?" in message


FAILING_HOOK = """
import pathlib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def finalize(self, version, build_data, artifact_path):
        assert pathlib.Path(artifact_path).is_file()
        if version == "cron":
            self.app.abort("the hook fails")
"""


def test_a_failing_hook_leaves_all_as_it_was(functions: Project) -> None:
    before = functions.build_by_command(names="api")
    (functions.path / "hatch_build.py").write_text(FAILING_HOOK, encoding="utf-8")
    table = "[tool.hatch.build.targets.lambda-zip.hooks.custom]\n\n[tool.uv]\n"
    functions.replace("[tool.uv]\n", table)
    functions.replace("def handler", "# changed\ndef handler", file="src/fixture_app/main.py")
    dist = functions.path / "dist"
    files = {path.name: path.read_bytes() for path in before.kept.iterdir()}
    words = ["build", "-t", "lambda-zip:api,worker,cron"]
    result = run_hatchling(words, cwd=functions.path)
    assert (result.returncode, "the hook fails" in result.stderr) == (1, True)
    assert {path.name: path.read_bytes() for path in dist.iterdir()} == files
    assert "api-lambda.zip" not in result.stdout


def test_ten_functions_with_the_same_dependencies_take_one_install(
    project: Project, tmp_path: Path
) -> None:
    tables = "".join(
        f"\n[tool.hatch.build.targets.lambda-zip.functions.f{number}]\n" for number in range(10)
    )
    project.replace("\n[tool.uv]\n", f"{tables}\n[tool.uv]\n")
    called = tmp_path / "called"
    wrapper = tmp_path / "uv"
    wrapper.write_text(f'#!/bin/sh\necho "$1 $2" >> "{called}"\nexec "{UV}" "$@"\n')
    wrapper.chmod(0o755)
    project.build(environment={"UV": str(wrapper)})
    assert len(list((project.path / "dist").glob("*.zip"))) == 10
    assert sorted(called.read_text().splitlines()) == [
        "--version ",
        "build --wheel",
        "export --locked",
        "pip install",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"web"]\n\n', '"wep"]\n\n', ".functions.api.extras: 'wep' is not one of web. Did you"),
        ('["queue"]', '["queu"]', ".functions.worker.groups: 'queu' is not one of dev, queue."),
        ("handler =", "handle =", ".functions.cron.handle: unknown key. Did you mean 'handler'?"),
        ("functions.cron", 'functions."a b"', ".functions.a b: 'a b' can't name a function"),
    ],
)
def test_mistakes_in_a_functions_table(
    functions: Project, old: str, new: str, expected: str
) -> None:
    text = functions.pyproject.read_text()
    head, table, tail = text.partition("[tool.hatch.build.targets.lambda-zip.functions.api]")
    assert old in tail
    functions.pyproject.write_text(head + table + tail.replace(old, new, 1))
    assert f"tool.hatch.build.targets.lambda-zip{expected}" in functions.fail()


def test_a_flat_lock_has_no_extras_to_choose_from(functions: Project) -> None:
    command = [UV, "export", "-q", "--format", "pylock.toml", "-o", "pylock.toml"]
    run(command, cwd=functions.path)
    functions.lock_path.unlink()
    message = functions.fail()
    assert "pylock.toml was not made with web as extras or dependency groups" in message


@pytest.mark.slow
def test_each_function_gets_exactly_what_uv_exports_for_it(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "choosy", tmp_path / "choosy")
    project = Project(tmp_path, "choosy")
    project.lock()
    project.build()
    seen = set()
    for path in (project.path / "dist").glob("*.json"):
        manifest = json.loads(path.read_text())
        options = manifest["options"]
        command = [UV, "export", "-q", "--locked", "--no-default-groups", "--no-emit-project"]
        command += [f"--extra={extra}" for extra in options["extras"]]
        command += [f"--group={group}" for group in options["groups"]]
        exported = run([*command, "--no-hashes", "--no-annotate", "--no-header"], cwd=project.path)
        runtime = find_runtime(manifest["runtime"])
        assert runtime is not None
        platform = Platform(runtime, manifest["architecture"])
        requirements = map(Requirement, exported.stdout.splitlines())
        expected = {
            f"{requirement.name}{requirement.specifier}"
            for requirement in requirements
            if requirement.marker is None or platform.satisfies(requirement.marker)
        }
        found = {
            f"{entry['name']}=={entry['version']}"
            for entry in manifest["distributions"]
            if entry["name"] != "choosy"
        }
        assert found == expected, manifest["target"]
        seen.add(frozenset(found))
    assert len(list((project.path / "dist").glob("*.zip"))) == 18
    assert len(seen) > 12  # the markers did make differences
