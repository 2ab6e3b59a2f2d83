"""A pylock.toml that says what it was made of."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.cli.find import find_projects
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.compile import RequirementsLock, differing, is_for_as_much
from hatch_lambda_zip.lock.find import find_code_lock
from hatch_lambda_zip.lock.foreign import read_foreign
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.recorded import (
    check_recorded,
    is_recorded,
    read_requirements,
    requirers_of,
    with_record,
)
from tests.support.foreign import PDM, PIPENV
from tests.support.loose import write

pytestmark = pytest.mark.every_python  # tomllib, or tomli

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYLOCK = 'lock-version = "1.0"\ncreated-by = "uv"\npackages = []\n'


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(
        "\ufeffidna>=3  # a comment\n--index-url https://user:secret@host/simple\n"
        "-r more.txt\n-c limits.txt\n-e ./lib\n"
    )
    (tmp_path / "more.txt").write_text("six ; \\\n  python_version > '3'\n")
    (tmp_path / "limits.txt").write_text("six<2\n")
    return path


def check(requirements: Path, text: str) -> None:
    tool = tomllib.loads(text).get("tool", {})
    check_recorded(tool, LockFile.of(LockKind.PYLOCK, requirements.with_name("pylock.toml")))


def test_all_requirements_and_no_secret(requirements: Path) -> None:
    assert read_requirements(requirements) == (
        "idna>=3",
        "six ; python_version > '3'",
        "-c six<2",
        "-e ./lib",
    )


def test_what_is_recorded_is_there_still(requirements: Path) -> None:
    text = with_record(PYLOCK, requirements)
    assert is_recorded(tomllib.loads(text)["tool"])
    assert "secret" not in text
    check(requirements, text)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("requirements.txt", "idna>=3", "idna>=3\nrequests", "since then requests came in. Run"),
        ("requirements.txt", "-e ./lib\n", "", "since then -e ./lib went out. Run"),
        ("more.txt", "six", "six>1", "came in and six ; python_version > '3' went out"),
        ("limits.txt", "<2", "<3", "-c six<3 came in and -c six<2 went out"),
    ],
)
def test_an_edit_without_a_lock(
    requirements: Path, file: str, old: str, new: str, message: str
) -> None:
    text = with_record(PYLOCK, requirements)
    edited = requirements.with_name(file)
    edited.write_text(edited.read_text().replace(old, new, 1))
    with pytest.raises(LockError) as caught:
        check(requirements, text)
    assert message in str(caught.value)
    assert "`hatch-lambda-zip lock`" in str(caught.value)


def test_comments_order_and_indexes_do_not_matter(requirements: Path) -> None:
    text = with_record(PYLOCK, requirements)
    requirements.write_text("-e ./lib\n-c limits.txt\n# nothing\n-r more.txt\nidna>=3\n")
    check(requirements, text)


def test_a_line_that_stood_there_twice_does_not_matter(requirements: Path) -> None:
    text = requirements.read_text(encoding="utf-8-sig")
    requirements.write_text(f"{text}\nidna>=3\n")
    locked = with_record(PYLOCK, requirements)
    requirements.write_text(text)
    check(requirements, locked)


def test_a_lock_of_another_tool_is_not_compared(requirements: Path) -> None:
    check(requirements, PYLOCK)
    assert requirers_of({}) == ()


@pytest.mark.parametrize(
    "table",
    [
        "[tool.hatch-lambda-zip]\n",
        '[tool.hatch-lambda-zip]\nrequirements-file = "requirements.txt"\n',
        '[tool.hatch-lambda-zip]\nrequirements = ["six"]\n',
        '[tool.hatch-lambda-zip]\nrequirements-file = 5\nrequirements = ["six"]\n',
        "[tool]\nhatch-lambda-zip = 5\n",
    ],
)
def test_a_record_that_was_damaged_is_no_other_tools(requirements: Path, table: str) -> None:
    with pytest.raises(LockError, match="does not say any more what it was made of") as caught:
        check(requirements, f"{PYLOCK}{table}")
    assert str(caught.value).endswith("Run `hatch-lambda-zip lock` and commit the result.")
    lock = RequirementsLock(requirements, "3.12")
    lock.path.write_text(f"{PYLOCK}{table}")
    assert lock.before(), "which is ours to replace"


def test_what_requires_it_without_options_and_paths() -> None:
    lines = ["idna>=3 --hash=sha256:00", "six", "-e ./lib", "./other"]
    tool = {"hatch-lambda-zip": {"requirements-file": "requirements.txt", "requirements": lines}}
    (project,) = requirers_of(tool)
    assert project.dependencies == ("idna>=3", "six")


def test_a_lock_that_only_looks_like_one(requirements: Path) -> None:
    """Uv would name the copy that it gets, and which is gone by then."""
    lock = RequirementsLock(requirements, "3.12")
    text = with_record(PYLOCK.replace("packages = []", "[[packages]]\nname = 5"), requirements)
    lock.path.write_text(text)
    for read in (lock.check, lock.before):
        with pytest.raises(LockError) as caught:
            read()
        assert str(caught.value).startswith(f"{lock.path} can't be read: Unexpected type int")
        assert str(caught.value).endswith(". Remove it.")


def test_packages_that_two_locks_have_otherwise() -> None:
    package = "[[packages]]\nname = 'NAME'\nversion = '1'\n"
    one, other = package.replace("NAME", "a"), package.replace("NAME", "b")
    assert differing(one + other, other + one) == ()
    assert differing(one, one + other) == ("b",)
    assert differing(one * 2 + other, one + other) == ("a",), "a merge may leave it there twice"
    for more in ("marker = 'x'\n", "requires-python = '3'\n"):
        assert differing(one, one + more) == ("a",)
    assert differing(one, one.replace("1", "2")) == ("a",)
    for kind, place in (("directory", "path"), ("archive", "url"), ("vcs", "subdirectory")):
        here = f"{one}{kind} = {{ {place} = 'here', commit-id = '1' }}\n"
        assert differing(here, here.replace("'1' }", "'2' }")) == ()
        assert differing(here, here.replace("here", "there")) == ("a",)
        assert differing(here, one) == ("a",)


@pytest.mark.parametrize(
    "key",
    [
        *("environments = ['x']", "extras = ['x']", "default-groups = ['x']"),
        "requires-python = '3'",
    ],
)
def test_what_two_locks_hold_for(key: str) -> None:
    assert is_for_as_much(PYLOCK, PYLOCK.replace("uv", "other"))
    assert not is_for_as_much(PYLOCK, f"{key}\n{PYLOCK}")


def test_a_file_that_names_itself(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("-r ./requirements.txt\n")
    with pytest.raises(LockError, match="names itself"):
        read_requirements(path)


def test_a_path_that_cannot_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("idna\n-r a\0b\n")
    with pytest.raises(LockError, match=r"requirements\.txt, line 2: 'a\\x00b' is no path that"):
        read_requirements(path)


@pytest.mark.parametrize("line", ["-r", "-rother.txt", "--requirment other.txt", "-c=", "-e"])
def test_a_line_that_uv_can_t_read_is_not_passed_over(tmp_path: Path, line: str) -> None:
    """With nothing else in the file, no lock would be missed, and what it names not ship."""
    path = tmp_path / "requirements.txt"
    path.write_text(f"--pre\n--no-binary :all:\n{line}\n")
    name = re.split(r"[ =]", line)[0]
    with pytest.raises(LockError, match=rf"requirements\.txt, line 3: .*{name}"):
        read_requirements(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_pipes_hold_nobody_up(tmp_path: Path) -> None:
    """Nobody ever writes into them."""
    path = tmp_path / "requirements.txt"
    path.write_text("-r pipe\n")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LockError, match="pipe is no regular file"):
        read_requirements(path)
    path.unlink()
    for name in ("pyproject.toml", "hatch.toml"):
        os.mkfifo(tmp_path / name)
    assert find_code_lock([tmp_path]) is None
    assert find_projects(tmp_path) == []
    project = tmp_path / "pipenv"
    write(project, PIPENV)
    (project / "Pipfile").unlink()
    os.mkfifo(project / "Pipfile")
    with pytest.raises(LockError, match="was made of another Pipfile"):
        read_foreign(project / "Pipfile.lock")


def test_the_lock_in_a_code_directory(tmp_path: Path) -> None:
    (tmp_path / "pylock.hatch-lambda-zip-new.toml").touch()  # of a command that was killed
    assert find_code_lock([tmp_path]) is None
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing yet\n")
    assert find_code_lock([tmp_path]) is None
    requirements.write_text("six==1.17.0 --hash=sha256:0\n")
    found = find_code_lock([tmp_path])
    assert found is not None
    assert found.kind is LockKind.REQUIREMENTS
    requirements.write_text("six\n")
    with pytest.raises(LockError, match="`hatch-lambda-zip lock` writes one beside it"):
        find_code_lock([tmp_path])
    pylock = tmp_path / "pylock.toml"
    pylock.write_text(PYLOCK)
    of_both = replace(LockFile.of(LockKind.PYLOCK, pylock), answers=requirements)
    assert find_code_lock([tmp_path]) == of_both
    (tmp_path / "pylock.api.toml").write_text(PYLOCK)
    with pytest.raises(LockError, match="several lock files and no choice"):
        find_code_lock([tmp_path])


def test_the_lock_of_another_tool_in_a_code_directory(tmp_path: Path) -> None:
    write(tmp_path, PDM)
    with pytest.raises(LockError, match="`hatch-lambda-zip lock` keeps its versions"):
        find_code_lock([tmp_path])
    assert find_code_lock([tmp_path], tmp_path) is None
    (tmp_path / "uv.lock").touch()
    assert find_code_lock([tmp_path]) is None


def test_a_list_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    # The second as `pip freeze > requirements.txt` in Windows PowerShell has it.
    for content, remedy in ((None, "Let this user read it"), ("a==1\n", "Save it in UTF-8")):
        if content is not None:
            path.write_text(content, encoding="utf-16")
        with pytest.raises(LockError, match=rf"requirements\.txt can't be read: .*\. {remedy}"):
            read_requirements(path)
