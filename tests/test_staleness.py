"""No edit is hidden by what an earlier build has left: neither its caches nor its outputs."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import random
import re
import shutil
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest import mock

import pytest
from click.testing import CliRunner

from hatch_lambda_zip.cli import main
from tests.support.commands import UV, clean_environment, run
from tests.support.edits import Workspace, make_workspace
from tests.support.hatchling_runs import run_hatchling
from tests.support.shared import made_once

LOG: Final = logging.getLogger(__name__)
_WORDS: Final = {
    "target": ["build", "-t", "lambda-zip"],
    "target for one": ["build", "-t", "lambda-zip:one"],
    "hook": ["build", "-t", "wheel"],
}
# The hook often, since it alone leaves outputs that are made from the same inputs where they are.
_FRONTS: Final = (
    *("target",) * 40,
    *("target for one",) * 5,
    *("hook",) * 40,
    *("command",) * 14,
    *("command as a process",) * 1,
)
# A shell script that looks for the right Python, as pyenv has, takes as long as a build.
_PATH: Final = os.pathsep.join((str(Path(sys.executable).resolve().parent), os.environ["PATH"]))
_SEEDS: Final = 4


def build(project: Path, cache: str | Path, uv_cache: Path, front: str = "target") -> str:
    """Build, and return the message if that fails; unexpected errors are raised."""
    environment = clean_environment(
        HATCH_LAMBDA_ZIP_CACHE=str(cache), UV_CACHE_DIR=str(uv_cache), PATH=_PATH, UV=UV
    )
    if front == "command":
        runner = CliRunner(env={**dict.fromkeys(os.environ), **environment})
        invoked = runner.invoke(main, ["build", str(project)])
        assert invoked.exception is None or isinstance(invoked.exception, SystemExit), invoked
        code, output = invoked.exit_code, invoked.output
    else:
        words = [sys.executable, "-m", "hatch_lambda_zip", "build"]
        try:
            result = (
                run(words, cwd=project, env=environment, check=False)
                if front == "command as a process"
                else run_hatchling(_WORDS[front], cwd=project, env=environment)
            )
        except FileNotFoundError as error:  # hatchling's own, for a wheel beside the zips
            if "Forced include not found" not in str(error):
                raise
            return str(error)
        code, output = result.returncode, result.stdout + result.stderr
    assert "Traceback" not in output, output
    return output or "no message" if code else ""


def outputs_in(directory: Path, front: str = "target") -> dict[str, bytes]:
    """Return what a build was to write, but for wheels."""
    names = "app*one.*" if front == "target for one" else "app*"
    return {path.name: path.read_bytes() for path in directory.glob(names) if path.suffix != ".whl"}


@dataclass
class CleanBuilds:
    """Builds of copies, without anything that another build has left.

    The same files are built once: a build of other modes and times has to give the same.

    Attributes:
        place: for the copies.
        uv_cache: which nobody edits.
    """

    place: Path
    uv_cache: Path
    _known: dict[bytes, tuple[str, dict[str, bytes]]] = field(default_factory=dict)
    made: int = 0

    def of(self, workspace: Workspace, front: str) -> tuple[str, dict[str, bytes]]:
        """Return the failure's message, and the outputs.

        Args:
            front: the one that is compared with it; all but that for one function make the same.
        """
        front = front if front == "target for one" else "target"
        digest = hashlib.sha256(front.encode())
        for path in sorted(workspace.root.rglob("*")):
            if "dist" not in path.parts and path.is_file():
                content = path.read_bytes()
                head = f"{path.relative_to(workspace.root)}\0{len(content)}\0"
                digest.update(head.encode() + content)
        key = digest.digest()
        if key not in self._known:
            self.made += 1
            shutil.rmtree(self.place, ignore_errors=True)
            shutil.copytree(workspace.root, self.place, ignore=shutil.ignore_patterns("dist"))
            project = self.place / "app"
            failure = build(project, "0", self.uv_cache, front)
            self._known[key] = failure, outputs_in(project / "dist", front)
        return self._known[key]


@dataclass
class Hunt:
    """Edits and builds, again and again, and counts of what happened.

    Args:
        root: with a workspace.
        seed: of what is edited.
    """

    root: Path
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Start with nothing but the workspace and what uv keeps."""
        self._chance = random.Random(self.seed)  # noqa: S311 - no secret
        uv_cache = self.root / "uv-edited"
        shutil.copytree(self.root / "uv", uv_cache, symlinks=True)
        self._workspace = Workspace(self.root / "tree", self.root / "cache", uv_cache, self._chance)
        self._clean = CleanBuilds(self.root / "copy", self.root / "uv")
        self._before: dict[str, bytes] = {}
        self._since: list[str] = []  # the last build that did not fail
        self._done: list[str] = []
        self._has_failed = False

    def run(self, edits: int, at_once: Sequence[int]) -> Counter[str]:
        """Edit so often, and return the counts.

        Args:
            at_once: of which it is drawn how many edits stand between two builds.
        """
        due = 1
        for number in range(1, edits + 1):
            self._edit()
            if number >= due:
                due = number + self._chance.choice(at_once)
                self._build(self._chance.choice(_FRONTS))
            if number % 50 == 0 or number == edits:
                self.counts["clean builds"] = self._clean.made
                LOG.info("seed %d, %d edits: %s", self.seed, number, dict(self.counts))
        return self.counts

    def _edit(self) -> None:
        started = time.time_ns()
        done = self._workspace.mend() if self._has_failed else self._workspace.edit()
        self._has_failed = False
        self._workspace.set_back_since(started)
        self._since.append(done)
        self._done.append(done)

    def _build(self, front: str) -> None:
        """Build here and in a copy, and compare with that and with the last build."""
        workspace = self._workspace
        last = self._done[-12:]
        story = f"seed {self.seed}, {front}, {len(self._done)} edits, the last of them: {last}"
        expected_failure, expected = self._clean.of(workspace, front)
        assert not (last[-1] == "mended" and expected_failure), f"{story}\n{expected_failure}"
        failure = self._build_here(front, expected_failure, story)
        assert bool(failure) == bool(expected_failure), f"{story}\n{failure}{expected_failure}"
        self.counts[f"builds by {front}"] += 1
        if failure:
            self._has_failed = True
            self.counts["failed builds"] += 1
            LOG.debug("%s: %s", self._done[-1], failure)
            return
        found = outputs_in(workspace.app / "dist", front)
        assert found == expected, story
        zips = {name: data for name, data in found.items() if name.endswith(".zip")}
        is_quiet = all(edit.startswith("quiet") for edit in self._since)
        for name in zips.keys() & self._before.keys():
            same = zips[name] == self._before[name]
            self.counts["same zips" if same else "other zips"] += 1
            assert same == (files_of(zips[name]) == files_of(self._before[name])), story
            assert same or not is_quiet, story
        self._before, self._since = zips, []

    def _build_here(self, front: str, expected_failure: str, story: str) -> str:
        """Build with all that there is; where uv's cache is to blame, mend it, and build again."""
        workspace, now = self._workspace, time.time
        started = time.time_ns()
        with mock.patch("time.time", side_effect=lambda: now() - workspace.clock):
            failure = build(workspace.app, workspace.cache, workspace.uv_cache, front)
            if failure and not expected_failure:
                assert workspace.is_uv_cache_edited, f"{story}\n{failure}"
                blamed = _mend_uv_cache(workspace, self.root / "uv", failure)
                self.counts[f"failures for {blamed}"] += 1
                failure = build(workspace.app, workspace.cache, workspace.uv_cache, front)
        workspace.set_back_since(started)
        return failure


def _mend_uv_cache(workspace: Workspace, whole: Path, failure: str) -> str:
    """Do what a failure says about uv's cache, and return how often that is said and how it helps.

    What uv says itself of its own notes is not ours to word; its cache is replaced then.
    """
    workspace.is_uv_cache_edited = False
    named = re.search(r"`uv (cache clean \w+)`(?: and build again| helps)", failure)
    if named:
        environment = clean_environment(UV_CACHE_DIR=str(workspace.uv_cache))
        run([UV, *named[1].split()], cwd=workspace.root, env=environment)
        return "what uv has unpacked"
    LOG.info("uv: %s", failure)
    shutil.rmtree(workspace.uv_cache)
    shutil.copytree(whole, workspace.uv_cache, symlinks=True)
    return "what uv notes"


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A directory with a workspace to edit."""
    made = made_once(tmp_path_factory, "edited-workspace", make_workspace)
    return Path(shutil.copytree(made, tmp_path / "root", symlinks=True))


def test_some_edits(root: Path) -> None:
    assert Hunt(root, seed=3).run(200, at_once=(6, 8))["other zips"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(_SEEDS))
def test_many_edits(root: Path, part: int) -> None:
    edits = int(os.environ.get("HATCH_LAMBDA_ZIP_EDITS", "10000")) // _SEEDS
    seed = int(os.environ.get("HATCH_LAMBDA_ZIP_SEED", "18")) + part
    counts = Hunt(root, seed).run(edits, at_once=(1, 1, 1, 2, 3))
    assert counts["same zips"]
    assert counts["other zips"]
