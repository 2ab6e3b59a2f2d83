"""What a wheel says of the project that it was built from: its name, version and requirements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import Project
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.metadata import read_headers
from hatch_lambda_zip.install.requirement import canonical_requirement, split_extra
from hatch_lambda_zip.install.wheel import open_wheel, parse_name


def read_project(
    wheel: Path, dependency_groups: Mapping[str, Sequence[str | Mapping[str, str]]]
) -> Project:
    """Read a project from its wheel.

    Args:
        dependency_groups: as in pyproject.toml; a wheel does not have them.

    Raises:
        DistributionError: it is no valid wheel.
    """
    name = parse_name(wheel)
    with open_wheel(wheel) as opened:
        metadata = opened.read(f"{opened.dist_info}/METADATA")
    fields = read_headers(metadata, f"METADATA of {name.distribution}")
    dependencies: list[str] = []
    optional: defaultdict[str, list[str]] = defaultdict(list)
    extras = [canonicalize_name(extra) for extra in fields.get("provides-extra", ())]
    for text in fields.get("requires-dist", ()):
        try:
            requirement = Requirement(canonical_requirement(text))
        except ValueError as error:
            raise DistributionError(
                f"METADATA of {name.distribution} has a Requires-Dist that is none: {error}. "
                "Correct it in pyproject.toml."
            ) from None
        if requirement.marker is None:
            dependencies.append(str(requirement))
            continue
        of_extras, marker = split_extra(str(requirement.marker))
        if of_extras is None:
            dependencies.append(str(requirement))
            continue
        requirement.marker = None
        separator = "; " if requirement.url is None else " ; "
        shown = f"{requirement}{separator}{marker}" if marker else str(requirement)
        for extra in of_extras or extras:
            optional[extra].append(shown)
    stem = f"{name.distribution.replace('-', '_')}-{name.version}"
    return Project(
        name=name.distribution,
        version=name.version,
        file_stem=stem,
        dependencies=tuple(dependencies),
        optional_dependencies={extra: tuple(optional[extra]) for extra in (*extras, *optional)},
        dependency_groups=dependency_groups,
    )
