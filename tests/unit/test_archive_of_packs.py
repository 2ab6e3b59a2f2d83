"""A zip has the same bytes from files, from packs, and from what was compressed before."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.archive import ContentStore, compressed, write_archive
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.packs import Pack
from hatch_lambda_zip.packs.pack import write_pack
from tests.unit.test_archive import incompressible, make_entries, trees

pytestmark = pytest.mark.every_python


def machine_of(entry: Entry, content: bytes) -> int | None:
    """Say something of a content that a zip does not have."""
    del entry
    return len(content) % 3 or None


def write(
    entries: Sequence[Entry], workers: int = 1, store: ContentStore | None = None
) -> tuple[bytes, list[int | None]]:
    stream = io.BytesIO()
    archive = write_archive(entries, stream, inspect=machine_of, workers=workers, store=store)
    return stream.getvalue(), [member.machine for member in archive.members]


@contextmanager
def packed(entries: Sequence[Entry], path: Path) -> Iterator[list[Entry]]:
    """Give the entries with contents that lie in a pack."""
    with path.open("wb") as stream:
        write_pack(stream, "key", None, [compressed(it, machine_of, None) for it in entries])
    with closing(Pack(path, "key")) as pack:
        contents = zip(entries, pack.contents, strict=True)
        yield [replace(entry, content=content) for entry, content in contents]


@given(trees, st.randoms(use_true_random=False), st.integers(1, 4))
def test_from_files_packs_and_before_the_bytes_are_the_same(
    tree: dict[str, bytes], rng: random.Random, workers: int
) -> None:
    entries = make_entries(tree)
    expected = write(entries)
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        some = [entry for entry in entries if rng.random() < 0.5]
        others = [entry for entry in entries if entry not in some]
        with (
            packed(some, place / "a.pack") as first,
            packed(others, place / "b.pack") as second,
            closing(ContentStore(place / "store")) as store,
        ):
            all_packed = _in_order((*first, *second))
            mixed = [rng.choice(pair) for pair in zip(entries, all_packed, strict=True)]
            assert write(all_packed, workers) == expected
            for _ in range(2):  # the second time, all that is no pack's was compressed before
                assert write(mixed, workers, store) == expected


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.name.encode())


TREE = {f"{number:02}": incompressible(number * 9, number) for number in range(20)}
TREE |= {f"text/{number:02}": b"some text " * number for number in range(20)}


def write_from(path: Path, entries: Sequence[Entry]) -> None:
    with closing(Pack(path, "key")) as pack:
        contents = zip(entries, pack.contents, strict=True)
        write([replace(entry, content=content) for entry, content in contents])


@settings(max_examples=200)
@given(st.integers(0), st.integers(0, 7))
def test_no_bit_of_a_pack_flips_unnoticed(offset: int, bit: int) -> None:
    entries = make_entries(TREE)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a.pack")
        with packed(entries, path):
            data = bytearray(path.read_bytes())
        write_from(path, entries)
        data[offset % len(data)] ^= 1 << bit
        path.write_bytes(data)
        with pytest.raises(DamagedPackError):
            write_from(path, entries)
