"""The target from end to end: what is in the zip, and that it runs."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import Workbench

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
    python: list[str], root: Path, handler: str, event: dict[str, object]
) -> dict[str, dict[str, dict[str, object]]]:
    result = subprocess.run(
        [*python, "-I", "-S", "-B", "-c", RUNNER, str(root), handler, json.dumps(event)],
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


@pytest.mark.skipif(sys.platform != "linux", reason="Lambda's native libraries are for Linux")
def test_function_runs_where_its_runtime_does(workbench: Workbench, tmp_path: Path) -> None:
    machine = os.uname().machine
    workbench.configure(
        runtime=HOST_RUNTIME, architecture={"aarch64": "arm64"}.get(machine, machine)
    )
    build = workbench.build()
    root = build.unpack(tmp_path / "task")
    check_run(run_function([sys.executable], root, "fixture_app.main.handler", {"text": "<a>"}))


@pytest.mark.skipif(
    "LAMBDA_ZIP_TEST_ARM_PYTHON" not in os.environ,
    reason="needs a CPython 3.11 for 64-bit ARM, emulated or not; continuous integration has one",
)
def test_function_for_arm_runs_on_arm(workbench: Workbench, tmp_path: Path) -> None:
    workbench.configure(runtime="python3.11", architecture="arm64")
    root = workbench.build().unpack(tmp_path / "task")
    python = [os.environ["LAMBDA_ZIP_TEST_ARM_PYTHON"]]
    check_run(run_function(python, root, "fixture_app.main.handler", {"text": "<a>"}))


def test_zip_is_accepted_by_other_tools(workbench: Workbench) -> None:
    build = workbench.build()
    with zipfile.ZipFile(build.artifact) as archive:
        assert archive.testzip() is None
    if shutil.which("unzip") is not None:
        subprocess.run(["unzip", "-tqq", str(build.artifact)], check=True, timeout=60)
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-t", str(build.artifact)],
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
    )


def test_contents_are_what_the_function_needs(workbench: Workbench) -> None:
    build = workbench.build()
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
    assert distributions["fixture-lib"]["built_with"].startswith("setuptools")
    assert distributions["idna"]["origin"] == "index"
    # idna's console script would hold this machine's interpreter path.
    assert [left["path"] for left in build.manifest["left_out"]] == ["bin/idna"]
    wheel = build.read("fixture_lib-0.4.dist-info/WHEEL").decode()
    assert "Generator: hatch-lambda-zip\n" in wheel


def test_manifest_describes_the_zip(workbench: Workbench) -> None:
    build = workbench.build()
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
    assert str(workbench.root) not in json.dumps(manifest)


def test_output_says_what_happens(workbench: Workbench) -> None:
    build = workbench.build()
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
    verbose = workbench.build(environment={"HATCH_VERBOSE": "1"})
    assert "uv export --locked" in verbose.output
    assert "uv pip install --no-deps" in verbose.output
    assert "uv build --wheel" in verbose.output


@pytest.mark.once
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("runtime", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_wheels_are_those_of_the_target(
    workbench: Workbench, runtime: str, architecture: str
) -> None:
    workbench.configure(runtime=runtime, architecture=architecture)
    build = workbench.build()
    (native,) = [name for name in build.names if name.endswith(".so")]
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    assert native == f"markupsafe/_speedups.cpython-3{runtime[8:]}-{machine}-linux-gnu.so"
    assert (build.manifest["runtime"], build.manifest["architecture"]) == (runtime, architecture)


def test_hatch_toml_is_read(workbench: Workbench) -> None:
    table = 'runtime = "python3.12"\narchitecture = "arm64"\n'
    (workbench.path / "hatch.toml").write_text(
        f"[build.targets.lambda-zip]\n{table}", encoding="utf-8"
    )
    manifest = workbench.build().manifest
    assert (manifest["runtime"], manifest["architecture"]) == ("python3.12", "arm64")


def test_hatchling_keys_keep_their_meaning(workbench: Workbench) -> None:
    (workbench.path / "src/fixture_app/extra.py").write_text("x = 1\n", encoding="utf-8")
    (workbench.path / "notes.txt").write_text("notes\n", encoding="utf-8")
    workbench.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nexclude = ["extra.py"]\n'
        'force-include = { "notes.txt" = "fixture_app/notes.txt" }\n'
        'directory = "out"\nversions = ["lambda"]',
    )
    build = workbench.build()
    (artifact,) = (workbench.path / "out").glob("*.zip")
    with zipfile.ZipFile(artifact) as archive:
        names = archive.namelist()
    assert "fixture_app/extra.py" not in names
    assert "fixture_app/notes.txt" in names
    assert not build.directory.exists()


def test_clean_removes_what_we_made_and_nothing_else(workbench: Workbench) -> None:
    build = workbench.build()
    foreign = build.directory / "foreign.zip"
    foreign.write_bytes(b"not ours")
    document = build.directory / "other.json"
    document.write_text('{"tool": {"name": "something else"}}', encoding="utf-8")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip", "--clean-only"]
    subprocess.run(command, check=True, cwd=workbench.path, timeout=60)
    assert sorted(path.name for path in build.directory.iterdir()) == ["foreign.zip", "other.json"]
