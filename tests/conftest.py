"""What all tests share: fixtures that cost something, and how hypothesis is patient."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.commands import CHECKOUT, FIXTURES, SHARED_CACHE, UV, run
from tests.support.projects import Build, Project, built_once
from tests.support.python_sources import install_packages
from tests.support.shared import made_once

# A loaded machine is no failure. `pytest --hypothesis-profile=…` chooses another number of
# examples: few, in every run of tox; many, where time is no matter.
for name, examples in (("patient", 50), ("few", 25), ("many", 2_000)):
    settings.register_profile(
        name,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        max_examples=examples,
    )
settings.load_profile("patient")


def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` is: builds wait for other processes for a third of their time."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(autouse=True)
def _cache(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let the tests that are marked so share what they install of others."""
    if request.node.get_closest_marker("shared_cache"):
        directory = made_once(tmp_path_factory, "cache", Path.mkdir)
        directory.chmod(0o700)
        monkeypatch.setenv(SHARED_CACHE, str(directory))


@pytest.fixture(scope="session")
def locked_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the fixtures, with a lock of the app. Not to be changed."""

    def make(directory: Path) -> None:
        shutil.copytree(FIXTURES, directory)
        Project(directory).lock()

    return made_once(tmp_path_factory, "fixtures", make)


@pytest.fixture
def project(locked_fixtures: Path, tmp_path: Path) -> Project:
    """The app of the fixtures, locked: a copy of the test's own, to change."""
    return Project(locked_fixtures).copy_to(tmp_path / "project")


@pytest.fixture
def setuptools_project(project: Project) -> Project:
    """The same with a library that setuptools builds, in an environment that takes a second."""
    for file in ("pyproject.toml", "uv.lock"):
        project.replace('"../lib"', '"../setuptools_lib"', file=file)
    return project


@pytest.fixture(scope="session")
def reference_build(locked_fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What a build of the unchanged app made. Not to be changed."""

    def make(directory: Path) -> Build:
        return Project(locked_fixtures).copy_to(directory).build()

    return built_once(tmp_path_factory, "reference-build", make)


@pytest.fixture(scope="session")
def plugin_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout's plugin, for isolated builds."""

    def make(directory: Path) -> None:
        run([UV, "build", "--wheel", "-q", "-o", directory, CHECKOUT], cwd=CHECKOUT)

    (wheel,) = made_once(tmp_path_factory, "plugin", make).glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large packages that Lambdas often hold, as files to compile."""
    return made_once(tmp_path_factory, "packages", install_packages)
