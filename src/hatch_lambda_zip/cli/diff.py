"""``hatch-lambda-zip diff``: why two hashes differ."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.progress import Bars, Plain, can_draw
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import printable

if TYPE_CHECKING:
    from hatch_lambda_zip.explain import Source


@click.command(
    "diff",
    epilog="\b\nExamples:\n  hatch-lambda-zip diff deployed.zip dist/orders-api-lambda.zip\n"
    "  hatch-lambda-zip diff --stat old.json new.json",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="A B")
@click.option("form", "--stat", flag_value="stat", help="Only which files differ, and their sizes.")
@click.option("form", "--name-only", flag_value="names", help="Only the names of what differs.")
@click.option("form", "--json", flag_value="json", help="Print it as JSON.")
@click.option(
    "form",
    "--textconv",
    flag_value="textconv",
    help="Print what is in A alone, a line for each member: for git's textconv.",
)
@click.option(
    "is_full",
    "--full",
    is_flag=True,
    help="Look into all files: those of distributions of another version, too, and long ones.",
)
def diff(*, paths: tuple[Path, ...], form: str | None, is_full: bool) -> None:
    """Tell why the hashes of A and B differ: zips, wheels, layers, directories or manifests.

    The first line is the verdict: "same code: 412 files differ only in their time", say, or "boto3
    1.40.1 -> 1.40.2 and 2 own files changed". Then come the distributions, and what is otherwise in
    each file. Of manifests (the JSON files that a build writes beside zips) neither zip is needed.

    Exit codes: 0 when both are the same; 1 when they differ; 2 for wrong usage, or what is no zip,
    is broken or not safe to unpack.
    """
    if form == "textconv" and len(paths) != 1:
        raise click.UsageError("Name one zip with --textconv.")
    if form != "textconv" and len(paths) != 2:  # noqa: PLR2004 - as in every diff
        raise click.UsageError("Name two of them, zips or else.")
    # `--help` does not need it.
    from hatch_lambda_zip.explain.diff import is_manifest

    screen = Bars() if can_draw() else Plain()
    with aborting(Console(screen=screen, failure=2)), screen.drawing():
        if form == "textconv":
            is_equal, lines = True, [*_listing(_read(paths[0]))]
        elif any(map(is_manifest, paths)):
            is_equal, lines = _compare_manifests(paths[0], paths[1], form)
        else:
            is_equal, lines = _compare(paths[0], paths[1], form, screen, is_full=is_full)
    # Out here, where a pipe that was closed is no failure of a file.
    for line in lines:
        show_result(line)
    sys.exit(0 if is_equal else 1)


def _compare(
    before: Path, after: Path, form: str | None, screen: Plain, *, is_full: bool
) -> tuple[bool, list[str]]:
    """Return whether two sources are equal, and what to print."""
    from hatch_lambda_zip.cli.diff_json import describe
    from hatch_lambda_zip.cli.diff_lines import all_lines, name_lines, stat_lines
    from hatch_lambda_zip.explain.diff import compare
    from hatch_lambda_zip.process.threads import available_cpus

    screen.only(after.name, "reading")
    found = compare(
        _read(before),
        _read(after),
        workers=available_cpus(),
        is_thorough=is_full,
        progress=screen.progress,
    )
    if form == "json":
        return found.is_equal, [_json(describe(found))]
    if form == "names":
        return found.is_equal, [*name_lines(found)]
    lines = stat_lines(found) if form == "stat" else all_lines(found, is_full=is_full)
    return found.is_equal, [*lines]


def _compare_manifests(before: Path, after: Path, form: str | None) -> tuple[bool, list[str]]:
    """Return whether the zips of two manifests are equal, and what to print."""
    from hatch_lambda_zip.cli.diff_json import describe_manifests
    from hatch_lambda_zip.cli.diff_lines import manifest_lines
    from hatch_lambda_zip.explain.diff import compare_manifests

    found = compare_manifests(before, after)
    if form == "json":
        return found.is_equal, [_json(describe_manifests(found))]
    return found.is_equal, [*manifest_lines(found, is_names=form == "names")]


def _json(document: Mapping[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _read(path: Path) -> Source:
    """Read a zip or directory; git names an empty file where one side has none."""
    from hatch_lambda_zip.explain import Source, read_source

    return Source(path, ()) if str(path) in {"/dev/null", os.devnull} else read_source(path)


def _listing(source: Source) -> Iterator[str]:
    """Yield a line for each member, which is the same as long as the member is."""
    from hatch_lambda_zip.record import Digest

    for member in source.members:
        time = "{}-{:02}-{:02} {:02}:{:02}:{:02}".format(*member.date_time)
        mode = "------" if member.mode is None else f"{member.mode:06o}"
        digest = "directory" if member.is_directory else str(Digest.of(member.read()))
        yield f"{mode} {time} {member.size:>9} {printable(member.name)} {digest}"
