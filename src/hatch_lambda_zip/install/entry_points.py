"""entry_points.txt (PyPA entry points specification), and the scripts that come of it."""

from __future__ import annotations

import configparser
import os
import re
import sys
from collections.abc import Mapping
from keyword import iskeyword
from typing import Final

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import path_problem
from hatch_lambda_zip.text import shortened

# The reference of an entry point, as importlib.metadata takes it apart.
_REFERENCE: Final = re.compile(
    r"(?P<module>[\w.]+)\s*(?::\s*(?P<attribute>[\w.]+)\s*)?(?P<extras>\[[\w.,\s-]*\])?"
)

# The same for a script, which needs an attribute to call.
_SCRIPT: Final = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<attribute>[\w.]+)\s*(?:\[[^\]]*\])?")

SCRIPT_GROUPS = ("console_scripts", "gui_scripts")


def read_entry_points(content: bytes) -> dict[str, dict[str, str]]:
    """Return the references of each group by their names.

    Nothing of a file that can't be read, since no installer has made scripts of it either.
    """
    return _parse(content) or {}


def _parse(content: bytes) -> dict[str, dict[str, str]] | None:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError):
        return None
    return {section: dict(parser[section]) for section in parser.sections()}


def split_reference(reference: str) -> tuple[str, str] | None:
    """Return module and attribute of a script's entry point, which may have extras behind it.

    None where a script could not import them: each is Python names with points between them.
    """
    match = _SCRIPT.fullmatch(reference.strip())
    if match is None:
        return None
    parts = f"{match['module']}.{match['attribute']}".split(".")
    if not all(part.isidentifier() and not iskeyword(part) for part in parts):
        return None
    return match["module"], match["attribute"]


def check_scripts(content: bytes) -> None:
    """Check that installers can make scripts of an entry_points.txt.

    Raises:
        DistributionError: they could not; the message is about the wheel.
    """
    entry_points = _parse(content)
    if entry_points is None:
        raise DistributionError("its entry_points.txt can't be read as an INI file in UTF-8")
    for group in SCRIPT_GROUPS:
        for name, reference in entry_points.get(group, {}).items():
            if split_reference(reference) is None:
                raise DistributionError(
                    f"its entry point {name!r} in {group} is {reference!r}, which is not of the "
                    "form 'module:attribute'. Correct it in pyproject.toml"
                )
            if "/" in name or path_problem(name, "bin"):
                raise DistributionError(
                    f"its entry point {shortened(name)!r} in {group} is not the name of a file, "
                    "which a script has to have. Correct it in pyproject.toml"
                )


def script_names(entry_points: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Return the names of the scripts that an installer makes from entry points.

    On Windows uv makes programs instead, as installers there do, which have the path of a Python
    in them as well. Elsewhere it never installs what a wheel has under such a name.
    """
    names = {name for group in SCRIPT_GROUPS for name in entry_points.get(group, ())}
    return frozenset(names | {f"{name.removesuffix('.py')}.exe" for name in names})


def is_installers_script(start: bytes) -> bool:
    """Tell from a script's first two lines whether the first is an installer's, or for one."""
    # "#!python" is what a wheel has for an installer to replace by its interpreter (PEP 427).
    return start.startswith(b"#!python") or os.fsencode(sys.executable) in start


def canonical_entry_points(content: bytes) -> bytes:
    """Write entry points anew: groups and names in ascending order, in one spelling.

    What is not read alike by installers (as an INI file) and by ``importlib.metadata`` (line by
    line) stays as it is.
    """
    groups = read_entry_points(content)
    if (not groups and content.strip()) or groups != _read_by_lines(content):
        return content
    parts = []
    for group, references in sorted(groups.items()):
        if references:
            lines = [f"{name} = {_canonical(text)}\n" for name, text in sorted(references.items())]
            parts.append(f"[{group}]\n{''.join(lines)}")
    return "\n".join(parts).encode()


def _read_by_lines(content: bytes) -> dict[str, dict[str, str]]:
    """Read entry points as importlib.metadata does."""
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] = {}
    for line in map(str.strip, content.decode().splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = groups.setdefault(line[1:-1], {})
        elif line and not line.startswith("#"):
            name, _, reference = line.partition("=")
            group[name.strip()] = reference.strip()
    return groups


def _canonical(reference: str) -> str:
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        return reference
    result = match["module"]
    if match["attribute"]:
        result += f":{match['attribute']}"
    extras = re.findall(r"[\w.-]+", match["extras"] or "")
    return f"{result} [{','.join(extras)}]" if extras else result
