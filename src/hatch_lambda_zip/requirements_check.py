"""Checks that what the package requires is there, for locks that nobody else has checked."""

from __future__ import annotations

from importlib.metadata import PathDistribution
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import LockOutdatedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_lambda_zip.config import Wants
    from hatch_lambda_zip.lock.model import LockFile
    from hatch_lambda_zip.runtimes import Target
    from hatch_lambda_zip.staging import Site


def check_requirements(
    package: str, sites: Iterable[Site], target: Target, wants: Wants, lock: LockFile
) -> None:
    """Check the package's own requirements (``Requires-Dist``) against what was installed.

    Args:
        package: its name, normalized.
        sites: where everything was installed.
        target: what markers are evaluated for.
        wants: the package's extras that are wanted.
        lock: what is wrong when something is missing.

    Raises:
        LockOutdatedError: a requirement is not met; every such one is named.
    """
    installed = {
        canonicalize_name(distribution.name): distribution
        for site in sites
        for dist_info in site.path.glob("*.dist-info")
        if (distribution := PathDistribution(dist_info))
    }
    unmet = []
    for text in installed[canonicalize_name(package)].requires or ():
        requirement = Requirement(text)
        if not _is_wanted(requirement, target, wants):
            continue
        found = installed.get(canonicalize_name(requirement.name))
        if found is None:
            unmet.append(f"{requirement} (not in it)")
        elif not requirement.specifier.contains(found.version, prereleases=True):
            unmet.append(f"{requirement} (it has {found.version})")
    if unmet:
        raise LockOutdatedError(
            f"{lock.path.name} does not have what {package} requires: {', '.join(unmet)}. "
            "Make it anew from the current pyproject.toml."
        )


def _is_wanted(requirement: Requirement, target: Target, wants: Wants) -> bool:
    if requirement.marker is None:
        return True
    return any(target.satisfies(requirement.marker, extra=extra) for extra in ("", *wants.extras))
