"""The build hook: every command that people build with, and those that must not notice it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from tests.support.commands import CHECKOUT, NOT_ISOLATED, UV, clean_environment, run
from tests.support.projects import Project
from tests.support.shared import made_once

pytestmark = pytest.mark.shared_cache

MONOREPO = CHECKOUT / "examples" / "monorepo"
API = "functions/api"
TABLE = "[tool.hatch.build.hooks.lambda-zip]\n"
PYTHON_BUILD = (sys.executable, "-m", "build", "--installer", "uv")


@dataclass(frozen=True)
class Monorepo:
    """A locked copy of the example, with the plugin from this checkout in reach."""

    root: Path
    environment: dict[str, str]

    @property
    def api(self) -> Path:
        return self.root / API

    @property
    def not_isolated(self) -> Monorepo:
        """The same, built in the environment of the tests, which saves half of the time."""
        return Monorepo(self.root, {**self.environment, **NOT_ISOLATED})

    def run(
        self, command: Sequence[str | Path], where: str = "", *, check: bool = True, **more: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **more}
        if command[0] == "hatch":  # which installs what it builds with itself
            environment = {k: v for k, v in environment.items() if k not in NOT_ISOLATED}
        return run(command, cwd=self.root / where, env=environment, check=check)

    def zips(self) -> dict[str, str]:
        """Return the hashes of all zips below the root, by their relative paths."""
        found = {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.root.rglob("*-lambda.zip")
        }
        manifests = {path.relative_to(self.root) for path in self.root.rglob("*-lambda.json")}
        assert {path.with_suffix(".zip").as_posix() for path in manifests} == found.keys()
        return found

    def rubbish(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.name.endswith(".tmp")]

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file so that neither its size nor its time tells."""
        path = self.root / file
        status = path.stat()
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.fixture(scope="session")
def locked_monorepo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the example, locked, and a library beside it. Not to be changed."""
    return made_once(tmp_path_factory, "monorepo", make_monorepo) / "monorepo"


def make_monorepo(directory: Path) -> None:
    root = directory / "monorepo"
    shutil.copytree(MONOREPO, root, ignore=shutil.ignore_patterns("dist", "uv.lock", ".venv"))
    # A path dependency from outside the workspace, and a member that only a member needs.
    write_package(root.parent / "outside", "outside")
    write_package(root / "libraries/base", "base")
    replace(root / API / "pyproject.toml", '["common", ', '["common", "outside", ')
    replace(
        root / "pyproject.toml",
        "common = { workspace = true }\n",
        "common = { workspace = true }\nbase = { workspace = true }\n"
        'outside = { path = "../outside" }\n',
    )
    replace(root / "libraries/common/pyproject.toml", '["humanize', '["base", "humanize')
    Project(directory, "monorepo").lock()


@pytest.fixture
def isolated(locked_monorepo: Path, plugin_wheel: Path, tmp_path: Path) -> Monorepo:
    """The example, locked: a copy of the test's own, to change."""
    shutil.copytree(locked_monorepo.parent, tmp_path / "checkout")
    links = str(plugin_wheel.parent)
    environment = clean_environment(
        UV_FIND_LINKS=links, PIP_FIND_LINKS=links, HATCH_DATA_DIR=str(tmp_path / "hatch")
    )
    return Monorepo(tmp_path / "checkout/monorepo", environment)


@pytest.fixture
def monorepo(isolated: Monorepo) -> Monorepo:
    """The same for builds with uv that are not about what an isolated environment has."""
    return isolated.not_isolated


def write_package(
    directory: Path,
    name: str,
    requirement: str = "uv_build>=0.10.2,<1",  # by uv itself, without an environment
    back_end: str = "uv_build",
) -> None:
    package = directory / "src" / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f'"""The package {name}."""\n\nVALUE = "old"\n')
    (package / "data.txt").write_text("old\n")
    (directory / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["{requirement}"]\nbuild-backend = "{back_end}"\n\n'
        f'[project]\nname = "{name}"\nversion = "0.1"\ndescription = "A test package"\n'
        'requires-python = ">=3.10"\n'
    )


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="session")
def target_hashes(
    locked_monorepo: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The hashes of what the target makes: what every other command has to make, too."""

    def make(directory: Path) -> None:
        shutil.copytree(locked_monorepo.parent, directory)
        found = {}
        for name in ("api", "worker"):
            build = Project(directory / "monorepo", f"functions/{name}").build()
            found[build.artifact.name] = build.sha256
        (directory / "hashes.json").write_text(json.dumps(found))

    directory = made_once(tmp_path_factory, "monorepo-hashes", make)
    hashes: dict[str, str] = json.loads((directory / "hashes.json").read_text())
    return hashes


@dataclass(frozen=True)
class Command:
    """A command that makes zips.

    Attributes:
        words: the command.
        where: the directory to run it in, relative to the root.
        output: where everything has to land.
        wheel: whether a wheel lands there.
        both: whether the other function's zip has to be there as well.
    """

    words: tuple[str, ...]
    where: str = API
    output: str = "dist"
    wheel: bool = True
    both: bool = False


COMMANDS = {
    "uv build": Command(("uv", "build")),
    "uv build --wheel": Command(("uv", "build", "--wheel")),
    "uv build --sdist": Command(("uv", "build", "--sdist"), wheel=False),
    "uv build --package": Command(("uv", "build", "--package", "api"), where=""),
    "uv build --all-packages": Command(("uv", "build", "--all-packages"), where="", both=True),
    "uv build -o": Command(("uv", "build", "-o", "../../elsewhere"), output="elsewhere"),
    "uv build from elsewhere": Command(("uv", "build", "functions/api"), where=""),
    "python -m build": Command(PYTHON_BUILD, output=f"{API}/dist"),
    "python -m build --wheel": Command((*PYTHON_BUILD, "--wheel"), output=f"{API}/dist"),
    "hatch build": Command(("hatch", "build"), output=f"{API}/dist"),
    "hatch build -t wheel": Command(("hatch", "build", "-t", "wheel"), output=f"{API}/dist"),
}


def spellings(names: Iterable[str], often: Collection[str]) -> list[ParameterSet]:
    """Return cases: some in every run, the others, which differ in little, on a schedule."""
    return [
        pytest.param(name, marks=[] if name in often else [pytest.mark.exhaustive])
        for name in names
    ]


OFTEN: Final = ("uv build", "python -m build")


@pytest.mark.parametrize("name", spellings(COMMANDS, OFTEN))
def test_commands_that_make_zips(
    isolated: Monorepo, target_hashes: dict[str, str], name: str
) -> None:
    command = COMMANDS[name]
    result = isolated.run(command.words, command.where)
    expected = {
        f"{command.output}/{artifact}": sha256
        for artifact, sha256 in target_hashes.items()
        if command.both or artifact.startswith("api-")
    }
    assert isolated.zips() == expected
    assert (isolated.root / command.output / "api-1.0.0-py3-none-any.whl").exists() is command.wheel
    assert isolated.rubbish() == []
    text = result.stdout + result.stderr
    # Made once: compressing is what a second making would do again.
    assert text.count("api:lambda: compressing") == 1, text
    if name in {"uv build", "python -m build"}:
        assert "api:lambda: made already, from the source tree" in text
    if name == "hatch build":
        assert "api:lambda: unchanged, sha256" in text


@pytest.mark.parametrize("name", spellings(COMMANDS, ("uv build",)))
def test_an_edit_anywhere_is_in_the_next_zip(monorepo: Monorepo, name: str) -> None:
    command = COMMANDS[name]
    edited = {
        "api/app.py": (f"{API}/src/api/app.py", "Greet the caller", "Great the caller"),
        "common/greeting.txt": ("libraries/common/src/common/greeting.txt", "Hello", "Howdy"),
        "common/__init__.py": ("libraries/common/src/common/__init__.py", "times", "tames"),
        "base/data.txt": ("libraries/base/src/base/data.txt", "old", "new"),
        "base/__init__.py": ("libraries/base/src/base/__init__.py", "old", "new"),
        "outside/data.txt": ("../outside/src/outside/data.txt", "old", "new"),
        "outside/__init__.py": ("../outside/src/outside/__init__.py", "old", "new"),
    }
    # cache-keys that notice nothing, as a project may have them.
    for file in (f"{API}/pyproject.toml", "libraries/common/pyproject.toml"):
        path = monorepo.root / file
        path.write_text(path.read_text() + "\n[tool.uv]\ncache-keys = []\n")
    monorepo.run(command.words, command.where)
    before = monorepo.zips()
    for file, old, new in edited.values():
        monorepo.edit(file, old, new)
    monorepo.run(command.words, command.where)
    after = monorepo.zips()
    assert all(before[artifact] != after[artifact] for artifact in before)
    artifact = f"{command.output}/api-1.0.0-lambda.zip"
    with zipfile.ZipFile(monorepo.root / artifact) as archive:
        for member, (file, _, new) in edited.items():
            content = archive.read(member)
            assert content == (monorepo.root / file).read_bytes(), member
            assert new.encode() in content, member


@pytest.mark.exhaustive
def test_an_edit_of_a_member_with_another_back_end_is_in_the_next_zip(
    isolated: Monorepo,
) -> None:
    """Flit builds it, in an environment of its own."""
    library = isolated.root / "libraries/base"
    shutil.rmtree(library)
    write_package(library, "base", "flit_core>=3.12", "flit_core.buildapi")
    run([UV, "lock", "-q"], cwd=isolated.root)
    isolated.run(["uv", "build"], API)
    before = isolated.zips()
    for file in ("data.txt", "__init__.py"):
        isolated.edit(f"libraries/base/src/base/{file}", "old", "new")
    isolated.run(["uv", "build"], API)
    assert isolated.zips() != before
    with zipfile.ZipFile(isolated.root / "dist/api-1.0.0-lambda.zip") as archive:
        for file in ("data.txt", "__init__.py"):
            assert b"new" in archive.read(f"base/{file}")


SILENT = {
    "uv sync": ("uv", "sync", "-q", "--package", "api"),
    "uv sync --no-editable": ("uv", "sync", "-q", "--no-editable", "--package", "api"),
    "uv run": ("uv", "run", "-q", "--package", "api", "python", "-c", "import api"),
    "uv pip install": ("uv", "pip", "install", "-q", "--target", "t", "--no-deps", f"./{API}"),
    "uv pip install --no-cache": (
        *("uv", "pip", "install", "-q", "--no-cache", "--target", "t", "--no-deps", f"./{API}"),
    ),
    "pip install": ("pip", "install", "-q", "--target", "t", "--no-deps", f"./{API}"),
    "pip wheel": ("pip", "wheel", "-q", "-w", "w", "--no-deps", f"./{API}"),
    "tox": ("tox", "run", "-q", "--root", API, "--workdir", f"{API}/.tox"),
    "switched off": ("env", "HATCH_LAMBDA_ZIP=0", "uv", "build", "-q", "--package", "api"),
    "no function of that name": (
        *("env", "HATCH_LAMBDA_ZIP=other", "uv", "build", "--package", "api"),
    ),
    "nothing enabled": ("uv", "build", "-q", "--package", "api"),
}


LIKE_OTHERS: Final = (
    *("uv run", "uv sync --no-editable", "uv pip install --no-cache", "pip install", "pip wheel"),
    *("tox", "nothing enabled"),
)


@pytest.mark.parametrize("name", spellings(SILENT, SILENT.keys() - {*LIKE_OTHERS}))
def test_commands_that_must_not_make_zips(isolated: Monorepo, name: str, tmp_path: Path) -> None:
    words = SILENT[name]
    if name == "nothing enabled":
        replace(isolated.api / "pyproject.toml", TABLE, f"{TABLE}enable-by-default = false\n")
    if words[0] == "pip":
        run([UV, "venv", "-q", "--seed", "--python", sys.executable, tmp_path / "v"], cwd=tmp_path)
        words = (str(tmp_path / "v/bin/python"), "-m", *words)
    (isolated.api / "tox.ini").write_text(
        "[testenv]\nskip_install = false\ndeps =\ncommands = python -c 'import sys'\n"
        "package = wheel\n[testenv:.pkg]\npass_env = *\n"
    )
    if name == "tox":
        # The dependencies are nobody's business here, and `common` is on no index.
        replace(
            isolated.api / "pyproject.toml",
            '["common", "outside", "pydantic>=2.11"]',
            "[]",
        )
    # A configuration that no build of zips would survive.
    if name != "no function of that name":
        replace(isolated.api / "pyproject.toml", 'runtime = "python3.13"', 'runtime = "broken"')
    result = isolated.run(words)
    assert isolated.zips() == {}
    text = result.stdout + result.stderr
    if name == "no function of that name":
        assert "HATCH_LAMBDA_ZIP: 'other' is not one of api:lambda" in text
    else:
        assert "lambda" not in text


@pytest.mark.exhaustive
@pytest.mark.parametrize("command", [("uv", "build"), ("uv", "sync", "-q", "--no-editable")])
def test_the_hook_costs_next_to_nothing_when_it_has_nothing_to_do(
    isolated: Monorepo, command: tuple[str, ...]
) -> None:
    """Only measured and printed: `pytest -s` shows it."""
    seconds = {}
    for label, off in (("with the hook", False), ("without the hook", True)):
        if off:
            replace(isolated.api / "pyproject.toml", TABLE, "")
        times = []
        for _ in range(3):
            started = time.monotonic()
            isolated.run([*command, "--package", "api", "--refresh"], HATCH_LAMBDA_ZIP="0")
            times.append(time.monotonic() - started)
        seconds[label] = sorted(times)[1]
    print(*command, *(f"{label}: {value:.2f} s" for label, value in seconds.items()), sep=", ")  # noqa: T201


@pytest.mark.slow
def test_only_what_the_function_needs_ships_and_as_real_files(monorepo: Monorepo) -> None:
    monorepo.run(["uv", "build", "--all-packages"])
    with zipfile.ZipFile(monorepo.root / "dist/worker-1.0.0-lambda.zip") as archive:
        names = archive.namelist()
    packages = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"worker", "common", "base", "humanize"}
    assert not any(name.endswith((".pth", "direct_url.json")) for name in names)


@pytest.mark.exhaustive
def test_a_root_that_is_a_package_and_members_with_extras_groups_and_hooks(
    monorepo: Monorepo,
) -> None:
    root = monorepo.root
    pyproject = (monorepo.api / "pyproject.toml").read_text().replace('"api"', '"root-api"')
    pyproject = pyproject.replace('"common", ', '"common[fast]", ').replace(
        "api.app", "root_api.app"
    )
    replace(root / "pyproject.toml", "[tool.uv]\n", f"{pyproject}\n[tool.uv]\n")
    shutil.copytree(monorepo.api / "src/api", root / "src/root_api")
    library = root / "libraries/common"
    # An extra and a group of a member, and a build hook of its own.
    (library / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n'
        '[project]\nname = "common"\nversion = "0.3.0"\nrequires-python = ">=3.10"\n'
        'dependencies = ["base", "humanize>=4"]\noptional-dependencies.fast = ["six"]\n\n'
        '[dependency-groups]\ndev = ["iniconfig"]\n\n'
        "[tool.hatch.build.targets.wheel.hooks.custom]\n"
    )
    (library / "hatch_build.py").write_text(
        "from pathlib import Path\n"
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\n\n"
        "class CustomBuildHook(BuildHookInterface):\n"
        "    def initialize(self, version, build_data):\n"
        "        generated = Path(self.root, 'src/common/generated.py')\n"
        "        generated.write_text('VALUE = 1')\n"
    )
    run([UV, "lock", "-q"], cwd=root)
    found = []
    for command, where in ((("uv", "build"), ""), (("uv", "build", "../.."), API)):
        monorepo.run(command, where)
        zips = monorepo.zips()
        found.append(zips["dist/root_api-1.0.0-lambda.zip"])
        with zipfile.ZipFile(root / "dist/root_api-1.0.0-lambda.zip") as archive:
            names = archive.namelist()
        shutil.rmtree(root / "dist")
    assert found[0] == found[1]
    assert {"six.py", "common/generated.py", "base/data.txt", "root_api/app.py"} <= set(names)
    assert not any(name.startswith("iniconfig") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize(
    "chosen", spellings(["lambda,other", "api,other", "api:lambda"], ["api:lambda"])
)
def test_functions_are_chosen_by_the_environment(monorepo: Monorepo, chosen: str) -> None:
    monorepo.run(["uv", "build", "--package", "api"], HATCH_LAMBDA_ZIP=chosen)
    assert monorepo.zips().keys() == {"dist/api-1.0.0-lambda.zip"}


@pytest.mark.exhaustive
def test_an_edit_of_vendored_metadata_is_seen(monorepo: Monorepo) -> None:
    vendored = monorepo.api / "src/api/_vendor/other-1.dist-info"
    vendored.mkdir(parents=True)
    for text in ("one", "two"):
        (vendored / "RECORD").write_text(f"{text}\n")
        (vendored / "WHEEL").write_text(f"Wheel-Version: 1.0\nGenerator: {text}\n")
        monorepo.run(["uv", "build"], API)
        with zipfile.ZipFile(monorepo.root / "dist/api-1.0.0-lambda.zip") as archive:
            place = "api/_vendor/other-1.dist-info"
            assert archive.read(f"{place}/RECORD").decode() == f"{text}\n"
            assert archive.read(f"{place}/WHEEL").decode().endswith(f"Generator: {text}\n")


def test_a_path_wheel_that_changed_since_it_was_locked_is_found(monorepo: Monorepo) -> None:
    outside = monorepo.root.parent / "outside"
    run([UV, "build", "-q", "--wheel", "-o", monorepo.root, outside], cwd=monorepo.root)
    wheel = "outside-0.1-py3-none-any.whl"
    replace(monorepo.root / "pyproject.toml", '"../outside"', f'"{wheel}"')
    run([UV, "lock", "-q"], cwd=monorepo.root)
    monorepo.run(["uv", "build"], API)
    with zipfile.ZipFile(monorepo.root / wheel, "a") as archive:
        archive.writestr("outside/added.txt", "added")
    result = monorepo.run(["uv", "build"], API, check=False)
    assert result.returncode != 0
    assert "is not the file that was locked" in result.stdout + result.stderr


BUSY: Final = """
import time
from pathlib import Path

import uv_build
from uv_build import *


def build_wheel(*arguments, **named):
    busy = Path("busy")
    busy.touch(exist_ok=False)
    time.sleep(1)
    busy.unlink()
    return uv_build.build_wheel(*arguments, **named)
"""


@pytest.mark.exhaustive
def test_one_library_is_built_by_one_command_at_a_time(isolated: Monorepo) -> None:
    """Some back ends work inside the source tree, where two builds would meet."""
    library = isolated.root / "libraries/base"
    replace(library / "pyproject.toml", '"uv_build"\n', '"busy_back_end"\nbackend-path = ["."]\n')
    (library / "busy_back_end.py").write_text(BUSY)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip", "-d", str(number)],
            cwd=isolated.api,
            env=isolated.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
    assert len(set(isolated.zips().values())) == 1


# What hatch runs, in an environment of its own.
HATCHLING = (sys.executable, "-m", "hatchling")


@pytest.mark.parametrize(
    ("build", "clean"),
    [
        ((*HATCHLING, "build"), (*HATCHLING, "build", "--clean-only")),
        pytest.param(("hatch", "build"), ("hatch", "clean"), marks=pytest.mark.exhaustive),
    ],
)
def test_hatch_clean_removes_what_we_made_and_nothing_else(
    monorepo: Monorepo, build: Sequence[str], clean: Sequence[str]
) -> None:
    monorepo.run(build, API)
    (monorepo.api / "dist/foreign.zip").write_bytes(b"not ours")
    (monorepo.api / "dist/worker-1.0.0-lambda.zip").write_bytes(b"another package's")
    monorepo.run(clean, API)
    names = sorted(path.name for path in (monorepo.api / "dist").iterdir())
    assert names == ["foreign.zip", "worker-1.0.0-lambda.zip"]


def test_the_wheel_of_an_sdist_cleans_nothing_of_the_source_tree(monorepo: Monorepo) -> None:
    """The zips are made with the sdist, and can't be made again with its wheel."""
    output = monorepo.api / "dist"
    monorepo.run(["uv", "build", "-o", output], API, HATCH_BUILD_CLEAN="1")
    assert [*monorepo.zips()] == [f"{API}/dist/api-1.0.0-lambda.zip"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("embed-locks = true", ".embed-locks: unknown key. Did you mean 'embed-lock'?"),
        ('embed-lock = "yes"', ".embed-lock: must be true or false, not 'yes'"),
    ],
)
def test_mistakes_of_the_hooks_table(monorepo: Monorepo, line: str, message: str) -> None:
    replace(monorepo.api / "pyproject.toml", TABLE, f"{TABLE}{line}\n")
    result = monorepo.run(["uv", "build", "--wheel"], API, check=False)
    assert result.returncode != 0
    assert f"tool.hatch.build.hooks.lambda-zip{message}" in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_a_failure_is_one_message_and_the_build_fails(monorepo: Monorepo) -> None:
    replace(monorepo.api / "pyproject.toml", "api.app.handler", "api.app.missing")
    for words in ("uv", "build"), (sys.executable, "-m", "build", "-n"), (*HATCHLING, "build"):
        result = monorepo.run(words, API, check=False)
        text = result.stdout + result.stderr
        assert result.returncode != 0
        assert "defines no 'missing'" in text
        # Every front end adds lines of its own, but none shows a traceback of ours.
        assert "hatch_lambda_zip/" not in text
    assert monorepo.zips() == {}


def test_a_nested_command_that_hangs_is_named(monorepo: Monorepo) -> None:
    result = monorepo.run(["uv", "build"], API, check=False, HATCH_LAMBDA_ZIP_TIMEOUT="0.001")
    assert result.returncode != 0
    assert re.search(r"`uv [^`]*` did not end within 0\.001 seconds", result.stdout + result.stderr)


@pytest.mark.slow
def test_an_unpacked_sdist_without_a_lock(monorepo: Monorepo, tmp_path: Path) -> None:
    monorepo.run(["uv", "build", "--sdist"], API)
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(monorepo.root / "dist/api-1.0.0.tar.gz", empty)
    build = ["uv", "build", "--wheel", "api-1.0.0.tar.gz", "-o", "out"]
    result = run(build, cwd=empty, env=monorepo.environment)
    assert "no zip of api:lambda: this is an unpacked sdist" in result.stderr
    assert not list(empty.rglob("*.zip"))
    # Asked for in so many words, it is an error.
    environment = {**monorepo.environment, "HATCH_LAMBDA_ZIP": "1"}
    result = run(build, cwd=empty, env=environment, check=False)
    assert result.returncode != 0
    assert "HATCH_LAMBDA_ZIP asks for zips, but no zip of api:lambda" in result.stderr
    assert "set `embed-lock = true`" in result.stderr
    # And zips of other code are not taken for this package's.
    monorepo.edit(f"{API}/src/api/app.py", "Greet the caller", "Great the caller")
    monorepo.run(["uv", "build", "--wheel", "-o", empty / "out"], API)
    result = run(build, cwd=empty, env=monorepo.environment)
    assert "no zip of api:lambda" in result.stderr


@pytest.mark.parametrize(
    "front_end", spellings(["uv build", "python -m build", "hatch build"], ["uv build"])
)
def test_an_sdist_with_the_lock_makes_the_same_zip_anywhere(
    monorepo: Monorepo, target_hashes: dict[str, str], tmp_path: Path, front_end: str
) -> None:
    replace(monorepo.api / "pyproject.toml", TABLE, f"{TABLE}embed-lock = true\n")
    command = COMMANDS[front_end]
    result = monorepo.run(command.words, command.where)
    artifact = "api-1.0.0-lambda.zip"
    assert monorepo.zips() == {f"{command.output}/{artifact}": target_hashes[artifact]}
    assert (result.stdout + result.stderr).count("api:lambda: compressing") == 1
    sdist = monorepo.root / command.output / "api-1.0.0.tar.gz"
    with tarfile.open(sdist) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None and not member.name.endswith((".whl", "PKG-INFO")):
                assert str(monorepo.root.parent).encode() not in file.read(), member.name
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(sdist, empty)
    shutil.rmtree(monorepo.root.parent)  # nothing to fall back on
    environment = {**monorepo.environment, "HATCH_LAMBDA_ZIP": "1"}
    run(["uv", "build", "--wheel", sdist.name, "-o", "."], cwd=empty, env=environment)
    assert hashlib.sha256((empty / artifact).read_bytes()).hexdigest() == target_hashes[artifact]
    manifest = json.loads((empty / artifact).with_suffix(".json").read_text())
    assert manifest["lock"] == "uv.lock"


@pytest.mark.slow
def test_an_sdist_takes_archives_along_and_credentials_never(
    monorepo: Monorepo, tmp_path: Path
) -> None:
    replace(monorepo.api / "pyproject.toml", TABLE, f"{TABLE}embed-lock = true\n")
    outside = monorepo.root.parent / "outside"
    run([UV, "build", "-q", "--wheel", "-o", monorepo.root, outside], cwd=monorepo.root)
    wheel = "outside-0.1-py3-none-any.whl"
    replace(monorepo.root / "pyproject.toml", '"../outside"', f'"{wheel}"')
    run([UV, "lock", "-q"], cwd=monorepo.root)
    monorepo.run(["uv", "build"], API)
    (zipped,) = monorepo.zips().values()
    empty = tmp_path / "empty"
    empty.mkdir()
    shutil.copy(monorepo.root / "dist/api-1.0.0.tar.gz", empty)
    moved = monorepo.root.with_name("moved")
    monorepo.root.rename(moved)
    build = ["uv", "build", "--wheel", "api-1.0.0.tar.gz", "-o", "."]
    run(build, cwd=empty, env=monorepo.environment)
    (artifact,) = empty.glob("*.zip")
    assert hashlib.sha256(artifact.read_bytes()).hexdigest() == zipped
    moved.rename(monorepo.root)

    url = re.search(
        r'url = "(https://[^"]*/humanize[^"]*\.whl)"', (monorepo.root / "uv.lock").read_text()
    )
    assert url is not None
    with_password = url[1].replace("https://", "https://reader:s3cret@")
    replace(monorepo.root / "uv.lock", url[1], with_password)
    result = monorepo.run(["uv", "build"], API, check=False)
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert "uv.lock has a URL with credentials (or a query, which may be one), which an" in text
    assert "s3cret" not in text


@pytest.mark.parametrize("key", ["dependencies", "optional-dependencies.more"])
def test_an_own_requirement_with_a_password_is_refused_before_anything_is_written(
    monorepo: Monorepo, key: str
) -> None:
    pyproject = monorepo.api / "pyproject.toml"
    requirement = "demo @ https://reader:s3cret@host.invalid/demo-1-py3-none-any.whl"
    if key == "dependencies":
        replace(pyproject, '["common", ', f'["{requirement}", "common", ')
        replace(pyproject, TABLE, f"[tool.hatch.metadata]\nallow-direct-references = true\n{TABLE}")
    else:
        replace(
            pyproject,
            TABLE,
            "[tool.hatch.metadata]\nallow-direct-references = true\n"
            f'[project.optional-dependencies]\nmore = ["{requirement}"]\n{TABLE}',
        )
    result = monorepo.run(["uv", "build"], API, check=False)
    text = result.stdout + result.stderr
    assert result.returncode != 0
    assert "METADATA of api has a URL with credentials" in text
    assert "s3cret" not in text
    assert not list((monorepo.root / "dist").glob("api-*"))


@dataclass
class Checkout:
    """One of two checkouts that are built at the same time."""

    root: Path
    process: subprocess.Popen[str] | None = field(default=None)


@pytest.mark.exhaustive
def test_six_functions_in_two_checkouts_at_once(monorepo: Monorepo, tmp_path: Path) -> None:
    functions = monorepo.root / "functions"
    for number in range(4):  # besides `api` and `worker`
        shutil.copytree(functions / "worker", functions / f"worker{number}")
        pyproject = functions / f"worker{number}/pyproject.toml"
        replace(pyproject, 'name = "worker"', f'name = "worker{number}"')
        replace(pyproject, '"worker.app.handler"', f'"worker{number}.app.handler"')
        package = functions / f"worker{number}/src"
        (package / "worker").rename(package / f"worker{number}")
    run([UV, "lock", "-q"], cwd=monorepo.root)
    checkouts = [Checkout(tmp_path / name) for name in ("one", "two")]
    for checkout in checkouts:
        shutil.copytree(monorepo.root.parent, checkout.root)
        with (checkout.root / "log").open("w") as log:
            checkout.process = subprocess.Popen(
                ["uv", "build", "--all-packages"],
                cwd=checkout.root / "monorepo",
                env=monorepo.environment,
                stdout=log,
                stderr=log,
                text=True,
            )
    results = []
    for checkout in checkouts:
        assert checkout.process is not None
        assert checkout.process.wait(timeout=900) == 0, (checkout.root / "log").read_text()
        built = Monorepo(checkout.root / "monorepo", {})
        results.append(built.zips())
        assert built.rubbish() == []
    assert len(results[0]) == 6
    assert results[0] == results[1]
