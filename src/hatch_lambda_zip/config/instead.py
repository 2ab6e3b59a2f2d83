"""The target's table with some options otherwise, for every function and layer alike."""

from __future__ import annotations

from collections.abc import Mapping

from hatch_lambda_zip.config.options import Options


def instead_of(table: Mapping[str, object], instead: Mapping[str, str]) -> dict[str, object]:
    """Return a target's table in which nothing but other values of some options holds.

    Args:
        table: what stands in ``[tool.hatch.build.targets.lambda-zip]``.
        instead: values by the keys of options; an empty one takes the option away.
    """
    keys = {
        key for option in Options.declared() if {*option.keys} & {*instead} for key in option.keys
    }

    def without(found: object) -> object:
        if not isinstance(found, Mapping):
            return found
        return {key: value for key, value in found.items() if key not in keys}

    changed = {key: value for key, value in table.items() if key not in keys}
    for kind in ("functions", "layers"):
        if isinstance(inner := table.get(kind), Mapping):
            changed[kind] = {name: without(found) for name, found in inner.items()}
    return {**changed, **{key: value for key, value in instead.items() if value}}
