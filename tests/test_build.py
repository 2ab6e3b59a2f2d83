"""The target from end to end: what is in the zip, and that it runs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.commands import needed
from tests.support.hatchling_runs import run_hatchling
from tests.support.interpreters import arm_python
from tests.support.projects import Build, Project

HOST_RUNTIME = f"python3.{sys.version_info.minor}"

# Runs the function as Lambda does: the unpacked zip first on sys.path, nothing else installed.
RUNNER = """
import importlib, json, sys
from importlib import metadata
root, handler, event = sys.argv[1:]
sys.path.insert(0, root)
module, _, name = handler.rpartition(".")
result = getattr(importlib.import_module(module), name)(json.loads(event), None)
found = {}
for distribution in metadata.distributions(path=[root]):
    files = distribution.files
    found[distribution.metadata["Name"]] = {
        "version": metadata.version(distribution.metadata["Name"]),
        "missing": [str(file) for file in files if not file.locate().is_file()],
        "hashes": all(file.hash is not None for file in files if file.name != "RECORD"),
        "entry_points": sorted(point.name for point in distribution.entry_points),
    }
print(json.dumps({"result": result, "distributions": found}))
"""


def run_function(
    python: str, root: Path, handler: str, event: dict[str, object]
) -> dict[str, dict[str, dict[str, object]]]:
    result = subprocess.run(
        [python, "-I", "-S", "-B", "-c", RUNNER, str(root), handler, json.dumps(event)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    output: dict[str, dict[str, dict[str, object]]] = json.loads(result.stdout)
    return output


def check_run(output: dict[str, dict[str, dict[str, object]]]) -> None:
    assert output["result"] == {
        "escaped": "&lt;a&gt;",
        "native": True,
        "encoded": "xn--bcher-kva",
        "greeting": "hello",
        "six": True,
    }
    distributions = output["distributions"]
    assert {"fixture-app", "fixture-lib", "idna", "MarkupSafe", "six"} <= {
        name if name != "markupsafe" else "MarkupSafe" for name in distributions
    }
    for name, found in distributions.items():
        assert found["missing"] == [], name
        assert found["hashes"], name
    assert distributions["fixture-app"]["version"] == "1.2.3"
    assert distributions["fixture-app"]["entry_points"] == ["answer", "fixture-app"]


@pytest.mark.every_python
@pytest.mark.skipif(sys.platform != "linux", reason="Lambda's native libraries are for Linux")
def test_function_runs_where_its_runtime_does(project: Project, tmp_path: Path) -> None:
    machine = os.uname().machine
    project.configure(runtime=HOST_RUNTIME, architecture={"aarch64": "arm64"}.get(machine, machine))
    # The one build of all tests that each Python does as a command.
    build = project.build_by_command()
    root = build.unpack(tmp_path / "task")
    check_run(run_function(sys.executable, root, "fixture_app.main.handler", {"text": "<a>"}))


def test_function_for_arm_runs_on_arm(project: Project, tmp_path: Path) -> None:
    python = arm_python()
    if python is None:
        pytest.skip("CPython 3.11 for 64-bit ARM is not here")
    project.configure(runtime="python3.11", architecture="arm64")
    root = project.build().unpack(tmp_path / "task")
    check_run(run_function(str(python), root, "fixture_app.main.handler", {"text": "<a>"}))


@pytest.mark.every_python
def test_zip_is_accepted_by_zipfile(reference_build: Build) -> None:
    with zipfile.ZipFile(reference_build.artifact) as archive:
        assert archive.testzip() is None
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-t", str(reference_build.artifact)],
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )


def test_zip_is_accepted_by_unzip(reference_build: Build) -> None:
    command = [needed("unzip"), "-tqq", str(reference_build.artifact)]
    subprocess.run(command, check=True, timeout=60)


def test_contents_are_what_the_function_needs(reference_build: Build) -> None:
    build = reference_build
    assert build.artifact.name == "fixture_app-1.2.3-lambda.zip"
    names = build.names
    assert "fixture_app/main.py" in names
    assert "fixture_lib/greeting.txt" in names
    assert "six.py" in names
    assert any(name.endswith("cpython-313-x86_64-linux-gnu.so") for name in names)
    assert not any("__pycache__" in name or name.startswith("bin/") for name in names)
    assert not any(name.endswith(("INSTALLER", "REQUESTED", "direct_url.json")) for name in names)
    distributions = {entry["name"]: entry for entry in build.manifest["distributions"]}
    assert set(distributions) == {"fixture-app", "fixture-lib", "idna", "markupsafe", "six"}
    assert distributions["fixture-lib"]["origin"] == "local"
    assert distributions["fixture-lib"]["built_with"].startswith("uv ")
    assert distributions["idna"]["origin"] == "index"
    # idna's console script would hold this machine's interpreter path.
    assert [left["path"] for left in build.manifest["left_out"]] == ["bin/idna"]
    wheel = build.read("fixture_lib-0.4.dist-info/WHEEL").decode()
    assert "Generator: hatch-lambda-zip\n" in wheel


def test_a_path_dependency_that_setuptools_builds(
    setuptools_project: Project, reference_build: Build
) -> None:
    build = setuptools_project.build()
    (entry,) = [d for d in build.manifest["distributions"] if d["name"] == "fixture-lib"]
    assert (entry["origin"], entry["built_with"].partition(" ")[0]) == ("local", "setuptools")
    wheel = build.read("fixture_lib-0.4.dist-info/WHEEL").decode()
    assert "Generator: hatch-lambda-zip\n" in wheel
    metadata = build.read("fixture_lib-0.4.dist-info/METADATA").decode()
    assert "\nName: fixture-lib\nVersion: 0.4\n" in metadata
    # Another back end ships the same modules and data.
    shipped = [
        {name: made.read(name) for name in made.names if ".dist-info/" not in name}
        for made in (build, reference_build)
    ]
    assert shipped[0] == shipped[1]


def test_manifest_describes_the_zip(reference_build: Build) -> None:
    build = reference_build
    manifest = build.manifest
    data = build.artifact.read_bytes()
    assert manifest["artifact"] == build.artifact.name
    assert manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["sha256_base64"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert manifest["zipped_bytes"] == len(data)
    with zipfile.ZipFile(build.artifact) as archive:
        infos = archive.infolist()
    assert manifest["files"] == len(infos)
    assert manifest["unzipped_bytes"] == sum(info.file_size for info in infos)
    distributions = manifest["distributions"]
    assert sum(entry["files"] for entry in distributions) == len(infos)
    assert sum(entry["bytes"] for entry in distributions) == manifest["unzipped_bytes"]
    assert sum(entry["compressed_bytes"] for entry in distributions) == sum(
        info.compress_size for info in infos
    )
    assert str(build.directory.parent.parent) not in json.dumps(manifest)


def test_output_says_what_happens(project: Project, reference_build: Build) -> None:
    build = reference_build
    lines = build.output.splitlines()
    assert "fixture-app:lambda: reading uv.lock for python3.13 on x86_64" in lines
    assert "fixture-app:lambda: 3 locked distributions, 2 wheels to build" in lines
    assert any(line.startswith("fixture-app:lambda: compressing ") for line in lines)
    (summary,) = [
        line for line in lines if line.startswith("fixture-app:lambda: python3.13/x86_64, ")
    ]
    assert "5 distributions" in summary
    assert f"sha256 {build.sha256}" in summary
    assert "Running in" not in build.output
    verbose = project.build(environment={"HATCH_VERBOSE": "1"})
    assert "uv export --locked" in verbose.output
    assert "uv pip install --no-deps" in verbose.output
    assert "uv build --wheel" in verbose.output


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("runtime", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_wheels_are_those_of_the_target(project: Project, runtime: str, architecture: str) -> None:
    project.configure(runtime=runtime, architecture=architecture)
    build = project.build()
    (native,) = [name for name in build.names if name.endswith(".so")]
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    assert native == f"markupsafe/_speedups.cpython-3{runtime[8:]}-{machine}-linux-gnu.so"
    assert (build.manifest["runtime"], build.manifest["architecture"]) == (runtime, architecture)


def test_hatch_toml_is_read(project: Project) -> None:
    table = 'runtime = "python3.12"\narchitecture = "arm64"\n'
    (project.path / "hatch.toml").write_text(
        f"[build.targets.lambda-zip]\n{table}", encoding="utf-8"
    )
    manifest = project.build().manifest
    assert (manifest["runtime"], manifest["architecture"]) == ("python3.12", "arm64")


def test_hatchling_keys_keep_their_meaning(project: Project) -> None:
    (project.path / "src/fixture_app/extra.py").write_text("x = 1\n", encoding="utf-8")
    (project.path / "notes.txt").write_text("notes\n", encoding="utf-8")
    project.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nexclude = ["extra.py"]\n'
        'force-include = { "notes.txt" = "fixture_app/notes.txt" }\n'
        'directory = "out"\nversions = ["lambda"]',
    )
    build = project.build()
    (artifact,) = (project.path / "out").glob("*.zip")
    with zipfile.ZipFile(artifact) as archive:
        names = archive.namelist()
    assert "fixture_app/extra.py" not in names
    assert "fixture_app/notes.txt" in names
    assert not build.directory.exists()


def test_clean_removes_what_we_made_and_nothing_else(project: Project) -> None:
    build = project.build()
    foreign = build.directory / "foreign.zip"
    foreign.write_bytes(b"not ours")
    document = build.directory / "other.json"
    document.write_text('{"tool": {"name": "something else"}}', encoding="utf-8")
    command = ["build", "-t", "lambda-zip", "--clean-only"]
    assert run_hatchling(command, cwd=project.path).returncode == 0
    assert sorted(path.name for path in build.directory.iterdir()) == ["foreign.zip", "other.json"]
