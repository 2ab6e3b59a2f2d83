"""One mutant: which tests have to do with it, and whether they see it."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import pytest

from tests.mutation.mutants import Mutant
from tests.mutation.reach import Reach
from tests.mutation.run import CHECKOUT, PACKAGE, output, run

Outcome = Literal["killed", "survived", "argued away"]

_FIRST: Final = 20  # tests; most mutants are seen by them
_PROCESSOR: Final = 30  # seconds, besides what the tests may take with more examples
_FAILED: Final = "failed"  # beside the copy: the test that was the first to fail


def tried(mutant: Mutant, reach: Reach) -> Outcome:
    """Return what tests say of a mutant.

    First those say it that run its line, then all that have to do with its module: of what runs
    while modules are imported, or is kept from test to test, nobody knows for which. Then those of
    all other unit tests that run its line.
    """
    known: set[str] = set()
    for tests in _tests_in_turn(mutant, reach):
        new = tuple(test for test in tests if test not in known)
        known.update(new)
        if new and _is_seen(mutant, new, reach):
            return "killed"
    return "survived"


def _tests_in_turn(mutant: Mutant, reach: Reach) -> Iterator[list[str]]:
    files = unit_tests_of(mutant.path)
    reaching = reach.tests_of(mutant, files)
    yield reaching[:_FIRST]
    yield reaching[_FIRST:]
    for file in files:
        yield [test for test in reach.seconds if test.startswith(f"{file}::")]
    everywhere = [*files, *_all_unit_tests()]
    # None, where it runs while its module is imported.
    reaching = reach.tests_of(mutant, everywhere)
    reaching = reaching or reach.tests_of(mutant, everywhere, whole_module=True)
    yield reaching[:_FIRST]
    yield reaching[_FIRST:]


def _all_unit_tests() -> list[str]:
    """Return the files of unit tests but for those of these trials."""
    paths = sorted((CHECKOUT / "tests/unit").glob("test_*.py"))
    return [it.relative_to(CHECKOUT).as_posix() for it in paths if it.stem != "test_mutation"]


def unit_tests_of(module: Path) -> tuple[str, ...]:
    """Return the unit tests that import a module, or else those that import what imports it.

    They are files, and one with the module's name comes first.
    """
    searched = {module}
    while True:
        tests = [file for file in _all_unit_tests() if _imported(CHECKOUT / file) & searched]
        importers = {path for path in PACKAGE.rglob("*.py") if _imported(path) & searched}
        if tests or importers <= searched:
            own = f"tests/unit/test_{module.stem}.py"
            return tuple(sorted(tests, key=lambda name: name != own))
        searched |= importers


def _is_seen(mutant: Mutant, tests: tuple[str, ...], reach: Reach) -> bool:
    module = reach.tree / mutant.path.relative_to(CHECKOUT)
    original = module.read_bytes()
    _write(module, mutant.source)
    passes = _run(tests, reach) == 0
    _write(module, original)
    if passes:
        return False
    failed = Path(reach.tree.parent, _FAILED)
    # What fails without the mutant as well says nothing.
    return _passes((failed.read_text(encoding="utf-8"),) if failed.exists() else tests, reach)


def _write(module: Path, source: bytes) -> None:
    """Write a module, and remove what was compiled of it: its size and second may be the same."""
    module.write_bytes(source)
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
        compiled.unlink()


@functools.cache
def _passes(tests: tuple[str, ...], reach: Reach) -> bool:
    passes = _run(tests, reach) == 0
    if not passes:
        print(f"Without any mutant too:\n{output(reach.tree)[-2000:]}", flush=True)
    return passes


def _run(tests: Sequence[str], reach: Reach) -> int:
    failed = Path(reach.tree.parent, _FAILED)
    failed.unlink(missing_ok=True)
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    seconds = _PROCESSOR + 10 * sum(reach.seconds[test] for test in tests)
    return run(["-x", *files], reach.tree, _Chosen(tests, failed), seconds=int(seconds))


class _Chosen:
    """A plugin of pytest that has some tests run, in their order, and notes which one fails."""

    def __init__(self, tests: Sequence[str], failed: Path) -> None:
        self._tests = tests
        self._failed = failed

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self._tests if test in found]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self._failed.exists():
            self._failed.write_text(report.nodeid, encoding="utf-8")


@functools.cache
def _imported(path: Path) -> frozenset[Path]:
    """Return the modules of the package that a file names in its imports."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    # A name of a module, or a module of a package.
                    found |= {*_file_of(f"{module}.{alias.name}")} or _origin(module, alias.name)
            case ast.Import(names=names):
                for alias in names:
                    found |= {*_file_of(alias.name)}
            case _:
                pass
    return frozenset(found)


def _origin(module: str, name: str) -> set[Path]:
    """Return where a name comes from: a module, or the one that a package has it from."""
    for path in _file_of(module):
        if path.name == "__init__.py":
            for node in ast.parse(path.read_bytes()).body:
                if isinstance(node, ast.ImportFrom) and any(n.name == name for n in node.names):
                    return {path} | _origin(node.module or "", name)
        return {path}
    return set()


def _file_of(module: str) -> list[Path]:
    path = PACKAGE.parent / module.replace(".", "/")
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
