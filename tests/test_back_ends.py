"""One project, built by old and new releases of its back end: one content."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hatch_lambda_zip.install.wheel import content_digest, unpack_wheel
from tests.support.commands import UV, run

PROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"

[project]
name = "Demo_Pkg"
version = "1.0.0"
description = "A demo"
readme = "README.md"
requires-python = ">=3.10,<4"
license = {{file = "LICENSE"}}
authors = [{{name="Zoë Müller", email="z@example.com"}}, {{name="Doe, J.", email="d@example.com"}}]
keywords = ["zeta", "alpha"]
classifiers = ["Programming Language :: Python :: 3", "Development Status :: 4 - Beta"]
dependencies = ["Idna >=3, <4", "attrs; python_version < '3.11' or sys_platform == 'win32'"]

[project.optional-dependencies]
Dev_Tools = ["pytest>=7; python_version > '3.8' and sys_platform != 'win32'"]

[project.urls]
Homepage = "https://example.com"
"Bug Tracker" = "https://example.com/bugs"

[project.scripts]
demo = "demo_pkg:main"

[project.entry-points."z.group"]
b = "demo_pkg : b"
a = "demo_pkg"
"""
POETRY = """\
[build-system]
requires = {requires}
build-backend = "{backend}"

[tool.poetry]
name = "Demo_Pkg"
version = "1.0.0"
description = "A demo"
readme = "README.md"
authors = ["Zoë Müller <zoe@example.com>"]
license = "MIT"
homepage = "https://example.com"
packages = [{{include = "demo_pkg", from = "src"}}]

[tool.poetry.dependencies]
python = ">=3.10,<4"
idna = "^3"
attrs = {{version = "*", optional = true}}

[tool.poetry.extras]
Dev_Tools = ["attrs"]

[tool.poetry.scripts]
demo = "demo_pkg:main"
"""
HATCH = '[tool.hatch.build.targets.wheel]\npackages = ["src/demo_pkg"]\n'
FLIT = '[tool.flit.module]\nname = "demo_pkg"\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "text", "releases"),
    [
        ("hatchling.build", PROJECT + HATCH, ["hatchling==1.21.1", "hatchling==1.27", "hatchling"]),
        (
            "setuptools.build_meta",
            PROJECT,
            ["setuptools==61.0", "setuptools"],
        ),
        pytest.param(
            *("flit_core.buildapi", PROJECT + FLIT, ["flit_core==3.4", "flit_core"]),
            marks=pytest.mark.exhaustive,
        ),
        ("uv_build", PROJECT, ["uv_build==0.7.22", "uv_build"]),
        pytest.param(
            "pdm.backend",
            PROJECT,
            ["pdm-backend==2.1.0", "pdm-backend==2.4.1", "pdm-backend"],
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *("poetry.core.masonry.api", POETRY, ["poetry-core==1.0.8", "poetry-core"]),
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=["hatchling", "setuptools", "flit", "uv", "pdm", "poetry"],
)
def test_a_release_of_the_back_end_changes_nothing(
    tmp_path: Path, backend: str, text: str, releases: list[str]
) -> None:
    digests = {}
    for number, release in enumerate(releases):
        project = tmp_path / f"{number}"
        (project / "src/demo_pkg").mkdir(parents=True)
        (project / "src/demo_pkg/__init__.py").write_text("def main(): ...\n", encoding="utf-8")
        (project / "README.md").write_text(f"# With {release}\n", encoding="utf-8")
        (project / "LICENSE").write_text("The\nlicence\n", encoding="utf-8")
        # Older releases of setuptools make wheels with a package of its own.
        requires = json.dumps([release, "wheel==0.40.0"] if "==61" in release else [release])
        pyproject = text.format(requires=requires, backend=backend)
        (project / "pyproject.toml").write_text(pyproject, encoding="utf-8")
        run([UV, "build", "-q", "--wheel", "--python", sys.executable, project], cwd=project)
        (wheel,) = (project / "dist").glob("*.whl")
        digests[release] = content_digest(wheel)
        (tmp_path / f"site{number}").mkdir()
        unpack_wheel(wheel, tmp_path / f"site{number}")
    assert len(set(digests.values())) == 1, digests
