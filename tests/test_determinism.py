"""The same inputs give the same bytes; a change of what ships gives others."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support import careless_zip
from tests.support.commands import CHECKOUT, UV, clean_environment, needed, run
from tests.support.interpreters import arm_python, interpreters, version_of
from tests.support.projects import Build, Project
from tests.support.shared import made_once

MINORS = (
    pytest.param("3.10", marks=pytest.mark.exhaustive),
    pytest.param("3.11", marks=pytest.mark.exhaustive),
    pytest.param("3.12", marks=pytest.mark.exhaustive),
    pytest.param("3.13", marks=pytest.mark.exhaustive),
    pytest.param("3.14", marks=pytest.mark.exhaustive),
    "3.15",
)


@dataclass(frozen=True)
class Circumstance:
    """Something about a build that must not matter.

    Attributes:
        name: what is changed.
        carelessness: the kind of hand-made zip that it does change; see careless_zip.py.
        environment: variables that bring it about.
        wrapper: a command that brings it about.
        prepare: does something to the project beforehand.
        while_zipping: whether it changes the hand-made zip, and not what was installed for it.
    """

    name: str
    carelessness: str | None
    environment: dict[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    prepare: Callable[[Path], None] | None = None
    while_zipping: bool = False


def nothing(project: Path) -> None:
    """Change nothing: every project of a test is another copy at another path and time."""


def wait(project: Path) -> None:
    """Wait until times in a zip, which are even seconds, have become others."""
    del project
    time.sleep(2.1)


def write_uv_toml(project: Path) -> None:
    (project / "uv.toml").write_text(
        'compile-bytecode = true\nexclude-newer = "2026-11-01T00:00:00Z"\n'
        "[pip]\ncompile-bytecode = true\n",
        encoding="utf-8",
    )


def leave_bytecode(project: Path) -> None:
    run([sys.executable, "-m", "compileall", "-q", "src", "../lib/src"], cwd=project)


EPOCH = {"SOURCE_DATE_EPOCH": "1234567890"}
CIRCUMSTANCES = [
    Circumstance("a second build", "times", prepare=wait),
    Circumstance("another checkout path", "direct-url", prepare=nothing),
    Circumstance("umask 077", "modes", wrapper=("sh", "-c", 'umask 077; exec "$@"', "sh")),
    Circumstance("umask 000", "modes", wrapper=("sh", "-c", 'umask 000; exec "$@"', "sh")),
    Circumstance("time zone", "times", {"TZ": "Pacific/Kiritimati"}, while_zipping=True),
    Circumstance("locale", None, {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "LANGUAGE": "tr"}),
    Circumstance("hash seed 1", "order", {"PYTHONHASHSEED": "1"}, while_zipping=True),
    Circumstance("hash seed 2", "order", {"PYTHONHASHSEED": "2"}, while_zipping=True),
    Circumstance("bytecode compiled by uv", "bytecode", {"UV_COMPILE_BYTECODE": "1"}),
    Circumstance("bytecode in the sources", None, prepare=leave_bytecode),
    Circumstance("SOURCE_DATE_EPOCH", "epoch", EPOCH, while_zipping=True),
    Circumstance("copies", None, {"UV_LINK_MODE": "copy"}),
    Circumstance("hard links", None, {"UV_LINK_MODE": "hardlink"}),
    Circumstance("symbolic links", "links", {"UV_LINK_MODE": "symlink"}),
    Circumstance("hashes unverified by uv", None, {"UV_NO_VERIFY_HASHES": "1"}),
    # With which uv_build writes more files.
    Circumstance("preview features of uv", None, {"UV_PREVIEW": "1"}),
    Circumstance("a uv.toml", "bytecode", prepare=write_uv_toml),
    Circumstance("one CPU", None, wrapper=("taskset", "-c", "0")),
]
CARELESS = [circumstance for circumstance in CIRCUMSTANCES if circumstance.carelessness]

linux = pytest.mark.skipif(sys.platform != "linux", reason="umask, taskset and setpriv are Linux's")


@dataclass(frozen=True)
class CarelessZips:
    """Hand-made zips of a project.

    Attributes:
        plugin: a directory with the plugin's wheel.
        site: what is installed under no circumstance, for zips of all kinds.
    """

    plugin: Path
    site: Path

    def install(
        self,
        project: Path,
        site: Path,
        *,
        python: Path | str = sys.executable,
        circumstance: Circumstance | None = None,
    ) -> Path:
        """Install the project under a circumstance."""
        self._run(circumstance, python, "install", project, site)
        return site

    def hash(
        self,
        site: Path,
        artifact: Path,
        kind: str,
        *,
        circumstance: Circumstance | None = None,
    ) -> str:
        """Zip what is installed under a circumstance, and hash that."""
        self._run(circumstance, sys.executable, "zip", site, artifact, kind)
        return hashlib.sha256(artifact.read_bytes()).hexdigest()

    def _run(
        self,
        circumstance: Circumstance | None,
        python: Path | str,
        command: str,
        directory: Path,
        *arguments: Path | str,
    ) -> None:
        circumstance = circumstance or Circumstance("none", None)
        variables = {"PYTHONHASHSEED": "0", **circumstance.environment}
        script = [*circumstance.wrapper, python, careless_zip.__file__, command, directory]
        env = clean_environment(UV_FIND_LINKS=str(self.plugin), **variables)
        run([*script, *arguments], cwd=directory, env=env)


@pytest.fixture(scope="session")
def careless(
    locked_fixtures: Path, plugin_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> CarelessZips:
    """The hand-made zips that are the control."""

    def make(directory: Path) -> None:
        copy = Project(locked_fixtures).copy_to(directory)
        CarelessZips(plugin_wheel.parent, directory).install(copy.path, directory / "site")

    directory = made_once(tmp_path_factory, "careless", make)
    return CarelessZips(plugin_wheel.parent, directory / "site")


@linux
@pytest.mark.parametrize("circumstance", CIRCUMSTANCES, ids=lambda one: one.name)
def test_nothing_about_the_machine_changes_the_bytes(
    project: Project, reference_build: Build, circumstance: Circumstance
) -> None:
    # The lock of requires-python decides; nothing else may.
    if circumstance.wrapper:
        needed(circumstance.wrapper[0])
    if circumstance.prepare is not None:
        circumstance.prepare(project.path)
    build = project.build_by_command(
        wrapper=circumstance.wrapper, environment=circumstance.environment
    )
    assert build.sha256 == reference_build.sha256


@linux
@pytest.mark.parametrize("circumstance", CARELESS, ids=lambda one: one.name)
def test_the_circumstance_does_change_a_careless_zip(
    project: Project, careless: CarelessZips, tmp_path: Path, circumstance: Circumstance
) -> None:
    """Where a hand-made zip stays the same too, the circumstance was not really changed."""
    kind = circumstance.carelessness
    assert kind is not None
    site = careless.site
    before = careless.hash(site, tmp_path / "before.zip", kind)
    if not circumstance.while_zipping:
        if circumstance.prepare is not None:
            circumstance.prepare(project.path)
        site = careless.install(project.path, tmp_path / "site", circumstance=circumstance)
    after = careless.hash(site, tmp_path / "after.zip", kind, circumstance=circumstance)
    assert after != before


def test_careless_zips_are_the_same_under_the_same_circumstances(
    project: Project, careless: CarelessZips, tmp_path: Path
) -> None:
    """Else the controls would prove nothing: another copy, installed again, makes no difference."""
    site = careless.install(project.path, tmp_path / "site")
    for kind in ("order", "bytecode", "epoch", "links", "modes"):
        before = careless.hash(careless.site, tmp_path / f"{kind}1.zip", kind)
        assert careless.hash(site, tmp_path / f"{kind}2.zip", kind) == before, kind


def build_environment(directory: Path, interpreter: str, plugin_wheel: Path) -> Path:
    """Make a virtual environment to build in, and return its Python."""
    run([UV, "venv", "-q", "--python", interpreter, directory], cwd=directory.parent)
    python = directory / "bin" / "python"
    packages: list[str | Path] = [plugin_wheel, "hatchling", "uv"]
    run([UV, "pip", "install", "-q", "--python", python, *packages], cwd=directory.parent)
    return python


@pytest.mark.slow
@linux
@pytest.mark.parametrize("minor", MINORS)
def test_the_python_that_builds_changes_nothing(
    project: Project,
    reference_build: Build,
    careless: CarelessZips,
    plugin_wheel: Path,
    tmp_path: Path,
    minor: str,
) -> None:
    found = [path for path in interpreters() if (version_of(path) or "").startswith(f"{minor}.")]
    if not found:
        pytest.skip(f"CPython {minor} is not here")
    python = build_environment(tmp_path / "environment", found[0], plugin_wheel)
    assert project.build_by_command(python=python).sha256 == reference_build.sha256
    # The interpreter's path is in scripts.
    site = careless.install(project.path, tmp_path / "site", python=python)
    before = careless.hash(careless.site, tmp_path / "before.zip", "scripts")
    assert careless.hash(site, tmp_path / "after.zip", "scripts") != before


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that every user can reach, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="lambda-zip-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@linux
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can be others")
def test_the_user_who_builds_changes_nothing(
    locked_fixtures: Path, reference_build: Build, plugin_wheel: Path, open_directory: Path
) -> None:
    # The interpreter of the tests may lie in root's home; the system's is for everyone.
    system = "/usr/bin/python3"
    recent = [system, "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
    if not Path(system).exists() or run(recent, cwd=open_directory, check=False).returncode != 0:
        pytest.skip("the system has no Python for everyone, or an old one")
    python = build_environment(open_directory / "environment", system, plugin_wheel)
    project = Project(locked_fixtures).copy_to(open_directory / "project")
    home = project.root / "home"
    home.mkdir()
    run(["chown", "-R", "nobody", project.root], cwd=project.root)
    build = project.build_by_command(
        python=python,
        wrapper=(needed("setpriv"), "--reuid=nobody", "--clear-groups"),
        environment={
            "HOME": str(home),
            "UV_CACHE_DIR": str(home / "cache"),
            "PATH": "/usr/bin:/bin",
        },
    )
    assert build.sha256 == reference_build.sha256
    made = build.directory / build.artifact.name
    assert made.owner() == "nobody"


def test_an_edit_of_the_own_code_changes_the_hash_and_reverting_restores_it(
    project: Project, reference_build: Build
) -> None:
    before = reference_build.sha256
    project.replace("ANSWER = 42", "ANSWER = 43", file="src/fixture_app/main.py")
    edited = project.build()
    assert edited.sha256 != before
    assert b"ANSWER = 43" in edited.read("fixture_app/main.py")
    project.replace("ANSWER = 43", "ANSWER = 42", file="src/fixture_app/main.py")
    assert project.build().sha256 == before


@pytest.mark.parametrize("file", ["__init__.py", "greeting.txt"])
def test_an_edit_of_a_path_dependency_changes_the_hash_and_reverting_restores_it(
    project: Project, reference_build: Build, file: str
) -> None:
    path = project.root / "lib/src/fixture_lib" / file
    before = project.build().sha256
    assert before == reference_build.sha256
    original = path.read_bytes()
    # Nothing that a cache might look at tells: same size, same time.
    status = path.stat()
    path.write_bytes(original.replace(b"e", b"E", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    edited = project.build()
    assert edited.sha256 != before
    assert edited.read(f"fixture_lib/{file}") == path.read_bytes()
    path.write_bytes(original)
    assert project.build().sha256 == before


@pytest.mark.slow
def test_a_module_that_is_gone_from_a_setuptools_project_no_longer_ships(
    setuptools_project: Project,
) -> None:
    library = setuptools_project.root / "setuptools_lib"
    before = setuptools_project.build().sha256
    extra = library / "src/fixture_lib/extra.py"
    extra.write_text("x = 1\n", encoding="utf-8")
    assert "fixture_lib/extra.py" in setuptools_project.build().names
    extra.unlink()
    assert setuptools_project.build().sha256 == before
    # Nothing is left in the sources either, from which setuptools would ship it again.
    assert sorted(path.name for path in library.iterdir()) == ["pyproject.toml", "src"]


def test_a_change_of_the_lock_changes_the_hash_and_reverting_restores_it(
    project: Project, reference_build: Build
) -> None:
    before = reference_build
    originals = {path: path.read_bytes() for path in (project.pyproject, project.lock_path)}
    # A constraint changes the lock and nothing that ships of the package itself.
    project.replace("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["idna<3.11"]\n')
    project.lock()
    after = project.build()
    assert after.sha256 != before.sha256
    assert "idna-3.10.dist-info/METADATA" in after.names
    assert "idna-3.10.dist-info/METADATA" not in before.names
    for path, content in originals.items():
        path.write_bytes(content)
    assert project.build().sha256 == before.sha256


def test_a_file_changed_in_the_cache_of_uv_is_found(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {"UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "hardlink"}
    project.build(environment=environment)
    (cached,) = [path for path in cache.rglob("six.py") if path.parent.parent.name == "archive-v0"]
    with cached.open("a", encoding="utf-8") as file:
        file.write("# edited through a hard link in some virtual environment\n")
    message = project.fail(environment=environment)
    assert "six.py of six is not the file that its RECORD lists" in message
    assert "uv cache clean six" in message
    (metadata,) = cached.parent.glob("six-*.dist-info/METADATA")
    # uv fails itself then, and says no more than that.
    for damage in (lambda: metadata.write_bytes(b""), metadata.unlink):
        damage()
        assert "run `uv cache clean six` and build again" in project.fail(environment=environment)


def test_the_cache_of_uv_is_never_modified(project: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {"UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "hardlink"}
    project.build(environment=environment)

    def contents() -> dict[str, str]:
        return {
            str(path.relative_to(cache)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((cache / "archive-v0").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    before = contents()
    project.build(environment=environment)
    after = contents()
    assert before.items() <= after.items()


def test_the_encoder_writes_the_same_on_arm(tmp_path: Path) -> None:
    python = arm_python()
    if python is None:
        pytest.skip("CPython 3.11 for 64-bit ARM is not here")
    version = re.search(r'"(deflate==[^"]+)"', (CHECKOUT / "pyproject.toml").read_text())
    assert version is not None
    site = tmp_path / "site"
    run(
        [
            *(UV, "pip", "install", "-q", "--no-deps", "--target", site),
            *("--python", sys.executable, "--python-platform", "aarch64-manylinux_2_28"),
            *("--python-version", "3.11", "--only-binary", ":all:", version[1]),
        ],
        cwd=tmp_path,
    )
    source = str(CHECKOUT / "src")
    code = (
        f"import sys; sys.path[:0] = [{str(site)!r}, {source!r}]\n"
        "from hatch_lambda_zip.archive.encoder import check_encoder\n"
        "import platform; check_encoder(); print(platform.machine())"
    )
    result = subprocess.run(
        [python, "-I", "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert result.stdout.strip() == "aarch64"
