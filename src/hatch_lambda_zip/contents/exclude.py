"""Which distributions are left out on request, and which go with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hatch_lambda_zip.config.model import Exclusions
from hatch_lambda_zip.contents.requirements_graph import Dependencies
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install.read import Distribution, Installed
from hatch_lambda_zip.runtimes import PROVIDED_SETS
from hatch_lambda_zip.text import not_one_of


class Absence(Enum):
    """Why a distribution that the lock names is not in the zip."""

    EXCLUDED = "excluded"
    PROVIDED = "provided"
    UNNEEDED = "unneeded"
    LAYER = "layer"

    @property
    def explanation(self) -> str:
        """The reason in one sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS: Final = {
    Absence.EXCLUDED: "`exclude-distributions` names it.",
    Absence.PROVIDED: "The runtime provides it, by `provided`.",
    Absence.UNNEEDED: "Only distributions that are left out need it.",
    Absence.LAYER: "A layer of the function ships it.",
}


@dataclass(frozen=True)
class AbsentDistribution:
    """A distribution that does not ship.

    Attributes:
        distribution: which one.
        reason: why.
        layer: the layer that ships it instead, or None.
    """

    distribution: Distribution
    reason: Absence
    layer: str | None = None


def exclude(
    installed: Iterable[Installed],
    exclusions: Exclusions,
    dependencies: Dependencies,
    *,
    key: str,
    own: str,
) -> tuple[tuple[Installed, ...], tuple[AbsentDistribution, ...]]:
    """Leave distributions out, with what only they need.

    Args:
        installed: what the lock names, and the package itself.
        exclusions: what is to be left out.
        dependencies: among ``installed``.
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
    names = {one.name for one in installed}
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
    needed = {*dependencies.needed(without=left_out), own}
    absent = []
    for one in installed:
        if one.name in needed:
            continue
        if one.name in exclusions.distributions:
            reason = Absence.EXCLUDED
        else:
            reason = Absence.PROVIDED if one.name in provided else Absence.UNNEEDED
        absent.append(AbsentDistribution(one.distribution, reason))
    return tuple(one for one in installed if one.name in needed), tuple(absent)
