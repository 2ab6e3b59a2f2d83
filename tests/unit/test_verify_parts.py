"""What `verify` builds under, and what it compares with."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

import pytest

from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.circumstances import circumstances
from hatch_lambda_zip.cli.expected import Expected, counterpart, expected_in, read_expected
from hatch_lambda_zip.errors import InputError
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


@pytest.mark.parametrize("against", ["absent.zip", SHA256[:-2], "AAAA", "{}", "{}/none.json"])
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
