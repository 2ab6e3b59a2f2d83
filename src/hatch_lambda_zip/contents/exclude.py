"""Which distributions are left out on request, and which go with them."""

from __future__ import annotations

from collections.abc import Iterable

from hatch_lambda_zip.config import Exclusions
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed, LeftOutDistribution, Reason
from hatch_lambda_zip.runtimes import PROVIDED_SETS
from hatch_lambda_zip.text import not_one_of


def exclude(
    installed: Iterable[Installed],
    exclusions: Exclusions,
    graph: RequirementsGraph,
    *,
    key: str,
    own: str,
) -> tuple[tuple[Installed, ...], tuple[LeftOutDistribution, ...]]:
    """Leave distributions out, with what only they need.

    Args:
        installed: what the lock names, and the package itself.
        graph: what needs what among ``installed``.
        key: the configuration key of the table, for errors.
        own: the package's name.

    Returns:
        What ships, and what does not.

    Raises:
        ContentsError: something is to be left out that is not there, or the package itself.
    """
    installed = tuple(installed)
    provided = PROVIDED_SETS[exclusions.provided] if exclusions.provided else frozenset()
    left_out = {*exclusions.distributions, *provided}
    if not left_out:
        return installed, ()
    names = {distribution.name for distribution in installed}
    if own in exclusions.distributions:
        raise ContentsError(
            f"{key}.exclude-distributions: {own!r} is the package itself; use `exclude` to leave "
            "files of it out"
        )
    if unknown := [name for name in exclusions.required if name not in names]:
        raise ContentsError(
            "\n".join(
                f"{key}.exclude-distributions: of what the lock selects here, "
                f"{not_one_of(name, sorted(names - {own}))}"
                for name in unknown
            )
        )
    needed = {*graph.needed(without=left_out), own}
    absent = []
    for distribution in installed:
        if distribution.name in needed:
            continue
        if distribution.name in exclusions.distributions:
            reason = Reason.EXCLUDED
        else:
            reason = Reason.PROVIDED if distribution.name in provided else Reason.UNNEEDED
        absent.append(distribution.as_left_out(reason))
    kept = tuple(distribution for distribution in installed if distribution.name in needed)
    return kept, tuple(absent)
