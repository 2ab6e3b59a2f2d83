"""Which lock holds; what is in the place of one and is none is named, never passed over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock import find
from hatch_lambda_zip.lock.compile import RequirementsLock
from hatch_lambda_zip.lock.find import (
    find_code_lock,
    find_embedded_lock,
    find_lock,
    foreign_lock,
    is_there,
    is_uv_project,
    needs_no_lock,
    uv_lock_of,
)
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.recorded import NEW_FILE
from hatch_lambda_zip.uv import Uv
from tests.support.loose import write

UV = cast("Uv", object())  # is not asked
NAMES = [
    *("uv.lock", "pylock.toml", "pylock.api.toml", "requirements.txt"),
    *("poetry.lock", "pdm.lock", "Pipfile.lock"),
]
ODD: dict[str, Callable[[Path], object]] = {
    "a symbolic link to nowhere, which is not there": lambda path: path.symlink_to("nowhere"),
    "a directory": Path.mkdir,
}
if hasattr(os, "mkfifo"):
    ODD["no regular file"] = os.mkfifo


def what_is_wrong(call: Callable[[], object]) -> str:
    with pytest.raises(LockError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", ODD)
def test_what_is_no_file(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / name
    ODD[what](path)
    message = f"{path} is {what}. Put the file itself there, or remove what is there."
    assert what_is_wrong(lambda: find_lock(tmp_path, None, UV, key="lock")) == message
    assert what_is_wrong(lambda: find_lock(tmp_path, name, UV, key="lock")) == message
    assert what_is_wrong(lambda: is_there(path)) == message
    if name == "pylock.toml":
        lock = RequirementsLock(tmp_path / "requirements.txt", "3.13")
        assert what_is_wrong(lock.check) == message
        assert what_is_wrong(lock.before) == message


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_in_a_code_directory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.symlink_to("nowhere")
    message = f"{path} is a symbolic link to nowhere, which is not there."
    assert message in what_is_wrong(lambda: find_code_lock([tmp_path]))
    if name == "uv.lock":
        assert not needs_no_lock(tmp_path), "what finds it says what is wrong"
    else:
        assert message in what_is_wrong(lambda: needs_no_lock(tmp_path))
    if name in {"pylock.toml", "pylock.api.toml", "requirements.txt"}:
        assert message in what_is_wrong(lambda: is_uv_project(tmp_path))


def test_a_link_to_a_lock_is_one(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/pylock.toml").touch()
    (tmp_path / "pylock.toml").symlink_to("shared/pylock.toml")
    assert find_lock(tmp_path, None, UV, key="lock").path == tmp_path / "pylock.toml"
    assert foreign_lock(tmp_path) is None


def test_what_is_no_file_in_the_root_of_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There alone: in a directory above that is none, nobody looks for a lock."""
    member = tmp_path / "workspace/member"
    member.mkdir(parents=True)
    (tmp_path / "uv.lock").mkdir()
    monkeypatch.setattr(find, "uv_workspace_of", lambda _root, _uv: member.parent)
    assert uv_lock_of(member, UV) is None
    (member.parent / "uv.lock").symlink_to("nowhere")
    assert "is a symbolic link to nowhere" in what_is_wrong(lambda: uv_lock_of(member, UV))


def test_a_lock_that_the_locale_has_no_bytes_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say() -> str:
        return what_is_wrong(lambda: find_lock(tmp_path, "größe.txt", UV, key="lock"))

    assert say().startswith("lock: there is no file 'größe.txt'")
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    assert say().startswith(r"lock: 'gr\xf6\xdfe.txt' is not found: this Python takes the names")


PYLOCK = 'lock-version = "1.0"\n'
PROJECT = '[project]\nname = "app"\nversion = "1"\n'
POETRY = '[tool.poetry.dependencies]\nsix = "*"\n'


def found(root: Path, chosen: str | None = None) -> LockFile:
    return find_lock(root, chosen, UV, key="here.lock")


def not_found(root: Path, chosen: str | None = None) -> str:
    return what_is_wrong(lambda: found(root, chosen))


def test_what_goes_before_what(tmp_path: Path) -> None:
    """From the last choice on to the first one."""
    assert not_found(tmp_path).startswith(f"No lock file for {tmp_path}: neither uv.lock (here or")
    write(tmp_path, {"pyproject.toml": POETRY})
    assert "Run `poetry lock`, then `hatch-lambda-zip lock`" in not_found(tmp_path)
    write(tmp_path, {"requirements.txt": "six\n"})
    assert not_found(tmp_path).startswith(f"No lock file for {tmp_path}, but a requirements.txt.")
    write(tmp_path, {"poetry.lock": ""})
    assert "that can be read, but a poetry.lock, which nothing is i" in not_found(tmp_path)
    write(tmp_path, {"pylock.b.toml": PYLOCK, NEW_FILE: PYLOCK})
    assert found(tmp_path) == LockFile.of(LockKind.PYLOCK, tmp_path / "pylock.b.toml")
    write(tmp_path, {"pylock.a.toml": PYLOCK})
    assert not_found(tmp_path).endswith(
        'no choice: pylock.a.toml, pylock.b.toml. Name one: here.lock = "pylock.a.toml".'
    )
    write(tmp_path, {"pylock.toml": PYLOCK})
    assert found(tmp_path) == LockFile.of(LockKind.PYLOCK, tmp_path / "pylock.toml")
    write(tmp_path, {"uv.lock": ""})
    assert found(tmp_path) == LockFile.of(LockKind.UV, tmp_path / "uv.lock")


def test_what_is_chosen_is_known_by_its_content(tmp_path: Path) -> None:
    files = {"a.txt": "six\n", "b.lock": PYLOCK, "c.toml": "", "d": "package = 1\n", "pdm.lock": ""}
    write(tmp_path, files)
    for name in ("b.lock", "c.toml"):
        assert found(tmp_path, name) == LockFile.of(LockKind.PYLOCK, tmp_path / name)
    assert found(tmp_path, "a.txt").kind is LockKind.REQUIREMENTS
    assert not_found(tmp_path, "d").startswith(
        "here.lock: 'd' looks like a uv.lock, which uv reads"
    )
    assert not_found(tmp_path, "pdm.lock").startswith("here.lock: 'pdm.lock' is a pdm.lock, which")


def test_what_is_chosen_and_not_there(tmp_path: Path) -> None:
    message = f"here.lock: there is no file 'pylock.toml' in {tmp_path}. "
    assert not_found(tmp_path, "pylock.toml").startswith(f"{message}Run `uv lock` and commit")
    write(tmp_path, {"requirements.txt": "six\n"})
    source = tmp_path / "requirements.txt"
    assert not_found(tmp_path, "pylock.toml") == (
        f"{message}`hatch-lambda-zip lock` makes it of {source}; commit it."
    )
    assert "Run `uv lock` and commit" in not_found(tmp_path, "uv.lock")


def test_the_lock_of_a_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    member = tmp_path / "member"
    files = {
        "pyproject.toml": "[tool.uv.workspace]\n",
        "uv.lock": "",
        "member/a": "",
        "b/uv.lock": "",
    }
    write(tmp_path, files)
    monkeypatch.setattr(find, "uv_workspace_of", lambda _root, _uv: tmp_path)
    shared = LockFile.of(LockKind.UV, tmp_path / "uv.lock")
    assert found(member) == found(member, "uv.lock") == shared
    assert found(member, "../uv.lock").path.samefile(shared.path)
    assert not_found(member, "../b/uv.lock") == (
        f"here.lock: '../b/uv.lock' is not the lock that uv uses for {member}, which is "
        f"{shared.path}. Remove the key, or make the project a member of that workspace."
    )
    write(tmp_path, {"member/uv.lock": "", "member/pyproject.toml": PROJECT})
    assert found(member) == shared
    message = what_is_wrong(lambda: find_code_lock([member], tmp_path, UV))
    assert message.startswith(f"{member / 'uv.lock'} is not the lock that uv uses for {member}")
    (member / "uv.lock").unlink()
    of_member = replace(shared, member=member)
    assert find_code_lock([member], tmp_path, UV) == of_member


def test_a_code_directory_that_is_a_project(tmp_path: Path) -> None:
    code = tmp_path / "code"

    def wrong() -> str:
        return what_is_wrong(lambda: find_code_lock([code], tmp_path, UV))

    write(code, {"uv.lock": ""})
    assert wrong().startswith(f"{code / 'uv.lock'} lies beside no pyproject.toml with a [project]")
    write(code, {"pyproject.toml": PROJECT})
    own = LockFile.of(LockKind.UV, code / "uv.lock")
    assert find_code_lock([code], tmp_path, UV) == replace(own, member=code)
    (code / "uv.lock").unlink()
    assert is_uv_project(code)
    assert wrong().startswith(f"{code / 'pyproject.toml'} has a [project], and there is no lock of")
    write(code, {"pylock.toml": PYLOCK})
    assert not is_uv_project(code)
    pylock = LockFile.of(LockKind.PYLOCK, code / "pylock.toml")
    with_project = replace(pylock, answers=code / "pyproject.toml")
    assert find_code_lock([code], tmp_path, UV) == with_project
    assert find_code_lock([code], code, UV) == pylock
    write(code, {"requirements.txt": ""})
    with_list = replace(pylock, answers=code / "requirements.txt")
    assert find_code_lock([code], tmp_path, UV) == find_code_lock([code], code, UV) == with_list


def test_a_code_directory_of_another_tool(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": POETRY})
    assert "Run `poetry lock`" in what_is_wrong(lambda: find_code_lock([tmp_path]))
    assert not needs_no_lock(tmp_path)
    assert find_code_lock([tmp_path], tmp_path) is None
    # What is required stands there then.
    write(tmp_path, {"requirements.txt": ""})
    assert find_code_lock([tmp_path]) is None
    assert needs_no_lock(tmp_path)
    write(tmp_path, {"poetry.lock": "", "Pipfile.lock": ""})
    assert what_is_wrong(lambda: foreign_lock(tmp_path)) == (
        f"{tmp_path} has poetry.lock and Pipfile.lock, and no choice: remove all but one."
    )


def test_each_of_several_code_directories_is_looked_at(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, {"pylock.toml": ""})
    write(second, {"pyproject.toml": POETRY})
    for directories in ([first, second], [second, first]):
        assert "Run `poetry lock`" in what_is_wrong(lambda it=directories: find_code_lock(it))  # type: ignore[misc]


@pytest.mark.parametrize("name", ["poetry.lock", "uv.lock", "pylock.toml", "pylock.a.toml"])
def test_what_needs_a_lock(tmp_path: Path, name: str) -> None:
    root = tmp_path / "a/b"
    root.mkdir(parents=True)
    assert needs_no_lock(root)
    (root / name).touch()
    assert not needs_no_lock(root)
    (root / name).rename(tmp_path / name)
    assert needs_no_lock(root) is (name != "uv.lock"), "uv's may be a workspace's"


def test_the_lock_in_an_sdist(tmp_path: Path) -> None:
    def lock() -> LockFile:
        return find_embedded_lock(tmp_path, tmp_path / "project")

    assert "has no lock. Build the sdist again." in what_is_wrong(lock)
    write(
        tmp_path,
        {"files.json": "[]", "requirements.txt": "", "wheels/b.whl": "", "wheels/a.whl": ""},
    )
    wheels = tuple(tmp_path / "wheels" / name for name in ("a.whl", "b.whl"))
    path, project = tmp_path / "requirements.txt", tmp_path / "project"
    assert lock() == LockFile(LockKind.REQUIREMENTS, path, path.name, wheels, project=project)
    write(tmp_path, {"other.txt": ""})
    assert "has no lock" in what_is_wrong(lock)
    write(tmp_path, {"pylock.toml": ""})
    path = tmp_path / "pylock.toml"
    assert lock() == LockFile(LockKind.EMBEDDED, path, path.name, wheels, project=project)
