"""``hatch-lambda-zip list``: the functions and layers of projects, as their tables say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from hatch_lambda_zip.cli.console import Console, hooks_aside, show_result
from hatch_lambda_zip.cli.project import OpenProject, open_project, projects_argument
from hatch_lambda_zip.config import Artifact, file_name
from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.lock import LockKind, Locks
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.text import aligned
from hatch_lambda_zip.uv import find_uv

_COLUMNS = ("name", "kind", "runtime", "architecture", "handler", "code", "lock", "zip")


@click.command("list", epilog="\b\nExample:\n  hatch-lambda-zip list --json")
@projects_argument
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON.")
def list_artifacts(*, projects: tuple[Path, ...], as_json: bool) -> None:
    """List the functions and layers of each PROJECT (by default of this directory)."""
    console = Console()
    rows: list[dict[str, str]] = []
    with aborting(console):
        for project in projects or (Path(),):
            with hooks_aside(), open_project(project, console) as opened:
                rows += _rows(opened, console)
    if as_json:
        show_result(json.dumps(rows, indent=2))
        return
    table = [_COLUMNS, *([row[column] for column in _COLUMNS] for row in rows)]
    show_result("\n".join(aligned(table)))


def _rows(opened: OpenProject, console: Console) -> list[dict[str, str]]:
    project = opened.builder.project
    locks = Locks(project, opened.root, find_uv(os.environ, log=console.display_debug))
    return [
        {
            "project": project.name,
            "name": artifact.name,
            "kind": artifact.kind.value,
            "runtime": artifact.platform.runtime.identifier,
            "architecture": artifact.platform.architecture,
            "handler": artifact.handler or "",
            "code": ", ".join(source for source, _ in artifact.code),
            "lock": _lock(locks, artifact, opened.root, console),
            "zip": file_name(artifact, project),
        }
        for artifact in opened.builder.lambda_config.artifacts
    ]


def _lock(locks: Locks, artifact: Artifact, root: Path, console: Console) -> str:
    """Return the lock that holds for a function or layer, as a path; empty if none does."""
    try:
        found = locks.of(artifact)
    except LambdaZipError as error:
        console.display_warning(f"{artifact.name}: {error}")
        return ""
    return "" if found.kind is LockKind.NONE else Path(os.path.relpath(found.path, root)).as_posix()
