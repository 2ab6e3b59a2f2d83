"""Builds several projects side by side, by commands that build a part of them each.

hatchling works with the state of its process (the current directory, for one), so that one process
builds one project at a time. Those of one part share what they install; all share uv's cache.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from hatch_lambda_zip.process.threads import ThreadPool

if TYPE_CHECKING:
    from typing_extensions import Self

_GRACE: Final = 30.0  # seconds that a build has to clear up in when it is to end


class SideBySide:
    """Commands that build, a few at a time; leaving the context ends those that still run.

    Args:
        words: what the command ``build`` is given besides the projects.
        show: takes each line for the user as a whole.
        at_once: how many run at a time.
    """

    def __init__(self, words: Sequence[str], show: Callable[[str], None], at_once: int) -> None:
        self._words = words
        self._show = show
        self._at_once = at_once
        self._pool = ThreadPool(at_once)
        self._telling = threading.Lock()
        self._stopped = threading.Event()
        self._running: set[subprocess.Popen[bytes]] = set()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what still runs."""
        with self._telling:
            self._stopped.set()
            for process in self._running:
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def build(self, projects: Sequence[Path]) -> Iterator[tuple[Path, list[Path] | None]]:
        """Build projects, and yield each, in order, with the zips that were made of it.

        Of one that failed, whose lines say why, that is None.
        """
        size = -(-len(projects) // self._at_once)
        parts = [projects[start : start + size] for start in range(0, len(projects), size)]
        started = [(part, self._pool.submit(self._build, part)) for part in parts]
        for part, future in started:
            yield from zip(part, future.result(), strict=True)

    def _build(self, projects: Sequence[Path]) -> list[list[Path] | None]:
        command = [sys.executable, "-m", "hatch_lambda_zip", "build", "--part", *self._words]
        nothing: list[list[Path] | None] = [None] * len(projects)
        with tempfile.TemporaryFile() as stdout:
            with self._telling:
                if self._stopped.is_set():
                    return nothing
                process = subprocess.Popen(
                    [*command, *map(str, projects)],
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=subprocess.PIPE,
                )
                self._running.add(process)
            try:
                assert process.stderr is not None  # noqa: S101 - a pipe, as asked for
                self._relay(process.stderr)
                code = process.wait(_GRACE)  # it has closed its lines, so it is about to end
            finally:
                process.kill()
                process.wait()
                with self._telling:
                    self._running.discard(process)
                if process.stderr is not None:
                    process.stderr.close()
            if code != 0:
                return nothing
            stdout.seek(0)
            return [made and [*map(Path, made)] for made in json.load(stdout)]

    def _relay(self, lines: IO[bytes]) -> None:
        """Show what builds say, line by line."""
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            with self._telling:
                if not self._stopped.is_set():
                    self._show(text)
