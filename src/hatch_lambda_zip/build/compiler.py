"""What compiles the modules of a command's zips, where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_lambda_zip import __version__
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.config import Bytecode
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from hatch_lambda_zip.bytecode.compiler import Compiler


def find_compiler(
    bytecode: Bytecode,
    *,
    root: Path,
    uv: Uv,
    workspace: Workspace,
    kept: Path | None,
    log: Callable[[str], None],
) -> Compiler | None:
    """Return what compiles modules, if that is asked for.

    Args:
        root: the project's directory.
        kept: the directory of the user's cache, if there is one.

    Raises:
        ToolError: there is no interpreter of exactly that version.
    """
    if bytecode.python is None:
        return None
    # What compiles takes time to import, and few builds compile.
    from hatch_lambda_zip.bytecode.compiler import (
        BytecodeCache,
        Compiler,
        find_interpreter,
    )

    named = bytecode.python_path
    path = None if named is None else root / Path(named).expanduser()
    interpreter = find_interpreter(
        bytecode.python,
        named=path,
        uv=uv,
        directory=workspace.directory,
        environ=os.environ,
    )
    return Compiler(
        interpreter,
        optimize=bytecode.optimize,
        cache=None if kept is None else BytecodeCache(kept, salt=__version__, log=log),
        log=log,
        timeout=uv.timeout,
        workers=available_cpus(),
        watcher=workspace.watcher,
    )


def available_cpus() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
