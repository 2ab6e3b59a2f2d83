"""Packages, indexes, locks and projects that mean harm, or are broken, have a right end.

That is a zip that works, or one sentence that names what is wrong; within a time, and without a
file anywhere but among the outputs, temporary files and caches.
"""

from __future__ import annotations

import logging
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.support import hostile_locks, hostile_projects, hostile_wheels
from tests.support.commands import clean_environment, needed, run
from tests.support.hostile import Case, World, check, read_outcomes
from tests.support.hostile_indexes import INDEXES, Index, answering

LOG: Final = logging.getLogger(__name__)
OUTCOMES: Final = read_outcomes()
CASES: Final = {
    case.name: case
    for case in (*hostile_wheels.CASES, *hostile_locks.CASES, *hostile_projects.CASES)
}
# Of each kind the cheapest; the others run on a schedule.
_SAMPLE: Final = (
    *("name-parent-built-here", "member-twins-from-an-index", "record-wrong-hash-built-here"),
    *("pylock-path-elsewhere", "pylock-nested", "option-function-with-parents"),
    *("option-handler-of-code", "option-key-of-a-million", "type-code-1"),
)
# What would lie elsewhere if somebody followed it.
_ESCAPES: Final = (
    *("name-parent-from-an-index", "name-parent-built-here", "name-absolute-from-an-index"),
    *("name-data-parent-from-an-index", "name-scripts-parent-built-here"),
    *("member-link-to-a-directory-from-an-index", "member-link-to-a-directory-built-here"),
    *("points-parent-from-an-index", "record-parent-built-here", "pylock-git-extension"),
    *("name-data-absolute-from-an-index", "back-end-name-with-parents"),
)


def _cases() -> list[object]:
    return [
        name if name in _SAMPLE else pytest.param(name, marks=pytest.mark.exhaustive)
        for name in CASES
    ]


@pytest.mark.parametrize("name", _cases())
def test_what_is_hostile_has_a_right_end(name: str, tmp_path: Path) -> None:
    check(CASES[name], World.make(tmp_path), OUTCOMES[name])


@pytest.mark.exhaustive
@pytest.mark.parametrize("index", INDEXES, ids=lambda index: str(index.name))
def test_an_index_that_is_hostile_has_a_right_end(index: Index, tmp_path: Path) -> None:
    with answering(index.answer) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        case = Case(
            index.name,
            lambda world: index.prepare(world, url),
            tuple(index.variables.items()),
        )
        check(case, World.make(tmp_path), OUTCOMES[f"index-{index.name}"])


def test_there_are_enough_of_them() -> None:
    names = {*CASES, *(f"index-{index.name}" for index in INDEXES)}
    LOG.info("%d cases: %s", len(names), Counter(name.partition("-")[0] for name in names))
    assert names == {*OUTCOMES}
    assert len(names) >= 150
    assert set(_SAMPLE) <= {*CASES}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", _ESCAPES)
def test_nothing_is_opened_to_write_elsewhere(name: str, tmp_path: Path) -> None:
    """As the system sees it, in the build and in all that it starts."""
    world = World.make(tmp_path / "world")
    assert not _written_elsewhere(CASES[name], world, tmp_path / "log")


@pytest.mark.exhaustive
def test_what_is_written_elsewhere_is_seen(tmp_path: Path) -> None:
    world = World.make(tmp_path / "world")
    path = world.root / "outside/by-the-back-end"
    case = hostile_projects.back_end("back-end-writes", f"open({str(path)!r}, 'w')\nreturn 5")
    assert {*_written_elsewhere(case, world, tmp_path / "log")} == {path}


def _written_elsewhere(case: Case, world: World, log: Path) -> list[Path]:
    """Build as a command, and return what was written where it must not be."""
    strace = needed("strace")
    case.make(world)
    calls = "open,openat,creat,mkdir,mkdirat,symlink,symlinkat,link,linkat,rename,renameat"
    command = [strace, "-f", "-qq", "-y", "-s", "9999", "--seccomp-bpf"]
    run(
        [
            *(*command, "-e", f"trace={calls},renameat2", "-o", str(log)),
            *(sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"),
        ],
        cwd=world.app,
        env=clean_environment(**world.variables, **dict(case.variables)),
        check=False,
    )
    written = _written(log.read_text("utf-8", "replace"), world.app)
    assert written
    allowed = [world.root / name for name in ("tmp", "cache", "kept-here", "app/dist")]
    return [path for path in written if not any(path.is_relative_to(place) for place in allowed)]


def _written(log: str, here: Path) -> list[Path]:
    """Return what was opened to write, made, linked or replaced, from the log of strace."""
    found = []
    for line in log.splitlines():
        call = re.match(r"\d+\s+(\w+)\((.*)\)\s+=\s+(-?\d+)", line)
        if call is None or call[3].startswith("-"):
            continue
        name, arguments = call[1], call[2]
        if name.startswith("open") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", arguments):
            continue
        directories = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>", arguments)
        paths = re.findall(r'"((?:[^"\\]|\\.)*)"', arguments)
        base = Path(directories[-1]) if directories else here
        path = base / paths[-1]
        if not str(path).startswith(("/dev/", "/proc/")):
            found.append(Path(re.sub(r"/[^/]+/\.\.(?=/|$)", "", str(path))))
    return found
