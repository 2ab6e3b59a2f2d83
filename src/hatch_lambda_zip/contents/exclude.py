"""Which distributions are left out on request, and which go with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import Exclusions
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed, LeftOutDistribution, Reason
from hatch_lambda_zip.runtimes import PROVIDED_SETS
from hatch_lambda_zip.text import not_one_of

_FROM_ELSEWHERE: Final = (
    "What the lock does not have can't ship; if it is there all the same, name its modules in "
    "`external-modules`"
)


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
    provided = _provided(exclusions.provided)
    left_out = {*exclusions.distributions, *provided}
    if not left_out:
        return installed, ()
    _check_names(installed, exclusions, provided, key=key, own=own)
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


def _provided(names: Iterable[str], *, with_sets: bool = True) -> tuple[str, ...]:
    """Return the normalized names of distributions, those of the sets among them or not."""
    found: dict[str, None] = {}
    for name in names:
        if name not in PROVIDED_SETS:
            found[canonicalize_name(name)] = None
        elif with_sets:
            found |= dict.fromkeys(sorted(PROVIDED_SETS[name]))
    return tuple(found)


def _check_names(
    installed: Iterable[Installed],
    exclusions: Exclusions,
    provided: tuple[str, ...],
    *,
    key: str,
    own: str,
) -> None:
    """Refuse to leave out what is not there, or the package itself."""
    names = {distribution.name for distribution in installed}
    named = {
        "exclude-distributions": (exclusions.distributions, exclusions.required),
        "provided": (provided, _provided(exclusions.must_provide, with_sets=False)),
    }
    problems = []
    for option, (all_of_them, required) in named.items():
        if own in all_of_them:
            raise ContentsError(
                f"{key}.{option}: {own!r} is the package itself; use `exclude` to leave "
                "files of it out"
            )
        known = [*(PROVIDED_SETS if option == "provided" else ()), *sorted(names - {own})]
        for name in required:
            if name not in names:
                text = not_one_of(name, known)
                if option == "provided":
                    text += f"{'' if text.endswith('?') else '.'} {_FROM_ELSEWHERE}"
                problems.append(f"{key}.{option}: of what the lock selects here, {text}")
    if problems:
        raise ContentsError("\n".join(problems))
