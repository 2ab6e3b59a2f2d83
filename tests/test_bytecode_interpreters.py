"""Normalization on every CPython of this machine: standard libraries and packages.

Each interpreter only compiles and compares; the normalizer runs on this one. A sample of the
files is compiled; exhaustive cases take all of them (some five minutes for each interpreter), and
--log-cli-level=INFO shows the numbers.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.bytecode.normalize import normalize
from tests.support.interpreters import (
    one_for_each_minor,
    read_zip,
    run_script,
    version_of,
    write_zip,
)
from tests.support.python_sources import sources

pytestmark = pytest.mark.slow

LOG: Final = logging.getLogger(__name__)
STANDARD: Final = "unittest,email.message,logging.config,xml.dom.minidom"
THIRD_PARTY: Final = (
    "six,attr,dateutil.parser,pip._internal.commands.install,pip._vendor.rich.console,"
    "botocore.session"
)
# Each has a hash seed of its own, too.
CONDITIONS: Final = (
    (),
    ("seed=1",),
    ("seed=2", "threads=8"),
    ("keep=1", "seed=3", "threads=4"),
    (f"load={STANDARD}", "seed=4"),
    (f"load={THIRD_PARTY}", "path={packages}"),
    ("churn=1", "keep=1", "seed=5"),
    ("hold=1",),
    ("prefix=/other/checkout",),
)


@pytest.fixture(scope="module", params=one_for_each_minor())
def python(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


@pytest.fixture(
    scope="module", params=["sample", pytest.param("everything", marks=pytest.mark.exhaustive)]
)
def extent(request: pytest.FixtureRequest) -> str:
    """How many of the files to compile."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def directory(
    tmp_path_factory: pytest.TempPathFactory, python: str, packages: Path, extent: str
) -> Path:
    """A directory with a list of the files to compile."""
    path = tmp_path_factory.mktemp("trials")
    listed = sources(python, packages, everything=extent == "everything")
    (path / "sources.txt").write_text("\n".join(listed), "utf-8")
    return path


def compile_all(
    python: str, directory: Path, *conditions: str, hash_seed: int = 0
) -> dict[str, bytes]:
    out = directory / "trial.zip"
    run_script(
        python,
        "compile_sources.py",
        directory / "sources.txt",
        out,
        *conditions,
        PYTHONHASHSEED=str(hash_seed),
    )
    return read_zip(out)


def with_path(name: str, pyc: bytes) -> bytes:
    return normalize(pyc, filename=f"/var/task/{name}")


def conditions_of(python: str, extent: str) -> list[tuple[str, ...]]:
    """Return all conditions; for a sample, of those that not every Python shows each other one."""
    first, *between, hold, prefix = CONDITIONS
    _, minor, *_ = (version_of(python) or "").split(".")
    return [first, *(between[int(minor) % 2 :: 2] if extent == "sample" else between), hold, prefix]


def test_conditions_leave_no_trace(
    python: str, directory: Path, packages: Path, extent: str
) -> None:
    first = compile_all(python, directory)
    expected = {name: with_path(name, pyc) for name, pyc in first.items()}
    noisy = []
    for number, words in enumerate(conditions_of(python, extent), 1):
        conditions = [word.format(packages=packages) for word in words]
        files = compile_all(python, directory, *conditions, hash_seed=number)
        assert files.keys() == first.keys()
        raw = [name for name in first if files[name] != first[name]]
        # The others need no second look: equal input gives equal output.
        left = [name for name in raw if with_path(name, files[name]) != expected[name]]
        LOG.info(
            "%s: of %d files, %d raw and %d normalized differ under %s",
            version_of(python),
            len(first),
            len(raw),
            len(left),
            words,
        )
        assert not left, words
        noisy.append(len(raw))
    # Else this would have shown nothing. Other paths are in all files, whatever happened to them.
    assert sum(noisy[:-1]) > 0
    assert noisy[-1] == len(first)


@pytest.mark.parametrize(
    "optimize", [*(pytest.param(level, marks=pytest.mark.exhaustive) for level in (0, 1)), 2]
)
def test_loads_to_equal_code(python: str, directory: Path, optimize: int) -> None:
    files = compile_all(python, directory, f"optimize={optimize}", "hold=1")
    started = time.process_time()
    results = {name: normalize(pyc) for name, pyc in files.items()}
    seconds = time.process_time() - started
    for name, pyc in files.items():
        assert normalize(results[name]) == results[name], name
        assert len(results[name]) <= 1.02 * len(pyc), name
    before, after = write_zip(directory / "a.zip", files), write_zip(directory / "b.zip", results)
    assert run_script(python, "compare_code.py", before, after) == f"{len(files)} equal"
    renamed = {name: with_path(name, pyc) for name, pyc in files.items()}
    after = write_zip(directory / "b.zip", renamed)
    assert (
        run_script(python, "compare_code.py", before, after, "other-filename")
        == f"{len(files)} equal"
    )
    total = sum(map(len, files.values()))
    LOG.info(
        "%s -%s: %d files, %.1f MB, %.1f MB/s, largest ratio %.4f, all together %.4f",
        version_of(python),
        "O" * optimize,
        len(files),
        total / 1e6,
        total / 1e6 / seconds,
        max(len(results[name]) / len(pyc) for name, pyc in files.items()),
        sum(map(len, results.values())) / total,
    )
