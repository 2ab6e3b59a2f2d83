"""The words for distributions that bring different files in one place, and the ways out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hatch_lambda_zip.config import Strip
from hatch_lambda_zip.contents.strip import kind_of


@dataclass(frozen=True)
class WaysOut:
    """What can be done about a file in the table of a function or layer.

    Attributes:
        key: the configuration key of the table.
        own: the name of the package itself, which can't be left out.
        strip: the kinds of files that are left out already.
    """

    key: str
    own: str | None = None
    strip: tuple[Strip, ...] = ()


def describe_overlaps(overlaps: Mapping[tuple[str, str], Sequence[str]], ways: WaysOut) -> str:
    """Describe what pairs of distributions both ship, by the paths as in RECORD."""
    return "\n".join(_describe(*pair, paths, ways) for pair, paths in overlaps.items())


def pattern_for(path: str) -> str:
    """Return the pattern that matches one file alone, as in .gitignore."""
    pattern = re.sub(r"[*?\[\\]", r"\\\g<0>", path)
    if pattern.endswith(" "):
        pattern = f"{pattern[:-1]}\\ "
    return f"/{pattern}"


def _describe(one: str, other: str, paths: Sequence[str], ways: WaysOut) -> str:
    it = "it" if len(paths) == 1 else "them"
    listed = ", ".join(json.dumps(pattern_for(path), ensure_ascii=False) for path in paths)
    third_parties = [name for name in (one, other) if name != ways.own]
    kinds = {kind_of(path) for path in paths}
    remedies = []
    if len(third_parties) == 1:
        remedies.append(
            f"`exclude = [{listed}]` leaves the package's own out, so that {third_parties[0]}'s "
            "ships; or rename its own"
        )
    if kinds.isdisjoint((None, *ways.strip)):
        words = ", ".join(f'"{kind.value}"' for kind in Strip if kind in {*kinds, *ways.strip})
        remedies.append(f"`strip = [{words}]` leaves {it} out where nothing imports {it}")
    remedies += [
        f"`exclude-files = [{listed}]` leaves {it} out, of both",
        f"`exclude-distributions` leaves {' or '.join(third_parties)} out altogether",
    ]
    what = "a file" if len(paths) == 1 else "files"
    problem = f"{one} and {other} both ship {what} with different content"
    return "\n".join(
        (
            f"{problem}, so one would silently overwrite the other:",
            *(f"  {path}" for path in paths),
            f"If the function does not need all of that, in {ways.key}:",
            *(f"  {remedy}." for remedy in remedies),
            f"Otherwise {' and '.join(third_parties)} can't be used together: choose another "
            "version, or remove one of the dependencies."
            if len(third_parties) > 1
            else f"Otherwise the package can't ship with {third_parties[0]}.",
        )
    )
