"""``hatch-lambda-zip verify``: whether the zips come out again, whatever else is otherwise."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import click

from hatch_lambda_zip.cli.circumstances import OTHER_PATH, Circumstance, circumstances
from hatch_lambda_zip.cli.console import Console, hooks_aside, style
from hatch_lambda_zip.cli.expected import Expected, counterpart, expected_in, read_expected
from hatch_lambda_zip.cli.project import functions_option, open_project, shortest
from hatch_lambda_zip.cli.rebuild import Rebuilds, Rebuilt, tree_of
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.cli.variations import release_here, variations
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.redact import printable
from hatch_lambda_zip.text import aligned, plural
from hatch_lambda_zip.uv import find_uv

_SCHEMA: Final = 1
_EXAMPLE = """
\b
Examples:
  hatch-lambda-zip verify
  hatch-lambda-zip verify functions/api --against deployed.zip
  hatch-lambda-zip verify -f api --against "$(aws lambda get-function-configuration \\
      --function-name api --query CodeSha256 --output text)"
"""


@dataclass(frozen=True)
class _Compared:
    """A zip that was built again.

    Attributes:
        name: its file's.
        expected: what it had to be; None where nothing tells which zip that is.
        sha256: what it is.
        verdict: why it is another, in one line; empty if it is the same or nothing is known.
        why: the lines of diff.
    """

    name: str
    expected: Expected | None
    sha256: str
    verdict: str = ""
    why: tuple[str, ...] = ()

    @property
    def is_same(self) -> bool:
        return self.expected is not None and self.expected.sha256 == self.sha256


@dataclass(frozen=True)
class _Row:
    """What came of one circumstance."""

    rebuilt: Rebuilt
    zips: tuple[_Compared, ...]

    @property
    def result(self) -> str:
        if self.rebuilt.failure:
            return "failed"
        return "same" if all(it.is_same for it in self.zips) else "differs"


@click.command("verify", epilog=_EXAMPLE)
@click.argument(
    "project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    metavar="[PROJECT]",
)
@functions_option("verify")
@click.option(
    "directory",
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the zips are; by default `directory` of the table, else dist in the project.",
)
@click.option(
    "against",
    "--against",
    metavar="ZIP|MANIFEST|HASH",
    help="Compare one build with this instead: a zip, a manifest, or a SHA-256 in hexadecimal or "
    "base64, as Lambda's CodeSha256 is.",
)
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def verify(
    *,
    project: Path,
    functions: tuple[str, ...],
    directory: Path | None,
    against: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Build the zips of PROJECT again under other circumstances, and compare them with dist/.

    These are another path, temporary directory, time zone, locale, umask, hash seed and number of
    workers, a cold cache, variables, and other Pythons that have this command. Each build has its
    own copy of the sources; nothing in the project is touched.

    Where a hash that --against names does not come out, the other runtimes, architectures and kinds
    of bytecode are tried that can be built here, until one has it.

    Exit codes: 0 the same bytes each time, 1 a zip differs, 2 for wrong usage, or a build failed.
    """
    console = Console(-1 if quiet else 0, failure=2)
    here = Path.cwd()
    output = None if directory is None else here / directory
    with aborting(console):
        rows, tried = _verify(project, functions, output, against, console)
    if as_json:
        show_result(json.dumps(_described(project, rows, tried), indent=2))
    else:
        show_result("\n".join([*_lines(rows), *_known(rows[0], tried)]))
    results = {row.result for row in rows}
    sys.exit(2 if "failed" in results else 1 if "differs" in results else 0)


def _verify(
    directory: Path,
    functions: Sequence[str],
    output: Path | None,
    against: str | None,
    console: Console,
) -> tuple[list[_Row], list[_Row]]:
    """Return what came of each circumstance, and of each variation that was tried for a hash."""
    from hatch_lambda_zip.build import Workspace  # `--help` does not need it

    with hooks_aside(), open_project(directory, console) as opened:
        root = opened.root
        opened.builder.outputs(root / opened.builder.config.directory)  # where they are paths
        output = output or (root / opened.builder.config.directory).resolve()
        config = opened.builder.lambda_config
        named = config.named([*functions])
        tree = tree_of(opened, console)
    wanted = expected_in(shortest(output, Path.cwd()))
    if against is None and not wanted:
        message = (
            f"{output} has no zip that could be verified. Build it with `hatch-lambda-zip build`, "
            "or name its directory with -d"
        )
        raise ConfigError([message])
    single = None if against is None else read_expected(against, wanted.values())
    with Workspace(tree) as workspace:
        rebuilds = Rebuilds(
            *(tree, root, output, functions, workspace.directory, workspace.watcher)
        )

        def build(chosen: Sequence[Circumstance]) -> Generator[_Row, None, None]:
            console.display_info(f"{plural(len(chosen), 'build')} in copies of {tree}")
            for rebuilt in rebuilds.build(chosen, done):
                yield _Row(rebuilt, tuple(_compare(rebuilt, wanted, single, output)))

        def done(rebuilt: Rebuilt) -> None:
            how = "failed" if rebuilt.failure else "built"
            console.display_info(f"{rebuilt.circumstance.name}: {how}")

        if single is None:
            return [*build([*circumstances(workspace.directory)])], []
        rows = [*build([OTHER_PATH])]
        if single.source is not None or rows[0].result != "differs":
            return rows, []
        artifacts = [it for it in config.artifacts if it.name in named or not named]
        # With one runtime and architecture, a function has no other name than its table's.
        rebuilds.functions = [*{it.table: None for it in artifacts}] if functions else ()
        uv = find_uv(
            os.environ,
            log=console.display_debug,
            watcher=workspace.watcher,
            tell=console.display_info,
        )
        today = datetime.now(timezone.utc).date()
        release = release_here(uv, workspace.directory)
        tried: list[_Row] = []
        with contextlib.closing(build([*variations(artifacts, today, release)])) as others:
            for row in others:
                tried.append(row)
                if _hit(row):
                    break
        return rows, tried


def _compare(
    rebuilt: Rebuilt, wanted: Mapping[str, Expected], single: Expected | None, output: Path
) -> Iterator[_Compared]:
    """Yield the zips that were built, beside what they had to be.

    Raises:
        ConfigError: a zip has not been built before, or it is not told which one is meant.
    """
    from hatch_lambda_zip.explain import read_source

    built = {name: (read_source(path).sha256 or b"").hex() for name, path in rebuilt.zips.items()}
    if single is not None and built:
        name = counterpart(single, built)
        if not name and single.source is not None:
            message = f"{single.source} may be any of {', '.join(built)}. Name its function with -f"
            raise ConfigError([message])
        built = {name: built[name]} if name else built
        wanted = dict.fromkeys(built, single)
    for name, sha256 in built.items():
        if name not in wanted:
            message = f"{output / name} is not there, and can't be verified. Build it, or name -f"
            raise ConfigError([message])
        expected = wanted[name]
        if expected.sha256 == sha256 or expected.source is None:
            yield _Compared(name, expected, sha256)
        else:
            reasons = _reasons(expected.source, rebuilt.zips[name])
            yield _Compared(name, expected, sha256, *reasons)


def _reasons(expected: Path, built: Path) -> tuple[str, tuple[str, ...]]:
    """Return why a zip is not the expected one: in one line, and by file."""
    from hatch_lambda_zip.cli.diff_lines import all_lines, manifest_lines
    from hatch_lambda_zip.explain import read_source
    from hatch_lambda_zip.explain.diff import compare, compare_manifests, manifest_verdict, verdict
    from hatch_lambda_zip.process.threads import available_cpus

    if expected.suffix == ".json":
        stated = compare_manifests(expected, built.with_suffix(".json"))
        return manifest_verdict(stated), tuple(manifest_lines(stated, is_names=False))
    found = compare(read_source(expected), read_source(built), workers=available_cpus())
    # What was built is gone when this is read.
    again = replace(found.after, path=Path(f"{built.name} (built again)"))
    named = replace(found, after=again)
    return verdict(found), tuple(all_lines(named, is_full=False))


def _hit(row: _Row) -> _Compared | None:
    """Return the zip that has the hash."""
    return next((it for it in row.zips if it.is_same), None)


def _lines(rows: Sequence[_Row]) -> Iterator[str]:
    marks = {"same": "ok", "differs": "differs", "failed": "failed"}
    if sys.stdout.isatty() and "utf" in (sys.stdout.encoding or "").lower():
        marks = {"same": "✓", "differs": "✗", "failed": "✗ failed"}
    told: dict[str, str] = {}  # the circumstance in which a hash came out first
    table = [("circumstance", "", "")]
    details: list[str] = []
    for row in rows:
        name = row.rebuilt.circumstance.name
        said = []
        for it in row.zips:
            if it.is_same:
                continue
            if it.sha256 in told:
                said.append(f"{it.name}: as under {told[it.sha256]}")
                continue
            told[it.sha256] = name
            said.append(f"{it.name}: {printable(it.verdict) or it.sha256}")
            if it.why:
                details += ["", style(f"{it.name}, {name}:", bold=True), *it.why]
        if row.rebuilt.failure:
            details += ["", style(f"{name}:", bold=True), *row.rebuilt.failure.splitlines()]
        table.append((name, marks[row.result], "; ".join(said)))
    yield from aligned(table)
    yield from details
    if len(rows) > 1 and len(told) == 1 and all(row.result == "differs" for row in rows):
        yield ""
        yield "All of these builds are the same, so the zip may be older than the sources."


def _known(row: _Row, tried: Sequence[_Row]) -> Iterator[str]:
    """Yield what is known of a bare hash that did not come out."""
    if row.result != "differs" or row.zips[0].expected is None or row.zips[0].expected.source:
        return
    table = [("otherwise", "zip", "sha256")]
    table += [("as configured", printable(it.name), it.sha256) for it in row.zips]
    for other in tried:
        name = other.rebuilt.circumstance.name
        if other.rebuilt.failure:
            table.append((name, "", f"not built: {_first_line(other.rebuilt.failure)}"))
        table += [(name, printable(it.name), it.sha256) for it in other.zips]
    yield ""
    yield from aligned(table)
    yield ""
    expected = row.zips[0].expected.sha256
    for other in tried:
        if found := _hit(other):
            name = other.rebuilt.circumstance.name
            yield f"{expected} is {printable(found.name)} of these sources {name}."
            return
    yield (
        f"No zip of these sources has the hash {expected}. It may be of other sources, another "
        "lock or configuration, or another release of this command. The zip itself, or its "
        "manifest, would tell which: `--against ZIP|MANIFEST`."
    )


def _first_line(failure: str) -> str:
    lines = failure.splitlines()
    return next((line for line in lines if line.startswith("Error: ")), lines[0])


def _described(project: Path, rows: Sequence[_Row], tried: Sequence[_Row]) -> dict[str, object]:
    return {
        "schema": _SCHEMA,
        "project": str(project),
        "circumstances": [*map(_described_row, rows)],
        "variations": [*map(_described_row, tried)],
    }


def _described_row(row: _Row) -> dict[str, object]:
    return {
        "name": row.rebuilt.circumstance.name,
        "result": row.result,
        "failure": row.rebuilt.failure or None,
        "zips": [
            {
                "zip": it.name,
                "sha256": it.sha256,
                "expected": it.expected and it.expected.sha256,
                "same": it.is_same,
                "verdict": it.verdict or None,
            }
            for it in row.zips
        ],
    }
