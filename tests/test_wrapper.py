"""Zips beside the wheels of other back ends than hatchling, by ``hatch_lambda_zip.backend``."""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import UV, clean_environment, run

TABLE = """
[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
handler = "{module}.handler"
"""
INNER = 'inner-backend = "{backend}"\n'
PROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"

[project]
name = "{name}"
version = "1.0"
description = "A function"
requires-python = ">=3.10"
dependencies = ["six"]
"""
BACK_ENDS = {
    "uv_build": "uv_build",
    "setuptools": "setuptools.build_meta",
    "poetry-core": "poetry.core.masonry.api",
    "flit-core": "flit_core.buildapi",
}


@pytest.fixture
def environment(plugin_wheel: Path) -> dict[str, str]:
    links = str(plugin_wheel.parent)
    return clean_environment(UV_FIND_LINKS=links, PIP_FIND_LINKS=links)


def write(directory: Path, requirement: str, *, is_wrapped: bool = True) -> None:
    """Write a project for a back end, with a function."""
    backend = BACK_ENDS[requirement]
    module = directory.name.replace("-", "_")
    requires, declared = f'["{requirement}"]', backend
    table = TABLE.format(module=module)
    if is_wrapped:
        requires = f'["{requirement}", "hatch-lambda-zip"]'
        declared = "hatch_lambda_zip.backend"
        table += INNER.format(backend=backend)
    package = directory / "src" / module
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    text = PROJECT.format(requires=requires, backend=declared, name=directory.name) + table
    (directory / "pyproject.toml").write_text(text, encoding="utf-8")


def outputs(directory: Path, pattern: str = "*-*") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob(pattern)}


def of_sdist(content: bytes) -> dict[str, bytes]:
    """Return an sdist's files, where the back end writes the time of the build into it."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: file.read() for name, file in files.items() if file}


def build_by_command(project: Path, environment: Mapping[str, str]) -> dict[str, bytes]:
    """Return what ``hatch-lambda-zip build`` makes."""
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", "-q", "-d", "by-command"]
    run(command, cwd=project, env=environment)
    made = outputs(project / "by-command")
    shutil.rmtree(project / "by-command")
    return made


def ask_directly(
    requirement: str, project: Path, directory: Path, environment: Mapping[str, str]
) -> None:
    """Have the inner back end itself make wheel and sdist, for the same pyproject.toml."""
    directory.mkdir(exist_ok=True)
    copy = project.with_name("copy") / project.name  # some leave files in the sources
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns("dist", "build", "*.egg-info"))
    module = BACK_ENDS[requirement]
    # setuptools changes sys.argv.
    code = "import sys, {0}; to = sys.argv[1]; {0}.build_wheel(to); {0}.build_sdist(to)"
    command = [UV, "run", "-q", "--isolated", "--no-project", "--with", requirement, "python", "-c"]
    run([*command, code.format(module), directory], cwd=copy, env=environment)


def test_uv_build(tmp_path: Path, environment: dict[str, str]) -> None:
    project = tmp_path / "orders"
    write(project, "uv_build")
    run([UV, "lock", "-q"], cwd=project, env=environment)
    # An installer's build: no zip, wherever it may write.
    run([UV, "sync", "-q", "--no-editable"], cwd=project, env=environment)
    assert not (project / "dist").exists()
    result = run([UV, "build"], cwd=project, env=environment)
    said = result.stdout + result.stderr
    assert "orders:lambda: made already, from the source tree" in said
    assert said.count("orders: building its wheel in an environment of its own") == 1
    made = outputs(project / "dist")
    zip_name, manifest_name = "orders-1.0-lambda.zip", "orders-1.0-lambda.json"
    wheel, sdist = "orders-1.0-py3-none-any.whl", "orders-1.0.tar.gz"
    assert {*made} == {zip_name, manifest_name, wheel, sdist}
    assert build_by_command(project, environment) == {
        name: made[name] for name in (zip_name, manifest_name)
    }
    ask_directly("uv_build", project, project / "inner", environment)
    assert outputs(project / "inner") == {name: made[name] for name in (wheel, sdist)}


SDIST = "orders-1.0.tar.gz"
PLACES = {
    "build": "[build]\nbuild_base = src/orders/data/bb\n",
    "list of files": "[egg_info]\negg_base = src/orders/data\n",
    "kept": "[bdist_wheel]\nbdist_dir = src/orders/data/bd\nkeep_temp = 1\n",
    "record": "[install]\nrecord = src/orders/data/r.txt\n",
}
PLACE_IN_EVERY_RUN: Final = ("setup.cfg", "record")
LISTS_AMONG_DATA = {
    "tool.distutils": '[tool.distutils.egg_info]\negg_base = "src/orders/data"\n',
    "an alias": "[aliases]\negg_info = egg_info --egg-base src/orders/data\n",
    "an alias in short": "[aliases]\negg_info = egg_info -esrc/orders/data\n",
    "tool.distutils.aliases": (
        '[tool.distutils.aliases]\negg_info = "egg_info --egg-base=src/orders/data"\n'
    ),
}


def write_with_data(project: Path, environment: Mapping[str, str]) -> None:
    """Write a project of setuptools' that ships whatever lies in a directory."""
    write(project, "setuptools")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write('[tool.setuptools.package-data]\norders = ["data/**/*"]\n')
    (project / "src/orders/data").mkdir()
    (project / "src/orders/data/a.txt").touch()
    run([UV, "lock", "-q"], cwd=project, env=environment)
    for left in project.glob("src/*.egg-info"):
        shutil.rmtree(left)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        pytest.param(*case, marks=[] if case == PLACE_IN_EVERY_RUN else [pytest.mark.exhaustive])
        for case in product(("setup.cfg", "../extra.cfg"), PLACES)
    ],
)
def test_setuptools_works_in_no_sources_where_it_is_told_to(
    tmp_path: Path, environment: dict[str, str], file: str, kind: str
) -> None:
    text = PLACES[kind]
    project = tmp_path / "orders"
    write_with_data(project, environment)
    wanted = build_by_command(project, environment)
    (project / file).write_text(text, encoding="utf-8")
    if file != "setup.cfg":
        environment = {**environment, "DIST_EXTRA_CONFIG": str(project / file)}
    run([UV, "build", "-q", "--wheel"], cwd=project, env=environment)
    made = outputs(project / "dist")
    assert {name: made[name] for name in wanted} == wanted
    assert [path.name for path in (project / "src/orders/data").iterdir()] == ["a.txt"]
    if "base" in text and file == "setup.cfg":
        # Wheel and sdist stay setuptools' own, with the list of files in the latter.
        run([UV, "build", "-q"], cwd=project, env=environment)
        both = outputs(project / "dist")
        assert {name: both[name] for name in wanted} == wanted
        assert any(name.endswith(".egg-info/SOURCES.txt") for name in of_sdist(both[SDIST]))
        ask_directly("setuptools", project, project / "inner", environment)
        own = outputs(project / "inner")
        assert of_sdist(own[SDIST]).keys() == of_sdist(both[SDIST]).keys()


@pytest.mark.parametrize(
    "kind",
    [
        *("tool.distutils", "an alias"),
        *(pytest.param(kind, marks=pytest.mark.exhaustive) for kind in (*LISTS_AMONG_DATA,)[2:]),
    ],
)
def test_a_refused_place_has_nothing_left_in_it(
    tmp_path: Path, environment: dict[str, str], kind: str
) -> None:
    """Once it is gone from the configuration, nobody looks there."""
    project = tmp_path / "orders"
    write_with_data(project, environment)
    file = project / ("pyproject.toml" if kind.startswith("tool") else "setup.cfg")
    with file.open("a", encoding="utf-8") as configuration:
        configuration.write(LISTS_AMONG_DATA[kind])
    result = run([UV, "build", "--wheel"], cwd=project, env=environment, check=False)
    assert result.returncode != 0
    assert f"in {file}: setuptools would" in result.stderr
    assert [path.name for path in (project / "src/orders/data").iterdir()] == ["a.txt"]


def test_a_configuration_of_setuptools_that_is_none(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    project = tmp_path / "orders"
    write(project, "setuptools")
    path = tmp_path / "extra.cfg"
    path.write_text("password = hunter2-canary\n", encoding="utf-8")
    given = {**environment, "DIST_EXTRA_CONFIG": str(path)}
    result = run([UV, "build", "--wheel"], cwd=project, env=given, check=False)
    assert result.returncode != 0
    said = result.stdout + result.stderr
    assert f"DIST_EXTRA_CONFIG={path}: it can't be read as a configuration of setuptools" in said
    assert "Traceback" not in said
    assert "canary" not in said


@pytest.mark.exhaustive
@pytest.mark.parametrize("front_end", ["uv build", "uv build --wheel", "build", "build --wheel"])
def test_back_ends_of_a_workspace(
    tmp_path: Path, environment: dict[str, str], front_end: str
) -> None:
    environment["SOURCE_DATE_EPOCH"] = "1700000000"
    names = {requirement: f"of-{requirement.replace('_', '-')}" for requirement in BACK_ENDS}
    for requirement, name in names.items():
        write(tmp_path / name, requirement)
    members = [*names.values()]
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv.workspace]\nmembers = {members}\n")
    run([UV, "lock", "-q"], cwd=tmp_path, env=environment)
    if front_end.startswith("uv"):
        run([*front_end.split(), "--all-packages"], cwd=tmp_path, env=environment)
    else:
        for name in members:
            words = [*front_end.split(), "-o", str(tmp_path / "dist"), name]
            run([sys.executable, "-m", *words], cwd=tmp_path, env=environment)
    made = outputs(tmp_path / "dist")
    inner = tmp_path / "inner"
    for requirement, name in names.items():
        zips = {f"{name.replace('-', '_')}-1.0-lambda{suffix}" for suffix in (".zip", ".json")}
        by_command = build_by_command(tmp_path / name, environment)
        assert by_command == {file: made[file] for file in zips}, name
        ask_directly(requirement, tmp_path / name, inner, environment)
    expected = outputs(inner)
    if front_end.endswith("--wheel"):
        expected = {file: data for file, data in expected.items() if file.endswith(".whl")}
    for file, content in expected.items():
        if file == "of_setuptools-1.0.tar.gz":
            assert of_sdist(made[file]) == of_sdist(content)
        else:
            assert made[file] == content, file
    assert len(made) == len(expected) + 2 * len(names)


@pytest.mark.exhaustive
@pytest.mark.parametrize("requirement", BACK_ENDS)
@pytest.mark.parametrize(
    "command",
    [
        "uv sync -q",
        "uv sync -q --no-editable",
        "uv pip install -q --target t --no-deps .",
        "pip install -q --target t --no-deps .",
        "pip install -q --no-deps -e .",
        "pip wheel -q -w w --no-deps .",
    ],
)
def test_commands_that_must_not_make_zips(
    tmp_path: Path, environment: dict[str, str], requirement: str, command: str
) -> None:
    project = tmp_path / "orders"
    write(project, requirement)
    words = command.split()
    if words[0] == "pip":
        run([UV, "venv", "-q", "--seed", "--python", sys.executable, tmp_path / "v"], cwd=tmp_path)
        words = [str(tmp_path / "v/bin/python"), "-m", *words]
    result = run(words, cwd=project, env=environment)
    assert "lambda" not in result.stdout + result.stderr
    found = [path for path in project.rglob("*lambda*.zip") if ".venv" not in path.parts]
    assert not found
