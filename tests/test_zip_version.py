"""Versions that come from a repository: the zips of two commits with the same sources are equal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import UV, clean_environment, run
from tests.support.processes import comes_true, number_in, runs
from tests.support.projects import Project

TABLE = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
HATCH_VCS = (
    '[build-system]\nrequires = ["hatchling", "hatch-vcs"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "Demo.App"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
    '[tool.hatch.version]\nsource = "vcs"\n'
    '[tool.hatch.build.hooks.vcs]\nversion-file = "src/demo_app/_version.py"\n'
)
SETUPTOOLS_SCM = (
    '[build-system]\nrequires = ["setuptools", "setuptools-scm"]\n'
    'build-backend = "setuptools.build_meta"\n'
    '[project]\nname = "Demo.App"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
    '[tool.setuptools_scm]\nversion_file = "src/demo_app/_version.py"\n'
)
UV_DYNAMIC = (
    '[build-system]\nrequires = ["hatchling", "uv-dynamic-versioning"]\n'
    'build-backend = "hatchling.build"\n'
    '[project]\nname = "Demo.App"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
    '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n'
)
PDM = (
    '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n'
    '[project]\nname = "Demo.App"\ndynamic = ["version"]\nrequires-python = ">=3.10"\n'
    '[tool.pdm.version]\nsource = "scm"\nwrite_to = "demo_app/_version.py"\n'
)
POETRY = (
    '[build-system]\nrequires = ["poetry-core", "poetry-dynamic-versioning"]\n'
    'build-backend = "poetry_dynamic_versioning.backend"\n'
    '[tool.poetry]\nname = "Demo.App"\nversion = "0.0.0"\ndescription = ""\nauthors = []\n'
    'packages = [{include = "demo_app", from = "src"}]\n'
    '[tool.poetry.dependencies]\npython = ">=3.10"\n'
    "[tool.poetry-dynamic-versioning]\nenable = true\n"
)


def git(directory: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *arguments]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)


def repository(root: Path, text: str) -> Project:
    package = root / "app/src/demo_app"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    project = Project(root)
    project.pyproject.write_text(f"{text}\n{TABLE}", encoding="utf-8")
    ignored = "_version.py\ndist/\nkept/\nbuild/\n*.egg-info\n.pdm-build/\nrequirements.txt\n"
    (project.path / ".gitignore").write_text(ignored, encoding="utf-8")
    (project.path / "requirements.txt").write_text("", encoding="utf-8")
    project.configure(lock="requirements.txt")
    git(project.path, "init", "-q")
    git(project.path, "add", "-A")
    git(project.path, "commit", "-qm", "one")
    git(project.path, "tag", "v1.0")
    return project


# hatch-vcs calls setuptools-scm in a way that is to end.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SETUPTOOLS_SCM, marks=pytest.mark.exhaustive),
        pytest.param(HATCH_VCS, marks=pytest.mark.slow),
        pytest.param(UV_DYNAMIC, marks=pytest.mark.exhaustive),
        pytest.param(PDM, marks=pytest.mark.exhaustive),
        pytest.param(POETRY, marks=pytest.mark.exhaustive),
    ],
    ids=["setuptools-scm", "hatch-vcs", "uv-dynamic-versioning", "pdm", "poetry"],
)
def test_two_commits_give_one_zip(tmp_path: Path, text: str) -> None:
    project = repository(tmp_path, text)
    noisy = project.build()
    assert noisy.output.count("note: the version of demo-app changes with every commit") == 1
    assert 'zip-version = "0"' in noisy.output
    generated = project.path / "src/demo_app/_version.py"
    if generated.is_file():
        generated.write_text("# as it was\n", encoding="utf-8")
    project.configure(zip_version="0")
    git(project.path, "commit", "-qam", "two")
    first = project.build()
    git(project.path, "commit", "-q", "--allow-empty", "-m", "three")
    second = project.build()
    assert first.sha256 == second.sha256
    assert first.manifest == second.manifest
    assert "changes with every commit" not in first.output
    assert first.artifact.name == "demo_app-0-lambda.zip"
    assert b"\nVersion: 0\n" in first.read("demo_app-0.dist-info/METADATA")
    if "demo_app/_version.py" in first.names:
        assert b"0" in first.read("demo_app/_version.py")
        assert b"dev" not in first.read("demo_app/_version.py")
    # The source tree is as it was.
    assert not generated.is_file() or generated.read_text(encoding="utf-8") == "# as it was\n"
    status = ["git", "status", "--porcelain"]
    assert not run(status, cwd=project.path, env=clean_environment()).stdout


# Of a library with its version from its repository: it works on for long.
SLOW_BACK_END = """
import os, time
from pathlib import Path
from setuptools.build_meta import *
from setuptools import build_meta

def build_wheel(*arguments):
    build_meta.build_wheel(*arguments)
    Path(os.environ["PLACE"]).write_text(f"{os.getpid()}\\n")
    time.sleep(300)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_build_leaves_the_source_tree_as_it_was(
    tmp_path: Path,
) -> None:
    text = SETUPTOOLS_SCM.replace('"setuptools.build_meta"', '"slow"\nbackend-path = ["."]')
    project = repository(tmp_path, text)
    (project.path / "slow.py").write_text(SLOW_BACK_END, encoding="utf-8")
    project.configure(zip_version="0")
    generated = project.path / "src/demo_app/_version.py"
    generated.write_text("# as it was\n", encoding="utf-8")
    place = tmp_path / "place"
    process = subprocess.Popen(
        [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"],
        cwd=project.path,
        env=clean_environment(PLACE=str(place)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    back_end = number_in(place)
    assert "0" in generated.read_text(encoding="utf-8")
    process.kill()
    process.wait()
    assert comes_true(lambda: not runs(back_end))
    assert comes_true(lambda: generated.read_text(encoding="utf-8") == "# as it was\n")


def test_a_static_version_and_that_of_a_library_are_replaced(project: Project) -> None:
    project.configure(zip_version="0")
    first = project.build()
    project.replace('version = "1.2.3"', 'version = "1.2.4"')
    project.replace('version = "0.4"', 'version = "0.5"', file="../lib/pyproject.toml")
    project.lock()
    second = project.build()
    assert first.sha256 == second.sha256
    assert first.manifest == second.manifest
    assert {"fixture_app-0.dist-info/METADATA", "fixture_lib-0.dist-info/METADATA"} <= {
        *first.names
    }
    versions = {item["name"]: item["version"] for item in first.manifest["distributions"]}
    assert (versions["fixture-app"], versions["fixture-lib"]) == ("0", "0")
    # Wheels are what they were.
    run([UV, "build", "-q", "--wheel", "-o", "wheels", "../lib"], cwd=project.path)
    assert [path.name for path in (project.path / "wheels").glob("*.whl")] == [
        "fixture_lib-0.5-py3-none-any.whl"
    ]


@pytest.mark.slow
def test_requirements_between_local_projects_are_not_judged_by_it(project: Project) -> None:
    project.replace('"fixture-lib",', '"fixture-lib>=0.3",')
    project.lock()
    run([UV, "export", "-q", "--format", "pylock.toml", "-o", "pylock.toml"], cwd=project.path)
    project.lock_path.unlink()
    project.configure(zip_version="0")
    assert "fixture_lib-0.dist-info/METADATA" in project.build().names
    project.replace('"idna",', '"idna<3",')  # which is of a third party
    message = project.fail()
    assert "does not have what fixture-app requires: idna<3 (it has" in message
    assert "fixture-lib" not in message


@pytest.mark.parametrize(
    ("value", "message"),
    [("one", "'one' is no version (PEP 440)"), ("01.0", "'01.0' is spelled '1.0' (PEP 440)")],
)
def test_what_is_no_version(project: Project, value: str, message: str) -> None:
    project.configure(zip_version=value)
    assert f"tool.hatch.build.targets.lambda-zip.zip-version: {message}" in project.fail()
