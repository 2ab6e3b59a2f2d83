"""A zip and its manifest are replaced together or not at all, by one build at a time."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hatch_lambda_zip.build import publish as publish_module
from hatch_lambda_zip.build.clean import remove_artifacts
from hatch_lambda_zip.build.publish import (
    Copies,
    locked,
    publish,
    remove_abandoned_copies,
    take_back,
)
from hatch_lambda_zip.errors import OutputError

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")

OLD = {"demo.json": b"old manifest", "demo.zip": b"old zip"}
NEW = {"demo.json": b"new manifest", "demo.zip": b"new zip"}


def ignore(told: object) -> None:
    del told


def prepare(directory: Path) -> dict[Path, Path]:
    """Write the new files under their temporary names, and return both names of each."""
    files = {}
    for name, content in NEW.items():
        temporary = directory / f"{name}.tmp"
        temporary.write_bytes(content)
        files[directory / name] = temporary
    return files


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in directory.iterdir()
        if path.is_file() and path.suffix != ".tmp"
    }


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An output directory with an old pair."""
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def refuse(name: str, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Have a file refuse to be replaced by a new one, as immutable files and mounts do."""
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if target.name == name and self.read_bytes() == NEW[name]:
            raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refusing)


def without_links(monkeypatch: pytest.MonkeyPatch, *, has_any: bool = False) -> None:
    """Have no hard links, as some file systems; or none to links, as some systems."""

    def unknown(path: Path, copy: Path, *, follow_symlinks: bool) -> None:
        if has_any:
            raise NotImplementedError("link: follow_symlinks unavailable on this platform")
        raise OSError(95, "Operation not supported", str(path), follow_symlinks, str(copy))

    monkeypatch.setattr(os, "link", unknown)


@pytest.mark.parametrize("links", ["any", "some", "none"])
def test_what_was_published_can_be_taken_back(
    old: Path, monkeypatch: pytest.MonkeyPatch, links: str
) -> None:
    (old / "demo.json").chmod(0o640)
    if links != "any":
        without_links(monkeypatch, has_any=links == "some")
    done = publish(prepare(old), Copies(ignore), ignore)
    assert {name: content for name, content in contents(old).items() if name in NEW} == NEW
    take_back(done, ValueError(), ignore)
    assert contents(old) == OLD
    assert (old / "demo.json").stat().st_mode & 0o777 == 0o640


def test_what_another_build_has_published_since_is_not_taken_back(old: Path) -> None:
    done = publish(prepare(old), Copies(ignore), ignore)
    (old / "other").write_bytes(b"other zip")
    (old / "other").replace(old / "demo.zip")
    take_back(done, ValueError(), ignore)
    assert contents(old) == {"demo.json": OLD["demo.json"], "demo.zip": b"other zip"}


def test_what_is_published_for_good_leaves_nothing_beside_it(old: Path) -> None:
    for done in publish(prepare(old), Copies(ignore), ignore):
        done.forget()
    assert contents(old) == NEW


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (PermissionError(1, "refused"), "Allow reading and writing there, or choose another"),
        (OSError(16, "busy"), "Free or repair that path"),
    ],
    ids=repr,
)
def test_what_can_not_be_replaced_leaves_the_old_pair(
    old: Path, name: str, error: OSError, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old / "demo.json").chmod(0o640)
    files = prepare(old)
    refuse(name, monkeypatch, error)
    announced: list[Path] = []
    message = rf"{name} can't be replaced: .*{error.strerror}.*\. {remedy}"
    with pytest.raises(OutputError, match=message):
        publish(files, Copies(announced.append), ignore)
    assert contents(old) == OLD
    assert (old / "demo.json").stat().st_mode & 0o777 == 0o640
    # The copies are ones that do not outlive even a build that is killed.
    assert announced
    for copy in announced:
        assert copy.parent == old
        assert not copy.exists()


def test_what_another_program_has_open_on_windows_is_tried_again(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, attempts = Path.replace, []

    def busy(self: Path, target: Path) -> Path:
        attempts.append(target.name)
        if len(attempts) < 4:
            raise PermissionError(13, "used by another process", str(self), 32, str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", busy)
    monkeypatch.setattr(publish_module, "_PATIENCE_WITH_READERS", 60.0)
    publish_all(old)
    assert attempts == [*["demo.json"] * 4, "demo.zip"]
    assert contents(old) == NEW


def test_what_another_program_keeps_open_on_windows_is_one_sentence(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = prepare(old)
    refuse("demo.zip", monkeypatch, PermissionError(13, "used by another process"))
    monkeypatch.setattr(publish_module, "_PATIENCE_WITH_READERS", 0.1)
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(OutputError, match=r"demo\.zip can't be replaced: .*Close the program that"):
        publish(files, Copies(ignore), ignore)
    assert contents(old) == OLD


@pytest.mark.parametrize("name", NEW)
def test_without_an_old_pair_none_is_left(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = prepare(tmp_path)
    refuse(name, monkeypatch, PermissionError(1, "refused"))
    with pytest.raises(OutputError):
        publish(files, Copies(ignore), ignore)
    assert contents(tmp_path) == {}


def test_an_interrupt_between_the_two_leaves_the_old_pair(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = prepare(old)
    refuse("demo.zip", monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        publish(files, Copies(ignore), ignore)
    assert contents(old) == OLD


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked there")
def test_a_copy_that_a_killed_build_has_left_is_removed(old: Path) -> None:
    left, other = old / ".demo.json.0a1b2c3d.before", old / ".other.json.0a1b2c3d.before"
    for path in (left, other):
        path.write_bytes(b"")
    publish_all(old)
    assert not left.exists()
    assert other.exists()
    other.unlink()
    assert contents(old) == NEW


def test_what_can_not_be_put_back_is_said(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if target.name == "demo.json" and self.read_bytes() == NEW["demo.json"]:
            return replace(self, target)
        raise PermissionError(1, "refused", str(target))

    files = prepare(old)
    monkeypatch.setattr(Path, "replace", refusing)
    message = r"demo\.zip can't be replaced: .* And .*demo\.json, which is the new one, can't be"
    with pytest.raises(OutputError, match=message):
        publish(files, Copies(ignore), ignore)


def test_a_copy_that_can_not_be_made_leaves_the_old_pair(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, copy: Path, *, follow_symlinks: bool) -> None:
        raise OSError(28, "No space left on device", str(copy), follow_symlinks, str(source))

    files = prepare(old)
    monkeypatch.setattr(shutil, "copyfile", full)
    without_links(monkeypatch)
    with pytest.raises(OutputError, match=r"demo\.json can't be replaced: .*No space left"):
        publish(files, Copies(ignore), ignore)
    assert contents(old) == OLD


@posix
@pytest.mark.parametrize("name", NEW)
def test_what_is_no_file_is_left_alone(old: Path, name: str) -> None:
    (old / name).unlink()
    os.mkfifo(old / name)
    with pytest.raises(OutputError, match=rf"{name} can't be replaced: it is no regular file"):
        publish(prepare(old), Copies(ignore), ignore)
    (other,) = OLD.keys() - {name}
    assert contents(old) == {other: OLD[other]}


@posix
@pytest.mark.parametrize("to", ["elsewhere", "nowhere"])
def test_links_are_replaced_and_put_back(
    old: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (old / "demo.json").unlink()
    (old / "elsewhere").write_bytes(b"another file")
    (old / "demo.json").symlink_to(to)
    files = prepare(old)
    with monkeypatch.context() as patch:
        refuse("demo.zip", patch, PermissionError(1, "refused"))
        with pytest.raises(OutputError):
            publish(files, Copies(ignore), ignore)
    assert (old / "demo.json").readlink() == Path(to)
    for done in publish(prepare(old), Copies(ignore), ignore):
        done.forget()
    assert contents(old) == {**NEW, "elsewhere": b"another file"}


class Held:
    """A locked directory."""

    def __init__(self, directory: Path) -> None:
        self._lock = locked(directory)
        self._lock.__enter__()

    def release(self) -> None:
        self._lock.__exit__(None, None, None)


@pytest.fixture
def held(old: Path) -> Iterator[Held]:
    """The output directory, locked as another build does it."""
    held = Held(old)
    yield held
    held.release()


def publish_all(directory: Path) -> None:
    for done in publish(prepare(directory), Copies(ignore), ignore):
        done.forget()


def clean(directory: Path) -> None:
    remove_artifacts(directory, "demo", None, ignore)


@posix
@pytest.mark.parametrize("change", [publish_all, clean])
def test_a_change_waits_for_that_of_another_build(
    old: Path, held: Held, change: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(time, "sleep", lambda _: waiting.set())
    (old / "demo.json").write_bytes(
        b'{"tool": {"name": "hatch-lambda-zip"}, "artifact": "demo.zip", "project": '
        b'{"name": "demo"}}'
    )
    before = contents(old)
    thread = threading.Thread(target=change, args=(old,))
    thread.start()
    assert waiting.wait(60)
    assert contents(old) == before
    held.release()
    thread.join(60)
    assert contents(old) != before


@posix
def test_a_wait_is_told_of(old: Path, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_module, "_UNTOLD", 0.0)
    told: list[str] = []

    def hear(line: str) -> None:
        told.append(line)
        held.release()

    done = publish(prepare(old), Copies(ignore), hear)
    assert told == [f"{old}: waiting for another process that keeps it locked"]
    take_back(done, ValueError(), ignore)
    assert contents(old) == OLD


@posix
@pytest.mark.usefixtures("held")
def test_nobody_waits_for_ever(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_module, "_PATIENCE", 0.0)
    with pytest.raises(OutputError, match="is kept locked by another process"):
        publish_all(old)
    assert contents(old) == OLD


@posix
def test_a_directory_that_can_not_be_locked_does_without(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def unknown(descriptor: int, operation: int) -> None:
        raise OSError(38, f"Function not implemented for {descriptor}, {operation}")

    monkeypatch.setattr(fcntl, "flock", unknown)
    publish_all(old)
    assert contents(old) == NEW


@posix
def test_copies_of_a_killed_build_are_removed_and_those_of_a_living_one_are_not(old: Path) -> None:
    """A build that leaves all as it is may find them."""
    dead, living = Copies(ignore), Copies(ignore)
    publish(prepare(old), dead, ignore)
    done = publish(prepare(old), living, ignore)
    left_by_dead = old / ".other.zip.0123456789abcdef.before"
    left_by_dead.write_bytes(b"")
    dead.close()
    remove_abandoned_copies(old)
    copies = {copy.name for copy in old.glob(".*.before")}
    assert copies == {it.before.name for it in done if it.before}
    assert copies
    take_back(done, ValueError(), ignore)
    living.close()
    publish(prepare(old), Copies(ignore), ignore)


@posix
def test_nobody_waits_to_remove_copies(old: Path) -> None:
    (old / ".demo.zip.01234567.before").touch()
    with locked(old):
        remove_abandoned_copies(old)
        assert [*old.glob(".*.before")]
    remove_abandoned_copies(old)
    assert not [*old.glob(".*.before")]
    remove_abandoned_copies(old / "missing")
