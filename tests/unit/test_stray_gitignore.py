"""A .gitignore of another place that hatchling would leave modules out by."""

from __future__ import annotations

from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own.stray_gitignore import check_stray_gitignore, is_hatchlings
from hatch_lambda_zip.errors import DistributionError
from tests.support.loose import write

HATCHLING = '[build-system]\nbuild-backend = "hatchling.build"\n'
OFF, ON = "ignore-vcs = true\n", "ignore-vcs = false\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "home/sources/project"
    write(root, {"pyproject.toml": HATCHLING, "demo/a.py": "", "main.py": "", "notes.txt": ""})
    return root


def left_out(project: Path, bound: Path | None = None) -> str | None:
    """Return the file that is said to be left out, if one is."""
    try:
        check_stray_gitignore(
            project, bound or project, name="demo", targets=("lambda-zip", "wheel")
        )
    except DistributionError as error:
        message = str(error)
        assert message.startswith(
            f"{project.parent.parent / '.gitignore'} is outside of the sources of"
        )
        assert f"which begin at {bound or project}, and hatchling" in message
        return message.partition("would leave ")[2].partition(" out of the wheel")[0]
    return None


@pytest.mark.parametrize(
    ("patterns", "file"),
    [
        ("notes.txt\n", None),
        ("*.txt\n", "demo/b.txt"),
        ("a.py\n", "demo/a.py"),
        ("main.py\n", "main.py"),
        ("other\n", None),
        ("demo/\nmain.py\n", "main.py"),
        ("demo/*.txt\n", "demo/b.txt"),
        ("dist/\n", None),
        ("*\n", None),
        ("[\n", None),
    ],
)
def test_what_one_above_leaves_out(project: Path, patterns: str, file: str | None) -> None:
    assert left_out(project) is None
    write(project, {"dist/old.py": "", "__pycache__/a.py": "", "demo/b.txt": ""})
    write(project.parent.parent, {".gitignore": patterns})
    assert left_out(project) == file


def test_one_in_the_sources_has_a_say(project: Path) -> None:
    home = project.parent.parent
    write(home, {".gitignore": "a.py\n"})
    assert left_out(project) == left_out(project, project.parent) == "demo/a.py"
    assert left_out(project, home) is None
    assert left_out(project, home.parent) is None


def test_what_ends_the_search(project: Path) -> None:
    write(project.parent.parent, {".gitignore": "a.py\n"})
    (project.parent / ".git").mkdir()
    assert left_out(project) is None
    (project.parent / ".git").rmdir()
    assert left_out(project) is not None
    write(project, {".gitignore": ""})
    assert left_out(project) is None


def test_what_can_not_be_read_leaves_nothing_out(project: Path) -> None:
    (project.parent.parent / ".gitignore").write_bytes(b"a.py\n\xff")
    assert left_out(project) is None


@pytest.mark.parametrize(
    ("pyproject", "hatch", "is_off"),
    [
        (HATCHLING.replace("hatchling.build", "hatchling.ouroboros"), "", False),
        (HATCHLING.replace("hatchling", "setuptools"), "", True),
        ("", "", True),
        (f"{HATCHLING}[tool.hatch.build]\n{OFF}", "", True),
        (f"{HATCHLING}[tool.hatch.build]\nignore-vcs = 1\n", "", False),
        (f"{HATCHLING}[tool.hatch.build.targets.wheel]\n{OFF}", "", True),
        (f"{HATCHLING}[tool.hatch.build.targets.sdist]\n{OFF}", "", False),
        (HATCHLING, f"[build]\n{OFF}", True),
        (HATCHLING, f"[build.targets.lambda-zip]\n{OFF}", True),
        (f"{HATCHLING}[tool.hatch.build]\n{OFF}", "[build]\nignore-vcs = false\n", False),
        (f"{HATCHLING}[tool.hatch.build]\n{OFF}", f"[build.targets.wheel]\n{ON}", False),
        (HATCHLING, f"[build.targets.wheel]\n{OFF}[build.targets.lambda-zip]\n{ON}", False),
    ],
)
def test_projects_that_do_not_heed_it(
    project: Path, pyproject: str, hatch: str, *, is_off: bool
) -> None:
    write(project.parent.parent, {".gitignore": "a.py\n"})
    write(project, {"pyproject.toml": pyproject, "hatch.toml": hatch})
    assert (left_out(project) is None) is is_off
    assert is_hatchlings(project) is ("hatchling" in pyproject)
