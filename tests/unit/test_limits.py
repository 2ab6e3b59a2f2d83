from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.contents.limits import (
    MAX_DIRECT_UPLOAD,
    MAX_UNZIPPED,
    check_unzipped_size,
    machine_inspector,
    upload_note,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.record import Digest
from hatch_lambda_zip.runtimes import Platform, find_runtime

DIGEST = Digest.of(b"")


def make_entry(distribution: str, size: int) -> Entry:
    return Entry(f"{distribution}.bin", b"", size, DIGEST, distribution)


def inspect(content: bytes, architecture: str) -> None:
    runtime = find_runtime("python3.13")
    assert runtime is not None
    entry = Entry("numpy/core.so", content, len(content), Digest.of(content), "numpy")
    machine_inspector(Platform(runtime, architecture))(entry, content)


def elf(machine: int, *, big_endian: bool = False, bits: int = 64) -> bytes:
    """Return the start of an ELF header: e_ident, e_type, e_machine, e_version."""
    ident = struct.pack("4s5B7x", b"\x7fELF", bits // 32, 2 if big_endian else 1, 1, 0, 0)
    return ident + struct.pack(">HHI" if big_endian else "<HHI", 3, machine, 1)


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
        "The function is 315,000,000 bytes unzipped, and Lambda takes 262,144,000 at the most. "
        "The largest distributions: huge 150.0 MB, split 45.0 MB, a 40.0 MB, b 40.0 MB, c 40.0 MB. "
        "Remove dependencies that the function does not import, or deploy a container image."
    )


def test_fewer_than_five_distributions_are_named_too() -> None:
    with pytest.raises(ContentsError, match=r"distributions: one 300\.0 MB\. Remove"):
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


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("machine", "architecture"), [(62, "x86_64"), (183, "arm64")], ids=["x86_64", "arm64"]
)
def test_a_library_for_the_functions_machine_passes(
    machine: int,
    architecture: str,
    big_endian: bool,  # noqa: FBT001
) -> None:
    inspect(elf(machine, big_endian=big_endian) + bytes(100), architecture)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("machine", "architecture", "built_for"),
    [
        (183, "x86_64", "arm64"),
        (62, "arm64", "x86_64"),
        (3, "x86_64", "32-bit x86"),
        (40, "arm64", "32-bit ARM"),
        (243, "x86_64", "machine number 243"),
        (62 << 8, "x86_64", "machine number 15872"),
        (0, "x86_64", "machine number 0"),
    ],
)
def test_a_library_for_another_machine_is_refused(
    machine: int,
    architecture: str,
    built_for: str,
    big_endian: bool,  # noqa: FBT001
) -> None:
    with pytest.raises(ContentsError) as caught:
        inspect(elf(machine, big_endian=big_endian), architecture)
    assert str(caught.value).startswith(
        f"numpy/core.so of numpy was built for {built_for} and can't be loaded on {architecture}."
    )


def test_the_header_is_long_enough_at_twenty_bytes() -> None:
    with pytest.raises(ContentsError):
        inspect(elf(183)[:20], "x86_64")


@pytest.mark.parametrize("length", range(20))
def test_a_file_too_short_for_a_machine_is_none(length: int) -> None:
    inspect(elf(183)[:length], "x86_64")


@given(st.binary(max_size=64).filter(lambda content: content[:4] != b"\x7fELF"))
def test_what_is_no_elf_file_passes(content: bytes) -> None:
    inspect(content, "arm64")
    inspect(b" " + elf(62) + content, "arm64")
