"""The AWS CLI, and moto's server as its AWS: both from the package index."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.commands import clean_environment, run
from tests.support.tools import python_tool

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
    """The AWS CLI, and an empty AWS for it.

    Attributes:
        scripts: where it is installed.
        url: of what is AWS to it.
    """

    scripts: Path
    url: str

    def run(self, *words: str | Path) -> dict[str, Any]:
        """Run a command, and return what it answers."""
        command = [self.scripts / "aws", *words, "--output", "json"]
        result = run(command, cwd=self.scripts, env=self.environment())
        answer: dict[str, Any] = json.loads(result.stdout)
        return answer

    def environment(self, *scripts: Path, **variables: str) -> dict[str, str]:
        """Return the variables with which tools of these directories, and this one, find it."""
        environment = clean_environment(
            AWS_ENDPOINT_URL=self.url,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - moto takes any
            AWS_DEFAULT_REGION="us-east-1",
            AWS_PAGER="",
            **variables,
        )
        path = [*map(str, scripts), environment["PATH"], str(self.scripts)]
        return {**environment, "PATH": os.pathsep.join(path)}


@contextlib.contextmanager
def serving_aws() -> Iterator[Aws]:
    """Serve an empty AWS on this machine."""
    scripts = python_tool("aws")
    with subprocess.Popen(
        [scripts / "python", "-c", _SERVE],
        env=clean_environment(),
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
            yield Aws(scripts, f"http://127.0.0.1:{port}")
        finally:
            server.kill()
