"""The examples' zips have the hashes that are committed, here as on every other machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.golden_hashes import TABLE, build, differences, main, read
from tests.support.built_examples import EXAMPLES

REMEDY = (
    "Where the change is meant (another example, another format), "
    "write the table anew: python -m tests.golden_hashes write"
)


@pytest.mark.exhaustive
@pytest.mark.shared_cache
@pytest.mark.skipif(sys.platform == "win32", reason="a job of its own does it there")
def test_the_examples_zips_are_those_of_the_table() -> None:
    assert not differences(read(TABLE), {"this machine": build()}), REMEDY


def test_each_example_is_in_the_table() -> None:
    assert {name.partition("/")[0] for name in read(TABLE)} == {*EXAMPLES}, REMEDY


def test_a_hash_that_differs_is_named(tmp_path: Path) -> None:
    table = read(TABLE)
    assert table
    for machine in ("linux", "mac"):
        (tmp_path / machine).mkdir()
        (tmp_path / machine / f"{machine}.json").write_text(json.dumps(table))
    assert main("compare", str(tmp_path)) is None
    name, other = next(iter(table)), "0" * 64
    (tmp_path / "mac" / "mac.json").write_text(json.dumps({**table, name: other, "new.zip": other}))
    assert main("compare", str(tmp_path)) == (
        f"{name}: {other} on mac, not {table[name]}\nnew.zip: {other} on mac, not known"
    )
    assert "no machine" in str(main("compare", str(tmp_path / "linux" / "nothing")))
