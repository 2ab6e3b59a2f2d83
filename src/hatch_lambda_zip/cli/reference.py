"""The declared commands -> the page of commands; nothing of a command needs it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from hatch_lambda_zip.cli.main import main
from hatch_lambda_zip.config.reference import between_markers


def commands_page(text: str) -> str:
    """Return the page of commands with the sections written anew, between their two markers.

    Raises:
        ValueError: it has no such markers.
    """
    sections = [_section(words, command) for words, command in each_command(main)]
    return between_markers(text, "commands", "\n".join(sections))


def each_command(
    group: click.Group, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that do something, by their words, in the order of their names.

    Args:
        words: that lead to the group.
    """
    context = click.Context(group)
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101 - it is one of those
        if isinstance(command, click.Group):
            yield from each_command(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def _section(words: str, command: click.Command) -> str:
    """Return what the page says of a command: what its help says."""
    context = click.Context(command, info_name=words)
    usage = " ".join([f"{main.name} {words}", *command.collect_usage_pieces(context)])
    lines = [f"### {words}", "", "```text", usage, "```", "", _prose(command.help or "")]
    records = [record for one in command.params if (record := one.get_help_record(context))]
    rows = [f"| `{_cell(names)}` | {_cell(_prose(text))} |" for names, text in records if text]
    if rows:
        lines += ["", "| option | what it does |", "| --- | --- |", *rows]
    if command.epilog:
        _, _, examples = command.epilog.partition(":\n")
        lines += ["", "```text", inspect.cleandoc(examples), "```"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _prose(text: str) -> str:
    """Return plain text as Markdown."""
    return re.sub(r"([*_<>])", r"\\\1", inspect.cleandoc(text))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
