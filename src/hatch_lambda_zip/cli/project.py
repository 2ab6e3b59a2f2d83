"""Projects on the command line: the directories that are named, each with its builder."""

from __future__ import annotations

import codecs
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from hatch_lambda_zip.cli.find import file_with_table, find_projects
from hatch_lambda_zip.config import TARGET_KEY
from hatch_lambda_zip.errors import ConfigError, LambdaZipError
from hatch_lambda_zip.files import read_regular

if TYPE_CHECKING:
    from hatch_lambda_zip.cli.console import Console
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

Decorated = TypeVar("Decorated", bound=Callable[..., object])

projects_argument = click.argument(
    "projects",
    nargs=-1,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[PROJECT]...",
)
"""The directories that a command is for; none of them stands for the one it is typed in."""

project_option = click.option(
    "project",
    "-p",
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The project's directory; by default this one.",
)
"""The directory of the one project that a command is for, whose arguments are others."""


def complete_names(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Return the functions and layers that a shell may complete a word to."""
    from hatch_lambda_zip.cli.console import Console

    # click leaves the arguments before an option without its value there.
    project = Path(context.args[0]) if context.args else context.params.get("project") or Path()
    names: list[str] = []
    # Nobody wants to read of mistakes while typing.
    with contextlib.suppress(LambdaZipError, OSError), open_project(project, Console(-2)) as it:
        config = it.builder.lambda_config
        names += dict.fromkeys(
            name for artifact in config.artifacts for name in (artifact.table, artifact.name)
        )
    return [name for name in names if name.startswith(incomplete)]


def functions_option(what: str) -> Callable[[Decorated], Decorated]:
    """Return the option that names functions and layers.

    Args:
        what: is done with them, for the help.
    """
    return click.option(
        "functions",
        "-f",
        "--function",
        multiple=True,
        shell_complete=complete_names,
        metavar="NAME",
        help=f"A function or layer to {what}, all by default. Can be given several times.",
    )


@dataclass(frozen=True)
class OpenProject:
    """A project whose zips are to be made or listed.

    Attributes:
        root: its directory.
        builder: what hatchling would build its zips with.
    """

    root: Path
    builder: LambdaZipBuilder


def shortest(path: Path, here: Path) -> Path:
    """Return a path as one would type it in a directory."""
    return path.relative_to(here) if path.is_relative_to(here) else path


@contextlib.contextmanager
def open_project(directory: Path, console: Console) -> Iterator[OpenProject]:
    """Open a project; until it is closed, this process works in its directory, as hatchling does.

    Raises:
        ConfigError: there is no pyproject.toml, it can't be read, or only projects below have the
            table.
    """
    root = directory.resolve()
    if not (root / "pyproject.toml").is_file():
        message = (
            f"{root} has no pyproject.toml, which is where [{TARGET_KEY}] stands. Name the "
            "project's directory, or add the file"
        )
        raise ConfigError([message])
    # hatchling takes a tenth of a second to import, which `--help` does not need.
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

    plugin_manager = PluginManager()
    metadata = ProjectMetadata(str(root), plugin_manager)
    file = "pyproject.toml"
    try:
        _ = metadata.config
        file = "hatch.toml"
        with contextlib.suppress(TypeError):  # what stands in them is judged when it is used
            _ = metadata.hatch
    except (ValueError, RecursionError) as error:  # the second one of arrays in arrays
        raise ConfigError([_unreadable(root / file, error)]) from None
    if not file_with_table(root) and (below := find_projects(root)):
        # The root of a workspace, as a rule.
        names = ", ".join(shortest(project, root).as_posix() for project in below)
        message = (
            f"{root} has no table [{TARGET_KEY}], but projects below it have: {names}. Name those "
            "that are meant, with their path"
        )
        raise ConfigError([message])
    with _working_in(root):
        builder = LambdaZipBuilder(
            str(root),
            plugin_manager=plugin_manager,
            metadata=metadata,
            app=console.get_safe_application(),
        )
        try:
            yield OpenProject(root, builder)
        finally:
            builder.close()


def _unreadable(path: Path, error: Exception) -> str:
    """Return what to say of a TOML file that can't be read."""
    if (read_regular(path) or b"").startswith(codecs.BOM_UTF8):
        return (
            f"{path} starts with a byte order mark, which TOML does not have. Have your editor "
            "save it as UTF-8 without one"
        )
    return f"{path} can't be read: {error}. Correct it there"


@contextlib.contextmanager
def _working_in(directory: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
