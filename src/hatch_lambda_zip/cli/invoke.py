"""``hatch-lambda-zip invoke``: a function's zip, run as Lambda runs it, with one event."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from hatch_lambda_zip.cli.console import Console, hooks_aside
from hatch_lambda_zip.cli.project import complete_names, open_project, project_option
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.config import Artifact, Config, Kind, file_name
from hatch_lambda_zip.errors import ConfigError, ToolError
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.uv import find_uv

if TYPE_CHECKING:
    # What serves HTTP takes long to import, and no other command needs it.
    from hatch_lambda_zip.cli.runtime_api import Answer

_EXAMPLE = """
\b
Examples:
  hatch-lambda-zip invoke api --event event.json
  echo '{"name": "ada"}' | hatch-lambda-zip invoke api --event - -e TABLE=orders -e AWS_PROFILE
"""


@click.command("invoke", epilog=_EXAMPLE)
@click.argument("function", required=False, shell_complete=complete_names)
@click.option(
    "event",
    "--event",
    type=click.File("rb"),
    help="A file with the event, as JSON; - is the standard input, and {} the default.",
)
@project_option
@click.option(
    "variables",
    "-e",
    "--env",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A variable that the function has, or NAME alone for its value here. Several times.",
)
@click.option(
    "timeout",
    "--timeout",
    type=click.FloatRange(min=0, min_open=True, max=900),
    default=3.0,
    show_default=True,
    help="Seconds until the function has to answer.",
)
@click.option(
    "python",
    "--python",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Python of the function's runtime; by default it is looked for.",
)
@click.option("-v", "--verbose", count=True, help="Show what is run.")
@click.option("-q", "--quiet", count=True, help="Show warnings, errors and the log only.")
def invoke(  # noqa: PLR0913 - one parameter an option
    *,
    function: str | None,
    event: IO[bytes] | None,
    project: Path,
    variables: tuple[str, ...],
    timeout: float,
    python: Path | None,
    verbose: int,
    quiet: int,
) -> None:
    """Build a FUNCTION (by default the only one) with its layers, and give its zip an event.

    It runs unpacked in a fresh directory, with AWS's runtime client and boto3 as on Lambda, on a
    Python of its runtime, and with no variable but Lambda's and those of --env. Prints the answer,
    and the log to the standard error.

    Exit codes: 0 for an answer, 1 when the function or its build failed, 2 for wrong usage.
    """
    payload = _read_event(event)
    environment = dict(_variables(variables))
    named = None if python is None else python.absolute()
    console = Console(verbose - quiet)
    with aborting(console):
        if sys.platform != "linux":
            raise ToolError(
                "invoke: functions run on Linux, and so do their libraries and AWS's runtime "
                "client. Use a container, a virtual machine or WSL."
            )
        artifact, zips = _build(project, function, console)
        answer = _run(artifact, zips, payload, environment, timeout, named, console)
    show_result(answer.payload.decode("utf-8", "replace"))
    sys.exit(int(answer.is_error))


def _read_event(event: IO[bytes] | None) -> bytes:
    """Return the event.

    Raises:
        BadParameter: it is not JSON.
    """
    if event is None:
        return b"{}"
    content = event.read()
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:  # of JSON, or of UTF-8
        message = f"{event.name} is not JSON: {error}"
        raise click.BadParameter(message, param_hint="--event") from None
    return content


def _variables(words: Iterable[str]) -> Iterable[tuple[str, str]]:
    for word in words:
        name, mark, value = word.partition("=")
        if not name:
            message = f"{word!r} has no name before the ="
            raise click.BadParameter(message, param_hint="--env")
        if not mark and name not in os.environ:
            message = f"{name} is not set here; write {name}=VALUE"
            raise click.BadParameter(message, param_hint="--env")
        yield name, value if mark else os.environ[name]


def _build(
    project: Path, function: str | None, console: Console
) -> tuple[Artifact, tuple[Path, ...]]:
    """Build a function and its layers, so that what runs is what would be deployed now.

    Returns:
        The function, and its zip before those of its layers.
    """
    with hooks_aside(), open_project(project, console) as opened:
        builder = opened.builder
        config = builder.lambda_config
        artifact = _chosen(config, function, console)
        artifacts = (artifact, *config.layers_of(artifact))
        for _ in builder.build(versions=[it.name for it in artifacts]):
            pass
        directory = opened.root / builder.config.directory
        return artifact, tuple(directory / file_name(it, builder.project) for it in artifacts)


def _chosen(config: Config, asked: str | None, console: Console) -> Artifact:
    """Return the function that is meant, for this machine; end the command where it is several.

    Raises:
        ConfigError: it is no function, can't run here, or has no handler.
    """
    functions = [it for it in config.artifacts if it.kind is Kind.FUNCTION]
    names = {it.name for it in functions} if asked is None else {*config.named([asked])}
    meant = [it for it in functions if it.name in names]
    if not meant:
        raise ConfigError([f"{asked} is a layer, and only functions can be invoked"])
    here = [it for it in meant if it.platform.machine == platform.machine()]
    if not here:
        architectures = sorted({it.platform.architecture for it in meant})
        message = (
            f"{meant[0].key}.architecture: {' and '.join(architectures)} can't run on this machine "
            f"({platform.machine()}). Invoke it on one that can, or build it for both: "
            '`architectures = ["x86_64", "arm64"]`'
        )
        raise ConfigError([message])
    if len(here) > 1:
        names_here = ", ".join(it.name for it in here)
        console.abort(f"Error: Which FUNCTION? One of {names_here}.", code=2)
    if here[0].handler is None:
        message = f"{here[0].key}.handler: is missing, and says what Lambda is to call"
        raise ConfigError([message])
    return here[0]


def _run(
    artifact: Artifact,
    zips: tuple[Path, ...],
    event: bytes,
    variables: dict[str, str],
    timeout: float,
    python: Path | None,
    console: Console,
) -> Answer:
    # `--help` does not need them.
    from hatch_lambda_zip.build import Workspace
    from hatch_lambda_zip.bytecode.interpreter import find_python
    from hatch_lambda_zip.cli.execution import invoke_once, prepare

    with Workspace() as workspace:
        directory = workspace.directory
        uv = find_uv(
            os.environ,
            log=console.display_debug,
            watcher=workspace.watcher,
            tell=console.display_info,
        )
        minor = artifact.platform.runtime.python_version
        interpreter = find_python(
            minor, named=python, uv=uv, directory=directory, environ=os.environ
        )
        execution = prepare(zips, directory, interpreter, uv)
        console.display_info(f"{artifact.name}: {artifact.handler} on Python {interpreter.version}")
        answer = invoke_once(
            artifact,
            execution,
            event,
            timeout=timeout,
            variables=variables,
            log=console.display_error,
            watcher=workspace.watcher,
        )
    console.display_info(
        f"{artifact.name}: init {answer.init_seconds * 1000:.0f} ms, "
        f"then {answer.seconds * 1000:.0f} ms, {'failed' if answer.is_error else 'answered'}"
    )
    return answer
