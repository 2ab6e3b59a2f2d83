"""Which files uv takes its settings from, and whether these have it reach nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.lock import is_offline, settings_around
from hatch_lambda_zip.lock.settings import users_settings
from hatch_lambda_zip.uv import Uv, find_uv
from tests.support.commands import UV, clean_environment


@pytest.mark.skipif(sys.platform == "win32", reason="they lie elsewhere there")
def test_the_users_own_settings_come_before_those_of_all() -> None:
    given = {"HOME": "/home/a", "XDG_CONFIG_DIRS": "/x:/y"}
    assert [*map(str, users_settings(given))] == [
        "/home/a/.config/uv/uv.toml",
        *("/x/uv/uv.toml", "/y/uv/uv.toml", "/etc/uv/uv.toml"),
    ]
    of_all = ["/etc/xdg/uv/uv.toml", "/etc/uv/uv.toml"]
    assert [*map(str, users_settings({"XDG_CONFIG_HOME": "/c"}))] == ["/c/uv/uv.toml", *of_all]


@pytest.mark.parametrize("value", ["1", "t", "true", "y", "yes", "on", "YES"])
def test_variables_may_name_another_file_or_none(value: str) -> None:
    assert users_settings({"UV_CONFIG_FILE": "a.toml", "UV_NO_CONFIG": value}) == [Path("a.toml")]
    assert users_settings({"UV_NO_CONFIG": value}) == []
    assert users_settings({"UV_NO_CONFIG": "0"})


def uv_of(**variables: str) -> Uv:
    return find_uv({**clean_environment(UV=UV), **variables}, log=lambda _: None)


def test_what_comes_first_says_whether_uv_is_offline(tmp_path: Path) -> None:
    project, other = tmp_path / "demo", tmp_path / "other.toml"
    project.mkdir()
    assert not is_offline(project, uv_of(XDG_CONFIG_HOME=str(tmp_path)))
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv/uv.toml").write_text("offline = true\n", encoding="utf-8")
    assert is_offline(project, uv_of(XDG_CONFIG_HOME=str(tmp_path)))
    (project / "uv.toml").write_text("offline = false\n", encoding="utf-8")
    assert not is_offline(project, uv_of(XDG_CONFIG_HOME=str(tmp_path)))
    assert is_offline(project, uv_of(UV_OFFLINE="1"))
    (project / "uv.toml").write_text("offline = true\n", encoding="utf-8")
    assert not is_offline(project, uv_of(UV_NO_CONFIG="1"))
    other.write_text("", encoding="utf-8")
    assert not is_offline(project, uv_of(UV_CONFIG_FILE=str(other)))
    other.write_text("offline = true\n", encoding="utf-8")
    (project / "uv.toml").unlink()
    assert is_offline(project, uv_of(UV_CONFIG_FILE=str(other)))


def test_all_settings_around_a_directory(tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (tmp_path / "own.toml").write_text("a = 1", encoding="utf-8")
    (root / "uv.toml").write_text("b = 2", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\nc = 3", encoding="utf-8")
    given = {"UV_CONFIG_FILE": str(tmp_path / "own.toml")}
    found = [(table, base) for table, base in settings_around(root, given) if table]
    assert found == [({"a": 1}, tmp_path), ({"b": 2}, root), ({"c": 3}, tmp_path)]
