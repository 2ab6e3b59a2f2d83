"""``hatch-lambda-zip init``: proposes the table for what a project has, and writes it when told."""

from __future__ import annotations

import difflib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from hatch_lambda_zip import __version__
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.detect import detect
from hatch_lambda_zip.cli.find import file_with_table
from hatch_lambda_zip.cli.found import Function
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.config import TARGET_KEY, TOOL_NAME
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import replacing
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import printable, redact, secret_values
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES
from hatch_lambda_zip.text import plural

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@click.command("init", epilog="\b\nExample:\n  hatch-lambda-zip init --write")
@click.argument(
    "project",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="[PROJECT]",
)
@click.option("--write", is_flag=True, help="Write what is proposed into pyproject.toml.")
@click.option("--runtime", help="AWS's name of the runtime, such as python3.13.")
@click.option("--architecture", type=click.Choice(ARCHITECTURES), help="Of all functions.")
def init(*, project: Path, write: bool, runtime: str | None, architecture: str | None) -> None:
    """Propose the table for a PROJECT (a directory; by default this one).

    Looks at template.yaml (SAM), serverless.yml, *.tf, and folders with a handler (also
    of CDK), and shows what it would add to pyproject.toml.

    Exit codes: 0, 1 when no handler is found or the table is there already, 2 for wrong usage.
    """
    with aborting(Console()):
        root = project.resolve()
        found = detect(root)
        for line in found.unread:
            click.echo(printable(f"Not taken: {line}."), err=True)
        if not found.functions:
            message = (
                f"no handler was found in {root}: neither template.yaml, serverless.yml, *.tf "
                f"nor a folder with a handler names one. Write the table [{TARGET_KEY}] yourself"
            )
            raise ConfigError([message])
        click.echo(
            f"Found by {found.source}: {plural(len(found.functions), 'function')}.", err=True
        )
        lines = [*_table(root, found.functions, runtime, architecture)]
        _show_and_write(root / "pyproject.toml", lines, write=write)


def _table(
    root: Path, functions: Sequence[Function], runtime: str | None, architecture: str | None
) -> Iterator[str]:
    """Yield the lines of the tables."""
    chosen = runtime or _most(function.runtime for function in functions)
    if not chosen:
        chosen = RUNTIMES[-1].identifier
        click.echo(f"Nothing says the runtime: {chosen}, the newest.", err=True)
    machine = architecture or _most(function.architecture for function in functions)
    if not machine:
        machine = ARCHITECTURES[0]
        click.echo(f"Nothing says the architecture: {machine}.", err=True)
    handler = _most(function.handler for function in functions)
    yield f"[{TARGET_KEY}]"
    yield f"required-version = {json.dumps(f'=={__version__}')}"
    yield f"runtime = {json.dumps(chosen)}"
    yield f"architecture = {json.dumps(machine)}"
    patterns = _patterns(root, functions)
    code = _most(function.code for function in functions)
    is_shared = len({function.code for function in functions}) == 1
    if is_shared:
        yield f"code = {json.dumps(code)}"
    elif patterns:
        value = patterns[0] if len(patterns) == 1 else patterns
        yield f"function-directories = {json.dumps(value)}"
    yield f"handler = {json.dumps(handler)}"
    for function in functions if len(functions) > 1 else ():
        own = [] if patterns or is_shared else [f"code = {json.dumps(function.code)}"]
        own += [f"handler = {json.dumps(function.handler)}"] * (function.handler != handler)
        if function.runtime and function.runtime != chosen and not runtime:
            own.append(f"runtime = {json.dumps(function.runtime)}")
        if function.architecture and function.architecture != machine and not architecture:
            own.append(f"architecture = {json.dumps(function.architecture)}")
        if own or not patterns:
            yield from ("", f"[{TARGET_KEY}.functions.{function.name}]", *own)


def _most(words: Iterable[str]) -> str:
    counted = Counter(filter(None, words)).most_common(1)
    return counted[0][0] if counted else ""


def _patterns(root: Path, functions: Sequence[Function]) -> list[str]:
    """Return the patterns that match the functions' directories alone; none if they lie apart."""
    parents = {Path(function.code).parent for function in functions}
    are_named_so = all(function.name == Path(function.code).name for function in functions)
    if len(parents) != 1 or not are_named_so:
        return []
    (parent,) = parents
    prefix = "" if parent == Path() else f"{parent.as_posix()}/"
    mine = {function.code for function in functions}
    if not prefix:
        # Beside them lie tests and documents, and later others.
        return sorted(mine)
    others = [
        f"!{prefix}{path.name}"
        for path in sorted((root / parent).iterdir())
        if path.is_dir() and f"{prefix}{path.name}" not in mine and not path.name.startswith(".")
    ]
    return [f"{prefix}*", *others]


def _show_and_write(path: Path, lines: Sequence[str], *, write: bool) -> None:
    try:
        content = path.read_bytes() if path.is_file() else b""
        before = content.decode().replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path} can't be read: {error}"]) from None
    if found := file_with_table(path.parent):
        name = f"the table [{TARGET_KEY}]" if found == path else "a table lambda-zip"
        raise ConfigError([f"{found} has {name} already; change that"])
    after = _with_table(path, before, lines)
    # Without the lines around, which may hold a password; CI systems keep what is shown.
    sides = (before.splitlines(), after.splitlines(), path.name, path.name)
    diff = "\n".join(difflib.unified_diff(*sides, n=0, lineterm=""))
    show_result(redact(diff, secret_values(os.environ, path.parent)))
    if write:
        with replacing(path) as temporary:
            ending = "\r\n" if b"\r\n" in content else "\n"
            temporary.write_text(after, encoding="utf-8", newline=ending)
        show_result(f"\nWritten. Next: {TOOL_NAME} lock, then {TOOL_NAME} build")
    else:
        show_result(f"\nNothing is written yet. Next: {TOOL_NAME} init --write")


def _with_table(path: Path, before: str, lines: Sequence[str]) -> str:
    """Return the file's text with the tables: beside those of hatch, or at the end."""
    added = "\n".join(lines) + "\n"
    after = _beside_hatch(before, added)
    if not after:
        gap = "" if not before else "\n" if before.endswith("\n") else "\n\n"
        after = before + gap + added
    try:
        tomllib.loads(after)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            [f"{path} can't take the table at its end ({error}); write it there yourself"]
        ) from None
    return after


def _beside_hatch(before: str, added: str) -> str:
    """Put the tables where tomlkit has their place; empty if it isn't there or knows of none."""
    try:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError
    except ImportError:
        return ""
    *parents, name = TARGET_KEY.split(".")
    try:
        # The empty line parts it from a table that may follow.
        document, inner = tomlkit.parse(before), tomlkit.parse(added + "\n")
        place = document
        for key in parents:
            if key not in place:
                place[key] = tomlkit.table(is_super_table=True)
            place, inner = place[key], inner[key]
        place[name] = inner[name]
        after = tomlkit.dumps(document).rstrip("\n") + "\n"
        kept = tomllib.loads(after)
    except (TOMLKitError, ValueError, TypeError, RecursionError):
        return ""
    # All else has to be what it was.
    old = tomllib.loads(before)
    for value in (old, kept):
        _without(value, (*parents, name))
    return after if old == kept else ""


def _without(value: dict[str, object], keys: Sequence[str]) -> None:
    """Take a table out, and the tables around it that are empty then."""
    first, *rest = keys
    inner = value.get(first)
    if isinstance(inner, dict) and rest:
        _without(inner, rest)
    if inner == {} or not rest:
        value.pop(first, None)
