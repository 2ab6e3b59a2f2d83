"""The project's own wheel is the one that its declared back end makes."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.commands import run
from tests.support.projects import Build, Project

TABLE = '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.13"\n'
POETRY = """\
[tool.poetry]
name = "Demo.App"
version = "3.1"
description = ""
authors = []
packages = [{include = "demo_app", from = "src"}]

[tool.poetry.dependencies]
python = ">=3.10"
"""
PROJECT = """\
[project]
name = "Demo.App"
version = "3.1"
requires-python = ">=3.10"
"""
HANDLER = "def handler(event, context): ...\n"
SETUP = """\
from setuptools import setup
from setuptools.command.build_py import build_py

class Generate(build_py):
    def run(self):
        super().run()
        with open(self.build_lib + "/demo_app/generated.py", "w") as file:
            file.write("def handler(event, context): ...")

setup(cmdclass={"build_py": Generate})
"""


C_MODULE = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast"};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.15)
project(demo LANGUAGES C)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
python_add_library(fast MODULE fast.c WITH_SOABI)
install(TARGETS fast DESTINATION demo_app)
"""
CARGO = """\
[package]
name = "demo_app"
version = "3.1.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
path = "fast.rs"
"""

needs_a_compiler = pytest.mark.skipif(
    shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) is None,
    reason="there is no C compiler",
)


def project_of(
    directory: Path, requires: str, backend: str, text: str, files: dict[str, str] | None = None
) -> Project:
    for path, content in {"src/demo_app/__init__.py": "", **(files or {})}.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(content, encoding="utf-8")
    head = f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n\n'
    (directory / "pyproject.toml").write_text(f"{head}{text}\n{TABLE}", encoding="utf-8")
    return Project(directory.parent, directory.name)


def by_setuptools(
    directory: Path, files: dict[str, str], text: str = PROJECT, requires: str = "setuptools"
) -> Project:
    """Return a project with a handler that setuptools builds, locked."""
    back_end = "setuptools.build_meta"
    files = {"src/demo_app/f.py": HANDLER, **files}
    project = project_of(directory, requires, back_end, text, files)
    project.configure(handler="demo_app.f.handler")
    project.lock()
    return project


def test_setuptools_with_a_setup_py_and_a_dynamic_version(tmp_path: Path) -> None:
    dynamic = (
        '[project]\nname = "Demo.App"\nrequires-python = ">=3.10"\n'
        'dynamic = ["version", "dependencies", "optional-dependencies"]\n'
        '[tool.setuptools.dynamic]\nversion = {attr = "demo_app.VERSION"}\n'
        'dependencies = {file = "requires.txt"}\noptional-dependencies.x = {file = "x.txt"}\n'
    )
    project = project_of(
        tmp_path / "demo",
        "setuptools",
        "setuptools.build_meta",
        dynamic,
        {
            "setup.py": SETUP,
            "src/demo_app/__init__.py": 'VERSION = "3.1"\n',
            "requires.txt": "six; python_version >= '3.10'\n",
            "x.txt": "idna\n",
            # What an earlier build left.
            "build/lib/demo_app/stale.py": "",
        },
    )
    project.configure(handler="demo_app.generated.handler")
    project.lock()
    build = project.build()
    assert build.artifact.name == "demo_app-3.1-lambda.zip"
    assert [name for name in build.names if name.startswith("demo_app/")] == [
        "demo_app/__init__.py",
        "demo_app/generated.py",
    ]
    assert "six.py" in build.names
    assert build.manifest["project"] == {"name": "demo-app", "version": "3.1"}
    assert build.manifest["requirements"] == ['six; python_version >= "3.10"']
    assert sorted(path.name for path in (project.path / "build").rglob("*.py")) == ["stale.py"]


IN_SETUP_PY = "from setuptools import setup\nsetup(options={'build_py': {'build_lib': 'out'}})\n"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("setup.cfg", "[build]\nbuild_base = out\n", marks=pytest.mark.exhaustive),
        ("setup.cfg", "[build]\nbuild_lib = out\n"),
        pytest.param("setup.cfg", "[build]\nbuild_purelib = out\n", marks=pytest.mark.exhaustive),
        ("setup.py", IN_SETUP_PY),
    ],
    ids=["base", "lib", "purelib", "setup.py"],
)
def test_setuptools_ships_nothing_of_an_earlier_build(tmp_path: Path, file: str, text: str) -> None:
    project = project_of(
        tmp_path / "demo",
        "setuptools",
        "setuptools.build_meta",
        PROJECT,
        {
            file: text,
            "src/demo_app/app.py": HANDLER,
            "src/demo_app/gone.py": "",
        },
    )
    project.lock()
    assert "demo_app/gone.py" in project.build().names
    (project.path / "src/demo_app/gone.py").unlink()
    assert "demo_app/gone.py" not in project.build().names
    assert not (project.path / "out").exists()


@pytest.mark.exhaustive
def test_a_back_end_in_the_tree_may_import_setuptools_at_second_hand(tmp_path: Path) -> None:
    files = {
        "src/demo_app/app.py": HANDLER,
        "src/demo_app/gone.py": "",
        "_build/back_end.py": "from _inner import *\n",
        "_build/_inner.py": "from setuptools.build_meta import *\n",
    }
    back_end = 'back_end"\nbackend-path = ["_build"] # '
    project = project_of(tmp_path / "demo", "setuptools", back_end, PROJECT, files)
    project.lock()
    assert "demo_app/gone.py" in project.build().names
    (project.path / "src/demo_app/gone.py").unlink()
    assert "demo_app/gone.py" not in project.build().names
    assert not (project.path / "build").exists()


PLAIN_COMMAND = """\
from setuptools import Command, setup

class Front(Command):
    user_options = []
    def initialize_options(self): pass
    def finalize_options(self): pass
    def run(self): pass
    def get_source_files(self): return []
    def get_outputs(self): return []
    def get_output_mapping(self): return {}

setup(cmdclass={"build_ext": Front, "build_clib": Front, "build_scripts": Front})
"""


@pytest.mark.exhaustive
def test_a_command_without_the_options_of_setuptools_is_a_message(tmp_path: Path) -> None:
    project = by_setuptools(tmp_path / "demo", {"setup.py": PLAIN_COMMAND})
    message = project.fail()
    assert (
        "and Front, which setup.py (`cmdclass`) has in the place of one of these, lacks" in message
    )
    # As it says.
    derived = PLAIN_COMMAND.replace("Front(Command)", "Front(build_ext)")
    derived = derived.replace(', "build_clib": Front, "build_scripts": Front', "")
    start = "from setuptools.command.build_ext import build_ext\n"
    own = derived.partition("    user_options")[0] + "    def run(self): pass\n"
    end = derived[derived.index("setup(cmdclass") :]
    (project.path / "setup.py").write_text(f"{start}{own}{end}", encoding="utf-8")
    assert "demo_app/f.py" in project.build().names


IN_FINALIZE = """\
from setuptools import setup
from setuptools.command.build import build

class Build(build):
    def finalize_options(self):
        super().finalize_options()
        self.build_lib = "out/lib"

setup(cmdclass={"build": Build})
"""


@pytest.mark.exhaustive
def test_a_place_that_the_script_sets_as_it_runs_is_not_where_modules_are(tmp_path: Path) -> None:
    files = {"setup.py": IN_FINALIZE, "src/demo_app/gone.py": ""}
    project = by_setuptools(tmp_path / "demo", files)
    assert "demo_app/gone.py" in project.build().names
    (project.path / "src/demo_app/gone.py").unlink()
    names = project.build().names
    assert "demo_app/f.py" in names
    assert "demo_app/gone.py" not in names


@pytest.mark.slow
@pytest.mark.parametrize(
    "requires", ["setuptools", pytest.param("setuptools<65", marks=pytest.mark.exhaustive)]
)
def test_an_unpacked_sdist_ships_the_data_that_it_lists(tmp_path: Path, requires: str) -> None:
    place = "src/demo_app.egg-info/SOURCES.txt"
    table = '[tool.setuptools]\ninclude-package-data = true\npackages.find.where = ["src"]\n'
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: demo_app\nVersion: 3.1\n",
        place: "src/demo_app/f.py\nsrc/demo_app/data.json\n",
        "src/demo_app/data.json": "{}",
    }
    text = f"{PROJECT.replace('Demo.App', 'demo_app')}{table}"
    project = by_setuptools(tmp_path / "demo", files, text, requires)
    first, second = project.build(), project.build()
    assert "demo_app/data.json" in first.names
    assert first.sha256 == second.sha256
    assert (project.path / place).read_text("utf-8") == files[place]


@pytest.mark.exhaustive
def test_a_list_of_files_that_is_data_ships_and_stays(tmp_path: Path) -> None:
    """An old setuptools' own list goes, as another build's may have a say."""
    own, data = "src/demo_app.egg-info/SOURCES.txt", "src/demo_app/x.egg-info/SOURCES.txt"
    table = '[tool.setuptools]\ninclude-package-data = true\npackages.find.where = ["src"]\n'
    table += '[tool.setuptools.package-data]\ndemo_app = ["*/*"]\n'
    files = {own: "src/demo_app/no.json\n", data: "setup.py\n", "src/demo_app/no.json": ""}
    text = f"{PROJECT.replace('Demo.App', 'demo_app')}{table}"
    project = by_setuptools(tmp_path / "demo", files, text, "setuptools<65")
    for _ in range(2):
        names = project.build().names
        assert "demo_app/x.egg-info/SOURCES.txt" in names
        assert "demo_app/no.json" not in names
        assert (project.path / data).read_text("utf-8") == files[data]


@pytest.mark.slow
def test_an_empty_tmpdir_is_not_the_source_tree(tmp_path: Path) -> None:
    text = f'{PROJECT}[tool.setuptools.package-dir]\ndemo_app = "."\n'
    text += '[tool.setuptools.package-data]\ndemo_app = ["*"]\n'
    files = {"__init__.py": "", "f.py": HANDLER}
    project = project_of(tmp_path / "demo", "setuptools", "setuptools.build_meta", text, files)
    project.configure(handler="demo_app.f.handler")
    project.lock()
    build = project.build(environment={"TMPDIR": ""})
    assert not [name for name in build.names if "uv-setuptools" in name]
    assert [path.name for path in project.path.glob("*.lock")] == ["uv.lock"]


@pytest.mark.slow
def test_a_build_that_fails_leaves_no_setup_py(tmp_path: Path) -> None:
    """poetry-core would take it for the user's in the next build, whatever was edited."""
    table = '[tool.poetry]\npackages = [{ include = "demo_app", from = "src" }]\n'
    table += "[tool.poetry.build]\ngenerate-setup-file = true\nscript = 'b.py'\n"
    text = f"{PROJECT.replace('Demo.App', 'demo_app')}{table}"
    requires, back_end = 'poetry-core", "setuptools', "poetry.core.masonry.api"
    project = project_of(tmp_path / "demo", requires, back_end, text, {"b.py": "raise OSError"})
    project.configure()
    project.lock()
    assert "OSError" in project.build(check=False).output
    assert not (project.path / "setup.py").exists()


@pytest.mark.exhaustive
def test_pbr_writes_nothing_among_the_sources(tmp_path: Path) -> None:
    text = PROJECT.replace('version = "3.1"', 'dynamic = ["version"]')
    files = {"setup.py": "from setuptools import setup\nsetup(pbr=True)\n", ".gitignore": "dist/\n"}
    files["setup.cfg"] = "[metadata]\nname = demo_app\n[files]\npackages = demo_app\n"
    files["demo_app/__init__.py"] = HANDLER
    requires = 'setuptools", "pbr'
    project = project_of(tmp_path / "demo", requires, "setuptools.build_meta", text, files)
    project.configure(handler="demo_app.handler")
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@b")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["tag", "3.1"]):
        run([*git, *words], cwd=project.path)
    project.lock()
    for name in ("AUTHORS", "ChangeLog"):  # of the lock
        (project.path / name).unlink(missing_ok=True)
    assert project.build().sha256 == project.build().sha256
    assert not {"AUTHORS", "ChangeLog"} & {path.name for path in project.path.iterdir()}


HELPER = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "zq-helper"
version = "1.0"
"""
VENDORED = """\
import subprocess
import sys

from setuptools import setup

if "bdist_wheel" in sys.argv:
    command = {command} + ["bdist_wheel", "--dist-dir", "../made"]
    subprocess.run(command, cwd="tools/zq", check=True)
setup()
"""


def with_helper(directory: Path, requires: str, files: dict[str, str]) -> Project:
    """Return a project with a source tree of another one in it, for which there is no wheel."""
    helper = {"tools/zq/pyproject.toml": HELPER, "tools/zq/zq_helper/__init__.py": "V = 1\n"}
    source = '\n[tool.uv.sources]\nzq-helper = { path = "tools/zq" }\n'
    setup = '[tool.setuptools.packages.find]\nwhere = ["src"]\n'
    return by_setuptools(directory, {**helper, **files}, f"{PROJECT}{source}{setup}", requires)


@pytest.mark.exhaustive
def test_what_is_built_for_the_build_does_not_ship(tmp_path: Path) -> None:
    alone = with_helper(tmp_path / "alone", "setuptools", {}).build()
    project = with_helper(tmp_path / "demo", 'setuptools", "zq-helper', {})
    before = set((tmp_path / "demo/tools").rglob("*"))
    build = project.build()
    assert not [name for name in build.names if "zq_helper" in name]
    assert build.sha256 == alone.sha256
    assert set((tmp_path / "demo/tools").rglob("*")) == before


GENERATING = """\
from setuptools import setup
from setuptools.command.build_py import build_py
from zq_helper import V

class Generate(build_py):
    def run(self):
        super().run()
        with open(self.build_lib + "/demo_app/v.py", "w") as file:
            file.write(f"{V = }")

setup(cmdclass={"build_py": Generate})
"""


@pytest.mark.exhaustive
def test_what_the_build_requires_by_path_is_up_to_date(tmp_path: Path) -> None:
    files = {"setup.py": GENERATING}
    project = with_helper(tmp_path / "demo", 'setuptools", "zq-helper', files)
    for value in (1, 2):
        (project.path / "tools/zq/zq_helper/__init__.py").write_text(
            f"V = {value}\n", encoding="utf-8"
        )
        assert project.build().read("demo_app/v.py") == f"V = {value}".encode()


BUILT_BESIDE = """\
import glob
import shutil
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

class Copy(build_py):
    def run(self):
        super().run()
        subprocess.run([sys.executable, "-m", "setup", "-q", "build"], cwd="tools/zq", check=True)
        (made,) = glob.glob("tools/zq/build/lib*/zq_helper/__init__.py")
        shutil.copy(made, self.build_lib + "/demo_app/made.py")

setup(cmdclass={"build_py": Copy})
"""


@pytest.mark.exhaustive
def test_what_a_hook_has_built_elsewhere_ships(tmp_path: Path) -> None:
    setup = "from setuptools import setup\nsetup()\n"
    files = {"setup.py": BUILT_BESIDE, "tools/zq/setup.py": setup}
    project = with_helper(tmp_path / "demo", "setuptools", files)
    assert project.build().read("demo_app/made.py") == b"V = 1\n"
    (project.path / "tools/zq/zq_helper/__init__.py").write_text("V = 22\n", encoding="utf-8")
    assert project.build().read("demo_app/made.py") == b"V = 22\n"


POETRY_SCRIPT = """\
import shutil
from glob import glob

from setuptools import Extension, setup

setup(
    name="x",
    packages=[],
    ext_modules=[Extension("demo_app.fast", ["fast.c"])],
    script_args=["-q", "build_ext"],
)
(made,) = glob("build/lib*/demo_app/fast.*")
shutil.copy(made, "src/demo_app")
"""


@pytest.mark.exhaustive
@needs_a_compiler
def test_what_a_script_of_poetry_has_compiled_ships(tmp_path: Path) -> None:
    text = f'{POETRY}\n[tool.poetry.build]\nscript = "make.py"\ngenerate-setup-file = false\n'
    files = {
        "src/demo_app/f.py": HANDLER,
        "make.py": POETRY_SCRIPT,
        "fast.c": C_MODULE,
        "requirements.txt": "",
    }
    requires = 'poetry-core>=2", "setuptools'
    project = project_of(tmp_path / "demo", requires, "poetry.core.masonry.api", text, files)
    runtime = f"python{sysconfig.get_python_version()}"
    project.configure(lock="requirements.txt", handler="demo_app.f.handler", runtime=runtime)
    for mark in (b"number one", b"number two"):
        code = C_MODULE.replace('{PyModuleDef_HEAD_INIT, "fast"}', "{PyModuleDef_HEAD_INIT, MARK}")
        text = f'#define MARK "{mark.decode()}"\n{code}'
        (project.path / "fast.c").write_text(text, encoding="utf-8")
        build = project.build()
        (name,) = [name for name in build.names if name.startswith("demo_app/fast.")]
        assert mark in build.read(name)


@pytest.mark.parametrize(
    "file", ["generated.py", pytest.param("data.json", marks=pytest.mark.exhaustive)]
)
def test_a_command_that_writes_past_its_directory_is_a_message(tmp_path: Path, file: str) -> None:
    setup = SETUP.replace("self.build_lib + ", '"build/lib" + ').replace("generated.py", file)
    setup = setup.replace(
        "super().run()",
        'super().run(); __import__("os").makedirs("build/lib/demo_app", exist_ok=True)',
    )
    project = by_setuptools(tmp_path / "demo", {"setup.py": setup})
    message = project.fail()
    assert f"build/lib/demo_app/{file} was written by the build itself, and does not" in message
    assert "Have the command in setup.py write to `self.build_lib`" in message


HATCH_HOOK = """\
import subprocess
import sys
from glob import glob

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        subprocess.run([sys.executable, "setup_it.py", "-q", "build"], cwd=self.root, check=True)
        (made,) = glob(self.root + "/build/lib*/zq/__init__.py")
        build_data["force_include"][made] = "demo_app/made.py"
"""


def test_what_a_hook_of_an_isolated_hatchling_has_built_ships(tmp_path: Path) -> None:
    text = f"{PROJECT}[tool.hatch.build.targets.wheel.hooks.custom]\n"
    files = {
        "src/demo_app/f.py": HANDLER,
        "hatch_build.py": HATCH_HOOK,
        "setup_it.py": "from setuptools import setup\nsetup(name='zq', packages=['zq'])\n",
        "zq/__init__.py": "V = 1\n",
    }
    requires = 'hatchling==1.27.0", "setuptools'
    project = project_of(tmp_path / "demo", requires, "hatchling.build", text, files)
    project.configure(handler="demo_app.f.handler")
    project.lock()
    assert project.build().read("demo_app/made.py") == b"V = 1\n"


def test_what_setup_py_builds_does_not_ship(tmp_path: Path) -> None:
    text = VENDORED.format(
        command='[sys.executable, "-c", "import setuptools; setuptools.setup()"]'
    )
    build = with_helper(tmp_path / "demo", "setuptools", {"setup.py": text}).build()
    assert not [name for name in build.names if "zq_helper" in name]


def test_what_is_built_past_the_variables_is_a_message(tmp_path: Path) -> None:
    command = '[sys.executable, "-I", "-c", "import setuptools; setuptools.setup()"]'
    text = VENDORED.format(command=command)
    message = with_helper(tmp_path / "demo", "setuptools", {"setup.py": text}).fail()
    assert "With demo-app, setuptools built something else in the same directory" in message
    assert "zq_helper.egg-info" in message


@pytest.mark.slow
@needs_a_compiler
def test_poetry_ships_nothing_of_an_earlier_build(tmp_path: Path) -> None:
    text = POETRY + '\n[tool.poetry.build]\nscript = "make.py"\ngenerate-setup-file = true\n'
    make = (
        "from setuptools import Extension\n"
        "def build(arguments):\n"
        '    arguments["ext_modules"] = [Extension("demo_app.fast", ["fast.c"])]\n'
    )
    files = {"make.py": make, "fast.c": C_MODULE, "requirements.txt": ""}
    project = project_of(
        tmp_path / "demo", 'poetry-core", "setuptools', "poetry.core.masonry.api", text, files
    )
    runtime = f"python{sysconfig.get_python_version()}"
    project.configure(lock="requirements.txt", handler="demo_app.app.handler", runtime=runtime)
    for name in ("app", "gone"):
        (project.path / f"src/demo_app/{name}.py").write_text(HANDLER, encoding="utf-8")
    names = project.build().names
    assert "demo_app/gone.py" in names
    assert any(name.startswith("demo_app/fast.") for name in names)
    (project.path / "src/demo_app/gone.py").unlink()
    assert project.build().names == [name for name in names if name != "demo_app/gone.py"]
    assert not (project.path / "build").exists()
    made = project.path / "build" / "lib"
    made.mkdir(parents=True)
    assert f"{made} is of another build, and poetry-core, by `generate" in project.fail()


def test_uv_build_excludes_what_it_is_told_to(tmp_path: Path) -> None:
    text = PROJECT + '[tool.uv.build-backend]\nwheel-exclude = ["secret.txt"]\n'
    files = {"src/demo_app/secret.txt": "", "src/demo_app/data.txt": "", "README.md": ""}
    project = project_of(tmp_path / "demo", "uv_build", "uv_build", text, files)
    project.lock()
    build = project.build()
    assert [name for name in build.names if name.startswith("demo_app/")] == [
        "demo_app/__init__.py",
        "demo_app/data.txt",
    ]
    # Keys that choose the files of hatchling's wheel would do nothing.
    wrong = "\n".join(
        [
            *(f"{key} = ['src']" for key in ("artifacts", "only-include", "packages", "sources")),
            *(f"{key} = true" for key in ("ignore-vcs", "only-packages", "skip-excluded-dirs")),
            "force-include = {src = 'src'}\nhooks.custom = {}\n",
        ]
    )
    project.replace("runtime =", f"{wrong}runtime =")
    message = project.fail()
    for key in (
        *("artifacts", "force-include", "hooks", "ignore-vcs", "only-include", "only-packages"),
        *("packages", "skip-excluded-dirs", "sources"),
    ):
        assert (
            f"tool.hatch.build.targets.lambda-zip.{key}: is for a wheel that hatchling makes in "
            "this process, but it is built in an environment of its own: uv_build makes it."
        ) in message
    # What says where zips go is everybody's.
    project.replace(wrong, 'directory = "zips"\n')
    project.build()
    (artifact,) = (project.path / "zips").glob("*.zip")
    assert artifact.read_bytes() == build.artifact.read_bytes()


def test_another_hatchling_than_the_running_one(tmp_path: Path) -> None:
    text = PROJECT.replace('version = "3.1"', 'dynamic = ["version"]')
    text += '[tool.hatch.version]\npath = "src/demo_app/__init__.py"\n'
    files = {"src/demo_app/__init__.py": '__version__ = "3.1"\n'}
    project = project_of(tmp_path / "demo", "hatchling==1.27.0", "hatchling.build", text, files)
    project.lock()
    build = project.build()
    assert "this one does not have hatchling==1.27.0 of build-system.requires" in build.output
    (own,) = build.manifest["distributions"]
    assert own["built_with"] == "hatchling 1.27.0"
    project.replace("hatchling==1.27.0", "hatchling")
    here = project.build()
    assert "in an environment of its own" not in here.output
    assert here.sha256 == build.sha256
    assert here.artifact.name == build.artifact.name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("requires", "backend", "text"),
    [
        ("poetry-core", "poetry.core.masonry.api", POETRY),
        ("flit_core", "flit_core.buildapi", PROJECT + '[tool.flit.module]\nname = "demo_app"\n'),
        ("pdm-backend", "pdm.backend", PROJECT),
        ("setuptools", "setuptools.build_meta", PROJECT),
    ],
    ids=["poetry", "flit", "pdm", "setuptools"],
)
def test_other_back_ends(tmp_path: Path, requires: str, backend: str, text: str) -> None:
    if "description" not in text:
        text = text.replace('version = "3.1"', 'version = "3.1"\ndescription = "A demo"')
    project = project_of(tmp_path / "demo", requires, backend, text)
    (project.path / "requirements.txt").write_text("", encoding="utf-8")
    project.configure(lock="requirements.txt")
    build = project.build()
    assert build.artifact.name == "demo_app-3.1-lambda.zip"
    assert "demo_app/__init__.py" in build.names


@pytest.mark.slow
@needs_a_compiler
def test_extension_modules_ship_compiled(tmp_path: Path) -> None:
    text = PROJECT + (
        '[tool.setuptools]\next-modules = [{name = "demo_app.fast", sources = ["fast.c"]}]\n'
    )
    project = project_of(
        tmp_path / "demo", "setuptools", "setuptools.build_meta", text, {"fast.c": C_MODULE}
    )
    project.configure(runtime=f"python{sysconfig.get_python_version()}")
    project.lock()
    build = project.build()
    assert native(build) == ["demo_app/fast"]
    assert "was compiled on this machine" in build.output


@pytest.mark.exhaustive
@pytest.mark.parametrize("requires", ["setuptools<62", "setuptools"])
def test_a_setuptools_that_works_in_the_sources(
    tmp_path: Path, requires: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if requires == "setuptools":
        if sys.version_info >= (3, 12):
            pytest.skip("the standard library has no distutils")
        monkeypatch.setenv("SETUPTOOLS_USE_DISTUTILS", "stdlib")
    setup = (
        "from setuptools import setup\n"
        "setup(name='Demo.App', version='3.1', package_dir={'': 'src'}, packages=['demo_app'],\n"
        "      include_package_data=True)\n"
    )
    files = {"setup.py": setup, "MANIFEST.in": "include src/demo_app/*.txt\n"}
    files |= {"src/demo_app/gone.py": "", "src/demo_app/data.txt": ""}
    backend = "setuptools.build_meta"
    project = project_of(tmp_path / "demo", f'{requires}", "wheel', backend, PROJECT, files)
    project.lock()
    before = sorted((project.path / "src").rglob("*"))
    names = project.build().names
    assert {"demo_app/gone.py", "demo_app/data.txt"} <= {*names}
    assert sorted((project.path / "src").rglob("*")) == before
    assert not (project.path / "build").exists()
    # As other tools have it leave both.
    run(["uv", "build", "--wheel", "--out-dir", tmp_path / "elsewhere"], cwd=project.path)
    (project.path / "src/demo_app/gone.py").unlink()
    (project.path / "MANIFEST.in").unlink()
    left = project.path / "build"
    message = project.fail()
    assert f"What another build left in {left} would ship, modules that are deleted" in message
    assert f"Remove {left / 'lib'} and {left / 'bdist.'}" in message
    shutil.rmtree(project.path / "build")
    gone = {"demo_app/gone.py", "demo_app/data.txt"}
    assert project.build().names == [name for name in names if name not in gone]
    assert [*project.path.glob("src/*.egg-info")]
    (project.path / "setup.cfg").write_text("[build]\nbuild-base = out\n", encoding="utf-8")
    message = f"build-base in {project.path / 'setup.cfg'}: setuptools works in that directory"
    assert message in project.fail()


@pytest.mark.exhaustive
@needs_a_compiler
def test_pdm_finds_what_setuptools_compiled(tmp_path: Path) -> None:
    hook = (
        "from setuptools import Extension\n"
        "def pdm_build_update_setup_kwargs(context, arguments):\n"
        '    arguments["ext_modules"] = [Extension("demo_app.fast", ["fast.c"])]\n'
    )
    text = f"{PROJECT}[tool.pdm.build]\nrun-setuptools = true\n"
    files = {"pdm_build.py": hook, "fast.c": C_MODULE}
    requires = 'pdm-backend", "setuptools'
    project = project_of(tmp_path / "demo", requires, "pdm.backend", text, files)
    project.configure(runtime=f"python{sysconfig.get_python_version()}")
    project.lock()
    assert native(project.build()) == ["demo_app/fast"]


SETUP_C = """\
from setuptools import Extension, setup
setup(
    package_dir={"": "src"},
    packages=["demo_app"],
    package_data={"demo_app": ["*.so"]},
    ext_modules=[Extension("demo_app.fast", ["fast.c"])],
)
"""
SETUP_CYTHON = """\
from Cython.Build import cythonize
from setuptools import setup
setup(package_dir={"": "src"}, packages=["demo_app"], ext_modules=cythonize("src/demo_app/*.pyx"))
"""


@pytest.mark.slow
@needs_a_compiler
@pytest.mark.parametrize(
    ("requires", "setup", "source", "text"),
    [
        ("setuptools", SETUP_C, "fast.c", C_MODULE + 'const char *said = "before";\n'),
        pytest.param(
            'setuptools", "cython',
            SETUP_CYTHON,
            "src/demo_app/fast.pyx",
            "SAID = 'before'\n",
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=["setuptools", "cython"],
)
def test_setuptools_compiles_anew(
    tmp_path: Path, requires: str, setup: str, source: str, text: str
) -> None:
    files = {"setup.py": setup, source: text}
    project = project_of(tmp_path / "demo", requires, "setuptools.build_meta", PROJECT, files)
    project.configure(runtime=f"python{sysconfig.get_python_version()}")
    project.lock()
    said = []
    for word in ("before", "after"):
        (project.path / source).write_text(text.replace("before", word), encoding="utf-8")
        # A checkout of an older commit with its times, as rsync and tar make it.
        os.utime(project.path / source, (1e9, 1e9))
        build = project.build()
        (module,) = (name for name in build.names if name.endswith(".so"))
        # As `setup.py build_ext --inplace` does.
        (project.path / "src" / module).write_bytes(build.read(module))
        said.append([other for other in (b"before", b"after") if other in build.read(module)])
    assert said == [[b"before"], [b"after"]]


@pytest.mark.exhaustive
@needs_a_compiler
def test_cmake_starts_anew(tmp_path: Path) -> None:
    text = PROJECT + '[tool.scikit-build]\nbuild-dir = "build"\nwheel.packages = ["src/demo_app"]\n'
    files = {"CMakeLists.txt": CMAKE, "fast.c": C_MODULE}
    backend = "scikit_build_core.build"
    project = project_of(tmp_path / "demo", "scikit-build-core", backend, text, files)
    project.configure(runtime=f"python{sysconfig.get_python_version()}")
    project.lock()
    build = project.build()
    assert native(build) == ["demo_app/fast"]
    assert not (project.path / "build").exists()
    # A checkout of an older commit with its times, as rsync and tar make it.
    source = project.path / "fast.c"
    source.write_text(C_MODULE.replace('"fast"', '"other"'), encoding="utf-8")
    os.utime(source, (1e9, 1e9))
    assert project.build().sha256 != build.sha256


@pytest.mark.exhaustive
@needs_a_compiler
def test_scikit_build_ships_nothing_of_an_earlier_build(tmp_path: Path) -> None:
    setup = (
        "from skbuild import setup\n"
        'setup(package_dir={"": "src"}, packages=["demo_app"], cmake_install_dir="src")\n'
    )
    files = {"setup.py": setup, "CMakeLists.txt": CMAKE, "fast.c": C_MODULE}
    requires = 'setuptools", "scikit-build", "cmake", "ninja'
    project = project_of(tmp_path / "demo", requires, "setuptools.build_meta", PROJECT, files)
    project.configure(runtime=f"python{sysconfig.get_python_version()}")
    project.lock()
    gone = project.path / "src/demo_app/gone.py"
    gone.write_text("", encoding="utf-8")
    assert "demo_app/gone.py" in project.build().names
    gone.unlink()
    build = project.build()
    assert "demo_app/gone.py" not in build.names
    assert native(build) == ["demo_app/fast"]
    (project.path / "_skbuild").mkdir()
    message = f"{project.path / '_skbuild'} is of another build, and scikit-build would ship"
    assert message in project.fail()


@pytest.mark.exhaustive
def test_pdm_cleans_up_whatever_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_of(tmp_path / "demo", "pdm-backend", "pdm.backend", PROJECT)
    project.lock()
    monkeypatch.setenv("PDM_BUILD_NO_CLEAN", "1")
    assert project.build().sha256 == project.build().sha256


@pytest.mark.exhaustive
@pytest.mark.skipif(shutil.which("cargo") is None, reason="there is no Rust compiler")
def test_maturin_anywhere_and_at_any_time(tmp_path: Path) -> None:
    module = 'bindings = "cffi"\nmodule-name = "demo_app.fast"\npython-source = "src"\n'
    files = {"Cargo.toml": CARGO, "fast.rs": '#[no_mangle]\npub extern "C" fn answer() {}\n'}
    hashes = set()
    for place in ("here", "elsewhere"):
        text = f"{PROJECT}[tool.maturin]\n{module}"
        project = project_of(tmp_path / place / "demo", "maturin", "maturin", text, files)
        project.configure(runtime=f"python{sysconfig.get_python_version()}")
        project.lock()
        build = project.build()
        assert native(build) == ["demo_app/fast/libfast"]
        hashes.add(build.sha256)
        assert not (project.path / "target").exists()
    assert len(hashes) == 1


def native(build: Build) -> list[str]:
    """Return the extension modules in a zip, without what follows their names."""
    return [name.partition(".")[0] for name in build.names if name.endswith(".so")]


def test_mistakes_of_the_build_system_are_messages(project: Project) -> None:
    project.replace('"hatch-lambda-zip"]', '"hatch-lambda-zip==99"]')
    message = project.fail()
    assert "build-system.requires: 'hatch-lambda-zip==99' is not the version" in message
    # hatch asks for the dependencies first, and shows whatever that prints.
    command = ["python", "-m", "hatchling", "build", "-t", "lambda-zip", "--show-dynamic-deps"]
    assert run(command, cwd=project.path).stdout == "[]\n"


def test_a_wheel_that_is_not_built_is_a_message(tmp_path: Path) -> None:
    project = project_of(tmp_path / "demo", "uv_build", "uv_build", PROJECT)
    shutil.rmtree(project.path / "src")
    project.lock()
    assert "The wheel of demo-app could not be built" in project.fail()
