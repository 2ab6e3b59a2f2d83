"""A .gitignore outside of the sources that hatchling would leave modules out by."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.contents.own.own_files import NOISE
from hatch_lambda_zip.errors import DistributionError

_HATCHLING: Final = frozenset(("hatchling.build", "hatchling.ouroboros"))


def check_stray_gitignore(
    project: Path, bound: Path, *, name: str, targets: tuple[str, ...]
) -> None:
    """Check that the .gitignore that hatchling reads is part of the sources.

    It reads the nearest one from the project upward. A repository ends the search, and without
    one only ``/`` does: then the one of a home directory removes modules, on one machine.

    Args:
        bound: the workspace's or project's directory, above which no sources are.
        name: the distribution's name, for the error.
        targets: whose tables are asked for ``ignore-vcs``, the first that has it wins.

    Raises:
        DistributionError: it is not.
    """
    found = _nearest(project)
    if found is None or found.parent.is_relative_to(bound):
        return
    if not is_hatchlings(project) or _ignores_vcs(project, targets):
        return
    left_out = next(_left_out_by(found, project), None)
    if left_out is None:
        return
    raise DistributionError(
        f"{found} is outside of the sources of {name}, which begin at {bound}, and hatchling would "
        f"leave {left_out} out of the wheel by it, on this machine alone. Set `ignore-vcs = true` "
        f"in [tool.hatch.build] of {project / 'pyproject.toml'}, or move that file away, or put "
        f"a .gitignore into {bound}."
    )


def _nearest(project: Path) -> Path | None:
    """Find the .gitignore as hatchling does (locate_file in hatchling/utils/fs.py)."""
    for directory in (project, *project.parents):
        if (directory / ".gitignore").is_file():
            return directory / ".gitignore"
        if (directory / ".git").exists():
            return None
    return None


def _left_out_by(gitignore: Path, project: Path) -> Iterator[str]:
    """Yield the project's files that hatchling would leave out by a .gitignore.

    One that ignores the project itself, as that of an output directory of uv's does, is not
    heeded (load_vcs_exclusion_patterns in hatchling/builders/config.py).
    """
    try:
        spec = GitIgnoreSpec.from_lines(gitignore.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return
    if spec.match_file(str(project)):
        return
    for directory, inner, files in os.walk(project):
        inner[:] = sorted(set(inner) - NOISE - {"dist"})
        place = Path(directory).relative_to(project)
        for file in sorted(files):
            # Beside pyproject.toml, only modules ship without being named: no lock file, say.
            may_ship = place.name or file.endswith(".py")
            if may_ship and spec.match_file((place / file).as_posix()):
                yield (place / file).as_posix()


def is_hatchlings(project: Path) -> bool:
    """Tell whether hatchling is a project's build back end."""
    system = inner_table(read_tables(project / "pyproject.toml"), "build-system")
    return system.get("build-backend") in _HATCHLING


def _ignores_vcs(project: Path, targets: tuple[str, ...]) -> bool:
    tables = [
        inner_table(read_tables(project / "pyproject.toml"), "tool", "hatch", "build"),
        inner_table(read_tables(project / "hatch.toml"), "build"),
    ]
    # hatch.toml wins key by key, and a target's table over the general one.
    build = {**tables[0], **tables[1]}
    for target in targets:
        table = inner_table(build, "targets", target)
        if "ignore-vcs" in table:
            return table["ignore-vcs"] is True
    return build.get("ignore-vcs") is True
