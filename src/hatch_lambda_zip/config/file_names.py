"""The file names of zips: each its own, and none that is taken for something else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from packaging.version import Version

from hatch_lambda_zip.config.checks import ZIP_SUFFIX, is_distribution_name
from hatch_lambda_zip.config.model import DEFAULT_FUNCTION, Artifact
from hatch_lambda_zip.config.option import Kind
from hatch_lambda_zip.config.project import Project

# As CycloneDX recommends it for JSON, so that scanners find it.
_SBOM_SUFFIX: Final = ".cdx.json"


def file_name(artifact: Artifact, project: Project) -> str:
    """Return the file name of a zip."""
    if artifact.file_name is None:
        return f"{project.file_stem}{_default_end(artifact)}{ZIP_SUFFIX}".lstrip("-")
    name, version = project.file_stem, ""
    if project.version:
        name, _, version = project.file_stem.rpartition("-")
    return artifact.file_name.format(
        name=name,
        version=version,
        function=artifact.table,
        runtime=artifact.platform.runtime.identifier,
        architecture=artifact.platform.architecture,
    )


def _default_end(artifact: Artifact) -> str:
    """Return what comes after name and version.

    The last word can't end a version, so no tool of the package index takes the zip for an sdist.
    A function called ``lambda``, as the only one is, does not say so twice.
    """
    if artifact.kind is Kind.LAYER:
        return f"-{artifact.name}-layer"
    if artifact.table == DEFAULT_FUNCTION:
        return f"{artifact.name.removeprefix(DEFAULT_FUNCTION)}-lambda"
    return f"-{artifact.name}-lambda"


def manifest_name(artifact: Artifact, project: Project) -> str:
    """Return the file name of a zip's manifest."""
    return file_name(artifact, project).removesuffix(ZIP_SUFFIX) + ".json"


def sbom_name(artifact: Artifact, project: Project) -> str:
    """Return the file name of a zip's bill of materials."""
    return sbom_of(Path(file_name(artifact, project))).name


def sbom_of(zipped: Path) -> Path:
    """Return where the bill of materials of a zip is, if it has one."""
    return zipped.with_suffix(_SBOM_SUFFIX)


def name_problems(artifacts: Iterable[Artifact], project: Project) -> Iterator[tuple[str, str]]:
    """Yield the name of a table and what is wrong with the file name that it gives."""
    by_name: dict[str, list[Artifact]] = defaultdict(list)
    for artifact in artifacts:
        # macOS and Windows take names that differ in case for one.
        by_name[file_name(artifact, project).casefold()].append(artifact)
    for same in by_name.values():
        name = file_name(same[0], project)
        if len(same) > 1:
            missing = [
                f"{{{placeholder}}}"
                for placeholder, values in (
                    ("function", {artifact.table for artifact in same}),
                    ("runtime", {artifact.platform.runtime.identifier for artifact in same}),
                    ("architecture", {artifact.platform.architecture for artifact in same}),
                )
                if len(values) > 1
            ]
            who = ", ".join(artifact.name for artifact in same)
            template = same[0].file_name or ""
            advice = f"add {' and '.join(missing)}"
            if same[0].file_name is None or all(placeholder in template for placeholder in missing):
                advice = "rename one of them, by more than upper and lower case"
            yield same[0].table, f"{name!r} is the name of {len(same)} zips ({who}); {advice}"
        stem = name.removesuffix(ZIP_SUFFIX)
        for other in by_name.get(f"{stem}.cdx{ZIP_SUFFIX}".casefold(), ()):
            if any(artifact.options.sbom for artifact in same):
                yield (
                    other.table,
                    (
                        f"{file_name(other, project)!r} would have {stem + _SBOM_SUFFIX!r} as its "
                        f"manifest, which is the bill of materials of {name!r}; choose another name"
                    ),
                )
        if version := _taken_for_sdist(name, project):
            yield (
                same[0].table,
                (
                    f"{name!r} is what tools of the package index take for the source "
                    f"distribution of a version {version!r}, and upload or install; choose "
                    "another name"
                ),
            )


def _taken_for_sdist(name: str, project: Project) -> str | None:
    """Return the version that a file name seems to have as an sdist's, or None.

    An sdist may be a zip called NAME-VERSION.zip (PEP 527 knows the format; uv and pip read it).
    Some tools split at the last hyphen, others where the name that they look for ends.
    """
    # What follows a + is no part of the question: the index takes no such version.
    stem = name.removesuffix(ZIP_SUFFIX)
    _, plus, local = project.version.partition("+")
    stem = stem.replace(plus + local, "") if plus else stem
    for match in re.finditer("-", stem):
        version = stem[match.end() :]
        if is_distribution_name(stem[: match.start()]) and _is_version(version):
            return version
    return None


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except ValueError:  # InvalidVersion, or too many digits for an int
        return False
    return True
