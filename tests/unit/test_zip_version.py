from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from hatch_lambda_zip.build.version_notes import version_notes
from hatch_lambda_zip.config import Project
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.install.local_wheel import LocalWheel
from hatch_lambda_zip.install.zip_version import (
    VersionSource,
    find_version_source,
    keeping,
    states_version,
)
from hatch_lambda_zip.lock import LockedDistribution, Origin
from hatch_lambda_zip.process import Watcher
from tests.support.processes import comes_true

DYNAMIC = '[project]\nname = "Demo.App-x"\ndynamic = ["version"]\n'


@pytest.mark.parametrize(
    ("requires", "text", "tool", "variables"),
    [
        (
            '"hatchling", "hatch_vcs>=1"',
            DYNAMIC,
            "hatch-vcs",
            {"SETUPTOOLS_SCM_PRETEND_VERSION": "0"},
        ),
        (
            '"setuptools", "setuptools_scm[toml]"',
            DYNAMIC,
            "setuptools-scm",
            {"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DEMO_APP_X": "0"},
        ),
        (
            '"uv-dynamic-versioning"',
            DYNAMIC,
            "uv-dynamic-versioning",
            {"UV_DYNAMIC_VERSIONING_BYPASS": "0"},
        ),
        (
            '"poetry-dynamic-versioning"',
            '[tool.poetry]\nname = "Demo.App-x"\nversion = "0.0.0"\n',
            "poetry-dynamic-versioning",
            {"POETRY_DYNAMIC_VERSIONING_OVERRIDE": "Demo.App-x=0"},
        ),
        (
            '"pdm-backend"',
            f'{DYNAMIC}[tool.pdm.version]\nsource = "scm"\n',
            "pdm-backend",
            {"PDM_BUILD_SCM_VERSION": "0"},
        ),
        ('"versioningit"', DYNAMIC, "versioningit", {}),
        ('"setuptools"', f"{DYNAMIC}[tool.versioneer]\n", "versioneer", {}),
        ('"hatch-vcs"', '[project]\nname = "a"\nversion = "1"\n', None, {}),
        ('"hatchling", "not valid"', DYNAMIC, None, {}),
        ('"pdm-backend"', DYNAMIC, None, {}),
    ],
)
def test_what_makes_the_version(
    tmp_path: Path, requires: str, text: str, tool: str | None, variables: dict[str, str]
) -> None:
    head = f"[build-system]\nrequires = [{requires}]\n"
    (tmp_path / "pyproject.toml").write_text(head + text, encoding="utf-8")
    source = find_version_source(tmp_path)
    assert (source and source.tool) == tool
    if source is not None:
        assert source.variables("0") == variables
        assert source.takes_another == bool(variables)
    assert states_version(tmp_path) == ("version =" in text)


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        ({"setup.py": "setup(use_scm_version=True, setup_requires=['setuptools_scm'])"}, "scm"),
        ({"setup.cfg": "[versioneer]\nVCS = git\n"}, "versioneer"),
        (
            {
                "pyproject.toml": f"{DYNAMIC}[tool.scikit-build.metadata.version]\n"
                "provider = 'scikit_build_core.metadata.setuptools_scm'\n"
            },
            "scm",
        ),
        ({"setup.py": "setup()", "setup.cfg": "[metadata]\nname = a\n"}, None),
    ],
)
def test_what_pyproject_does_not_require(
    tmp_path: Path, files: dict[str, str], tool: str | None
) -> None:
    for name, text in {"pyproject.toml": DYNAMIC, **files}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    source = find_version_source(tmp_path)
    assert (source and source.tool.removeprefix("setuptools-")) == tool


@pytest.mark.parametrize(
    ("requires", "text", "files"),
    [
        (
            "setuptools-scm",
            "[tool.setuptools_scm]\nroot = '..'\nwrite_to = 'a/b.py'\n",
            "../a/b.py",
        ),
        (
            "uv-dynamic-versioning",
            (
                "[tool.hatch.build.hooks.version]\npath = 'a.py'\n"
                "[tool.hatch.build.targets.wheel.hooks.version]\npath = 'b.py'\n"
                "[tool.hatch.build.targets.lambda-zip.hooks.vcs]\nversion-file = 'c.py'\n"
            ),
            "a.py b.py c.py",
        ),
        (
            "setuptools-scm",
            (
                "[[tool.scikit-build.generate]]\npath = 'a.py'\nlocation = 'source'\n"
                "[[tool.scikit-build.generate]]\npath = 'b.py'\nlocation = 'install'\n"
            ),
            "a.py",
        ),
        ("poetry-dynamic-versioning", "", "pyproject.toml src/__init__.py"),
        (
            "poetry-dynamic-versioning",
            (
                "[tool.poetry-dynamic-versioning.substitution]\nfiles = ['**/v.txt', '/x', '']\n"
                "[tool.poetry-dynamic-versioning.files.'made.py']\n"
            ),
            "made.py pyproject.toml src/deep/v.txt",
        ),
    ],
)
def test_what_is_written_into_the_sources(
    tmp_path: Path, requires: str, text: str, files: str
) -> None:
    head = f"[build-system]\nrequires = ['{requires}']\n"
    (tmp_path / "src/deep").mkdir(parents=True)
    (tmp_path / "__init__.py").touch()
    (tmp_path / "src/__init__.py").write_text("__version__ = '0.0.0'\n", encoding="utf-8")
    (tmp_path / "src/deep/v.txt").write_text("version 0.0.0\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(f"{head}{DYNAMIC}{text}", encoding="utf-8")
    source = find_version_source(tmp_path)
    assert source is not None
    assert " ".join(source.files) == files
    assert source.changes_sources == (requires == "poetry-dynamic-versioning")


def test_what_setup_py_has_written_into_the_sources(tmp_path: Path) -> None:
    text = """setup(use_scm_version={'write_to': 'a.py', "version_file": 'b'}, x=y(write_to='c'))"""
    (tmp_path / "setup.py").write_text(text, encoding="utf-8")
    source = find_version_source(tmp_path)
    assert source is not None
    assert source.files == ("a.py", "b", "c")
    text = "setup(use_scm_version={'root': '..', 'write_to': 'demo/src/a.py'})"
    (tmp_path / "setup.py").write_text(text, encoding="utf-8")
    source = find_version_source(tmp_path)
    assert source is not None
    assert str(Path("../demo/src/a.py")) in source.files


def test_no_pyproject(tmp_path: Path) -> None:
    assert find_version_source(tmp_path) is None
    assert not states_version(tmp_path)


def test_generated_files_are_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["setuptools-scm"]\n{DYNAMIC}'
        '[tool.setuptools_scm]\nwrite_to = "there.py"\nversion_file = "new.py"\n'
        '[tool.hatch.build.hooks.vcs]\nversion-file = "same.py"\n',
        encoding="utf-8",
    )
    there, same, new = (tmp_path / f"{name}.py" for name in ("there", "same", "new"))
    there.write_text("before", encoding="utf-8")
    same.write_text("before", encoding="utf-8")
    times = [path.stat().st_mtime_ns for path in (there, same)]

    def fail() -> None:
        with keeping(find_version_source(tmp_path), tmp_path):
            there.write_text("after", encoding="utf-8")
            new.write_text("after", encoding="utf-8")
            raise OSError("failed")

    with pytest.raises(OSError, match="failed"):
        fail()
    assert there.read_text(encoding="utf-8") == "before"
    assert [path.stat().st_mtime_ns for path in (there, same)] == times
    assert not new.exists()


def test_what_poetry_changes_is_as_it_was_where_it_is_stopped(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    head = '[build-system]\nrequires = ["poetry-dynamic-versioning"]\n'
    pyproject.write_text(before := head + DYNAMIC, encoding="utf-8")
    with keeping(find_version_source(tmp_path), tmp_path):
        pyproject.write_text(edited := f"{before}# edited meanwhile\n", encoding="utf-8")
    assert pyproject.read_text(encoding="utf-8") == edited

    def stop() -> None:
        with keeping(find_version_source(tmp_path), tmp_path):
            pyproject.write_text(before.replace("dynamic", "x"), encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert pyproject.read_text(encoding="utf-8") == edited


class Told:
    """A watcher that does nothing."""

    def __init__(self) -> None:
        self.paths: list[Path] = []

    def remove_later(self, path: Path) -> None:
        self.paths.append(path)

    restore_later = leave = lambda *_: None


@pytest.mark.parametrize("file", ["", ".", "src", "link", "src\\u0000x"])
def test_what_is_there_and_no_file_stays(tmp_path: Path, file: str) -> None:
    """A mistake in the name of a file is no reason to remove sources, be it after a kill."""
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["setuptools-scm"]\n{DYNAMIC}'
        f'[tool.setuptools_scm]\nwrite_to = "{file}"\n',
        encoding="utf-8",
    )
    (tmp_path / "src").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    told = Told()
    with keeping(find_version_source(tmp_path), tmp_path, cast("Watcher", told)):
        pass
    assert not told.paths
    assert {path.name for path in tmp_path.iterdir()} == {"pyproject.toml", "src", "link"}


# Keeps them, writes them as a hook in its process does, and may end in any way.
KEEPER = """
import sys, time
from pathlib import Path
from hatch_lambda_zip.install import keeping_version_files

root = Path(sys.argv[1])
with keeping_version_files(root, "0"):
    (root / "there.py").write_text("while it builds")
    (root / "new.py").write_text("while it builds")
    print("written", flush=True)
    sys.stdin.readline()
(root / "there.py").write_text("since then")
print("kept", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("size", [6, 200_000])  # a pipe holds less
def test_generated_files_are_as_they_were_after_a_kill(
    tmp_path: Path,
    is_over: bool,  # noqa: FBT001
    size: int,
) -> None:
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["setuptools-scm"]\n{DYNAMIC}'
        '[tool.setuptools_scm]\nwrite_to = "there.py"\nversion_file = "new.py"\n',
        encoding="utf-8",
    )
    there, new = tmp_path / "there.py", tmp_path / "new.py"
    there.write_text(before := "b" * size, encoding="utf-8")
    modified = there.stat().st_mtime_ns
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        if is_over:
            process.stdin.write(b"\n")
            assert process.stdout.readline() == b"kept\n"
            new.write_text("since then", encoding="utf-8")
        process.kill()
    if is_over:
        assert [path.read_text("utf-8") for path in (there, new)] == ["since then", "since then"]
        return
    assert comes_true(lambda: not new.exists() and there.read_text("utf-8") == before)
    assert comes_true(lambda: there.stat().st_mtime_ns == modified)


def wheel(name: str, tool: str | None) -> LocalWheel:
    source = VersionSource(tool, name) if tool else None
    locked = LockedDistribution(name, None, Origin.LOCAL, "content:x")
    return LocalWheel(Path(f"{name}-1-py3-none-any.whl"), locked, False, source, bool(tool))


def test_it_holds_for_all_zips() -> None:
    table = {"runtime": "python3.13", "functions": {"a": {"zip-version": "0"}}}
    with pytest.raises(ConfigError, match=r"functions\.a\.zip-version"):
        parse_config(table, today=date(2026, 1, 1))


def test_one_note_for_all() -> None:
    wheels = [wheel("a", "hatch-vcs"), wheel("b", None), wheel("a", "hatch-vcs")]
    project = Project("a", "1", "a-1")
    (note,) = version_notes([*wheels, wheel("c", "versioneer")], project)
    assert note.startswith("a: note: the version of a, c changes with every commit")
    assert not [*version_notes([wheel("b", None)], project)]
    (note,) = version_notes([*wheels, wheel("c", "versioneer")], project.under("0"))
    assert note.startswith("a: note: c has its version from versioneer, which can't be given")
