"""Projects that don't state what they require: uv builds them to check a uv.lock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.files import content_if_any

# As uv writes it; a path that TOML has to escape is none of a project that anybody has.
_LOCAL: Final = re.compile(rb'^source = \{ (?:directory|editable) = "([^"\\\n]*)" \}', re.MULTILINE)
_DYNAMIC: Final = frozenset(("dependencies", "optional-dependencies"))


def states_requirements(pyproject: Mapping[str, Any]) -> bool:
    """Tell whether a pyproject.toml states what the project requires (see PEP 621's `dynamic`)."""
    project = inner_table(pyproject, "project")
    dynamic = project.get("dynamic", ())
    return bool(project) and _DYNAMIC.isdisjoint(dynamic if isinstance(dynamic, list) else ())


def built_to_check(lock: Path) -> list[Path]:
    """Return the directories of the projects in a uv.lock that uv may build to check it."""
    places = {place.decode(errors="replace") for place in _LOCAL.findall(content_if_any(lock))}
    roots = [lock.parent / place for place in sorted(places)]
    return [root for root in roots if not states_requirements(read_tables(root / "pyproject.toml"))]
