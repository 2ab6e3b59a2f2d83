"""Which paths a build is going to write; what two would write is told before anything is built."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from hatch_lambda_zip.cli.console import Console, hooks_aside
from hatch_lambda_zip.cli.project import OpenProject, open_project
from hatch_lambda_zip.config import Project, file_name, inner_table, read_stated_project, sbom_of
from hatch_lambda_zip.errors import ConfigError

OTHER_ZIPS = "Name the zips by `filename` so that they differ, or build into several directories"
_OTHER_DIRECTORIES = (
    "--unpacked calls directories by the names of functions and layers alone: rename one of them, "
    "or build each project with an --unpacked of its own"
)
_OTHER_MANIFESTS = "Choose another directory for --unpacked than that of the zips"


def made_twice(path: Path, advice: str = OTHER_ZIPS) -> ConfigError:
    """Return the error that two projects would make one file or directory."""
    return ConfigError([f"{path} would be made of two projects of this command. {advice}"])


def check_places(
    projects: Sequence[Path],
    functions: Iterable[str],
    output: Path | None,
    unpacked: Path | None,
    console: Console,
) -> None:
    """Check that nothing that a command makes takes the place of something else that it makes.

    What a project is called may be known only when its wheel is built; then `build` sees it later.

    Args:
        output: where the zips go, if not where each project says.
        unpacked: where directories go instead of zips, if anywhere.

    Raises:
        ConfigError: something does, or a table has mistakes.
    """
    if len(projects) == 1 and unpacked is None:
        return  # the names of one project's zips are looked at when its table is read
    files, directories, manifests = set[str](), set[str](), set[str]()
    for project in projects:
        with hooks_aside(), open_project(project, console) as opened:
            names = [*functions] or [*opened.builder.get_version_api()]
            for zipped, has_sbom in _zips(opened, names, output):
                manifest = zipped.with_suffix(".json")
                for path in (zipped, manifest, *([sbom_of(zipped)] if has_sbom else [])):
                    _add(path, files, OTHER_ZIPS)
                manifests.add(_key(manifest))
            if unpacked is not None:
                for name in opened.builder.lambda_config.named(names):
                    _add(unpacked / name, directories, _OTHER_DIRECTORIES)
    if both := sorted(manifests & {f"{directory}.json" for directory in directories}):
        message = f"{both[0]} would be the manifest of a zip and of a directory. {_OTHER_MANIFESTS}"
        raise ConfigError([message])


def _zips(
    opened: OpenProject, names: Iterable[str], output: Path | None
) -> Iterator[tuple[Path, bool]]:
    """Yield the paths of zips, and whether a bill of materials lies beside each."""
    builder = opened.builder
    if (project := _expected_project(opened)) is not None:
        for name in builder.lambda_config.named([*names]):
            artifact = builder.lambda_config.artifact(name)
            directory = opened.root / (output or builder.config.directory)
            yield directory / file_name(artifact, project), artifact.options.sbom


def _expected_project(opened: OpenProject) -> Project | None:
    """Return the package as its zips' names have it; None if only its wheel tells that."""
    builder = opened.builder
    if not (builder.ships_package and builder.is_isolated):
        return builder.project
    from hatch_lambda_zip.install import find_version_source

    pyproject = builder.metadata.config
    project, poetry = inner_table(pyproject, "project"), inner_table(pyproject, "tool", "poetry")
    stated = {**poetry, **project}
    version = builder.zip_version
    if version is None and find_version_source(opened.root) is None:
        version = stated.get("version")
    found = read_stated_project({"project": {"name": stated.get("name"), "version": version}})
    return found if found.name and found.version else None


def _add(path: Path, seen: set[str], advice: str) -> None:
    if _key(path) in seen:
        raise made_twice(path, advice)
    seen.add(_key(path))


def _key(path: Path) -> str:
    # macOS and Windows take names that differ in case for one.
    return os.path.realpath(path.parent) + os.sep + path.name.casefold()
