"""What a project's functions were made from at another commit: their input digests then."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.own_command import OWN_COMMAND
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.cancel import child_variables, ending_all
from hatch_lambda_zip.process import run
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.uv import find_uv


def digests_at(
    reference: str, projects: Sequence[Path], console: Console
) -> dict[Path, Mapping[str, str]]:
    """Return the input digests that functions and layers have at another commit.

    Each project is looked at by a command of its own, for what it loads into a process (the
    modules of its hooks, for one) would be there for the next one too.

    Args:
        reference: what git takes for a commit.
        projects: their directories, as they are typed.

    Returns:
        For each project, those that can be told, by the names of functions and layers.

    Raises:
        ConfigError: a project is in no repository.
        ToolError: there is no such commit, or git fails.
    """
    from hatch_lambda_zip.build import Workspace
    from hatch_lambda_zip.contents import repository_of
    from hatch_lambda_zip.contents.own.git_checkout import check_out

    uv = find_uv(os.environ, log=console.display_debug, tell=console.display_info)
    # What the threads wait for is ended before their end is waited for.
    with (
        Workspace() as workspace,
        ending_all(workspace.watcher),
        ThreadPool(os.cpu_count() or 1) as pool,
    ):
        checkouts: dict[Path, Path] = {}
        asked: dict[Path, Future[dict[str, str] | None]] = {}
        for project in projects:
            root = project.resolve()
            repository = repository_of(root)
            if repository is None:
                message = f"--changed-since: {root} is in no git repository, so no commit has it"
                raise ConfigError([message])
            if repository not in checkouts:
                place = workspace.directory / str(len(checkouts))
                place.mkdir()
                # A project without a name is called like its directory.
                there = checkouts[repository] = place / repository.name
                environ, timeout = os.environ, uv.timeout
                check_out(repository, reference, there, environ=environ, timeout=timeout)
            directory = checkouts[repository] / root.relative_to(repository)
            asked[project] = pool.submit(_digests, directory, uv.timeout)
        found = {project: future.result() for project, future in asked.items()}
    for project, digests in found.items():
        if digests is None:
            console.display_info(
                f"{project} can't be listed as it was at {reference}, so all of it counts as "
                "changed"
            )
    return {project: digests or {} for project, digests in found.items()}


def _digests(directory: Path, timeout: float) -> dict[str, str] | None:
    """Return the digests of a project, none if it is not there; None if it can't be listed."""
    if not directory.is_dir():
        return {}
    command = [*OWN_COMMAND, "list", "--json", "--past"]
    try:
        done = run(
            command,
            cwd=directory,
            environment={**os.environ, **child_variables()},
            timeout=timeout,
        )
        rows = json.loads(done.stdout) if done.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None
    if rows is None:
        return None
    return {row["name"]: row["input_digest"] for row in rows if row["input_digest"]}
