"""Whatever happens to a build: the old zip and manifest or the new ones, and one sentence.

`docs/reliability.md` has what was tried; here is one of each kind, and the rest as ``exhaustive``.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import UV, missing
from tests.support.faults import FRONTS, HERE, Trial, limited, read_only, small_disk
from tests.support.processes import HEEDING_SIGINT, kill_tree
from tests.support.projects import Project

LOG: Final = logging.getLogger(__name__)
NOISE: Final = 500_000  # bytes that can't be compressed

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="mounts, limits and /proc are Linux'"),
]
exhaustive = pytest.mark.exhaustive


def noisy(project: Project) -> Project:
    """Have half a megabyte in the package, so that disks are full in its midst."""
    noise = random.Random(18).randbytes(NOISE)  # noqa: S311 - the same each time
    (project.path / "src/fixture_app/noise.bin").write_bytes(noise)
    return project


@pytest.fixture
def trial(project: Project, tmp_path: Path) -> Trial:
    return Trial(noisy(project), tmp_path / "place")


@pytest.fixture
def here(project: Project, tmp_path: Path) -> Trial:
    return Trial(project, tmp_path / "place", HERE)


def forget(directory: Path) -> None:
    """Empty a directory."""
    shutil.rmtree(directory)
    directory.mkdir(mode=0o700)


# Signals: two hundred moments and more.

MOMENTS: Final = 9  # of each front, signal and cache: 216 in all


def interrupt(process: subprocess.Popen[bytes], sent: str) -> None:
    """Send a signal to a whole group, as terminals and CI do; or kill its watcher as well."""
    if sent == "SIGKILL, and the watcher":
        kill_tree(process.pid)
        return
    with contextlib.suppress(ProcessLookupError):  # it is over
        os.killpg(process.pid, getattr(signal, sent))


def is_well_said(trial: Trial) -> bool:
    """Tell whether nobody sees a traceback of a build that has begun.

    Before that there is Python's own, of Ctrl-C while it loads modules (it may even lose that, and
    say so), and uv shows that of what it runs.
    """
    before, _, since = trial.said.partition("fixture-app:lambda: ")
    is_pythons = before.rstrip().endswith("\nKeyboardInterrupt") or (
        before.startswith("Exception ignored in: ")
        and before.rstrip().endswith("KeyboardInterrupt:")
    )
    is_well = "Traceback" not in before or is_pythons
    return (is_well and "Traceback" not in since) or trial.front == "uv build"


@exhaustive
@pytest.mark.parametrize("cache", ["cold", "warm"])
@pytest.mark.parametrize("sent", ["SIGKILL", "SIGKILL, and the watcher", "SIGTERM", "SIGINT"])
@pytest.mark.parametrize("front", FRONTS)
def test_signals_at_any_moment(
    project: Project, tmp_path: Path, front: str, sent: str, cache: str
) -> None:
    trial = Trial(noisy(project), tmp_path / "place", front)
    found = Counter[str]()
    for moment in range(MOMENTS):
        trial.put_back()
        if cache == "cold":
            forget(trial.cache)
        process = trial.start(HEEDING_SIGINT)
        time.sleep(trial.seconds * (moment + 0.5) / MOMENTS)
        interrupt(process, sent)
        found["over" if trial.wait(process) == 0 else "cancelled"] += 1
        assert is_well_said(trial), trial.said
        if "watcher" not in sent:
            trial.check_no_rubbish()
        found[trial.state()] += 1
    LOG.info("%s, %s, %s: %s", front, sent, cache, dict(found))
    assert found["cancelled"], "the builds were over before they could be cancelled"
    assert trial.build() == trial.new  # and nothing that a dead build has left is there any more


# Disks, in steps of what is left of them.

SIZES: Final = (0, 4, 16, 64, 128, 256, 400, 512, 576, 640, 768, 1024, 1536, 2048, 4096, 32768)


@exhaustive
@pytest.mark.parametrize("cache", ["cold", "warm"])
@pytest.mark.parametrize("place", ["output", "temporary", "cache"])
def test_a_full_disk(trial: Trial, place: str, cache: str) -> None:
    failed = []
    for size in SIZES:
        if cache == "cold":
            forget(trial.cache)
        with small_disk(getattr(trial, place), size * 1024):
            failed.append(trial.fails())
        if failed[-1]:
            assert "pace" in trial.said, trial.said  # no space left, free space
        trial.put_back()
    LOG.info("%s %s: %d of %d failed", cache, place, sum(failed), len(failed))
    # What is kept for later is no reason to fail.
    assert failed == sorted(failed, reverse=True)
    assert (failed[0], failed[-1]) == (place != "cache", False)
    assert trial.build() == trial.new


@exhaustive
def test_a_full_disk_of_uvs_cache(project: Project, tmp_path: Path) -> None:
    uv_cache = tmp_path / "uv"
    uv_cache.mkdir()
    trial = Trial(project, tmp_path / "place", variables={"UV_CACHE_DIR": str(uv_cache)})
    failed = []
    for size in (0, 4, 64, 256, 512, 1024, 2048, 65536):
        forget(trial.cache)
        forget(uv_cache)
        with small_disk(uv_cache, size * 1024):
            failed.append(trial.fails())
        if failed[-1]:
            assert "there is no space left: " in trial.said, trial.said
        trial.put_back()
    LOG.info("uv's cache: %d of %d failed", sum(failed), len(failed))
    assert (failed[0], failed[-1]) == (True, False)
    assert trial.build() == trial.new


@exhaustive
@pytest.mark.parametrize("place", ["output", "temporary", "cache"])
def test_a_directory_that_can_only_be_read(trial: Trial, place: str) -> None:
    """For temporary files there are others, and of a cache nothing is there."""
    with read_only(getattr(trial, place)):
        assert trial.fails() == (place == "output")
    if place == "output":
        assert "Read-only file system. Allow reading and writing there" in trial.said
    trial.put_back()
    assert trial.build() == trial.new


@exhaustive
@pytest.mark.parametrize("has_cache", [False, True])
def test_a_home_that_can_only_be_read(trial: Trial, tmp_path: Path, *, has_cache: bool) -> None:
    """A uv needs its cache; of ours nothing is there."""
    home = tmp_path / "home"
    home.mkdir()
    elsewhere = {"UV_CACHE_DIR": str((tmp_path if has_cache else home) / "uv")}
    with read_only(home):
        assert trial.fails(HOME=str(home), HATCH_LAMBDA_ZIP_CACHE="", **elsewhere) != has_cache
    if not has_cache:
        assert "Failed to initialize cache" in trial.said
    trial.put_back()
    assert trial.build() == trial.new


# Limits of the machine.

LIMITS: Final = {
    "NOFILE": (6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24, 28, 32, 48, 64, 128),
    "AS": tuple(size << 20 for size in (50, 75, 100, 150, 200, 250, 300, 400, 600, 1000, 4000)),
    "FSIZE": (20_000, 50_000, 100_000, 200_000, 400_000, 499_000, 550_000, 10_000_000),
}


@exhaustive
@pytest.mark.parametrize("limit", LIMITS)
def test_limits_of_the_machine(trial: Trial, limit: str) -> None:
    failed = []
    for value in LIMITS[limit]:
        forget(trial.cache)
        failed.append(trial.fails(limited(**{limit: value})))
        trial.put_back()
    LOG.info("%s: %d of %d failed", limit, sum(failed), len(failed))
    assert (failed[0], failed[-1]) == (True, False)
    assert trial.build() == trial.new


# What is kept from build to build.


def flip(path: Path, chance: random.Random) -> None:
    """Change a bit."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def cut(path: Path, chance: random.Random) -> None:
    """Lose the end, as by a loss of power."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def zero(path: Path, chance: random.Random) -> None:
    """Have zeros from somewhere on, likewise."""
    size = path.stat().st_size
    os.truncate(path, chance.randrange(size))
    os.truncate(path, size)


def lengthen(path: Path, chance: random.Random) -> None:
    """Have more than there was."""
    path.write_bytes(path.read_bytes() + chance.randbytes(chance.randrange(1, 9000)))


def swap(path: Path, chance: random.Random) -> None:
    """Have what another file has."""
    others = [other for other in sorted(path.parent.iterdir()) if other.is_file()]
    path.write_bytes(chance.choice(others).read_bytes())


def replace(path: Path, chance: random.Random) -> None:
    """Have something else than a file."""
    path.unlink()
    chance.choice((path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(path)))()


DAMAGES: Final = (flip, cut, zero, lengthen, swap, replace)


@exhaustive
@pytest.mark.parametrize("seed", range(30))
def test_damages_of_what_is_kept(here: Trial, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    for _ in range(3):
        kept = sorted((here.cache / "packs").iterdir())
        for path in chance.sample(kept, chance.randrange(1, len(kept) + 1)):
            if path.is_file():
                chance.choice(DAMAGES)(path, chance)
        assert not here.fails()
        here.put_back()


# Clocks.

AGES: Final = {"1970": 0, "2001": 10**9, "2100": 4102444800}


@exhaustive
@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("front", ["hatchling build", "uv build"])
def test_files_of_another_time(project: Project, tmp_path: Path, front: str, age: str) -> None:
    """As after a clock was set back, or forth."""
    trial = Trial(project, tmp_path / "place", front)
    for root in (project.root, trial.cache):
        for path in root.rglob("*"):
            os.utime(path, (AGES[age], AGES[age]), follow_symlinks=False)
    assert trial.build() == trial.new
    main = project.path / "src/fixture_app/main.py"
    main.write_text(main.read_text("utf-8").replace("ANSWER = 43", "ANSWER = 42"), "utf-8")
    os.utime(main, (AGES[age], AGES[age]))
    assert trial.build() == trial.old


@exhaustive
@pytest.mark.parametrize("offset", ["-20y", "-1d", "+10y"])
@pytest.mark.parametrize("front", FRONTS)
def test_a_clock_that_is_wrong(project: Project, tmp_path: Path, front: str, offset: str) -> None:
    faketime = shutil.which("faketime")
    if faketime is None:
        missing("faketime is not installed")
    trial = Trial(project, tmp_path / "place", front)
    assert not trial.fails([faketime, "-f", offset], UV_OFFLINE="1")
    assert trial.build() == trial.new


# Builds at once.


@exhaustive
@pytest.mark.parametrize("cache", ["cold", "warm"])
@pytest.mark.parametrize("count", [2, 4, 8])
@pytest.mark.parametrize("front", FRONTS)
def test_builds_of_one_project_at_once(
    project: Project, tmp_path: Path, front: str, count: int, cache: str
) -> None:
    trial = Trial(project, tmp_path / "place", front)
    if cache == "cold":
        forget(trial.cache)
    builds = [trial.start() for _ in range(count)]
    codes = [trial.wait(build) for build in builds]
    assert codes == [0] * count, trial.said
    trial.check_no_rubbish()
    assert trial.outputs() == trial.new


@exhaustive
@pytest.mark.parametrize("count", [2, 4, 8])
def test_builds_of_projects_that_share_what_is_kept(
    project: Project, tmp_path: Path, count: int
) -> None:
    cache = {"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path / "cache")}
    trials = [
        Trial(project.copy_to(tmp_path / f"copy-{n}"), tmp_path / f"place-{n}", variables=cache)
        for n in range(count)
    ]
    forget(tmp_path / "cache")
    for _ in range(2):  # cold, then warm
        builds = [trial.start() for trial in trials]
        for trial, build in zip(trials, builds, strict=True):
            assert trial.wait(build) == 0, trial.said
            trial.check_no_rubbish()
            assert trial.outputs() == trials[0].new
            trial.put_back()
    assert {path.name.partition("-")[0] for path in (tmp_path / "cache/packs").iterdir()} == {
        *("idna", "markupsafe", "six")
    }


# uv, which does something else than it should in one of its steps.

STEPS: Final = ("--version", "export", "pip install", "build")
ANSWERS: Final = {
    "fails": "echo 'error: out of order' >&2; exit 2",
    "says nothing": "exit 1",
    "crashes": "kill -SEGV $$",
    "is killed": "kill -KILL $$",
    "hangs": "sleep 600",
    "does nothing": "exit 0",
    "answers with noise": "head -c 3000 /dev/urandom; exit 0",
    "complains in Latin-1": r"printf 'error: caf\351 \377\376 \n' >&2; exit 2",
    "complains in UTF-16": r"printf '\377\376e\0r\0r\0o\0r\0' >&2; exit 2",
    "complains in colours": r"printf '\033[31merror\033[0m \007\000\r\n' >&2; exit 2",
    "complains at length": "yes error | head -c 5000000 >&2; exit 2",
}


def pretend(directory: Path, step: str, answer: str) -> dict[str, str]:
    """Return variables for a uv that is the real one but in one step."""
    program = directory / "uv"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in "{step}"*) {answer};; esac\nexec "{UV}" "$@"\n', "utf-8"
    )
    program.chmod(0o755)
    return {"UV": str(program), "HATCH_LAMBDA_ZIP_TIMEOUT": "5"}


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        pytest.param(
            *(step, answer), marks=[] if (step, answer) == ("build", "crashes") else exhaustive
        )
        for step in STEPS
        for answer in ANSWERS
        if (step, answer) != ("--version", "hangs")  # which takes half a minute, and is no failure
    ],
)
def test_a_uv_that_is_out_of_order(here: Trial, tmp_path: Path, step: str, answer: str) -> None:
    forget(here.cache)
    assert here.fails(**pretend(tmp_path, step, ANSWERS[answer]))
    assert len(here.said) < 25_000
    assert here.build() == here.new


TOO_OLD: Final = "echo 'uv 0.4.30 (61ed2a236 2024-11-04)'; exit 0"


@exhaustive
def test_a_uv_that_is_too_old(here: Trial, tmp_path: Path) -> None:
    variables = pretend(tmp_path, "--version", TOO_OLD)
    program = Path(variables["UV"])
    unknown = "export*) echo \"error: unexpected argument '--format' found\" >&2; exit 2;;"
    program.write_text(program.read_text("utf-8").replace("esac", f"{unknown} esac"), "utf-8")
    assert here.fails(**variables)
    assert "It is too old: uv 0.10.2 is needed." in here.said


@exhaustive
@pytest.mark.parametrize("where", ["UV", "PATH"])
def test_a_uv_that_is_missing(trial: Trial, tmp_path: Path, where: str) -> None:
    nowhere = tmp_path / "nowhere"
    hidden = ["-c", "import sys; sys.modules['uv'] = None; " + IN_MODULE]
    wrapper = [] if where == "UV" else [sys.executable, *hidden]
    variables = {"UV": str(nowhere)} if where == "UV" else {"PATH": str(nowhere)}
    assert trial.fails(wrapper, **variables)
    assert ("there is no such program" if where == "UV" else "uv was not found") in trial.said


# What follows the wrapper's own words is `python -m hatch_lambda_zip build`.
IN_MODULE: Final = (
    "import runpy; sys.argv[:] = sys.argv[3:]; runpy.run_module(sys.argv[0], run_name='__main__')"
)

# Never in place: the files may be hard links into uv's cache.
LOSSES: Final = {
    "a file": 'rm "$site/six.py"',
    "a line": 'sed 5d "$site/six.py" > "$site/new" && mv "$site/new" "$site/six.py"',
    "rows of a RECORD": 'cd "$site"/six-*; sed 1,3d RECORD > ../new && mv ../new RECORD',
    "a RECORD": 'rm "$site"/six-*/RECORD',
    "a distribution": 'rm -r "$site"/six*',
}


@exhaustive
@pytest.mark.parametrize("loss", LOSSES)
def test_a_uv_that_loses_something(here: Trial, tmp_path: Path, loss: str) -> None:
    forget(here.cache)
    script = f'"{UV}" "$@"; site=$(echo "$*" | sed "s/.*--target \\([^ ]*\\).*/\\1/"); '
    assert here.fails(**pretend(tmp_path, "pip install", f"{script}{LOSSES[loss]}; exit 0"))
    assert "six" in here.said
    assert here.build() == here.new
