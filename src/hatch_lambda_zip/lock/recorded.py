"""What a pylock.toml was made of: ``hatch-lambda-zip lock`` writes it in, and builds compare it.

uv's own pylock.toml does not say it, so nobody would notice that requirements.txt was edited and
not locked again. The table is ``[tool.hatch-lambda-zip]``, as PEP 751 keeps ``[tool]`` for tools.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import TOOL_NAME, Project, inner_table
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.lock.foreign import FOREIGN, read_foreign
from hatch_lambda_zip.lock.model import LockFile, resolved, unreadable
from hatch_lambda_zip.lock.places import has_name
from hatch_lambda_zip.lock.requirements import LineError, logical_lines, split_option

NEW_FILE: Final = f"pylock.{TOOL_NAME}-new.toml"
"""A lock in the making, by a name that uv takes for a lock; what is killed may leave it behind."""

_NESTED: Final = re.compile(
    r"(?P<option>-r|--requirement|-c|--constraint)(?:\s+|=)(?P<path>\S.*)", re.DOTALL
)
_EDITABLE: Final = ("-e", "--editable")


def read_requirements(path: Path) -> tuple[str, ...]:
    """Return the requirements and constraints of a requirements file, and of those it names.

    Options, such as the address of an index, are not among them: they may hold a secret.

    Returns:
        A line for each, in order; a constraint starts with ``-c``.

    Raises:
        LockError: a file can't be read, or names itself.
    """
    return tuple(_lines(path, prefix="", above=()))


def are_hashed(requirements: Iterable[str]) -> bool:
    """Tell whether a requirements file is a lock by itself; ``requirements`` are its lines."""
    return any("--hash=" in line for line in requirements)


def read_source(path: Path) -> tuple[str, ...]:
    """Return what a pylock.toml is made of, from a requirements file or another tool's lock.

    Raises:
        LockError: see `read_requirements` and `read_foreign`.
    """
    return read_foreign(path).requirements if path.name in FOREIGN else read_requirements(path)


def _lines(path: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[str]:
    if path in above:
        raise LockError(f"{path} names itself, by way of {above[-1]}. Remove that line.")
    try:
        content = read_regular(path)
        text = (content or b"").decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise unreadable(path, error) from None
    if content is None:
        raise LockError(f"{path} is no regular file. Write what it has into one.")
    for line in logical_lines(text):
        if match := _NESTED.fullmatch(line.text):
            is_constraint = match["option"] in {"-c", "--constraint"}
            try:
                inner = resolved(path.parent, match["path"].strip())
            except LockError as error:
                raise LockError(f"{path}, line {line.number}: {error}. Correct it.") from None
            yield from _lines(inner, "-c " if is_constraint else prefix, (*above, path))
            continue
        try:
            is_option = line.text.startswith("-") and split_option(line.text)[0] not in _EDITABLE
        except LineError as error:
            raise LockError(f"{path}, line {line.number}: {error}.") from None
        if not is_option:
            yield prefix + " ".join(line.text.split())


def with_record(text: str, requirements: Path) -> str:
    """Return a pylock.toml that says what it was made of.

    Args:
        text: as uv wrote it.
        requirements: the requirements file, or another tool's lock, beside it.

    Raises:
        LockError: see `read_source`.
    """
    lines = "".join(f"    {json.dumps(line)},\n" for line in read_source(requirements))
    array = f"[\n{lines}]" if lines else "[]"
    return (
        f"{text.rstrip()}\n\n[tool.{TOOL_NAME}]\n"
        f"requirements-file = {json.dumps(requirements.name)}\nrequirements = {array}\n"
    )


def is_recorded(tool: Mapping[str, object]) -> bool:
    """Tell whether a pylock.toml says what it was made of, and so is ours to overwrite.

    Args:
        tool: its ``[tool]``.
    """
    return TOOL_NAME in tool


def requirers_of(tool: Mapping[str, object]) -> tuple[Project, ...]:
    """Return what a pylock.toml was made of, as a project that requires it; nothing if unknown.

    What is named by a path or a URL alone is not among it.

    Args:
        tool: its ``[tool]``.
    """
    table = inner_table(tool, TOOL_NAME)
    file, recorded = table.get("requirements-file"), table.get("requirements")
    if not isinstance(file, str) or not isinstance(recorded, list):
        return ()
    return (as_requirer(file, map(str, recorded)),)


def recorded_lines(tool: Mapping[str, object]) -> tuple[str, ...]:
    """Return the lines that a pylock.toml was made of; nothing if unknown.

    Args:
        tool: its ``[tool]``.
    """
    recorded = inner_table(tool, TOOL_NAME).get("requirements")
    return tuple(map(str, recorded if isinstance(recorded, list) else ()))


def as_requirer(file: str, requirements: Iterable[str]) -> Project:
    """Return the lines of a requirements file as a project that requires them, but for paths."""
    named = (line.partition(" --")[0] for line in requirements if has_name(line))
    return Project(file, "", "", tuple(named))


def check_recorded(tool: Mapping[str, object], lock: LockFile) -> None:
    """Compare what a pylock.toml was made of with what stands there now.

    Args:
        tool: its ``[tool]``.

    Raises:
        LockError: it is something else, or can't be read.
    """
    if not is_recorded(tool):
        return  # made by another tool
    table = inner_table(tool, TOOL_NAME)
    file, recorded = table.get("requirements-file"), table.get("requirements")
    if not isinstance(file, str) or not isinstance(recorded, list):
        raise LockError(
            f"{lock.path} does not say any more what it was made of: [tool.{TOOL_NAME}] lacks "
            "`requirements-file` or `requirements`, as after a bad merge. "
            f"Run `{TOOL_NAME} lock` and commit the result."
        )
    source = lock.path.parent / file
    if not source.exists():
        raise LockError(
            f"{lock.path} was made of {file}, which is not there any more. Restore it; or remove "
            "the lock, too."
        )
    now = read_source(source)
    if {*now} == {*map(str, recorded)}:
        return
    added = [line for line in now if line not in recorded]
    removed = [str(line) for line in recorded if line not in now]
    changes = [f"{', '.join(added)} came in"] if added else []
    changes += [f"{', '.join(removed)} went out"] if removed else []
    raise LockError(
        f"{lock.path} was made of another {file}: since then {' and '.join(changes)}. "
        f"Run `{TOOL_NAME} lock` and commit the result."
    )
