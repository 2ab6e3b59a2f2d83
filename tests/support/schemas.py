"""The JSON Schemas in docs."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from tests.support.commands import CHECKOUT


@cache
def _validator(name: str) -> Any:  # noqa: ANN401 - the package has no types
    paths = (CHECKOUT / "docs").glob("*.schema.json")
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in paths}
    resources = [(file, Resource.from_contents(schema)) for file, schema in schemas.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(schemas[name], registry=registry)


def is_valid(document: object, name: str) -> bool:
    """Tell whether a document is as the schema of this name in docs says."""
    return bool(_validator(name).is_valid(document))
