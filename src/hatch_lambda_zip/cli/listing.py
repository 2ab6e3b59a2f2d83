"""``hatch-lambda-zip list``: the functions and layers of projects, as their tables say."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from hatch_lambda_zip.cli.changed import digests_at
from hatch_lambda_zip.cli.console import Console, hooks_aside
from hatch_lambda_zip.cli.digests import digests_of
from hatch_lambda_zip.cli.find import chosen_projects
from hatch_lambda_zip.cli.project import OpenProject, open_project, projects_argument, shortest
from hatch_lambda_zip.cli.stdout import show_result, show_text
from hatch_lambda_zip.config import Artifact, file_name, sbom_name
from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.lock import LockKind, Locks
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.text import aligned
from hatch_lambda_zip.uv import find_uv

_COLUMNS = ("name", "kind", "runtime", "architecture", "handler", "code", "lock", "zip")
_EXAMPLE = """
\b
Examples:
  hatch-lambda-zip list
  hatch-lambda-zip list --json
  hatch-lambda-zip list --all --changed-since origin/main --json
"""

Row = Mapping[str, str | None]


@click.command("list", epilog=_EXAMPLE)
@projects_argument
@click.option(
    "is_all",
    "--all",
    is_flag=True,
    help="List every project in and below each PROJECT that has the table.",
)
@click.option("as_json", "--json", is_flag=True, help="Print it as JSON, with input digests.")
@click.option(
    "reference",
    "--changed-since",
    metavar="GIT-REF",
    help="List only what is made from something else than at that commit, or may be.",
)
@click.option("is_past", "--past", is_flag=True, hidden=True)  # see `changed`
def list_artifacts(
    *,
    projects: tuple[Path, ...],
    is_all: bool,
    as_json: bool,
    reference: str | None,
    is_past: bool,
) -> None:
    """List the functions and layers of each PROJECT (by default of this directory).

    The input digest of --json is a hash over all that decides a zip's bytes: with equal ones, zips
    are equal. For it local projects are built as wheels, and nothing else is built or installed.
    It is null, with the reason, where it can't be told; --changed-since lists that too.

    Exit codes: 0, 1 when something can't be read or there is no such commit, 2 for wrong usage.
    """
    console = Console()
    here = Path.cwd()
    rows: list[Row] = []
    with aborting(console):
        chosen = chosen_projects(projects or (Path(),), is_all=is_all)
        before = {} if reference is None else digests_at(reference, chosen, console)
        for project in chosen:
            with hooks_aside(), open_project(project, console) as opened:
                opened.builder.may_lack_files = is_past
                found = [*_rows(opened, shortest(project, here), console)]
                if as_json or reference is not None:
                    found = _with_digests(found, opened)
            if reference is not None:
                known = before[project]
                found = [row for row in found if not _is_unchanged(row, known)]
            rows += found
    if as_json:
        show_result(json.dumps(rows, indent=2))
        return
    columns = ("directory", *_COLUMNS) if len(chosen) > 1 else _COLUMNS
    table = [columns, *([row[column] or "" for column in columns] for row in rows)]
    show_text("\n".join(aligned(table)))


def _is_unchanged(row: Row, before: Mapping[str, str]) -> bool:
    digest = row["input_digest"]
    return digest is not None and before.get(row["name"] or "") == digest


def _rows(opened: OpenProject, directory: Path, console: Console) -> Iterator[Row]:
    project = opened.builder.project
    locks = Locks(
        project,
        opened.root,
        find_uv(os.environ, log=console.display_debug, tell=console.display_info),
    )
    for artifact in opened.builder.lambda_config.artifacts:
        yield {
            "project": project.name,
            "name": artifact.name,
            "kind": artifact.kind.value,
            "runtime": artifact.platform.runtime.identifier,
            "architecture": artifact.platform.architecture,
            "handler": artifact.handler or "",
            "code": ", ".join(source for source, _ in artifact.code),
            "lock": _lock(locks, artifact, opened.root, console),
            "zip": file_name(artifact, project),
            "directory": directory.as_posix(),
            "sbom": sbom_name(artifact, project) if artifact.options.sbom else None,
        }


def _with_digests(rows: Sequence[Row], opened: OpenProject) -> list[Row]:
    digests = digests_of(opened)
    return [
        {
            **row,
            "input_digest": digests[row["name"] or ""][0],
            "input_digest_unknown": digests[row["name"] or ""][1],
        }
        for row in rows
    ]


def _lock(locks: Locks, artifact: Artifact, root: Path, console: Console) -> str:
    """Return the lock that holds for a function or layer, as a path; empty if none does."""
    try:
        found = locks.of(artifact)
    except LambdaZipError as error:
        console.display_warning(f"{artifact.name}: {error}")
        return ""
    return "" if found.kind is LockKind.NONE else Path(os.path.relpath(found.path, root)).as_posix()
