"""Real projects, real uv, real hatchling: what the end-to-end tests share."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import uv as uv_package
from hypothesis import HealthCheck, settings

# A loaded machine is no failure.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

FIXTURES = Path(__file__).parent / "fixtures"
CHECKOUT = Path(__file__).parent.parent
UV = uv_package.find_uv_bin()

# Settings of the machine that would leak into the builds under test.
_LEAKING = ("UV_", "HATCH_", "SOURCE_DATE_EPOCH", "PYTHONHASHSEED", "PYTHONPATH", "VIRTUAL_ENV")
_KEPT = ("UV_CACHE_DIR", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_OFFLINE")


def clean_environment(**changes: str) -> dict[str, str]:
    """Return this process's environment, without what leaks, with some changes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or not name.startswith(_LEAKING)
    }
    scripts = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join([scripts, kept.get("PATH", "")]),
        "UV_PYTHON_DOWNLOADS": "never",
        **changes,
    }


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: dict[str, str] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Run a command and show everything when it fails."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean_environment() if env is None else env,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    if check and result.returncode != 0:
        pytest.fail(f"{command} failed:\n{result.stdout}\n{result.stderr}")
    return result


@dataclass(frozen=True)
class Build:
    """A finished `hatchling build`, successful or not.

    Attributes:
        returncode: of the process.
        output: its standard output and error.
        directory: the output directory, which a later build overwrites.
        kept: a copy of it, which no later build touches.
    """

    returncode: int
    output: str
    directory: Path
    kept: Path

    @property
    def artifact(self) -> Path:
        (path,) = self.kept.glob("*.zip")
        return path

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.artifact.read_bytes()).hexdigest()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        (path,) = self.kept.glob("*.json")
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest

    @property
    def names(self) -> list[str]:
        with zipfile.ZipFile(self.artifact) as archive:
            return archive.namelist()

    def read(self, name: str) -> bytes:
        with zipfile.ZipFile(self.artifact) as archive:
            return archive.read(name)

    def unpack(self, directory: Path) -> Path:
        with zipfile.ZipFile(self.artifact) as archive:
            archive.extractall(directory)
        return directory


@dataclass(frozen=True)
class Workbench:
    """A copy of the fixtures to build from and to change."""

    root: Path
    project: str = "app"

    @property
    def path(self) -> Path:
        return self.root / self.project

    @property
    def pyproject(self) -> Path:
        return self.path / "pyproject.toml"

    @property
    def lock_path(self) -> Path:
        return self.path / "uv.lock"

    def replace(self, old: str, new: str, *, file: str = "pyproject.toml") -> None:
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def configure(self, **values: str | None) -> None:
        """Set keys of the target's table; None removes one."""
        head, table, tail = self.pyproject.read_text(encoding="utf-8").partition(
            "[tool.hatch.build.targets.lambda-zip]\n"
        )
        body, blank, rest = tail.partition("\n\n")
        lines = [
            line
            for line in body.splitlines()
            if line.partition("=")[0].strip() not in {key.replace("_", "-") for key in values}
        ]
        lines += [
            f"{key.replace('_', '-')} = {json.dumps(value)}"
            for key, value in values.items()
            if value is not None
        ]
        text = head + table + "\n".join(lines) + blank + rest
        self.pyproject.write_text(text, encoding="utf-8")

    def lock(self, *arguments: str) -> None:
        run([UV, "lock", "-q", *arguments], cwd=self.path)

    def build(
        self,
        *arguments: str,
        check: bool = True,
        python: str | Path = sys.executable,
        wrapper: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Build:
        """Run `python -m hatchling build -t lambda-zip` in this environment, unisolated."""
        output = self.path / "dist"
        shutil.rmtree(output, ignore_errors=True)
        result = run(
            [*wrapper, python, "-m", "hatchling", "build", "-t", "lambda-zip", *arguments],
            cwd=self.path,
            env=clean_environment(**(environment or {})),
            check=False,
        )
        text = result.stdout + result.stderr
        if check and result.returncode != 0:
            pytest.fail(text)
        kept = self.root / "kept" / str(time.monotonic_ns())
        if output.is_dir():
            shutil.copytree(output, kept)
        return Build(result.returncode, text, output, kept)

    def fail(self, environment: Mapping[str, str] | None = None) -> str:
        """Build, expect a failure of the agreed form, and return its message."""
        build = self.build(check=False, environment=environment)
        assert build.returncode == 1, build.output
        assert "Traceback" not in build.output
        assert not list(build.directory.glob("*")), "a failed build must leave nothing behind"
        return build.output

    def copy_to(self, root: Path) -> Workbench:
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("dist", "kept"))
        return Workbench(root, self.project)


@pytest.fixture(scope="session")
def locked_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a copy of the fixtures and lock the app, once."""
    root = tmp_path_factory.mktemp("locked") / "fixtures"
    shutil.copytree(FIXTURES, root)
    Workbench(root).lock()
    return root


@pytest.fixture
def workbench(locked_fixtures: Path, tmp_path: Path) -> Workbench:
    """Give a test a locked copy of its own."""
    return Workbench(locked_fixtures).copy_to(tmp_path / "bench")


@pytest.fixture(scope="session")
def plugin_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build this checkout's plugin, for tests with isolated builds."""
    directory = tmp_path_factory.mktemp("plugin")
    run([UV, "build", "--wheel", "-q", "-o", directory, CHECKOUT], cwd=CHECKOUT)
    (wheel,) = directory.glob("*.whl")
    return wheel
