"""``hatch-lambda-zip cache``: what is kept from build to build."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from hatch_lambda_zip.cache import (
    CACHE_VARIABLE,
    KINDS,
    LIMIT,
    Kept,
    cache_directory,
    kept_in,
    remove,
    unused_in,
)
from hatch_lambda_zip.cache import prune as prune_cache
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.text import format_size, plural


def _directory() -> Path:
    found = cache_directory(os.environ)
    if found is None:
        raise OutputError(
            f"There is no cache: {CACHE_VARIABLE} is 0. Unset it, or let it name a directory."
        )
    return found


def _said(removed: int) -> str:
    return f"{format_size(removed)} removed"


@click.group(epilog="\b\nExample:\n  hatch-lambda-zip cache info")
def cache() -> None:
    """Show or empty what is kept from build to build: compressed distributions and bytecode.

    None of it decides what is in a zip. HATCH_LAMBDA_ZIP_CACHE names another directory, or, as 0,
    none.
    """


@cache.command("dir", epilog="\b\nExample:\n  hatch-lambda-zip cache dir")
def show_directory() -> None:
    """Print where it is.

    Exit codes: 0, 1 when there is no cache or it can't be read, 2 for wrong usage.
    """
    with aborting(Console()):
        show_result(str(_directory()))


@cache.command(epilog="\b\nExample:\n  hatch-lambda-zip cache info --json")
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON, with sizes in bytes.")
def info(*, as_json: bool) -> None:
    """Print how much there is.

    Exit codes: 0, 1 when there is no cache or it can't be read, 2 for wrong usage.
    """
    with aborting(Console()):
        directory = _directory()
        kept = kept_in(directory)
        kinds: dict[str, list[Kept]] = {kind: [] for kind in KINDS}
        for one in kept:
            kinds[one.path.relative_to(directory).parts[0]].append(one)
        sizes = {kind: sum(one.size for one in files) for kind, files in kinds.items()}
        if as_json:
            found = {
                kind: {"files": len(files), "size": sizes[kind]} for kind, files in kinds.items()
            }
            document = {"directory": str(directory), "limit": LIMIT, "kept": found}
            show_result(json.dumps(document, indent=2))
            return
        show_result(str(directory))
        for kind, files in kinds.items():
            show_result(f"{kind}: {plural(len(files), 'file')}, {format_size(sizes[kind])}")
        show_result(f"at most {format_size(LIMIT)}, the longest unused goes first")


@cache.command(epilog="\b\nExample:\n  hatch-lambda-zip cache prune --ci")
@click.option("--ci", is_flag=True, help="Leave what the last build used, and nothing else.")
def prune(*, ci: bool) -> None:
    """Remove the longest unused of what is above the limit.

    Exit codes: 0, 1 when there is no cache or it can't be changed, 2 for wrong usage.
    """
    with aborting(Console()):
        directory = _directory()
        show_result(_said(remove(unused_in(directory)) if ci else prune_cache(directory)))


@cache.command(epilog="\b\nExample:\n  hatch-lambda-zip cache clear")
def clear() -> None:
    """Remove everything.

    Exit codes: 0, 1 when there is no cache or it can't be changed, 2 for wrong usage.
    """
    with aborting(Console()):
        show_result(_said(remove(kept_in(_directory()))))
