"""Compiles sources into canonical .pyc files, in parallel.

Whoever compiles finds here what that takes besides: the search for the interpreter.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import ExitStack, closing
from typing import Final

from hatch_lambda_zip.bytecode import worker
from hatch_lambda_zip.bytecode.interpreter import find_interpreter
from hatch_lambda_zip.bytecode.magic import FORMATS, Format
from hatch_lambda_zip.bytecode.model import Compiled, Interpreter, Obstacle, Source
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.bytecode.process import WorkerProcess
from hatch_lambda_zip.bytecode.pyc import HASH_SIZE, HEADER_SIZE, unchecked_header
from hatch_lambda_zip.errors import AmbiguousBytecodeError, BytecodeError, ToolError
from hatch_lambda_zip.process import Watcher
from hatch_lambda_zip.process.threads import ThreadPool

__all__ = ["Compiler", "find_interpreter"]

_BATCH_BYTES: Final = 64 << 10  # of sources; a larger one goes alone
_AHEAD: Final = 2  # batches that a worker has, so that it need not wait for the next
_HASH_START: Final = 8  # of the source hash in a header


class Compiler:
    """Compiles with one interpreter.

    The results depend on the sources, the interpreter's release and ``optimize``, on nothing else.

    Args:
        optimize: 0; 1 drops assertions; 2 docstrings as well.
        log: takes a line for each command.
        timeout: seconds that one call of ``compile`` may take.
        workers: how many processes.
        watcher: who ends the processes if this one is killed.

    Attributes:
        version: of the interpreter, as "3.13.0".
    """

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        optimize: int,
        log: Callable[[str], None],
        timeout: float,
        workers: int,
        watcher: Watcher | None = None,
    ) -> None:
        self._interpreter = interpreter
        self.version = interpreter.version
        self._optimize = optimize
        self._log = log
        self._timeout = timeout
        self._workers = workers
        self._watcher = watcher
        minor = int(interpreter.version.split(".")[1])
        self._form = next(form for form in FORMATS if form.python_minor == minor)

    def compile(self, sources: Sequence[Source]) -> list[Compiled]:
        """Compile modules, and return for each, in the same order, what became of it.

        What becomes of one has no influence on the others.

        Raises:
            ToolError: a worker failed or took too long; or a module meets a limit of the
                interpreter, which may be another one elsewhere.
        """
        results: dict[int, Compiled] = {}
        exhausted: dict[int, str] = {}

        def settle(index: int, kind: bytes, answer: bytes) -> None:
            if kind == worker.EXHAUSTED:
                exhausted[index] = answer.decode()
                return
            results[index] = self._judge(sources[index], kind, answer)

        if sources:
            self._run(sources, settle)
        if exhausted:
            raise ToolError(
                f"CPython {self._interpreter.version} has limits that these modules exceed, and "
                "other machines may have higher or lower ones, so the zip would not be the same "
                "everywhere:\n"
                + "\n".join(f"  {sources[i].name}: {exhausted[i]}" for i in sorted(exhausted))
                + "\nSimplify or exclude them, or ship no bytecode."
            )
        return [results[index] for index in range(len(sources))]

    def _run(
        self,
        sources: Sequence[Source],
        settle: Callable[[int, bytes, bytes], None],
    ) -> None:
        """Have workers compile the sources, and settle each as soon as it is answered."""
        batches = _batches(sources)
        with ExitStack() as stack:
            processes = [
                stack.enter_context(
                    closing(
                        WorkerProcess(
                            self._interpreter,
                            optimize=self._optimize,
                            log=self._log,
                            watcher=self._watcher,
                        )
                    )
                )
                for _ in range(min(self._workers, len(batches)))
            ]
            with ThreadPool(len(processes)) as pool:
                try:
                    futures = {
                        pool.submit(_serve, process, sources, batches, settle): process
                        for process in processes
                    }
                    _wait(futures, self._timeout)
                except BaseException:
                    batches.clear()
                    for process in processes:
                        process.kill()  # which ends the threads that wait for it
                    raise

    def _judge(self, source: Source, kind: bytes, answer: bytes) -> Compiled:
        """Turn a worker's answer into the result."""
        if kind == worker.SYNTAX:
            return Compiled(None, Obstacle.SYNTAX, answer.decode())
        if kind == worker.CPU:
            line = int(answer)
            return Compiled(
                None,
                Obstacle.CPU,
                f"the last bits of a constant in line {line} depend on the CPU that compiles",
            )
        try:
            return Compiled(self._normalized(source, answer), None, "")
        except AmbiguousBytecodeError as error:
            return Compiled(None, Obstacle.CANONICAL, str(error))
        except BytecodeError as error:
            raise ToolError(
                f"{self._interpreter.path} wrote no bytecode of CPython {self._interpreter.version}"
                f" for {source.name}: {error}. Repair that Python, or name another one as "
                "bytecode-python-path."
            ) from None

    def _normalized(self, source: Source, pyc: bytes) -> bytes:
        """Normalize what a worker wrote, after a look at its header."""
        if not _has_header(pyc, self._form):
            raise BytecodeError(f"The header is {pyc[:HEADER_SIZE].hex(' ')!r}")
        source_hash = pyc[_HASH_START:HEADER_SIZE]
        return normalize(pyc, filename=source.filename, source_hash=source_hash)


def _batches(sources: Sequence[Source]) -> deque[list[int]]:
    """Divide the work, the largest sources first, so that no worker is left with one at last."""
    batches: deque[list[int]] = deque()
    size = _BATCH_BYTES
    for index in sorted(range(len(sources)), key=lambda index: -len(sources[index].content)):
        if size + len(sources[index].content) > _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(index)
        size += len(sources[index].content)
    return batches


def _serve(
    process: WorkerProcess,
    sources: Sequence[Source],
    batches: deque[list[int]],
    settle: Callable[[int, bytes, bytes], None],
) -> None:
    """Keep one worker busy until there are no more batches."""
    sent: deque[list[int]] = deque()
    while True:
        while batches and len(sent) < _AHEAD:
            try:
                batch = batches.popleft()
            except IndexError:  # another thread was faster
                break
            process.send([(sources[index].filename, sources[index].content) for index in batch])
            sent.append(batch)
        if not sent:
            break
        batch = sent.popleft()
        answers = [process.receive() for _ in batch]
        for index, (kind, answer) in zip(batch, answers, strict=True):
            settle(index, kind, answer)
    process.finish()


def _wait(futures: Mapping[Future[None], WorkerProcess], timeout: float) -> None:
    """Wait until all threads are done; raise what one raised, or for one that takes too long."""
    done, pending = wait(futures, timeout, FIRST_EXCEPTION)
    for future in done:
        future.result()
    for future in pending:
        raise futures[future].too_late(timeout)


def _has_header(pyc: bytes, form: Format) -> bool:
    """Tell whether a .pyc has the header of an interpreter, with the hash of some source.

    That hash is made with a key that differs between minor versions of CPython.
    """
    source_hash = pyc[_HASH_START:HEADER_SIZE].ljust(HASH_SIZE, b"\0")
    return pyc.startswith(unchecked_header(form, source_hash))
