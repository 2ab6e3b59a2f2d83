"""What the bytecode tests compile: standard libraries, and packages that Lambdas often hold."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.commands import FIXTURES, UV, run
from tests.support.interpreters import version_of

COMPILED: Final = (
    *("boto3==1.40.60", "botocore==1.40.60", "pydantic==2.12.3"),
    *("numpy==2.3.4", "pandas==2.3.3"),
)
# Imported before other files are compiled: pure Python that all of the interpreters can load.
LOADED: Final = (
    *("attrs==25.4.0", "jmespath==1.0.1", "pip==25.3", "python-dateutil==2.9.0.post0"),
    *("six==1.17.0", "urllib3==2.5.0"),
)
SAMPLED: Final = 20

ODD_CONSTANTS: Final = FIXTURES / "odd_constants.py"


def install_packages(directory: Path) -> Path:
    """Install the packages: the same files on every machine, since they are never run but to load.

    Only their .py files matter, so it does not matter either which Python the wheels are for.
    """
    options = ["--python", sys.executable, "--python-version", "3.13", "--no-deps", "--no-build"]
    options += ["--python-platform", "x86_64-manylinux_2_34", "--target", str(directory)]
    run([UV, "pip", "install", "-q", *options, *COMPILED, *LOADED], cwd=directory.parent)
    return directory


def sources(python: str, packages: Path, *, everything: bool) -> list[str]:
    """Return what to compile on an interpreter: a fixed sample, or everything."""
    found: list[str] = []
    for root in (standard_library(python), packages):
        files = sorted(
            str(path)
            for path in root.rglob("*.py")
            if path.is_file() and not {"site-packages", "dist-packages"}.intersection(path.parts)
        )
        assert len(files) > 10 * SAMPLED
        # A seed of its own for each interpreter, so that they cover more together.
        rng = random.Random(f"{version_of(python)} {root.name}")  # noqa: S311 - no secret
        found += files if everything else rng.sample(files, SAMPLED)
    return [*found, str(ODD_CONSTANTS)]


def standard_library(python: str) -> Path:
    code = "import sysconfig; print(sysconfig.get_paths()['stdlib'])"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(result.stdout.strip())
