"""Where the target's table stands when it is not where hatchling looks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hatch_lambda_zip.config.hints import spelled

_NAMES: Final = frozenset(("lambda-zip", "hatch-lambda-zip", "lambdazip"))
# Every table needs one of them.
_OPTIONS: Final = frozenset(("runtime", "runtimes", "handler", "functions", "layers"))


def find_misplaced(tables: Mapping[str, object], key: str) -> str | None:
    """Return the full key of a table that looks like the target's, None if there is none.

    Args:
        tables: what pyproject.toml or hatch.toml has.
        key: the full key that the table ought to have.
    """
    found = (path for path, table in _named(tables, "") if path != key and _OPTIONS & {*table})
    return next(found, None)


def _named(table: Mapping[str, object], path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield all tables at any depth that are called as ours, with their full keys."""
    for name, inner in table.items():
        if isinstance(inner, Mapping):
            key = f"{path}.{name}" if path else name
            if spelled(name) in _NAMES:
                yield key, inner
            yield from _named(inner, key)
