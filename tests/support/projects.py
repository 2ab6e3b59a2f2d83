"""Projects to build from and to change, and what their builds made."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import UV, clean_environment, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.shared import made_once


@dataclass(frozen=True)
class Build:
    """A finished build of zips, successful or not.

    Attributes:
        returncode: of the process.
        output: its standard output and error.
        directory: the output directory, which a later build overwrites.
        kept: a copy of it, which no later build touches.
    """

    returncode: int
    output: str
    directory: Path
    kept: Path

    @property
    def artifact(self) -> Path:
        """The zip, if it is one."""
        (path,) = self.kept.glob("*.zip")
        return path

    @property
    def sha256(self) -> str:
        """The zip's hash."""
        return hashlib.sha256(self.artifact.read_bytes()).hexdigest()

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest beside the zip."""
        (path,) = self.kept.glob("*.json")
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest

    @property
    def names(self) -> list[str]:
        """The names in the zip, in its order."""
        with zipfile.ZipFile(self.artifact) as archive:
            return archive.namelist()

    def read(self, name: str) -> bytes:
        """Return the content of a file in the zip."""
        with zipfile.ZipFile(self.artifact) as archive:
            return archive.read(name)

    def unpack(self, directory: Path) -> Path:
        """Unpack the zip, as Lambda does."""
        with zipfile.ZipFile(self.artifact) as archive:
            archive.extractall(directory)
        return directory


@dataclass(frozen=True)
class Project:
    """A project with what is around it.

    Attributes:
        root: the directory with everything.
        name: the directory in there that is the project.
    """

    root: Path
    name: str = "app"

    @property
    def path(self) -> Path:
        """The project's directory."""
        return self.root / self.name

    @property
    def pyproject(self) -> Path:
        """The project's pyproject.toml."""
        return self.path / "pyproject.toml"

    @property
    def lock_path(self) -> Path:
        """The project's uv.lock."""
        return self.path / "uv.lock"

    def replace(self, old: str, new: str, *, file: str = "pyproject.toml") -> None:
        """Replace some text that has to be there."""
        path = self.path / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def configure(self, **values: str | None) -> None:
        """Set keys of the target's table; None removes one."""
        head, table, tail = self.pyproject.read_text(encoding="utf-8").partition(
            "[tool.hatch.build.targets.lambda-zip]\n"
        )
        body, blank, rest = tail.partition("\n\n")
        lines = [
            line
            for line in body.splitlines()
            if line.partition("=")[0].strip() not in {key.replace("_", "-") for key in values}
        ]
        lines += [
            f"{key.replace('_', '-')} = {json.dumps(value)}"
            for key, value in values.items()
            if value is not None
        ]
        text = head + table + "\n".join(lines) + blank + rest
        self.pyproject.write_text(text, encoding="utf-8")

    def lock(self, *arguments: str) -> None:
        """Run ``uv lock``."""
        run([UV, "lock", "-q", *arguments], cwd=self.path)

    def build(
        self,
        *arguments: str,
        names: str = "",
        check: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> Build:
        """Build the zips in this process.

        Args:
            arguments: more of them for ``hatchling build``.
            names: of functions and layers, with commas; all by default.
            check: whether it must succeed.
            environment: variables that are added to the clean environment.
        """
        self._remove_outputs()
        environment = clean_environment(**(environment or {}))
        result = run_hatchling(_words(names, arguments), cwd=self.path, env=environment)
        return self._finished(result.returncode, result.stdout + result.stderr, check=check)

    def build_by_command(
        self,
        *arguments: str,
        names: str = "",
        check: bool = True,
        python: str | Path = sys.executable,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Build:
        """Run ``python -m hatchling build -t lambda-zip``, unisolated.

        Args:
            arguments: more of them.
            names: of functions and layers, with commas; all by default.
            check: whether it must succeed.
            python: the interpreter, which has to have the plugin.
            wrapper: a command that runs that command.
            environment: variables that are added to the clean environment.
        """
        self._remove_outputs()
        result = run(
            [*wrapper, python, "-m", "hatchling", *_words(names, arguments)],
            cwd=self.path,
            env=clean_environment(**(environment or {})),
            check=False,
        )
        return self._finished(result.returncode, result.stdout + result.stderr, check=check)

    def fail(
        self,
        *,
        names: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Build, expect a failure of the agreed form, and return its message.

        Args:
            names: as in ``build``.
            environment: as in ``build``.
        """
        build = self.build(names=names, check=False, environment=environment)
        assert build.returncode == 1, build.output
        assert "Traceback" not in build.output
        left = [path.name for path in build.directory.glob("*")]
        assert not left, f"a failed build must leave nothing behind: {left}"
        return build.output

    def copy_to(self, root: Path) -> Project:
        """Copy everything but what builds have made."""
        shutil.copytree(self.root, root, ignore=shutil.ignore_patterns("dist", "kept"))
        return Project(root, self.name)

    def _remove_outputs(self) -> None:
        shutil.rmtree(self.path / "dist", ignore_errors=True)

    def _finished(self, returncode: int, output: str, *, check: bool) -> Build:
        if check and returncode != 0:
            pytest.fail(output)
        directory = self.path / "dist"
        kept = self.root / "kept" / str(time.monotonic_ns())
        if directory.is_dir():
            shutil.copytree(directory, kept)
        return Build(returncode, output, directory, kept)


def _words(names: str, arguments: Sequence[str]) -> list[str]:
    target = f"lambda-zip:{names}" if names else "lambda-zip"
    return ["build", "-t", target, *arguments]


def built_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Build]) -> Build:
    """Return a build that the first worker that wants it has made; see :func:`made_once`."""

    def make_and_note(directory: Path) -> None:
        build = make(directory)
        values = (build.returncode, build.output, str(build.directory), str(build.kept))
        (directory / "build.json").write_text(json.dumps(values), encoding="utf-8")

    directory = made_once(factory, name, make_and_note)
    returncode, output, *paths = json.loads((directory / "build.json").read_text("utf-8"))
    return Build(returncode, output, *map(Path, paths))
