"""Checks that what the package requires is there, for locks that nobody else has checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from hatch_lambda_zip.contents.requirements_graph import requirements_of
from hatch_lambda_zip.errors import LockOutdatedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.requirements import Requirement

    from hatch_lambda_zip.config.model import Wants
    from hatch_lambda_zip.install.read import Installed
    from hatch_lambda_zip.lock.model import LockFile
    from hatch_lambda_zip.runtimes import Target


def check_requirements(
    package: str, installed: Iterable[Installed], target: Target, wants: Wants, lock: LockFile
) -> None:
    """Check the package's own requirements (``Requires-Dist``) against what was installed.

    Args:
        package: its name, normalized.
        installed: everything that the lock names, and the package.
        target: what markers are evaluated for.
        wants: the package's extras that are wanted.
        lock: what is wrong when something is missing.

    Raises:
        LockOutdatedError: a requirement is not met; every such one is named.
    """
    by_name = {one.name: one for one in installed}
    unmet = []
    for requirement in requirements_of(by_name[package]):
        if not _is_wanted(requirement, target, wants):
            continue
        found = by_name.get(canonicalize_name(requirement.name))
        if found is None:
            unmet.append(f"{requirement} (not in it)")
            continue
        version = found.distribution.version
        if not requirement.specifier.contains(version, prereleases=True):
            unmet.append(f"{requirement} (it has {version})")
    if unmet:
        raise LockOutdatedError(
            f"{lock.path.name} does not have what {package} requires: {', '.join(unmet)}. "
            "Make it anew from the current pyproject.toml."
        )


def _is_wanted(requirement: Requirement, target: Target, wants: Wants) -> bool:
    if requirement.marker is None:
        return True
    return any(target.satisfies(requirement.marker, extra=extra) for extra in ("", *wants.extras))
