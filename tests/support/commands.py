"""Results of commands, run in an environment that the machine's settings do not leak into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest
import uv as uv_package

CHECKOUT: Final = Path(__file__).parent.parent.parent
FIXTURES: Final = CHECKOUT / "tests/fixtures"
UV: Final = uv_package.find_uv_bin()

NOT_ISOLATED: Final = {"UV_NO_BUILD_ISOLATION": "1", "UV_PYTHON": sys.executable}
"""Variables for `uv build` with what the tests have installed, in half of the time."""

SHARED_CACHE: Final = "LAMBDA_ZIP_TEST_CACHE"
"""Names the cache for the tests that share one."""

# Settings of the machine that would leak into the builds under test.
_LEAKING: Final = (
    *("UV_", "HATCH_", "SOURCE_DATE_EPOCH"),
    *("PYTHONHASHSEED", "PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV"),
)
_KEPT: Final = ("UV_CACHE_DIR", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_OFFLINE")


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
        # What one test has installed, the next one installs anew, unless it is marked otherwise.
        "HATCH_LAMBDA_ZIP_CACHE": os.environ.get(SHARED_CACHE, "0"),
        **changes,
    }


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
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


def needed(tool: str) -> str:
    """Return where a tool is; without it, skip the test, or fail it in continuous integration."""
    path = shutil.which(tool, path=clean_environment()["PATH"])
    if path is None:
        missing(f"{tool} is not installed")
    return path


def missing(reason: str) -> NoReturn:
    """Skip a test that lacks something, or fail it in continuous integration, which has all."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
