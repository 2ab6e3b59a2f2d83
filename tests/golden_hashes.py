"""The hashes that the examples' zips have on every machine.

    python -m tests.golden_hashes write FILE
    python -m tests.golden_hashes compare DIRECTORY

The first builds the examples here, and writes the hashes of their zips; FILE is by default the
table in tests/golden. The second compares what machines have written, files called *.json anywhere
below DIRECTORY, with that table, and ends with 1 when a hash differs. It needs nothing installed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).parent / "golden" / "zips.json"


def build() -> dict[str, str]:
    """Build the examples, and return the hashes of their zips."""
    from tests.support.built_examples import build_examples, hashes_of

    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary, "examples")
        build_examples(directory)
        return hashes_of(directory)


def read(path: Path) -> dict[str, str]:
    """Return a table of hashes."""
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return table


def differences(expected: Mapping[str, str], found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return a line for each zip that is not what the table says.

    Args:
        expected: the table.
        found: tables by the names of the machines that made them.
    """
    return [
        f"{name}: {table.get(name, 'missing')} on {machine}, not {expected.get(name, 'known')}"
        for machine, table in sorted(found.items())
        for name in sorted(expected.keys() | table.keys())
        if table.get(name) != expected.get(name)
    ]


def main(command: str, place: str | None = None) -> str | None:
    """Do what the command says, and return what is wrong, if anything is."""
    if command == "write":
        text = json.dumps(build(), indent=2, sort_keys=True)
        path = Path(place or TABLE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
        return None
    if command != "compare" or place is None:
        return __doc__
    found = {path.stem: read(path) for path in Path(place).rglob("*.json")}
    if not found:
        return f"no machine has written anything below {place}"
    sys.stdout.write(f"{len(read(TABLE))} zips on {len(found)} machines: {', '.join(found)}\n")
    return "\n".join(differences(read(TABLE), found)) or None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]) if len(sys.argv) > 1 else __doc__)
