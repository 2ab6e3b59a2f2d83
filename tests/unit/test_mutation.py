from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutation import __main__ as command
from tests.mutation import trial
from tests.mutation.__main__ import argued_away, sample
from tests.mutation.mutants import mutants_of
from tests.mutation.reach import Reach
from tests.mutation.run import CHECKOUT, PACKAGE, copy_checkout
from tests.mutation.trial import unit_tests_of

SOURCE = '''
"""What it is for."""
from a import b
__all__ = ["b"]

@c(frozen=True)
def d(e: int | None = 2, *, f: bool = False) -> str:
    """In: out."""
    if (
        e < 1
        and not f
    ):
        raise ValueError("It was wrong.")
    b(f"{e + 1}")
    return "é" if e else b"x".join(e)
'''


def test_mutants_are_small_mistakes_where_one_could_be_made(tmp_path: Path) -> None:
    path = tmp_path / "hatch_lambda_zip/archive/module.py"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE, encoding="utf-8")
    mutants = [*mutants_of(path)]
    assert [(mutant.line, mutant.before, mutant.after) for mutant in mutants] == [
        (7, "2", "3"),
        (7, "False", "True"),
        (10, "e < 1 and (not f)", "e < 1 or not f"),
        (10, "e < 1 and (not f)", "not (e < 1 and (not f))"),
        (10, "e < 1", "e <= 1"),
        (10, "1", "2"),
        (11, "not f", "f"),
        (13, "raise ValueError('It was wrong.')", "pass"),
        (14, "b(f'{e + 1}')", "pass"),
        (15, "return 'é' if e else b'x'.join(e)", "return None"),
        (15, "'é'", "'éX'"),
        (15, "e", "not (e)"),
        (15, "b'x'", "b'xX'"),
    ]
    # From the start of the statement, where its line may be noted.
    assert [mutant.lines for mutant in mutants[2:4]] == [range(9, 12)] * 2
    for mutant in mutants:
        compile(mutant.source, mutant.path, "exec")
    assert mutants[4].name == "archive/module.py: e < 1: e < 1 -> e <= 1"
    assert mutants[4].source.decode() == SOURCE.replace("e < 1", "(e <= 1)")
    assert mutants[10].source.decode() == SOURCE.replace('"é"', "'éX'")


@pytest.mark.exhaustive
def test_the_tests_of_a_module_are_those_that_import_it_the_nearest_way() -> None:
    # By itself, by a name that its package has from it, and by a module that imports it.
    assert unit_tests_of(PACKAGE / "archive/encoder.py")[0] == "tests/unit/test_encoder.py"
    assert "tests/unit/test_archive.py" in unit_tests_of(PACKAGE / "archive/encoder.py")
    assert unit_tests_of(PACKAGE / "lock/same_markers.py") == ("tests/unit/test_static_check.py",)


@pytest.mark.exhaustive
def test_a_mistake_is_seen_and_where_there_is_none_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = ("tests/unit/test_encoder.py",)
    monkeypatch.setattr(trial, "unit_tests_of", lambda _module: files)
    path = PACKAGE / "archive/encoder.py"
    (mutant, *_) = (it for it in mutants_of(path) if it.text == "state ^= state >> 17")
    reach = Reach(copy_checkout(tmp_path / "checkout"))
    reaching = reach.tests_of(mutant, files)
    assert 0 < len(reaching) < len(reach.seconds)
    assert trial.tried(mutant, reach) == "killed"
    assert trial.tried(replace(mutant, source=path.read_bytes()), reach) == "survived"


def test_what_is_argued_away_still_is_a_mutant() -> None:
    argued = argued_away()
    modules = {PACKAGE / name.partition(":")[0] for name in argued}
    assert argued <= {mutant.name for module in modules for mutant in mutants_of(module)}
    assert CHECKOUT in PACKAGE.parents


def test_other_code_leaves_a_sample_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutants that are gone leave their places to others; nobody else loses one."""
    of_two = {mutant.name for mutant in sample(100, 18) if mutant.name.startswith("bytecode/")}
    assert 5 < len(of_two) < 50
    monkeypatch.setattr(command, "PACKAGES", ("bytecode",))
    assert of_two < {mutant.name for mutant in sample(100, 18)}
    assert of_two != {mutant.name for mutant in sample(100, 19)}
