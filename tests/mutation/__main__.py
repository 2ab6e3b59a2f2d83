"""Makes small mistakes in a copy of the checkout, and tells those that no test sees.

    python -m tests.mutation [--sample 500] [--seed 18] [--only archive/ ...]

A sample of all mutants of the stages that decide bytes is tried one by one. The same seed chooses
the same ones, but for those whose line changed. The unit tests that have to do with its module run:
the files that import it, or import a module that does. They run once without a mutant, to see which
lines each test runs; then for each mutant those that run its line, if none of these sees it all the
others, and at last whatever unit tests run its line; in a process of its own that ends in time.
What survives is either a test to write, or a line of argued-away.txt, which says why nobody could
tell. Processes that tests start do not see the mutant.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from tests.mutation.mutants import PACKAGES, Mutant, mutants_of
from tests.mutation.reach import Reach
from tests.mutation.run import PACKAGE, copy_checkout
from tests.mutation.trial import Outcome, tried

ARGUED_AWAY: Final = Path(__file__).with_name("argued-away.txt")


def main() -> int:
    """Try a sample, and return whether anything survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--sample", type=int, default=500, help="of all mutants; 0: all of them")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument(
        "--only", nargs="*", default=[""], help="of the sample, by part of the name"
    )
    arguments = parser.parse_args()

    mutants = sample(arguments.sample, arguments.seed)
    chosen = [mutant for mutant in mutants if any(part in mutant.name for part in arguments.only)]
    print(f"{len(chosen)} of a sample of {len(mutants)} mutants, seed {arguments.seed}", flush=True)
    outcomes: Counter[Outcome] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        reach = Reach(copy_checkout(Path(temporary, "checkout")))
        start = time.monotonic()
        argued = argued_away()
        for mutant in chosen:
            outcome = "argued away" if mutant.name in argued else tried(mutant, reach)
            outcomes[outcome] += 1
            print(f"{outcome}  {mutant.name}  (line {mutant.line})", flush=True)
    figures = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{figures}; {(time.monotonic() - start) / max(len(chosen), 1):.1f} seconds each")
    return int(outcomes["survived"] > 0)


def sample(size: int, seed: int) -> list[Mutant]:
    """Return some mutants, or all, in the order of PACKAGES and of their text.

    Its name alone decides which place each has in a random order, so that a change of the code
    leaves nearly all of the sample as it was.
    """
    mutants = [
        mutant
        for package in PACKAGES
        for path in sorted((PACKAGE / package).rglob("*.py"))
        for mutant in mutants_of(path)
    ]
    places: dict[bytes, int] = {}
    same: Counter[str] = Counter()
    for index, mutant in enumerate(mutants):
        same[mutant.name] += 1
        key = f"{seed} {same[mutant.name]} {mutant.name}"
        places[hashlib.sha256(key.encode()).digest()] = index
    chosen = [places[digest] for digest in sorted(places)[: size or len(mutants)]]
    return [mutants[index] for index in sorted(chosen)]


def argued_away() -> frozenset[str]:
    """Return the names of mutants that are no mistakes, each followed by its reason."""
    lines = ARGUED_AWAY.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith((" ", "#")))


if __name__ == "__main__":
    sys.exit(main())
