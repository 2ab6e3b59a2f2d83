"""Packs: what is damaged, or another's, is never taken for what was kept."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_lambda_zip.archive import CompressedContent, compressed
from hatch_lambda_zip.cache import cache_directory, find_cache, kept_in, prune, unused_in
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.packs import Pack, PackCache
from hatch_lambda_zip.packs.pack import write_pack
from tests.support.effort import peak

pytestmark = pytest.mark.every_python  # os.pread, hashlib and json stand behind it

CONTENTS = [b"", b"text " * 40, bytes(range(256)), b"#!/bin/sh\n"]
ABOUT = {"names": ["a", "b", "c", "d"]}


def compress(content: bytes, machine: int | None = None) -> CompressedContent:
    entry = Entry.of("name", content, "demo")
    return compressed(entry, lambda _entry, _content: machine, None)


def packed(key: str = "key") -> bytes:
    stream = io.BytesIO()
    write_pack(stream, key, ABOUT, [compress(content, 62) for content in CONTENTS])
    return stream.getvalue()


PACK = packed()


def read(path: Path, key: str = "key") -> list[bytes]:
    pack = Pack(path, key)
    try:
        assert pack.about == ABOUT
        assert [content.size for content in pack.contents] == [*map(len, CONTENTS)]
        assert [content.compressed() for content in pack.contents] == [
            compress(content, 62) for content in CONTENTS
        ]
        return [content.read_bytes() for content in pack.contents]
    finally:
        pack.close()


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(PACK)
    assert read(path) == CONTENTS


def test_an_index_that_is_far_too_long_is_not_read(tmp_path: Path) -> None:
    """As where a disk was full, or a pack is another file's by now; the file is sparse."""
    path = tmp_path / "a.pack"
    length = 512 << 20
    head = PACK[: PACK.index(b"\n") + 1 + hashlib.sha256().digest_size]
    with path.open("wb") as file:
        file.write(head + length.to_bytes(8, "big"))
        file.truncate(length + 1024)

    def read() -> None:
        with pytest.raises(DamagedPackError):
            Pack(path, "key")

    assert peak(read) < length // 8


def judge(data: bytes) -> None:
    """Check that a pack is as it was, or known not to be."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "a.pack")
        path.write_bytes(data)
        with pytest.raises(DamagedPackError):
            read(path)


OTHER_ROWS: list[object] = [None, [1], [[]], [["1", 0, 0, 0, 0, None, ""]], [[0, 0, 0]]]
OTHER_INDEXES = [
    b"[" * 100_000,
    b"\xff",
    b"[1]",
    *(json.dumps({"key": "key", "about": ABOUT, "contents": rows}).encode() for rows in OTHER_ROWS),
]


@pytest.mark.parametrize("index", OTHER_INDEXES, ids=lambda index: index[:60].decode("latin-1"))
def test_an_index_of_another_form_with_a_right_hash_is_none(index: bytes) -> None:
    magic = PACK.partition(b"\n")[0] + b"\n"
    judge(magic + hashlib.sha256(index).digest() + len(index).to_bytes(8, "big") + index)


ROW: list[object] = [0, 0, 0, 0, 0, None, "seal"]
OTHER_VALUES = [
    *((0, -1), (1, 99), (2, 10**30), (3, 1.5), (3, -1), (4, "0"), (5, 1.5), (6, None)),
    *((2, 1), (4, 0o1000), (4, 0xFFFFFFFF)),
]


@pytest.mark.parametrize(("column", "value"), OTHER_VALUES)
def test_a_row_that_fits_into_no_zip_is_none(column: int, value: object, tmp_path: Path) -> None:
    rows = [ROW, [*ROW[:column], value, *ROW[column + 1 :]]]
    index = json.dumps({"key": "key", "about": ABOUT, "contents": rows}).encode()
    magic = PACK.partition(b"\n")[0] + b"\n"
    path = tmp_path / "a.pack"
    path.write_bytes(magic + hashlib.sha256(index).digest() + len(index).to_bytes(8, "big") + index)
    with pytest.raises(DamagedPackError):
        Pack(path, "key")


def test_a_pack_with_fewer_contents_than_its_maker_speaks_of(tmp_path: Path) -> None:
    with (tmp_path / "a.pack").open("wb") as stream:
        write_pack(stream, "key", ABOUT, [])
    with (
        closing(Pack(tmp_path / "a.pack", "key")) as pack,
        pytest.raises(DamagedPackError),
        pack.reading(),
    ):
        next(iter(pack.contents))


def test_a_content_with_a_right_hash_that_is_not_compressed(tmp_path: Path) -> None:
    odd = replace(compress(CONTENTS[1]), data=b"no deflate stream")
    with (tmp_path / "a.pack").open("wb") as stream:
        write_pack(stream, "key", ABOUT, [odd])
    with (
        closing(Pack(tmp_path / "a.pack", "key")) as pack,
        pytest.raises(DamagedPackError),
    ):
        pack.contents[0].read_bytes()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
def test_a_pipe_in_the_place_of_a_pack_holds_nobody_up(
    tmp_path: Path, cache: PackCache, lines: list[str]
) -> None:
    save(cache, "demo", "key")
    (path,) = (tmp_path / "cache/packs").iterdir()
    path.unlink()
    os.mkfifo(path)
    assert cache.find("demo", "key") is None
    assert lines == [f"{path} is not as it was written; it is made anew"]
    save(cache, "demo", "key")
    assert cache.find("demo", "key") is not None


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_can_change(tmp_path: Path, bit: int) -> None:
    path = tmp_path / "a.pack"
    for offset in range(len(PACK)):
        damaged = bytearray(PACK)
        damaged[offset] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises(DamagedPackError):
            read(path)


@given(st.integers(0, len(PACK) - 1), st.binary(min_size=1, max_size=9))
@example(0, b"\n")
def test_nothing_can_be_cut_or_added(where: int, more: bytes) -> None:
    judge(PACK[:where])
    judge(PACK + more)
    judge(PACK[:where] + more + PACK[where:])


def test_what_is_no_pack(tmp_path: Path) -> None:
    judge(b"")
    judge(b"hatch-lambda-zip pack 2\n" + PACK.partition(b"\n")[2])
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.pack")


def test_another_key(tmp_path: Path) -> None:
    path = tmp_path / "a.pack"
    path.write_bytes(packed("other"))
    with pytest.raises(DamagedPackError, match=r"a\.pack is not as it was written"):
        read(path)


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, lines: list[str]) -> Iterator[PackCache]:
    with closing(PackCache(tmp_path / "cache", lines.append)) as opened:
        yield opened


def save(cache: PackCache, name: str, key: str) -> None:
    cache.save(name, key, ABOUT, [compress(content) for content in CONTENTS])


def test_a_cache_has_what_was_saved_by_any_command(
    tmp_path: Path, cache: PackCache, lines: list[str]
) -> None:
    assert cache.find("demo", "key") is None
    save(cache, "demo", "key")
    assert not (tmp_path / "cache").stat().st_mode & 0o077
    assert (tmp_path / "cache/CACHEDIR.TAG").read_bytes().startswith(b"Signature: 8a477f597d28d1")
    with closing(PackCache(tmp_path / "cache", lines.append)) as other:
        pack = other.find("demo", "key")
        assert pack is not None
        assert other.find("demo", "key") is pack
        assert [content.read_bytes() for content in pack.contents] == CONTENTS
        assert other.find("demo", "other key") is None
        assert other.find("other", "key") is None
    assert lines == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_what_a_loose_umask_makes_is_for_this_user_alone(tmp_path: Path, lines: list[str]) -> None:
    """In a directory that others can look into, such as one that a variable names."""
    place = tmp_path / "named"
    place.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        with closing(PackCache(place, lines.append)) as cache:
            save(cache, "demo", "key")
    finally:
        os.umask(before)
    assert find_cache({"HATCH_LAMBDA_ZIP_CACHE": str(place)}, lines.append) == place
    assert not (place / "packs").stat().st_mode & 0o077


def test_swapped_packs_are_none(tmp_path: Path, cache: PackCache, lines: list[str]) -> None:
    save(cache, "demo", "one")
    save(cache, "demo", "two")
    one, two = sorted((tmp_path / "cache/packs").iterdir())
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    assert cache.find("demo", "one") is None
    assert cache.find("demo", "two") is None
    assert [line.rpartition("; ")[2] for line in lines] == ["it is made anew"] * 2


def test_without_a_directory_nothing_is_kept(lines: list[str]) -> None:
    with closing(PackCache(None, lines.append)) as cache:
        save(cache, "demo", "key")
        assert cache.find("demo", "key") is None
    assert lines == []


@pytest.mark.parametrize("name", ["file", "n" * 300])
def test_a_directory_that_can_not_be_made(tmp_path: Path, lines: list[str], name: str) -> None:
    """Below one that it can't look into, as root's home is to others, all fails like the second."""
    (tmp_path / "file").write_bytes(b"")
    with closing(PackCache(tmp_path / name, lines.append)) as cache:
        assert cache.find("demo", "key") is None
        save(cache, "demo", "key")
    assert [line for line in lines if "can't be written, so nothing is kept: " in line]


@pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX")
def test_a_directory_in_one_that_this_user_can_not_look_into(
    tmp_path: Path, lines: list[str]
) -> None:
    """As where HOME is still that of root, or of whoever was logged in before `su`."""
    home = tmp_path / "home"
    home.mkdir(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        directory = find_cache({"HATCH_LAMBDA_ZIP_CACHE": str(home / "cache")}, lines.append)
        with closing(PackCache(directory, lines.append)) as cache:
            save(cache, "demo", "key")
            assert cache.find("demo", "key") is None
    finally:
        os.seteuid(user)
        home.chmod(0o700)
    assert "can't be written, so nothing is kept: " in lines[0]


@pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX")
def test_what_others_can_write_to_is_not_used(
    tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path)}
    tmp_path.chmod(0o755)
    assert find_cache(environ, lines.append) == tmp_path
    assert lines == []
    tmp_path.chmod(0o775)
    assert find_cache(environ, lines.append) is None
    tmp_path.chmod(0o700)
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert find_cache(environ, lines.append) is None
    assert all(line.startswith(f"the cache {tmp_path} is not used, since others") for line in lines)
    assert len(lines) == 2
    monkeypatch.undo()
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs").chmod(0o775)
    assert find_cache(environ, lines.append) is None
    assert f"can write to {tmp_path / 'packs'}; " in lines.pop()
    absent = {"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path / "absent")}
    assert find_cache(absent, lines.append) == tmp_path / "absent"


def test_a_tilde_stands_for_the_users_directory() -> None:
    assert cache_directory({"HATCH_LAMBDA_ZIP_CACHE": "~/kept"}) == Path.home() / "kept"
    other = "~no-such-user/kept"
    assert cache_directory({"HATCH_LAMBDA_ZIP_CACHE": other}) == Path(other).absolute()


def test_what_was_not_used_for_the_longest_time_goes_first(
    tmp_path: Path, cache: PackCache
) -> None:
    directory = tmp_path / "cache"
    for number, name in enumerate(("old", "middle", "new")):
        save(cache, name, "key")
        (path,) = directory.glob(f"packs/{name}-*")
        os.utime(path, (number, number))
    with closing(PackCache(directory, print)) as other:
        assert other.find("old", "key")  # used again
    size = kept_in(directory)[0].size
    assert prune(directory, 3 * size) == 0
    assert prune(directory, 3 * size - 1) == size
    assert [kept.path.name.partition("-")[0] for kept in kept_in(directory)] == ["new", "old"]
    assert prune(directory, 0) == 2 * size
    assert kept_in(directory) == []
    assert (directory / "CACHEDIR.TAG").exists()


def test_what_the_last_build_used_stays(tmp_path: Path, cache: PackCache) -> None:
    directory = tmp_path / "cache"
    for name in ("old", "new"):
        save(cache, name, "key")
    for kept in kept_in(directory):
        os.utime(kept.path, (1, 1))
    assert len(unused_in(directory)) == 2
    with closing(PackCache(directory, print)) as other:
        assert other.find("new", "key")
    assert [kept.path.name.partition("-")[0] for kept in unused_in(directory)] == ["old"]


def test_another_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs/mine.pack").write_bytes(b"")
    assert kept_in(tmp_path) == []
    assert prune(tmp_path, 0) == 0
    (tmp_path / "CACHEDIR.TAG").write_bytes(b"Signature: 8a477f597d28d172789f06886806bc55\n")
    assert kept_in(tmp_path) == []
