from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.contents.limits import (
    MAX_DIRECT_UPLOAD,
    MAX_UNZIPPED,
    check_unzipped_size,
    upload_note,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.record import Digest

DIGEST = Digest.of(b"")


def make_entry(distribution: str, size: int) -> Entry:
    return Entry(f"{distribution}.bin", b"", size, DIGEST, distribution)


def test_the_limit_is_lambdas_to_the_byte() -> None:
    assert MAX_UNZIPPED == 250 * 1024 * 1024
    assert check_unzipped_size([]) == 0
    assert check_unzipped_size([make_entry("a", MAX_UNZIPPED - 1), make_entry("b", 1)]) == (
        MAX_UNZIPPED
    )
    with pytest.raises(ContentsError):
        check_unzipped_size([make_entry("a", MAX_UNZIPPED), make_entry("b", 1)])


def test_the_five_largest_distributions_are_named_in_order() -> None:
    sizes = {"tiny": 1, "b": 40_000_000, "huge": 150_000_000, "a": 40_000_000, "c": 39_999_999}
    entries = [make_entry(name, size) for name, size in sizes.items()]
    entries += [make_entry("split", 30_000_000), make_entry("split", 15_000_000)]
    with pytest.raises(ContentsError) as caught:
        check_unzipped_size(entries)
    assert str(caught.value) == (
        "The function is 315,000,000 bytes unzipped, and Lambda takes 262,144,000 at the most, the "
        "layers of a function included. The largest distributions: huge 150.0 MB, split 45.0 MB, "
        "a 40.0 MB, b 40.0 MB, c 40.0 MB. Leave out what does not run: with `strip` tests, type "
        "stubs and headers, with `exclude-files` data, with `exclude-distributions` what nothing "
        "imports. Layers do not help, since they count too; beyond the limit there are container "
        "images."
    )


def test_fewer_than_five_distributions_are_named_too() -> None:
    with pytest.raises(ContentsError, match=r"distributions: one 300\.0 MB\. Leave"):
        check_unzipped_size([make_entry("one", 300_000_000)])


@given(st.lists(st.builds(make_entry, st.sampled_from("abcdefg"), st.integers(0, 30_000_000))))
def test_the_size_is_the_sum(entries: list[Entry]) -> None:
    assert check_unzipped_size(entries[:8]) == sum(entry.size for entry in entries[:8])


def test_a_note_is_given_above_fifty_megabytes_zipped() -> None:
    assert MAX_DIRECT_UPLOAD == 52_428_800
    assert upload_note(0) is None
    assert upload_note(MAX_DIRECT_UPLOAD) is None
    assert upload_note(MAX_DIRECT_UPLOAD + 1) == (
        "the zip has 52.4 MB: more than the 52.4 MB that Lambda takes in a direct upload, so "
        "deploy it through S3"
    )
