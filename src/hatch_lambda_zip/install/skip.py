"""Which files of a distribution do not ship, and why."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class Reason(Enum):
    """Why a file that a distribution lists is not in the zip."""

    BYTECODE = "bytecode"
    SCRIPT = "script"
    SIGNATURE = "signature"
    PATTERN = "pattern"
    TESTS = "tests"
    TYPE_STUB = "type-stub"
    NATIVE_HEADER = "native-header"
    SOURCE = "source"

    @property
    def explanation(self) -> str:
        """The reason in one sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS: Final = {
    Reason.BYTECODE: "Compiled by some interpreter at some time; the source ships.",
    Reason.SCRIPT: "A script for the command line; installers write an interpreter's path into it.",
    Reason.SIGNATURE: "Signs the RECORD of the wheel, which is rewritten.",
    Reason.PATTERN: "`include` or `exclude` leaves it out.",
    Reason.TESTS: "A test directory that no shipped module imports, by `strip`.",
    Reason.TYPE_STUB: "For type checkers only, by `strip`.",
    Reason.NATIVE_HEADER: "For C and C++ compilers only, by `strip`.",
    Reason.SOURCE: 'Its bytecode ships instead, by `source = "omit"`.',
}


@dataclass(frozen=True)
class LeftOut:
    """A file that does not ship."""

    path: str
    reason: Reason
    distribution: str


def reason_to_leave_out(
    path: str, record: str, site: Path, listed: Collection[str], scripts: Collection[str]
) -> Reason | None:
    """Decide about one file of a distribution.

    Args:
        path: as in RECORD.
        record: the path of that RECORD.
        site: the directory that both are relative to.
        listed: all paths of the RECORD.
        scripts: the names of the distribution's entry point scripts.

    Returns:
        Why it does not ship; None when it does.
    """
    parts = path.split("/")
    if path in {f"{record}.jws", f"{record}.p7s"}:
        return Reason.SIGNATURE  # PEP 427
    if "__pycache__" in parts:
        return Reason.BYTECODE
    # Outside __pycache__, bytecode without its source is a module like any other (PEP 3147);
    # beside its source it is never loaded.
    if path.endswith(".pyc") and path[:-1] in listed:
        return Reason.BYTECODE
    if len(parts) == 2 and parts[0] == "bin":  # noqa: PLR2004 - bin/NAME
        if parts[1] in scripts:
            return Reason.SCRIPT
        if _is_script(site / path, in_package="bin/__init__.py" in listed):
            return Reason.SCRIPT
    return None


def _is_script(path: Path, *, in_package: bool) -> bool:
    """Tell whether a file in bin/ is a script, whose first line installers write.

    Args:
        path: the file.
        in_package: whether bin/ is a package as well, whose modules may start with ``#!`` too.
    """
    if not path.is_file():
        return False  # reported with the other files that RECORD lists in vain
    with path.open("rb") as file:
        lines = file.readline() + file.readline()
    if not lines.startswith(b"#!"):
        return False
    return is_installers_script(lines) or not in_package


def entry_point_scripts(path: Path) -> frozenset[str]:
    """Return the names of the scripts that an installer makes from entry points."""
    if not path.is_file():
        return frozenset()
    groups = read_entry_points(path.read_bytes())
    wanted = (groups.get(group, {}) for group in ("console_scripts", "gui_scripts"))
    return frozenset(name for group in wanted for name in group)


def read_entry_points(content: bytes) -> dict[str, dict[str, str]]:
    """Read an ``entry_points.txt``.

    Returns:
        The references of each group by their names; nothing of a file that can't be read, since
        no installer has made scripts of it either.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError):
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def is_installers_script(start: bytes) -> bool:
    """Tell whether an installer wrote, or is to write, the first line of a script.

    Args:
        start: its first two lines.
    """
    # "#!python" is what a wheel has for an installer to replace by its interpreter (PEP 427).
    return start.startswith(b"#!python") or os.fsencode(sys.executable) in start
