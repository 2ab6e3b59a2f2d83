"""What compiles the modules of a command's zips, where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hatch_lambda_zip import __version__
from hatch_lambda_zip.build.shared import Shared
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.config import Bytecode
from hatch_lambda_zip.contents import ModuleCompiler
from hatch_lambda_zip.process.threads import available_cpus
from hatch_lambda_zip.uv import Uv


def find_compiler(
    bytecode: Bytecode,
    *,
    root: Path,
    uv: Uv,
    workspace: Workspace,
    shared: Shared,
    log: Callable[[str], None],
) -> ModuleCompiler | None:
    """Return what compiles modules, if that is asked for.

    Args:
        root: the project's directory.

    Raises:
        ToolError: there is no interpreter of exactly that version.
    """
    if bytecode.python is None:
        return None
    # What compiles takes time to import, and few builds compile.
    from hatch_lambda_zip.bytecode.compiler import Compiler, find_interpreter

    named = bytecode.python_path
    path = None if named is None else root / Path(os.path.expanduser(named))  # noqa: PTH111 - see files.home
    interpreter = find_interpreter(
        bytecode.python, named=path, uv=uv, directory=workspace.directory, environ=os.environ
    )
    compiler = Compiler(
        interpreter,
        optimize=bytecode.optimize,
        log=log,
        timeout=uv.timeout,
        workers=available_cpus(),
        watcher=workspace.watcher,
    )
    return ModuleCompiler(
        compiler, shared.bytecode, shared.compress, workers=available_cpus(), salt=__version__
    )
