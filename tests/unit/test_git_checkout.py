"""The files of another commit, and what is said where there are none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own import git_checkout
from hatch_lambda_zip.errors import ToolError

COMMIT = ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qam", "c"]


def git(root: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "a").mkdir(parents=True)
    (root / "a/file").write_text("before")
    (root / ".gitattributes").write_text("a export-ignore\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, *COMMIT)
    (root / "a/file").write_text("now")
    return root


def check_out(repository: Path, reference: str = "HEAD", **environ: str) -> Path:
    directory = repository.with_name("there")
    environment = {**os.environ, **environ}
    git_checkout.check_out(repository, reference, directory, environ=environment, timeout=60)
    return directory


def answering(code: int, error: bytes = b"", *, at: str) -> object:
    """Return what runs no command, one of which fails."""

    def run(words: Sequence[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(words, code if at in words else 0, b"", error)

    return run


def test_the_files_of_a_commit_and_nothing_else(repository: Path) -> None:
    before = git(repository, "status", "--porcelain", "-uall")
    there = check_out(repository)
    assert (there / "a/file").read_text() == "before"
    assert {path.name for path in there.iterdir()} == {".git", ".gitattributes", "a"}
    assert (there / ".git").read_bytes() == b"", "where a search for a repository ends"
    assert git(repository, "status", "--porcelain", "-uall") == before


def test_where_git_is_not_installed(repository: Path) -> None:
    with pytest.raises(ToolError, match="git is not installed"):
        check_out(repository, PATH="/nowhere")


@pytest.mark.parametrize("reference", ["other", "HEAD~1", "-q", "HEAD:a"])
def test_what_is_no_commit(repository: Path, reference: str) -> None:
    with pytest.raises(ToolError, match=rf"^{reference} is no commit that .* or fetch it"):
        check_out(repository, reference)
    assert not repository.with_name("there").exists()


def test_what_is_no_commit_of_a_shallow_clone(repository: Path) -> None:
    (repository / ".git/shallow").write_bytes(git(repository, "rev-parse", "HEAD"))
    with pytest.raises(ToolError, match="a shallow clone: fetch it too"):
        check_out(repository, "HEAD~1")


@pytest.mark.parametrize("command", ["read-tree", "checkout-index"])
@pytest.mark.parametrize(("said", "shown"), [(b"No space\n", "No space$"), (b"", "exit code 7$")])
def test_a_git_that_fails(
    repository: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: bytes, shown: str
) -> None:
    monkeypatch.setattr(git_checkout, "run", answering(7, said, at=command))
    with pytest.raises(ToolError, match=rf"of HEAD can't be written: `git {command}` .*: {shown}"):
        check_out(repository)


def test_a_git_that_does_not_end(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(words: Sequence[str], *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(words, timeout)

    monkeypatch.setattr(git_checkout, "run", run)
    with pytest.raises(ToolError, match=r"`git rev-parse` in .* did not end within 60 seconds\."):
        check_out(repository)
