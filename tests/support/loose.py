"""Projects that are no packages, written, locked and built by the command."""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from hatch_lambda_zip.cli import main
from tests.support.commands import clean_environment


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


def invoke(*words: str | Path) -> Result:
    return CliRunner(env=clean_environment(UV_EXCLUDE_NEWER="2026-11-01T00:00:00Z")).invoke(
        main, [str(word) for word in words]
    )


def lock(root: Path) -> None:
    result = invoke("lock", root)
    assert result.exit_code == 0, result.stderr


def build(root: Path) -> dict[str, bytes]:
    """Build everything and return the zips by their names."""
    result = invoke("build", root)
    assert result.exit_code == 0, result.stderr
    return {path.name: path.read_bytes() for path in (root / "dist").glob("*.zip")}


def fail(root: Path) -> str:
    result = invoke("build", root)
    assert result.exit_code == 1, result.output
    return result.stderr


def names_in(root: Path, name: str) -> set[str]:
    with zipfile.ZipFile(root / "dist" / name) as archive:
        return set(archive.namelist())
