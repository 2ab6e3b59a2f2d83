"""Why something does not ship: the one list of reasons, for files and for whole distributions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Reason(Enum):
    """Why a file that a distribution lists, or a distribution that the lock names, stays out."""

    # Files.
    BYTECODE = "bytecode"
    SCRIPT = "script"
    SIGNATURE = "signature"
    PATTERN = "pattern"
    EXCLUDED_FILE = "excluded-file"
    UNREACHED = "unreached"
    TESTS = "tests"
    TYPE_STUB = "type-stub"
    NATIVE_HEADER = "native-header"
    SOURCE = "source"
    NOT_CODE = "not-code"
    # Distributions.
    EXCLUDED = "excluded"
    PROVIDED = "provided"
    UNNEEDED = "unneeded"
    LAYER = "layer"

    @property
    def explanation(self) -> str:
        """The reason in one sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS: Final = {
    Reason.BYTECODE: "Compiled by some interpreter at some time; the source ships.",
    Reason.SCRIPT: "A script for the command line; installers write an interpreter's path into it.",
    Reason.SIGNATURE: "Signs the RECORD of the wheel, which is rewritten.",
    Reason.PATTERN: "`include` or `exclude` leaves it out.",
    Reason.EXCLUDED_FILE: "`exclude-files` leaves it out.",
    Reason.UNREACHED: "Nothing leads to it from the handler, by `modules`.",
    Reason.TESTS: "A test directory that no shipped module imports, by `strip`.",
    Reason.TYPE_STUB: "For type checkers only, by `strip`.",
    Reason.NATIVE_HEADER: "For C and C++ compilers only, by `strip`.",
    Reason.SOURCE: 'Its bytecode ships instead, by `source = "omit"`.',
    Reason.NOT_CODE: "It lies in a code directory and is no code, by its name.",
    Reason.EXCLUDED: "`exclude-distributions` names it.",
    Reason.PROVIDED: "The runtime or a layer from elsewhere has it, by `provided`.",
    Reason.UNNEEDED: "Only distributions that are left out need it.",
    Reason.LAYER: "A layer of the function ships it.",
}


@dataclass(frozen=True)
class LeftOut:
    """A file that does not ship; ``path`` is as in the distribution's RECORD."""

    path: str
    reason: Reason
    distribution: str


@dataclass(frozen=True)
class LeftOutDistribution:
    """A distribution that does not ship, or that ``layer`` ships instead."""

    name: str
    version: str
    reason: Reason
    layer: str | None = None
