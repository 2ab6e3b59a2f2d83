from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.files import (
    beside,
    home,
    how_to_write,
    is_absolute,
    matching,
    path_problem,
    read_regular,
    replacing,
)
from hatch_lambda_zip.plugin.app import shown_failure


@pytest.mark.parametrize(
    "path", ["/", "/a", "//server/share", "\\a", "\\\\server", "C:/a", "c:a", "1:"]
)
def test_absolute_paths_of_any_system(path: str) -> None:
    assert is_absolute(path)
    assert path_problem(path, "the zip") == "is an absolute path; write it relative to the zip"


@pytest.mark.parametrize(
    "path",
    [
        *("", "..", "../a.py", "a/../b.py", "a/..", ".", "./a.py", "a/./b.py", "a//b.py", "a/"),
        *("a\\b.py", "..\\a.py"),
    ],
)
def test_paths_that_leave_or_are_not_plain(path: str) -> None:
    assert not is_absolute(path)
    assert path_problem(path, "the zip") == (
        "leaves the zip, or is not in its plain form: folder/file, with '/'"
    )


@pytest.mark.parametrize("character", ["\0", "\r", "\n", "\t", "\x1f", "\x7f", "\x9b", "\u202e"])
def test_control_characters(character: str) -> None:
    assert path_problem(f"a{character}b", "the zip") == "has a control character"


@pytest.mark.parametrize("path", ["a.py", "a/b.py", "...", "a/..b", "a../b", ".a", "a b", "a/c:d"])
def test_plain_paths(path: str) -> None:
    assert path_problem(path, "the zip") is None


def test_a_file_is_replaced_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as temporary:
        assert temporary.parent == tmp_path
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("problem", [OSError, KeyboardInterrupt])
def test_an_incomplete_file_replaces_nothing(tmp_path: Path, problem: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"ne")
            raise problem

    with pytest.raises(problem):
        write()
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_what_can_not_be_replaced_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    path.mkdir()
    with pytest.raises(OSError), replacing(path) as temporary:  # noqa: PT011 - one class a system
        temporary.write_bytes(b"new")
    assert [*tmp_path.iterdir()] == [path]


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    assert beside(tmp_path / "file") != beside(tmp_path / "file")


def test_what_can_not_be_looked_into_has_nothing_that_matches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b1").touch()
    (tmp_path / "a1").touch()
    assert [path.name for path in matching(tmp_path, "*1")] == ["a1", "b1"]
    assert matching(tmp_path / "missing", "*") == []

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "glob", refuse)
    assert matching(tmp_path, "*") == []


def test_a_regular_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"one\r\n\x1a")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "file") == b"one\r\n\x1a"
    assert read_regular(tmp_path / "link") == b"one\r\n\x1a"
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none")


def test_nothing_else_is_opened(tmp_path: Path) -> None:
    assert read_regular(tmp_path) is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert read_regular(tmp_path / "pipe") is None
        assert read_regular("/dev/zero") is None


def test_a_path_that_windows_can_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "x" * 260)
    assert how_to_write(error) == "Free or repair that path and build again."
    monkeypatch.setattr(sys, "platform", "win32")
    assert how_to_write(error).startswith("Windows opens no path of 260 characters or more unless")


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number without a name."""
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("USERPROFILE", raising=False)
    with pytest.raises(RuntimeError, match="home directory"):
        Path.home()
    assert shown_failure("sorry") == "sorry"
    assert home({"HOME": "/me", "USERPROFILE": "/me"}) == Path("/me")
