"""Which unit tests run which lines of the stages, in a copy of the checkout."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import coverage
import pytest

from tests.mutation.mutants import PACKAGES, Mutant
from tests.mutation.run import CHECKOUT, load, output, run

_LONGEST: Final = 3600  # seconds of a processor, for all unit tests
_EXAMPLES: Final = 5  # of hypothesis; they run most of the lines that more of them do


class Reach:
    """What unit tests do while nothing is wrong; each file of them runs once, when it is asked for.

    Attributes:
        tree: the copy.
        seconds: what each test took with few examples, by its name; those that fail are not there.
    """

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.seconds: dict[str, float] = {}
        self._files: set[str] = set()
        self._lines: list[coverage.CoverageData] = []

    def tests_of(
        self, mutant: Mutant, files: Sequence[str], *, whole_module: bool = False
    ) -> list[str]:
        """Return the tests that run a line of a mutant's, the quickest one first.

        What ran while modules were imported, and what is computed once for several tests, counts
        for one of them, or for none.

        Args:
            files: of tests, which are among those that are asked.
            whole_module: whether any other line of its module will do.
        """
        if new := [file for file in files if file not in self._files]:
            self._record(new)
        module = str(self.tree / mutant.path.relative_to(CHECKOUT))
        found = {
            test
            for lines in self._lines
            for line, tests in lines.contexts_by_lineno(module).items()
            for test in tests
            if whole_module or line in mutant.lines
        }
        return sorted(found & self.seconds.keys(), key=self.seconds.__getitem__)

    def _record(self, files: Sequence[str]) -> None:
        number = len(self._lines)
        lines, notes = (Path(self.tree.parent, f"{name}{number}") for name in ("lines", "notes"))
        recorder = _Recorder(self.tree, lines, notes)
        run(files, self.tree, recorder, seconds=_LONGEST, examples=_EXAMPLES)
        if not notes.exists():
            raise SystemExit(f"The unit tests did not end:\n{output(self.tree)[-2000:]}")
        self._files.update(files)
        noted = json.loads(notes.read_bytes())
        self.seconds |= noted["seconds"]
        load(noted["modules"])
        self._lines.append(coverage.CoverageData(str(lines)))
        self._lines[-1].read()


class _Recorder:
    """A plugin of pytest that notes which test runs which lines."""

    def __init__(self, tree: Path, lines: Path, notes: Path) -> None:
        self._notes = notes
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            str(lines),
            config_file=False,
            include=[f"{tree}/src/hatch_lambda_zip/{package}/*" for package in PACKAGES],
        )
        # The one that tells tests apart.
        self._coverage.set_option("run:core", "ctrace")
        # A file's tests may reach none of the stages.
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        for failed in self._failed:
            del self._seconds[failed]
        noted = {"seconds": self._seconds, "modules": [*sys.modules]}
        self._notes.write_text(json.dumps(noted), encoding="utf-8")
