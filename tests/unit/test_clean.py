from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from hatch_lambda_zip.build.clean import remove_artifacts
from hatch_lambda_zip.errors import OutputError

ZIP = b"the bytes of a zip"


def manifest_of(function: str = "lambda") -> dict[str, object]:
    return {
        "tool": {"name": "hatch-lambda-zip", "version": "0.1.0"},
        "artifact": f"demo-1.0-{function}.zip",
        "project": {"name": "demo", "version": "1.0"},
        "target": f"lambda-zip:{function}",
        "sha256": hashlib.sha256(ZIP).hexdigest(),
        "zipped_bytes": len(ZIP),
    }


def put(
    directory: Path, function: str = "lambda", changes: dict[str, object] | None = None
) -> None:
    """Put an artifact and its manifest into the output directory."""
    manifest = {**manifest_of(function), **(changes or {})}
    (directory / f"demo-1.0-{function}.zip").write_bytes(ZIP)
    text = json.dumps(manifest)
    (directory / f"demo-1.0-{function}.json").write_text(text, encoding="utf-8")


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_an_artifact_and_its_manifest_are_removed(tmp_path: Path) -> None:
    put(tmp_path)
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == []


def test_artifacts_of_every_version_are_removed(tmp_path: Path) -> None:
    put(tmp_path, changes={"artifact": "demo-0.9-lambda.zip"})
    for suffix in (".zip", ".json"):
        (tmp_path / f"demo-1.0-lambda{suffix}").rename(tmp_path / f"demo-0.9-lambda{suffix}")
    put(tmp_path)
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == []


def test_only_the_functions_that_are_named_are_removed(tmp_path: Path) -> None:
    for function in ("api", "worker", "cron"):
        put(tmp_path, function)
    remove_artifacts(tmp_path, "demo", ["api", "cron"], print)
    assert names_in(tmp_path) == ["demo-1.0-worker.json", "demo-1.0-worker.zip"]
    remove_artifacts(tmp_path, "demo", [], print)
    assert names_in(tmp_path) == ["demo-1.0-worker.json", "demo-1.0-worker.zip"]


def test_what_others_made_is_left(tmp_path: Path) -> None:
    others = {
        "demo-1.0.tar.gz": b"sdist",
        "demo-1.0-py3-none-any.whl": b"wheel",
        "other.zip": b"zip",
        "other.json": b'{"some": "json"}',
        "list.json": b"[]",
        "text.json": b"no json",
        "latin.json": b"\xff\xfe",
        "empty.json": b"",
        "deep.json": b'{"hatch-lambda-zip": ' + b"[" * 1000 + b"]" * 1000 + b"}",
        "deeper.json": b"[" * 100_000 + b'"hatch-lambda-zip"' + b"]" * 100_000,
        "tool.json": b'{"tool": "hatch-lambda-zip", "target": "lambda-zip:lambda"}',
    }
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "directory.json").mkdir()
    put(tmp_path)
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == sorted([*others, "directory.json"])
    assert all((tmp_path / name).read_bytes() == content for name, content in others.items())


@pytest.mark.parametrize(
    "changes",
    [
        {"tool": {"name": "other-tool"}},
        {"tool": None},
        {"project": {"name": "other"}},
        {"project": {}},
        {"project": "demo"},
        {"project": None},
        {"target": "lambda-zip:other"},
        {"target": None},
        {"target": ["lambda-zip:lambda"]},
        {"artifact": "other.zip"},
        {"artifact": "../demo-1.0-lambda.zip"},
        {"artifact": None},
    ],
    ids=repr,
)
def test_a_manifest_that_is_not_this_ones_is_left(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    put(tmp_path, changes=changes)
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == ["demo-1.0-lambda.json", "demo-1.0-lambda.zip"]


def put_sbom(directory: Path) -> None:
    sha256 = hashlib.sha256(b"sbom").hexdigest()
    put(directory, changes={"sbom": "demo-1.0-lambda.cdx.json", "sbom_sha256": sha256})
    (directory / "demo-1.0-lambda.cdx.json").write_bytes(b"sbom")


def test_the_bill_of_materials_is_removed_too_unless_it_is_another(tmp_path: Path) -> None:
    put_sbom(tmp_path)
    remove_artifacts(tmp_path, "demo", None, print)
    assert names_in(tmp_path) == []
    put_sbom(tmp_path)
    (tmp_path / "demo-1.0-lambda.cdx.json").write_bytes(b"edited")
    remove_artifacts(tmp_path, "demo", None, print)
    assert names_in(tmp_path) == ["demo-1.0-lambda.cdx.json"]


def test_a_zip_with_other_bytes_is_left(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "demo-1.0-lambda.zip").write_bytes(b"somebody else's")
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == ["demo-1.0-lambda.zip"]


def test_a_manifest_without_its_zip_is_removed(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "demo-1.0-lambda.zip").unlink()
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert names_in(tmp_path) == []


def test_a_directory_called_like_the_zip_is_left(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "demo-1.0-lambda.zip").unlink()
    (tmp_path / "demo-1.0-lambda.zip").mkdir()
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert (tmp_path / "demo-1.0-lambda.zip").is_dir()


def test_subdirectories_are_left(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    put(deep)
    remove_artifacts(tmp_path, "demo", ["lambda"], print)
    assert len(names_in(deep)) == 2


def test_an_output_directory_that_is_not_there_is_clean(tmp_path: Path) -> None:
    remove_artifacts(tmp_path / "missing", "demo", ["lambda"], print)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("suffix", [".json", ".zip", ".cdx.json"])
def test_what_can_not_be_removed_leaves_all(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sbom(tmp_path)
    name = f"demo-1.0-lambda{suffix}"
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    unlink = Path.unlink

    def refusing(self: Path, *, missing_ok: bool = False) -> None:
        if self.name == name:
            raise PermissionError(1, "refused", str(self))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refusing)
    message = r"demo-1\.0-lambda\.json can't be removed with its zip: .*refused"
    with pytest.raises(OutputError, match=message):
        remove_artifacts(tmp_path, "demo", None, print)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
