"""The documentation's pages: their code blocks, and those that run, run as a reader runs them.

A comment right above a block says what it is, where that is not plain:

* ``<!-- file: PATH -->``: what the reader writes into a file;
* ``<!-- is: PATH -->``: what a file then holds;
* ``<!-- from: PATH -->``: a part of a file of the checkout;
* ``<!-- not run: WHY -->``, ``<!-- recorded: WHERE -->``: the block does not run on its page;
* ``<!-- aws -->``: commands that are run where there is an AWS;
* ``<!-- in: examples/NAME -->``: where a page's blocks run; by default in an empty directory.

All other blocks of ``sh`` and ``console`` are run, in their order, in one directory for each page.
Those of ``bash`` and other shells are lines for the files that these read when they start.
"""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.commands import CHECKOUT, clean_environment, run

PAGES: Final = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md")))
SHELL: Final = ("console", "sh")

_FENCE: Final = re.compile(r"^( *)```(.*)$")
_NOTE: Final = re.compile(r"^ *<!-- (.*) -->$")
_NOT_HERE: Final = ("not run:", "recorded:", "plan", "example command", "test command")
_UVX: Final = """#!/bin/sh
# Runs what is installed in place of what the index has.
while [ "$1" != hatch-lambda-zip ]; do shift; done
exec "$@"
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        page: where it stands.
        line: of its first line of code, from 1.
        language: the word behind the fence; empty if there is none.
        text: the code.
        note: what the comment above says; empty if there is none.
    """

    page: Path
    line: int
    language: str
    text: str
    note: str

    @property
    def is_run(self) -> bool:
        """Whether it is run with its page."""
        return self.language in SHELL and not self.note.startswith(_NOT_HERE)

    @property
    def needs_aws(self) -> bool:
        """Whether it is run where there is an AWS, and nowhere else."""
        return self.note == "aws"

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    start, language, note, indent = 0, "", "", ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match and start:
            text = textwrap.dedent("\n".join(lines[start:number]) + "\n") if indent else None
            text = text or "".join(f"{one}\n" for one in lines[start:number])
            yield Block(page, start + 1, language, text, note)
            start = 0
        elif match:
            start, indent, language = number + 1, match[1], match[2].strip()
            above = _NOTE.match(lines[number - 1])
            note = above[1] if above else ""


BLOCKS: Final = tuple(block for page in PAGES for block in blocks_of(page))
RUN: Final = tuple(dict.fromkeys(block.page for block in BLOCKS if block.is_run))
"""The pages with blocks that are run."""

DEPLOYING: Final = tuple(dict.fromkeys(block.page for block in BLOCKS if block.needs_aws))
"""Those of which some need an AWS."""


def run_page(
    page: Path, directory: Path, *, wheels: Path, aws: Mapping[str, str] | None = None
) -> None:
    """Do what a page says, and compare what comes out with what it shows.

    Args:
        page: one of those with blocks that are run.
        directory: to work in, which is not there yet.
        wheels: a directory with this project's wheel.
        aws: the variables with which `aws` is found and finds an AWS, if there is one.
    """
    blocks = list(blocks_of(page))
    _start(page, directory / "work")
    environment = _environment(directory, wheels, aws or {})
    for block in blocks:
        word, _, path = block.note.partition(": ")
        file = directory / "work" / path
        if word == "file":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif word == "is":
            assert file.read_text(encoding="utf-8") == block.text, block
        elif block.is_run and not (block.needs_aws and aws is None):
            for command, shown in _commands(block):
                _run_command(block, command, shown, cwd=directory / "work", env=environment)


def _start(page: Path, directory: Path) -> None:
    example = re.search(r"^<!-- in: (\S+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    if example is None:
        directory.mkdir(parents=True)
        return
    ignored = shutil.ignore_patterns("dist", "uv.lock", "pylock*.toml", ".venv")
    shutil.copytree(CHECKOUT / example[1], directory, ignore=ignored)


def _environment(directory: Path, wheels: Path, more: Mapping[str, str]) -> Mapping[str, str]:
    tools = directory / "tools"
    tools.mkdir()
    (tools / "uvx").write_text(_UVX, encoding="utf-8")
    (tools / "uvx").chmod(0o755)
    ours = {
        "UV_FIND_LINKS": str(wheels),
        "PIP_FIND_LINKS": str(wheels),
        "HATCH_DATA_DIR": str(directory / "hatch"),
        "COLUMNS": "200",
    }
    found = clean_environment(**{**more, **ours})
    return {**found, "PATH": os.pathsep.join([str(tools), found["PATH"]])}


def _commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a block, and the lines that it shows below it."""
    if block.language == "sh":
        yield block.text, []
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, *shown = re.sub(r"\\\n", "", part).splitlines()
        yield command, shown


def _run_command(
    block: Block, command: str, shown: list[str], *, cwd: Path, env: Mapping[str, str]
) -> None:
    result = run(["bash", "-euo", "pipefail", "-c", command], cwd=cwd, env=env)
    said = [line.strip() for line in (result.stderr + result.stdout).splitlines()]
    for line in filter(None, map(str.strip, shown)):
        pattern = ".*".join(map(re.escape, re.split("…", line)))
        found = [number for number, one in enumerate(said) if re.fullmatch(pattern, one)]
        assert found, f"{block}: {command!r} says no {line!r} (any more):\n" + "\n".join(said)
        said = said[found[0] + (line != "…") :]
