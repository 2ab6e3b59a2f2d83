"""The package index that there is, whose address stands in no file of the project."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.commands import UV, run


def find_index(directory: Path) -> str:
    """Return the URL that uv locks a package from by itself.

    Args:
        directory: is not there yet, and is not left there.
    """
    directory.mkdir(parents=True)
    project = '[project]\nname = "a"\nversion = "1"\ndependencies = ["attrs"]\n'
    (directory / "pyproject.toml").write_text(f'{project}requires-python = ">=3.10"\n', "utf-8")
    run([UV, "lock", "-q"], cwd=directory)
    index: str
    (index,) = set(re.findall(r'registry = "([^"]+)"', (directory / "uv.lock").read_text("utf-8")))
    shutil.rmtree(directory)
    return index
