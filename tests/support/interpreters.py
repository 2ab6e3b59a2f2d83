"""The CPythons of this machine, and what the scripts of tests/interpreters/ print on them."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from hatch_lambda_zip.bytecode.magic import FORMATS

VARIABLE: Final = "LAMBDA_ZIP_TEST_PYTHONS"
SCRIPTS: Final = Path(__file__).parent.parent / "interpreters"
ARM_PYTHON: Final = "python3.11-aarch64"
_MINORS: Final = tuple(form.python_minor for form in FORMATS)


def interpreters() -> list[str]:
    """Find CPythons of supported minor versions, one for each release.

    On PATH, among pyenv's, and in the directory that LAMBDA_ZIP_TEST_PYTHONS names.
    """
    directories = [Path(part) for part in os.environ["PATH"].split(os.pathsep)]
    candidates = [Path(sys.executable)]
    for minor in _MINORS:
        candidates += [directory / f"python3.{minor}" for directory in directories]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(root.glob("versions/3.*/bin/python"))
    if VARIABLE in os.environ:
        # Last, since what somebody unpacked there may be good for less than an installation.
        candidates += [Path(os.environ[VARIABLE], f"python3.{minor}") for minor in _MINORS]
    identities = [_identify(str(path)) for path in candidates if path.exists()]
    found = dict(one for one in reversed(identities) if one is not None)
    return list(found.values())[::-1]


def one_for_each_minor() -> list[ParameterSet]:
    """Return every interpreter; of several patch releases, all but one on a schedule only."""
    seen: set[str] = set()
    found = []
    for path in interpreters():
        version = version_of(path) or ""
        minor = version.rpartition(".")[0]
        marks = [pytest.mark.exhaustive] if minor in seen else []
        seen.add(minor)
        found.append(pytest.param(path, id=version, marks=marks))
    return found


def arm_python() -> Path | None:
    """Return CPython 3.11 for 64-bit ARM, which may be emulated, if there is one."""
    path = Path(os.environ.get(VARIABLE, ""), ARM_PYTHON)
    return path if VARIABLE in os.environ and path.exists() else None


def missing_interpreters() -> list[str]:
    """Name the interpreters that the tests would use if this machine had them."""
    releases = [version_of(python) or "" for python in interpreters()]
    minors = {int(release.split(".")[1]) for release in releases}
    missing = [f"CPython 3.{minor}" for minor in _MINORS if minor not in minors]
    return missing if arm_python() else [*missing, "CPython 3.11 for 64-bit ARM"]


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
    if result.returncode or minor not in map(str, _MINORS):
        return None
    version, machine, executable = rest
    return f"{version} {machine}", executable


def start_script(
    python: str, script: str, *arguments: str | Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a script of tests/interpreters/, with these environment variables."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", **variables}
    environment.pop("PYTHONPATH", None)
    command = [python, "-B", str(SCRIPTS / script), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=1800
    )


def run_script(python: str, script: str, *arguments: str | Path, **variables: str) -> str:
    """Run a script that must succeed, and return what it printed."""
    result = start_script(python, script, *arguments, **variables)
    if result.returncode != 0:
        pytest.fail(f"{result.args} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout.strip()


def read_zip(path: Path) -> dict[str, bytes]:
    """Return the files of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    """Write a zip of these files, for the scripts to read."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


if __name__ == "__main__":
    for name in missing_interpreters():
        print(f"SKIPPED: {name} is not here ({VARIABLE} in CONTRIBUTING.md)")  # noqa: T201
