"""Whether a lock has all that the project requires, its local members, and what these require."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import TOOL_NAME, Artifact, Project
from hatch_lambda_zip.contents.requirements_graph import (
    Node,
    is_wanted,
    nodes_of,
    readable_requirements,
    requirements_of,
)
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.lock import FOREIGN, LockKind, Origin, Selection, allows
from hatch_lambda_zip.runtimes import Platform


def check_requirements(
    project: Project,
    artifact: Artifact,
    selection: Selection,
    installed: Iterable[Installed],
    *,
    elsewhere: Collection[str] = (),
    extras: Iterable[Node] = (),
) -> None:
    """Check what the project and its local members require against what was installed.

    A lock may have forgotten something of it (a bad merge does that), and uv does not notice. Of a
    lock that was resolved for these very requirements, what third parties require is checked too;
    others may lack it on purpose (pip-compile leaves out setuptools, say).

    Args:
        selection: from the lock, with what it was told to have otherwise.
        installed: everything that the lock names, with the package itself or without.
        elsewhere: the names of local projects that are left out on purpose.
        extras: what the lock asks of local projects by itself.

    Raises:
        LockError: a requirement is not met; every such one is named.
        DistributionError: a distribution's metadata can't be read.
    """
    lock = selection.lock
    check = _Check(project, selection, artifact.platform, installed, elsewhere)
    asked = [*((project.name, extra) for extra in artifact.request.extras), *extras]
    unmet = check.unmet(asked, project.requirements(artifact.request))
    if not unmet:
        return
    remedy = "Make it anew from the current pyproject.toml."
    is_asked = any(owner == project.name for owner, _ in unmet)
    if project in selection.requirers or (selection.requirers and not is_asked):
        remedy = selection.remedy
    elif selection.requirers:
        made_of = selection.requirers[0].name
        how = f"State there what {project.name} requires, too, and run `{TOOL_NAME} lock`"
        if made_of in FOREIGN:
            how = (
                f"State what {project.name} requires in what that is made of, if it is not there. "
                f"{selection.remedy.removesuffix('.')}"
            )
        remedy = (
            f"It answers for {made_of}, beside it. {how}; or name the project's own lock: "
            f"{artifact.key}.lock."
        )
    if lock.kind is LockKind.UV:
        names = sorted({name for _, name in unmet})
        arguments = " ".join(f"--upgrade-package {name}" for name in names)
        remedy = f"`uv lock {arguments}` mends it, where plain `uv lock` may not look again."
        if check.is_of_third_party(unmet):
            remedy += (
                " What ships without on purpose is named in `exclude-dependencies` of [tool.uv]."
            )
    by_owner: dict[str, list[str]] = {}
    for (owner, _), problem in sorted(unmet.items()):
        by_owner.setdefault(owner, []).append(problem)
    parts = [f"what {check.who_requires(it)}: {', '.join(found)}" for it, found in by_owner.items()]
    raise LockError(f"{lock.name} does not have {'; nor '.join(parts)}. {remedy}")


class _Check:
    """Follows requirements from the project on."""

    def __init__(
        self,
        project: Project,
        selection: Selection,
        platform: Platform,
        installed: Iterable[Installed],
        elsewhere: Collection[str],
    ) -> None:
        self._project = project
        self._adjustments = selection.adjustments
        self._platform = platform
        self._installed = {item.name: item for item in installed}
        self._elsewhere = {project.name, *elsewhere}
        # uv takes what [tool.uv.sources] names in whatever version it is.
        self._are_sources_free = selection.lock.kind in {LockKind.UV, LockKind.EMBEDDED}
        self._is_resolved = selection.lock.kind is LockKind.UV or project in selection.requirers

    def unmet(
        self, extras: Iterable[Node], requirements: Iterable[Requirement]
    ) -> dict[tuple[str, str], str]:
        """Return what is not met, in words, by who requires it and the name of what is required.

        Args:
            extras: those of the project and of others that are asked for.
            requirements: what the project requires, with what it has for them and for groups.
        """
        project = self._project
        found: dict[tuple[str, str], str] = {}
        todo = [(project.name, ""), *extras]
        todo += self._follow(project.name, project.version, requirements, "", found)
        # A requirements file names some by their paths alone.
        todo += [(item.name, "") for item in self._installed.values() if _is_local(item)]
        seen: set[Node] = set()
        while todo:
            name, extra = node = todo.pop()
            item = self._installed.get(name)
            if node in seen or item is None:
                continue
            if not self._is_resolved and not _is_local(item):
                continue
            seen.add(node)
            version = item.distribution.version
            todo += self._follow(name, version, self._requirements(item), extra, found)
        return found

    def is_of_third_party(self, unmet: Iterable[tuple[str, str]]) -> bool:
        """Tell whether something that is not met is required by a third party."""
        owners = (self._installed.get(owner) for owner, _ in unmet)
        return any(item is not None and not _is_local(item) for item in owners)

    def who_requires(self, owner: str) -> str:
        """Return the words for who requires something, and where that stands if not there."""
        item = self._installed.get(owner)
        is_told = owner != self._project.name and item is not None and self._restated(item)
        return f"{owner} requires{' by `dependency-metadata` of [tool.uv]' if is_told else ''}"

    def _requirements(self, item: Installed) -> Iterable[Requirement]:
        restated = self._restated(item)
        if restated is not None:
            return restated
        if _is_local(item):
            return requirements_of(item)
        return readable_requirements(item, self._platform)

    def _restated(self, item: Installed) -> tuple[Requirement, ...] | None:
        """Return what uv was told that a distribution requires; None if nothing."""
        distribution = item.distribution
        is_wheel = distribution.origin is Origin.ARCHIVE and distribution.built_with is None
        return self._adjustments.restated_of(
            item.name,
            distribution.version,
            is_version_known=is_wheel or distribution.origin is Origin.INDEX,
        )

    def _follow(
        self,
        owner: str,
        version: str,
        requirements: Iterable[Requirement],
        extra: str,
        unmet: dict[tuple[str, str], str],
    ) -> Iterator[Node]:
        """Yield what the requirements of one project lead to, and note what is not met."""
        for stated in requirements:
            if not is_wanted(stated, self._platform, extra=extra, owner=owner):
                continue
            for requirement in self._adjustments.applied(stated, owner, version):
                if not is_wanted(requirement, self._platform, extra=extra, owner=owner):
                    continue
                if (problem := self._problem(requirement)) is not None:
                    name = canonicalize_name(requirement.name)
                    unmet[owner, name] = f"{requirement} ({problem})"
                yield from nodes_of(requirement)

    def _problem(self, requirement: Requirement) -> str | None:
        name = canonicalize_name(requirement.name)
        found = self._installed.get(name)
        if found is None:
            return None if name in self._elsewhere else "not in it"
        origin = found.distribution.origin
        is_free = self._are_sources_free and origin is not Origin.INDEX
        has_other_version = origin is Origin.LOCAL and self._project.zip_version is not None
        version = found.distribution.version
        if is_free or has_other_version:
            return None
        try:
            is_met = allows(requirement.specifier, version)
        except ValueError as error:  # too many digits for an int
            return str(error)
        return None if is_met else f"it has {version}"


def _is_local(installed: Installed) -> bool:
    return installed.distribution.origin is Origin.LOCAL
