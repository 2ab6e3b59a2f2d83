"""Builds that something goes wrong in, and what has to be true of their outputs then."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest import mock

import pytest

from tests.support.commands import NOT_ISOLATED, UV, clean_environment
from tests.support.hatchling_runs import run_hatchling
from tests.support.processes import comes_true
from tests.support.projects import Project

FRONTS: Final = {
    "hatch-lambda-zip build": (sys.executable, "-m", "hatch_lambda_zip", "build"),
    "hatchling build": (sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"),
    "uv build": (UV, "build", "--wheel"),
}
"""Commands that build zips; the last one by the hook."""

HERE: Final = "hatchling build, in this process"
"""The same, in the time of a function; for faults that no process needs."""

_HOOK: Final = "\n[tool.hatch.build.hooks.lambda-zip]\n"
_MAIN: Final = "src/fixture_app/main.py"
_SECONDS: Final = 300


@dataclass
class Trial:
    """A project with the outputs of a build, which was edited since.

    Attributes:
        project: the project.
        place: a directory that is made for what builds need.
        front: one of ``FRONTS``, or ``HERE``.
        variables: of the environment of all builds.
        said: what the last build said.
        old: the outputs that are there.
        new: those that a build makes when nothing goes wrong.
        seconds: how long that took.
    """

    project: Project
    place: Path
    front: str = "hatch-lambda-zip build"
    variables: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    old: dict[str, bytes] = field(init=False)
    new: dict[str, bytes] = field(init=False)
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        """Build both."""
        for directory in (self.temporary, self.cache):
            directory.mkdir(parents=True)
            directory.chmod(0o700)
        if self.front == "uv build":
            pyproject = self.project.pyproject
            pyproject.write_text(pyproject.read_text("utf-8") + _HOOK, "utf-8")
        self.old = self.build()
        self.project.replace("ANSWER = 42", "ANSWER = 43", file=_MAIN)
        started = time.monotonic()
        self.new = self.build()
        self.seconds = time.monotonic() - started
        assert self.old.keys() == self.new.keys()
        assert all(self.old[name] != self.new[name] for name in self.old)
        self.put_back()

    @property
    def output(self) -> Path:
        """Where zips and manifests go."""
        return self.project.path / "dist"

    @property
    def temporary(self) -> Path:
        """Where temporary files go."""
        return self.place / "temporary"

    @property
    def cache(self) -> Path:
        """What is kept from build to build."""
        return self.place / "cache"

    def start(self, wrapper: Sequence[str] = (), **variables: str) -> subprocess.Popen[bytes]:
        """Start a build, in a process group of its own; ``wrapper`` is a command that runs it."""
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [*wrapper, *FRONTS[self.front]],
                cwd=self.project.path,
                env=self.environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a build to end, and note what it said."""
        code = process.wait(_SECONDS)
        self.said = self._log.read_text("utf-8", "replace")
        return code

    def run(self, wrapper: Sequence[str] = (), **variables: str) -> int:
        """Build, and return the exit code."""
        if self.front != HERE:
            return self.wait(self.start(wrapper, **variables))
        words = ["build", "-t", "lambda-zip"]
        with mock.patch("tempfile.tempdir", None):
            environment = self.environment(**variables)
            done = run_hatchling(words, cwd=self.project.path, env=environment)
        self.said = done.stdout + done.stderr
        return done.returncode

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of a build."""
        return clean_environment(
            **{
                **NOT_ISOLATED,
                "TMPDIR": str(self.temporary),
                "HATCH_LAMBDA_ZIP_CACHE": str(self.cache),
                **self.variables,
                **variables,
            }
        )

    @property
    def _log(self) -> Path:
        return self.place / "log"

    def build(self) -> dict[str, bytes]:
        """Build when nothing goes wrong, and return what was made."""
        assert self.run() == 0, self.said
        self.check_no_rubbish()
        return self.outputs()

    def fails(self, wrapper: Sequence[str] = (), **variables: str) -> bool:
        """Build when something may go wrong, and check that all is well; give whether it did.

        A failure is a message, and leaves the old outputs. Success gives the right ones.
        """
        code = self.run(wrapper, **variables)
        assert "Traceback" not in self.said, self.said
        self.check_no_rubbish()
        if code == 0:
            assert self.outputs() == self.new, self.said
        else:
            assert self.said.count("Error: ") == 1, self.said
            assert self.outputs() == self.old, self.said
        return code != 0

    def outputs(self) -> dict[str, bytes]:
        """Return the zips and manifests that are there."""
        return {
            path.name: path.read_bytes()
            for path in self.output.glob("*")
            if path.suffix in {".zip", ".json"}
        }

    def state(self) -> str:
        """Tell which outputs are there: all of one build, as nothing else may be.

        A ``SIGKILL`` between the two steps of a replacement leaves the new manifest beside the old
        zip, as the README says.
        """
        found = self.outputs()
        names = {"old": self.old, "new": self.new}
        names["between"] = {
            name: (self.new if name.endswith(".json") else self.old)[name] for name in self.old
        }
        states = [name for name, outputs in names.items() if outputs == found]
        assert states, (sorted(found), self.said)
        return states[0]

    def put_back(self) -> None:
        """Have the old outputs, and nothing else."""
        for path in self.output.iterdir():
            path.unlink()
        for name, content in self.old.items():
            (self.output / name).write_bytes(content)

    def check_no_rubbish(self) -> None:
        """Wait until nothing temporary is there, where a watcher may still be at it."""

        def left() -> list[str]:
            found = [*self.temporary.glob("hatch-lambda-zip-*")]
            found += [path for path in self.output.glob(".*") if path.name != ".gitignore"]
            return [str(path) for path in found]

        assert comes_true(lambda: not left()), f"{left()}\n{self.said}"


@contextlib.contextmanager
def small_disk(directory: Path, free: int) -> Iterator[None]:
    """Have a directory, with what is in it, on a disk with so many bytes left (by root alone)."""
    aside = directory.with_name(f"{directory.name}.aside")
    used = sum(path.stat().st_blocks * 512 for path in directory.rglob("*"))
    page = os.sysconf("SC_PAGE_SIZE")
    directory.rename(aside)
    directory.mkdir()
    size = max(used + (free // page + 1) * page, page)
    with _mounted("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(directory)):
        shutil.copytree(aside, directory, dirs_exist_ok=True)
        yield
        kept = directory.with_name(f"{directory.name}.kept")
        shutil.copytree(directory, kept)
    shutil.rmtree(aside)
    directory.rmdir()
    kept.rename(directory)


@contextlib.contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Have a directory that can't be written to; by a mount, since root may write anywhere."""
    with _mounted("--bind", str(directory), str(directory)):
        _run_mount("-o", "remount,ro,bind", str(directory))
        yield


@contextlib.contextmanager
def _mounted(*words: str) -> Iterator[None]:
    _run_mount(*words)
    try:
        yield
    finally:
        # What a build has started may be about to end.
        assert comes_true(
            lambda: subprocess.run(["umount", words[-1]], check=False).returncode == 0
        )


def _run_mount(*words: str) -> None:
    done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mounting takes root: {done.stderr.strip()}")


def limited(**limits: int) -> list[str]:
    """Return a wrapper that runs a command under limits, such as ``NOFILE=20`` (setrlimit(2))."""
    code = "import os, resource, sys\n" + "".join(
        f"resource.setrlimit(resource.RLIMIT_{name}, ({value}, {value}))\n"
        for name, value in limits.items()
    )
    code += "os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code]
