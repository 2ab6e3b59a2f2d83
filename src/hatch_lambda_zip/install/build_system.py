"""What a project states of its build (PEP 518); what is wrong with it, uv says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import inner_table


def build_requirements(pyproject: Mapping[str, Any]) -> Iterator[Requirement]:
    """Yield what ``build-system.requires`` of a pyproject.toml has."""
    requires = inner_table(pyproject, "build-system").get("requires")
    for text in requires if isinstance(requires, list) else ():
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(str(text))


def required_to_build(pyproject: Mapping[str, Any]) -> set[NormalizedName]:
    """Return the names of what ``build-system.requires`` of a pyproject.toml has."""
    return {canonicalize_name(requirement.name) for requirement in build_requirements(pyproject)}
