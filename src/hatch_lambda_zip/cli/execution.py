"""A function's execution environment on this machine, as far as it can be had without root.

Code and layers lie in a fresh directory instead of /var/task and /opt, so what says where they are
is passed as Lambda passes it: by variables, and by the directory that the process starts in.
Sources: AWS Lambda developer guide, "Defined runtime environment variables", "Packaging your layer
content"; sys.path is that of the runtimes, with the client and boto3 last.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from hatch_lambda_zip.cli.runtime_api import Answer, RuntimeApi
from hatch_lambda_zip.cli.unpack import extract
from hatch_lambda_zip.config import Artifact
from hatch_lambda_zip.errors import ToolError, UvError
from hatch_lambda_zip.process import Command, Watcher
from hatch_lambda_zip.process.one_thread import start_thread
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from hatch_lambda_zip.bytecode import Interpreter

# AWS's runtime client, and what the runtimes have for every function.
_RUNTIME: Final = ("awslambdaric", "boto3")
_REGION: Final = "us-east-1"
_MEMORY: Final = "128"  # MB, Lambda's default; nothing limits it here
_PATIENCE: Final = 1.0  # seconds for the rest of the log


@dataclass(frozen=True)
class Execution:
    """Where a function runs.

    Attributes:
        python: of an environment with nothing but the runtime client and boto3.
        task: the directory with the function's files, which is /var/task on Lambda.
        opt: that of its layers' files, which is /opt.
    """

    python: Path
    task: Path
    opt: Path


def prepare(zips: Sequence[Path], directory: Path, interpreter: Interpreter, uv: Uv) -> Execution:
    """Unpack a function and its layers, and install what Lambda's runtime has.

    Args:
        zips: the function's, then its layers'.
        directory: an empty one.
        interpreter: of the function's runtime.

    Raises:
        ToolError: the runtime client can't be installed.
    """
    task, opt, environment = directory / "task", directory / "opt", directory / "python"
    opt.mkdir()
    extract(zips[0], task)
    for layer in zips[1:]:
        extract(layer, opt)
    create: list[str | Path] = [
        "venv",
        "-q",
        "--no-project",
        "--python",
        interpreter.path,
        environment,
    ]
    install: list[str | Path] = [
        "pip",
        "install",
        "-q",
        "--no-build",
        "--python",
        environment,
        *_RUNTIME,
    ]
    try:
        uv.run(create, cwd=directory)
        uv.run(install, cwd=directory)
    except UvError as error:
        raise ToolError(
            f"{' and '.join(_RUNTIME)}, which Lambda's runtime has, can't be installed for "
            f"{interpreter.path} (Python {interpreter.version}): {error}"
        ) from None
    return Execution(_python_of(environment), task, opt)


def _python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def invoke_once(
    function: Artifact,
    execution: Execution,
    event: bytes,
    *,
    timeout: float,
    variables: Mapping[str, str],
    log: Callable[[str], None],
    watcher: Watcher,
) -> Answer:
    """Start a function, give it an event, and end it once it has answered.

    Args:
        event: JSON.
        timeout: seconds that it has for the answer.
        variables: of the environment, besides those that Lambda sets.
        log: takes each line that it writes.
        watcher: who ends it if this process is killed.
    """
    arn = f"arn:aws:lambda:{_REGION}:123456789012:function:{function.table}"
    api = RuntimeApi(event, arn, timeout)
    with api.serving():
        environment = _environment(function, execution, api.address)
        command = Command(
            [str(execution.python), "-m", "awslambdaric", function.handler or ""],
            cwd=execution.task,
            environment={**environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            watcher=watcher,
        )
        with _logging(command, log):
            try:
                return api.wait(command.process)
            finally:
                command.kill()
                command.close()


def _environment(function: Artifact, execution: Execution, address: str) -> dict[str, str]:
    """Return the variables that Lambda defines, and nothing of this machine's."""
    runtime, opt, task = function.platform.runtime, execution.opt, execution.task
    libraries = [str(path) for path in (task, task / "lib", opt / "lib")]
    if own := os.environ.get("LD_LIBRARY_PATH"):
        libraries.append(own)  # without it, this machine's Python may not start
    packages = [opt / root for root in runtime.layer_roots]
    # Without it nothing can open a socket on Windows.
    system = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {
        **system,
        "_HANDLER": function.handler or "",
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime.identifier}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": _MEMORY,
        "AWS_LAMBDA_FUNCTION_NAME": function.table,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.table}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_REGION": _REGION,
        "LAMBDA_RUNTIME_DIR": str(execution.python.parent),
        "LAMBDA_TASK_ROOT": str(task),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": os.pathsep.join(libraries),
        "PATH": f"/usr/local/bin:/usr/bin:/bin:{opt / 'bin'}",
        # /var/task can't be written, so no bytecode appears there.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
        "TZ": ":UTC",
    }


@contextlib.contextmanager
def _logging(command: Command, log: Callable[[str], None]) -> Iterator[None]:
    """Hand over what a process writes, line by line, while it runs."""
    stream = cast("IO[bytes]", command.process.stdout)  # with PIPE, it is there

    def read() -> None:
        with stream:
            for line in stream:
                # The client has carriage returns within the lines of one error.
                for part in line.decode("utf-8", "replace").rstrip("\r\n").split("\r"):
                    log(part)

    thread = start_thread(read)
    try:
        yield
    finally:
        thread.join(_PATIENCE)
