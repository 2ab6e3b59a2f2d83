"""What a build takes from directories is built anew for it, by whatever way it is required."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import DistributionError, OutputError
from hatch_lambda_zip.install.local_wheel import build_wheel
from hatch_lambda_zip.lock import LocalProject
from hatch_lambda_zip.uv import find_uv
from tests.support.commands import UV, clean_environment, run

# Ships the module of the directory's name; that of demo is what the helper has.
BACK_END = """\
import zipfile
from pathlib import Path

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = Path.cwd().name
    requires = Path("requires.in")
    lines = requires.read_text().split("\\n") if requires.exists() else []
    if name == "demo":
        import helper
        text = helper.TEXT
    else:
        text = Path("module.txt").read_text()
    files = {
        "METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1\\n"
        + "".join(f"Requires-Dist: {line}\\n" for line in lines if line),
        "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(f"{directory}/{name}-1-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"TEXT = {text!r}\\n")
        for file, content in files.items():
            archive.writestr(f"{name}-1.dist-info/{file}", content)
    return f"{name}-1-py3-none-any.whl"

build_editable = build_wheel
"""
OWN = 'build-backend = "be"\nbackend-path = ["."]\n'
SETUP = """\
from setuptools import setup
from setuptools.command.build_py import build_py

class Generate(build_py):
    def run(self):
        import helper
        super().run()
        with open(self.build_lib + "/demo.py", "w") as file:
            file.write(f"TEXT = {helper.TEXT!r}\\n")

setup(name="demo", version="1", py_modules=["demo"], cmdclass={"build_py": Generate})
"""
DIRECT = "helper @ file://@ROOT@/helper"
PATH = '[tool.uv.sources]\nhelper = { path = "../helper" }\n'
OF_MID = '[tool.uv.sources]\nmid = { path = "../mid" }\n'
MEMBERS = '[tool.uv.workspace]\nmembers = ["demo", "helper"]\n'


def own(name: str, requires: str = "", more: str = "", project: str = "") -> str:
    listed = f'"{requires}"' if requires else ""
    head = f'[project]\nname = "{name}"\nversion = "1"\n{project}'
    return f"{head}[build-system]\nrequires = [{listed}]\n{OWN}{more}"


BY_HATCHLING = 'build-backend = "hatchling.build"\n'
HOOK = """\
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        import helper
        Path(self.directory, "demo.py").write_text(f"TEXT = {helper.TEXT!r}\\n")
        build_data["force_include"][str(Path(self.directory, "demo.py"))] = "demo.py"
"""
GENERATING = """\
from pathlib import Path
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        text = Path(self.root, "module.txt").read_text()
        Path(self.root, "helper/__init__.py").write_text(f"TEXT = {text!r}\\n")
"""
CASES = {
    "path": {"demo/pyproject.toml": own("demo", "helper", PATH)},
    "url": {"demo/pyproject.toml": own("demo", DIRECT)},
    "PROJECT_ROOT": {
        "demo/pyproject.toml": own("demo", "helper @ file:///${PROJECT_ROOT}/../helper")
    },
    "variable without file:": {"demo/pyproject.toml": own("demo", "helper @ ${BASE_OF_IT}/helper")},
    "no editable member": {
        "pyproject.toml": MEMBERS,
        "demo/pyproject.toml": own(
            *("demo", "helper", "[tool.uv.sources.helper]\nworkspace = true\neditable = false\n")
        ),
    },
    "of a member": {
        "pyproject.toml": MEMBERS.replace("helper", "mid"),
        "demo/pyproject.toml": own("demo", "mid", "[tool.uv.sources]\nmid.workspace = true\n"),
        "mid/pyproject.toml": own("mid", "", PATH, "dependencies = ['helper']\n"),
    },
    "extra": {
        "demo/pyproject.toml": own("demo", "mid[x]", OF_MID),
        "mid/pyproject.toml": own(
            *("mid", "", PATH, "[project.optional-dependencies]\nx = ['helper']\n")
        ),
    },
    "file of the requirement": {
        "demo/pyproject.toml": own("demo", "mid", OF_MID),
        "mid/pyproject.toml": own("mid", "", "", "dynamic = ['dependencies']\n"),
        "mid/requires.in": f"{DIRECT}\n",
    },
    "workspace's extra-build-dependencies": {
        "pyproject.toml": f"{MEMBERS}[tool.uv.extra-build-dependencies]\ndemo = ['{DIRECT}']\n",
        "demo/pyproject.toml": own("demo"),
    },
    "uv.toml": {
        "demo/uv.toml": f"[extra-build-dependencies]\ndemo = ['{DIRECT}']\n",
        "demo/pyproject.toml": own("demo"),
    },
    "uv.toml above": {
        "uv.toml": "[extra-build-dependencies]\n"
        f"demo = [{{ requirement = '{DIRECT}', match-runtime = false }}]\n",
        "demo/pyproject.toml": own("demo"),
    },
    "user's uv.toml": {
        "settings/uv/uv.toml": f"[extra-build-dependencies]\ndemo = ['{DIRECT}']\n",
        "demo/pyproject.toml": own("demo"),
    },
    "setup.cfg": {
        "demo/setup.cfg": f"[options]\nsetup_requires = {DIRECT}\n",
        "demo/setup.py": SETUP,
        "demo/demo.py": "",
    },
    "setup.py": {
        "demo/setup.py": SETUP.replace("setup(", f"setup(setup_requires=['{DIRECT}'], "),
        "demo/demo.py": "",
    },
    "hatchling's hook": {
        "demo/pyproject.toml": own("demo")
        .replace(
            OWN,
            'build-backend = "hatchling.build"\n[tool.hatch.build.hooks.custom]\n'
            f"dependencies = ['{DIRECT}']\n",
        )
        .replace("requires = []", "requires = ['hatchling']"),
        "demo/hatch_build.py": HOOK,
        "demo/other.py": "",
    },
    "hatchling's hook in hatch.toml": {
        "demo/pyproject.toml": own("demo", "hatchling").replace(OWN, BY_HATCHLING),
        "demo/hatch.toml": f"[build.hooks.custom]\ndependencies = ['{DIRECT}']\n",
        "demo/hatch_build.py": HOOK,
        "demo/other.py": "",
    },
    "build-constraint-dependencies": {
        "demo/pyproject.toml": own(
            "demo", "helper", f"[tool.uv]\nbuild-constraint-dependencies = ['{DIRECT}']\n"
        ),
    },
    "what an editable member generates": {
        "pyproject.toml": MEMBERS,
        "demo/pyproject.toml": own(
            "demo", "helper", "[tool.uv.sources]\nhelper.workspace = true\n"
        ),
        "helper/pyproject.toml": own("helper", "hatchling").replace(
            OWN, f"{BY_HATCHLING}[tool.hatch.build.hooks.custom]\n"
        ),
        "helper/hatch_build.py": GENERATING,
        "helper/helper/other.py": "",
    },
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("demo", "mid", "helper"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "be.py").write_text(BACK_END, encoding="utf-8")
        (tmp_path / name / "module.txt").write_text("1", encoding="utf-8")
    (tmp_path / "helper/pyproject.toml").write_text(own("helper"), encoding="utf-8")
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.replace("@ROOT@", str(root)), encoding="utf-8")


def built(root: Path, work: str, **variables: str) -> str:
    """Return the module of demo's wheel."""
    given = {"XDG_CONFIG_HOME": str(root / "settings"), "BASE_OF_IT": str(root), "UV": UV}
    uv = find_uv({**clean_environment(**given), **variables}, log=lambda _: None)
    place = root.parent / f"{root.name}-work"
    place.mkdir(exist_ok=True)
    wheel = build_wheel(LocalProject("demo", root / "demo"), uv, place / work)
    with zipfile.ZipFile(wheel) as archive:
        return archive.read("demo.py").decode()


@pytest.mark.parametrize("files", CASES.values(), ids=CASES.keys())
def test_an_edit_of_what_a_build_takes_from_a_directory_counts(
    root: Path, files: dict[str, str]
) -> None:
    write(root, files)
    for text in ("1", "22"):  # of other sizes: Python compares these, and times in seconds
        (root / "helper/module.txt").write_text(text, encoding="utf-8")
        assert built(root, text) == f"TEXT = '{text}'\n"


def test_a_member_that_is_edited_is_no_error_offline(root: Path) -> None:
    write(root, CASES["what an editable member generates"])
    for variables in ({}, {"UV_OFFLINE": "1"}):
        assert built(root, f"of-{len(variables)}", **variables) == "TEXT = '1'\n"


@pytest.mark.parametrize("case", ["path", "what an editable member generates"])
def test_temporary_files_lie_in_nothing_that_a_build_requires(root: Path, case: str) -> None:
    write(root, CASES[case])
    (root / "helper/tmp").mkdir()
    uv = find_uv(clean_environment(UV=UV), log=lambda _: None)
    with pytest.raises(OutputError, match=r"among the sources in .*helper, and what is built"):
        build_wheel(LocalProject("demo", root / "demo"), uv, root / "helper/tmp/work")
    assert not any((root / "helper/tmp").iterdir())


def failure(root: Path, **variables: str) -> str:
    command = [sys.executable, "-m", "hatch_lambda_zip", "build"]
    result = run(command, cwd=root, env=clean_environment(**variables), check=False)
    assert result.returncode == 1
    return result.stderr


def test_temporary_files_lie_in_no_local_project(root: Path) -> None:
    """None of them is built then, as uv leaves its locks there."""
    table = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['demo', 'helper']\n"
    table += "[tool.uv.sources]\ndemo.path = '../demo'\nhelper.path = '../helper'\n"
    table += "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\ncode = '.'\n"
    by = "build-backend = 'setuptools.build_meta'\n"
    files = {"demo/pyproject.toml": own("demo", "setuptools").replace(OWN, by)}
    write(root, {**files, "app/pyproject.toml": table, "app/main.py": ""})
    run([UV, "lock", "-q"], cwd=root / "app")
    (root / "helper/tmp").mkdir()
    message = failure(root / "app", TMPDIR=str(root / "helper/tmp"))
    assert f"among the sources in {root / 'helper'}, and what is built could" in message
    assert not any((root / "helper/tmp").iterdir())


def test_a_locked_sdist_is_built_with_nothing_from_a_directory(root: Path) -> None:
    sdist = run([UV, "build", "-q", "--sdist", "-o", "libs"], cwd=package(root / "foo"))
    assert not sdist.stderr
    table = "[project]\nname = 'app'\nversion = '1'\ndependencies = ['foo']\n"
    table += "[tool.uv]\nextra-build-dependencies.foo = ['helper @ @URL@']\n"
    table += "[tool.uv.sources]\nfoo.path = '../foo/libs/foo-1.tar.gz'\n"
    table += "[tool.hatch.build.targets.lambda-zip]\nruntime = 'python3.13'\ncode = '.'\n"
    table = table.replace("@URL@", (root / "helper").as_uri())
    write(root, {"app/pyproject.toml": table, "app/main.py": ""})
    run([UV, "lock", "-q"], cwd=root / "app")
    message = failure(root / "app")
    assert "foo is built from source, and `extra-build-dependencies`" in message
    assert "has it require helper from elsewhere than an index" in message


def package(root: Path) -> Path:
    write(root, {"pyproject.toml": own("foo", "hatchling").replace(OWN, BY_HATCHLING)})
    write(root, {"foo.py": ""})
    return root


def made(root: Path, text: str) -> bytes:
    """Return a wheel of a distribution that no index has."""
    write(root, {"zq_mine/pyproject.toml": own("zq_mine"), "zq_mine/be.py": BACK_END})
    (root / "zq_mine/module.txt").write_text(text, encoding="utf-8")
    uv = find_uv(clean_environment(UV=UV), log=lambda _: None)
    directory = root.parent / f"{root.name}-{text}"
    return build_wheel(LocalProject("zq-mine", root / "zq_mine"), uv, directory).read_bytes()


@pytest.mark.parametrize(
    ("table", "variables"),
    [
        ('find-links = ["../wheels"]\n', {}),
        ("", {"UV_FIND_LINKS": "@ROOT@/wheels"}),
        ('[[tool.uv.index]]\nname = "own"\nurl = "../wheels"\nformat = "flat"\n', {}),
        ('[[tool.uv.index]]\nname = "own"\nurl = "../simple"\n', {}),
        ('extra-index-url = ["../simple"]\n', {}),
        ("", {"UV_INDEX": "own=file://@ROOT@/simple"}),
        ("", {"UV_EXTRA_INDEX_URL": "@ROOT@/nowhere @ROOT@/simple"}),
    ],
    ids=["find-links", "variable", "flat", "pages", "extra", "variable of pages", "two of them"],
)
def test_a_wheel_that_was_made_again_counts(
    root: Path, table: str, variables: dict[str, str]
) -> None:
    text = own("demo", "zq-mine", f"[tool.uv]\n{table}")
    back_end = BACK_END.replace("helper", "zq_mine")
    write(root, {"demo/pyproject.toml": text, "demo/be.py": back_end})
    variables = {name: text.replace("@ROOT@", str(root)) for name, text in variables.items()}
    (root / "wheels").mkdir()
    link = '<a href="../../wheels/zq_mine-1-py3-none-any.whl">zq_mine-1-py3-none-any.whl</a>'
    write(root, {"simple/zq-mine/index.html": link, "simple/_/x": ""})
    for number in ("1", "22"):
        (root / "wheels/zq_mine-1-py3-none-any.whl").write_bytes(made(root, number))
        assert built(root, f"of-{number}", **variables) == f"TEXT = '{number}'\n"
    # Where uv can't look, that is no error.
    assert built(root, "offline", UV_OFFLINE="1", **variables) == "TEXT = '22'\n"


def test_many_names_are_no_words_of_a_command(root: Path) -> None:
    """There may be more of them than it has room for."""
    said: list[str] = []
    for number in range(1001):
        (root / f"simple/a{number}").mkdir(parents=True)
    uv = find_uv(clean_environment(UV=UV, UV_INDEX=str(root / "simple")), log=said.append)
    build_wheel(LocalProject("helper", root / "helper"), uv, root.parent / "work-of-many")
    assert [line.count(" --refresh") for line in said if "uv build" in line] == [1]


OLD = {
    "demo/pyproject.toml": own("demo", "helper", PATH),
    "demo/be.py": BACK_END.replace("helper.TEXT", "', '.join(sorted(helper.__all__))"),
    "helper/pyproject.toml": "[build-system]\nrequires = ['setuptools<60', 'wheel']\n"
    "build-backend = 'setuptools.build_meta'\n",
    "helper/setup.cfg": "[metadata]\nname = helper\nversion = 1\n[options]\npackages = helper\n",
    "helper/helper/__init__.py": "import pkgutil\n"
    "__all__ = [module.name for module in pkgutil.iter_modules(__path__)]\n",
    "helper/helper/a.py": "",
    "helper/helper/b.py": "",
}


def test_a_requirement_is_built_without_what_an_earlier_build_left_there(root: Path) -> None:
    write(root, OLD)
    before = {*root.rglob("*")}
    assert built(root, "1") == "TEXT = 'a, b'\n"
    assert {path for path in root.rglob("*") if "__pycache__" not in path.parts} == before
    (root / "helper/helper/b.py").unlink()
    assert built(root, "2") == "TEXT = 'a'\n"
    # What somebody else left there.
    (root / "helper/build/lib/helper").mkdir(parents=True)
    (root / "helper/build/lib/helper/b.py").touch()
    with pytest.raises(DistributionError) as caught:
        built(root, "3")
    assert f"What another build left in {root / 'helper/build'} would ship" in str(caught.value)
    assert f"Remove {root / 'helper/build/lib'}, or require" in str(caught.value)
    # It is nobody's business where that is not built.
    write(root, {"demo/pyproject.toml": own("demo", "mid", OF_MID), "demo/be.py": BACK_END})
    text = "[project.optional-dependencies]\nx = ['helper']\n"
    write(root, {"mid/pyproject.toml": own("mid", "", PATH, text)})
    write(root, {"demo/helper.py": "TEXT = 'own'\n"})
    write(root, {"demo/be.py": "import sys\nsys.path.append('.')\n" + BACK_END})
    assert built(root, "4") == "TEXT = 'own'\n"
    assert (root / "helper/build/lib/helper/b.py").exists()


SDIST = {
    **CASES["path"],
    "helper/PKG-INFO": "Metadata-Version: 2.1\nName: helper\nVersion: 1\n",
    "helper/helper.egg-info/SOURCES.txt": "helper/__init__.py\nhelper/text.txt\n",
    "helper/pyproject.toml": "[build-system]\nrequires = [@SETUPTOOLS@]\n"
    'build-backend = "setuptools.build_meta"\n[project]\nname = "helper"\nversion = "1"\n'
    '[tool.setuptools]\npackages = ["helper"]\n',
    "helper/helper/__init__.py": "from pathlib import Path\n"
    "TEXT = Path(__file__).with_name('text.txt').read_text()\n",
    "helper/helper/text.txt": "1",
}


@pytest.mark.parametrize(
    "requires",
    ['"setuptools"', pytest.param('"setuptools<65", "wheel"', marks=pytest.mark.exhaustive)],
    ids=["new", "old"],
)
def test_a_requirement_that_is_an_unpacked_sdist_has_what_it_lists(
    root: Path, requires: str
) -> None:
    write(root, {name: text.replace("@SETUPTOOLS@", requires) for name, text in SDIST.items()})
    for number in ("1", "22"):
        (root / "helper/helper/text.txt").write_text(number, encoding="utf-8")
        assert built(root, number) == f"TEXT = '{number}'\n"
    listed = (root / "helper/helper.egg-info/SOURCES.txt").read_text(encoding="utf-8")
    assert listed == SDIST["helper/helper.egg-info/SOURCES.txt"]
    assert not (root / "helper/build").exists()


@pytest.mark.parametrize(
    "back_end", ["of its own", pytest.param("hatchling", marks=pytest.mark.exhaustive)]
)
def test_a_requirement_works_outside_its_tree_whatever_the_project_is_built_by(
    root: Path, back_end: str
) -> None:
    write(root, {**OLD, "helper/pyproject.toml": OLD["helper/pyproject.toml"].replace("<60", "")})
    if back_end == "hatchling":
        system = f"requires = ['hatchling', 'helper']\n{BY_HATCHLING}"
        names = "', '.join(sorted(helper.__all__))"
        write(root, {"demo/hatch_build.py": HOOK.replace("helper.TEXT", names)})
        text = own("demo").partition("[build-system]")[0]
        hook = "[tool.hatch.build.targets.wheel.hooks.custom]\n"
        write(root, {"demo/pyproject.toml": f"{text}[build-system]\n{system}{PATH}{hook}"})
    before = {*root.rglob("*")}
    assert built(root, "1") == "TEXT = 'a, b'\n"
    assert {path for path in root.rglob("*") if "__pycache__" not in path.parts} == before
    (root / "helper/helper/b.py").unlink()
    assert built(root, "2") == "TEXT = 'a'\n"


def test_a_back_end_with_a_place_in_a_requirement_is_refused_like_in_a_project(root: Path) -> None:
    by_poetry = "[tool.poetry.build]\ngenerate-setup-file = true\n"
    write(root, {**CASES["path"], "helper/pyproject.toml": own("helper", "", by_poetry)})
    make = "import os\nos.makedirs('build/lib', exist_ok=True)\n"
    write(root, {"helper/be.py": make + BACK_END})
    assert built(root, "1") == "TEXT = '1'\n"
    assert not (root / "helper/build").exists()
    (root / "helper/build/lib").mkdir(parents=True)
    with pytest.raises(DistributionError, match=r"build/lib is of another build, and poetry-core"):
        built(root, "2")


def test_a_requirement_that_names_a_place_is_refused_like_a_project(root: Path) -> None:
    text = "[tool.distutils.egg_info]\negg_base = 'src'\n"
    write(root, {**OLD, "helper/pyproject.toml": f"{OLD['helper/pyproject.toml']}{text}"})
    (root / "helper/src").mkdir()
    with pytest.raises(DistributionError, match=r"egg_info\.egg_base in .*helper/"):
        built(root, "1")


@pytest.mark.parametrize("file", ["demo/uv.toml", "uv.toml", "settings/uv/uv.toml"])
def test_where_uv_is_offline_it_can_not_look(root: Path, file: str) -> None:
    write(root, {**CASES["path"], file: "offline = true\n"})
    if file == "uv.toml":
        # uv takes the settings that are nearest.
        assert built(root, "nearest") == "TEXT = '1'\n"
        write(root, {**CASES["url"]})
    with pytest.raises(DistributionError) as caught:
        built(root, "offline")
    assert str(caught.value) == (
        "The build of demo requires helper from a directory. uv keeps a wheel of that, and builds "
        "it anew only where it is not offline: unset UV_OFFLINE (or `offline` in uv's settings: "
        "[tool.uv] of pyproject.toml, or a uv.toml) for this build, or let it require a wheel "
        "that you made of it."
    )
    # A nearer one says otherwise; and none is taken.
    (root / file).rename(root / "other.toml")
    write(root, {"settings/uv/uv.toml": "offline = true\n", "demo/uv.toml": "offline = false\n"})
    assert built(root, "online") == "TEXT = '1'\n"
    (root / "demo/uv.toml").unlink()
    assert built(root, "none", UV_NO_CONFIG="1") == "TEXT = '1'\n"
    with pytest.raises(DistributionError, match="only where it is not offline"):
        built(root, "named", UV_CONFIG_FILE=str(root / "other.toml"))


def test_offline_builds_go_on_where_only_what_runs_is_in_a_directory(root: Path) -> None:
    runs = own("demo", "", PATH, "dependencies = ['helper']\n")
    write(root, {"demo/pyproject.toml": runs, "demo/helper.py": "TEXT = 'own'\n"})
    write(root, {"demo/be.py": "import sys\nsys.path.append('.')\n" + BACK_END})
    assert built(root, "offline", UV_OFFLINE="1") == "TEXT = 'own'\n"
