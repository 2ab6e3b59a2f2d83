"""What projects were made from at another commit, asked of a command for each."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hatch_lambda_zip.cli import changed
from hatch_lambda_zip.cli.changed import digests_at
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.contents.own import git_checkout
from hatch_lambda_zip.errors import ConfigError

ROWS = [{"name": "api", "input_digest": "1"}, {"name": "new", "input_digest": None}]


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Make two projects of a repository, of which its commit has only one."""
    (tmp_path / "repository/.git").mkdir(parents=True)

    def check_out(repository: Path, reference: str, there: Path, **_: object) -> None:
        assert (repository, reference) == (tmp_path / "repository", "main")
        assert there.name == "repository", "as a project without a name is called"
        (there / "one").mkdir(parents=True)

    monkeypatch.setattr(git_checkout, "check_out", check_out)
    made = [tmp_path / "repository" / name for name in ("one", "two")]
    for project in made:
        project.mkdir()
    return made


def listing(
    monkeypatch: pytest.MonkeyPatch, code: int, output: str, raised: Exception | None = None
) -> list[Path]:
    """Have the command answer, and return where it is asked."""
    asked: list[Path] = []

    def run(words: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(cwd)
        assert words[-3:] == ["list", "--json", "--past"]
        if raised is not None:
            raise raised
        return subprocess.CompletedProcess(words, code, output.encode())

    monkeypatch.setattr(changed, "run", run)
    return asked


def test_digests_of_each_project(projects: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = listing(monkeypatch, 0, json.dumps(ROWS))
    one, two = projects
    assert digests_at("main", projects, Console(-1)) == {one: {"api": "1"}, two: {}}
    assert [directory.name for directory in asked] == ["one"], "the other one was not there"


@pytest.mark.parametrize(
    ("code", "output", "raised"),
    [
        (1, "", None),
        (0, "no json", None),
        (0, "", subprocess.TimeoutExpired(["list"], 1)),
    ],
    ids=["it fails", "it says something else", "it does not end"],
)
def test_a_project_that_can_not_be_listed_has_changed(
    projects: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: int,
    output: str,
    raised: Exception | None,
) -> None:
    listing(monkeypatch, code, output, raised)
    one, _ = projects
    assert digests_at("main", [one], Console()) == {one: {}}
    assert f"{one} can't be listed as it was at main, so all of it" in capsys.readouterr().err


def test_a_project_in_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = listing(monkeypatch, 0, "[]")
    with pytest.raises(ConfigError, match="is in no git repository, so no commit has it"):
        digests_at("main", [tmp_path], Console(-1))
    assert asked == []
