"""The examples, locked and built: their locks are made with `exclude-newer`, and so repeatable."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import CHECKOUT, UV, run
from tests.support.loose import invoke
from tests.support.shared import made_once

EXAMPLES: Final = tuple(
    sorted(
        # But for what only another tool can lock, and what only one Python can build.
        {path.parent.name for path in CHECKOUT.glob("examples/*/pyproject.toml")}
        - {"poetry", "extension"}
    )
)


def build_examples(directory: Path) -> None:
    """Lock and build a copy of each example, in a directory that is not there yet."""
    for name in EXAMPLES:
        project = locked_example(name, directory)
        result = invoke("build", "--all", project)
        assert result.exit_code == 0, result.output


def zips_of_examples(factory: pytest.TempPathFactory) -> list[Path]:
    """Return the zips of all examples, built once for all workers. Not to be changed."""
    found = sorted(made_once(factory, "examples", build_examples).rglob("*.zip"))
    assert len(found) > len(EXAMPLES)
    return found


def locked_example(name: str, directory: Path) -> Path:
    """Lock a copy of an example below a directory that has copies of all, or is not there yet."""
    if not directory.exists():
        ignored = shutil.ignore_patterns("dist", "uv.lock", "pylock*.toml", ".venv")
        shutil.copytree(CHECKOUT / "examples", directory, ignore=ignored)
    project = directory / name
    if (
        "hatchling.build" in (project / "pyproject.toml").read_text(encoding="utf-8")
        or (project / "tools").is_dir()
    ):
        run([UV, "lock", "-q"], cwd=project)
    else:
        result = invoke("lock", project)
        assert result.exit_code == 0, result.output
    return project


def hashes_of(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each zip below a directory, by its path there."""
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*.zip"))
    }
