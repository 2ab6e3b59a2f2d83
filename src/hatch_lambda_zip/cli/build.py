"""``hatch-lambda-zip build``: what ``hatch build -t lambda-zip`` makes, for every project."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hatch_lambda_zip.cli.console import Console, hooks_aside
from hatch_lambda_zip.cli.find import chosen_projects
from hatch_lambda_zip.cli.places import check_places, made_twice
from hatch_lambda_zip.cli.progress import Bars, Plain, Told, can_draw
from hatch_lambda_zip.cli.project import (
    functions_option,
    open_project,
    projects_argument,
    shortest,
)
from hatch_lambda_zip.cli.results import changed_since, described, external
from hatch_lambda_zip.cli.side_by_side import SideBySide
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.cli.unpack import unpack
from hatch_lambda_zip.cli.watch import watch_and_build
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.app import AppReporter, aborting

if TYPE_CHECKING:
    from hatch_lambda_zip.build import Installers
    from hatch_lambda_zip.text import Progress

_EXAMPLE = """
\b
Examples:
  hatch-lambda-zip build
  hatch-lambda-zip build functions/api functions/worker -d dist
  hatch-lambda-zip build -f api --json
  hatch-lambda-zip build --all -d dist
"""


_AT_ONCE: Final = max(2, os.cpu_count() or 1)  # builds wait for other processes, too


@click.command("build", epilog=_EXAMPLE)
@projects_argument
@click.option(
    "is_all",
    "--all",
    is_flag=True,
    help="Build every project in and below each PROJECT that has the table.",
)
@functions_option("build")
@click.option(
    "directory",
    "-d",
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the zips go; by default to `directory` of the table, else dist in the project.",
)
@click.option(
    "unpacked",
    "--unpacked",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write DIR/NAME too, a directory with the files of each zip.",
)
@click.option(
    "with_layers",
    "--with-layers",
    is_flag=True,
    help="With --unpacked: functions with what their layers have, as a container image needs it.",
)
@click.option("form", "--json", flag_value="json", help="Print what was made as JSON.")
@click.option(
    "form",
    "--external",
    flag_value="external",
    help="Print it as JSON of strings alone, for an external data source of Terraform.",
)
@click.option(
    "is_watching",
    "--watch",
    is_flag=True,
    help="Build again after each edit, and print the zips that change, until interrupted.",
)
@click.option("is_part", "--part", is_flag=True, hidden=True)  # see `side_by_side`
@click.option("instead", "--instead", multiple=True, hidden=True)  # see `rebuild`
@click.option("tells", "--tell", is_flag=True, hidden=True)  # to whom can draw it
@click.option("-v", "--verbose", count=True, help="Show what is run.")
@click.option("-q", "--quiet", count=True, help="Show warnings and errors only.")
def build(  # noqa: PLR0913 - one parameter an option
    *,
    projects: tuple[Path, ...],
    functions: tuple[str, ...],
    directory: Path | None,
    is_all: bool,
    unpacked: Path | None,
    with_layers: bool,
    form: str | None,
    is_watching: bool,
    is_part: bool,
    instead: tuple[str, ...],
    tells: bool,
    verbose: int,
    quiet: int,
) -> None:
    """Build the zips of each PROJECT (a directory with a pyproject.toml; by default this one).

    Prints the path of each zip; progress goes to the standard error. Several projects are built
    side by side, each whole or not at all, and what they lock alike is installed once.

    Exit codes: 0 when all are built, 1 when a project failed, 2 for wrong usage, 130 and 143 when
    cancelled.
    """
    if with_layers and unpacked is None:
        message = "--with-layers is about the directories that --unpacked DIR writes"
        raise click.UsageError(message)
    is_drawn = not is_watching and verbose == quiet and can_draw()
    screen = Bars() if is_drawn else Plain()
    console = Console(verbose - quiet, screen=screen)
    # As typed, for each project is built in its own directory.
    here = Path.cwd()
    output = None if directory is None else here / directory
    directories = None if unpacked is None else here / unpacked
    if is_part:
        with aborting(console):
            made_of_each = _build_part(projects, functions, output, verbose - quiet, tells=tells)
            show_result(json.dumps(made_of_each))
        return
    if is_watching:
        flags = [*["--all"] * is_all, *["--with-layers"] * with_layers]
        _watch(projects, [*_words(functions, output), *flags], output, directories, console)
        return
    made: list[Path] = []
    failed: list[Path] = []
    with aborting(console):
        chosen = chosen_projects(projects or (Path(),), is_all=is_all)
        check_places(chosen, functions, output, directories, console)
        words = [*_words(functions, output), *["-v"] * verbose, *["-q"] * quiet]
        words += ["--tell"] * is_drawn
        with screen.drawing(), SideBySide(words, screen.hear, _AT_ONCE) as commands:
            build_one = partial(
                _build,
                *(chosen[0], functions, output, console, screen.progress),
                instead=dict(word.split("=", 1) for word in instead),
            )
            results = _results([shortest(project, here) for project in chosen], build_one, commands)
            for project, paths in results:
                if paths is None:
                    failed.append(project)
                    continue
                for path in _added(paths, made):
                    _unpack(path, directories, console, with_layers=with_layers)
                    if form is None:
                        screen.result(str(shortest(path, here)))
        if failed:
            names = ", ".join(map(str, failed))
            console.abort(
                f"Error: {len(failed)} of {len(chosen)} projects failed: {names}. What each said "
                "stands above, behind its name; the zips of the others are made."
            )
    if form is not None:
        with aborting(console):
            document = described(made) if form == "json" else external(made, here)
            show_result(json.dumps(document, indent=2))


def _results(
    chosen: Sequence[Path], build_one: Callable[[], list[Path]], commands: SideBySide
) -> Iterable[tuple[Path, list[Path] | None]]:
    """Build projects, several by commands of their own, and return the zips of each."""
    return commands.build(chosen) if len(chosen) > 1 else [(chosen[0], build_one())]


def _watch(
    projects: tuple[Path, ...],
    words: list[str],
    output: Path | None,
    directories: Path | None,
    console: Console,
) -> None:
    words += ["--unpacked", str(directories)] if directories else []
    with aborting(console):
        written = [place for place in (output, directories) if place]
        watch_and_build(projects or (Path(),), words, written, console)


def _words(functions: Iterable[str], output: Path | None) -> list[str]:
    """Return options as another command of this kind takes them."""
    return [
        *(["-d", str(output)] if output else []),
        *(word for name in functions for word in ("-f", name)),
    ]


def _added(paths: Iterable[Path], made: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path in made:
            raise made_twice(path)
        made.append(path)
        yield path


def _build(
    project: Path,
    functions: Iterable[str],
    output: Path | None,
    console: Console,
    progress: Progress | None = None,
    installers: Installers | None = None,
    instead: Mapping[str, str] | None = None,
) -> list[Path]:
    """Build what is asked for of one project, and return the paths of the zips."""
    with hooks_aside(), open_project(project, console) as opened:
        opened.builder.installers = installers
        opened.builder.instead = instead or {}
        opened.builder.progress = progress
        directory = None if output is None else str(output)
        made = opened.builder.build(directory=directory, versions=[*functions] or None)
        return [*map(Path, made)]


def _build_part(
    projects: Iterable[Path],
    functions: Iterable[str],
    output: Path | None,
    verbosity: int,
    *,
    tells: bool,
) -> list[list[str] | None]:
    """Build projects in turn, and return the zips of each; None of one that failed."""
    from hatch_lambda_zip.build import Installers  # `--help` does not need it

    results: list[list[str] | None] = []
    with Installers(AppReporter(Console(verbosity))) as installers:
        for project in projects:
            console = Console(verbosity, prefix=f"[{project}] ")
            told = Told(f"[{project}] ") if tells else None
            try:
                with aborting(console):
                    made = _build(project, functions, output, console, told, installers)
                    results.append([*map(str, made)])
            except SystemExit as end:
                if end.code != 1:  # cancelled
                    raise
                results.append(None)
                if told:
                    told.end()
    return results


def _unpack(path: Path, directory: Path | None, console: Console, *, with_layers: bool) -> None:
    """Write a zip's files into a directory of their own, if that is asked for.

    Raises:
        ConfigError: the zips of the function's layers are not there.
        OutputError: the directory can't be written, or another build has changed what is there.
    """
    if directory is None:
        return
    from hatch_lambda_zip.build import locked, read_previous

    # Of several files: what is read is one build's.
    with locked(path.parent, AppReporter(console).info):
        previous = read_previous(path)
        if previous is None:
            raise changed_since(path)
        manifest = previous.manifest
        of_function = manifest["layers"] if with_layers else []
        assert isinstance(of_function, list)  # noqa: S101 - our own manifest, just written
        layers = [path.with_name(layer["artifact"]) for layer in of_function]
        if missing := [layer.name for layer in layers if not layer.is_file()]:
            names = ", ".join(missing)
            message = f"--with-layers: {names} is not beside {path.name}; build the layers as well"
            raise ConfigError([message])
        if broken := [layer for layer in layers if read_previous(layer) is None]:
            raise changed_since(broken[0])
        unpack([path, *layers], directory, str(manifest["target"]).partition(":")[2])
