"""What is compiled, by what, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


@dataclass(frozen=True)
class Interpreter:
    """A CPython to compile with; its version is a release, as "3.13.0"."""

    path: Path
    version: str


@dataclass(frozen=True)
class Source:
    """A module to compile.

    Attributes:
        name: in the zip, for messages.
        filename: the path that tracebacks show, on Lambda.
        content: of the .py file.
    """

    name: str
    filename: str
    content: bytes


class Obstacle(Enum):
    """Why a module ships without a .pyc; its source does in any case."""

    SYNTAX = "syntax"
    CPU = "cpu-dependent"
    CANONICAL = "not-canonical"


@dataclass(frozen=True)
class Compiled:
    """What became of a module.

    Attributes:
        pyc: the content of the canonical file, or None.
        obstacle: why there is none, else None.
        detail: the same in words: one line, the same on every machine; else empty.
    """

    pyc: bytes | None
    obstacle: Obstacle | None
    detail: str
