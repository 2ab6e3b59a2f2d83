"""Builds a project again in copies of its sources, and touches nothing of the project itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cli.circumstances import Circumstance
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.project import OpenProject
from hatch_lambda_zip.cli.sources import sources_of
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import home
from hatch_lambda_zip.plugin.cancel import child_variables
from hatch_lambda_zip.process import Command, Watcher, remove_tree, run
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.redact import redact, secret_values

_AT_ONCE: Final = 2
_TIMEOUT: Final = 1800.0  # seconds for a build
_SHOWN: Final = 20  # lines of what a failed build says
_NO_SOURCES: Final = ("__pycache__", "node_modules")


@dataclass(frozen=True)
class Rebuilt:
    """What came of a build.

    Attributes:
        circumstance: it was built under.
        zips: what was made, by its name; empty if it failed.
        failure: what a failed build said; else empty.
    """

    circumstance: Circumstance
    zips: dict[str, Path]
    failure: str = ""


@dataclass
class Rebuilds:
    """Builds that run side by side, each in a copy of its own.

    Args:
        tree: the directory that is copied, see `tree_of`.
        project: the project's directory in there.
        output: where the project's zips are, which is not copied.
        functions: what is built; all if empty.
        directory: an empty one, where the copies and zips are made.
        watcher: who ends the builds if this process is killed.
    """

    tree: Path
    project: Path
    output: Path
    functions: Sequence[str]
    directory: Path
    watcher: Watcher
    _running: list[Command] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def build(
        self, circumstances: Sequence[Circumstance], done: Callable[[Rebuilt], None]
    ) -> Iterator[Rebuilt]:
        """Build under each circumstance, and yield what came of it, in order."""
        origin = self.directory / "sources"
        if not origin.exists():
            shutil.copytree(self.tree, origin, symlinks=True, ignore=self._no_sources)
        with ThreadPool(_AT_ONCE) as pool:

            def work(circumstance: Circumstance) -> Rebuilt:
                place = Path(tempfile.mkdtemp(dir=self.directory))
                rebuilt = self._build(origin, place, circumstance)
                done(rebuilt)
                return rebuilt

            try:
                yield from pool.map(work, circumstances)
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                for command in self._running:
                    command.kill()
                raise

    def _started(self, command: Command) -> None:
        self._running.append(command)
        if self._stopped.is_set():
            command.kill()

    def _build(self, origin: Path, place: Path, circumstance: Circumstance) -> Rebuilt:
        copy, made = place / "sources", place / "zips"
        shutil.copytree(origin, copy, symlinks=True)
        words = [word for name in self.functions for word in ("-f", name)]
        for key, value in circumstance.instead.items():
            words += ["--instead", f"{key}={value}"]
        project = copy / self.project.relative_to(self.tree)
        try:
            result = run(
                [
                    *(circumstance.python, *circumstance.start, "build", str(project)),
                    *("-d", str(made), "-q", "--json", *words),
                ],
                cwd=place,
                environment={
                    **os.environ,
                    **child_variables(),
                    # What asks git of a worktree's copy would note in its index what it saw.
                    "GIT_OPTIONAL_LOCKS": "0",
                    **circumstance.variables,
                },
                timeout=_TIMEOUT,
                watcher=self.watcher,
                started=self._started,
            )
        except subprocess.TimeoutExpired:
            return Rebuilt(circumstance, {}, f"It was not done after {_TIMEOUT:,.0f} seconds.")
        finally:
            remove_tree(copy)
        if result.returncode != 0:
            return Rebuilt(circumstance, {}, _said(result))
        zips = (Path(made["zip"]) for made in json.loads(result.stdout))
        return Rebuilt(circumstance, {path.name: path for path in zips})

    def _no_sources(self, directory: str, names: list[str]) -> list[str]:
        """Return what needs no copy: the outputs, environments and caches."""
        return [
            name
            for name in names
            if name in _NO_SOURCES
            or (path := Path(directory, name)) == self.output
            or (path / "pyvenv.cfg").is_file()
            or (path / "CACHEDIR.TAG").is_file()
        ]


def _said(result: subprocess.CompletedProcess[bytes]) -> str:
    lines = result.stderr.decode("utf-8", "replace").strip().splitlines()
    return redact("\n".join(lines[-_SHOWN:]), secret_values(os.environ))


def tree_of(opened: OpenProject, console: Console) -> Path:
    """Return the directory that has all that a project is built from.

    That is its repository, or what holds its locks, code and the local projects of its locks.

    Raises:
        ConfigError: it would be the user's home or all of the disk.
    """
    tree = Path(os.path.commonpath(sources_of(opened, console)))
    if tree in {Path(tree.anchor), home(os.environ)}:
        message = (
            f"{tree} is the only directory that has all that {opened.root} is built from, which is "
            "too much to be copied. Move the local projects closer together"
        )
        raise ConfigError([message])
    return tree
