"""What a checkout has otherwise than its commit, among files that ship."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.own.checkout import (
    check_content,
    check_tracked,
    is_missed,
    odd_files,
    tracked_but_ignored,
)
from hatch_lambda_zip.contents.own.git_index import LINK, SUBMODULE, TrackedFile
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError

FILE = "100644"
POINTER = b"version https://git-lfs.github.com/spec/v1\nAoid sha256:%b\nsize 12\n"


def entry(name: str, content: bytes, distribution: str = "own") -> Entry:
    return Entry.of(name, content, distribution)


def write(path: Path, content: bytes = b"content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def check(
    *tracked: TrackedFile,
    shipped: Collection[bytes] = (b"content",),
    roots: Collection[Path] = (),
    included: Collection[Path] = (),
    missed: str = "",
) -> None:
    check_tracked(
        tracked,
        [hashlib.sha256(content).digest() for content in shipped],
        roots=roots,
        included=included,
        misses=lambda module: module == missed,
    )


def test_contents_are_known_by_their_digest() -> None:
    assert check_content(entry("a", b"#!/bin/sh\na\r\n")) is not None
    assert check_content(entry("a", b"text\r\n")) == hashlib.sha256(b"text\r\n").digest()
    assert check_content(entry("a", b"")) is None
    for content in (b"#!/bin/sh\r\necho\n", b"#!/bin/sh\r"):
        with pytest.raises(ContentsError, match="a of own: its first line, the #! line, ends in"):
            check_content(entry("a", content))


def test_a_pointer_of_git_lfs_is_not_the_file() -> None:
    digest = b"0" * 64
    pointer = POINTER.replace(b"A", b"") % digest
    for data in (
        pointer,
        pointer.replace(b"\n", b"\r\n"),
        POINTER.replace(b"A", b"ext\n") % digest,
    ):
        with pytest.raises(ContentsError, match=r"is a git-LFS pointer.*Run `git lfs pull`"):
            check_content(entry("a", data))
    longest = POINTER.replace(b"A", b"e" * (1023 - len(pointer) - 1) + b"\n") % digest
    assert len(longest) == 1023
    with pytest.raises(ContentsError):
        check_content(entry("a", longest))
    for data in (longest.replace(b"e\n", b"ee\n"), pointer + b"more", b"more" + pointer):
        assert check_content(entry("a", data)) is not None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"import lib", True),
        (b"    from a import lib.b", True),
        (b"import library", False),
        (b"# import lib", False),
        (b"import a  # lib", False),
        (b"important = lib", False),
    ],
)
def test_what_own_files_import_and_does_not_ship(line: bytes, expected: bool) -> None:  # noqa: FBT001
    own = [entry("a.py", b"first\n" + line), entry("a.txt", b"import lib"), entry("b.py", b"")]
    assert is_missed("lib", own, {"own"}) is expected
    assert not is_missed("lib", own, {"other"})
    for name in ("lib.py", "lib/a.py", "python/lib/a.py", "python/lib.py"):
        assert not is_missed("lib", [*own, entry(name, b"", "other")], {"own"})
    assert (
        is_missed("lib", [*own, entry("a/b/lib.py", b""), entry("lib", b"")], {"own"}) is expected
    )


def test_what_is_odd(tmp_path: Path) -> None:
    text, link = write(tmp_path / "text", b"target"), tmp_path / "link"
    link.symlink_to("text")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "full/file")
    absent = tmp_path / "absent"
    odd = (
        TrackedFile(text, FILE, has_foreign_line_ends=True),
        TrackedFile(text, LINK),
        TrackedFile(tmp_path / "empty", SUBMODULE),
        TrackedFile(absent, SUBMODULE),
    )
    usual = (
        TrackedFile(text, FILE),
        TrackedFile(link, LINK),
        TrackedFile(absent, LINK),
        TrackedFile(tmp_path / "empty", LINK),
        TrackedFile(tmp_path / "full", SUBMODULE),
    )
    assert odd_files((*usual, *odd)) == odd
    check(*usual)


def test_other_line_ends_count_where_the_file_ships(tmp_path: Path) -> None:
    files = [
        TrackedFile(write(tmp_path / str(number)), FILE, has_foreign_line_ends=True)
        for number in range(13)
    ]
    gone = TrackedFile(tmp_path / "gone", FILE, has_foreign_line_ends=True)
    check(*files, gone, shipped=[b"other"])
    with pytest.raises(ContentsError) as caught:
        check(*files, gone)
    listed = ", ".join(str(file.path) for file in files[:12])
    assert str(caught.value).startswith(
        f"{listed} and 1 more: with CRLF line ends here, and with LF"
    )
    with pytest.raises(ContentsError, match=r"3, \S*4: with CRLF"):
        check(*files[:5])


def test_a_link_that_is_a_text_file(tmp_path: Path) -> None:
    link = TrackedFile(write(tmp_path / "a/link", b"target"), LINK)
    check(link)
    with pytest.raises(
        ContentsError, match="a/link: a symbolic link in git, and here a small text"
    ):
        check(link, shipped=[b"target"])
    # One that leads to a directory: the files there would ship by this name too.
    (tmp_path / "a/target").mkdir()
    check(link)
    for around in (tmp_path, tmp_path / "a", link.path):
        with pytest.raises(ContentsError, match="Check out with symbolic links"):
            check(link, included=[around])
    check(link, included=[tmp_path / "b"])
    beside = TrackedFile(write(tmp_path / "a/deep/file"), FILE)
    with pytest.raises(ContentsError, match="Check out with symbolic links"):
        check(link, beside)
    check(link, beside, shipped=[b"other"])


def test_what_can_not_be_read_has_not_been_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = TrackedFile(write(tmp_path / "link", b"a\0b"), LINK)
    check(link, included=[tmp_path])

    def fail(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", fail)
    check(link, included=[tmp_path])


def test_a_submodule_that_is_not_there(tmp_path: Path) -> None:
    module = TrackedFile(tmp_path / "lib", SUBMODULE)
    check(module)
    with pytest.raises(
        ContentsError, match=r"lib: a git submodule .*`git submodule update --init`"
    ):
        check(module, included=[tmp_path])
    # In the root of a project it counts if something imports it, whatever lies beside it.
    beside = TrackedFile(write(tmp_path / "file"), FILE)
    check(module, beside, roots=[tmp_path])
    with pytest.raises(ContentsError, match="a git submodule"):
        check(module, beside, roots=[tmp_path], missed="lib")
    with pytest.raises(ContentsError, match="a git submodule"):
        check(module, beside)
    odd = TrackedFile(tmp_path / "no-module", SUBMODULE)
    check(odd, roots=[tmp_path], missed="no-module")


def test_what_is_tracked_and_ignored(tmp_path: Path) -> None:
    tracked = [TrackedFile(tmp_path / name, FILE) for name in ("a/b", "a/c", "d", "e")]
    ignored = [tmp_path / "a", tmp_path / "d", tmp_path / "f"]
    assert [*tracked_but_ignored(tracked, ignored)] == [
        str(tmp_path / name) for name in ("a/b", "a/c", "d")
    ]
