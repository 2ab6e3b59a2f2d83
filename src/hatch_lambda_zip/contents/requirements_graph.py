"""Which distributions need which others: the graph that their METADATA spans."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock import patch_warning
from hatch_lambda_zip.runtimes import Platform

Node = tuple[str, str]
"""A distribution's normalized name, and one of its extras or the empty string."""

_LOWER_BOUNDS: Final = (">=", ">", "~=")


@dataclass(frozen=True)
class Requires:
    """A step on the way to a distribution: who requires what, as it stands there, without a URL."""

    owner: str
    requirement: Requirement = field(compare=False)

    def __str__(self) -> str:
        return f"{self.owner} requires {self.text}"

    @property
    def text(self) -> str:
        """The requirement, without a URL, which may be a path of this machine."""
        shown = Requirement(str(self.requirement))
        shown.url = None
        return str(shown)


class RequirementsGraph:
    """The requirements among a closed set of installed distributions.

    A distribution that nothing here requires (a lock can add some, by overrides, and a local
    project that requires it need not be here) counts as required by the package itself, so that
    nobody's absence is ever concluded from it.

    Args:
        installed: the distributions, the package itself among them or not.
        roots: what the package requires.
        platform: what markers are evaluated for.
    """

    def __init__(
        self, installed: Iterable[Installed], roots: Iterable[Requirement], platform: Platform
    ) -> None:
        self._installed = {distribution.name: distribution for distribution in installed}
        self._platform = platform
        self._roots = tuple(roots)
        self._read: dict[str, tuple[Requirement, ...]] = {}

    def needed(self, *, without: Collection[str] = ()) -> frozenset[str]:
        """Return the names of what is needed, if some distributions are left out.

        Raises:
            DistributionError: a distribution's metadata can't be read.
        """
        return frozenset(name for name, _ in self._reach(self._start, without))

    def closure(self, names: Iterable[str]) -> frozenset[str]:
        """Return names of distributions, with all that they need in the way they are used here.

        Raises:
            DistributionError: a distribution's metadata can't be read.
        """
        names = frozenset(names)
        start = [node for node in self._reach(self._start) if node[0] in names]
        return frozenset(name for name, _ in self._reach(start))

    def chain(self, name: str) -> tuple[Requires, ...]:
        """Return a shortest way from what the package requires to a distribution.

        Returns:
            The steps, the first one the package's own, with an empty owner; none where nothing
            leads there.

        Raises:
            DistributionError: a distribution's metadata can't be read.
        """
        todo: deque[tuple[str, str, tuple[Requires, ...]]] = deque([("", "", ())])
        seen = set[Node]()
        while todo:
            owner, extra, way = todo.popleft()
            if owner == name and owner:
                return way
            requirements = self._requires(owner) if owner else self._roots
            for requirement in requirements:
                if not is_wanted(requirement, self._platform, extra=extra, owner=owner):
                    continue
                for node in nodes_of(requirement):
                    if node not in seen and node[0] in self._installed:
                        seen.add(node)
                        todo.append((*node, (*way, Requires(owner, requirement))))
        return ()

    @cached_property
    def _start(self) -> frozenset[Node]:
        """What the package requires, and whatever that does not lead to.

        Of the latter, what nothing requires; then one after the other of those that are left,
        which require each other in a circle.
        """
        start = [*self._nodes(self._roots, "", "the package")]
        reached = self._reach(start)
        others = sorted(self._installed.keys() - {name for name, _ in reached})
        required = {
            name
            for other in others
            for name, _ in self._nodes(self._requires(other), "", other)
            if name != other
        }
        for other in (
            *(name for name in others if name not in required),
            *(name for name in others if name in required),
        ):
            if (other, "") not in reached:
                start.append((other, ""))
                reached |= self._reach([(other, "")])
        return frozenset(start)

    def varies(self, select: Callable[[RequirementsGraph], Iterable[str]]) -> bool:
        """Tell whether a selection of distributions depends on the patch release of Python.

        Args:
            select: makes the selection, by their names, with such a graph.

        Raises:
            DistributionError: a distribution's metadata can't be read.
        """
        markers = [
            str(requirement.marker)
            for name in self._installed
            for requirement in self._requires(name)
        ]
        return self._platform.varies(
            " ".join(markers),
            lambda where: frozenset(
                select(RequirementsGraph(self._installed.values(), self._roots, where))
            ),
        )

    def _reach(self, start: Iterable[Node], without: Collection[str] = ()) -> set[Node]:
        found: set[Node] = set()
        todo = list(start)
        while todo:
            node = todo.pop()
            name, extra = node
            if node in found or name in without or name not in self._installed:
                continue
            found.add(node)
            todo += self._nodes(self._requires(name), extra, name)
        return found

    def _nodes(self, requirements: Iterable[Requirement], extra: str, owner: str) -> Iterator[Node]:
        for requirement in requirements:
            if is_wanted(requirement, self._platform, extra=extra, owner=owner):
                yield from nodes_of(requirement)

    def _requires(self, name: str) -> tuple[Requirement, ...]:
        if name not in self._read:
            self._read[name] = requirements_of(self._installed[name])
        return self._read[name]


def requirements_of(installed: Installed) -> tuple[Requirement, ...]:
    """Return what a distribution requires (``Requires-Dist``), markers unevaluated.

    Raises:
        DistributionError: its METADATA is missing, or has a requirement that is none (PEP 508).
    """
    message = installed.metadata
    # A long header may go on in the next line.
    texts = [text.replace("\n", " ") for text in message.get_all("Requires-Dist", ())]
    try:
        return tuple(map(Requirement, texts))
    except InvalidRequirement as error:
        raise DistributionError(
            f"METADATA of {installed.name} has a requirement that is none: {error}. "
            "Choose another version of it."
        ) from None


@cache
def _parsed(text: str) -> Requirement:
    # Most functions of a command have the same third parties.
    return Requirement(text.replace("\n", " "))


def readable_requirements(installed: Installed, platform: Platform) -> Iterator[Requirement]:
    """Yield what a third party's distribution requires, as far as that can be read.

    Old ones have all kinds of texts, which uv reads in ways of its own, and markers that can't be
    evaluated.

    Raises:
        DistributionError: its METADATA is missing.
    """
    for text in installed.metadata.get_all("Requires-Dist", ()):
        with contextlib.suppress(InvalidRequirement, InvalidMarker):
            requirement = _parsed(text)
            if requirement.marker is not None:
                platform.satisfies(requirement.marker)
            yield requirement


def direct_requirements(
    installed: Iterable[Installed], roots: Iterable[Requirement], platform: Platform
) -> dict[str, frozenset[str]]:
    """Return who requires whom directly, with the extras that somebody asks for.

    Args:
        installed: among whom.
        roots: what the package requires.

    Returns:
        The names that each requires, by its own; by the empty string those that the package
        requires, or nobody.

    Raises:
        DistributionError: a distribution has no METADATA; a marker of the package's is none.
    """
    known = {item.name: tuple(readable_requirements(item, platform)) for item in installed}
    known[""] = tuple(roots)
    found: dict[str, set[str]] = {name: set() for name in known}
    todo: list[Node] = [(name, "") for name in known]
    seen = set(todo)
    while todo:
        owner, extra = todo.pop()
        for requirement in known[owner]:
            if is_wanted(requirement, platform, extra=extra, owner=owner or "the package"):
                nodes = {node for node in nodes_of(requirement) if node[0] in known}
                found[owner] |= {name for name, _ in nodes} - {owner}
                todo += nodes - seen
                seen |= nodes
    found[""] |= known.keys() - {""}.union(*found.values())
    return {name: frozenset(names) for name, names in found.items()}


def nodes_of(requirement: Requirement) -> Iterator[Node]:
    """Yield what a requirement leads to: a distribution, and its extras."""
    name = canonicalize_name(requirement.name)
    yield name, ""
    yield from ((name, canonicalize_name(wanted)) for wanted in requirement.extras)


def requires_python_warnings(installed: Iterable[Installed], platform: Platform) -> Iterator[str]:
    """Yield a line for each ``Requires-Python`` that not every patch release of Python meets.

    Of one that none meets, the lock decides: it may be the merge of two. Upper bounds are left to
    who locked, as by uv, which takes them for guesses.

    Raises:
        DistributionError: a distribution has no METADATA.
    """
    for distribution in installed:
        text = distribution.metadata.get("Requires-Python", "")
        try:
            python = SpecifierSet(text)
            is_later = any(
                it.operator in _LOWER_BOUNDS and platform.release not in it for it in python
            )
        except ValueError:  # old ones have had all kinds of texts
            continue
        if platform.varies(text, lambda it, python=python: it.release in python):  # type: ignore[misc]
            yield patch_warning(
                f"it requires Python {python}", f"METADATA of {distribution.name}", platform
            )
        elif is_later:
            yield (
                f"METADATA of {distribution.name}: it requires Python {python}, which "
                f"{platform.runtime.identifier} ({platform.release}) is not. Lock a version of it "
                "that does not, or choose another runtime"
            )


def is_wanted(requirement: Requirement, platform: Platform, *, extra: str, owner: str) -> bool:
    """Tell whether a requirement holds on a platform.

    Args:
        extra: the one that its marker may ask for, or the empty string.
        owner: whose it is, for errors.

    Raises:
        DistributionError: its marker can't be evaluated.
    """
    try:
        return requirement.marker is None or platform.satisfies(requirement.marker, extra=extra)
    except InvalidMarker as error:
        raise DistributionError(
            f"{owner} requires {requirement.name}, but {error}. Correct that where it is stated, "
            f"or choose another version of {owner}."
        ) from None
