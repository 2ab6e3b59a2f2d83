"""Real packages that need a way out: mostly data, programs for each machine, no wheel."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.commands import UV, run
from tests.support.projects import Build, Project

PATTERNS = ["botocore/data/*/", "!botocore/data/dynamodb/", "LICENSE*"]
CODE = """\
import importlib.metadata as metadata, sys
sys.path.insert(0, sys.argv[1])
import boto3, botocore.exceptions
arguments = dict(region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
print(boto3.client("dynamodb", **arguments).meta.service_model.api_version)
try:
    boto3.client("ec2", **arguments)
except botocore.exceptions.UnknownServiceError:
    print("no ec2")
(botocore,) = metadata.distributions(name="botocore", path=[sys.argv[1]])
assert all(file.locate().is_file() for file in botocore.files)
"""


def depend_on(project: Project, name: str, **options: object) -> None:
    """Let the project require a distribution, and set options of the target."""
    project.replace('    "six",', f'    "six",\n    "{name}",')
    lines = [f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in options.items()]
    project.replace('runtime = "python3.13"', "\n".join(['runtime = "python3.13"', *lines]))
    project.lock()


@pytest.mark.slow
def test_boto3_works_with_a_part_of_its_data(project: Project, tmp_path: Path) -> None:
    depend_on(project, "boto3", exclude_files=PATTERNS)
    build = project.build()
    assert "the pattern" not in build.output
    data = {name.split("/")[2] for name in build.names if name.startswith("botocore/data/")}
    assert {"dynamodb", "endpoints.json"} <= data
    assert not {"ec2", "s3"} & data
    assert build.manifest["unzipped_bytes"] < 6_000_000
    left = [file for file in build.manifest["left_out"] if file["reason"] == "excluded-file"]
    assert {file["distribution"] for file in left} > {"botocore", "boto3", "six"}
    assert build.manifest["options"]["exclude-files"] == PATTERNS
    root = build.unpack(tmp_path / "task")
    result = run([sys.executable, "-I", "-S", "-c", CODE, root], cwd=tmp_path)
    assert result.stdout == "2012-08-10\nno ec2\n"


@pytest.mark.slow
def test_programs_for_each_machine_ship_to_each(project: Project) -> None:
    depend_on(project, "selenium")
    for architecture, other in (("x86_64", "arm64"), ("arm64", "x86_64")):
        project.configure(architecture=architecture)
        build = project.build()
        program = f"/selenium/webdriver/common/linux-{other}/selenium-manager"
        assert (
            f"selenium ships 1 file for other machines beside the same for {architecture}; if you "
            f'like, `exclude-files = ["{program}"]` leaves it out'
        ) in build.output
        assert program[1:] in build.names


def built_with(build: Build, name: str) -> str:
    """Return what built a distribution's wheel."""
    (found,) = [item for item in build.manifest["distributions"] if item["name"] == name]
    return str(found["built_with"])


@pytest.mark.slow
def test_a_source_distribution_is_built_where_it_is_named(project: Project) -> None:
    depend_on(project, "docopt==0.6.2", build_from_source=["DocOpt", "idna", "elsewhere"])
    build = project.build()
    assert "docopt.py" in build.names
    assert built_with(build, "docopt").startswith("setuptools (")
    assert b"Generator: hatch-lambda-zip\n" in build.read("docopt-0.6.2.dist-info/WHEEL")
    # The lock has a wheel of this one.
    assert built_with(build, "idna") == "None"
    assert build.manifest["inputs"]["docopt"].startswith("sha256:49b3a825280bd66b3aa83585ef59c4")
    assert "`build-from-source`: elsewhere is nothing that uv.lock selects here" in build.output
    # The workspace says what the build may use, and that is not in the zip.
    project.replace("[tool.uv]\n", '[tool.uv]\nbuild-constraint-dependencies = ["setuptools<79"]\n')
    project.lock()
    run([UV, "cache", "clean", "-q", "docopt"], cwd=project.path)
    constrained = project.build()
    assert built_with(constrained, "docopt") == "setuptools (78.1.1)"
    assert constrained.sha256 == build.sha256
    lock = project.lock_path.read_text(encoding="utf-8")
    digest = build.manifest["inputs"]["docopt"]
    project.lock_path.write_text(lock.replace(digest, f"sha256:{'0' * 64}"), encoding="utf-8")
    assert "Hash mismatch" in project.fail()


@pytest.mark.exhaustive
def test_a_requirements_txt_may_have_source_distributions(project: Project) -> None:
    depend_on(project, "docopt==0.6.2", build_from_source=["docopt", "idna"])
    build = project.build()
    arguments = ("--no-default-groups", "--format", "requirements.txt", "-o", "requirements.txt")
    run([UV, "export", "-q", *arguments], cwd=project.path)
    project.configure(lock="requirements.txt")
    other = project.build()
    assert (other.sha256, built_with(other, "idna")) == (build.sha256, "None")
    project.replace('build-from-source = ["docopt", "idna"]\n', "")
    message = project.fail()
    assert '`build-from-source = ["docopt"]` has the locked source distribution built' in message


@pytest.mark.exhaustive
def test_compiled_code_is_built_for_a_machine_like_this_alone(project: Project) -> None:
    depend_on(project, "markupsafe", build_from_source=["markupsafe"])
    lock = project.lock_path.read_text(encoding="utf-8")
    head, package, rest = lock.partition('name = "markupsafe"\n')
    wheels = rest[rest.index("wheels = [") : rest.index("]\n", rest.index("wheels = [")) + 2]
    project.lock_path.write_text(head + package + rest.replace(wheels, "", 1), encoding="utf-8")
    project.configure(runtime=f"python3.{sys.version_info.minor}")
    machine = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    other = {"arm64": "x86_64", "x86_64": "arm64"}[machine]
    project.configure(architecture=machine)
    assert "markupsafe was compiled on this machine" in project.build().output
    project.configure(architecture=other)
    message = project.fail()
    assert "What is built from source is not in pure Python, and does not fit python3." in message


def without_interpreters(tmp_path: Path) -> dict[str, str]:
    """Return variables of a machine on which uv finds no Python, but is there itself."""
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    return {"UV": UV, "PATH": str(empty), "UV_PYTHON_INSTALL_DIR": str(empty)}


def newer_than_here(project: Project) -> None:
    """Let the project, and its lock, want a Python that no test has."""
    project.replace('requires-python = ">=3.10"', 'requires-python = ">=3.14"')
    project.replace('requires-python = ">=3.10"', 'requires-python = ">=3.14"', file="uv.lock")
    project.configure(runtime="python3.14")


@pytest.mark.parametrize("shim", [None, "python3.14"])
def test_a_build_without_an_interpreter_that_the_project_wants(
    project: Project, tmp_path: Path, shim: str | None
) -> None:
    newer_than_here(project)
    variables = without_interpreters(tmp_path)
    if shim is not None:  # as pyenv has them for each Python that is installed
        path = tmp_path / "empty" / shim
        path.write_text("#!/bin/sh\necho 'pyenv: command not found' >&2\nexit 127\n")
        path.chmod(0o755)
    # uv would download one, if it were let.
    build = project.build(environment={**variables, "UV_PYTHON_DOWNLOADS": "automatic"})
    assert {"six.py", "fixture_app/main.py", "fixture_lib/__init__.py"} <= {*build.names}
    assert {*(tmp_path / "empty").iterdir()} <= {tmp_path / "empty" / "python3.14"}


@pytest.mark.exhaustive
def test_a_project_that_wants_a_later_patch_release(project: Project) -> None:
    """Whether such a Python is here is no matter."""
    for file in ("pyproject.toml", "uv.lock"):
        project.replace('requires-python = ">=3.10"', 'requires-python = ">=3.13.4"', file=file)
    project.configure(runtime="python3.13")
    warning = ">=3.13.4, which depends on the patch release of Python; it was judged for 3.13."
    assert warning in project.build().output
    project.configure(python_release="3.13.5")
    assert warning not in project.build().output
    project.configure(python_release="3.13.3")
    message = project.fail()
    assert "judged for Python 3.13.3" in message
    assert "name it with `python-release`" in message


def test_a_lock_that_nobody_can_check(project: Project, tmp_path: Path) -> None:
    newer_than_here(project)
    project.replace('    "six",', '    "six",\n    "attrs",')
    message = project.fail(environment=without_interpreters(tmp_path))
    assert "is up to date: uv has no Python here that fits requires-python (No interp" in message
    assert "attrs of the dependencies in " in message
    assert "Install such a Python, as with `uv python install`, and build again" in message
