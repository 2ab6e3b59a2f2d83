"""Compares mutants with what the normalizer made of them, in interpreters that they may kill.

CPython trusts code objects: one whose parts do not fit together can make it read or write beyond
them as soon as it is loaded. So a child process does the comparing, with an allocator that notices
such writes, and what is judged against the normalizer has to hold in a fresh process.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final

import pytest

from tests.support.interpreters import start_script, write_zip

Pairs = dict[str, tuple[bytes, bytes]]
# Kills the child when a freed object turns out to have been written past its end.
_ALLOCATOR: Final = "debug"
_TRIES: Final = 3


def judge(python: str, directory: Path, pairs: Mapping[str, tuple[bytes, bytes]]) -> dict[str, str]:
    """Compare pairs of .pyc files by name.

    Returns:
        A verdict for each: "equal"; "unloadable", the first does not load; "deadly", the first
        alone already kills the interpreter or is not even equal to itself; or "wrong".
    """
    verdicts: dict[str, str] = {}
    while len(verdicts) < len(pairs):
        todo = dict(islice(pairs.items(), len(verdicts), None))
        found = _compare(python, directory, todo)
        for name, verdict in found.items():
            # Alone, in case an earlier mutant of the batch had damaged the process.
            fine = verdict in {"equal", "unloadable"}
            verdicts[name] = verdict if fine else _judge_alone(python, directory, name, todo[name])
    return verdicts


def _judge_alone(python: str, directory: Path, name: str, pair: tuple[bytes, bytes]) -> str:
    verdict = _compare(python, directory, {name: pair})[name]
    if verdict in {"equal", "unloadable"}:
        return verdict
    # More than once: what lies beyond an object's end is different each time.
    itself = {name: (pair[0], pair[0])}
    if any(_compare(python, directory, itself)[name] != "equal" for _ in range(_TRIES)):
        return "deadly"
    return "wrong"


def _compare(python: str, directory: Path, pairs: Pairs) -> dict[str, str]:
    """Return the interpreter's verdicts, up to the first pair that it died of: "started"."""
    one = write_zip(directory / "one.zip", {name: pair[0] for name, pair in pairs.items()})
    two = write_zip(directory / "two.zip", {name: pair[1] for name, pair in pairs.items()})
    options = ["mutants", next(iter(pairs))]
    result = start_script(python, "compare_code.py", one, two, *options, PYTHONMALLOC=_ALLOCATOR)
    if not result.stdout:
        pytest.fail(f"{result.args} failed:\n{result.stderr}")
    return dict(line.split() for line in result.stdout.splitlines())
