"""Builds again whenever something is edited: ``hatch-lambda-zip build --watch``."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.edits import Noticed, is_output
from hatch_lambda_zip.cli.own_command import OWN_COMMAND
from hatch_lambda_zip.cli.project import open_project, shortest
from hatch_lambda_zip.cli.sources import sources_of
from hatch_lambda_zip.cli.stdout import show_result
from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LambdaZipError, ToolError
from hatch_lambda_zip.files import home
from hatch_lambda_zip.plugin.cancel import Cancelled, child_variables, which_signal
from hatch_lambda_zip.text import plural

_TIMEOUT: Final = 200  # milliseconds that are waited for an edit, again and again
_WAIT: Final = 400  # milliseconds in which edits count as one


def watch_and_build(
    projects: Sequence[Path],
    words: Sequence[str],
    outputs: Sequence[Path],
    console: Console,
) -> None:
    """Build, and build again after each edit, until somebody interrupts.

    Each build is a command of its own, so that nothing of an earlier one is in its way.

    Args:
        projects: their directories.
        words: the options of the command.
        outputs: what the options name to write into: the directory of the zips, and of their files.
        console: takes lines of progress.

    Raises:
        ToolError: watchfiles is not installed.
    """
    show = console.display_info
    command = [*OWN_COMMAND, "build", "--json", "-q", *words]
    command += ["--", *map(str, projects)]
    made: dict[str, str] = {}
    places: list[Path] = []
    noticed = Noticed()
    try:
        while True:
            edits = _edits(places := _places(projects, console), outputs)
            next(edits)  # from now on none is missed, whatever is done meanwhile
            noticed.look_at(places)
            _build(command, made, show)
            noticed.end_build()
            show(f"watching {', '.join(map(str, places))}")
            for names in map(noticed.edited, edits):
                if noticed.products:
                    show(
                        f"{', '.join(noticed.products)}: each build makes another one, so that is "
                        "no edit; have it written only where something in it changes"
                    )
                if not names:
                    continue
                more = f" and {plural(len(names) - 1, 'other file')}" if names[1:] else ""
                show(f"{names[0]}{more} edited")
                if _places(projects, console) != places:
                    break  # builds there, too
                _build(command, made, show)
                noticed.end_build()
    except Cancelled:
        raise
    except KeyboardInterrupt:
        raise which_signal() from None  # watchfiles has its own word for any of them


def _places(projects: Iterable[Path], console: Console) -> list[Path]:
    """Return the directories that projects are built from, none of them within another.

    What a project's table or lock says can't always be read while they are edited; then it is the
    project's own directory, or its repository.
    """
    from hatch_lambda_zip.contents import top_of
    from hatch_lambda_zip.install import directories_required

    at_home = home(os.environ)
    too_much = {at_home, *at_home.parents}
    found: set[Path] = set()
    for project in map(Path.resolve, projects):
        found.add(top_of(project, project))
        try:
            with open_project(project, console) as opened:
                sources = sources_of(opened, console)
        except LambdaZipError:
            continue  # the build says why
        # An editor puts a new file in place of an old one.
        places = {path.parent if path.is_file() else path for path in sources}
        places |= {path.resolve() for path in directories_required(places, os.environ)}
        found |= {path for path in places - too_much if path.is_dir()}
    return sorted(path for path in found if found.isdisjoint(path.parents))


def _edits(places: Sequence[Path], outputs: Sequence[Path]) -> Iterator[dict[str, bool]]:
    """Yield paths that were changed, and for each whether something was made there.

    None, where nothing is changed for a while.
    """
    try:
        from watchfiles import Change, DefaultFilter, watch
    except ImportError:
        raise ToolError(
            "`--watch` needs watchfiles, which the extra `cli` brings: "
            f'`uvx --from "{TOOL_NAME}[cli]" {TOOL_NAME} build --watch`.'
        ) from None

    class Filter(DefaultFilter):
        """What may be an edit."""

        def __call__(self, change: object, path: str) -> bool:
            edited = Path(path)
            is_named = any(map(edited.is_relative_to, outputs))
            # Above the sources there may be any names, and watchfiles judges all of a path.
            place = next(filter(edited.is_relative_to, places), Path(edited.anchor))
            below = str(edited.relative_to(place))
            return not (is_named or is_output(edited, place)) and super().__call__(change, below)  # type: ignore[arg-type]

    for changes in watch(
        *places, watch_filter=Filter(), yield_on_timeout=True, rust_timeout=_TIMEOUT, debounce=_WAIT
    ):
        made = {path for change, path in changes if change == Change.added}
        yield {path: path in made for _, path in changes}


def _build(command: Iterable[str], made: dict[str, str], show: Callable[[str], None]) -> None:
    """Build, and show the zips that are other ones than before; what is wrong is shown."""
    started = time.monotonic()
    done = subprocess.run(
        [*command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, **child_variables()},
        check=False,
    )
    if done.returncode != 0:
        return
    zips = {row["zip"]: row["sha256"] for row in json.loads(done.stdout)}
    changed = [path for path, sha256 in zips.items() if made.get(path) != sha256]
    made.update(zips)
    for path in changed:
        show_result(str(shortest(Path(path), Path.cwd())))
    seconds = time.monotonic() - started
    show(f"{plural(len(changed), 'zip')} changed, {seconds:.1f} s")
