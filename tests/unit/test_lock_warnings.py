"""What `lock` warns of in the locks that it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.lock import warn_of_secrets


def warned(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    warn_of_secrets(Path("uv.lock"), text, "pyproject.toml", Console())
    return capsys.readouterr().err


LOGIN = "a password or token"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('source = { url = "https://me:s3cretive@a.invalid/a.whl" }', LOGIN),
        ('source = { registry = "https://me:s3cretive@a.invalid/simple" }', LOGIN),
        (
            'source = { git = "https://s3cretive-0123456789@a.invalid/a?rev=1#0a" }',
            "a password or token",
        ),
        (
            'wheels = [{ url = "https://s3cretive-0123456789@a.invalid/a.whl" }]',
            "a password or token",
        ),
        ('sdist = { url = "https://a.invalid/a.tar.gz?sig=s3cretive" }', "a query"),
        ('source = { git = "https://a.invalid/a?rev=1&token=s3cretive#0a" }', "a query"),
    ],
)
def test_a_secret(text: str, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = " ".join(warned(text, capsys).split())
    assert f"with {what}, as" in said
    assert "s3cretive" not in said


@pytest.mark.parametrize(
    "text",
    [
        'source = { registry = "https://me@a.invalid/simple" }',
        'sdist = { url = "https://a.invalid/a.tar.gz" }',
        'source = { git = "https://a.invalid/a?subdirectory=b&rev=1#0a" }',
        'source = { git = "ssh://git@a.invalid/a?tag=v1#0a" }',
        'source = { git = "https://contoso@dev.azure.com/contoso/p/_git/r?rev=v1#0a" }',
    ],
)
def test_an_ordinary_lock(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert warned(text, capsys) == ""
