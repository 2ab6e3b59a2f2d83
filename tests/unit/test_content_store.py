"""Zips that share what is compressed are those that each would be alone."""

from __future__ import annotations

import io
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.archive import Archive, ContentStore, write_archive
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.record import Digest

CONTENTS = st.sampled_from([b"", b"x", b"x" * 500, b"#!/bin/sh\n" * 50, b"\x7fELF" + b"y" * 300])
TREES = st.dictionaries(st.sampled_from("abcdef"), CONTENTS | st.binary(max_size=300))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with closing(ContentStore(tmp_path / "contents")) as opened:
        yield opened


def entries_of(tree: dict[str, bytes], prefix: str = "") -> list[Entry]:
    return [Entry.of(f"{prefix}{name}", content, "demo") for name, content in sorted(tree.items())]


def write(entries: list[Entry], store: ContentStore | None) -> tuple[bytes, Archive, list[str]]:
    """Return the zip, what is known of it, and the names of what was compressed for it."""
    compressed = []

    def inspect(entry: Entry, content: bytes) -> int | None:
        compressed.append(entry.name)
        return len(content)

    stream = io.BytesIO()
    archive = write_archive(entries, stream, inspect=inspect, workers=2, store=store)
    return stream.getvalue(), archive, sorted(compressed)


@given(st.lists(TREES, min_size=1, max_size=4))
def test_zips_with_and_without_a_store_are_the_same(trees: list[dict[str, bytes]]) -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(ContentStore(Path(directory, "contents"))) as store,
    ):
        for tree, prefix in itertools.product(trees, ("", "python/")):
            entries = entries_of(tree, prefix)
            zipped, archive, _ = write(entries, store)
            alone, expected, _ = write(entries, None)
            assert zipped == alone
            assert archive == expected


def test_a_content_is_compressed_once(store: ContentStore) -> None:
    _, _, first = write(entries_of({"a": b"1" * 99, "b": b"2" * 99}), store)
    _, archive, second = write(entries_of({"b": b"1" * 99, "c": b"3" * 99}, "python/"), store)
    assert first == ["a", "b"]
    assert second == ["python/c"]
    assert [member.machine for member in archive.members] == [99, 99]


def test_what_is_not_what_its_record_says_is_not_kept(store: ContentStore) -> None:
    wrong = Entry("a", b"other", 5, Digest.of(b"right"), "demo")
    for _ in range(2):
        with pytest.raises(DistributionError, match="is not the file that its RECORD lists"):
            write([wrong], store)


@pytest.mark.parametrize("size", [4, 6])
def test_a_digest_goes_with_its_size(store: ContentStore, size: int) -> None:
    write([Entry.of("a", b"right", "demo")], store)
    with pytest.raises(DistributionError):
        write([Entry("a", b"right", size, Digest.of(b"right"), "demo")], store)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_where_nothing_can_be_kept_everything_is_compressed(store: ContentStore) -> None:
    store._stream.close()
    store._stream = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, PTH123 - a store closes it
    for _ in range(2):
        zipped, _, compressed = write(entries_of({"a": b"1" * 99}), store)
        assert compressed == ["a"]
        assert zipped == write(entries_of({"a": b"1" * 99}), None)[0]
