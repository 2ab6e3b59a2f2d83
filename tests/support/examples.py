"""The examples, as projects of a test's own, and events for their functions."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.support.commands import CHECKOUT
from tests.support.foreign import POETRY
from tests.support.loose import lock

EXAMPLES: Final = CHECKOUT / "examples"
EVENTS: Final = EXAMPLES / "events"
MACHINE: Final = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
RUNTIME: Final = f"python3.{sys.version_info.minor}"

# What builds, deployers and locks leave in a checkout.
_LEFT: Final = shutil.ignore_patterns(
    *("dist", "*.lock", "pylock.toml", "node_modules", "package-lock.json", "packaged.yaml"),
    *("cdk.out", ".aws-sam", ".serverless", ".terraform*", "terraform.tfstate*"),
)


def copy_example(name: str, root: Path) -> Path:
    """Copy an example to a directory that is not there yet."""
    return shutil.copytree(EXAMPLES / name, root, ignore=_LEFT)


def example(name: str, root: Path, runtime: str = RUNTIME, architecture: str = MACHINE) -> Path:
    """Copy an example below a directory, for a platform, and lock it."""
    project = copy_example(name, root / name)
    if name == "poetry":
        (project / "poetry.lock").write_text(POETRY["poetry.lock"], encoding="utf-8")
    with_table = []
    for path in sorted(project.rglob("pyproject.toml")):
        table = path.read_text(encoding="utf-8")
        table = re.sub('(?m)^runtime = ".*"$', f'runtime = "{runtime}"', table)
        table = re.sub('(?m)^architecture = ".*"$', f'architecture = "{architecture}"', table)
        path.write_text(table, encoding="utf-8")
        if "\n[tool.hatch.build.targets.lambda-zip]" in table:
            with_table.append(path.parent)
    for directory in with_table:
        lock(directory)
    return project
