"""What `verify` builds under, and what it compares with."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.circumstances import circumstances
from hatch_lambda_zip.cli.expected import Expected, counterpart, expected_in, read_expected
from hatch_lambda_zip.cli.variations import variations
from hatch_lambda_zip.config import Artifact, BytecodeMode, Kind, Options, instead_of
from hatch_lambda_zip.config.words import Source
from hatch_lambda_zip.errors import InputError
from hatch_lambda_zip.runtimes import Platform, find_runtime
from tests.support.site_zips import zipped

DATA = zipped({"app.py": b"value = 1\n"})
DIGEST = hashlib.sha256(DATA)
SHA256 = DIGEST.hexdigest()


def outputs(directory: Path) -> tuple[Path, Path]:
    """Write a zip with a manifest, and another zip without one."""
    path = directory / "a-lambda.zip"
    path.write_bytes(DATA)
    manifest = {"tool": {"name": "hatch-lambda-zip"}, "sha256": SHA256, "artifact": path.name}
    path.with_suffix(".json").write_text(json.dumps(manifest), encoding="utf-8")
    (directory / "other.zip").write_bytes(DATA)
    return path, path.with_suffix(".json")


def test_a_zip_a_manifest_and_a_hash(tmp_path: Path) -> None:
    path, manifest = outputs(tmp_path)
    assert read_expected(str(path), []) == Expected(SHA256, path, path.name)
    assert read_expected(str(manifest), []) == Expected(SHA256, manifest, path.name)
    for text in (SHA256, SHA256.upper(), base64.b64encode(DIGEST.digest()).decode()):
        assert read_expected(text, []) == Expected(SHA256, None)
        assert read_expected(text, expected_in(tmp_path).values()).source == path


@pytest.mark.parametrize(
    "against", ["absent.zip", SHA256[:-2], "AAAA", "a" * 5000, "{}", "{}/none.json"]
)
def test_what_is_none_of_these(against: str, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError):
        read_expected(against.format(tmp_path), [])


def test_only_what_was_built_is_verified(tmp_path: Path) -> None:
    path, _ = outputs(tmp_path)
    assert expected_in(tmp_path) == {path.name: Expected(SHA256, path, path.name)}


@pytest.mark.parametrize(
    ("built", "name"),
    [
        ({"a.zip": "1", "b.zip": "2"}, "b.zip"),
        ({"a.zip": "1", "c.zip": "3"}, "c.zip"),
        ({"a.zip": "1"}, "a.zip"),
        ({"a.zip": "1", "d.zip": "4"}, ""),
    ],
)
def test_the_zip_that_is_meant(built: dict[str, str], name: str) -> None:
    assert counterpart(Expected("2", None, "c.zip"), built) == name


def artifact(platform: str, **options: object) -> Artifact:
    runtime, architecture = platform.split("-")
    found = find_runtime(runtime)
    assert found is not None
    where = Platform(found, architecture)
    return Artifact("api", "api", "key", Kind.FUNCTION, where, Options(**options))


COMPILED = {"bytecode": BytecodeMode.COMPILE, "bytecode_python": ("3.13.5",)}


@pytest.mark.parametrize(
    ("artifacts", "pythons", "names"),
    [
        (
            [artifact("python3.13-arm64")],
            {},
            ["3.13-x86_64", "3.14-x86_64", "3.14-arm64", "3.12-x86_64", "3.12-arm64"],
        ),
        # Several are tried for one platform after the other.
        (
            [artifact("python3.14-arm64"), artifact("python3.12-arm64")],
            {12: "3.12.1"},
            [f"3.{minor}-{it}" for minor in (14, 13, 12) for it in ("x86_64", "arm64")],
        ),
        # One that AWS supports no more is tried where it is configured.
        (
            [artifact("python3.8-x86_64")],
            {8: "3.8.20"},
            [
                *("3.8-arm64", "3.12-x86_64", "3.12-arm64", "3.13-x86_64", "3.13-arm64"),
                *("3.14-x86_64", "3.14-arm64", "compile", "omit"),
            ],
        ),
        # Compiled, others need a Python of theirs.
        (
            [artifact("python3.13-x86_64", **COMPILED)],
            {12: "3.12.1"},
            ["3.13-arm64", "3.12-x86_64", "3.12-arm64", "strip", "omit"],
        ),
        (
            [artifact("python3.13-x86_64", **COMPILED, source=Source.OMIT)],
            {},
            ["3.13-arm64", "strip", "compile"],
        ),
    ],
)
def test_what_may_have_been_configured(
    artifacts: list[Artifact], pythons: dict[int, str], names: list[str]
) -> None:
    found = [
        *variations(
            artifacts, date(2027, 6, 30), lambda runtime: pythons.get(runtime.python_minor, "")
        )
    ]
    assert [short(it.instead) for it in found] == names
    assert len({it.name for it in found}) == len(found)
    for it in found:
        mode, python = it.instead.get("bytecode"), it.instead.get("bytecode-python")
        assert mode != "strip" or python == ""
        if it.instead.get("runtime") == "python3.12" and COMPILED["bytecode_python"] in [
            one.options.bytecode_python for one in artifacts
        ]:
            assert (python, it.instead["python-release"]) == ("3.12.1", "")


def short(instead: Mapping[str, str]) -> str:
    if "runtime" in instead:
        return f"{instead['runtime'].removeprefix('python')}-{instead['architecture']}"
    return "omit" if instead["source"] == "omit" else instead["bytecode"]


def test_options_that_are_otherwise_in_all_tables() -> None:
    table = {
        "runtimes": ["python3.12", "python3.13"],
        "handler": "a.b",
        "functions": {"api": {"runtime": "python3.12", "code": "."}, "wrong": 1},
        "layers": {"deps": {"architectures": ["arm64"]}},
    }
    instead = {"runtime": "python3.14", "architecture": "x86_64", "python-release": ""}
    assert instead_of(table, instead) == {
        "runtime": "python3.14",
        "architecture": "x86_64",
        "handler": "a.b",
        "functions": {"api": {"code": "."}, "wrong": 1},
        "layers": {"deps": {}},
    }
    assert instead_of(table, {}) == table


@pytest.mark.skipif(sys.platform == "win32", reason="these Pythons are scripts of a shell")
def test_pythons_that_have_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"python3.12": f"{__version__} 3.12.9", "python3.13": "0.0 3.13.9", "python3.14": ""}
    for name, answer in answers.items():
        python = tmp_path / name
        python.write_text(f"#!/bin/sh\necho {answer}\n", encoding="utf-8")
        python.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = [*circumstances(tmp_path)]
    assert [it.python for it in found if it.python != sys.executable] == [
        str(tmp_path / "python3.12")
    ]
    assert found[-1].name == "Python 3.12.9"
    assert len({it.name for it in found}) == len(found)
