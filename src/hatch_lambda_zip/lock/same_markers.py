"""Whether two markers (PEP 508) hold in the same environments, however they are written.

uv.lock has markers in a form of uv's own. They are tried in every environment that can tell them
apart: each variable has the values that are named, those around them, and one that is not named.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from packaging.markers import Marker
from packaging.version import Version

_COMPARISON: Final = re.compile(
    r'(\w+) (?:===?|!=|~=|<=|>=|<|>|not in|in) "([^"]*)"'
    r'|"([^"]*)" (?:===?|!=|~=|<=|>=|<|>|not in|in) (\w+)'
)
_PYTHON: Final = frozenset(("python_version", "python_full_version"))
_UNNAMED: Final = "something-else"
_MOST: Final = 20_000  # environments: more take longer than a user waits


def holds_alike(one: Marker | None, other: Marker | None) -> bool:
    """Tell whether two markers hold in the same environments; False where it takes too long.

    None holds everywhere.
    """
    if str(one) == str(other):
        return True
    values = _values(f"{one} and {other}")
    total = 1
    for several in values.values():
        total *= len(several)
    if total > _MOST:
        return False
    return all(
        _holds(one, environment) == _holds(other, environment)
        for environment in _environments(values)
    )


def python_releases(named: Iterator[str]) -> list[str]:
    """Return releases of Python on both sides of those that are named, which may have wildcards."""
    minors = {(3, minor) for minor in range(6, 20)} | {(4, 0)}
    releases = set()
    for text in named:
        try:
            major, minor, micro = (*Version(text.removesuffix(".*")).release, 0, 0)[:3]
        except ValueError:  # InvalidVersion, or too many digits for an int
            continue
        minors |= {(major, minor + step) for step in (-1, 0, 1) if minor + step >= 0}
        releases |= {(major, minor, micro + step) for step in (-1, 1) if micro + step >= 0}
        releases.add((major, minor, micro))
    releases |= {(major, minor, micro) for major, minor in minors for micro in (0, 9)}
    return [".".join(map(str, release)) for release in sorted(releases)]


def _values(text: str) -> dict[str, list[str]]:
    named = defaultdict(set)
    for left, value, other_value, right in _COMPARISON.findall(text):
        variable = left or right
        named["python_full_version" if variable in _PYTHON else variable].add(value or other_value)
    values = {
        variable: [_UNNAMED, *sorted(several), *sorted({x for y in several for x in y.split()})]
        for variable, several in named.items()
    }
    if pythons := named.get("python_full_version"):
        words = (word for value in pythons for word in re.split(r"[\s,|]+", value))
        values["python_full_version"] = python_releases(words)
    return {variable: [*dict.fromkeys(several)] for variable, several in values.items()}


def _environments(values: dict[str, list[str]]) -> Iterator[dict[str, str]]:
    for chosen in itertools.product(*values.values()):
        environment = {"extra": "", **dict(zip(values, chosen, strict=True))}
        if full := environment.get("python_full_version"):
            environment["python_version"] = ".".join(full.split(".")[:2])
        yield environment


def _holds(marker: Marker | None, environment: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(environment)
