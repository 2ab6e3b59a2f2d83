"""The package's own wheel, made by hatchling in this process."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from hatch_lambda_zip.contents import Outputs
from hatch_lambda_zip.errors import ConfigError, DistributionError
from hatch_lambda_zip.plugin.own_wheel import build_own_wheel, missing_here
from tests.support.loose import write

PYPROJECT = """\
[project]
name = "demo"
version = "1.0"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a package in which a build has been before."""
    made = tmp_path / "project"
    files = {"demo/__init__.py": "", "demo/a.txt": "", "dist/demo-0.9.whl": ""}
    write(made, {"pyproject.toml": PYPROJECT, **files})
    return made


def build(root: Path, outputs: Outputs | None = None, **build_data: object) -> set[str]:
    """Build the wheel, and return the names of its files outside of its dist-info."""
    directory = root.with_name("wheels")
    directory.mkdir(exist_ok=True)
    wheel = build_own_wheel(
        WheelBuilder(str(root)),
        directory,
        selection={"exclude": ["*.txt"]},
        build_data=build_data,
        outputs=outputs or Outputs.of(root, ["dist"]),
    )
    assert wheel.parent == directory
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def failure(root: Path, outputs: Outputs | None = None, **build_data: object) -> str:
    with pytest.raises(DistributionError) as caught:
        build(root, outputs, **build_data)
    return str(caught.value)


def test_what_the_target_selects_without_outputs(root: Path) -> None:
    before = tempfile.tempdir
    assert build(root) == {"demo/__init__.py"}
    assert tempfile.tempdir == before
    more = {str(root / "dist/demo-0.9.whl"): "demo/old.whl", str(root / "demo/a.txt"): "a.txt"}
    assert build(root, force_include=more) == {"demo/__init__.py", "a.txt"}


def test_a_module_in_an_output_directory(root: Path) -> None:
    write(root, {"demo/out/a/b/c.py": ""})
    message = failure(root, Outputs.of(root, ["demo/out"]))
    assert message.startswith(
        f"{root / 'demo/out/a/b/c.py'} would ship, and {root / 'demo/out'} is"
    )


def test_an_output_directory_that_is_forced_in(root: Path) -> None:
    forced = '[tool.hatch.build.targets.wheel.force-include]\ndist = "demo/dist"\n'
    (root / "pyproject.toml").write_text(PYPROJECT + forced)
    message = failure(root)
    assert message.startswith("force-include: 'dist' is an output directory of this project's")


def test_what_hatchling_can_not_find(root: Path) -> None:
    message = failure(root, force_include={str(root / "absent"): "a"})
    assert message.startswith("hatchling can't build the package's wheel: ")
    assert message.endswith(".")
    pyproject = root / "pyproject.toml"
    pyproject.write_text(PYPROJECT.replace('version = "1.0"', 'version = "1.0"\nreadme = "R"'))
    assert "R" in failure(root)


def test_a_name_that_the_locale_has_no_bytes_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        "größe".encode("ascii")

    monkeypatch.setattr(WheelBuilder, "build", fail)
    message = failure(root)
    assert message.startswith("hatchling can't build the package's wheel: 'gr")
    assert "the name is not UTF-8" in message
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    message = failure(root)
    assert message.startswith("hatchling can't build the package's wheel: this Python takes the")
    assert "Set PYTHONUTF8=1 and build again. It says: 'ascii' codec can't encode" in message


def missing(root: Path) -> list[str]:
    manager = PluginManager()
    return missing_here(str(root), manager, ProjectMetadata(str(root), manager))


def test_what_the_wheel_target_needs_and_is_not_here(root: Path) -> None:
    assert missing(root) == []
    pyproject = root / "pyproject.toml"
    pyproject.write_text(f'{PYPROJECT}dependencies = ["not-on-any-index>=1", "hatchling"]\n')
    assert missing(root) == ["not-on-any-index>=1"]
    pyproject.write_text(f"{PYPROJECT}[tool.hatch.build.hooks.absent]\n")
    assert missing(root) == ["the build hook 'absent'"]
    pyproject.write_text(f"{PYPROJECT}dependencies = 1\n")
    with pytest.raises(ConfigError, match=r"must be an array. Correct pyproject\.toml"):
        missing(root)
