"""Defaults that name the function: ``handler = "{function}.app.handler"`` serves many of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

FUNCTION_FIELD: Final = "{function}"
TEMPLATED: Final = frozenset(("code", "extras", "groups", "handler", "lock", "only-groups"))
"""The keys that it is replaced in. In ``filename`` it is one placeholder of several."""


def split_templates(
    table: Mapping[str, object],
) -> tuple[dict[str, object], dict[str, object]]:
    """Return what of a table holds for every function as it stands, and what names the function."""
    named = {key: value for key, value in table.items() if key in TEMPLATED and _names(value)}
    return {key: value for key, value in table.items() if key not in named}, named


def for_function(table: Mapping[str, object], function: str) -> dict[str, object]:
    """Return a table with the function's name where it is to stand."""
    return {
        key: _filled(value, function) if key in TEMPLATED else value for key, value in table.items()
    }


def _names(value: object) -> bool:
    return _filled(value, "") != value


def _filled(value: object, function: str) -> object:
    if isinstance(value, str):
        return value.replace(FUNCTION_FIELD, function)
    if isinstance(value, list):
        return [_filled(item, function) for item in value]
    if isinstance(value, Mapping):
        return {_filled(key, function): _filled(item, function) for key, item in value.items()}
    return value
