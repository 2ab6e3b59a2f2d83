"""``hatch-lambda-zip report``: what is in zips, as a page for a browser."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.inspect import describe_inspection, inspect_all
from hatch_lambda_zip.cli.progress import Bars, Plain, can_draw
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import failure_at, replacing
from hatch_lambda_zip.plugin.app import aborting

if TYPE_CHECKING:
    from hatch_lambda_zip.explain import Inspection, Member

_SCHEMA: Final = 1
_PAIR: Final = 2  # zips that have a change between them


@click.command(
    "report",
    epilog="\b\nExamples:\n  hatch-lambda-zip report dist/function.zip -o report.html\n"
    "  hatch-lambda-zip report deployed.zip dist/function.zip -o change.html",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ZIP...")
@click.option(
    "output",
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the page goes.",
)
@click.option("as_json", "--json", is_flag=True, help="Print what the page shows as JSON.")
def report(*, paths: tuple[Path, ...], output: Path | None, as_json: bool) -> None:
    """Write a page that shows what takes the room in each ZIP, a wheel or a directory.

    It has a map of distributions and files, which one zooms into and searches, a table that sorts,
    and bars for Lambda's limits; of two zips, the change from the first to the second. The page is
    one file that needs no network.

    Exit codes: 0; 1 when a zip is larger than Lambda takes; 2 for wrong usage, or what is no zip,
    is broken or not safe to unpack.
    """
    if output is None and not as_json:
        raise click.UsageError("Give -o OUTPUT, --json or both.")
    # `--help` does not need it.
    from hatch_lambda_zip.explain import render_page

    screen = Bars() if can_draw() else Plain()
    with aborting(Console(screen=screen, failure=2)), screen.drawing():
        found = inspect_all(paths, screen)
        document = _described(found)
        if output is not None:
            page = render_page(document)
            if output.exists() and not output.is_file():  # it would be replaced, be it a device
                raise OutputError(f"{output} is no regular file. Choose another place for -o.")
            try:
                with replacing(output) as written:
                    written.write_text(page, encoding="utf-8", newline="\n")
            except OSError as error:
                raise OutputError(f"{failure_at(error)}. Choose another place for -o.") from None
    if as_json:
        show_result(json.dumps(document, indent=2))
    else:
        show_result(str(output))
    sys.exit(1 if any(it.is_too_large for it in found) else 0)


def _described(found: list[Inspection]) -> dict[str, object]:
    from hatch_lambda_zip.explain import list_files
    from hatch_lambda_zip.explain.diff import compare, verdict
    from hatch_lambda_zip.process.threads import available_cpus

    sources = [it.source for it in found]
    change = compare(*sources, workers=available_cpus()) if len(sources) == _PAIR else None
    return {
        "schema": _SCHEMA,
        "tool": f"{TOOL_NAME} {__version__}",
        "verdict": change and verdict(change),
        "zips": [describe_inspection(it) for it in found],
        "files": [
            {
                "path": file.name,
                "distribution": file.distribution or None,
                "zips": [member and _sizes(member) for member in file.members],
                "changed": file.is_changed,
            }
            for file in list_files([(it.source, it.owners) for it in found])
        ],
    }


def _sizes(member: Member) -> dict[str, int | None]:
    return {"bytes": member.size, "compressed_bytes": member.compressed_size}
