"""Normalization on every CPython of this machine, each with its own standard library.

Each interpreter only compiles and compares; the normalizer runs on this one.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.bytecode import normalize, read_header, source_hash
from hatch_lambda_zip.bytecode.magic import FORMATS

pytestmark = pytest.mark.once

SCRIPTS: Final = Path(__file__).parent / "interpreters"
HEADER_SIZE: Final = 16
CONDITIONS: Final = (
    ("seed=1",),
    ("seed=2", "threads=8"),
    ("keep=1", "seed=3", "threads=4"),
    ("load=unittest,email.message,logging.config,xml.dom.minidom", "seed=4"),
    ("churn=1", "keep=1", "seed=5"),
    ("hold=1",),
    ("prefix=/other/checkout",),
)


def interpreters() -> list[str]:
    """Find CPythons of supported minor versions, one for each release.

    On PATH, among pyenv's, and what LAMBDA_ZIP_TEST_PYTHONS names (separated as in PATH).
    """
    candidates = [Path(sys.executable)]
    for name in (f"python3.{form.python_minor}" for form in FORMATS):
        candidates += [Path(part) / name for part in os.environ["PATH"].split(os.pathsep)]
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates += sorted(root.glob("versions/3.*/bin/python"))
    named = os.environ.get("LAMBDA_ZIP_TEST_PYTHONS", "")
    candidates += [Path(part) for part in named.split(os.pathsep) if part]
    found: dict[str, str] = {}
    for candidate in candidates:
        version = _version(candidate) if candidate.exists() else None
        if version is not None:
            found.setdefault(version, str(candidate))
    return list(found.values())


def _version(python: Path) -> str | None:
    code = "import platform as p, sys; print(sys.version_info[1], p.python_version(), p.machine())"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    minor, _, version = result.stdout.strip().partition(" ")
    supported = {str(form.python_minor) for form in FORMATS}
    return version if result.returncode == 0 and minor in supported else None


def run(python: str, script: str, *arguments: str | Path) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": "random"}
    environment.pop("PYTHONPATH", None)
    command = [python, "-B", str(SCRIPTS / script), *map(str, arguments)]
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=600
    )
    if result.returncode != 0:
        pytest.fail(f"{command} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout.strip()


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="module", params=interpreters(), ids=lambda path: _version(Path(path)))
def python(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


@cache
def sources(python: str) -> list[str]:
    """Return some files of an interpreter's standard library."""
    code = "import sysconfig; print(sysconfig.get_paths()['stdlib'])"
    result = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    library = Path(result.stdout.strip())
    paths = [*library.glob("*.py"), *library.glob("asyncio/*.py"), *library.glob("email/*.py")]
    files = sorted(str(path) for path in paths if path.is_file())
    return random.Random(0).sample(files, 80)  # noqa: S311 - no secret


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    path = tmp_path_factory.mktemp("trials")
    extra = path / "extra.py"
    extra.write_text(EXTRA, "utf-8")
    text = "\n".join([*sources(python), str(extra)])
    (path / "sources.txt").write_text(text, "utf-8")
    return path


# What a standard library does not have, or not in every order.
EXTRA: Final = """
NAN = 1e999 - 1e999
ZEROS = 0.0, -0.0, 0j, -0j, 1e999, 1j * 1e999
def f(x):
    return x in {1.5, 10**20, "a b", b"a b", ("a", 1), None, ..., -7, "é", "ā"}, x in {True, "1"}
def g(x):
    return x[1:2], x[1:2, ...], x[::"s"], (1, 1.0, True, 1 + 0j), f"{x!r:>10}"
class C:
    def m(self): return "C.m", "m", "C", [i for i in (1, 2, 3)], "\\ud800", "x" * 300, "- " * 300
"""


def compile_all(python: str, directory: Path, *conditions: str) -> dict[str, bytes]:
    out = directory / "trial.zip"
    run(python, "compile_sources.py", directory / "sources.txt", out, *conditions)
    return read(out)


def normalized(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: normalize(pyc, filename=f"/var/task/{name}") for name, pyc in files.items()}


def test_conditions_leave_no_trace(python: str, directory: Path) -> None:
    first = compile_all(python, directory)
    assert len(first) > 70
    expected = normalized(first)
    noisy = 0
    for conditions in CONDITIONS:
        files = compile_all(python, directory, *conditions)
        noisy += any(files[name] != first[name] for name in first) and "prefix" not in conditions[0]
        assert normalized(files) == expected, conditions
    assert noisy  # else this would have shown nothing


@pytest.mark.parametrize("optimize", [0, 1, 2])
def test_loads_to_equal_code(python: str, directory: Path, optimize: int) -> None:
    files = compile_all(python, directory, f"optimize={optimize}", "hold=1")
    results = {name: normalize(pyc) for name, pyc in files.items()}
    for name, pyc in files.items():
        assert normalize(results[name]) == results[name]
        assert len(results[name]) <= 1.02 * len(pyc), name
    before, after = write(directory / "a.zip", files), write(directory / "b.zip", results)
    assert run(python, "compare_code.py", before, after) == f"{len(files)} 0"
    renamed = write(directory / "c.zip", normalized(files))
    output = run(python, "compare_code.py", before, renamed, "other-filename")
    assert output == f"{len(files)} 0"


def test_source_hash_is_the_interpreters(python: str, directory: Path) -> None:
    for name, pyc in compile_all(python, directory).items():
        header = read_header(pyc)
        source = Path(f"/{name}").read_bytes()
        if len(source) < 20_000:
            assert source_hash(source, header.form) == header.source_hash
