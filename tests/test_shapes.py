"""Each kind of project takes a few lines, builds the same anywhere, runs, and notices edits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import loose
from tests.support.shapes import KEY, SHAPES, Shape
from tests.support.shared import made_once

pytestmark = pytest.mark.exhaustive

MACHINE = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
REQUEST = {
    "version": "2.0",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {},
    "requestContext": {"http": {"method": "GET", "path": "/", "sourceIp": "127.0.0.1"}},
}
CALL = (
    "import importlib, json, sys; sys.path[:0] = sys.argv[2:];"
    "module, _, name = sys.argv[1].rpartition('.');"
    "handler = getattr(importlib.import_module(module), name);"
    f"print(json.dumps(handler({REQUEST!r}, None)))"
)
EDITS = [(name, edit) for name, shape in SHAPES.items() for edit in shape.edits]


def write(root: Path, shape: Shape) -> None:
    loose.write(root, shape.files)
    head, _, tables = shape.table.partition("\n\n")
    architecture = "" if MACHINE == "x86_64" else f'architecture = "{MACHINE}"\n'
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[{KEY}]\n{architecture}{head}\n\n{tables}")


@pytest.fixture
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a shape, locked and built once; a copy of the test's own."""
    name: str = request.node.callspec.params["name"]

    def make(directory: Path) -> None:
        write(directory / "project", SHAPES[name])
        loose.lock(directory / "project")
        loose.build(directory / "project")

    made = made_once(tmp_path_factory, f"shape {name}", make)
    copy = tmp_path_factory.mktemp("elsewhere") / "another name"
    return shutil.copytree(made / "project", copy)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_builds_the_same_elsewhere_and_runs(root: Path, tmp_path: Path, name: str) -> None:
    shape = SHAPES[name]
    assert shape.lines <= (7 if shape.layers else 5)
    first = {path.name: path.read_bytes() for path in (root / "dist").glob("*.zip")}
    assert first.keys() == {*shape.calls, *shape.layers}
    shutil.rmtree(root / "dist")
    result = loose.invoke("build", root)
    assert result.exit_code == 0, result.stderr
    assert shape.warning in result.stderr
    # A compiler writes paths into what it makes, which is what the warning is about.
    made = {path.name: path.read_bytes() for path in (root / "dist").glob("*.zip")}
    assert made == first or shape.warning
    for zipped in first:
        with zipfile.ZipFile(root / "dist" / zipped) as archive:
            archive.extractall(tmp_path / zipped)
    layers = [tmp_path / layer / "python" for layer in shape.layers]
    for zipped, (handler, expected) in shape.calls.items():
        command: list[str | Path] = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            CALL,
            handler,
            tmp_path / zipped,
            *layers,
        ]
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        result = json.loads(ran.stdout)
        assert result == expected if expected is not None else result


@pytest.mark.parametrize(("name", "edit"), EDITS)
def test_an_edit_changes_the_right_zips(root: Path, name: str, edit: str) -> None:
    change = SHAPES[name].edits[edit]
    before = loose.build(root)
    file = root / change.file
    text = change.new
    if change.old is not None:
        assert change.old in file.read_text(encoding="utf-8")
        text = file.read_text(encoding="utf-8").replace(change.old, change.new, 1)
    file.write_text(text, encoding="utf-8")
    if change.error:
        assert change.error in loose.fail(root)
        assert loose.invoke("lock", "--check", root).exit_code == 1
        return
    if change.relock:
        loose.lock(root)
    after = loose.build(root)
    assert {zipped for zipped in after if after[zipped] != before[zipped]} == {*change.changes}
