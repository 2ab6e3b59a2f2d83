from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hatch_lambda_zip.bytecode import cache as cache_module
from hatch_lambda_zip.bytecode.compiler import BytecodeCache
from hatch_lambda_zip.cache import cache_directory


def name_of(
    version: str = "3.13.0",
    *,
    optimize: int = 0,
    filename: str = "/var/task/a.py",
    source: bytes = b"a = 1",
    salt: str = "1.0",
) -> str:
    cache = BytecodeCache(Path("nowhere"), salt=salt, log=print)
    return cache.entry_name(version, optimize=optimize, filename=filename, source=source)


NAME = name_of()
OTHER = name_of(filename="/var/task/b.py")


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def cache(tmp_path: Path, lines: list[str]) -> BytecodeCache:
    return BytecodeCache(tmp_path / "cache", salt="1.0", log=lines.append)


def entry(tmp_path: Path) -> Path:
    (path,) = (path for path in (tmp_path / "cache" / "bytecode").rglob("*") if path.is_file())
    return path


def test_what_was_written_is_read_by_another_build(
    tmp_path: Path, cache: BytecodeCache, lines: list[str]
) -> None:
    assert cache.read(NAME) is None
    assert cache.read(OTHER) is None
    cache.write(NAME, b"one")
    cache.write(OTHER, b"")
    cache.write(NAME, b"two")
    again = BytecodeCache(tmp_path / "cache", salt="1.0", log=lines.append)
    assert [again.read(name) for name in (OTHER, NAME, OTHER)] == [b"", b"two", b""]
    assert not lines


def test_a_name_stands_for_all_that_a_result_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        NAME,
        OTHER,
        name_of("3.13.1"),
        name_of(optimize=1),
        name_of(source=b"a = 2"),
        name_of(salt="1.1"),
    }
    assert name_of() == NAME
    monkeypatch.setattr(cache_module, "_SCHEMA", 99)
    names.add(name_of())
    assert len(names) == 7


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:40],
        lambda data: data[:10],
        lambda data: b"",  # noqa: ARG005
        lambda data: data[:-1] + bytes((data[-1] ^ 1,)),
        lambda data: bytes((data[0] ^ 1,)) + data[1:],
    ],
)
def test_a_damaged_entry_is_none(
    tmp_path: Path, cache: BytecodeCache, damage: Callable[[bytes], bytes]
) -> None:
    cache.write(NAME, b"some content of a file")
    path = entry(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read(NAME) is None
    cache.write(NAME, b"new")
    assert cache.read(NAME) == b"new"


def test_the_directory_says_that_it_is_a_cache(tmp_path: Path, cache: BytecodeCache) -> None:
    assert not (tmp_path / "cache").exists()
    cache.write(NAME, b"one")
    tag = (tmp_path / "cache" / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


def test_nothing_unfinished_stays(
    tmp_path: Path, cache: BytecodeCache, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, platform: Path) -> Path:
        raise PermissionError(13, "refused", str(self), None, str(platform))

    monkeypatch.setattr(Path, "replace", refuse)
    cache.write(NAME, b"one")
    files = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files == ["CACHEDIR.TAG"]
    assert len(lines) == 1


def test_a_place_that_can_not_be_written_is_reported_once(
    tmp_path: Path, cache: BytecodeCache, lines: list[str]
) -> None:
    (tmp_path / "cache").write_bytes(b"a file where the directory would be")
    for name in (NAME, OTHER):
        assert cache.read(name) is None
        cache.write(name, b"one")
    texts = [line.partition(", so this build does without")[0] for line in lines]
    assert texts == [
        f"The bytecode cache {tmp_path / 'cache'} can't be read",
        f"The bytecode cache {tmp_path / 'cache'} can't be written",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may everything")
def test_a_cache_that_can_only_be_read_is_used(
    tmp_path: Path, cache: BytecodeCache, lines: list[str]
) -> None:
    cache.write(NAME, b"one")
    entry(tmp_path).parent.chmod(0o500)
    (tmp_path / "cache" / "bytecode").chmod(0o500)
    cache.write(NAME, b"two")
    cache.write(OTHER, b"two")
    assert cache.read(NAME) == b"one"
    assert cache.read(OTHER) is None
    assert len(lines) == 1


def test_an_entry_that_can_not_be_read_is_reported_once(
    tmp_path: Path, cache: BytecodeCache, lines: list[str]
) -> None:
    cache.write(NAME, b"one")
    path = entry(tmp_path)
    path.unlink()
    path.symlink_to(path)
    for _ in range(2):
        assert cache.read(NAME) is None
    (line,) = lines
    assert f"{tmp_path / 'cache'} can't be read" in line


def test_an_entry_in_the_place_of_another_is_none(tmp_path: Path, cache: BytecodeCache) -> None:
    cache.write(NAME, b"one")
    path = entry(tmp_path)
    cache.write(OTHER, b"two")
    (other,) = (
        place
        for place in (tmp_path / "cache" / "bytecode").rglob("*")
        if place.is_file() and place != path
    )
    one, two = path.read_bytes(), other.read_bytes()
    path.write_bytes(two)
    other.write_bytes(one)
    assert (cache.read(NAME), cache.read(OTHER)) == (None, None)
    cache.write(NAME, b"one")
    assert cache.read(NAME) == b"one"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "directory"])
def test_only_a_regular_file_is_an_entry(
    tmp_path: Path, cache: BytecodeCache, lines: list[str], kind: str
) -> None:
    """Reading a pipe would wait for ever, and reading this device would never end."""
    cache.write(NAME, b"one")
    path = entry(tmp_path)
    path.unlink()
    if kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "directory":
        path.mkdir()
    else:
        pipe = path if kind == "pipe" else tmp_path / "pipe"
        os.mkfifo(pipe)
        if pipe != path:
            path.symlink_to(pipe)
    assert cache.read(NAME) is None
    assert not lines
    cache.write(NAME, b"new")
    # What may be replaced is; a directory stays.
    assert cache.read(NAME) == (None if kind == "directory" else b"new")
    assert len(lines) == (kind == "directory")


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_directory({"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path)}) == tmp_path
    monkeypatch.chdir(tmp_path)
    assert cache_directory({"HATCH_LAMBDA_ZIP_CACHE": "here"}) == tmp_path / "here"
    default = cache_directory({"HATCH_LAMBDA_ZIP_CACHE": ""})
    assert default == cache_directory({})
    assert cache_directory({"HATCH_LAMBDA_ZIP_CACHE": "0"}) is None
    assert default is not None
    assert default.is_absolute()
    assert "hatch-lambda-zip" in default.parts
