"""A killed build leaves the old outputs or the new ones, no rubbish, and nothing that runs on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hatch_lambda_zip.lock.recorded import NEW_FILE
from tests.support.commands import clean_environment
from tests.support.hostile_indexes import Handler, answering
from tests.support.hostile_wheels import NAME, wheel
from tests.support.loose import write
from tests.support.processes import HEEDING_SIGINT, comes_true, number_in, runs
from tests.support.projects import Project

BUILD = ["-m", "hatchling", "build", "-t", "lambda-zip"]
COMMAND = [*HEEDING_SIGINT, sys.executable, *BUILD]


def settle(directory: Path, deadline: float) -> list[str]:
    """Wait until a directory holds nothing temporary, or give up and say what is left."""
    while time.monotonic() < deadline:
        left = [path.name for path in directory.iterdir() if "lambda-zip-" in path.name]
        ends = (".tmp", ".before")  # the latter goes last, after the temporary directory
        left += [path.name for path in directory.iterdir() if path.name.endswith(ends)]
        if not left:
            return []
        time.sleep(0.05)
    return left


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("module", ["click", "hatchling"])  # of the group, of a subcommand
def test_an_interrupt_while_the_command_is_imported(module: str, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    waits = (
        f"import os, time\nopen({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n')\ntime.sleep(60)"
    )
    (tmp_path / f"{module}.py").write_text(waits)
    process = subprocess.Popen(
        [*HEEDING_SIGINT, sys.executable, "-m", "hatch_lambda_zip", "build"],
        env=clean_environment(PYTHONPATH=str(tmp_path)),
        stderr=subprocess.PIPE,
    )
    number_in(told)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert said == b"Error: cancelled by SIGINT before anything was done.\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("sent", "attempts"), [("SIGKILL", 4), ("SIGTERM", 3), ("SIGINT", 2)])
def test_a_killed_build_leaves_old_or_new_and_no_rubbish(
    project: Project, tmp_path: Path, sent: str, attempts: int
) -> None:
    old = project.build_by_command()
    output = old.directory
    outputs = {path.name: path.read_bytes() for path in output.iterdir()}
    project.replace("ANSWER = 42", "ANSWER = 43", file="src/fixture_app/main.py")
    started = time.monotonic()
    new = project.build_by_command()
    duration = time.monotonic() - started
    zips = {old.artifact.read_bytes(), new.artifact.read_bytes()}
    assert len(zips) == 2
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    for path in output.iterdir():
        path.write_bytes(outputs[path.name])

    killed = 0
    for attempt in range(attempts):
        process = subprocess.Popen(
            COMMAND,
            cwd=project.path,
            env=clean_environment(TMPDIR=str(temporary)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # All over the build, but mostly towards its end, where the outputs are written.
        time.sleep(duration * (0.2 + 0.9 * (attempt / attempts) ** 0.5))
        # The whole group, as a terminal or a CI runner does it.
        os.killpg(process.pid, getattr(signal, sent))
        killed += process.wait(timeout=60) != 0
        assert settle(temporary, time.monotonic() + 30) == []
        assert settle(output, time.monotonic() + 30) == []
        assert sorted(path.name for path in output.iterdir()) == sorted(outputs)
        (artifact,) = output.glob("*.zip")
        assert artifact.read_bytes() in zips
    assert killed > 0, "the builds were over before they could be killed"


# Of the library that the app depends on: it starts what inherits its output, tells of itself and
# of that, and works on for long, or makes the wheel.
BACK_END = """
import os, subprocess, time
from pathlib import Path
from hatchling.build import *
from hatchling import build

def build_wheel(*arguments):
    place = Path(os.environ["PLACE"])
    for name in ("child", "server", "stranger", "silent"):
        output = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        child = subprocess.Popen(
            [*(["env", "-i"] if name == "stranger" else []), "sleep", "300"],
            start_new_session=name != "child",
            **(output if name == "silent" else {}),
        )
        (place / name).write_text(f"{child.pid}\\n")
    (place / "back-end").write_text(f"{os.getpid()}\\n")
    time.sleep(float(os.environ["SECONDS"]))
    return build.build_wheel(*arguments)
"""
STARTED = ("child", "server", "silent", "back-end")  # and a stranger, which hides its environment
HOOK = "\n[tool.hatch.build.hooks.lambda-zip]\n"

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as on Linux")


class Work:
    """Builds of a project whose dependency has a back end that starts other processes."""

    def __init__(self, project: Project, place: Path) -> None:
        self.project = project
        self.place = place
        self.temporary = place / "temporary"
        self.temporary.mkdir(parents=True)
        pyproject = project.root / "lib/pyproject.toml"
        text = pyproject.read_text("utf-8").replace("uv_build>=0.10.2,<1", "hatchling")
        text = text.replace('"uv_build"', '"back_end"\nbackend-path = ["."]')
        pyproject.write_text(text, "utf-8")
        (project.root / "lib/back_end.py").write_text(BACK_END, "utf-8")
        self.log = place / "log"

    def start(
        self, command: Sequence[str] = COMMAND, seconds: int = 300
    ) -> subprocess.Popen[bytes]:
        """Start a build; ``seconds`` is for how long the back end works."""
        environment = clean_environment(
            TMPDIR=str(self.temporary), PLACE=str(self.place), SECONDS=str(seconds)
        )
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.project.path,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def make_dynamic(self) -> None:
        """Have only the back end know the version of the dependency, for which it is asked."""
        self.project.replace(
            'version = "0.4"', 'dynamic = ["version"]', file="../lib/pyproject.toml"
        )
        path = self.project.root / "lib/back_end.py"
        name = "prepare_metadata_for_build_wheel"
        path.write_text(f"{path.read_text('utf-8')}\n{name} = build_wheel\n", "utf-8")

    @property
    def numbers(self) -> list[int]:
        """The processes of the back end, as soon as they run."""
        return [number_in(self.place / name) for name in STARTED]

    def is_over(self) -> bool:
        return not any(map(runs, self.numbers)) and not any(
            self.temporary.glob("hatch-lambda-zip-*")  # what others leave is theirs
        )

    def end(self) -> None:
        for name in (*STARTED, "stranger"):
            with contextlib.suppress(OSError, ValueError):
                os.kill(int((self.place / name).read_text("utf-8")), signal.SIGKILL)


@pytest.fixture
def work(project: Project, tmp_path: Path) -> Iterator[Work]:
    work = Work(project, tmp_path / "place")
    yield work
    work.end()


@linux
@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_cancelled_build_ends_everything_and_says_so_in_one_line(
    work: Work, sent: signal.Signals
) -> None:
    process = work.start()
    assert all(map(runs, work.numbers))
    process.send_signal(sent)
    process.send_signal(sent)  # as a front end does that hands on what the terminal sent to all
    assert process.wait(60) == 128 + sent
    assert work.is_over()
    *_, last = work.log.read_text("utf-8").splitlines()
    assert last.startswith(f"Error: cancelled by {sent.name}. ")
    assert "Traceback" not in work.log.read_text("utf-8")


@linux
@pytest.mark.exhaustive
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("words", ["list --changed-since HEAD", "lock", "why lambda idna"])
def test_other_commands_end_everything_too(work: Work, words: str, sent: signal.Signals) -> None:
    git = ["git", "-c", "user.name=n", "-c", "user.email=e"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *arguments], cwd=work.project.root, check=True)
    if words == "lock":
        # Only the back end knows the version.
        work.make_dynamic()
    process = work.start([sys.executable, "-m", "hatch_lambda_zip", *words.split()])
    assert all(map(runs, work.numbers))
    process.send_signal(sent)
    assert process.wait(20) == (128 + sent if sent == signal.SIGTERM else -sent)
    assert comes_true(work.is_over)


HOOK_WITH_WORKERS = """
import multiprocessing, os, time
from pathlib import Path
from concurrent.futures import ProcessPoolExecutor
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
            number = pool.submit(os.getpid).result()
            work = pool.submit(time.sleep, 300)
            time.sleep(0.5)
            Path(os.environ["PLACE"], "worker").write_text(f"{number}\\n")
            work.result()
"""


@linux
@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_the_workers_of_a_build_hook_end_too(work: Work, sent: signal.Signals) -> None:
    pyproject = work.project.pyproject
    hook = "\n[tool.hatch.build.hooks.custom]\n"
    pyproject.write_text(pyproject.read_text("utf-8") + hook, "utf-8")
    (work.project.path / "hatch_build.py").write_text(HOOK_WITH_WORKERS, "utf-8")
    process = work.start()
    worker = number_in(work.place / "worker")
    process.send_signal(sent)
    assert process.wait(20) == (128 + sent if sent == signal.SIGTERM else -sent)
    assert comes_true(lambda: not runs(worker))
    assert comes_true(lambda: not any(work.temporary.iterdir()))


@linux
@pytest.mark.slow
def test_after_a_kill_nothing_is_left_of_a_lock_in_the_making(tmp_path: Path) -> None:
    stalls = threading.Event()

    def answer(handler: Handler) -> None:
        if stalls.is_set():
            handler.stall()
        elif handler.path.endswith(".whl"):
            handler.give(wheel())
        else:
            handler.give(f'<a href="/{NAME}">{NAME}</a>'.encode(), kind="text/html")

    table = 'code = "."\nhandler = "a.handler"\nruntime = "python3.13"\n'
    files = {
        "project/pyproject.toml": f"[tool.hatch.build.targets.lambda-zip]\n{table}",
        "project/a.py": "def handler(*_): ...\n",
        "project/requirements.txt": "carrier\n",
    }
    write(tmp_path, files)
    project, temporary = tmp_path / "project", tmp_path / "temporary"
    temporary.mkdir()
    words = [sys.executable, "-m", "hatch_lambda_zip", "lock"]
    with answering(answer) as server:
        variables = {
            "TMPDIR": str(temporary),
            "UV_DEFAULT_INDEX": f"http://127.0.0.1:{server.server_address[1]}",
        }
        for name in ("first", "second"):
            environment = clean_environment(**variables, UV_CACHE_DIR=str(tmp_path / name))
            with subprocess.Popen(words, cwd=project, env=environment) as process:
                if stalls.is_set():
                    assert comes_true((project / NEW_FILE).exists)
                    assert comes_true(lambda: any(temporary.rglob("constraints.txt")))
                    process.kill()
            stalls.set()
    assert (project / "pylock.toml").exists()
    assert comes_true(lambda: not any(temporary.iterdir()))
    assert comes_true(lambda: not (project / NEW_FILE).exists())


@linux
@pytest.mark.slow
def test_after_a_kill_nothing_runs_on(work: Work) -> None:
    process = work.start()
    assert all(map(runs, work.numbers))
    process.kill()
    process.wait()
    assert comes_true(work.is_over)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_front_end_that_is_killed_alone_takes_the_build_with_it(
    work: Work, sent: signal.Signals
) -> None:
    pyproject = work.project.pyproject
    pyproject.write_text(pyproject.read_text("utf-8") + HOOK, "utf-8")
    process = work.start([sys.executable, "-m", "build", "--wheel", "--no-isolation"])
    assert all(map(runs, work.numbers))
    process.send_signal(sent)
    process.wait()
    assert comes_true(work.is_over)


@linux
@pytest.mark.slow
def test_a_build_does_not_wait_for_what_a_back_end_leaves_behind(work: Work) -> None:
    process = work.start(seconds=0)
    assert process.wait(120) == 0, work.log.read_text("utf-8")
    child, server, silent, back_end = work.numbers
    assert not runs(number_in(work.place / "stranger"))
    assert comes_true(lambda: not runs(child))
    assert not runs(server), "uv waits for it, as its output is uv's pipe"
    assert runs(silent), "a server that keeps nobody waiting may stay"
    assert not runs(back_end)
    assert not any(work.temporary.iterdir())


@linux
@pytest.mark.slow
def test_one_interrupt_ends_a_build_that_waits_for_another(work: Work) -> None:
    import fcntl

    directory = os.open(work.project.root / "lib", os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        process = work.start()
        assert comes_true(lambda: "waiting for another build" in work.log.read_text("utf-8"))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 128 + signal.SIGINT
    finally:
        os.close(directory)
    assert not any(work.temporary.iterdir())


@pytest.mark.slow
def test_sources_are_no_place_for_temporary_files(project: Project) -> None:
    before = {*project.root.rglob("*")}
    build = project.build_by_command(check=False, environment={"TMPDIR": "."})
    shutil.rmtree(project.root / "kept")
    assert build.returncode == 1
    assert "Error: Temporary files would lie in " in build.output
    assert "Set TMPDIR to a directory outside of the sources, which" in build.output
    assert "Traceback" not in build.output
    made = {*project.root.rglob("*")} - before
    assert {path.name for path in made} <= {"dist"}
