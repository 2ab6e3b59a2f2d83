"""entry_points.txt (PyPA entry points specification), and the scripts that come of it."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Mapping

SCRIPT_GROUPS = ("console_scripts", "gui_scripts")


def read_entry_points(content: bytes) -> dict[str, dict[str, str]]:
    """Return the references of each group by their names.

    Nothing of a file that can't be read, since no installer has made scripts of it either.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError):
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def script_names(entry_points: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Return the names of the scripts that an installer makes from entry points."""
    return frozenset(name for group in SCRIPT_GROUPS for name in entry_points.get(group, ()))


def is_installers_script(start: bytes) -> bool:
    """Tell from a script's first two lines whether the first is an installer's, or for one."""
    # "#!python" is what a wheel has for an installer to replace by its interpreter (PEP 427).
    return start.startswith(b"#!python") or os.fsencode(sys.executable) in start
