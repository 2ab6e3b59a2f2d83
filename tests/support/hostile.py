"""Worlds of their own, for what must not leave them, and how builds in there have to end."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import types
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

from click.testing import CliRunner

from hatch_lambda_zip.cli import main
from hatch_lambda_zip.files import path_problem
from hatch_lambda_zip.redact import printable
from tests.support.commands import clean_environment
from tests.support.loose import write
from tests.support.projects import Build, Project

ESCAPED: Final = "escaped"
"""In the name of each file that would lie where it must not."""

_LONGEST: Final = (
    600  # seconds, for what takes less than five on an idle machine when nothing hangs
)
_MOST_WORDS: Final = 20_000  # characters: some hundred lines
_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

[project]
name = "app"
version = "1"
requires-python = ">=3.10"
dependencies = ["carrier"]

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
handler = "app.main.handler"
"""
_FILES: Final = {
    "app/pyproject.toml": _PYPROJECT,
    "app/src/app/__init__.py": "",
    "app/src/app/main.py": "import carrier\n\ndef handler(event, context):\n"
    "    return carrier.VALUE\n",
    "outside/canary.txt": "as it was\n",
    "home/.profile": "as it was\n",
}
_CALL: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); sys.path.remove(''); "
    "import app.main; print(app.main.handler({}, None))"
)


@dataclass(frozen=True)
class World:
    """A directory with all that a build sees and may change.

    ``app`` is the project, and ``files`` has what it depends on. ``tmp``, ``cache`` (uv's) and
    ``kept-here`` (the plugin's) are to be written to, and so is ``app/dist``.
    """

    root: Path

    @classmethod
    def make(cls, root: Path) -> World:
        """Write a project that only lacks a lock of ``carrier``."""
        write(root, _FILES)
        for name in ("tmp", "files"):
            (root / name).mkdir()
        return cls(root)

    @property
    def project(self) -> Project:
        """The project."""
        return Project(self.root)

    @property
    def app(self) -> Path:
        """The project's directory."""
        return self.root / "app"

    @property
    def files(self) -> Path:
        """What is served, or lies there to be installed."""
        return self.root / "files"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that keep a build inside."""
        return {
            "HOME": str(self.root / "home"),
            "TMPDIR": str(self.root / "tmp"),
            "UV_CACHE_DIR": str(self.root / "cache"),
            "UV_CREDENTIALS_DIR": str(self.root / "cache/credentials"),
            "HATCH_LAMBDA_ZIP_CACHE": str(self.root / "kept-here"),
            "HATCH_LAMBDA_ZIP_TIMEOUT": "60",
            "PYTHONDONTWRITEBYTECODE": "1",  # of back ends, beside them
        }

    def build(self, *, by_command: bool = False, **variables: str) -> Build:
        """Build in this process, and check that nothing is written where it must not be."""
        before = self._surroundings()
        variables = {**self.variables, **variables}
        with within(_LONGEST), mock.patch.object(tempfile, "tempdir", str(self.root / "tmp")):
            if by_command:
                environment = clean_environment(**variables)
                result = CliRunner(env=environment).invoke(main, ["build", str(self.app)])
                assert not isinstance(result.exception, Exception), result.exception
                dist = self.app / "dist"
                build = Build(result.exit_code, result.output, dist, dist)
            else:
                build = self.project.build(check=False, environment=variables)
        assert self._surroundings() == before, build.output
        left = [path.name for path in (self.root / "tmp").iterdir()]
        assert not left, f"{left} are left among the temporary files"
        self.check_nothing_escaped()
        return build

    def check_nothing_escaped(self) -> None:
        """Look for files that lie where no build may put one."""
        elsewhere = (Path("/"), Path(tempfile.gettempdir()), Path.home())
        found = [path for place in elsewhere for path in place.glob(f"*{ESCAPED}*")]
        found += [
            path
            for path in self.root.rglob(f"*{ESCAPED}*")
            if not path.is_relative_to(self.root / "cache/archive-v0")
            and not path.is_relative_to(self.files)
        ]
        assert not found, found

    def _surroundings(self) -> dict[str, tuple[object, ...]]:
        """Describe everything that a build has to leave as it is."""
        changed = ("tmp", "cache", "kept-here", "kept", "app/dist")
        found = {}
        for directory, names, files in os.walk(self.root):
            here = Path(directory).relative_to(self.root)
            names[:] = [name for name in names if (here / name).as_posix() not in changed]
            for name in (*names, *files):
                found[(here / name).as_posix()] = _described(self.root / here / name)
        return found


def _described(path: Path) -> tuple[object, ...]:
    status = path.lstat()
    content = ""
    if stat.S_ISREG(status.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    time = None if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
    return status.st_mode, content, time


@dataclass(frozen=True)
class Case:
    """Something hostile.

    Attributes:
        name: of the case.
        make: puts it into a world.
        variables: environment variables of the build.
        by_command: whether ``hatch-lambda-zip`` builds, and not hatchling.
    """

    name: str
    make: Callable[[World], object]
    variables: tuple[tuple[str, str], ...] = ()
    by_command: bool = False


def check(case: Case, world: World, expected: str) -> None:
    """Build what is hostile, and check how that ends.

    Args:
        expected: a part of the one sentence, without line ends; empty if a zip comes of it.
    """
    case.make(world)
    build = world.build(by_command=case.by_command, **dict(case.variables))
    check_words(build.output)
    if not expected:
        assert build.returncode == 0, build.output
        check_zip(build.artifact)
        return
    assert build.returncode == 1, build.output
    assert expected in words_of(build), build.output
    left = [path.name for path in world.app.glob("dist/*")]
    assert not left, f"a failed build must leave nothing behind: {left}"


def read_outcomes() -> dict[str, str]:
    """Return what has to come of each case by its name, as ``check`` wants it."""
    lines = Path(__file__).with_name("hostile_outcomes.txt").read_text("utf-8").splitlines()
    cells = [line.partition(":") for line in lines]
    return {name: words.strip() for name, _, words in cells}


def words_of(build: Build) -> str:
    """Return what a build says as one line."""
    return " ".join(build.output.split())


def check_words(output: str) -> None:
    """Check that what a build says is fit for people and terminals."""
    assert not re.search(r'File "[^"]*hatch_lambda_zip', output), output
    assert output == printable(output), ascii(output)
    assert len(output) < _MOST_WORDS, f"{len(output):,} characters: {output[:_MOST_WORDS]}"


def check_zip(path: Path) -> None:
    """Check that a zip has plain names only, and that its function gives the right answer."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        assert all(info.external_attr >> 16 in {0o100644, 0o100755} for info in archive.infolist())
    assert len({*names}) == len(names)
    assert not [name for name in names if path_problem(name, "the zip")]
    folded = {unicodedata.normalize("NFC", name).casefold() for name in names}
    assert len(folded) == len(names)
    # -S: no sitecustomize of this machine; -B: nothing is written.
    command = [sys.executable, "-S", "-B", "-c", _CALL, str(path)]
    result = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert result.stdout == "right\n", result.stderr


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail if something does not end."""

    def fail(_number: int, _frame: types.FrameType | None) -> None:
        raise AssertionError(f"it did not end within {seconds} seconds")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def pylock(world: World, *packages: str, version: str = "1.0") -> None:
    """Write a lock with some packages, each the lines of its table."""
    tables = [f"[[packages]]\n{package}\n" for package in packages]
    text = f'lock-version = "{version}"\ncreated-by = "test"\n{"".join(tables)}'
    (world.app / "pylock.toml").write_text(text, encoding="utf-8")


def locked(wheel: Path, content: bytes | None = None, name: str = "carrier") -> str:
    """Return the table of a package whose wheel lies on the disk."""
    digest = hashlib.sha256(wheel.read_bytes() if content is None else content).hexdigest()
    return (
        f'name = "{name}"\nversion = "1.0"\n'
        f'wheels = [{{ path = "../files/{wheel.name}", hashes = {{ sha256 = "{digest}" }} }}]'
    )
