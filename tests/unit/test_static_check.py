"""Whether a lock is up to date, told without uv: as uv itself tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker

from hatch_lambda_zip.lock import same_markers
from hatch_lambda_zip.lock.same_markers import holds_alike
from hatch_lambda_zip.lock.static_check import _is_from, find_doubt
from tests.support.commands import UV, clean_environment, run
from tests.support.index import find_index
from tests.support.loose import write
from tests.support.shared import made_once

ROOT = """\
[project]
name = "App_X"
version = "1"
requires-python = ">=3.10,<4"
dependencies = [
    "six>1,<9.0; python_version>='3.8' and (sys_platform=='linux' or sys_platform=='win32')",
    "lib[x]",
    "idna; python_version<'3.12'",
    "app-x[a]",
    "tools",
]

[project.optional-dependencies]
A_b = ["idna"]
a = ["idna; 'in' in platform_machine", "app-x[A_b]"]

[dependency-groups]
Dev_x = ["packaging>=20.0", {include-group = "g"}]
g = ["attrs==24.*"]
empty = []

[tool.uv]
constraint-dependencies = ["attrs<99; python_version>'3'"]
override-dependencies = ["idna>1"]
build-constraint-dependencies = ["setuptools<79"]

[tool.uv.workspace]
members = ["packages/*"]

[tool.uv.sources]
lib = {workspace = true}
Tools = {path = "tools"}
attrs = {index = "foo"}

[[tool.uv.index]]
name = "foo"
url = "INDEX"
explicit = true
"""
LIBRARY = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "lib"
version = "1.0"
requires-python = ">=3.10.2"

[project.optional-dependencies]
x = ["six"]
"""
LIBRARY_FILE = "packages/lib/pyproject.toml"


@pytest.fixture(scope="session")
def locked_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a lock of uv's. Not to be changed."""

    def make(directory: Path) -> None:
        # The index that there is, under a name.
        index = find_index(directory / "plain")
        for file, text in {
            "pyproject.toml": ROOT.replace("INDEX", index),
            LIBRARY_FILE: LIBRARY,
            "tools/pyproject.toml": LIBRARY.replace('"lib"', '"tools"'),
        }.items():
            (directory / file).parent.mkdir(parents=True, exist_ok=True)
            (directory / file).write_text(text, encoding="utf-8")
        run([UV, "lock", "-q"], cwd=directory)

    return made_once(tmp_path_factory, "static-check", make)


@pytest.fixture
def workspace(locked_workspace: Path, tmp_path: Path) -> Path:
    """The workspace, to change."""
    for path in (*locked_workspace.rglob("pyproject.toml"), locked_workspace / "uv.lock"):
        copy = tmp_path / path.relative_to(locked_workspace)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    return tmp_path


def test_a_lock_that_is_up_to_date(workspace: Path) -> None:
    assert find_doubt(workspace / "uv.lock", {}) is None


@pytest.mark.parametrize(
    ("group", "doubt"),
    [("", None), ('[dependency-groups]\na = ["idna"]\n', "groups without a project can't be")],
)
def test_a_workspace_whose_root_is_no_project(
    tmp_path: Path, group: str, doubt: str | None
) -> None:
    (tmp_path / "lib").mkdir()
    root = f'{group}[tool.uv.workspace]\nmembers = ["lib"]\n'
    (tmp_path / "pyproject.toml").write_text(root, encoding="utf-8")
    (tmp_path / "lib/pyproject.toml").write_text(LIBRARY, encoding="utf-8")
    run([UV, "lock", "-q"], cwd=tmp_path)
    found = find_doubt(tmp_path / "uv.lock", {})
    assert found is None if doubt is None else doubt in (found or "")


CHANGES = {
    "a version": ("pyproject.toml", "six>1,<9.0", "six>1,<9.1"),
    "a marker": ("pyproject.toml", "python_version<'3.12'", "python_version<'3.13'"),
    "a platform": ("pyproject.toml", "'win32'", "'darwin'"),
    "an extra of a dependency": ("pyproject.toml", "lib[x]", "lib"),
    "one dependency more": ("pyproject.toml", '"lib[x]",', '"lib[x]", "attrs",'),
    "one dependency less": ("pyproject.toml", "\"idna; python_version<'3.12'\",", ""),
    "an extra": ("pyproject.toml", 'A_b = ["idna"]', 'A_b = ["idna"]\nnew = []'),
    "a requirement of an extra": ("pyproject.toml", 'A_b = ["idna"]', "A_b = []"),
    "a group": ("pyproject.toml", "packaging>=20.0", "packaging>=21"),
    "an included group": ("pyproject.toml", "attrs==24.*", "attrs==23.*"),
    "a constraint": ("pyproject.toml", "attrs<99", "attrs<98"),
    "an override": ("pyproject.toml", "idna>1", "idna>2"),
    "a constraint of builds": ("pyproject.toml", "setuptools<79", "setuptools<78"),
    "an exclusion": (
        "pyproject.toml",
        "[tool.uv]\n",
        '[tool.uv]\nexclude-dependencies = ["six"]\n',
    ),
    "an index": ("pyproject.toml", 'url = "https://', 'url = "https://other.'),
    "the place of a source": ("pyproject.toml", 'path = "tools"', 'path = "packages/lib"'),
    "no source": ("pyproject.toml", "lib = {workspace = true}\n", ""),
    "the requires-python": ("pyproject.toml", ">=3.10,<4", ">=3.11,<4"),
    "the members": ("pyproject.toml", '["packages/*"]', "[]"),
    "the name": ("pyproject.toml", "App_X", "App_Y"),
    "the own version": ("pyproject.toml", 'version = "1"', 'version = "2"'),
    "a member's extra": (LIBRARY_FILE, 'x = ["six"]', 'x = ["six>1"]'),
    "a member's dependencies": (
        LIBRARY_FILE,
        "[project]\n",
        '[project]\ndependencies = ["idna"]\n',
    ),
    "a member's requires-python": (LIBRARY_FILE, ">=3.10.2", ">=3.10.3"),
    "a member as no package": (
        LIBRARY_FILE,
        "[project]\n",
        "[tool.uv]\npackage = false\n[project]\n",
    ),
    "a build system": (
        "pyproject.toml",
        "[project]\n",
        '[build-system]\nrequires = ["hatchling"]\n\n[project]\n',
    ),
    "a path dependency's": ("tools/pyproject.toml", 'x = ["six"]', "x = []"),
}


@pytest.mark.parametrize(("file", "old", "new"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_makes_it_doubtful_as_it_does_for_uv(
    workspace: Path, file: str, old: str, new: str
) -> None:
    path = workspace / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert find_doubt(workspace / "uv.lock", {})
    command = [UV, "lock", "--check", "--offline"]
    assert run(command, cwd=workspace, env=clean_environment(), check=False).returncode != 0


def test_another_spelling_changes_nothing(workspace: Path) -> None:
    path = workspace / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in {
        "six>1,<9.0": "SIX <9, >1.0",
        "python_version<'3.12'": "python_full_version < '3.12.0'",
        "App_X": "app.x",
        "A_b": "a-b",
    }.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    assert find_doubt(workspace / "uv.lock", {}) is None


def test_a_variable_makes_it_doubtful(workspace: Path) -> None:
    doubt = find_doubt(workspace / "uv.lock", {"UV_PRERELEASE": "allow"})
    assert doubt == "prerelease can't be compared without uv"


def test_a_new_member_makes_it_doubtful(workspace: Path) -> None:
    file = workspace / "packages/new/pyproject.toml"
    file.parent.mkdir()
    file.write_text('[project]\nname = "new"\nversion = "1"\n', encoding="utf-8")
    assert "packages/new, which is a member" in (find_doubt(workspace / "uv.lock", {}) or "")


UNCLEAR = {
    "does not state what the project requires": (
        LIBRARY_FILE,
        "[project]\n",
        '[project]\ndynamic = ["dependencies"]\n',
    ),
    "tools from git can't be compared": (
        "pyproject.toml",
        '"tools",',
        '"tools @ git+https://example.invalid/tools",',
    ),
    "the source of lib can't be compared": (
        "pyproject.toml",
        "lib = {workspace = true}",
        'lib = {git = "https://example.invalid/lib"}',
    ),
    "resolution can't be compared": (
        "pyproject.toml",
        "[tool.uv]\n",
        '[tool.uv]\nresolution = "lowest"\n',
    ),
    "dependency-groups can't be compared": (
        "pyproject.toml",
        "[tool.uv]\n",
        '[tool.uv]\ndependency-groups = {test = {requires-python = ">=3.11"}}\n',
    ),
    "something can't be read: ": ("pyproject.toml", "six>1", "six=>1"),
    "something can't be read: 'list' object": (
        LIBRARY_FILE,
        "[project.optional-dependencies]\nx =",
        "optional-dependencies = []\n[tool.other]\nx =",
    ),
}


@pytest.mark.parametrize(("doubt", "change"), UNCLEAR.items(), ids=UNCLEAR.keys())
def test_what_can_not_be_compared_is_doubtful(
    workspace: Path, doubt: str, change: tuple[str, str, str]
) -> None:
    file, old, new = change
    path = workspace / file
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    assert doubt in (find_doubt(workspace / "uv.lock", {}) or "")


@pytest.mark.parametrize(
    "key",
    [
        *("conflicts", "dependency-groups", "dependency-metadata", "environments"),
        *("exclude-newer-package", "required-environments"),
    ],
)
def test_a_setting_that_only_uv_compares(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"pyproject.toml": f"[tool.uv]\n{key} = [1]\n", "uv.lock": "version = 1\n"})
    doubt = find_doubt(tmp_path / "uv.lock", {})
    assert doubt == f"[tool.uv] {key} can't be compared without uv"


@pytest.mark.parametrize("key", ["conflicts", "supported-markers", "required-markers"])
def test_what_only_uv_compares_of_its_lock(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"pyproject.toml": "", "uv.lock": f"version = 1\n{key} = [1]\n"})
    assert find_doubt(tmp_path / "uv.lock", {}) == f"{key} in uv.lock can't be compared without uv"


def test_settings_in_a_file_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "", "uv.lock": "version = 1\n", "uv.toml": ""})
    assert find_doubt(tmp_path / "uv.lock", {}) == "uv.toml can't be compared without uv"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("python_version > '3'", "python_full_version >= '3.1'", True),
        ("python_version > '3.10'", "python_full_version >= '3.11'", True),
        ("python_version > '3.10'", "python_full_version > '3.10'", False),
        (
            "python_version in '3.9 3.10'",
            "python_version == '3.9' or python_version == '3.10'",
            True,
        ),
        ("sys_platform != 'win32'", "'win32' != sys_platform", True),
        ("sys_platform != 'win32'", "sys_platform == 'linux'", False),
        ("extra == 'a'", None, False),
        ("python_version >= '2'", None, True),
    ],
)
def test_markers_that_hold_in_the_same_environments(
    one: str, other: str | None, *, expected: bool
) -> None:
    assert holds_alike(Marker(one), Marker(other) if other else None) is expected


def test_markers_with_too_many_environments_are_taken_for_different() -> None:
    names = ("sys_platform", "os_name", "platform_machine", "platform_system")
    parts = [f"{name} == '{value}'" for name in names for value in range(20)]
    one = Marker(" or ".join(parts))
    assert not holds_alike(one, Marker(" or ".join(reversed(parts))))


def test_as_many_environments_as_there_may_be_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Marker('sys_platform == "linux"'), Marker('"linux" == sys_platform')
    monkeypatch.setattr(same_markers, "_MOST", 2)
    assert holds_alike(one, other)
    monkeypatch.setattr(same_markers, "_MOST", 1)
    assert not holds_alike(one, other)


def test_releases_beside_what_is_no_version() -> None:
    expected = {"3.41.0", "3.42.0", "3.42.1", "3.42.2", "3.43.9", "5.0.9", "5.1.0"}
    assert expected <= {*same_markers.python_releases(iter(["x", "3.42.1", "5.0"]))}


@pytest.mark.parametrize("end", ["X", "X/", "X//"])
def test_a_slash_at_the_end_of_an_index_is_no_other_one(end: str) -> None:
    source, entry = ("index", "https://example.invalid/X"), "https://example.invalid/"
    assert _is_from(source, {"index": f"{entry}{end}"}, Path())
    assert not _is_from(source, {"index": entry}, Path())
