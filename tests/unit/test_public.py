"""What others may use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hatch_lambda_zip
from hatch_lambda_zip import LambdaZipError, errors, read_manifest


def test_the_public_names_are_these() -> None:
    assert hatch_lambda_zip.__all__ == ["LambdaZipError", "__version__", "read_manifest"]
    for name in hatch_lambda_zip.__all__:
        assert hasattr(hatch_lambda_zip, name)


def test_every_failure_is_one_of_ours() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    failures = [kind for kind in kinds if issubclass(kind, Exception)]
    assert len(failures) > 5
    assert all(issubclass(failure, LambdaZipError) for failure in failures)


def test_a_manifest_is_read_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert read_manifest(path) is None
    path.write_text('{"tool": {"name": "other"}}', encoding="utf-8")
    assert read_manifest(path) is None
    document = {"tool": {"name": "hatch-lambda-zip"}, "sha256": "0"}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert read_manifest(path) == document


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]"])
def test_what_is_no_manifest_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert read_manifest(path) is None
