"""What is in the place of a lock and is none is named, never passed over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock import find
from hatch_lambda_zip.lock.compile import RequirementsLock
from hatch_lambda_zip.lock.find import (
    find_code_lock,
    find_lock,
    foreign_lock,
    is_there,
    is_uv_project,
    needs_no_lock,
    uv_lock_of,
)
from hatch_lambda_zip.uv import Uv

UV = cast("Uv", None)  # is not asked
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
