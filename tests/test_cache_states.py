"""Each example, and each function of the benchmark: no state of the cache changes a byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from benchmarks.compare import FUNCTIONS, HANDLER, PYPROJECT

from tests.support.built_examples import EXAMPLES, hashes_of, locked_example
from tests.support.commands import UV, clean_environment, run

pytestmark = [pytest.mark.exhaustive, pytest.mark.skipif(sys.platform == "win32", reason="links")]

BUILD = [sys.executable, "-m", "hatch_lambda_zip", "build", "--all", "-q"]


def of_the_benchmark(name: str, directory: Path) -> Path:
    project = directory / name
    (project / "src" / name).mkdir(parents=True)
    (project / "src" / name / "__init__.py").write_text(HANDLER.format(answer=1))
    text = PYPROJECT.format(name=name, dependencies=[*FUNCTIONS[name]])
    (project / "pyproject.toml").write_text(text)
    run([UV, "lock", "-q"], cwd=project)
    return project


PROJECTS: dict[str, Callable[[Path], Path]] = {
    **{name: partial(locked_example, name) for name in EXAMPLES},
    **{f"benchmark, {name}": partial(of_the_benchmark, name) for name in FUNCTIONS},
}


def build(project: Path, cache: str, *prefix: str) -> dict[str, str]:
    for dist in project.rglob("dist"):
        shutil.rmtree(dist)
    environment = clean_environment(HATCH_LAMBDA_ZIP_CACHE=cache)
    run([*prefix, *BUILD, project], cwd=project, env=environment)
    return hashes_of(project)


def packs_in(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.pack"))


@pytest.mark.parametrize("name", PROJECTS)
def test_no_state_of_the_cache_changes_a_byte(name: str, tmp_path: Path) -> None:
    project = PROJECTS[name](tmp_path / "projects")
    cache = tmp_path / "cache"
    without = build(project, "0")
    assert without
    assert build(project, str(cache)) == without, "cold"
    assert build(project, str(cache)) == without, "warm"
    one_cpu = f"import os, sys; os.sched_setaffinity(0, [{min(os.sched_getaffinity(0))}])"
    run_on = [sys.executable, "-c", f"{one_cpu}; os.execv(sys.argv[1], sys.argv[1:])"]
    assert build(project, "0", *run_on) == without, "one worker"
    for number, path in enumerate(packs_in(cache)):
        if number % 2:
            path.unlink()
    assert build(project, str(cache)) == without, "half filled"
    for path in packs_in(cache):
        content = bytearray(path.read_bytes())
        content[len(content) * 2 // 3] ^= 1
        path.write_bytes(content)
    assert build(project, str(cache)) == without, "damaged"


@pytest.mark.parametrize("name", PROJECTS)
def test_two_processes_fill_the_cache_at_once(name: str, tmp_path: Path) -> None:
    projects = [PROJECTS[name](tmp_path / copy) for copy in ("one", "other")]
    environment = clean_environment(HATCH_LAMBDA_ZIP_CACHE=str(tmp_path / "cache"))
    builds = [
        subprocess.Popen([*BUILD, project], cwd=project, env=environment) for project in projects
    ]
    assert [each.wait(600) for each in builds] == [0, 0]
    one, other = map(hashes_of, projects)
    assert one == other == build(projects[0], "0")
