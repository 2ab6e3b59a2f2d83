"""What the functions of one command share: uv, the lock, the staging and temporary files."""

from __future__ import annotations
from types import TracebackType
from hatch_lambda_zip.config.model import Bytecode
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.text import Reporter
from hatch_lambda_zip.contents.decide import Shipment
from hatch_lambda_zip.uv import Uv

import os
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_lambda_zip.lock.find import find_lock
from hatch_lambda_zip.lock.read import LockReader
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.install.install import Staging
from hatch_lambda_zip.uv import find_uv

if TYPE_CHECKING:
    from typing_extensions import Self

    from hatch_lambda_zip.bytecode.compiler import Compiler


class Session:
    """Open for as long as a command builds functions; everything in it is made when needed.

    Attributes:
        project: the package.
        report: takes lines for the user.
        workspace: the command's temporary files.
        root: the package's directory.
        shipments: what ships in the zips so far, by their names.
    """

    def __init__(
        self,
        project: Project,
        root: Path,
        *,
        lock: str | None,
        report: Reporter,
    ) -> None:
        """Prepare the session; nothing is made yet.

        Args:
            project: the package.
            root: its directory.
            lock: the value of ``lock`` in the configuration.
            report: takes lines for the user.
        """
        self.project = project
        self.report = report
        self.root = root
        self.shipments: dict[str, Shipment] = {}
        self._lock = lock
        self._stack = ExitStack()
        self._compilers: dict[Bytecode, Compiler] = {}

    def __enter__(self) -> Self:
        self.workspace = self._stack.enter_context(Workspace())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(exc_type, exc, traceback)

    @cached_property
    def reader(self) -> LockReader:
        """The reader of the project's lock.

        Raises:
            LockError: there is none, or several and no choice.
        """
        lock = find_lock(self.root, self._lock, self._uv)
        return LockReader(lock, root=self.root, name=self.project.name, uv=self._uv)

    @cached_property
    def staging(self) -> Staging:
        """The staging directory.

        Raises:
            UvError: there is no uv to fill it.
        """
        staging = Staging(uv=self._uv, directory=self.workspace.directory)
        return self._stack.enter_context(staging)

    def compiler(self, bytecode: Bytecode) -> Compiler | None:
        """Return what compiles modules, if that is asked for.

        Raises:
            ToolError: there is no interpreter of exactly that version.
        """
        if bytecode.python is None:
            return None
        if bytecode not in self._compilers:
            from hatch_lambda_zip import __version__
            from hatch_lambda_zip.bytecode.compiler import (
                BytecodeCache,
                Compiler,
                cache_directory,
                find_interpreter,
            )

            named = bytecode.python_path
            path = None if named is None else self.root / Path(named).expanduser()
            interpreter = find_interpreter(
                bytecode.python, named=path, uv=self._uv, environ=os.environ
            )
            self._compilers[bytecode] = Compiler(
                interpreter,
                optimize=bytecode.optimize,
                cache=BytecodeCache(
                    cache_directory(os.environ), salt=__version__, log=self.report.debug
                ),
                log=self.report.debug,
                timeout=self._uv.timeout,
                workers=available_cpus(),
                keep_open=self.workspace.keep_open,
            )
        return self._compilers[bytecode]

    @cached_property
    def _uv(self) -> Uv:
        return find_uv(os.environ, log=self.report.debug, keep_open=self.workspace.keep_open)


def available_cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
