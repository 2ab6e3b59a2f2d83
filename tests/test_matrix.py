"""Each project has one hash for all machines, users, Pythons, settings and front ends."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import Final

import pytest

from tests.support import matrix
from tests.support.commands import missing
from tests.support.interpreters import version_of
from tests.support.matrix import ARM, ASKING, FACTORS, FRONTS, Machine, Made, not_in_force
from tests.support.matrix_projects import NAMES, PROJECTS
from tests.support.pairwise import Row, pairwise
from tests.support.shared import made_once

LOG: Final = logging.getLogger(__name__)
_SEED: Final = int(os.environ.get("HATCH_LAMBDA_ZIP_SEED", "18"))
_PARTS: Final = 4
_ASKED: Final = 6  # builds for each variable
_NOT_UTF_8: Final = ("C, in ASCII", "tr_TR.ISO-8859-9")
_ON_TMPFS: Final = Path("/dev/shm")  # noqa: S108 - it is what this is about
# Nothing special about it, and nothing kept.
PLAIN: Final[Row] = {
    "variables": "none",
    "front": "hatchling",
    "hatchling": "newest",
    "uv": "newest",
    "zlib": "host",
    "umask": "022",
    "time": "UTC",
    "locale": "C.UTF-8",
    "seed": "random",
    "user": "root",
    "home": "fresh",
    "path": "short",
    "disk": "ext4",
    "links": "default",
    "cpus": "all",
    "cache": "cold",
}
# What costs next to nothing to bring about.
_CHEAP: Final = {
    "variables": ("Python optimizes", "uv selects", "none"),
    "front": ("hatchling",),
    "zlib": ("refuses", "host"),
    "umask": ("077", "000"),
    "time": ("Pacific/Kiritimati", "UTC"),
    "locale": ("C, in ASCII", "tr_TR.UTF-8"),
    "seed": ("0", "1"),
    "home": ("missing", "fresh"),
    "path": ("blanks and letters", "link"),
    "disk": ("tmpfs", "ext4"),
    "links": ("symlink", "copy"),
    "cpus": ("1", "16"),
    "cache": ("warm", "damaged"),
}

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(os, "getuid") or os.getuid() != 0,
    reason="the circumstances are Linux's, and only root can be others",
)


@contextmanager
def place_for(row: Row, name: str) -> Iterator[Path]:
    """Give a directory that is not there yet, on the row's disk, where every user can get."""
    base = _ON_TMPFS if row["disk"] == "tmpfs" else Path(tempfile.gettempdir())
    root = Path(tempfile.mkdtemp(prefix="m-", dir=base))
    root.chmod(0o755)
    assert (root.stat().st_dev == _ON_TMPFS.stat().st_dev) == (row["disk"] == "tmpfs")
    try:
        yield root / name
    finally:
        shutil.rmtree(root)


def build(machine: Machine, project: str, row: Row, **more: str) -> tuple[Made, list[str]]:
    """Build, and return what came of it, with what of the row was not in force."""
    with place_for(row, "b") as place:
        made = matrix.build(machine, project, row, place, more)
        return made, not_in_force(machine, row, made, place)


def make_references(
    root: Path, machine: Machine, python: str, projects: Iterable[str] = PROJECTS
) -> None:
    """Build each project once, and keep the cache of that."""
    for project in projects:
        row = PLAIN | {"python": python, "front": _fronts(project)[0]}
        with place_for(row, "b") as place:
            made = matrix.build(machine, project, row, place, {})
            assert made.code == 0, made.output
            assert made.hashes
            shutil.copytree(place / "cache", root / "warm" / project)
            text = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(made.hashes.items()))
            (root / f"{project}.txt").write_text(text)


def reference(machine: Machine, project: str) -> dict[str, str]:
    lines = (machine.root / f"{project}.txt").read_text().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


def _fronts(project: str) -> tuple[str, ...]:
    if project == "folders":  # no package
        return ("command",)
    # hatch makes an environment for each build, which takes its time.
    return FRONTS if project in {"pure", "functions and layers"} else FRONTS[:-1]


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, plugin_wheel: Path) -> Machine:
    """Every Python with every release of the tools, and the hashes that all have to give."""
    pythons = matrix.find_pythons()
    mine = _running(pythons)

    def make(root: Path) -> None:
        matrix.make_machine(root, plugin_wheel)
        make_references(root, Machine(root, plugin_wheel, pythons), mine)

    root = made_once(tmp_path_factory, "matrix", make)
    open_to_everyone(root)
    return Machine(root, plugin_wheel, pythons)


def _running(pythons: dict[str, Path]) -> str:
    release = (version_of(sys.executable) or "").split()[0]
    assert release in pythons
    return release


def open_to_everyone(directory: Path) -> None:
    """Let others reach a directory in pytest's own, which it closes to them."""
    temporary = Path(tempfile.gettempdir())
    for parent in directory.parents:
        if parent != temporary and parent.is_relative_to(temporary):
            parent.chmod(0o755)


def check(machine: Machine, project: str, row: Row) -> str:
    """Build, and return what is wrong; empty if nothing is."""
    made, wrong = build(machine, project, row)
    if project == NAMES and row["locale"] in _NOT_UTF_8:
        said = "Set PYTHONUTF8=1 and build again" in " ".join(made.output.split())
        # hatchling's own wheel comes first there, and has names that are no text.
        said |= row["front"] == "python -m build" and "UnicodeEncodeError: 'utf-8'" in made.output
        return "" if said and made.code and not made.hashes else f"no sentence: {made.output}"
    if made.code:
        return f"it fails: {made.output}"
    expected = reference(machine, project)
    if made.hashes != expected:
        return f"other hashes: {made.hashes}, not {expected}"
    return "; ".join(wrong)


def check_rows(machine: Machine, project: str, rows: list[Row]) -> Counter[str]:
    failures = []
    counts: Counter[str] = Counter()
    for number, row in enumerate(rows):
        try:
            if wrong := check(machine, project, row):
                failures.append(f"{project}, {row}:\n{wrong}")
                LOG.info("%s", failures[-1])
        finally:
            counts["combinations"] += 1
        counts.update({f"{project}, {row['front']}": 1})
        if number % 10 == 0:
            LOG.info("%s: %d of %d rows, %d failed", project, number, len(rows), len(failures))
    LOG.info("%s: %d combinations, %d failed", project, len(rows), len(failures))
    assert not failures, "\n\n".join(failures)
    return counts


@cache
def rows_of(project: str, pythons: tuple[str, ...]) -> list[Row]:
    factors = {"python": pythons, **FACTORS, "front": _fronts(project)}
    return pairwise(factors, _SEED + list(PROJECTS).index(project))


def possible(machine: Machine, row: Row) -> Row:
    """Take another value where tools that are not ours can't do two things together."""
    unread = {"uv build": _NOT_UTF_8[:1], "hatch": _NOT_UTF_8}.get(row["front"], ())
    if row["path"] == "blanks and letters" and row["locale"] in unread:
        return possible(machine, row | {"locale": "C"})  # they give a Python a path to read
    if row["front"] in {"hatch", "uv build"} and not machine.has_virtual_environment(row):
        return row | {"front": "hatchling"}  # they look for packages in no other place
    if row["front"] == "hatch" and row["variables"] in {"uv installs", "uv selects"}:
        return row | {"front": "hatchling"}  # what uv installs for hatch is not ours to protect
    return row


@pytest.mark.exhaustive
@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("project", PROJECTS)
def test_one_hash_under_all_circumstances(machine: Machine, project: str, part: int) -> None:
    pythons = tuple(name for name in machine.pythons if name != ARM)
    rows = rows_of(project, pythons)[part::_PARTS]
    check_rows(machine, project, [possible(machine, row) for row in rows])


@pytest.mark.exhaustive
@pytest.mark.parametrize("project", PROJECTS)
def test_one_hash_on_arm(machine: Machine, project: str) -> None:
    """With uv for ARM too, but for back ends, whose Pythons uv can't start under emulation."""
    if ARM not in machine.pythons:
        missing("CPython 3.11 for 64-bit ARM is not here")
    rows = pairwise(
        {
            "python": (ARM,),
            **{factor: (value,) for factor, value in PLAIN.items()},
            "front": ("command",) if project == "folders" else ("hatchling", "command"),
            "uv": ("oldest", "newest"),
            "cache": ("cold", "warm"),
            "zlib": ("refuses", "host"),
        },
        _SEED,
    )
    check_rows(machine, project, rows)


@pytest.mark.exhaustive
@pytest.mark.parametrize("asked", ASKING, ids="-".join)
def test_a_variable_that_may_ask_for_something_else(
    machine: Machine, asked: dict[str, str]
) -> None:
    """The same hash, or one message; never other bytes, and never a traceback."""
    pythons = tuple(name for name in machine.pythons if name != ARM)
    factors = {**FACTORS, "variables": ("none",), "locale": ("C.UTF-8",), "front": FRONTS[:-1]}
    rows = pairwise({"python": pythons, **factors}, _SEED)[:_ASKED]
    ((name, value),) = asked.items()
    for row in (possible(machine, row) for row in rows):
        made, _ = build(machine, "workspace", row, **asked)
        story = f"{asked}, {row}: {made.output}"
        LOG.info("%s, %s: %s", asked, row["front"], made.output[-500:] if made.code else "built")
        assert "Traceback" not in made.output, story
        if made.code == 0:
            assert made.hashes == reference(machine, "workspace"), story
            continue
        assert not made.hashes, story
        assert name in made.output or value in made.output, story


@pytest.fixture(scope="session")
def small_machine(tmp_path_factory: pytest.TempPathFactory, plugin_wheel: Path) -> Machine:
    """The Python and the releases that run the tests, and no others."""
    pythons = {"this": Path(sys.executable)}

    def make(root: Path) -> None:
        matrix.make_machine(root, plugin_wheel, everything=False)
        make_references(root, Machine(root, plugin_wheel, pythons), "this", (NAMES,))

    return Machine(made_once(tmp_path_factory, "small-matrix", make), plugin_wheel, pythons)


def test_a_sample_of_circumstances(small_machine: Machine) -> None:
    rows = pairwise(_CHEAP, _SEED)
    for row in rows:
        assert not check(small_machine, NAMES, PLAIN | {"python": "this"} | row), row


def test_what_is_not_in_force_is_noticed(small_machine: Machine) -> None:
    """Else a circumstance that a command fails to bring about would count as one that was tried."""
    row = PLAIN | {"python": "this"}
    with place_for(row, "b") as place:
        made = matrix.build(small_machine, NAMES, row, place, {})
        assert not not_in_force(small_machine, row, made, place)
        for factor, value in (
            *(("zlib", "refuses"), ("umask", "077"), ("time", "Pacific/Kiritimati")),
            *(("locale", "tr_TR.UTF-8"), ("seed", "0"), ("user", "nobody"), ("home", "missing")),
            *(("path", "long"), ("cpus", "1"), ("variables", "Python optimizes")),
        ):
            assert not_in_force(small_machine, row | {factor: value}, made, place), factor


def test_every_two_values_meet() -> None:
    factors = {"a": ("1", "2", "3"), "b": ("x", "y"), "c": ("p", "q", "r", "s"), "d": ("k", "l")}
    rows = pairwise(factors, 1)
    for one, other in combinations(factors, 2):
        met = {(row[one], row[other]) for row in rows}
        assert met == set(product(factors[one], factors[other]))
    assert len(rows) < 18  # of 48
    assert rows == pairwise(factors, 1) != pairwise(factors, 2)
