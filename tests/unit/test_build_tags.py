"""Wheels of one version that differ in their build tag: which one is taken."""

from __future__ import annotations

import itertools
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from hatch_lambda_zip.record import Digest, format_record
from tests.support.commands import UV
from tests.unit.test_pylock import selected_wheel

# Each from the first to the last; uv 0.13 and pip 26 agreed on all of them.
ORDERS = [
    ["py3-none-any", "0-py3-none-any"],
    ["1-py3-none-any", "2-py3-none-any", "10-py3-none-any"],
    ["1-py3-none-any", "1a-py3-none-any", "1b-py3-none-any"],
    ["1_10-py3-none-any", "1_5-py3-none-any"],
    ["1A-py3-none-any", "1_a-py3-none-any", "1a-py3-none-any"],
    ["001-py3-none-any", "1a-py3-none-any", "01b-py3-none-any"],
    ["1-py3-none-any", "2-py2.py3-none-any"],
    ["9-py3-none-any", "1-cp313-cp313-manylinux_2_17_x86_64"],
]


@pytest.mark.parametrize("tags", ORDERS, ids=lambda tags: tags[-1])
def test_the_last_build_is_taken(tags: Sequence[str]) -> None:
    for shuffled in itertools.permutations(tags):
        assert selected_wheel(*shuffled) == tags[-1]


def test_of_equal_builds_the_first_is_taken() -> None:
    assert selected_wheel("01-py3-none-any", "1-py3-none-any") == "01-py3-none-any"
    assert selected_wheel("1-py3-none-any", "01-py3-none-any") == "1-py3-none-any"


def test_uv_takes_the_same(tmp_path: Path) -> None:
    for tags in ORDERS[:3]:
        wheels = tmp_path / tags[-1]
        wheels.mkdir()
        for tag in tags:
            _write_wheel(wheels, tag)
        site = wheels / "site"
        command = [UV, "pip", "install", "-q", "--no-index", "--no-cache", "demo"]
        subprocess.run([*command, "--find-links", wheels, "--target", site], check=True)
        assert (site / "demo.py").read_text("utf-8") == tags[-1]


def _write_wheel(directory: Path, tag: str) -> None:
    files = {
        "demo.py": tag,
        "demo-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n",
        "demo-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
    }
    rows = [(name, Digest.of(text.encode()), len(text)) for name, text in files.items()]
    record = "demo-1.0.dist-info/RECORD"
    with zipfile.ZipFile(directory / f"demo-1.0-{tag}.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(record, format_record([*rows, (record, None, None)]))
