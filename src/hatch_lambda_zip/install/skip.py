"""Which rows of a RECORD do not ship, whatever is configured."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hatch_lambda_zip.install.entry_points import is_installers_script
from hatch_lambda_zip.install.reasons import Reason


def reason_to_skip(
    path: str, record: str, site: Path, listed: Collection[str], scripts: Collection[str]
) -> Reason | None:
    """Decide about one row.

    Args:
        path: as in RECORD.
        record: the path of that RECORD.
        site: the directory that both are relative to.
        listed: all paths of the RECORD.
        scripts: the names of the distribution's entry point scripts.

    Returns:
        Why the file does not ship; None when it does.
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

    Where bin/ is a package as well, its modules may start with ``#!`` too.
    """
    if not path.is_file():
        return False  # reported with the other files that RECORD lists in vain
    with path.open("rb") as file:
        lines = file.readline() + file.readline()
    if not lines.startswith(b"#!"):
        return False
    return is_installers_script(lines) or not in_package
