"""Builds several projects side by side, by commands that build a part of them each.

hatchling works with the state of its process (the current directory, for one), so that one process
builds one project at a time. Those of one part share what they install; all share uv's cache.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from hatch_lambda_zip.cli.own_command import OWN_COMMAND
from hatch_lambda_zip.plugin.cancel import child_variables
from hatch_lambda_zip.process.threads import ThreadPool

if TYPE_CHECKING:
    from typing_extensions import Self

_PAUSE: Final = 0.05  # seconds between two looks at a build
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
        command = [*OWN_COMMAND, "build", "--part", *self._words]
        nothing: list[list[Path] | None] = [None] * len(projects)
        with tempfile.TemporaryFile() as stdout, _log() as (written, said):
            with self._telling:
                if self._stopped.is_set():
                    return nothing
                process = subprocess.Popen(
                    [*command, "--", *map(str, projects)],
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=written,
                    env={**os.environ, **child_variables()},
                )
                self._running.add(process)
            try:
                self._relay(process, said)
            finally:
                process.kill()
                code = process.wait()
                with self._telling:
                    self._running.discard(process)
            if code != 0:
                return nothing
            stdout.seek(0)
            return [made and [*map(Path, made)] for made in json.load(stdout)]

    def _relay(self, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
        """Show what a build says, line by line, until it has ended, or should have."""
        rest = b""
        until: float | None = None
        is_over = False
        while not is_over:
            is_over = process.poll() is not None  # before the last look at what it has said
            *lines, rest = (rest + said.read()).split(b"\n")
            if is_over and rest:
                lines.append(rest)
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip("\r")
                with self._telling:
                    if not self._stopped.is_set():
                        self._show(text)
            if self._stopped.is_set():
                until = until or time.monotonic() + _GRACE
                is_over = is_over or time.monotonic() > until
            if not is_over:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_PAUSE)


@contextlib.contextmanager
def _log() -> Iterator[tuple[int, IO[bytes]]]:
    """Give a file to write to, and what reads it.

    A pipe would end only with the last process that has inherited it, such as a server that a
    build hook has started.
    """
    descriptor, name = tempfile.mkstemp()
    path = Path(name)
    try:
        with path.open("rb", buffering=0) as reader:
            if sys.platform != "win32":
                path.unlink()  # nobody would after a kill
            yield descriptor, reader
    finally:
        os.close(descriptor)
        # On Windows, who has inherited it keeps it.
        with contextlib.suppress(PermissionError):
            path.unlink(missing_ok=True)
