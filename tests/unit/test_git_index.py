"""What git's index says, and what happens where there is none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own.git_index import LINK, TrackedFile, read_index


class Lines:
    """Keeps the lines for the user."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.debugs: list[str] = []

    def info(self, message: str) -> None:
        raise AssertionError(message)

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def debug(self, message: str) -> None:
        self.debugs.append(message)


def git(root: Path, *arguments: str) -> None:
    root.mkdir(exist_ok=True, parents=True)
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


def read(
    *directories: Path, timeout: float = 60, environ: dict[str, str] | None = None
) -> tuple[list[TrackedFile], Lines]:
    lines = Lines()
    environment = {**os.environ, **(environ or {})}
    found = read_index(directories, environ=environment, report=lines, timeout=timeout)
    return sorted(found, key=lambda file: file.path), lines


def test_modes_and_line_ends(tmp_path: Path) -> None:
    for name in ("plain", "eol", "auto"):
        (tmp_path / name).write_bytes(b"a\n")
    (tmp_path / "crlf").write_bytes(b"a\r\n")
    (tmp_path / "new\nline \u00e9").write_bytes(b"")
    (tmp_path / "link").symlink_to("plain")
    (tmp_path / ".gitattributes").write_text("eol text eol=crlf\nauto text=auto\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    for name in ("plain", "eol", "auto"):
        (tmp_path / name).write_bytes(b"a\r\n")
    (tmp_path / "gone").touch()
    git(tmp_path, "add", "gone")
    (tmp_path / "gone").unlink()
    found, lines = read(tmp_path)
    assert {file.path.name: (file.mode, file.has_foreign_line_ends) for file in found} == {
        ".gitattributes": ("100644", False),
        "auto": ("100644", True),
        "crlf": ("100644", False),
        "eol": ("100644", False),
        "gone": ("100644", False),
        "link": (LINK, False),
        "new\nline \u00e9": ("100644", False),
        "plain": ("100644", True),
    }
    assert lines.warnings == []
    assert lines.debugs[0].endswith(
        "git --literal-pathspecs -c core.fsmonitor=false ls-files --stage --eol -z -- ."
    )


def test_each_repository_is_asked_once_and_for_these_directories_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for root in (one, two):
        for name in ("ab", "a*", "b"):
            (root / name).mkdir(parents=True)
            (root / name / "file").touch()
        git(root, "init", "-q")
        git(root, "add", "-A")
    found, lines = read(one / "a*", one / "b", two / "ab")
    assert [file.path for file in found] == [
        one / "a*/file",
        one / "b/file",
        two / "ab/file",
    ]
    assert len(lines.debugs) == 2


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"])
def test_what_a_git_hook_sets_has_no_say(tmp_path: Path, variable: str) -> None:
    (tmp_path / "file").touch()
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    found, lines = read(tmp_path, environ={variable: "/nowhere"})
    assert [file.path.name for file in found] == ["file"]
    assert lines.warnings == []


def test_without_a_repository_or_git_nothing_is_asked(tmp_path: Path) -> None:
    assert read(tmp_path)[0] == []
    (tmp_path / ".git").touch()
    found, lines = read(tmp_path)
    assert (found, lines.warnings, lines.debugs) == ([], [], [])
    (tmp_path / ".git").unlink()
    git(tmp_path, "init", "-q")
    found, lines = read(tmp_path, environ={"PATH": "/nowhere"})
    assert (found, lines.warnings, lines.debugs) == ([], [], [])


def test_a_failure_is_a_warning_with_what_git_says(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere\n")
    found, lines = read(tmp_path)
    assert found == []
    assert lines.warnings[0].startswith(f"git does not say which files of {tmp_path} are tracked")
    assert "not a git repository" in lines.warnings[0]


def test_a_git_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    (tmp_path / ".git").mkdir()
    path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
    found, lines = read(tmp_path, timeout=0.2, environ={"PATH": path})
    assert found == []
    assert lines.warnings[0].endswith("it did not end within 0.2 seconds")
