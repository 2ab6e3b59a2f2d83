"""The event that a function is given."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from hatch_lambda_zip.cli.invoke import _read_event, _variables


def read(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    with path.open("rb") as event:
        return _read_event(event)


def test_an_event_is_json(tmp_path: Path) -> None:
    assert _read_event(None) == b"{}"
    assert read(tmp_path / "event.json", b' ["\xc3\xa9"]') == b' ["\xc3\xa9"]'


@pytest.mark.every_python  # json gives up at another depth
@pytest.mark.parametrize(
    "content", [b"", b"{", b'"\xff"', b"[" * 100_000 + b"]" * 100_000], ids=lambda text: text[:4]
)
def test_what_is_no_json_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(click.BadParameter, match=r"event\.json is not JSON: [^\n]{1,200}$"):
        read(tmp_path / "event.json", content)


def test_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET", "b")
    monkeypatch.delenv("NOT_SET", raising=False)
    assert [*_variables(["A=a=b", "EMPTY=", "SET"])] == [("A", "a=b"), ("EMPTY", ""), ("SET", "b")]
    for word, message in (("=a", "has no name"), ("NOT_SET", "write NOT_SET=VALUE")):
        with pytest.raises(click.BadParameter, match=message):
            [*_variables([word])]
