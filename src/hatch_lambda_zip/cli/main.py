"""The group of all subcommands, each imported when it is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from hatch_lambda_zip import __version__
from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.files import working_directory_problem


class _Place(NamedTuple):
    """Where a subcommand is, and what it does in a few words.

    What reads a zip need not import what builds one, nor does the help of the group.
    """

    module: str
    name: str
    summary: str


_COMMANDS: Final = {
    "build": _Place("build", "build", "Build the zips of projects."),
    "cache": _Place("cache", "cache", "Show or empty what is kept from build to build."),
    "diff": _Place("diff", "diff", "Tell why the hashes of two zips differ."),
    "init": _Place("init", "init", "Propose the table for a project."),
    "inspect": _Place("inspect", "inspect", "Show what is in a zip, whoever made it."),
    "invoke": _Place("invoke", "invoke", "Build a function, and give its zip an event."),
    "list": _Place(
        "listing", "list_artifacts", "List functions and layers, or those that changed."
    ),
    "lock": _Place("lock", "lock", "Write or renew the locks of projects."),
    "normalize": _Place("normalize", "normalize", "Write any zip in canonical form."),
    "report": _Place("report", "report", "Write a page that shows what takes the room."),
    "verify": _Place("verify", "verify", "Build zips again elsewhere, and compare."),
    "why": _Place("why", "why", "Say why a distribution or file ships, or not."),
}


@contextlib.contextmanager
def _cleaning() -> Iterator[None]:
    """Keep secrets out of what click says of an argument, which it quotes."""
    try:
        yield
    except click.ClickException as error:
        from hatch_lambda_zip.plugin.app import shown_failure  # only a failure needs it

        message = shown_failure(error.format_message())
        error.format_message = lambda: message  # type: ignore[method-assign]  # show() asks it
        raise


class _Commands(click.Group):
    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> click.Context:
        with _cleaning():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        with _cleaning():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*_COMMANDS]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        command = getattr(import_module(f"hatch_lambda_zip.cli.{place.module}"), place.name)
        assert isinstance(command, click.Command)  # noqa: S101 - the table above says so
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in _COMMANDS.items()])


@click.group(
    TOOL_NAME,
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name=TOOL_NAME)
@click.pass_obj
def main(imported: Callable[[], object] | None) -> None:
    """AWS Lambda zips from locked Python projects: the same inputs, the same bytes.

    Exit codes: 0 as expected; 1 a build failed, or a limit is crossed; 2 wrong usage.
    """
    if problem := working_directory_problem():
        raise click.ClickException(problem)
    # The subcommand is there when click comes here.
    if imported is not None:
        imported()
