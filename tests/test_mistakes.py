"""Typical mistakes: each leads to its remedy in one reading."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.bridge.app import Application

from hatch_lambda_zip.plugin.app import aborting
from tests.support.commands import clean_environment, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.projects import Project

KEY = "tool.hatch.build.targets.lambda-zip"
HOOK = "[tool.hatch.build.hooks.lambda-zip]\n"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "tool.hatch.build.targets.lambda_zip",
        "tool.hatch.build.lambda-zip",
        "tool.hatch.targets.lambda-zip",
        "tool.hatch-lambda-zip",
        "tool.lambda-zip",
        "tool.hatch.build.targets.wheel.lambda-zip",
        "tool.hatch.build.hooks.lambda-zip",
    ],
)
def test_the_table_in_another_place(project: Project, elsewhere: str) -> None:
    project.replace(f"[{KEY}]", f"[{elsewhere}]")
    assert f"{elsewhere}: is not where hatchling looks for it; call it [{KEY}]" in project.fail()


def test_the_words_of_pyproject_toml_in_hatch_toml(project: Project) -> None:
    table = f'[{KEY}]\nruntime = "python3.13"\n'
    (project.path / "hatch.toml").write_text(table)
    project.replace(f"[{KEY}]", "[tool.other]")
    assert f"tool.hatch.{KEY}: is not where hatchling looks for it" in project.fail()


@pytest.mark.parametrize("lock", ["poetry.lock", "pdm.lock", "Pipfile.lock"])
def test_the_lock_of_another_tool(project: Project, lock: str) -> None:
    project.lock_path.rename(project.path / lock)
    message = project.fail()
    assert f"but a {lock}, which nothing is installed from. `hatch-lambda-zip lock`" in message
    assert "keeps its versions in a pylock.toml" in message


@pytest.mark.parametrize("is_named", [False, True])
def test_requirements_without_hashes(project: Project, *, is_named: bool) -> None:
    """The advice, followed to the letter."""
    project.lock_path.unlink()
    requirements = project.path / "requirements.txt"
    requirements.write_text("six\nidna\nmarkupsafe\n./../lib\n")
    project.configure(lock="requirements.txt" if is_named else None)
    (command,) = re.findall(r"`(uv pip compile [^`]*)`", project.fail())
    run(command.split(), cwd=project.path)
    assert requirements.read_text() == "six\nidna\nmarkupsafe\n./../lib\n"
    if is_named:
        project.configure(lock="pylock.toml")
    assert "six.py" in project.build().names


def test_no_project(tmp_path: Path) -> None:
    result = run_hatchling(["build", "-t", "lambda-zip"], cwd=tmp_path)
    assert result.returncode == 1
    assert f"there is no pyproject.toml in {tmp_path}" in result.stderr


@pytest.mark.parametrize("target", ["lambda-zip", "wheel", "sdist"])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_hooks_only(project: Project, target: str, by: str) -> None:
    project.replace("[tool.uv]\n", f"{HOOK}\n[tool.uv]\n")
    words = ["build", "-t", target, *(["--hooks-only"] if by == "option" else [])]
    variables = {"HATCH_BUILD_HOOKS_ONLY": "1"} if by == "variable" else {}
    result = run_hatchling(words, cwd=project.path, env=clean_environment(**variables))
    assert result.returncode == 0
    assert "no zip is made, since only build hooks are to run (`--hooks-only`)" in (
        result.stdout + result.stderr
    )


def test_the_hook_below_the_target(project: Project) -> None:
    project.replace("[tool.uv]\n", f"[{KEY}.hooks.lambda-zip]\n\n[tool.uv]\n")
    assert f"Warning: {KEY}.hooks.lambda-zip: the hook makes zips beside wheels" in (
        project.build().output
    )


def test_a_version_from_git_without_git(project: Project) -> None:
    project.replace('version = "1.2.3"', 'dynamic = ["version"]')
    project.replace("[tool.uv]\n", '[tool.hatch.version]\nsource = "vcs"\n\n[tool.uv]\n')
    message = project.fail()
    assert "A version from git needs a checkout with its history" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("source", ["extra", "extra/link"])
def test_a_broken_link_among_added_files(project: Project, source: str) -> None:
    link = project.path / "extra/link"
    link.parent.mkdir()
    link.symlink_to("nowhere")
    project.replace("[tool.uv]\n", f'[{KEY}.include-files]\n"{source}" = "x"\n\n[tool.uv]\n')
    assert "is a symbolic link to nowhere, which is not there" in project.fail()


def test_a_broken_link_in_the_package(project: Project) -> None:
    (project.path / "src/fixture_app/link.txt").symlink_to("nowhere")
    assert "link.txt is a symbolic link to nowhere, which is not there." in project.fail()


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EROFS, "choose another output directory: `-d`"),
        (errno.EACCES, "choose another output directory: `-d`"),
        (errno.ENOSPC, "Free space there and build again."),
        (errno.EIO, "Free or repair that path and build again."),
    ],
)
def test_a_disk_that_does_not_take_the_zip(
    number: int, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit), aborting(Application()):
        raise OSError(number, "No", "dist/a.zip")
    assert advice in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no directory in use can be removed there")
def test_a_directory_that_is_removed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(SystemExit), aborting(Application()):
        Path("relative").resolve()
    monkeypatch.undo()
    assert capsys.readouterr().err.strip() == (
        "Error: The directory that this runs in was removed. Change into one that is there."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_pipes_in_the_place_of_files_hold_nobody_up(project: Project, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    pipes = [project.path / "pylock.toml", project.path / "requirements.txt", home / ".netrc"]
    project.lock_path.unlink()
    for pipe in pipes:
        os.mkfifo(pipe)
    # Ends a build that waits for one, which then says something else.
    ending = "import sys, time; time.sleep(8); [open(path, 'w').close() for path in sys.argv[1:]]"
    with subprocess.Popen([sys.executable, "-c", ending, *map(str, pipes)]) as end:
        message = project.fail(environment={"HOME": str(home)})
        assert end.poll() is None, "it waited for a pipe"
        end.kill()
    assert "pylock.toml is no regular file" in message


def test_a_date_that_is_none(project: Project) -> None:
    message = project.fail(environment={"SOURCE_DATE_EPOCH": "yesterday"})
    assert "Error: SOURCE_DATE_EPOCH=yesterday: hatchling can't build" in message


BUILD_HOOK = """\
import asyncio, os, sys, tempfile
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        %s
"""


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("sys.exit()", "Error: something that runs in this build, such as a build hook, has ended"),
        ("sys.exit(0)", "Let it return instead."),
        ("sys.exit('it is ' + os.environ['A_TOKEN'])", "it is ***"),
        ("raise asyncio.CancelledError(os.environ['A_TOKEN'])", "CancelledError: ***"),
        (
            "d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d); raise ValueError('of its own')",
            "ValueError: of its own",
        ),
    ],
)
def test_whatever_a_build_hook_ends_with_is_a_failure(
    project: Project, end: str, message: str
) -> None:
    (project.path / "hatch_build.py").write_text(BUILD_HOOK % end, encoding="utf-8")
    project.replace("[tool.uv]\n", "[tool.hatch.build.hooks.custom]\n\n[tool.uv]\n")
    build = project.build(check=False, environment={"A_TOKEN": "s3cretive-1"})
    assert build.returncode == 1
    assert message in build.output
    assert "s3cretive-1" not in build.output


FULL_DISK = """\
def build_wheel(directory, config_settings=None, metadata_directory=None):
    raise OSError(28, "No space left on device", "lib.whl")
"""


@pytest.mark.parametrize("verbose", ["0", "1"])
def test_a_back_end_that_finds_the_disk_full(project: Project, verbose: str) -> None:
    library = project.root / "lib"
    (library / "back_end.py").write_text(FULL_DISK, encoding="utf-8")
    text = (library / "pyproject.toml").read_text(encoding="utf-8")
    _, _, tables = text.partition("[project]")
    system = '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
    (library / "pyproject.toml").write_text(f"{system}\n[project]{tables}", encoding="utf-8")
    build = project.build(check=False, environment={"HATCH_VERBOSE": verbose})
    message = build.output[build.output.rindex("Error: The wheel") :]
    assert message.startswith(
        "Error: The wheel of fixture-lib could not be built: there is no space left: "
        "OSError: [Errno 28] No space left on device: 'lib.whl'. Free some for temporary files"
    )
    assert "Traceback" not in message
    assert ("Traceback" in build.output) is (verbose == "1")
