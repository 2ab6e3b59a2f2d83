"""What zips of the same sources may have been configured as: for `verify --against` a hash."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cli.circumstances import Circumstance
from hatch_lambda_zip.config import Artifact, Bytecode, BytecodeMode
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES, Runtime
from hatch_lambda_zip.uv import Uv

_STRIP: Final = {"bytecode": "strip", "bytecode-optimize": "", "source": ""}
_COMPILE: Final = {"bytecode": "compile", "source": "keep"}
_OMIT: Final = {"bytecode": "compile", "source": "omit"}


def variations(
    artifacts: Sequence[Artifact], today: date, release: Callable[[Runtime], str]
) -> Iterator[Circumstance]:
    """Yield the other platforms and kinds of bytecode that can be tried here.

    That is each runtime that AWS supports on each architecture and, for the platforms that are
    configured, bytecode as it is not. What would need a Python that is not here is left out.

    Args:
        artifacts: the functions and layers that are built again.
        today: the date that deprecations are judged by.
        release: returns which release of a runtime's Python is here; empty if there is none.
    """
    platforms = {artifact.platform for artifact in artifacts}
    runtimes = sorted({it.runtime for it in platforms}, key=lambda it: it.python_minor)
    kinds = {artifact.bytecode for artifact in artifacts}
    supported = [it for it in RUNTIMES if it.deprecated is None or it.deprecated > today]
    # The likeliest first: the other architecture, then the nearest runtime.
    newest = runtimes[-1].python_minor
    nearest = sorted(
        {*supported, *runtimes},
        key=lambda it: (abs(it.python_minor - newest), -it.python_minor),
    )
    for runtime, architecture in product(nearest, ARCHITECTURES):
        found = {(it.runtime, it.architecture) for it in platforms}
        if found == {(runtime, architecture)}:
            continue
        otherwise = {"runtime": runtime.identifier, "architecture": architecture}
        if runtimes != [runtime]:
            # It is that of the other runtime.
            otherwise["python-release"] = ""
            if any(it.mode is BytecodeMode.COMPILE for it in kinds):
                python = release(runtime)
                if not python:
                    continue
                otherwise["bytecode-python"] = python
        yield Circumstance(f"for {runtime.identifier} on {architecture}", instead=otherwise)
    yield from _bytecode(kinds, runtimes, release)


def _bytecode(
    kinds: set[Bytecode], runtimes: Sequence[Runtime], release: Callable[[Runtime], str]
) -> Iterator[Circumstance]:
    compiled = [it for it in kinds if it.mode is BytecodeMode.COMPILE]
    if compiled:
        yield Circumstance('with bytecode = "strip"', instead={**_STRIP, "bytecode-python": ""})
    pythons = {} if len(compiled) == len(kinds) else _pythons(runtimes, release)
    if pythons is None:
        return
    if len(compiled) < len(kinds) or any(it.omit_source for it in compiled):
        yield Circumstance('with bytecode = "compile"', instead={**_COMPILE, **pythons})
    if not all(it.omit_source for it in compiled) or not compiled:
        name = 'with bytecode = "compile", source = "omit"'
        yield Circumstance(name, instead={**_OMIT, **pythons})


def _pythons(
    runtimes: Sequence[Runtime], release: Callable[[Runtime], str]
) -> dict[str, str] | None:
    """Return what the only runtime's modules are compiled with; None where none is here."""
    found = release(runtimes[0]) if len(runtimes) == 1 else ""
    return {"bytecode-python": found} if found else None


def release_here(uv: Uv, directory: Path) -> Callable[[Runtime], str]:
    """Return what tells which release of a runtime's Python is on this machine.

    Args:
        directory: one without settings of uv, for it to run in.
    """

    def release(runtime: Runtime) -> str:
        from hatch_lambda_zip.bytecode.interpreter import find_python  # see there

        minor = runtime.python_version
        try:
            found = find_python(minor, named=None, uv=uv, directory=directory, environ=os.environ)
        except ToolError:
            return ""
        return found.version

    return release
