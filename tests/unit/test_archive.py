from __future__ import annotations

import hashlib
import io
import random
import struct
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.archive import Archive, encoder, layout, write_archive, writer
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError, DistributionError
from hatch_lambda_zip.record import Digest

pytestmark = pytest.mark.every_python

ELF = b"\x7fELF"

names = st.lists(
    st.text(
        st.sampled_from("ab._-") | st.characters(exclude_categories=["Cs", "Cc"]),
        min_size=1,
        max_size=8,
    ).filter(lambda name: not {"/", "\\"} & set(name)),
    min_size=1,
    max_size=3,
).map("/".join)
contents = st.one_of(
    st.binary(max_size=300),
    st.binary(min_size=1, max_size=20).map(lambda part: part * 200),
    st.binary(max_size=20).map(lambda rest: b"#!" + rest * 20),
    st.binary(max_size=20).map(lambda rest: ELF + rest * 20),
)
trees = st.dictionaries(names, contents, max_size=12)


def make_entry(name: str, content: bytes) -> Entry:
    return Entry(name, content, len(content), Digest.of(content), "demo")


def make_entries(tree: dict[str, bytes]) -> list[Entry]:
    return [make_entry(name, tree[name]) for name in sorted(tree, key=str.encode)]


def ignore(entry: Entry, content: bytes) -> None:
    del entry, content


def write(entries: Sequence[Entry], workers: int = 2) -> tuple[Archive, bytes]:
    stream = io.BytesIO()
    archive = write_archive(entries, stream, inspect=ignore, workers=workers)
    return archive, stream.getvalue()


def incompressible(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - no secret


@dataclass(frozen=True)
class RawMember:
    """One member, as the bytes have it."""

    name: str
    method: int
    data: bytes
    content: bytes
    mode: int


def read_raw(data: bytes) -> list[RawMember]:
    """Read a canonical zip by the specification, and check every field that has one value.

    No library reads it here, so that nothing can be overlooked: each byte of the file belongs to
    a field that is compared.
    """
    end = struct.Struct("<4sHHHHIIH")
    signature, *disks, on_disk, total, size, start, comment = end.unpack_from(data, len(data) - 22)
    assert signature == b"PK\x05\x06"
    assert disks == [0, 0]
    assert on_disk == total
    assert comment == 0
    assert start + size + end.size == len(data)

    members = []
    local_end = 0
    position = start
    for _ in range(total):
        central = struct.unpack_from("<4sBBHHHHHIIIHHHHHII", data, position)
        signature, version, system, needed, flags, method, clock, day = central[:8]
        crc, compressed_size, plain_size, name_size, extra_size, comment_size = central[8:14]
        disk, internal, external, offset = central[14:]
        position += 46
        name = data[position : position + name_size]
        position += name_size
        assert signature == b"PK\x01\x02"
        assert (version, system) == (20, 3)  # 2.0, Unix
        assert needed == 20
        assert flags == 1 << 11  # UTF-8 name; no data descriptor, no encryption
        assert method in {0, 8}
        assert clock == 0
        assert day == (2020 - 1980) << 9 | 2 << 5 | 2
        assert (extra_size, comment_size, disk, internal) == (0, 0, 0, 0)
        assert external & 0xFFFF == 0  # no DOS attributes
        assert external >> 16 in {0o100644, 0o100755}

        assert offset == local_end  # members follow each other without a gap
        local = struct.unpack_from("<4sHHHHHIIIHH", data, offset)
        assert local == (
            *(b"PK\x03\x04", 20, 1 << 11, method, 0, 0x5042),
            *(crc, compressed_size, plain_size, name_size, 0),
        )
        assert data[offset + 30 : offset + 30 + name_size] == name
        begin = offset + 30 + name_size
        local_end = begin + compressed_size
        raw = data[begin:local_end]
        content = raw if method == 0 else zlib.decompress(raw, -15)
        assert len(content) == plain_size
        assert zlib.crc32(content) == crc
        members.append(RawMember(name.decode(), method, raw, content, external >> 16 & 0o777))
    assert local_end == start
    assert position == start + size
    return members


@given(trees)
@example({})
@example({"empty": b""})
@example({"a": b"", "b": b"x" * 5_000, "\U0001f40d": b"#!", "\ufffd": ELF})
def test_what_is_written_is_read_back(tree: dict[str, bytes]) -> None:
    archive, data = write(make_entries(tree))
    ordered = sorted(tree, key=str.encode)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.namelist() == ordered
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in ordered} == tree
        assert {info.date_time for info in opened.infolist()} <= {(2020, 2, 2, 0, 0, 0)}
    assert [member.entry.name for member in archive.members] == ordered


@given(trees)
def test_every_header_field(tree: dict[str, bytes]) -> None:
    archive, data = write(make_entries(tree))
    members = read_raw(data)
    assert {member.name: member.content for member in members} == tree
    assert [len(member.data) for member in members] == [
        member.compressed_size for member in archive.members
    ]
    for member in members:
        executable = member.content[:2] == b"#!" or member.content[:4] == ELF
        assert member.mode == (0o755 if executable else 0o644)
        assert len(member.data) <= len(member.content)
        assert (member.method == layout.STORED) == (len(member.data) == len(member.content))


@given(trees)
def test_size_and_hash_are_those_of_the_file(tree: dict[str, bytes]) -> None:
    archive, data = write(make_entries(tree))
    assert archive.size == len(data)
    assert archive.sha256 == hashlib.sha256(data).digest()


def test_an_empty_zip_is_one_record() -> None:
    archive, data = write([])
    assert data == b"PK\x05\x06" + bytes(18)
    assert archive.members == ()


def test_the_bytes_of_a_small_zip_never_change() -> None:
    tree = {
        "bin/run": b"#!/bin/sh\n" + b"echo\n" * 50,
        "demo/__init__.py": b"",
        "demo/\u00fc.py": b"VALUE = 1\n" * 100,
        "demo/noise.bin": bytes(range(256)),
    }
    _, data = write(make_entries(tree))
    assert hashlib.sha256(data).hexdigest() == (
        "c0769ba1e28f5d1db65ed04c28af29f892932ade8bc7ad55329aae824bf0dc8c"
    )


@settings(max_examples=25)
@given(trees.filter(bool))
def test_the_bytes_depend_on_no_number_of_workers(tree: dict[str, bytes]) -> None:
    entries = make_entries(tree)
    _, expected = write(entries, workers=1)
    for workers in range(2, 9):
        assert write(entries, workers)[1] == expected


@pytest.mark.parametrize("batch", [0, 1, 100, 10_000, 1 << 30])
@pytest.mark.parametrize("window", [0, 1, 5_000, 1 << 30])
def test_the_bytes_depend_on_no_batch_and_no_window(
    monkeypatch: pytest.MonkeyPatch, batch: int, window: int
) -> None:
    tree = {f"{number:03}": incompressible(number * 37, number) for number in range(60)}
    tree |= {f"text/{number:03}": b"some text " * number for number in range(60)}
    entries = make_entries(tree)
    _, expected = write(entries, workers=1)
    monkeypatch.setattr(writer, "_BATCH_BYTES", batch)
    monkeypatch.setattr(writer, "_WINDOW_BYTES", window)
    for workers in (1, 3):
        assert write(entries, workers)[1] == expected


def test_deflate_is_used_only_when_it_is_smaller() -> None:
    noise = incompressible(10_000)
    tree = {"empty": b"", "noise": noise, "one": b"x", "text": b"x" * 10_000}
    methods = {member.name: member.method for member in read_raw(write(make_entries(tree))[1])}
    assert methods == {"empty": 0, "noise": 0, "one": 0, "text": 8}


def test_data_of_the_same_size_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    for size, method in ((99, layout.DEFLATED), (100, layout.STORED), (101, layout.STORED)):
        monkeypatch.setattr(encoder, "compress", lambda _, size=size: bytearray(size))
        stream = io.BytesIO()
        write_archive([make_entry("a", b"x" * 100)], stream, inspect=ignore, workers=2)
        assert struct.unpack_from("<H", stream.getvalue(), 8) == (method,)


@pytest.mark.parametrize(
    ("content", "mode"),
    [
        (b"#!/usr/bin/env python3\n", 0o755),
        (b"#!", 0o755),
        (ELF, 0o755),
        (ELF + b"\x02\x01\x01", 0o755),
        (b"", 0o644),
        (b"#", 0o644),
        (b" #!/bin/sh", 0o644),
        (b"\x7fEL", 0o644),
        (b"\x7fELf", 0o644),
        (b"MZ", 0o644),
        (b"\xef\xbb\xbf#!/bin/sh", 0o644),
    ],
)
def test_the_mode_comes_from_the_content(content: bytes, mode: int) -> None:
    (member,) = read_raw(write([make_entry("a", content)])[1])
    assert member.mode == mode


@pytest.mark.parametrize("mode", [0o400, 0o644, 0o755, 0o777])
def test_the_mode_and_the_time_of_the_file_do_not_matter(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    expected = write([make_entry("a", b"content")])
    path.chmod(mode)
    entry = Entry("a", path, 7, Digest.of(b"content"), "demo")
    assert write([entry])[1] == expected[1]


def test_files_are_read_and_verified(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    for algorithm in ("sha256", "sha384", "sha512"):
        entry = Entry("a", path, 7, Digest.of(b"content", algorithm), "demo")
        assert read_raw(write([entry])[1])[0].content == b"content"


@pytest.mark.parametrize("content", [b"changed", b"", b"content and more"])
def test_a_file_that_is_not_what_record_says_ends_the_build(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    good = [make_entry(f"{number}", b"x") for number in range(20)]
    bad = Entry("pkg/a.py", path, 7, Digest.of(b"content"), "some-demo")
    with pytest.raises(DistributionError) as caught:
        write([*good, bad, *good])
    message = str(caught.value)
    assert message.startswith("pkg/a.py of some-demo is not the file that its RECORD lists.")
    assert "`uv cache clean some-demo`" in message


def test_a_file_of_another_size_with_the_right_hash_ends_the_build() -> None:
    # It can't happen by chance, but the manifest and the size check count on the size.
    entry = Entry("a", b"content", 8, Digest.of(b"content"), "demo")
    with pytest.raises(DistributionError):
        write([entry])


@pytest.mark.parametrize("workers", [1, 4])
def test_every_entry_is_inspected_once_with_its_content(workers: int) -> None:
    entries = make_entries({f"{number}": b"%d" % number for number in range(100)})
    seen: list[tuple[Entry, bytes]] = []
    write_archive(
        entries,
        io.BytesIO(),
        inspect=lambda entry, content: seen.append((entry, content)),
        workers=workers,
    )
    assert sorted(seen, key=lambda pair: entries.index(pair[0])) == [
        (entry, entry.content) for entry in entries
    ]


def test_as_many_threads_work_as_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_BATCH_BYTES", 0)
    together = threading.Barrier(3)

    def inspect(entry: Entry, content: bytes) -> None:
        del entry, content
        together.wait(timeout=30)  # until three threads are here

    entries = make_entries(dict.fromkeys("abc", b"x"))
    write_archive(entries, io.BytesIO(), inspect=inspect, workers=3)


def test_what_the_inspector_raises_ends_the_build_and_its_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "_BATCH_BYTES", 0)
    seen = []

    def inspect(entry: Entry, content: bytes) -> None:
        del content
        seen.append(entry.name)
        if entry.name == "000":
            raise ContentsError("no")
        time.sleep(0.001)

    threads = threading.active_count()
    entries = make_entries({f"{number:03}": b"x" for number in range(1_000)})
    with pytest.raises(ContentsError, match=r"^no$"):
        write_archive(entries, io.BytesIO(), inspect=inspect, workers=2)
    assert threading.active_count() == threads
    assert len(seen) < len(entries)  # the rest was cancelled


def test_the_stream_is_only_written_to() -> None:
    class OnlyWrites:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += data
            return len(data)

    stream = OnlyWrites()
    entries = make_entries({"a": b"x" * 1_000, "b": b"y"})
    archive = write_archive(entries, stream, inspect=ignore, workers=2)  # type: ignore[arg-type]
    assert hashlib.sha256(stream.data).digest() == archive.sha256


def test_as_many_members_as_fit_without_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = make_entries({f"{number}": b"" for number in range(6)})
    monkeypatch.setattr(writer, "MAX_MEMBERS", 6)
    assert len(read_raw(write(entries)[1])) == 6
    monkeypatch.setattr(writer, "MAX_MEMBERS", 5)
    with pytest.raises(ContentsError) as caught:
        write(entries)
    assert str(caught.value).startswith("6 files are more than a zip can hold without zip64 (5), ")


def test_as_many_bytes_as_fit_without_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = make_entries({"a": incompressible(500), "b": incompressible(500, 1)})
    _, expected = write(entries)
    monkeypatch.setattr(writer, "MAX_OFFSET", len(expected))
    assert write(entries)[1] == expected
    for limit in (len(expected) - 1, len(expected) - 22, 600, 500, 10):
        monkeypatch.setattr(writer, "MAX_OFFSET", limit)
        with pytest.raises(ContentsError, match="larger than a zip can say without zip64"):
            write(entries)


def test_a_content_whose_size_needs_zip64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = make_entry("a", b"x" * 10_000)  # its compressed form is far below the limit
    monkeypatch.setattr(writer, "MAX_OFFSET", 9_999)
    with pytest.raises(ContentsError):
        write([entry])
    monkeypatch.setattr(writer, "MAX_OFFSET", 10_000)
    assert read_raw(write([entry])[1])[0].content == entry.content


def test_the_limits_are_those_of_zip_without_zip64() -> None:
    assert layout.MAX_MEMBERS == 0xFFFF - 1
    assert layout.MAX_OFFSET == 0xFFFF_FFFF - 1


class SlowStream(io.BytesIO):
    """A stream that gives the workers all the time to run ahead of it."""

    def __init__(self, is_far_ahead: Callable[[], bool]) -> None:
        super().__init__()
        self.contents_written = 0
        self._is_far_ahead = is_far_ahead

    def write(self, data: object) -> int:
        assert isinstance(data, (bytes, bytearray))
        if members := data.count(b"PK\x03\x04"):
            deadline = time.monotonic() + (0.3 if self.contents_written == 0 else 0.001)
            while not self._is_far_ahead() and time.monotonic() < deadline:
                time.sleep(0.0005)
            self.contents_written += members
        return super().write(data)


@pytest.mark.parametrize(
    ("batch", "window"), [(1_000, 10_000), (2_500, 10_000), (1_000, 2_000), (1_000, 1_000)]
)
def test_the_workers_never_read_more_than_a_window_ahead(
    monkeypatch: pytest.MonkeyPatch, batch: int, window: int
) -> None:
    monkeypatch.setattr(writer, "_BATCH_BYTES", batch)
    monkeypatch.setattr(writer, "_WINDOW_BYTES", window)
    allowed = window // 1_000  # the size of each content
    inspected: list[str] = []
    most_ahead = 0

    def inspect(entry: Entry, content: bytes) -> None:
        nonlocal most_ahead
        del content
        inspected.append(entry.name)
        most_ahead = max(most_ahead, len(inspected) - stream.contents_written)

    stream = SlowStream(lambda: most_ahead > allowed)
    entries = make_entries({f"{number:03}": incompressible(1_000, number) for number in range(60)})
    write_archive(entries, stream, inspect=inspect, workers=4)
    assert len(inspected) == stream.contents_written == 60
    assert min(2, allowed) <= most_ahead <= allowed


def test_a_file_larger_than_every_bound_goes_through_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer, "_BATCH_BYTES", 10)
    monkeypatch.setattr(writer, "_WINDOW_BYTES", 100)
    tree = {"a": b"x", "b": incompressible(1_000), "c": b"y"}
    assert [member.content for member in read_raw(write(make_entries(tree))[1])] == [*tree.values()]


def test_small_files_go_to_the_workers_together() -> None:
    size = writer._BATCH_BYTES // 4
    entries = [
        Entry(f"{number}", b"", size if number < 10 else 5 * size, Digest.of(b""), "demo")
        for number in range(12)
    ]
    assert [len(batch) for batch in writer._batches(entries)] == [4, 4, 2, 1, 1]
    assert [len(batch) for batch in writer._batches(entries[::-1])] == [1, 1, 4, 4, 2]
