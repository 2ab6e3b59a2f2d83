from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.errors import LambdaZipError, OutputError
from hatch_lambda_zip.process import Watcher
from tests.support.processes import comes_true, runs

linux = pytest.mark.skipif(sys.platform != "linux", reason="marks are read on Linux")
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the directory in which temporary directories are made."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return directory


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "dist"


def build(workspace: Workspace, dist: Path) -> None:
    with workspace.writing(dist / "demo.zip") as stream:
        stream.write(b"zip")
        stream.write(b" content")
    with workspace.writing(dist / "demo.json") as stream:
        stream.write("{\u00fc}\n".encode())


def files_in(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


PUBLISHED = {"demo.zip": b"zip content", "demo.json": "{\u00fc}\n".encode()}
PREVIOUS = {"demo.zip": b"previous zip", "demo.json": b"previous manifest", "other": b"untouched"}


@pytest.fixture
def previous(dist: Path) -> Path:
    """Give an output directory with the files of a build before."""
    dist.mkdir(parents=True)
    for name, content in PREVIOUS.items():
        (dist / name).write_bytes(content)
    return dist


def test_both_outputs_are_published_and_nothing_else_is_left(temporary: Path, dist: Path) -> None:
    with Workspace() as workspace:
        assert workspace.directory.parent == temporary
        assert list(workspace.directory.iterdir()) == []
        (workspace.directory / "deep").mkdir()
        (workspace.directory / "deep" / "file").write_bytes(b"")
        build(workspace, dist)
        assert not (dist / "demo.zip").exists()
        assert not (dist / "demo.json").exists()
        workspace.publish()
    assert files_in(dist) == PUBLISHED
    assert list(temporary.iterdir()) == []


def test_previous_outputs_are_replaced(previous: Path) -> None:
    with Workspace() as workspace:
        build(workspace, previous)
        workspace.publish()
    assert files_in(previous) == {**PREVIOUS, **PUBLISHED}


@pytest.mark.parametrize("fails", [False, True])
def test_an_output_that_is_no_longer_made_is_removed_with_the_others(
    previous: Path, *, fails: bool
) -> None:
    with contextlib.suppress(LambdaZipError), Workspace() as workspace:
        workspace.remove(previous / "other")
        workspace.remove(previous / "was never there")
        build(workspace, previous)
        assert files_in(previous)["other"] == PREVIOUS["other"]
        workspace.publish()
        assert not (previous / "other").exists()
        if fails:
            fail_at_once(workspace, previous)
    assert files_in(previous) == (PREVIOUS if fails else PUBLISHED)


def test_what_another_build_has_made_since_is_not_taken_back(previous: Path) -> None:
    with contextlib.suppress(LambdaZipError), Workspace() as workspace:
        workspace.remove(previous / "other")
        workspace.publish()
        (previous / "other").write_bytes(b"another build's")
        fail_at_once(workspace, previous)
    assert files_in(previous) == {**PREVIOUS, "other": b"another build's"}


@posix
def test_a_reader_of_a_previous_output_sees_the_whole_of_it(previous: Path) -> None:
    with (previous / "demo.zip").open("rb") as reader:
        with Workspace() as workspace:
            build(workspace, previous)
            workspace.publish()
        assert reader.read() == PREVIOUS["demo.zip"]


def test_previous_outputs_stay_until_the_new_ones_are_published(previous: Path) -> None:
    with Workspace() as workspace:
        build(workspace, previous)
        assert PREVIOUS.items() <= files_in(previous).items()
    assert files_in(previous) == PREVIOUS


def fail_at_once(workspace: Workspace, dist: Path) -> None:
    del workspace, dist
    raise LambdaZipError("failed")


def fail_in_the_middle_of_the_zip(workspace: Workspace, dist: Path) -> None:
    with workspace.writing(dist / "demo.zip") as stream:
        stream.write(b"half a z")
        raise LambdaZipError("failed")


def fail_after_the_manifest(workspace: Workspace, dist: Path) -> None:
    build(workspace, dist)
    raise LambdaZipError("failed")


@pytest.mark.parametrize(
    "fail", [fail_at_once, fail_in_the_middle_of_the_zip, fail_after_the_manifest]
)
def test_a_failure_leaves_the_previous_outputs_and_nothing_else(
    temporary: Path, previous: Path, fail: Callable[[Workspace, Path], None]
) -> None:
    with pytest.raises(LambdaZipError, match=r"^failed$"), Workspace() as workspace:
        fail(workspace, previous)
    assert files_in(previous) == PREVIOUS
    assert list(temporary.iterdir()) == []


def test_a_directory_that_turns_out_to_be_read_only(
    temporary: Path, previous: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to remove, and that can't be removed either."""

    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as patch, Workspace() as workspace:
        patch.setattr(Path, "open", refused)
        patch.setattr(Path, "unlink", refused)
        with pytest.raises(OutputError) as caught:
            build(workspace, previous)
        patch.undo()
    assert str(caught.value).startswith(
        f"{previous / 'demo.zip'} can't be written: Read-only file system. Allow reading and "
    )
    assert files_in(previous) == PREVIOUS
    assert list(temporary.iterdir()) == []


def test_an_interrupt_leaves_nothing(temporary: Path, dist: Path) -> None:
    def interrupted(workspace: Workspace) -> None:
        build(workspace, dist)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Workspace() as workspace:
        interrupted(workspace)
    assert files_in(dist) == {}
    assert list(temporary.iterdir()) == []


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Have an interrupt come when a function that does something has done it."""
    real = getattr(owner, name)

    def interrupted(*arguments: object, **options: object) -> None:
        monkeypatch.undo()
        real(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, name, interrupted)


def test_an_interrupt_of_the_clearing_up_leaves_nothing(
    temporary: Path, previous: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: bytes, **_options: object) -> None:
        assert Path(os.fsdecode(path)).is_dir()
        raise KeyboardInterrupt

    def publish_all() -> None:
        with monkeypatch.context() as patch, Workspace() as workspace:
            build(workspace, previous)
            workspace.publish()
            patch.setattr(shutil, "rmtree", interrupted)

    with pytest.raises(KeyboardInterrupt):
        publish_all()
    assert files_in(previous) == {**PREVIOUS, **PUBLISHED}
    assert list(temporary.iterdir()) == []


def test_an_interrupt_at_the_start_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, Path, "mkdir")
        with pytest.raises(KeyboardInterrupt):
            Workspace()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["link", "lstat", "replace"])
def test_an_interrupt_of_the_publishing_leaves_the_previous_outputs(
    previous: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def interrupted(workspace: Workspace) -> None:
        build(workspace, previous)
        with monkeypatch.context() as patch:
            interrupt(patch, os if name == "link" else Path, name)
            workspace.publish()

    with pytest.raises(KeyboardInterrupt), Workspace() as workspace:
        interrupted(workspace)
    assert files_in(previous) == PREVIOUS


def test_temporary_outputs_lie_hidden_beside_the_real_ones(dist: Path) -> None:
    """In one file system, or else they could not be moved into place in one step."""
    with Workspace() as workspace:
        build(workspace, dist)
        names = sorted(path.name for path in dist.iterdir())
        assert len(names) == 2
        for name, output in zip(names, ("demo.json", "demo.zip"), strict=True):
            assert name.startswith(f".{output}.")
            assert name.endswith(".tmp")


@pytest.fixture
def of_nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a directory for temporary ones, to a user who may not write wherever he likes."""
    place = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    user = os.geteuid()
    if user == 0:
        os.chown(place, 65534, -1)
        os.seteuid(65534)
    yield place
    os.seteuid(user)
    subprocess.run(["chmod", "-R", "u+w", place], check=True)
    shutil.rmtree(place)


def make_read_only(directory: Path) -> None:
    """Make what Go keeps of modules."""
    (directory / "go/mod/cache").mkdir(parents=True)
    (directory / "go/mod/a.go").write_text("package a\n")
    (directory / "go/link").symlink_to("/")
    for path in ("go/mod/cache", "go/mod", "go"):
        (directory / path).chmod(0o555)


@posix
def test_directories_without_the_right_to_write_are_removed(
    of_nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os.geteuid()
    os.seteuid(os.getuid())  # who alone may be able to start this Python
    with contextlib.closing(Watcher()) as watcher:
        os.seteuid(user)
        monkeypatch.setattr(os, "getuid", os.geteuid)
        left = of_nobody / "hatch-lambda-zip-0123456789abcdef-locked"
        left.mkdir()
        make_read_only(left)
        with Workspace(watcher=watcher) as workspace:
            assert [*of_nobody.iterdir()] == [workspace.directory], "what a kill has left"
            make_read_only(workspace.directory)
        assert not [*of_nobody.iterdir()]


def test_two_builds_at_a_time_do_not_meet(dist: Path) -> None:
    with Workspace() as first, Workspace() as second:
        assert first.directory != second.directory
        build(first, dist)
        build(second, dist)
        first.publish()
        second.publish()
    assert files_in(dist) == PUBLISHED


@posix
def test_a_zip_that_can_not_be_replaced_leaves_both_as_they_were(previous: Path) -> None:
    (previous / "demo.zip").unlink()
    (previous / "demo.zip").mkdir()
    before = files_in(previous)
    with Workspace() as workspace:
        build(workspace, previous)
        with pytest.raises(OutputError, match=r"demo\.zip can't be replaced: "):
            workspace.publish()
    assert files_in(previous) == before


@posix
def test_a_manifest_that_can_not_be_replaced_leaves_both_as_they_were(previous: Path) -> None:
    (previous / "demo.json").unlink()
    (previous / "demo.json").mkdir()
    before = files_in(previous)
    with Workspace() as workspace:
        build(workspace, previous)
        with pytest.raises(OutputError, match=r"demo\.json can't be replaced: "):
            workspace.publish()
    assert files_in(previous) == before


def test_an_output_directory_that_has_gone_is_an_error(dist: Path) -> None:
    with Workspace() as workspace:
        build(workspace, dist)
        shutil.rmtree(dist)
        message = r"demo\.json can't be replaced: .*\. If another build, or something else, cleans"
        with pytest.raises(OutputError, match=message):
            workspace.publish()


def test_an_output_directory_that_is_a_file_is_refused(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "dist").write_bytes(b"")
    with (
        pytest.raises(OutputError, match=r"demo\.zip can't be written: "),
        Workspace() as workspace,
    ):
        build(workspace, tmp_path / "dist")
    assert list(temporary.iterdir()) == []


def test_a_temporary_directory_that_is_not_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(OutputError, match=r"No place to work in: .*Set TMPDIR"):
        Workspace()


def test_an_output_that_can_not_be_written_is_an_error(dist: Path) -> None:
    (dist / "demo.json.tmp").mkdir(parents=True)
    with Workspace() as workspace, pytest.raises(OutputError, match="can't be written: "):
        build(workspace, dist / "demo.json.tmp" / ("long" * 100))


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o000])
def test_the_mode_of_the_outputs_follows_the_umask(dist: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Workspace() as workspace:
            build(workspace, dist)
            workspace.publish()
    finally:
        os.umask(before)
    for name in PUBLISHED:
        assert (dist / name).stat().st_mode & 0o777 == 0o666 & ~umask


@posix
def test_the_workspace_is_for_its_owner_only(temporary: Path) -> None:
    del temporary
    with Workspace() as workspace:
        assert workspace.directory.stat().st_mode & 0o777 == 0o700


HOLDER = """
import signal, subprocess, sys, time
from pathlib import Path
from hatch_lambda_zip.build.workspace import Workspace

dist = Path("dist")  # relative, as hatchling's may be
outputs = [dist / "demo.zip", dist / "demo.json"]
# A shell's background jobs ignore SIGINT, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Workspace() as workspace:
    (workspace.directory / "deep").mkdir()
    (workspace.directory / "deep" / "file").write_bytes(b"x")
    with workspace.writing(outputs[1]) as stream:
        stream.write(b"{}")
    with workspace.writing(outputs[0]) as stream:
        stream.write(b"half a z")
        stream.flush()
        hook = subprocess.Popen(["sleep", "60"], start_new_session=True)  # as a build hook may
        print(hook.pid, workspace.watcher._process.pid, flush=True)
        time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path, temporary: Path, previous: Path) -> Iterator[Callable[..., Holder]]:
    (tmp_path / "dist").symlink_to(previous)
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(Holder(tmp_path, temporary))
        return holders[-1]

    yield start
    for each in holders:
        each.end()


class Holder:
    """A process that holds a workspace open."""

    def __init__(self, directory: Path, temporary: Path) -> None:
        self.dist = directory / "dist"
        self.temporary = temporary
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            cwd=directory,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.started, self.watcher = map(int, self.process.stdout.readline().split())

    def leftovers(self) -> list[Path]:
        return [*self.temporary.iterdir(), *self.dist.glob(".*.tmp")]

    def is_clean_soon(self) -> bool:
        """Wait until nothing is left over, but not for ever."""
        return comes_true(lambda: not self.leftovers())

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_build_leaves_nothing(holder: Callable[..., Holder], number: int) -> None:
    held = holder()
    assert len(held.leftovers()) == 3
    held.process.send_signal(number)
    held.process.wait()
    assert held.is_clean_soon()
    assert files_in(held.dist) == PREVIOUS


@posix
def test_an_interrupted_group_leaves_nothing(holder: Callable[..., Holder]) -> None:
    held = holder()
    held.process.send_signal(signal.SIGINT)
    assert held.process.wait() != 0
    assert held.leftovers() == []
    assert files_in(held.dist) == PREVIOUS


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_what_a_build_hook_has_started_ends_with_the_build(
    holder: Callable[..., Holder], number: int
) -> None:
    held = holder()
    assert runs(held.started)
    held.process.send_signal(number)
    held.process.wait()
    assert comes_true(lambda: not runs(held.started))


@posix
def test_what_nobody_has_cleared_up_the_next_build_sweeps(
    holder: Callable[..., Holder], temporary: Path, previous: Path
) -> None:
    living, killed = holder(), holder()
    before = set(living.leftovers())
    for number in (killed.watcher, killed.process.pid, killed.started):
        os.kill(number, signal.SIGKILL)
    killed.process.wait()
    assert set(living.leftovers()) == before
    with Workspace() as workspace, Workspace():
        assert len(list(temporary.iterdir())) == 3  # of the living build, and these two
        build(workspace, previous)
        assert len([*previous.glob(".demo.*.tmp")]) == 4  # of the living build, and this one
        workspace.publish()
    assert files_in(previous) | PUBLISHED == files_in(previous)
    living.end()
    assert living.is_clean_soon()


@posix
@pytest.mark.parametrize("moment", ["mkdir", "open"])
def test_a_build_that_starts_at_the_wrong_moment_sweeps_no_living_one(
    temporary: Path, previous: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    made = getattr(Path, moment)
    others: list[str] = []

    def make(path: Path, *arguments: Any, **options: Any) -> object:  # noqa: ANN401
        result = made(path, *arguments, **options)
        if "locked" in path.name and not others:  # it is there now, and nobody has locked it yet
            others.append(path.name)
            with Workspace() as other:
                build(other, previous)
        return result

    monkeypatch.setattr(Path, moment, make)
    with Workspace() as workspace:
        assert workspace.directory.is_dir()
        build(workspace, previous)
        workspace.publish()
    assert files_in(previous) == {**PREVIOUS, **PUBLISHED}
    assert not any(temporary.iterdir())
    assert others


@posix
def test_a_hundred_zips_need_no_hundred_open_files(dist: Path) -> None:
    with Workspace() as workspace:
        before = len([*Path("/dev/fd").iterdir()])
        build(workspace, dist)
        workspace.publish()
        assert len([*Path("/dev/fd").iterdir()]) == before


@posix
def test_what_does_not_lock_is_not_swept(temporary: Path, previous: Path) -> None:
    # As development versions named them.
    (temporary / f"hatch-lambda-zip-{16 * '0'}").mkdir()
    (previous / ".demo.zip.01234567.tmp").write_bytes(b"half")
    with Workspace() as workspace:
        build(workspace, previous)
    assert [path.name for path in temporary.iterdir()] == [f"hatch-lambda-zip-{16 * '0'}"]
    assert (previous / ".demo.zip.01234567.tmp").is_file()


@posix
def test_what_is_not_ours_is_not_swept(temporary: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (temporary / "hatch-lambda-zip-link-locked").symlink_to(tmp_path / "kept")
    os.mkfifo(temporary / "hatch-lambda-zip-fifo-locked")
    (temporary / "other").mkdir()
    with Workspace():
        pass
    names = {"hatch-lambda-zip-link-locked", "hatch-lambda-zip-fifo-locked", "other"}
    assert {path.name for path in temporary.iterdir()} == names
    assert (tmp_path / "kept").is_dir()


@pytest.mark.parametrize("place", ["", "deeper"])
def test_sources_are_no_place_for_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "deeper").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / place))
    with pytest.raises(OutputError, match=r"^Temporary files would lie in .*Set TMPDIR"):
        Workspace(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "deeper")
    with pytest.raises(OutputError):
        Workspace(tmp_path / "link" / "..")
    with Workspace(tmp_path / "other"):
        pass


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt()], ids=repr)
def test_a_command_that_fails_later_takes_back_what_it_published(
    previous: Path, error: BaseException
) -> None:
    workspace = Workspace()
    build(workspace, previous)
    workspace.publish()
    assert files_in(previous) != PREVIOUS
    workspace.__exit__(type(error), error, None)
    assert files_in(previous) == PREVIOUS
