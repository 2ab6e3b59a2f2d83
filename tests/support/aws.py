"""The AWS CLI, and moto's server as its AWS: both from the package index."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.commands import UV, clean_environment, missing, run
from tests.support.shared import made_once

_PACKAGES: Final = ("awscli", "moto[server]==5.2.5")
_NEWEST: Final = "2026-11-01T00:00:00Z"
_SERVE: Final = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Aws:
    """The AWS CLI.

    Attributes:
        library: where its package is installed.
        url: of what is AWS to it.
    """

    library: Path
    url: str

    def run(self, *words: str | Path) -> dict[str, Any]:
        """Run a command, and return what it answers."""
        environment = clean_environment(
            PYTHONPATH=str(self.library),
            AWS_ENDPOINT_URL=self.url,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - moto takes any
            AWS_DEFAULT_REGION="us-east-1",
            AWS_PAGER="",
        )
        command = [sys.executable, "-m", "awscli", *words, "--output", "json"]
        answer: dict[str, Any] = json.loads(run(command, cwd=self.library, env=environment).stdout)
        return answer


def aws_library(factory: pytest.TempPathFactory) -> Path:
    """Install both once for all workers, from uv's cache if they are there."""

    def make(directory: Path) -> None:
        options = ["--no-build", "--python", sys.executable, "--exclude-newer", _NEWEST]
        command = [UV, "pip", "install", "-q", *options, "--target", str(directory), *_PACKAGES]
        result = run(command, cwd=directory.parent, check=False)
        if result.returncode:
            missing(f"{' and '.join(_PACKAGES)} can't be installed: {result.stderr}")

    return made_once(factory, "aws", make)


@contextlib.contextmanager
def serving_aws(library: Path) -> Iterator[Aws]:
    """Serve an empty AWS on this machine."""
    environment = clean_environment(PYTHONPATH=str(library))
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout
            port = server.stdout.readline().strip()
            if not port:
                pytest.fail("moto's server has ended at once")
            yield Aws(library, f"http://127.0.0.1:{port}")
        finally:
            server.kill()
