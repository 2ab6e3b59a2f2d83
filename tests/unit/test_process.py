from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hatch_lambda_zip.process import Command, Watcher, kill_descendants, kill_marked, run
from hatch_lambda_zip.process import command as command_module
from hatch_lambda_zip.process import watcher as watcher_module
from tests.support.commands import UV
from tests.support.processes import comes_true, number_in, runs

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="sessions and groups are POSIX"),
]
linux = pytest.mark.skipif(sys.platform != "linux", reason="marks are read on Linux")

ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath)}

# Starts a process that inherits its output, writes that one's number, and does something more.
PARENT = """
import subprocess, sys
child = subprocess.Popen(["sleep", "60"], start_new_session=%s)
with open("child", "w") as file:
    file.write(f"{child.pid}\\n")
print("done", flush=True)
%s
"""
WAITS = "child.wait()"


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Path]:
    """Give the file for the child's number, and end that."""
    path = tmp_path / "child"
    yield path
    if path.exists():
        with contextlib.suppress(ProcessLookupError):
            os.kill(number_in(path), signal.SIGKILL)


def parent(*, own_session: bool, then: str = "") -> list[str]:
    return [sys.executable, "-c", PARENT % (own_session, then)]


def test_output_input_and_exit_code(tmp_path: Path) -> None:
    words = ["sh", "-c", "cat; pwd; echo sorry >&2; exit 3"]
    done = run(words, environment=ENVIRONMENT, timeout=30, cwd=tmp_path, stdin=b"given\n")
    assert done.returncode == 3
    assert done.stdout == f"given\n{tmp_path.resolve()}\n".encode()
    assert done.stderr == b"sorry\n"


def test_a_command_that_fails_where_it_can_write_nothing_says_so() -> None:
    """As uv does, which ends without a word then."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        done = run(["sh", "-c", "exit 3"], environment=ENVIRONMENT, timeout=30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (done.returncode, done.stderr) == (3, b"\nFile too large")


def test_on_windows_a_command_is_ended_with_what_it_has_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For as long as it runs: then its number may be another one's."""
    ended: list[Sequence[str]] = []
    command = Command(["sleep", "60"], environment=ENVIRONMENT, stdout=-3, stderr=-3)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setattr(subprocess, "run", lambda words, **_: ended.append(words))
        command.kill()
        assert ended == [["taskkill", "/F", "/T", "/PID", str(command.process.pid)]]
        command.close()
        command.kill()
        assert len(ended) == 1
    assert command.process.returncode == -signal.SIGKILL


def test_a_group_of_zombies_can_not_be_killed_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(group: int, number: int) -> None:
        raise PermissionError(1, f"Operation not permitted: {number} to {group}")

    monkeypatch.setattr(os, "killpg", refuse)
    assert run(["true"], environment=ENVIRONMENT, timeout=30).returncode == 0


def test_a_command_that_can_not_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([str(tmp_path / "missing")], environment=ENVIRONMENT, timeout=30)


@linux
@pytest.mark.parametrize("own_session", [False, True])
def test_nobody_waits_for_what_a_command_leaves_behind(
    tmp_path: Path,
    child: Path,
    own_session: bool,  # noqa: FBT001
) -> None:
    """It has inherited the output, which ends when it does."""
    words = parent(own_session=own_session)
    done = run(words, environment=ENVIRONMENT, timeout=30, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"done\n")
    # A server of its own may stay; what is only left over may not.
    if own_session:
        assert runs(number_in(child))
    else:
        assert comes_true(lambda: not runs(number_in(child)))


@linux
@pytest.mark.parametrize("own_session", [False, True])
def test_a_timeout_reaches_every_process(
    tmp_path: Path,
    child: Path,
    own_session: bool,  # noqa: FBT001
) -> None:
    words = parent(own_session=own_session, then=WAITS)
    with pytest.raises(subprocess.TimeoutExpired):
        run(words, environment=ENVIRONMENT, timeout=1, cwd=tmp_path)
    assert comes_true(lambda: not runs(number_in(child)))


@linux
def test_a_timeout_reaches_orphans(tmp_path: Path, child: Path) -> None:
    inner = parent(own_session=True)
    outer = (
        "import subprocess, time; "
        f"subprocess.run({inner!r}, start_new_session=True); time.sleep(60)"
    )
    with pytest.raises(subprocess.TimeoutExpired):
        run([sys.executable, "-c", outer], environment=ENVIRONMENT, timeout=1.5, cwd=tmp_path)
    assert comes_true(lambda: not runs(number_in(child)))


@linux
def test_a_timeout_does_not_reach_other_commands(tmp_path: Path) -> None:
    watcher = Watcher()
    try:
        with (tmp_path / "out").open("wb") as out:
            other = Command(
                ["sleep", "60"], environment=ENVIRONMENT, stdout=out, stderr=out, watcher=watcher
            )
        with pytest.raises(subprocess.TimeoutExpired):
            run(["sleep", "60"], environment=ENVIRONMENT, timeout=0.1, watcher=watcher)
        assert other.process.poll() is None
        other.kill()
        other.close()
    finally:
        watcher.close()


# Leaves a process behind that has its output, and is another one again and again.
RESTLESS = """
import os, time, zipfile

def build_wheel(directory, *_):
    print("said", flush=True)
    if os.fork() == 0:
        until = time.monotonic() + 60
        while time.monotonic() < until and not os.path.exists("stop"):
            time.sleep(PAUSE)
            if os.fork():
                os._exit(0)
            os.setsid()
        os._exit(0)
    name = "a-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("a-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: a\\nVersion: 1\\n")
        wheel.writestr("a-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("a-1.dist-info/RECORD", "")
    return name
"""
RESTLESS_PROJECT = """
[project]
name = "a"
version = "1"
[build-system]
requires = []
build-backend = "restless"
backend-path = ["."]
"""


def build_restless(root: Path, pause: float) -> subprocess.CompletedProcess[bytes]:
    (root / "restless.py").write_text(RESTLESS.replace("PAUSE", str(pause)))
    (root / "pyproject.toml").write_text(RESTLESS_PROJECT)
    words = [UV, "build", "--wheel", "--python", sys.executable, "--cache-dir", str(root / "cache")]
    try:
        return run(words, environment=ENVIRONMENT, timeout=45, cwd=root)
    finally:
        (root / "stop").touch()


@linux
def test_nobody_waits_for_what_starts_itself_anew(tmp_path: Path) -> None:
    done = build_restless(tmp_path, 0.05)
    assert done.returncode == 0, done.stderr
    assert b"Successfully built dist/a-1-py3-none-any.whl" in done.stderr
    assert b"said" in done.stdout + done.stderr
    assert (tmp_path / "dist/a-1-py3-none-any.whl").is_file()


@linux
def test_what_can_not_be_ended_since_it_starts_itself_anew_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_module, "_GRACE", 0.5)
    monkeypatch.setattr(Command, "end_writers", lambda *_: True)
    done = build_restless(tmp_path, 0.05)
    assert done.returncode == -signal.SIGKILL
    assert b"said" in done.stdout + done.stderr
    assert done.stderr.endswith(b"give it an output of its own, for instance os.devnull.")


HOLDER = """
import os, sys, threading, time
from pathlib import Path
from hatch_lambda_zip.process import Watcher, run

watcher = Watcher()
watcher.remove_later(Path("file"))
watcher.remove_later(Path("hatch-lambda-zip-1"))
watcher.remove_later(Path("sources"))  # by whatever mistake
Path("file").touch()
for directory in ("hatch-lambda-zip-1", "sources"):
    Path(directory, "deep").mkdir(parents=True)
run(["true"], environment=os.environ, timeout=30, watcher=watcher)  # and so it is forgotten
words = [sys.executable, "-c", sys.argv[1]]
run(words, environment=os.environ, timeout=60, watcher=watcher)
"""


@linux
@pytest.mark.parametrize("own_session", [False, True])
def test_a_watcher_ends_and_removes_what_a_killed_process_leaves(
    tmp_path: Path,
    child: Path,
    own_session: bool,  # noqa: FBT001
) -> None:
    code = PARENT % (own_session, WAITS)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, code], cwd=tmp_path)
    number = number_in(child)
    holder.kill()
    holder.wait()
    assert comes_true(lambda: not runs(number))
    assert comes_true(lambda: {path.name for path in tmp_path.iterdir()} == {"child", "sources"})
    assert (tmp_path / "sources/deep").is_dir()


FORKER = """
import os, time
from pathlib import Path
from hatch_lambda_zip.process import Watcher

watcher = Watcher()
watcher.remove_later(Path("file"))
Path("file").touch()
if os.fork() == 0:
    Path("child").write_text(f"{os.getpid()}\\n")
time.sleep(60)
"""


@linux
def test_a_forked_process_does_not_outlive_a_killed_one(tmp_path: Path, child: Path) -> None:
    """It has no mark, and would keep the watcher waiting, as the workers of a hook's pool do."""
    holder = subprocess.Popen([sys.executable, "-c", FORKER], cwd=tmp_path)
    number = number_in(child)
    holder.kill()
    holder.wait()
    assert comes_true(lambda: not runs(number))
    assert comes_true(lambda: not (tmp_path / "file").exists())


ANCESTOR = """
import os, subprocess, time
from hatch_lambda_zip.process import Watcher, kill_descendants

watcher = Watcher()
numbers = [subprocess.Popen(["sleep", "60"], env={}, start_new_session=True).pid]
path = {"PATH": os.environ["PATH"]}
numbers.append(subprocess.Popen(["sh", "-c", "sleep 60; true"], env=path).pid)
if (number := os.fork()) == 0:
    time.sleep(60)
time.sleep(0.2)
kill_descendants()
print(*[os.waitpid(number, 0)[1] for number in (*numbers, number)], watcher._process.poll())
watcher.close()
"""


@linux
def test_descendants_are_killed_whatever_they_show(tmp_path: Path) -> None:
    done = run([sys.executable, "-c", ANCESTOR], environment=ENVIRONMENT, timeout=30, cwd=tmp_path)
    assert done.stdout.decode().split() == ["9", "9", "9", "None"], done.stderr


def test_where_processes_can_not_be_listed_none_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a sandbox without /proc; each look at a command would fail."""

    def fail(path: str) -> list[str]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "listdir", fail)
    assert run(["sleep", "1.1"], environment=ENVIRONMENT, timeout=30).returncode == 0
    kill_marked("any.")
    kill_descendants()


@linux
def test_where_numbers_are_those_of_another_namespace_none_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by `unshare --pid --fork` without `--mount-proc`."""
    with subprocess.Popen(["sleep", "60"], env={watcher_module.MARK_VARIABLE: "any."}) as process:
        monkeypatch.setattr(os, "readlink", lambda _: str(os.getpid() + 1))
        kill_marked("any.")
        kill_descendants()
        assert process.poll() is None
        monkeypatch.undo()
        kill_marked("any.")
        assert process.wait(30) == -signal.SIGKILL


WITHOUT_MARKS = """
import runpy, sys
sys.platform = "darwin"
sys.argv[:] = ["watcher.py", "mark."]
runpy.run_path(%r, run_name="__main__")
"""


@linux
def test_where_marks_can_not_be_read_groups_are_ended() -> None:
    started = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _ in range(2)]
    messages = b"+%d\0+%d\0-%d\0+12" % (started[0].pid, started[1].pid, started[1].pid)
    code = WITHOUT_MARKS % watcher_module.__file__
    subprocess.run([sys.executable, "-c", code], input=messages, check=True, timeout=60)
    try:
        assert started[0].wait(30) == -signal.SIGKILL
        assert started[1].poll() is None
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_watcher_that_is_sent_away_does_nothing(tmp_path: Path) -> None:
    watcher = Watcher()
    watcher.remove_later(tmp_path)
    watcher.close()
    time.sleep(0.2)
    assert tmp_path.exists()


def test_a_watcher_that_was_killed_stops_nothing(tmp_path: Path) -> None:
    watcher = Watcher()
    watcher._process.kill()
    watcher._process.wait()
    watcher.remove_later(tmp_path)
    assert run(["true"], environment=ENVIRONMENT, timeout=30, watcher=watcher).returncode == 0
    watcher.close()


def test_two_may_restore_a_file_at_once(tmp_path: Path) -> None:
    """As the watchers of one build may; one appended to what the other had restored."""
    path = tmp_path / "file"
    content = b"as it was\n" * 2_000
    kept = b"=%b:0:" % content.hex().encode() + os.fsencode(path)
    for _ in range(200):
        path.write_bytes(b"other")
        both = threading.Barrier(2)

        def restore(both: threading.Barrier = both) -> None:
            both.wait()
            watcher_module.restore(os.fsencode(path), kept)

        threads = [threading.Thread(target=restore) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert path.read_bytes() == content


def clear_up(monkeypatch: pytest.MonkeyPatch, *messages: bytes) -> list[int]:
    """Do what a watcher does after a build that told it this, and return what it kills."""
    killed: list[int] = []
    monkeypatch.setattr(watcher_module, "_PAUSE", 0)
    monkeypatch.setattr(watcher_module, "kill_group", killed.append)
    told = b"".join(message + b"\0" for message in messages) + b"an unfinished one"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(told)))
    watcher_module.main("the mark of no process.")
    return killed


def test_what_a_watcher_makes_of_what_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {name: tmp_path / name for name in ("file", "stays", "edited", "an unfinished one")}
    for path in paths.values():
        path.write_text("now")
    (tmp_path / "hatch-lambda-zip-0/deep").mkdir(parents=True)
    (tmp_path / "sources").mkdir()  # whatever it is told, nobody else's directory goes
    told = {name: os.fsencode(path) for name, path in paths.items()}
    monkeypatch.chdir(tmp_path)
    killed = clear_up(
        monkeypatch,
        b"+17",
        b"+18",
        b"-17",
        told["file"],
        os.fsencode(tmp_path / "hatch-lambda-zip-0"),
        os.fsencode(tmp_path / "sources"),
        told["stays"],
        b"~" + told["stays"],
        b"~" + os.fsencode(tmp_path / "never told of"),
        b"=" + b"before".hex().encode() + b":5:" + told["edited"],
        b"=" + b"before".hex().encode() + b":5:" + os.fsencode(tmp_path / "gone/file"),
    )
    assert killed == [18]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("an unfinished one", "edited", "sources", "stays"),
    ]
    assert paths["edited"].read_text() == "before"
    assert paths["edited"].stat().st_mtime_ns == 5


def test_a_file_that_is_as_it_was_keeps_its_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    before = path.stat().st_mtime_ns
    watcher_module.restore(os.fsencode(path), b"=" + b"before".hex().encode() + b":5:file")
    assert path.stat().st_mtime_ns == before


def test_where_nobody_shows_the_environment_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("nothing is waited for"))
    assert watcher_module.marked("mark") == []
    watcher_module.kill_marked("mark")
