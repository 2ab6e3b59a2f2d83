"""The package that functions and layers belong to: its name, and what it requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config.model import Request
from hatch_lambda_zip.errors import ConfigError


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
        zip_version: what ``zip-version`` says; then it is ``version`` too.
        lenders: the projects whose requirements stand in place of its own, if there are any: a
            code directory may be a project of its own.
    """

    name: str
    version: str
    file_stem: str
    dependencies: Sequence[str] = ()
    optional_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dependency_groups: Mapping[str, Sequence[str | Mapping[str, str]]] = field(default_factory=dict)
    zip_version: str | None = None
    lenders: tuple[Project, ...] = ()

    def under(self, zip_version: str) -> Project:
        """Return the project under the version that its zips have instead of its own."""
        stem, has_version, _ = self.file_stem.rpartition("-")
        return replace(
            self,
            version=zip_version,
            file_stem=f"{stem}-{zip_version}" if has_version else self.file_stem,
            zip_version=zip_version,
        )

    def requirements(self, request: Request) -> tuple[Requirement, ...]:
        """Return what the package requires with some extras and groups, markers unevaluated.

        Raises:
            ConfigError: a requirement or a dependency group is malformed.
        """
        if self.lenders:
            return tuple(it for lender in self.lenders for it in lender.requirements(request))
        own = () if request.is_groups_alone else self.dependencies
        found = [*map(_requirement, own), *self._of_groups(request.groups)]
        todo = [*request.extras, *self._own_extras(found)]
        seen = set()
        while todo:
            extra = todo.pop()
            if extra not in seen:
                seen.add(extra)
                more = [*map(_requirement, self.optional_dependencies.get(extra, ()))]
                todo += self._own_extras(more)
                found += more
        return tuple(
            requirement for requirement in found if canonicalize_name(requirement.name) != self.name
        )

    def _of_groups(self, groups: Sequence[str]) -> Iterator[Requirement]:
        if not groups:
            return
        try:
            resolver = DependencyGroupResolver(self.dependency_groups)
            for group in groups:
                yield from resolver.resolve(group)
        # AttributeError: of what is no table at all.
        except (ValueError, LookupError, TypeError, AttributeError, ExceptionGroup) as error:
            reasons = "; ".join(_reasons(error))
            raise ConfigError([f"dependency-groups: {reasons}. Correct pyproject.toml."]) from None

    def _own_extras(self, requirements: Sequence[Requirement]) -> Iterator[str]:
        """Yield the extras that are asked for of the package itself (``orders[api]``)."""
        for requirement in requirements:
            if canonicalize_name(requirement.name) == self.name:
                yield from map(canonicalize_name, requirement.extras)


def _requirement(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        (reason,) = _reasons(error)
        message = (
            f"project: {text!r} is no requirement (PEP 508): {reason}. Correct pyproject.toml."
        )
        raise ConfigError([message]) from None


def _reasons(error: Exception) -> Iterator[str]:
    """Yield what is wrong, in one line each; packaging nests several in groups."""
    if isinstance(error, ExceptionGroup):
        for inner in error.exceptions:
            yield from _reasons(inner)
    else:
        # What follows the first line of an InvalidRequirement points at a column of it.
        text = f"{error.args[0]}" if isinstance(error, LookupError) and error.args else f"{error}"
        first, *rest = text.splitlines() or [type(error).__name__]
        yield f"{first}: {rest[0].strip()!r}" if rest else first
