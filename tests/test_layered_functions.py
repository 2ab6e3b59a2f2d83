"""Functions with layers, as in examples/functions: divided, they are what they were whole."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip.contents import limits
from tests.support.commands import CHECKOUT, NOT_ISOLATED, UV, clean_environment, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.projects import Project
from tests.support.shared import made_once

pytestmark = pytest.mark.shared_cache

KEY = "tool.hatch.build.targets.lambda-zip"
HTTP_EVENT = {
    "version": "2.0",
    "rawPath": "/orders",
    "requestContext": {"http": {"method": "POST", "path": "/orders"}, "stage": "$default"},
    "body": json.dumps(
        {"customer": "ada", "items": [{"sku": "a", "quantity": 3, "price": "1.50"}]}
    ),
}
SQS_EVENT = {"Records": [{"body": HTTP_EVENT["body"]}]}
# Lambda's own order: the function's directory first, then the layers'.
CALL = (
    "import importlib, json, sys; sys.path[:0] = sys.argv[3:];"
    "module, _, name = sys.argv[1].rpartition('.');"
    "handler = getattr(importlib.import_module(module), name);"
    "print(json.dumps(handler(json.loads(sys.argv[2]), None)))"
)


@pytest.fixture(scope="session")
def locked_example(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example, locked. Not to be changed."""

    def make(root: Path) -> None:
        ignored = shutil.ignore_patterns("dist", "uv.lock")
        shutil.copytree(CHECKOUT / "examples/functions", root / "functions", ignore=ignored)
        Project(root, "functions").lock()

    return Project(made_once(tmp_path_factory, "functions", make), "functions")


@pytest.fixture
def example(locked_example: Project, tmp_path: Path) -> Project:
    """The example, locked: a copy of the test's own, to change."""
    return locked_example.copy_to(tmp_path / "example")


def build(project: Project, names: str = "") -> dict[str, dict[str, Any]]:
    """Build and return the manifests by what they are of."""
    return manifests_in(project.build(names=names).kept)


def manifests_in(directory: Path) -> dict[str, dict[str, Any]]:
    manifests = [json.loads(path.read_text()) for path in directory.glob("*.json")]
    return {manifest["target"].removeprefix("lambda-zip:"): manifest for manifest in manifests}


def file_of(name: str) -> str:
    return f"orders-1.0.0-{name}-{'layer' if name.startswith('deps') else 'lambda'}.zip"


def files(project: Project, name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(project.path / "dist" / file_of(name)) as archive:
        return {member: archive.read(member) for member in archive.namelist()}


def names_of(manifest: dict[str, Any]) -> set[str]:
    return {entry["name"] for entry in manifest["distributions"]}


def test_a_function_over_its_layers_is_the_undivided_function(example: Project) -> None:
    manifests = build(example)
    assert set(manifests) == {"api", "deps", "worker"}
    function, layer = files(example, "api"), files(example, "deps")
    assert all(name.startswith("python/") for name in layer)
    below = {name.removeprefix("python/"): content for name, content in layer.items()}
    assert not below.keys() & function.keys()
    assert names_of(manifests["api"]) == {"orders", "orjson"}
    assert {"pydantic", "pydantic-core", "jmespath"} < names_of(manifests["deps"])
    assert manifests["api"]["layers"][0]["artifact"] == "orders-1.0.0-deps-layer.zip"
    absent = {entry["name"]: entry for entry in manifests["api"]["absent_distributions"]}
    assert set(absent) == names_of(manifests["deps"])
    assert {(entry["reason"], entry["layer"]) for entry in absent.values()} == {("layer", "deps")}

    example.replace('layers = ["deps"]\n', "")
    build(example, "api")
    assert files(example, "api") == {**below, **function}


def test_what_is_left_out_and_added_on_request(example: Project) -> None:
    manifest = build(example, "worker")["worker"]
    absent = {entry["name"]: entry["reason"] for entry in manifest["absent_distributions"]}
    assert absent == {
        "boto3": "excluded",
        "botocore": "unneeded",
        "python-dateutil": "unneeded",
        "s3transfer": "unneeded",
        "six": "unneeded",
    }
    # Others need these too.
    assert {"jmespath", "urllib3"} < names_of(manifest)
    shipped = files(example, "worker")
    assert shipped["config.toml"] == (example.path / "config/prod.toml").read_bytes()
    assert manifest["include_files"][0]["source"] == "config/prod.toml"
    assert "orders/worker.py" in shipped
    assert "orders/api/__init__.py" not in shipped
    left = {(entry["path"], entry["reason"]) for entry in manifest["left_out"]}
    assert ("orders/api/__init__.py", "pattern") in left
    record = shipped["orders-1.0.0.dist-info/RECORD"].decode()
    assert "orders/worker.py," in record
    assert "orders/api" not in record
    example.replace('exclude-distributions = ["boto3"]', 'provided = "aws-sdk"')
    manifest = build(example, "worker")["worker"]
    absent = {entry["name"]: entry["reason"] for entry in manifest["absent_distributions"]}
    assert {name for name, reason in absent.items() if reason == "provided"} == {
        *("boto3", "botocore", "jmespath", "s3transfer")
    }


@pytest.mark.slow
@pytest.mark.skipif(
    sys.version_info < (3, 11) or sys.platform != "linux", reason="the example's runtimes"
)
@pytest.mark.parametrize(
    "bytecode", [pytest.param("strip", marks=pytest.mark.exhaustive), "compile"]
)
def test_the_functions_run_with_their_layers(
    example: Project, tmp_path: Path, bytecode: str
) -> None:
    machine = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    example.replace('"arm64"', f'"{machine}"')
    example.replace('"x86_64"', f'"{machine}"')
    example.replace(
        'runtime = "python3.13"',
        f'runtime = "python3.{sys.version_info.minor}"\nbytecode = "{bytecode}"\n'
        f'bytecode-python = "{platform.python_version()}"',
    )
    build(example)
    for name in ("api", "worker", "deps"):
        root = tmp_path / name
        with zipfile.ZipFile(example.path / "dist" / file_of(name)) as archive:
            archive.extractall(root)
        for path in (root, *root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
    api, worker, layer = tmp_path / "api", tmp_path / "worker", tmp_path / "deps/python"
    answer, modules = call("orders.api.handler", HTTP_EVENT, api, layer)
    assert answer["statusCode"] == 201
    assert json.loads(answer["body"]) == {"customer": "ada", "total": "4.50"}
    assert len(modules) > 100
    # Every module comes from bytecode, or none does.
    from_bytecode = {module for module in modules if module.endswith(".pyc'")}
    assert from_bytecode == (modules if bytecode == "compile" else set())
    answer, _ = call("orders.worker.handler", SQS_EVENT, worker)
    assert answer == {"sent": 1, "webhook": "https://warehouse.example/orders"}


def call(handler: str, event: dict[str, Any], *path: Path) -> tuple[dict[str, Any], set[str]]:
    """Call a handler; return its answer, and where the code of its modules came from."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-v", "-c", CALL, handler, json.dumps(event), *path],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "REHEARSAL": "1"},
    )
    assert result.returncode == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    origins = re.findall(r"^# code object from (.*)$", result.stderr, re.MULTILINE)
    return answer, {one for one in origins if any(str(part) in one for part in path)}


@pytest.mark.slow
def test_hashes_of_functions_and_layers_do_not_depend_on_each_other(example: Project) -> None:
    before = {name: manifest["sha256"] for name, manifest in build(example).items()}
    model = "src/orders/model.py"
    example.replace("What an order is.", "What an order may be.", file=model)
    edited = {name: manifest["sha256"] for name, manifest in build(example).items()}
    assert edited["deps"] == before["deps"]
    assert edited["api"] != before["api"]
    assert edited["worker"] != before["worker"]
    example.replace("What an order may be.", "What an order is.", file=model)
    example.replace("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["jmespath<1.1"]\n')
    example.lock()
    relocked = {name: manifest["sha256"] for name, manifest in build(example).items()}
    assert relocked["deps"] != before["deps"]
    assert relocked["api"] == before["api"]
    assert relocked["worker"] != before["worker"]  # it ships jmespath itself


def test_an_edit_of_an_added_file_changes_the_hash(example: Project) -> None:
    before = build(example, "worker")["worker"]["sha256"]
    example.replace("warehouse", "depot", file="config/prod.toml")
    assert build(example, "worker")["worker"]["sha256"] != before


@pytest.mark.slow
def test_one_zip_for_each_runtime_and_architecture(example: Project) -> None:
    example.replace(
        'runtime = "python3.13"\narchitecture = "arm64"',
        'runtimes = ["python3.12", "python3.13"]\narchitectures = ["x86_64", "arm64"]',
    )
    combinations = {
        f"-python3.{minor}-{architecture}"
        for minor in (12, 13)
        for architecture in ("x86_64", "arm64")
    }
    manifests = build(example, "api,deps")
    assert set(manifests) == {name + end for name in ("api", "deps") for end in combinations}
    for name, manifest in manifests.items():
        assert manifest["artifact"] == file_of(name)
        assert name.endswith(f"-{manifest['runtime']}-{manifest['architecture']}")
    layers = manifests["api-python3.12-arm64"]["layers"]
    assert [layer["artifact"] for layer in layers] == [
        "orders-1.0.0-deps-python3.12-arm64-layer.zip"
    ]
    assert set(build(example, "worker-python3.12")) == {"worker-python3.12"}
    assert "worker-python3.13" in example.fail(names="worker-python3.11")
    example.replace('layers = ["deps"]', 'layers = ["deps"]\nfilename = "{function}.zip"')
    assert f"{KEY}.functions.api.filename: 'api.zip' is the name of 4 zips" in example.fail()


def test_a_layer_without_distributions_ships_everything_third_party(example: Project) -> None:
    example.replace('distributions = ["pydantic", "aws-lambda-powertools"]', 'extras = ["api"]')
    manifests = build(example, "api,deps")
    assert names_of(manifests["api"]) == {"orders"}
    assert {"orjson", "pydantic"} < names_of(manifests["deps"])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'distributions = ["pydantic", "aws-lambda-powertools"]',
            'groups = ["worker"]',
            "functions.api.layers: the layer 'deps' ships boto3 1.",
        ),
        (
            '["pydantic", "aws',
            '["orjson", "aws',
            "layers.deps.distributions: of what the lock selects for this layer, 'orjson' is not",
        ),
        ('["pydantic", "aws', '["orders", "aws', "'orders' is the package itself"),
        (
            'layers = ["deps"]',
            'layers = ["dep"]',
            "functions.api.layers: the layer 'dep' is not one of deps. Did you mean 'deps'?",
        ),
        (
            'layers = ["deps"]',
            'layers = ["deps"]\narchitecture = "x86_64"',
            "the layer 'deps' is built for python3.13 on arm64, and the function 'api' for",
        ),
        (
            '["boto3"] #',
            '["boto33"] #',
            "functions.worker.exclude-distributions: of what the lock selects here, 'boto33' is",
        ),
        ('"config/prod.toml"', '"config/prd.toml"', 'include-files."config/prd.toml": there is no'),
        ('"config.toml"', '"../config.toml"', "'../config.toml' leaves the zip"),
        ('"config/prod.toml"', '"/etc/hosts"', "'/etc/hosts' is an absolute path"),
        (
            '"config.toml"',
            '"orders/model.py"',
            "puts orders/model.py into the zip, which orders ships with different content",
        ),
    ],
)
def test_what_does_not_fit_is_an_error(example: Project, old: str, new: str, expected: str) -> None:
    example.replace(old, new)
    assert expected in example.fail()


def test_all_mistakes_come_at_once(example: Project) -> None:
    example.replace('layers = ["deps"]', 'layers = ["dep"]\nfilename = "{function}"')
    example.replace('"config/prod.toml"', '"prod.toml"')
    example.replace("[tool.uv]\n", 'provided = "aws==1"\n\n[tool.uv]\n')
    message = example.fail()
    for key in (
        "functions.api.layers",
        "functions.api.filename",
        'functions.worker.include-files."prod.toml"',
        "layers.deps.provided",
    ):
        assert f"{KEY}.{key}: " in message


def test_layers_of_conflicting_groups_do_not_fit(example: Project) -> None:
    example.replace(
        'worker = ["boto3>=1.40", "requests>=2.32"]',
        'worker = ["boto3>=1.40", "requests>=2.32"]\n'
        'old = ["jmespath<1.1"]\nnew = ["jmespath>=1.1"]',
    )
    example.replace(
        "[tool.uv]\n", '[tool.uv]\nconflicts = [[{ group = "old" }, { group = "new" }]]\n'
    )
    example.replace('layers = ["deps"]', 'layers = ["deps"]\ngroups = ["old"]')
    example.replace("[tool.uv]", 'groups = ["new"]\n\n[tool.uv]')
    example.lock()
    message = example.fail()
    assert f"{KEY}.functions.api.layers: the layer 'deps' ships jmespath 1.1" in message
    assert "while the lock gives the function 1.0" in message


def test_the_size_of_the_layers_counts(example: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNZIPPED", 12_000_000)
    with (example.path / "src/orders/large.bin").open("wb") as file:
        file.truncate(5_000_000)
    message = example.fail()
    assert "The function with its layers is 16," in message
    assert "The largest distributions: " in message
    assert "orders 5.0 MB" in message


def hashes(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.glob("*.zip")
    }


@pytest.mark.exhaustive
def test_the_hook_makes_the_same_zips_and_an_sdist_can_take_everything_along(
    example: Project, tmp_path: Path
) -> None:
    example.replace("[tool.uv]\n", 'include-files = { "config" = "etc" }\n\n[tool.uv]\n')
    build(example)
    output = example.path / "dist"
    expected = hashes(output)
    assert len(expected) == 3
    shutil.rmtree(output)
    example.replace(
        f"[{KEY}] #", f"[tool.hatch.build.hooks.lambda-zip]\nembed-lock = true\n\n[{KEY}] #"
    )
    environment = clean_environment(**NOT_ISOLATED)
    result = run([UV, "build"], cwd=example.path, env=environment)
    assert hashes(output) == expected
    assert result.stderr.count("compressing") == 3
    again = run([UV, "build"], cwd=example.path, env=environment)
    assert hashes(output) == expected
    assert "compressing" not in again.stderr
    # Elsewhere, from the sdist alone.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (sdist,) = output.glob("*.tar.gz")
    shutil.copy(sdist, elsewhere)
    run([UV, "build", "--wheel", elsewhere / sdist.name], cwd=elsewhere, env=environment)
    found = hashes(elsewhere) | hashes(elsewhere / "dist")
    assert found == expected
    # One function alone.
    shutil.rmtree(output)
    only = {**environment, "HATCH_LAMBDA_ZIP": "api"}
    run([UV, "build", "--wheel"], cwd=example.path, env=only)
    assert hashes(output).keys() == {"orders-1.0.0-api-lambda.zip"}
    # hatch clean removes what was made, layers too.
    run([UV, "build", "--wheel"], cwd=example.path, env={**only, "HATCH_LAMBDA_ZIP": "deps"})
    assert len(hashes(output)) == 2
    command = ["build", "-t", "lambda-zip", "--clean-only"]
    assert run_hatchling(command, cwd=example.path).returncode == 0
    assert hashes(output) == {}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        pytest.param(
            *('groups = ["worker"]', 'groups = ["worker"]\nstrip = ["type-stubs"]', {"worker"}),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *('["pydantic", "aws-lambda-powertools"]', '["pydantic"]', {"api", "deps"}),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *('exclude = ["orders/api/**"]', 'exclude = ["orders/__init__.py"]', {"worker"}),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param('layers = ["deps"]\n', "", {"api"}, marks=pytest.mark.exhaustive),
    ],
)
def test_outputs_are_left_alone_only_if_a_fresh_build_makes_the_same(
    example: Project, old: str, new: str, changed: set[str]
) -> None:
    example.replace(f"[{KEY}] #", f"[tool.hatch.build.hooks.lambda-zip]\n\n[{KEY}] #")
    command = ["build", "-t", "wheel"]
    output = example.path / "dist"
    assert run_hatchling(command, cwd=example.path).returncode == 0
    before = hashes(output)
    example.replace(old, new)
    result = run_hatchling(command, cwd=example.path)
    assert result.returncode == 0
    after = hashes(output)
    shutil.rmtree(output)
    assert run_hatchling(command, cwd=example.path).returncode == 0
    assert hashes(output) == after
    assert {name for name in after if after[name] != before[name]} == {
        file_of(name) for name in changed
    }
    # A function whose layer has changed is looked at again, and comes out the same.
    assert result.stderr.count("unchanged") >= 3 - len(changed) - 1
