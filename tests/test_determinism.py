"""The same inputs give the same bytes; a change of what ships gives others."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import UV, Workbench, clean_environment, run

pytestmark = pytest.mark.once

CARELESS_ZIP = Path(__file__).parent / "careless_zip.py"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")


@dataclass(frozen=True)
class Circumstance:
    """Something about a build that must not matter.

    Attributes:
        name: what is changed.
        carelessness: the kind of hand-made zip that it does change; see careless_zip.py.
        environment: variables that bring it about.
        wrapper: a command that brings it about.
        moved: build from a copy of the checkout at another path.
        python: an interpreter to build with.
        user: build as this user.
        prepare: does something to the project beforehand.
    """

    name: str
    carelessness: str | None
    environment: dict[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    moved: bool = False
    python: str | None = None
    user: str | None = None
    prepare: Callable[[Path], None] | None = None


def write_uv_toml(project: Path) -> None:
    (project / "uv.toml").write_text(
        'compile-bytecode = true\nexclude-newer = "2026-11-01T00:00:00Z"\n'
        "[pip]\ncompile-bytecode = true\n",
        encoding="utf-8",
    )


def leave_bytecode(project: Path) -> None:
    run([sys.executable, "-m", "compileall", "-q", "src", "../lib/src"], cwd=project)


CIRCUMSTANCES = [
    Circumstance("a second build", "times", prepare=lambda _: time.sleep(2.1)),
    Circumstance("another checkout path", "direct-url", moved=True),
    Circumstance("umask 077", "modes", wrapper=("sh", "-c", 'umask 077; exec "$@"', "sh")),
    Circumstance("umask 000", "modes", wrapper=("sh", "-c", 'umask 000; exec "$@"', "sh")),
    Circumstance("time zone", "times", {"TZ": "Pacific/Kiritimati"}),
    Circumstance("locale", None, {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "LANGUAGE": "tr"}),
    Circumstance("hash seed 1", "order", {"PYTHONHASHSEED": "1"}),
    Circumstance("hash seed 2", "order", {"PYTHONHASHSEED": "2"}),
    Circumstance("bytecode compiled by uv", "bytecode", {"UV_COMPILE_BYTECODE": "1"}),
    Circumstance("bytecode in the sources", None, prepare=leave_bytecode),
    Circumstance("SOURCE_DATE_EPOCH", "epoch", {"SOURCE_DATE_EPOCH": "1234567890"}),
    Circumstance("copies", None, {"UV_LINK_MODE": "copy"}),
    Circumstance("hard links", None, {"UV_LINK_MODE": "hardlink"}),
    Circumstance("symbolic links", "links", {"UV_LINK_MODE": "symlink"}),
    Circumstance("hashes unverified by uv", None, {"UV_NO_VERIFY_HASHES": "1"}),
    Circumstance("a uv.toml", "bytecode", prepare=write_uv_toml),
    Circumstance("one CPU", None, wrapper=("taskset", "-c", "0")),
]


@dataclass(frozen=True)
class Builder:
    """A virtual environment to build in."""

    python: Path

    @classmethod
    def make(cls, directory: Path, interpreter: str, plugin_wheel: Path) -> Builder:
        run([UV, "venv", "-q", "--python", interpreter, directory], cwd=directory.parent)
        python = directory / "bin" / "python"
        packages: list[str | Path] = [plugin_wheel, "hatchling", "uv"]
        run([UV, "pip", "install", "-q", "--python", python, *packages], cwd=directory.parent)
        return cls(python)


@pytest.fixture(scope="module")
def open_directory() -> Iterator[Path]:
    """Give a directory that every user can reach, which pytest's own is not."""
    path = Path("/tmp") / f"lambda-zip-test-{os.getpid()}"  # noqa: S108
    path.mkdir(mode=0o755)
    yield path
    shutil.rmtree(path)


def reference_circumstances(directory: Path, plugin_wheel: Path) -> list[Circumstance]:
    """Return those that depend on the machine: its Pythons, and another user."""
    found = []
    for version in PYTHONS:
        probe = run([UV, "python", "find", version], cwd=directory, check=False)
        if probe.returncode == 0:
            interpreter = probe.stdout.strip()
            builder = Builder.make(directory / f"python-{version}", interpreter, plugin_wheel)
            found.append(Circumstance(f"Python {version}", "scripts", python=str(builder.python)))
    # The interpreter of the tests may lie in root's home; the system's is for everyone.
    recent = ["/usr/bin/python3", "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
    if os.getuid() == 0 and run(recent, cwd=directory, check=False).returncode == 0:
        builder = Builder.make(directory / "system", "/usr/bin/python3", plugin_wheel)
        found.append(
            Circumstance("another user", "scripts", python=str(builder.python), user="nobody")
        )
    return found


def careless_hash(project: Path, circumstance: Circumstance, kind: str, plugin: Path) -> str:
    """Hash a hand-made zip made under a circumstance."""
    directory = plugin.parent
    artifact = directory / f"{re.sub(r'[^a-z0-9]', '-', circumstance.name.lower())}-{kind}.zip"
    python = circumstance.python or sys.executable
    run(
        [*circumstance.wrapper, python, CARELESS_ZIP, project, artifact, kind],
        cwd=project,
        env=clean_environment(UV_FIND_LINKS=str(plugin.parent), **circumstance.environment),
    )
    return hashlib.sha256(artifact.read_bytes()).hexdigest()


def build(bench: Workbench, circumstance: Circumstance) -> str:
    """Build under a circumstance and return the zip's SHA-256."""
    environment = dict(circumstance.environment)
    wrapper = circumstance.wrapper
    if circumstance.user is not None:
        home = bench.root / "home"
        home.mkdir()
        environment |= {"HOME": str(home), "UV_CACHE_DIR": str(home / "cache")}
        environment["PATH"] = "/usr/bin:/bin"
        run(["chown", "-R", circumstance.user, bench.root], cwd=bench.root)
        wrapper = ("setpriv", f"--reuid={circumstance.user}", "--clear-groups", *wrapper)
    finished = bench.build(
        python=circumstance.python or sys.executable, wrapper=wrapper, environment=environment
    )
    return finished.sha256


@pytest.mark.skipif(sys.platform != "linux", reason="umask, taskset and setpriv are Linux's")
def test_nothing_about_the_machine_changes_the_bytes(
    locked_fixtures: Path, open_directory: Path, plugin_wheel: Path
) -> None:
    # The lock of requires-python decides; nothing else may. Every build is compared with this.
    reference_bench = Workbench(locked_fixtures).copy_to(open_directory / "reference")
    reference = reference_bench.build().sha256
    plain = Circumstance("plain", None)
    careless: dict[str, str] = {}

    different, unprotected_same = [], []
    circumstances = [
        *CIRCUMSTANCES,
        *reference_circumstances(open_directory, plugin_wheel),
    ]
    for number, circumstance in enumerate(circumstances):
        fresh_path = circumstance.moved or circumstance.prepare or circumstance.user
        bench = (
            reference_bench.copy_to(open_directory / f"copy {number}")
            if fresh_path
            else reference_bench
        )
        if circumstance.prepare is not None:
            circumstance.prepare(bench.path)
        if build(bench, circumstance) != reference:
            different.append(circumstance.name)
        kind = circumstance.carelessness
        if kind is None or circumstance.user is not None:
            continue
        if kind not in careless:
            control = plain
            if kind == "order":
                control = Circumstance("order", None, {"PYTHONHASHSEED": "0"})
            careless[kind] = careless_hash(reference_bench.path, control, kind, plugin_wheel)
        if careless_hash(bench.path, circumstance, kind, plugin_wheel) == careless[kind]:
            unprotected_same.append(circumstance.name)
    assert different == []
    # Where a hand-made zip stays the same too, the circumstance was not really changed.
    assert unprotected_same == []
    assert {f"Python {version}" for version in PYTHONS[:4]} & {c.name for c in circumstances}


def test_an_edit_of_the_own_code_changes_the_hash_and_reverting_restores_it(
    workbench: Workbench,
) -> None:
    before = workbench.build().sha256
    workbench.replace("ANSWER = 42", "ANSWER = 43", file="src/fixture_app/main.py")
    edited = workbench.build()
    assert edited.sha256 != before
    assert b"ANSWER = 43" in edited.read("fixture_app/main.py")
    workbench.replace("ANSWER = 43", "ANSWER = 42", file="src/fixture_app/main.py")
    assert workbench.build().sha256 == before


@pytest.mark.parametrize("file", ["__init__.py", "greeting.txt"])
def test_an_edit_of_a_path_dependency_changes_the_hash_and_reverting_restores_it(
    workbench: Workbench, file: str
) -> None:
    path = workbench.root / "lib/src/fixture_lib" / file
    before = workbench.build().sha256
    original = path.read_bytes()
    # Nothing that a cache might look at tells: same size, same time.
    status = path.stat()
    path.write_bytes(original.replace(b"e", b"E", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    edited = workbench.build()
    assert edited.sha256 != before
    assert edited.read(f"fixture_lib/{file}") == path.read_bytes()
    path.write_bytes(original)
    assert workbench.build().sha256 == before


def test_a_module_that_is_gone_from_a_setuptools_project_no_longer_ships(
    workbench: Workbench,
) -> None:
    library = workbench.root / "lib"
    before = workbench.build().sha256
    extra = library / "src/fixture_lib/extra.py"
    extra.write_text("x = 1\n", encoding="utf-8")
    assert "fixture_lib/extra.py" in workbench.build().names
    extra.unlink()
    assert workbench.build().sha256 == before
    # Nothing is left in the sources either, from which setuptools would ship it again.
    assert sorted(path.name for path in library.iterdir()) == ["pyproject.toml", "src"]


def test_a_change_of_the_lock_changes_the_hash_and_reverting_restores_it(
    workbench: Workbench,
) -> None:
    before = workbench.build()
    originals = {path: path.read_bytes() for path in (workbench.pyproject, workbench.lock_path)}
    # A constraint changes the lock and nothing that ships of the package itself.
    workbench.replace("[tool.uv]\n", '[tool.uv]\nconstraint-dependencies = ["idna<3.11"]\n')
    workbench.lock()
    after = workbench.build()
    assert after.sha256 != before.sha256
    assert "idna-3.10.dist-info/METADATA" in after.names
    assert "idna-3.10.dist-info/METADATA" not in before.names
    for path, content in originals.items():
        path.write_bytes(content)
    assert workbench.build().sha256 == before.sha256


def test_a_file_changed_in_the_cache_of_uv_is_found(workbench: Workbench, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {"UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "hardlink"}
    workbench.build(environment=environment)
    (cached,) = [path for path in cache.rglob("six.py") if path.parent.parent.name == "archive-v0"]
    with cached.open("a", encoding="utf-8") as file:
        file.write("# edited through a hard link in some virtual environment\n")
    message = workbench.fail(environment)
    assert "six.py of six is not the file that its RECORD lists" in message
    assert "uv cache clean six" in message


def test_the_cache_of_uv_is_never_modified(workbench: Workbench, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    environment = {"UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "hardlink"}
    workbench.build(environment=environment)

    def contents() -> dict[str, str]:
        return {
            str(path.relative_to(cache)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((cache / "archive-v0").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    before = contents()
    workbench.build(environment=environment)
    after = contents()
    assert before.items() <= after.items()


@pytest.mark.skipif(
    "LAMBDA_ZIP_TEST_ARM_PYTHON" not in os.environ,
    reason="needs a CPython 3.11 for 64-bit ARM, emulated or not; continuous integration has one",
)
def test_the_encoder_writes_the_same_on_arm(tmp_path: Path) -> None:
    version = re.search(
        r'"(deflate==[^"]+)"', (Path(__file__).parent.parent / "pyproject.toml").read_text()
    )
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
    source = str(Path(__file__).parent.parent / "src")
    code = (
        f"import sys; sys.path[:0] = [{str(site)!r}, {source!r}]\n"
        "from hatch_lambda_zip.archive.encoder import check_encoder\n"
        "import platform; check_encoder(); print(platform.machine())"
    )
    python = os.environ["LAMBDA_ZIP_TEST_ARM_PYTHON"]
    result = subprocess.run(
        [python, "-I", "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert result.stdout.strip() == "aarch64"
