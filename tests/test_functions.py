"""Several functions of one package: what each gets, and that work is shared."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import UV, Workbench, clean_environment, run
from packaging.requirements import Requirement

from hatch_lambda_zip.runtimes import Platform, find_runtime

pytestmark = pytest.mark.once

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
COMMAND = [sys.executable, "-m", "hatchling", "build", "-t"]


@pytest.fixture
def functions(workbench: Workbench) -> Workbench:
    workbench.replace("\n[tool.uv]\n", FUNCTIONS)
    workbench.lock()
    return workbench


def distributions(bench: Workbench, function: str) -> set[str]:
    path = bench.path / f"dist/fixture_app-1.2.3-{function}.json"
    return {entry["name"] for entry in json.loads(path.read_text())["distributions"]}


def test_each_function_gets_its_own_dependencies(functions: Workbench) -> None:
    run([*COMMAND, "lambda-zip"], cwd=functions.path)
    assert distributions(functions, "api") == {*ALWAYS, "iniconfig"}
    assert distributions(functions, "worker") == {*ALWAYS, "attrs"}
    assert distributions(functions, "cron") == ALWAYS
    with zipfile.ZipFile(functions.path / "dist/fixture_app-1.2.3-worker.zip") as archive:
        assert [name for name in archive.namelist() if name.endswith("aarch64-linux-gnu.so")]


def test_functions_are_chosen_on_the_command_line(functions: Workbench) -> None:
    run([*COMMAND, "lambda-zip:cron,api"], cwd=functions.path)
    names = sorted(path.name for path in (functions.path / "dist").glob("*.zip"))
    assert names == ["fixture_app-1.2.3-api.zip", "fixture_app-1.2.3-cron.zip"]
    result = run([*COMMAND, "lambda-zip:croon"], cwd=functions.path, check=False)
    assert "the function 'croon' is not one of api, worker, cron. Did you mean 'cron'?" in (
        result.stdout + result.stderr
    )


def test_ten_functions_with_the_same_dependencies_take_one_install(
    workbench: Workbench, tmp_path: Path
) -> None:
    tables = "".join(
        f"\n[tool.hatch.build.targets.lambda-zip.functions.f{number}]\n" for number in range(10)
    )
    workbench.replace("\n[tool.uv]\n", f"{tables}\n[tool.uv]\n")
    called = tmp_path / "called"
    wrapper = tmp_path / "uv"
    wrapper.write_text(f'#!/bin/sh\necho "$1 $2" >> "{called}"\nexec "{UV}" "$@"\n')
    wrapper.chmod(0o755)
    run([*COMMAND, "lambda-zip"], cwd=workbench.path, env=clean_environment(UV=str(wrapper)))
    assert len(list((workbench.path / "dist").glob("*.zip"))) == 10
    assert sorted(called.read_text().splitlines()) == [
        "build --wheel",
        "export --locked",
        "pip install",
        "workspace dir",
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
    functions: Workbench, old: str, new: str, expected: str
) -> None:
    text = functions.pyproject.read_text()
    head, table, tail = text.partition("[tool.hatch.build.targets.lambda-zip.functions.api]")
    assert old in tail
    functions.pyproject.write_text(head + table + tail.replace(old, new, 1))
    assert f"tool.hatch.build.targets.lambda-zip{expected}" in functions.fail()


def test_a_flat_lock_has_no_extras_to_choose_from(functions: Workbench) -> None:
    command = [UV, "export", "-q", "--format", "pylock.toml", "-o", "pylock.toml"]
    run(command, cwd=functions.path)
    functions.lock_path.unlink()
    message = functions.fail()
    assert "pylock.toml was not made with web as extras or dependency groups" in message


SELECTIONS = """
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "choosy"
version = "1"
requires-python = ">=3.11"
dependencies = [
    "colorama; sys_platform == 'win32'",
    "exceptiongroup; python_version < '3.12'",
    "iniconfig; platform_machine == 'aarch64'",
    "pluggy; platform_machine == 'x86_64' and python_version >= '3.13'",
    "markupsafe",
]

[project.optional-dependencies]
web = ["click", "idna>=3.7"]
all = ["choosy[web]", "attrs; implementation_name == 'cpython'"]

[dependency-groups]
old = ["six<1.17", "tomli<2.1; python_version < '3.13'"]
new = ["six>=1.17", { include-group = "more" }]
more = ["packaging; sys_platform == 'linux'"]
dev = ["pytest"]

[tool.hatch.build.targets.lambda-zip]
runtimes = ["python3.11", "python3.12", "python3.13"]
architectures = ["x86_64", "arm64"]

[tool.hatch.build.targets.lambda-zip.functions.plain]

[tool.hatch.build.targets.lambda-zip.functions.everything]
extras = ["all"]
groups = ["new"]

[tool.hatch.build.targets.lambda-zip.functions.legacy]
extras = ["web"]
groups = ["old"]

[tool.uv]
exclude-newer = "2026-11-01T00:00:00Z"
conflicts = [[{ group = "old" }, { group = "new" }]]
"""


def test_each_function_gets_exactly_what_uv_exports_for_it(tmp_path: Path) -> None:
    (tmp_path / "choosy.py").touch()
    (tmp_path / "pyproject.toml").write_text(SELECTIONS)
    run([UV, "lock", "-q"], cwd=tmp_path)
    run([*COMMAND, "lambda-zip"], cwd=tmp_path)
    seen = set()
    for path in (tmp_path / "dist").glob("*.json"):
        manifest = json.loads(path.read_text())
        options = manifest["options"]
        command = [UV, "export", "-q", "--locked", "--no-default-groups", "--no-emit-project"]
        command += [f"--extra={extra}" for extra in options["extras"]]
        command += [f"--group={group}" for group in options["groups"]]
        exported = run([*command, "--no-hashes", "--no-annotate", "--no-header"], cwd=tmp_path)
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
    assert len(list((tmp_path / "dist").glob("*.zip"))) == 18
    assert len(seen) > 12  # the markers did make differences
