"""The package that the functions belong to, and what its artifacts are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TOOL_NAME: Final = "hatch-lambda-zip"


@dataclass(frozen=True)
class Project:
    """A package.

    Attributes:
        name: normalized (PEP 503).
        version: as hatchling writes it.
        file_stem: what the artifacts' names start with, such as ``orders-1.0.0``.
    """

    name: str
    version: str
    file_stem: str

    def artifact_name(self, function: str) -> str:
        """Return the file name of a function's zip."""
        return f"{self.file_stem}-{function}.zip"

    def manifest_name(self, function: str) -> str:
        """Return the file name of a function's manifest."""
        return f"{self.file_stem}-{function}.json"
