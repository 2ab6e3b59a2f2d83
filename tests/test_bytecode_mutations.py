"""Mutants of real .pyc files: refused with a BytecodeError, or the same code in canonical form.

The numbers of a run are shown with --log-cli-level=INFO. Exhaustive cases try thirty times
as many, in about ten minutes. Random numbers are the same in every run, and a failure shows a
mutant's bytes.
"""

from __future__ import annotations

import logging
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.errors import BytecodeError
from tests.support import effort
from tests.support.interpreters import one_for_each_minor, read_zip, run_script, version_of
from tests.support.mutants import Mutator
from tests.support.python_sources import ODD_CONSTANTS, standard_library
from tests.support.verdicts import Pairs, judge

pytestmark = pytest.mark.slow

LOG: Final = logging.getLogger(__name__)
BATCH: Final = 2_000
ORIGINALS: Final = 40
# One mutant in as many is measured, which takes ten times as long as to normalize it.
MEASURED: Final = 20


@pytest.fixture(scope="module", params=one_for_each_minor())
def python(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


@pytest.fixture(scope="module")
def originals(python: str, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Compile the smallest files of an interpreter's standard library that have some content."""
    directory = tmp_path_factory.mktemp("originals")
    paths = [path for path in standard_library(python).glob("*/*.py") if path.is_file()]
    paths = sorted(path for path in paths if path.stat().st_size > 300)
    paths.sort(key=lambda path: path.stat().st_size)
    listed = "\n".join(map(str, [*paths[:ORIGINALS], ODD_CONSTANTS]))
    (directory / "sources.txt").write_text(listed, "utf-8")
    out = directory / "out.zip"
    run_script(python, "compile_sources.py", directory / "sources.txt", out)
    return list(read_zip(out).values())


@pytest.mark.parametrize("batches", [1, pytest.param(30, marks=pytest.mark.exhaustive)])
def test_mutants_are_refused_or_mean_the_same(
    python: str, originals: list[bytes], tmp_path: Path, batches: int
) -> None:
    verdicts: Counter[str] = Counter()
    for batch in range(batches):
        seed = f"{version_of(python)} {batch}"
        mutator = Mutator(seed, originals)
        mutants = {f"{batch}.{number}": mutator.mutant() for number in range(BATCH)}
        pairs: Pairs = {}
        for number, (name, mutant) in enumerate(mutants.items()):
            result = checked(name, mutant, measured=number % MEASURED == 0)
            if result is not None:
                pairs[name] = mutant, result
        found = judge(python, tmp_path, pairs)
        wrong = [name for name, verdict in found.items() if verdict == "wrong"]
        assert not wrong, [(name, *(data.hex() for data in pairs[name])) for name in wrong]
        verdicts.update(found.values())
    accepted = verdicts.total()
    LOG.info(
        "%s: %d mutants, %d accepted: %s",
        version_of(python),
        batches * BATCH,
        accepted,
        dict(verdicts),
    )
    # Else these would not have been the mutants to learn from.
    assert batches * BATCH / 10 < accepted < batches * BATCH / 2
    assert verdicts["equal"] > accepted / 2


def checked(name: str, mutant: bytes, *, measured: bool) -> bytes | None:
    """Normalize a mutant and check what can be checked without the interpreter.

    Returns:
        The canonical file; None if the mutant is refused.
    """
    if measured:
        call = partial(refused_or_normalized, mutant)
        assert effort.lines(call) < effort.LINES * len(mutant) + effort.BASE, (name, mutant.hex())
        assert effort.peak(call) < effort.MEMORY * len(mutant) + effort.BASE, (name, mutant.hex())
    result = refused_or_normalized(mutant)
    if result is not None:
        assert normalize(result) == result, (name, mutant.hex())
        assert len(result) <= effort.GROWTH * len(mutant), (name, mutant.hex())
    return result


def refused_or_normalized(mutant: bytes) -> bytes | None:
    try:
        return normalize(mutant)
    except BytecodeError:
        return None


def test_every_cut_and_every_appendix_is_noticed(originals: list[bytes]) -> None:
    for original in sorted(originals, key=len)[:3]:
        for end in range(len(original)):
            with pytest.raises(BytecodeError):
                normalize(original[:end])
        for kind in range(256):
            with pytest.raises(BytecodeError, match="follows"):
                normalize(original + bytes((kind,)))
