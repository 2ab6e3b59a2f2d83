"""What uv.lock says and uv's export of it does not: versions of directories, and virtual members.

A member with ``package = false`` or without a build system is *virtual*: uv installs what it
depends on, and nothing of itself.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import Request, inner_table
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.adjustments import Adjustments, read_adjustments, requirement_text
from hatch_lambda_zip.lock.constraints import unmet_constraints
from hatch_lambda_zip.lock.model import LockedDistribution, resolved
from hatch_lambda_zip.lock.sources import misplaced, misplaced_on
from hatch_lambda_zip.runtimes import Platform

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DIRECTORIES: Final = frozenset(("directory", "editable", "virtual"))


@dataclass(frozen=True)
class UvLock:
    """A parsed uv.lock.

    Attributes:
        packages: its tables.
        base: its directory, which paths are relative to.
        adjustments: what uv was told of requirements.
        misplaced: the names of packages that are not from where its projects say.
        constraints: what uv was told of versions, as it stands there.
        has_conflicts: whether extras or groups exclude each other.
    """

    packages: tuple[Mapping[str, Any], ...]
    base: Path
    adjustments: Adjustments
    misplaced: tuple[str, ...] = ()
    constraints: tuple[Mapping[str, Any], ...] = ()
    has_conflicts: bool = False

    @classmethod
    def read(cls, path: Path) -> UvLock:
        """Read a uv.lock that uv has found valid.

        Raises:
            LockError: it can't be read.
        """
        try:
            # uv too passes over a byte order mark, and would leave it there.
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise LockError(f"{path} can't be read: {error}. Run `uv lock`.") from None
        manifest = inner_table(document, "manifest")
        adjustments = read_adjustments(
            manifest.get("overrides"),
            manifest.get("excludes"),
            manifest.get("dependency-metadata"),
            f"{path}, [manifest]",
        )
        packages = tuple(document.get("package", ()))
        names = {change.name for change in adjustments.changes}
        constraints = tuple(manifest.get("constraints", ()))
        try:
            elsewhere = misplaced(packages, constraints, path.parent, names)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise LockError(
                f"{path} is not in a form that is known: {type(error).__name__} {error}. Run "
                "`uv lock`."
            ) from None
        # With conflicts, one project may have a package from several places.
        has_conflicts = bool(document.get("conflicts"))
        elsewhere = () if has_conflicts else elsewhere
        return cls(packages, path.parent, adjustments, elsewhere, constraints, has_conflicts)

    def refuse_misplaced(self, selected: Collection[str] | None = None) -> None:
        """See that packages are from where the projects say.

        Args:
            selected: the names of those that matter; None for all.

        Raises:
            LockError: some are not.
        """
        self._refuse([it for it in self.misplaced if selected is None or it in selected])

    def refuse_misplaced_on(
        self, platform: Platform, selected: Collection[tuple[str, str | None]]
    ) -> None:
        """See that what a platform gets is from where the projects say for it.

        Args:
            selected: what it gets, by name and version.

        Raises:
            LockError: some is not.
        """
        if not self.has_conflicts:
            names = {change.name for change in self.adjustments.changes}
            told = (self.constraints, self.base, names)
            self._refuse(misplaced_on(platform, selected, self.packages, *told))

    def _refuse(self, names: Collection[str]) -> None:
        if names:
            raise LockError(
                f"{self.base / 'uv.lock'} has {', '.join(names)} from elsewhere than the projects "
                f"state, as after a bad merge, which uv does not notice. {_how_to_mend(names)}"
            )

    def refuse_unconstrained(
        self, distributions: Iterable[LockedDistribution], platform: Platform
    ) -> None:
        """See that what comes from indexes has the versions that uv was told of.

        Raises:
            LockError: something has another one, or that can't be told.
        """
        constraints = map(requirement_text, self.constraints)
        path = self.base / "uv.lock"
        if unmet := unmet_constraints(constraints, distributions, platform, path):
            raise LockError(
                f"{path} has other versions than `constraint-dependencies` of [tool.uv] allows: "
                f"{', '.join(unmet.values())}. So a bad merge leaves it, which uv does not notice. "
                f"{_how_to_mend(unmet)}"
            )

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories that it takes packages from, whether or not they are there."""
        sources = [package["source"] for package in self.packages]
        return tuple(
            self.base / source[kind]
            for source in sources
            for kind in sorted(_DIRECTORIES)
            if kind in source
        )

    @property
    def unhashed(self) -> frozenset[tuple[str, str]]:
        """The files that the lock has no hash of, as package and file name.

        uv 0.13 exports them with a hash of what the index has at that moment.
        """
        return frozenset(
            (package["name"], _file_name(file))
            for package in self.packages
            for file in (*package.get("wheels", ()), package.get("sdist", {}))
            if file and "hash" not in file
        )

    def version_of(self, name: str, directory: Path) -> str | None:
        """Return the version that a local project is locked with, or None."""
        for package in self.packages:
            source = package["source"]
            place = next((source[kind] for kind in ("directory", "editable") if kind in source), "")
            if package["name"] == name and resolved(self.base, place) == directory:
                version: str | None = package.get("version")
                return version
        return None

    def virtual_members(self, name: str, request: Request, platform: Platform) -> tuple[str, ...]:
        """Return the names of the virtual packages that a package depends on, in order.

        Args:
            name: the package.
            request: its extras and groups that count.
        """
        reached = self._reached(name, request, platform)
        names = {dependency for dependency, _, _ in reached} - {name}
        return tuple(
            sorted(
                package["name"]
                for package in self.packages
                if "virtual" in package["source"] and package["name"] in names
            )
        )

    def required_by_virtual(
        self, name: str, request: Request, platform: Platform
    ) -> Iterator[Requirement]:
        """Yield what the virtual packages that a package depends on require, but for each other.

        That is what they state, which uv compares with the projects, whatever else became of the
        lock. uv's overrides and excludes are applied, and markers hold already.

        Args:
            name: the package.
            request: its extras and groups that count.
        """
        members = {name, *self.virtual_members(name, request, platform)}
        for member, _, extras in sorted(self._reached(name, request, platform)):
            for package in self.packages:
                if not (package["name"] == member != name and "virtual" in package["source"]):
                    continue
                for stated in inner_table(package, "metadata").get("requires-dist", ()):
                    marker = stated.get("marker")
                    if stated["name"] in members or not any(
                        _holds(marker, platform, extra) for extra in ("", *extras)
                    ):
                        continue
                    requirement = Requirement(requirement_text({**stated, "marker": None}))
                    version = package.get("version", "")
                    yield from self.adjustments.applied(requirement, member, version)

    def _reached(
        self, name: str, request: Request, platform: Platform
    ) -> set[tuple[str, str, tuple[str, ...]]]:
        """Return the packages that a package depends on, with their versions and extras.

        That is what the lock leads to, and what local projects state of each other: a bad merge may
        have taken an extra from the one, and uv compares the other with the projects.
        """
        own = self._entries(name, "")
        todo = [*self._needs(own, request, platform)]
        seen = set()
        while todo:
            needed = todo.pop()
            if needed not in seen:
                seen.add(needed)
                dependency, version, extras = needed
                todo += self._needs(self._entries(dependency, version), Request(extras), platform)
        return seen

    def _entries(self, name: str, version: str) -> Iterator[Mapping[str, Any]]:
        """Yield the tables of a package, in one version or in all."""
        for package in self.packages:
            if package["name"] == name and version in {"", package.get("version")}:
                yield package

    def _needs(
        self, entries: Iterable[Mapping[str, Any]], request: Request, platform: Platform
    ) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for package in entries:
            dependencies = [] if request.is_groups_alone else [*package.get("dependencies", ())]
            for key, chosen in (
                ("optional-dependencies", request.extras),
                ("dev-dependencies", request.groups),
            ):
                for choice in chosen:
                    dependencies += package.get(key, {}).get(choice, ())
            for dependency in dependencies:
                if _holds(dependency.get("marker"), platform):
                    wanted = tuple(dependency.get("extra", ()))
                    yield dependency["name"], dependency.get("version", ""), wanted
            yield from self._stated(package, request, platform)

    def _stated(
        self, package: Mapping[str, Any], request: Request, platform: Platform
    ) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield the local projects that a local project says it requires, with extras of them."""
        metadata = inner_table(package, "metadata")
        stated = [] if request.is_groups_alone else [*metadata.get("requires-dist", ())]
        for group in request.groups:
            stated += inner_table(metadata, "requires-dev").get(group, ())
        version = package.get("version", "")
        for item in stated:
            if item["name"] not in self._local_names or not any(
                _holds(item.get("marker"), platform, extra) for extra in ("", *request.extras)
            ):
                continue
            requirement = Requirement(requirement_text({**item, "marker": None}))
            for needed in self.adjustments.applied(requirement, package["name"], version):
                if needed.marker is None or _holds(str(needed.marker), platform):
                    extras = tuple(sorted(map(canonicalize_name, needed.extras)))
                    yield canonicalize_name(needed.name), "", extras

    @cached_property
    def _local_names(self) -> frozenset[str]:
        return frozenset(
            package["name"] for package in self.packages if package["source"].keys() & _DIRECTORIES
        )


def _how_to_mend(names: Iterable[str]) -> str:
    arguments = " ".join(f"--upgrade-package {name}" for name in names)
    return f"`uv lock {arguments}` mends it."


def _file_name(file: Mapping[str, str]) -> str:
    place = urlsplit(file["url"]).path if "url" in file else file.get("path", "")
    return file.get("filename") or unquote(place.rpartition("/")[2])


def _holds(marker: str | None, platform: Platform, extra: str = "") -> bool:
    if marker is None:
        return True
    try:
        return platform.satisfies(Marker(marker), extra=extra)
    except InvalidMarker:
        return True  # one of uv's own, for extras that conflict
