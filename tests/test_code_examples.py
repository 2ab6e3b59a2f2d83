"""The examples of projects that are no packages, and more: built twice, run and edited."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT
from tests.support.loose import build, fail, invoke, lock

pytestmark = pytest.mark.exhaustive

ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
IGNORED = shutil.ignore_patterns("dist", "uv.lock", "pylock.toml")
HEADER = "[tool.hatch.build.targets.lambda-zip]\n"
ALL = "all"


@dataclass(frozen=True)
class Edit:
    """A text that replaces, or is appended to, a file's, and the zips that it changes."""

    file: str
    old: str
    new: str
    zips: frozenset[str] | str
    locks: bool = False


@dataclass(frozen=True)
class Shape:
    """A project, what comes out of it, and what edits of it do.

    Attributes:
        place: its directory in the checkout.
        handlers: for each zip, its handler; empty for one that has none, a layer's.
        edits: each is made in a fresh copy.
        layers: zips that are unpacked beside each function.
        unlocked: an edit that nobody locked, and words of the error.
        lines: how many the table may have.
    """

    place: str
    handlers: dict[str, str]
    edits: tuple[Edit, ...]
    layers: tuple[str, ...] = ()
    unlocked: tuple[str, str, str, str] | None = None
    lines: int = 5


def new(file: str, *zips: str) -> Edit:
    return Edit(file, "", "X = 1\n", frozenset(zips))


def readme(file: str = "README.md") -> Edit:
    return Edit(file, "", "# News\n", frozenset())


FIXTURES = "tests/fixtures/shapes"
STALE = "Run `hatch-lambda-zip lock`"
SHAPES = (
    Shape(
        "examples/groups",
        {"shop-1.0-api-lambda.zip": "main.handler", "shop-1.0-worker-lambda.zip": "main.handler"},
        (
            new("functions/api/more.py", "shop-1.0-api-lambda.zip"),
            readme("functions/api/README.md"),
            readme(),
            Edit(
                "pyproject.toml",
                '["six"]',
                '["six", "toml"]',
                frozenset({"shop-1.0-worker-lambda.zip"}),
                locks=True,
            ),
        ),
        unlocked=("pyproject.toml", '["six"]', '["six", "toml"]', "uv.lock"),
    ),
    Shape(
        "examples/fastapi",
        {"web-1.0-lambda.zip": "app.main.handler"},
        (
            new("app/more.py", ALL),
            Edit("app/greeting.py", "hello", "good day", ALL),
            readme(),
            Edit("pyproject.toml", '"mangum"]', '"mangum", "six"]', ALL, locks=True),
        ),
        unlocked=("pyproject.toml", '"mangum"]', '"mangum", "six"]', "uv.lock"),
    ),
    Shape(
        "examples/layers",
        {"lambda.zip": "main.handler", "tools-layer.zip": "", "requirements-layer.zip": ""},
        (
            new("function/more.py", "lambda.zip"),
            Edit("shared/tools.py", '"!"', '"!!"', frozenset({"tools-layer.zip"})),
            readme("shared/README.md"),
            Edit(
                "requirements/requirements.txt",
                "six\n",
                "six\ntoml\n",
                frozenset({"requirements-layer.zip"}),
                locks=True,
            ),
        ),
        ("tools-layer.zip", "requirements-layer.zip"),
        ("requirements/requirements.txt", "six\n", "six\ntoml\n", STALE),
        lines=7,
    ),
    Shape(
        f"{FIXTURES}/virtual",
        {"api-lambda.zip": "main.handler", "worker-lambda.zip": "main.handler"},
        (
            new("functions/api/more.py", "api-lambda.zip"),
            readme("functions/api/README.md"),
            Edit(
                "functions/worker/pyproject.toml",
                '["six"]',
                '["six", "toml"]',
                frozenset({"worker-lambda.zip"}),
                locks=True,
            ),
        ),
        unlocked=("functions/worker/pyproject.toml", '["six"]', '["six", "toml"]', "uv.lock"),
    ),
)


def copy(shape: Shape, root: Path) -> Path:
    """Copy a shape's project, for this Python and machine, so that its zips run here."""
    shutil.copytree(CHECKOUT / shape.place, root, ignore=IGNORED)
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    pyproject = root / "pyproject.toml"
    text = re.sub(r'(?m)^(runtime|architecture) = ".*"\n', "", pyproject.read_text())
    table = f'{HEADER}runtime = "{runtime}"\narchitecture = "{ARCHITECTURE}"\n'
    pyproject.write_text(text.replace(HEADER, table))
    return root


def change(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    before = path.read_text() if path.exists() else ""
    assert old in before, file
    path.write_text(before.replace(old, new) if old else before + new)


def call(root: Path, name: str, shape: Shape, place: Path) -> None:
    """Unpack a function's zip with its layers, and call it in a process that has nothing else."""
    for one in (name, *shape.layers):
        with zipfile.ZipFile(root / "dist" / one) as archive:
            archive.extractall(place)
    module, _, function = shape.handlers[name].rpartition(".")
    event = {
        "version": "2.0",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/", "sourceIp": "127.0.0.1"}},
    }
    code = (
        f"import sys; sys.path[:0] = [{str(place)!r}, {str(place / 'python')!r}];"
        f"import {module}; assert {module}.{function}({event!r}, None)"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: Path(shape.place).name)
def test_an_example(shape: Shape, tmp_path: Path) -> None:
    table = (CHECKOUT / shape.place / "pyproject.toml").read_text().split(HEADER)[1]
    lines = [line for line in table.partition("[tool.uv]")[0].splitlines() if line]
    assert len(lines) <= shape.lines
    one = copy(shape, tmp_path / "one")
    lock(one)
    first = build(one)
    assert first.keys() == shape.handlers.keys()
    two = shutil.copytree(one, tmp_path / "two", ignore=shutil.ignore_patterns("dist"))
    assert build(two) == first
    for name, handler in shape.handlers.items():
        if handler:
            call(one, name, shape, tmp_path / "run" / name)

    for number, edit in enumerate(shape.edits):
        root = shutil.copytree(two, tmp_path / f"edit{number}")
        change(root, edit.file, edit.old, edit.new)
        if edit.locks:
            lock(root)
        after = build(root)
        expected = first.keys() if edit.zips == ALL or ALL in edit.zips else edit.zips
        assert {name for name in after if after[name] != first[name]} == set(expected), edit
    if shape.unlocked:
        file, old, text, words = shape.unlocked
        change(two, file, old, text)
        assert words in fail(two)
        assert invoke("lock", "--check", two).exit_code == 1
