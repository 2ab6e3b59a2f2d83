"""The words that options choose among."""

from __future__ import annotations

from enum import Enum


class Strip(Enum):
    """A kind of file that no function needs, to be left out on request."""

    TESTS = "tests"
    TYPE_STUBS = "type-stubs"
    NATIVE_HEADERS = "native-headers"


class BytecodeMode(Enum):
    """What happens to compiled modules."""

    STRIP = "strip"
    COMPILE = "compile"


class Modules(Enum):
    """Which of the package's own modules ship."""

    ALL = "all"
    IMPORTED = "imported"


class CheckImports(Enum):
    """What it is when an import can't succeed."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


class Source(Enum):
    """What happens to the source of modules that are compiled."""

    KEEP = "keep"
    OMIT = "omit"
