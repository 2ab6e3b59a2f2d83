"""What uv builds to check a lock leaves nothing to the builds that follow."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.commands import UV, clean_environment, run
from tests.support.loose import write

pytestmark = pytest.mark.slow

APP = """\
[project]
name = "app"
version = "1"
requires-python = ">=3.10"
dependencies = ["lib"]

[tool.uv.sources]
lib.path = "lib"

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
code = "src"
"""
# Its metadata takes a build, which generates a module by what it requires from a directory.
LIB = """\
[project]
name = "lib"
version = "1"
dynamic = ["dependencies"]

[build-system]
requires = ["setuptools", "zq-our-tools @ @TOOLS@"]
build-backend = "setuptools.build_meta"

[tool.setuptools]
packages = ["lib"]
dynamic.dependencies.file = ["requires.txt"]
"""
GENERATES = """\
import setuptools, zq_our_tools
open(f"lib/made_by_{zq_our_tools.NAME}.py", "w").close()
setuptools.setup()
"""
OLD_SETUPTOOLS = "setuptools<60"
TOOLS = """\
[build-system]
requires = ["@SETUPTOOLS@", "wheel"]
build-backend = "setuptools.build_meta"
"""
TOOLS_SETUP = """\
from setuptools import setup
setup(name="zq-our-tools", version="1", packages=["zq_our_tools"])
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    files = {
        ".gitignore": "build/\n*.egg-info/\nmade_by_*.py\n",
        "pyproject.toml": APP,
        "src/main.py": "",
        "lib/pyproject.toml": LIB.replace("@TOOLS@", (root / "tools").as_uri()),
        "lib/requires.txt": "",
        "lib/setup.py": GENERATES,
        "lib/lib/__init__.py": "",
        "tools/setup.py": TOOLS_SETUP,
        "tools/pyproject.toml": TOOLS.replace("@SETUPTOOLS@", "setuptools"),
        "tools/zq_our_tools/__init__.py": "NAME = 'a'\n",
    }
    write(root, files)
    run([UV, "lock", "-q"], cwd=root)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    return root


def clean(app: Path) -> None:
    subprocess.run(["git", "clean", "-fdxq"], cwd=app, check=True)


def command(app: Path) -> list[str]:
    return [sys.executable, "-m", "hatch_lambda_zip", "build", "-q", "-d", str(app.parent)]


def names(app: Path, **variables: str) -> list[str]:
    """Return what a zip has of the member."""
    run(command(app), cwd=app, env=clean_environment(**variables))
    with zipfile.ZipFile(app.parent / "app-1-lambda.zip") as archive:
        return [name for name in archive.namelist() if name.startswith("lib/")]


@pytest.mark.exhaustive
def test_a_project_is_built_by_what_its_build_requires_now(app: Path) -> None:
    clean(app)
    assert names(app) == ["lib/__init__.py", "lib/made_by_a.py"]
    (app / "tools/zq_our_tools/__init__.py").write_text("NAME = 'b'\n", encoding="utf-8")
    with (app / "lib/pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("# edited\n")
    clean(app)
    assert names(app) == ["lib/__init__.py", "lib/made_by_b.py"]


def wheel_of(app: Path, name: str) -> None:
    (app / "tools/zq_our_tools/__init__.py").write_text(f"NAME = '{name}'\n", encoding="utf-8")
    run([UV, "build", "-q", "--wheel", "--no-cache", "-o", app / "wheels"], cwd=app / "tools")


@pytest.mark.exhaustive
def test_so_it_is_by_a_wheel_that_was_made_again(app: Path) -> None:
    by_name = LIB.replace(" @ @TOOLS@", "")
    settings = '[tool.uv]\nfind-links = ["wheels"]\n'
    (app / "pyproject.toml").write_text(f"{APP}{settings}", encoding="utf-8")
    (app / "wheels").mkdir()
    for name in ("a", "bb"):
        wheel_of(app, name)
        (app / "lib/pyproject.toml").write_text(f"{by_name}# {name}\n", encoding="utf-8")
        if name == "a":
            run([UV, "lock", "-q"], cwd=app)
        for made in (app / "lib/lib").glob("made_by_*"):
            made.unlink()
        assert names(app) == ["lib/__init__.py", f"lib/made_by_{name}.py"]


@pytest.mark.exhaustive
def test_nothing_is_left_in_what_it_requires(app: Path) -> None:
    """As in a fresh clone; what an old setuptools leaves there would be refused."""
    text = TOOLS.replace("@SETUPTOOLS@", OLD_SETUPTOOLS)
    (app / "tools/pyproject.toml").write_text(text, encoding="utf-8")
    clean(app)
    assert "lib/made_by_a.py" in names(app, UV_CACHE_DIR=str(app.parent / "cache"))
    assert sorted(path.name for path in (app / "tools").iterdir()) == [
        *("pyproject.toml", "setup.py", "zq_our_tools")
    ]


def test_nothing_is_left_in_a_package_of_the_project_itself(app: Path) -> None:
    """What `egg_base` has setuptools write there would be in the next zip."""
    text = LIB.replace(', "zq-our-tools @ @TOOLS@"', "")
    data = '[tool.setuptools.package-data]\nlib = ["**/*"]\n'
    (app / "lib/setup.py").unlink()
    clean(app)
    write(app / "lib", {"pyproject.toml": f"{text}{data}"})
    write(app / "lib", {"setup.cfg": "[egg_info]\negg_base = lib\n"})
    for _ in range(2):
        # Without what uv keeps, as on another machine.
        assert names(app, UV_CACHE_DIR=str(app.parent / "cache")) == ["lib/__init__.py"]
        shutil.rmtree(app.parent / "cache")
    assert [path.name for path in (app / "lib/lib").iterdir()] == ["__init__.py"]


def test_temporary_files_are_refused_before_uv_has_any_there(app: Path) -> None:
    tools = (app / "tools").rename(app.parent / "tools")
    text = LIB.replace("@TOOLS@", tools.as_uri())
    (app / "lib/pyproject.toml").write_text(text, encoding="utf-8")
    directory = tools / "tmp"
    directory.mkdir()
    cache = str(app.parent / "cache")
    variables = clean_environment(TMPDIR=str(directory), UV_CACHE_DIR=cache)
    result = run(command(app), cwd=app, env=variables, check=False)
    assert result.returncode != 0
    assert (
        f"Temporary files would lie in {directory}, among the sources in {tools}" in result.stderr
    )
    assert not [*directory.iterdir()]
