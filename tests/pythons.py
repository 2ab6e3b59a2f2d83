"""The CPythons of this machine, and the scripts of tests/interpreters/ that run on them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.bytecode.magic import FORMATS

SCRIPTS: Final = Path(__file__).parent / "interpreters"
# With it, tests that take samples by default take everything.
EVERYTHING: Final = os.environ.get("LAMBDA_ZIP_TEST_EVERYTHING") == "1"


def interpreters() -> list[str]:
    """Find CPythons of supported minor versions, one for each release.

    On PATH, among pyenv's, and what LAMBDA_ZIP_TEST_PYTHONS names (separated as in PATH).
    """
    candidates = [Path(sys.executable)]
    for name in (f"python3.{form.python_minor}" for form in FORMATS):
        candidates += [Path(part) / name for part in os.environ["PATH"].split(os.pathsep)]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(root.glob("versions/3.*/bin/python"))
    named = os.environ.get("LAMBDA_ZIP_TEST_PYTHONS", "")
    candidates += [Path(part) for part in named.split(os.pathsep) if part]
    identities = [_identify(str(path)) for path in candidates if path.exists()]
    found = dict(one for one in reversed(identities) if one is not None)
    return list(found.values())[::-1]


def version_of(python: str) -> str | None:
    """Return an interpreter's release and machine; None if it is not one of those supported."""
    identity = _identify(python)
    return None if identity is None else identity[0]


@cache
def _identify(python: str) -> tuple[str, str] | None:
    """Return an interpreter's release and machine, and its own executable.

    What stands on PATH may be a script that picks one by the environment, which others don't get.
    """
    code = (
        "import platform as p, sys;"
        "print(sys.version_info[1], p.python_version(), p.machine(), sys.executable, sep='\\t')"
    )
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    minor, *rest = result.stdout.strip().split("\t")
    if result.returncode or minor not in {str(form.python_minor) for form in FORMATS}:
        return None
    version, machine, executable = rest
    return f"{version} {machine}", executable


def start(
    python: str, script: str, *arguments: str | Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of tests/interpreters/, with these environment variables."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", **variables}
    environment.pop("PYTHONPATH", None)
    command = [python, "-B", str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=1800
    )


def run(python: str, script: str, *arguments: str | Path, **variables: str) -> str:
    """Run a script that must succeed, and return what it printed."""
    result = start(python, script, *arguments, **variables)
    if result.returncode != 0:
        pytest.fail(f"{result.args} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout.strip()


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path
