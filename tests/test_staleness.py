"""No edit is hidden by what an earlier build has left: neither its caches nor its outputs."""

from __future__ import annotations

import io
import logging
import os
import random
import shutil
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import clean_environment, run
from tests.support.edits import Workspace, make_workspace
from tests.support.hatchling_runs import run_hatchling
from tests.support.shared import made_once

LOG: Final = logging.getLogger(__name__)
_WORDS: Final = {"target": ["build", "-t", "lambda-zip"], "hook": ["build", "-t", "wheel"]}
# The hook often, since it alone leaves outputs that are made from the same inputs where they are.
_FRONTS: Final = ("target",) * 5 + ("hook",) * 4 + ("command",)


def build(project: Path, cache: str | Path, front: str = "target") -> str:
    """Build, and return the message if that fails; unexpected errors are raised."""
    environment = clean_environment(HATCH_LAMBDA_ZIP_CACHE=str(cache))
    if front == "command":
        words = [sys.executable, "-m", "hatch_lambda_zip", "build"]
        result = run(words, cwd=project, env=environment, check=False)
    else:
        result = run_hatchling(_WORDS[front], cwd=project, env=environment)
    output = result.stdout + result.stderr
    assert "Traceback" not in output, output
    return output if result.returncode else ""


def outputs_in(directory: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in directory.glob("app*") if path.suffix != ".whl"
    }


def clean_build(workspace: Workspace, place: Path) -> tuple[str, dict[str, bytes]]:
    """Build a copy, without anything that another build has left."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(workspace.root, place, ignore=shutil.ignore_patterns("dist"))
    return build(place / "app", "0"), outputs_in(place / "app/dist")


def hunt(root: Path, seed: int, edits: int, at_once: int = 1) -> Counter[str]:
    """Edit and build again and again, and count what happened.

    Args:
        root: with a workspace.
        seed: of what is edited.
        edits: how many.
        at_once: how many of them stand between two builds.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    workspace = Workspace(root / "tree", root / "cache", chance)
    counts: Counter[str] = Counter()
    before: dict[str, bytes] = {}
    failure = ""
    done: list[str] = []
    since: list[str] = []  # the last build that did not fail
    for number in range(1, edits + 1):
        since.append(workspace.mend() if failure else workspace.edit())
        failure = ""
        done.append(since[-1])
        if number % at_once:
            continue
        front = chance.choice(_FRONTS)
        failure = build(workspace.app, workspace.cache, front)
        expected_failure, expected = clean_build(workspace, root / "copy")
        story = f"seed {seed}, {front}, {number} edits, the last of them: {done[-12:]}"
        assert bool(failure) == bool(expected_failure), f"{story}\n{failure}{expected_failure}"
        counts[f"builds by {front}"] += 1
        if failure:
            counts["failed builds"] += 1
            LOG.debug("%s: %s", done[-1], failure)
            continue
        found = outputs_in(workspace.app / "dist")
        assert found == expected, f"{story}\n{sorted(found)} {sorted(expected)}"
        zips = {name: data for name, data in found.items() if name.endswith(".zip")}
        is_quiet = all(edit.startswith("quiet") for edit in since)
        for name in zips.keys() & before.keys():
            same = zips[name] == before[name]
            counts["same zips" if same else "other zips"] += 1
            assert same == (files_of(zips[name]) == files_of(before[name])), story
            assert same or not is_quiet, story
        before, since = zips, []
        if number % 100 == 0:
            LOG.info("seed %d, %d of %d edits: %s", seed, number, edits, dict(counts))
    LOG.info("seed %d, all %d edits: %s", seed, edits, dict(counts))
    return counts


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def root(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A directory with a workspace to edit."""
    made = made_once(tmp_path_factory, "edited-workspace", make_workspace)
    return Path(shutil.copytree(made, tmp_path / "root"))


def test_some_edits(root: Path) -> None:
    assert hunt(root, seed=3, edits=15, at_once=3)["other zips"]


@pytest.mark.exhaustive
def test_many_edits(root: Path) -> None:
    edits = int(os.environ.get("HATCH_LAMBDA_ZIP_EDITS", "500"))
    seed = int(os.environ.get("HATCH_LAMBDA_ZIP_SEED", "18"))
    counts = hunt(root, seed, edits)
    assert counts["same zips"]
    assert counts["other zips"]
