"""A killed build leaves the old outputs or the new ones, and no rubbish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.commands import clean_environment
from tests.support.projects import Project

# A shell's background jobs ignore SIGINT, and what they start inherits that.
HEEDING_SIGINT = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
BUILD = ["-m", "hatchling", "build", "-t", "lambda-zip"]
COMMAND = [sys.executable, "-c", HEEDING_SIGINT, *BUILD]


def settle(directory: Path, deadline: float) -> list[str]:
    """Wait until a directory holds nothing temporary, or give up and say what is left."""
    while time.monotonic() < deadline:
        left = [path.name for path in directory.iterdir() if "lambda-zip-" in path.name]
        left += [path.name for path in directory.iterdir() if path.name.endswith(".tmp")]
        if not left:
            return []
        time.sleep(0.05)
    return left


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("sent", "attempts"), [("SIGKILL", 8), ("SIGTERM", 4), ("SIGINT", 4)])
def test_a_killed_build_leaves_old_or_new_and_no_rubbish(
    project: Project, tmp_path: Path, sent: str, attempts: int
) -> None:
    old = project.build_by_command()
    output = old.directory
    outputs = {path.name: path.read_bytes() for path in output.iterdir()}
    project.replace("ANSWER = 42", "ANSWER = 43", file="src/fixture_app/main.py")
    started = time.monotonic()
    new = project.build_by_command()
    duration = time.monotonic() - started
    zips = {old.artifact.read_bytes(), new.artifact.read_bytes()}
    assert len(zips) == 2
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for path in output.iterdir():
        path.write_bytes(outputs[path.name])

    killed = 0
    for attempt in range(attempts):
        process = subprocess.Popen(
            COMMAND,
            cwd=project.path,
            env=clean_environment(TMPDIR=str(temporary)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # All over the build, but mostly towards its end, where the outputs are written.
        time.sleep(duration * (0.2 + 0.9 * (attempt / attempts) ** 0.5))
        # The whole group, as a terminal or a CI runner does it.
        os.killpg(process.pid, getattr(signal, sent))
        killed += process.wait(timeout=60) != 0
        assert settle(temporary, time.monotonic() + 30) == []
        assert settle(output, time.monotonic() + 30) == []
        assert sorted(path.name for path in output.iterdir()) == sorted(outputs)
        (artifact,) = output.glob("*.zip")
        assert artifact.read_bytes() in zips
    assert killed > 0, "the builds were over before they could be killed"
