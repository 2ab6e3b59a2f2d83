"""``hatch-lambda-zip lock``: writes or renews the lock that each function needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.project import OpenProject, open_project, projects_argument
from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock import RequirementsLock
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.uv import find_uv

_EXAMPLE = "\b\nExamples:\n  hatch-lambda-zip lock\n  hatch-lambda-zip lock --upgrade-package boto3"


@click.command("lock", epilog=_EXAMPLE)
@projects_argument
@click.option("--check", is_flag=True, help="Change nothing; fail if something would change.")
@click.option("-U", "--upgrade", is_flag=True, help="Take the newest versions of all packages.")
@click.option(
    "packages",
    "-P",
    "--upgrade-package",
    multiple=True,
    metavar="NAME",
    help="Take the newest version of one package. Can be given several times.",
)
@click.option("-v", "--verbose", count=True, help="Show what is run.")
def lock(
    *,
    projects: tuple[Path, ...],
    check: bool,
    upgrade: bool,
    packages: tuple[str, ...],
    verbose: int,
) -> None:
    """Write or renew the locks of each PROJECT (a directory; by default this one).

    A uv project gets its uv.lock; a requirements.txt gets a pylock.toml beside it, for all
    platforms, which says what it was made of, so that builds notice when it is out of date.
    Locked versions stay unless they have to change.
    """
    console = Console(verbose)
    with aborting(console):
        uv = find_uv(os.environ, log=console.display_debug)
        for project in projects or (Path(),):
            with open_project(project, console) as opened:
                arguments = [*(["--check"] if check else []), *(["--upgrade"] if upgrade else [])]
                arguments += [word for name in packages for word in ("--upgrade-package", name)]
                found = False
                if _has_uv_lock(opened):
                    found = True
                    uv.run(["lock", *arguments], cwd=opened.root)
                    click.echo(f"{opened.root}: uv.lock")
                for one in requirements_locks(opened):
                    found = True
                    if check:
                        one.check()
                    elif one.write(uv, upgrade=upgrade, packages=packages):
                        click.echo(f"{one.path}: written")
                        continue
                    click.echo(f"{one.path}: up to date")
                if not found:
                    click.echo(f"{opened.root}: no function needs a lock")


def _has_uv_lock(opened: OpenProject) -> bool:
    """Tell whether functions of a project take what they need from its uv.lock."""
    metadata = opened.builder.metadata.config
    if "project" not in metadata or (opened.root / "pylock.toml").is_file():
        return False
    return any(
        artifact.options.lock in {None, "uv.lock"}
        for artifact in opened.builder.lambda_config.artifacts
    )


def requirements_locks(opened: OpenProject) -> Iterator[RequirementsLock]:
    """Yield what is to be made of requirements files, for the lowest runtime that uses each.

    Raises:
        LockError: a project has the lock of another tool, whose command keeps its versions.
    """
    lowest: dict[Path, tuple[int, str]] = {}
    for artifact in opened.builder.lambda_config.artifacts:
        runtime = artifact.platform.runtime
        places = [opened.root, *(opened.root / source for source, _ in artifact.code)]
        if artifact.options.lock is not None:
            places = [(opened.root / artifact.options.lock).parent]
        for place in places:
            requirements = place / "requirements.txt"
            if not requirements.is_file() or _is_hashed(requirements):
                continue
            version = (runtime.python_minor, runtime.python_version)
            lowest[requirements] = min(lowest.get(requirements, version), version)
    for requirements, (_, python) in sorted(lowest.items()):
        yield RequirementsLock(requirements, python)


def _is_hashed(requirements: Path) -> bool:
    try:
        return "--hash=" in requirements.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(
            f"{requirements} can't be read: {error}. Then run `{TOOL_NAME} lock`."
        ) from None
