"""``hatch-lambda-zip normalize``: any zip in the canonical form, or only whether it has that."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import click

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.inspect import describe_findings, describe_hash
from hatch_lambda_zip.cli.progress import Bars, Plain, can_draw
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import failure_at, replacing
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import printable
from hatch_lambda_zip.text import format_size

if TYPE_CHECKING:
    from hatch_lambda_zip.explain import Normalized, Source

_SCHEMA: Final = 1


@click.command(
    "normalize",
    epilog="\b\nExamples:\n  hatch-lambda-zip normalize build/function.zip -o dist/function.zip\n"
    "  hatch-lambda-zip normalize --check function.zip",
)
@click.argument("path", type=click.Path(path_type=Path), metavar="ZIP")
@click.option(
    "output",
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the canonical zip goes; it may be ZIP itself.",
)
@click.option("is_check", "--check", is_flag=True, help="Only tell whether it is canonical.")
@click.option(
    "kind",
    "--bytecode",
    type=click.Choice(["normalize", "drop"]),
    default="normalize",
    show_default=True,
    help="Compiled modules in __pycache__: in canonical form, or none. A module without source is "
    "code, and stays in any case.",
)
@click.option("as_json", "--json", is_flag=True, help="Print what was found as JSON.")
def normalize(*, path: Path, output: Path | None, is_check: bool, kind: str, as_json: bool) -> None:
    """Write ZIP, a layer or a directory in canonical form: equal files, equal bytes.

    Times, order, permissions, the compressing library and what installers note go; RECORDs are
    mended to what ships. A canonical zip comes out byte for byte. What runs stays the same.

    Exit codes: 0; 1 with --check when it is not canonical; 2 for wrong usage, or what is no zip, is
    broken, not safe to unpack, or has no canonical form.
    """
    if is_check == (output is not None):
        raise click.UsageError("Give either -o OUTPUT or --check.")
    # `--help` does not need it.
    from hatch_lambda_zip.explain import Bytecode, read_source, write_canonical
    from hatch_lambda_zip.process.threads import available_cpus

    screen = Bars() if can_draw() else Plain()
    console = Console(screen=screen, failure=2)
    with aborting(console), screen.drawing():
        source = read_source(path)
        try:
            with _opened(output) as stream:
                found = write_canonical(
                    source,
                    stream,
                    bytecode=Bytecode(kind),
                    workers=available_cpus(),
                    progress=screen.progress,
                )
        except OSError as error:
            raise OutputError(f"{failure_at(error)}. Choose another place for -o.") from None
    if as_json:
        document = _described(source, found, output)
        show_result(json.dumps(document, indent=2))
    else:
        _show(source, found, output, console)
    sys.exit(1 if is_check and not found.is_canonical else 0)


@contextlib.contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Open what is to be written, which appears when it is complete; nothing with --check."""
    if output is None:
        with open(os.devnull, "wb") as stream:  # noqa: PTH123 - no path of anybody's
            yield stream
        return
    if output.exists() and not output.is_file():  # which would be replaced, be it a device
        raise OutputError(f"{output} is no regular file. Choose another place for -o.")
    with replacing(output) as temporary, temporary.open("wb") as stream:
        yield stream


def _show(source: Source, found: Normalized, output: Path | None, console: Console) -> None:
    """Print what was otherwise, and what came of it."""
    lines = []
    if output is None:
        verdict = "is canonical" if found.is_canonical else "is not canonical:"
        lines.append(f"{printable(str(source.path))} {verdict}")
    for finding in found.findings:
        sentence = printable(finding.sentence)
        if output is None or finding.deviation.is_mendable:
            lines.append(f"- {sentence}")
        else:
            console.display_warning(f"Warning: {sentence}")
    if output is not None:
        archive = found.archive
        lines.append(f"{output} {format_size(archive.size)} {archive.sha256.hex()}")
    show_result("\n".join(lines))


def _described(source: Source, found: Normalized, output: Path | None) -> dict[str, object]:
    return {
        "schema": _SCHEMA,
        "path": str(source.path),
        "canonical": found.is_canonical,
        "deviations": describe_findings(found.findings),
        "output": None if output is None else str(output),
        **describe_hash(found.archive.sha256),
        "zipped_bytes": found.archive.size,
        "files": len(found.archive.members),
    }
