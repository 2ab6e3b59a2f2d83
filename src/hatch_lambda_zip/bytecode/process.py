"""One process of the target interpreter that compiles what it is sent (worker.py)."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final, cast

from hatch_lambda_zip.bytecode import worker
from hatch_lambda_zip.bytecode.interpreter import minimal_environment
from hatch_lambda_zip.bytecode.model import Interpreter
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.files import exhausted
from hatch_lambda_zip.process import Command, Watcher

_SCRIPT: Final = Path(worker.__file__)
_LARGEST: Final = 1 << 30  # bytes of one answer: Lambda takes less
_GRACE: Final = 2.0  # seconds
_KINDS: Final = (worker.COMPILED, worker.SYNTAX, worker.CPU, worker.EXHAUSTED)


class WorkerProcess:
    """A running worker.

    One thread sends and receives; another one may kill. The worker goes on reading whatever it
    does, so several batches may be sent before the first answers are read.

    Args:
        log: takes a line with the command.
        watcher: who ends the process if this one is killed.

    Raises:
        ToolError: the process could not be started. The methods raise it when it failed.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        optimize: int,
        log: Callable[[str], None],
        watcher: Watcher | None,
    ) -> None:
        command = [
            *(str(interpreter.path), "-I", "-S", "-B", "-W", "ignore"),
            *(str(_SCRIPT), str(optimize)),
        ]
        self._shown = shlex.join(command)
        log(f"Running {self._shown}")
        # A file, so that nobody needs to read it while the process runs.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._command = Command(
                command,
                cwd=_SCRIPT.parent,
                environment=minimal_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                watcher=watcher,
            )
        except OSError as error:
            self._stderr.close()
            repair = "Repair that Python, or name another one as bytecode-python-path."
            raise ToolError(
                f"{interpreter.path} could not be started: {error}. {exhausted(error) or repair}"
            ) from None
        self._process = self._command.process
        # With PIPE, they are there.
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)

    def send(self, tasks: Sequence[tuple[str, bytes]]) -> None:
        """Send a batch: of each source its ``co_filename`` and its content; at least one."""
        parts = [worker.COUNT.pack(len(tasks))]
        for filename, source in tasks:
            name = filename.encode()
            parts += [worker.TASK.pack(len(name), len(source)), name, source]
        try:
            self._stdin.write(b"".join(parts))
            self._stdin.flush()
        except OSError:
            raise self._failure() from None

    def receive(self) -> tuple[bytes, bytes]:
        """Wait for the next task's answer; return its kind (one of those in worker.py) and it."""
        mark, kind, size = worker.ANSWER.unpack(self._read(worker.ANSWER.size))
        if mark != worker.MARK or kind not in _KINDS or size > _LARGEST:
            raise self.garbage()
        return kind, self._read(size)

    def finish(self) -> None:
        """Let the process end, which has answered everything."""
        with contextlib.suppress(OSError):  # it may be dead: the exit code will tell
            self._stdin.close()
        if self._stdout.read(1):
            raise self.garbage()
        if self._process.wait():
            raise self._failure()

    def kill(self) -> None:
        """End the process with all that it started."""
        self._command.kill()

    def close(self) -> None:
        """End the process, and give back everything that belongs to it."""
        if self._process.poll() is None:
            self.kill()
        for stream in (self._stdin, self._stdout, self._stderr):
            with contextlib.suppress(OSError):  # a broken pipe can't be flushed
                stream.close()
        self._command.close()

    def garbage(self) -> ToolError:
        """Return the error to raise for an answer that can't be one."""
        return ToolError(
            f"`{self._shown}` answered with something that is no compiled module. "
            f"Repair that Python, or name another one as bytecode-python-path.{self._said()}"
        )

    def too_late(self, timeout: float) -> ToolError:
        """Return the error to raise for a process that took longer than it may, in seconds."""
        return ToolError(
            f"`{self._shown}` did not end within {timeout:g} seconds and was stopped. "
            f"Set HATCH_LAMBDA_ZIP_TIMEOUT to more seconds if it needs them.{self._said()}"
        )

    def _read(self, size: int) -> bytes:
        data = self._stdout.read(size)
        if len(data) < size:
            raise self._failure()
        return data

    def _failure(self) -> ToolError:
        # Its pipes are closed just before it ends: let it, for the exit code's sake.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        self.kill()
        code = self._process.wait()
        end = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return ToolError(
            f"`{self._shown}` {end} before it had compiled everything. Repair that Python, "
            f"or name another one as bytecode-python-path.{self._said()}"
        )

    def _said(self) -> str:
        self._stderr.seek(0)
        text = self._stderr.read().decode("utf-8", "replace").strip()
        return f"\n{text}" if text else ""
