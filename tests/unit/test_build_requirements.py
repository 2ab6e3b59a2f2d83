"""What a project requires by path is found in whatever form it is stated; too much does no harm."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import read_tables
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install import build_requirements
from hatch_lambda_zip.install.build_requirements import (
    check_added,
    required_by_path,
    surely_required,
)


def write(place: Path, text: str, name: str = "pyproject.toml") -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text, encoding="utf-8")


def sources(**paths: str) -> str:
    lines = [f"{name} = {{ path = '{path}' }}\n" for name, path in paths.items()]
    return "[tool.uv.sources]\n" + "".join(lines)


def required(root: Path, **environ: str) -> set[str]:
    """Return the names, less those of the user's settings."""
    return {*required_by_path(root, {"XDG_CONFIG_HOME": "/nowhere", **environ}).built}


def test_what_is_required_by_path(tmp_path: Path) -> None:
    app = tmp_path / "ws/app"
    assert not required(app)
    write(tmp_path / "ws", "[tool.uv.workspace]\n" + sources(of_all="x"))
    write(tmp_path, sources(other="x"))
    write(
        app,
        f"[build-system]\nrequires = ['direct @ {(tmp_path / 'b').as_uri()}',"
        " 'far @ https://a.invalid/a.whl', 'made @ file:///a/made-1-py3-none-any.whl',"
        " 'B', 'of-all', 'other', 'c', 'e', 'f', 'h']\n"
        "[project]\ndependencies = ['running', 'x @ file:///x']\n"
        "[tool.uv]\nextra-build-dependencies = { x = ['d', { requirement = 'g' }] }\n"
        + sources(running="r", d="d", g="g", h="h-1-py3-none-any.whl")
        + "B = [{ path = '../../b', marker = 'x' }, { index = 'y' }]\n"
        "c = { git = 'x' }\ne = 3\nf = { path = 3 }\n",
    )
    needed = "[build-system]\nrequires = ['deeper']\n[project]\ndependencies = ['b', 'run']\n"
    write(tmp_path / "b", needed + sources(deeper="x", run="y", back="../ws/app"))
    for place in ("x", "ws/x", "ws/app/r", "ws/app/d", "ws/app/g", "b/x", "b/y"):
        (tmp_path / place).mkdir(exist_ok=True)
    assert required(app) == {*("b", "back", "d", "deeper", "direct", "g", "of-all", "run")}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool.poetry.dependencies]\ndeep = [{ path = '../deep' }]\n"),
        ("pyproject.toml", "[project]\ndependencies = ['deep[a, b] @ {root:parent:uri}/deep']\n"),
        ("pyproject.toml", "[project]\ndependencies = ['deep @ {root:uri}/../deep']\n"),
        (
            "pyproject.toml",
            "[project]\ndependencies = ['deep @ file:///${PROJECT_ROOT}/../deep']\n",
        ),
        ("pyproject.toml", "[project]\ndependencies = ['deep@${BASE}/deep']\n"),
        ("pyproject.toml", "[project]\ndependencies = ['deep @ file://localhost@BASE@/d%65ep']\n"),
        ("setup.cfg", "[options]\ninstall_requires =\n    deep @ file://@BASE@/deep\n"),
        ("setup.py", "setup(install_requires=[f'deep @ file://{here}/../deep'])\n"),
        ("requirements/all.txt", "deep @ file://@BASE@/deep ; python_version > '3'\n"),
    ],
)
def test_what_a_directory_requires_in_turn(tmp_path: Path, file: str, text: str) -> None:
    write(tmp_path / "app", "[build-system]\nrequires = ['helper']\n" + sources(helper="../helper"))
    path = tmp_path / "helper" / file
    write(path.parent, text.replace("@BASE@", str(tmp_path)), path.name)
    write(tmp_path / "deep", sources(deepest="../deepest"))
    (tmp_path / "deepest").mkdir()
    found = required(tmp_path / "app", BASE=str(tmp_path))
    assert found == {"helper", "deep", "deepest"}


@pytest.mark.parametrize(
    "text",
    ["setup(setup_requires=['h @ file://' + here])", "setup(setup_requires=['h @ %s' % it])"],
)
def test_what_setup_py_puts_together(tmp_path: Path, text: str) -> None:
    write(tmp_path, sources(other="."))
    write(tmp_path, text, "setup.py")
    assert required_by_path(tmp_path, {}).built == {"h": set()}
    write(tmp_path, text.replace("setup_requires", "install_requires"), "setup.py")
    assert not required(tmp_path)


def test_names_are_those_that_uv_takes(tmp_path: Path) -> None:
    write(tmp_path, "# setup_requires: für @ /x, näh @ /y, _a_ @ /z, Ok.1 @ /n", "setup.py")
    assert required(tmp_path) <= {"r", "h", "a", "ok-1"}


def test_hatchling_may_require_what_runs(tmp_path: Path) -> None:
    text = "[project]\ndependencies = ['lib']\n" + sources(lib="lib")
    (tmp_path / "lib").mkdir()
    write(tmp_path, text)
    assert not required(tmp_path)
    write(tmp_path, text + "[tool.hatch.build.hooks.x]\nrequire-runtime-dependencies = true\n")
    assert required(tmp_path) == {"lib"}


@pytest.mark.parametrize(
    "where", ["file://[", "/" + "x" * 5000, "file:///a\\u0000", "${", "%s", "{a:b:parent:uri}"]
)
def test_what_can_be_no_path(tmp_path: Path, where: str) -> None:
    text = f'[build-system]\nrequires = ["h @ {where}"]\n'
    write(tmp_path, f"{text}[tool.uv.workspace]\nmembers = ['', '/x']\n[tool.uv.sources]\n")
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("h.workspace = true\n")
    assert required(tmp_path) == {"h"}


@pytest.mark.parametrize("unit", ["a", "a-", "a[", "a @ ", "a @ {"])
def test_long_lines_take_no_long_time(tmp_path: Path, unit: str) -> None:
    write(tmp_path, f"# setup_requires\n{unit * 200_000}\n", "setup.py")
    start = time.process_time()
    required(tmp_path)
    assert time.process_time() - start < 20  # seconds


def test_what_is_surely_required(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d", "e", "f"):
        (tmp_path / name).mkdir()
    of_all = sources(a="../a", b="../b", c="../c", d="../d", e="../e", f="../f")
    write(tmp_path / "app", "[build-system]\nrequires = ['a']\n" + of_all)
    write(tmp_path / "app", "[options]\nsetup_requires =\n  b\ninstall_requires = c\n", "setup.cfg")
    write(tmp_path / "app", "setup(setup_requires=['d'], install_requires=['c'])\n", "setup.py")
    dev = "[project]\ndependencies = ['e']\n[dependency-groups]\ndev = ['f']\n"
    write(tmp_path / "a", dev + of_all)
    assert surely_required(tmp_path / "app", {}) == ["a", "b", "d", "e"]
    assert required(tmp_path / "app") == {*"abcdef"}


@pytest.mark.parametrize(
    ("added", "found"),
    [
        ("Foo_a = ['helper @ file://@ROOT@/helper']", "helper"),
        ("foo-a = [{ requirement = 'Helper', match-runtime = false }]", "helper"),
        ("foo-a = ['other>=1', 'elsewhere']", "elsewhere"),
        ("foo-a = ['helper @ file://@ROOT@/helper/helper-1.whl', 'setuptools']", ""),
        ("bar = ['helper']", ""),
    ],
)
def test_what_locked_sources_are_built_with_is_from_an_index(
    tmp_path: Path, added: str, found: str
) -> None:
    (tmp_path / "helper").mkdir()
    text = sources(helper="../helper", elsewhere="../nowhere")
    text += f"[tool.uv.extra-build-dependencies]\n{added}\n".replace("@ROOT@", str(tmp_path))
    write(tmp_path / "app", text)
    names = {canonicalize_name("foo.a")}
    if not found:
        check_added(names, tmp_path / "app", {})
        return
    with pytest.raises(DistributionError, match=f"has it require {found} from elsewhere") as caught:
        check_added(names, tmp_path / "app", {})
    assert f"(`{found} @ file:///" in str(caught.value)


def test_each_member_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"m{number}" for number in range(9)]
    of_all = "".join(f"{name} = {{ workspace = true }}\n" for name in names)
    write(tmp_path, f"[tool.uv.workspace]\nmembers = ['*']\n[tool.uv.sources]\n{of_all}")
    for name in names:
        needed = f"[build-system]\nrequires = {names}\n[project]\nname = '{name}'\n"
        write(tmp_path / name, f"{needed}dependencies = {names}\n[tool.uv.sources]\n{of_all}")
    reads = Counter[str]()

    def read(path: Path) -> Mapping[str, object]:
        reads[path.parent.name] += path.name == "pyproject.toml"
        return read_tables(path)

    monkeypatch.setattr(build_requirements, "read_tables", read)
    found = required_by_path(tmp_path / "m0", {})
    assert not found.built
    assert set(found.edited) == {*names}
    assert {reads[name] for name in names[1:]} == {1}


def test_what_nobody_wrote_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, "[build-system]\nrequires = ['a @ file:///${PROJECT_ROOT}/a']\n")
    (tmp_path / "b").mkdir()
    for size, found in ((1 << 20, {"a", "b"}), ((1 << 20) + 1, {"a"})):
        write(tmp_path / "a", f"b @ {(tmp_path / 'b').as_uri()}\n".ljust(size), "requires.txt")
        assert required(tmp_path) == found
