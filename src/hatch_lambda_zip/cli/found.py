"""What init finds in a project."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """A function as it is found.

    Attributes:
        name: what it is called there; of a folder, its own name.
        code: its directory, relative to the project's.
        handler: as Lambda gets it.
        runtime: where something says it, else empty.
        architecture: likewise.
    """

    name: str
    code: str
    handler: str
    runtime: str = ""
    architecture: str = ""


@dataclass(frozen=True)
class Found:
    """All that was found.

    Attributes:
        source: where, for the user.
        functions: in order, each once.
        unread: what could not be read, in words.
    """

    source: str
    functions: tuple[Function, ...] = ()
    unread: tuple[str, ...] = ()


def word(value: object) -> str:
    """Return a word that stands in YAML as it is; empty for a variable, or something else."""
    return value if isinstance(value, str) and "{" not in value else ""
