"""Which files of a code directory ship."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hatch_lambda_zip.config import OwnFiles
from hatch_lambda_zip.contents.own.code import (
    _NEVER_CODE,
    _NOT_CODE_AT_TOP,
    Code,
    directories_with_code,
    read_code,
)
from hatch_lambda_zip.contents.own.outputs import Outputs
from hatch_lambda_zip.contents.own.own_files import NOISE, Surroundings, idle_own_pattern
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Reason
from tests.support.installed import made


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def read(root: Path, code: dict[str, str] | None = None, own_files: OwnFiles | None = None) -> Code:
    around = Surroundings(root, Outputs.of(root, ["dist"]), root)
    pairs = tuple((code or {".": ""}).items())
    return read_code(around, pairs, own_files or OwnFiles(), owner="demo", key="here")


def names(code: Code) -> list[str]:
    return sorted(entry.name for _, entry in code.files)


def test_a_flat_folder_ships_its_code_alone(tmp_path: Path) -> None:
    code = ("app.py", "lib/util.py", "lib/data.json", "config.yaml", "setup.py", "lib/README.md")
    others = (
        *("pyproject.toml", "requirements.txt", "requirements-dev.txt", "uv.lock", "README.md"),
        *("main.tf", "x.tfvars", "template.yaml", "serverless.yml", "cdk.json", "cdk.out/a.py"),
        *("tox.ini", "Makefile", "Dockerfile", ".env", ".github/x.yml", "lib/.hidden/x.py"),
        *("__pycache__/app.cpython-313.pyc", "node_modules/x/y.js", "demo.egg-info/PKG-INFO"),
        *("env/pyvenv.cfg", "env/lib/x.py", "dist/old.zip", "pylock.toml", "pylock.api.toml"),
    )
    tree(tmp_path, *code, *others)
    found = read(tmp_path)
    assert names(found) == sorted(code)
    left = {item.path for item in found.left_out}
    assert {"pyproject.toml", "requirements.txt", "cdk.out", ".env", "env", "main.tf"} <= left
    assert {item.reason for item in found.left_out} == {Reason.NOT_CODE}


def test_a_python_file_always_is_code(tmp_path: Path) -> None:
    files = [".hidden.py", "requirements.py", "lib/README.py", "venv.py"]
    tree(tmp_path, *files)
    assert names(read(tmp_path)) == sorted(files)


def test_what_is_no_code_at_the_top_may_be_data_below(tmp_path: Path) -> None:
    tree(tmp_path, "fn/app.py", "fn/data/template.yaml", "fn/data/main.tf")
    assert names(read(tmp_path, {"fn": ""})) == ["app.py", "data/main.tf", "data/template.yaml"]


def test_what_git_ignores_does_not_ship(tmp_path: Path) -> None:
    tree(tmp_path, "fn/app.py", "fn/secret.json", "fn/sub/build/x.py", "fn/sub/y.py")
    (tmp_path / ".gitignore").write_text("secret.json\n")
    (tmp_path / "fn/sub/.gitignore").write_text("build/\n")
    assert names(read(tmp_path, {"fn": ""})) == ["app.py", "sub/.gitignore", "sub/y.py"][::2]


def test_several_directories_and_their_places(tmp_path: Path) -> None:
    tree(tmp_path, "fn/app.py", "shared/common/util.py", "layers/x/y.py")
    found = read(tmp_path, {"fn": "", "shared": "", "layers": "python"})
    assert names(found) == ["app.py", "common/util.py", "python/x/y.py"]
    assert [source for source, _ in found.files] == [
        "fn/app.py",
        "shared/common/util.py",
        "layers/x/y.py",
    ]


def test_two_files_in_one_place(tmp_path: Path) -> None:
    tree(tmp_path, "a/app.py", "b/app.py")
    with pytest.raises(ContentsError, match=r"here.code: a/app.py and b/app.py would both be"):
        read(tmp_path, {"a": "", "b": ""})


def test_patterns_are_over_places(tmp_path: Path) -> None:
    tree(tmp_path, "fn/app.py", "fn/test_app.py", "fn/data/x.csv", "fn/data/y.csv")
    patterns = OwnFiles(include=("*.py", "data/"), exclude=("test_*", "data/y.csv", "nothing"))
    found = read(tmp_path, {"fn": ""}, patterns)
    assert names(found) == ["app.py", "data/x.csv"]
    assert found.idle == ("nothing",)
    left = {item.path: item.reason for item in found.left_out}
    assert left == {"test_app.py": Reason.PATTERN, "data/y.csv": Reason.PATTERN}


@pytest.mark.parametrize("code", [{"fn": ""}, {"none": ""}])
def test_nothing_to_ship(tmp_path: Path, code: dict[str, str]) -> None:
    tree(tmp_path, "fn/README.md")
    with pytest.raises(ContentsError, match=r"here\.code: (no file in fn|there is no directory)"):
        read(tmp_path, code)


def test_the_page_has_the_names_that_are_no_code() -> None:
    page = (Path(__file__).parents[2] / "docs/format.md").read_text(encoding="utf-8")
    section = page.partition("### Code directories\n")[2].partition("\n### ")[0]
    listed = set(re.findall(r"`([^`]*)`", section))
    assert {*_NEVER_CODE, *_NOT_CODE_AT_TOP} <= listed
    others = {"*.py", "*", ".", "pyvenv.cfg", "include", "exclude", "artifacts"}
    assert listed - others == {*_NEVER_CODE, *_NOT_CODE_AT_TOP}


def test_what_git_ignores_is_brought_back_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    tree(tmp_path, "fn/app.py", "fn/made/a.json", "fn/made/b.json", "fn/c.txt", "elsewhere/d.json")
    (tmp_path / ".gitignore").write_text("made/\n*.txt\nlink\n")
    (tmp_path / "fn/link").symlink_to("../elsewhere")
    assert names(read(tmp_path, {"fn": ""})) == ["app.py"]
    for patterns, more in (
        (("a.json",), ["made/a.json"]),
        (("/in/made/",), ["made/a.json", "made/b.json"]),
        (("c.*", "!in/c.txt"), []),
        (("link",), ["link/d.json"]),
        (("d.json",), []),
    ):
        found = read(tmp_path, {"fn": "in"}, OwnFiles(artifacts=patterns))
        assert names(found) == [f"in/{name}" for name in ("app.py", *more)]


def test_directories_that_have_code(tmp_path: Path) -> None:
    code = ("fn/b/app.py", "fn/a/deep/app.py", "fn/out/app.py", "other/app.py")
    tree(tmp_path, *code, "fn/file.py", "fn/__pycache__/a.py", "fn/none/README.md", "fn/.d/app.py")
    (tmp_path / "fn/empty").mkdir()
    around = Surroundings(tmp_path, Outputs.of(tmp_path, ["dist"]), tmp_path)
    assert directories_with_code(around, ("fn/*/", "!fn/out", "missing/*")) == ("fn/a", "fn/b")
    assert directories_with_code(around, ("!fn/a", "fn/*")) == ("fn/b", "fn/out")


def test_a_link_to_a_directory_is_a_file_to_git(tmp_path: Path) -> None:
    tree(tmp_path, "fn/app.py", "fn/real/a.json", "fn/c.json")
    (tmp_path / "fn/link").symlink_to("real")
    (tmp_path / ".gitignore").write_text("link/\nc.json/\n")
    assert names(read(tmp_path, {"fn": ""})) == ["app.py", "c.json", "link/a.json", "real/a.json"]


@pytest.mark.parametrize(
    "name",
    [
        *("__pycache__", ".venv", ".git", ".hg", ".hatch", ".tox", ".nox", ".ruff_cache"),
        *(".pytest_cache", ".mypy_cache", ".pixi", ".DS_Store"),
    ],
)
def test_what_tools_leave_behind(name: str) -> None:
    assert name in NOISE


def test_whose_files_an_idle_pattern_may_mean() -> None:
    others = [made("a", {"a/x.txt": ""}), made("b", {"b.py": ""})]
    message = "the pattern '*.txt' matches no file of app"
    assert idle_own_pattern("*.txt", "app", others[1:]) == message
    assert idle_own_pattern("*.txt", "app", others) == (
        f"{message}; it matches files of a, which `exclude-files` leaves out"
    )
