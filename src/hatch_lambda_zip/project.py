"""The package that functions and layers belong to: its name, and what it requires."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_lambda_zip.artifacts import Wants

TOOL_NAME: Final = "hatch-lambda-zip"


@dataclass(frozen=True)
class Project:
    """A package.

    Attributes:
        name: normalized (PEP 503).
        version: as hatchling writes it.
        file_stem: what the artifacts' names start with, such as ``orders-1.0.0``.
        dependencies: what it requires, as in its metadata.
        optional_dependencies: the same for each extra, by normalized name.
        dependency_groups: as in ``[dependency-groups]`` (PEP 735).
    """

    name: str
    version: str
    file_stem: str
    dependencies: Sequence[str] = ()
    optional_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dependency_groups: Mapping[str, Sequence[str | Mapping[str, str]]] = field(default_factory=dict)

    def requirements(self, wants: Wants) -> tuple[Requirement, ...]:
        """Return what the package requires with some extras and groups, markers unevaluated.

        Raises:
            ProjectError: a dependency group is malformed.
        """
        texts = [*self.dependencies]
        for extra in self._with_own_extras(wants.extras):
            texts += self.optional_dependencies.get(extra, ())
        requirements = [Requirement(text) for text in texts]
        try:
            resolver = DependencyGroupResolver(self.dependency_groups)
            for group in wants.groups:
                requirements += resolver.resolve(group)
        except (ExceptionGroup, ValueError, LookupError) as error:
            # Newer releases of packaging raise them in groups.
            errors = error.exceptions if isinstance(error, ExceptionGroup) else [error]
            said = "; ".join(str(one).partition("\n")[0] for one in errors)
            raise ProjectError(f"dependency-groups: {said}. Correct pyproject.toml.") from None
        own = canonicalize_name(self.name)
        return tuple(one for one in requirements if canonicalize_name(one.name) != own)

    def _with_own_extras(self, extras: Sequence[str]) -> Iterator[str]:
        """Yield extras, and those that they ask for of the package itself (``orders[api]``)."""
        todo = list(extras)
        seen = set()
        while todo:
            extra = todo.pop()
            if extra in seen:
                continue
            seen.add(extra)
            yield extra
            for requirement in map(Requirement, self.optional_dependencies.get(extra, ())):
                if canonicalize_name(requirement.name) == self.name:
                    todo += map(canonicalize_name, requirement.extras)
