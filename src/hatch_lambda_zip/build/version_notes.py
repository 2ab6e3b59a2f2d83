"""What is said about versions that change with every commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hatch_lambda_zip.config import TARGET_KEY, Project
from hatch_lambda_zip.install import LocalWheel


def version_notes(wheels: Iterable[LocalWheel], project: Project) -> Iterator[str]:
    """Yield a line for each kind of what would change zips without a change of what runs."""
    wheels = list({wheel.distribution.name: wheel for wheel in wheels}.values())
    if project.zip_version is None:
        if names := [wheel.distribution.name for wheel in wheels if wheel.changes_with_commits]:
            yield (
                f"{project.name}: note: the version of {', '.join(names)} changes with every "
                "commit, and so does every zip with it. "
                f'`zip-version = "0"` in [{TARGET_KEY}] builds the zips under that version.'
            )
        return
    for wheel in wheels:
        source = wheel.version_source
        if source is not None and not source.takes_another:
            yield (
                f"{project.name}: note: {wheel.distribution.name} has its version from "
                f"{source.tool}, which can't be given another one: METADATA has that of "
                "`zip-version`, but a file that it generates changes with every commit."
            )
