"""Zips by any writer, broken ones and hostile ones."""

from __future__ import annotations

import cProfile
import io
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatch_lambda_zip.errors import InputError, LambdaZipError
from hatch_lambda_zip.explain import Source, find_distributions, look, read_source, read_zip
from hatch_lambda_zip.explain.headers import MAX_MEMBERS
from tests.support.loose import invoke
from tests.support.raw_zip import DEFLATED, Raw, deflate, raw_zip

PATH = Path("some.zip")
TREE = {
    "app.py": b"value = 1\n" * 100,
    "data/empty": b"",
    "data/noise.bin": bytes(range(256)),
    "data/ü.txt": "grün\n".encode() * 30,
}


def read(data: bytes) -> Source:
    return read_zip(data, PATH)


def contents(source: Source) -> dict[str, bytes]:
    return {member.name: member.read() for member in source.files}


# What is wrong with a zip, and what is said of it.
HOSTILE = {
    "nothing": (b"", "is no zip"),
    "text": (b"no zip at all", "is no zip"),
    "an html page": (b"<html>403 Forbidden</html>" * 9, "is no zip"),
    "cut off": (raw_zip(Raw())[:-30], "is cut off"),
    "cut off in the end": (raw_zip(Raw())[:-1], "is cut off"),
    "something added": (raw_zip(Raw(), after=b"more"), "is cut off, or something was added"),
    "comment cut off": (raw_zip(Raw(), comment=b"abc")[:-1], "is cut off"),
    "a gap in the end": (raw_zip(Raw(), end={"size": 50}), "broken"),
    "directory elsewhere": (raw_zip(Raw(), end={"offset": 1 << 30}), "its central directory is"),
    "directory too early": (raw_zip(Raw(), end={"offset": 3}), "broken"),
    "too many members said": (raw_zip(Raw(), end={"count": 2}), "beyond its end"),
    "too few members said": (raw_zip(Raw(), Raw(b"b.py"), end={"count": 1}), "between"),
    "split": (raw_zip(Raw(), end={"disk": 1}), "was split"),
    "split member": (raw_zip(Raw(central={"disk": 2})), "was split"),
    "no member signature": (raw_zip(Raw(central={"signature": b"PK\1\3"})), "has not the members"),
    "no local signature": (raw_zip(Raw(local={"signature": b"PK\3\3"})), "is not where"),
    "offset behind the end": (raw_zip(Raw(central={"offset": 0xFFFF_FFF0})), "is not where"),
    "offset in the directory": (raw_zip(Raw(central={"offset": 46})), "is not where"),
    "another local name": (raw_zip(Raw(local={"name": b"evil.py"})), "another name"),
    "another local method": (raw_zip(Raw(local={"method": 8})), "another method"),
    "another local size": (raw_zip(Raw(local={"size": 3})), "other sizes"),
    "another local checksum": (raw_zip(Raw(local={"crc": 3})), "other sizes"),
    "encrypted": (raw_zip(Raw(flags=1)), "is encrypted"),
    "strongly encrypted": (raw_zip(Raw(flags=0x41)), "is encrypted"),
    "masked": (raw_zip(Raw(flags=1 << 13)), "is encrypted"),
    "encrypted by its header": (raw_zip(Raw(local={"flags": 1})), "in its own header"),
    "AES": (raw_zip(Raw(flags=1, method=99)), "is encrypted"),
    "patched": (raw_zip(Raw(flags=1 << 5)), "not for Lambda"),
    "bzip2": (raw_zip(Raw(method=12)), "compressed by bzip2"),
    "Zstandard": (raw_zip(Raw(method=93)), "compressed by Zstandard"),
    "unknown method": (raw_zip(Raw(method=77)), "by method 77"),
    "leads out": (raw_zip(Raw(b"../app.py")), "leads out of the zip"),
    "leads out on the way": (raw_zip(Raw(b"a/../../app.py")), "leads out of the zip"),
    "dots at the end": (raw_zip(Raw(b"a/..")), "leads out of the zip"),
    "dots behind a dot": (raw_zip(Raw(b"./../a")), "leads out of the zip"),
    "absolute": (raw_zip(Raw(b"/etc/passwd")), "is an absolute path"),
    "absolute behind a dot": (raw_zip(Raw(b".//etc/passwd")), "is an absolute path"),
    "drive": (raw_zip(Raw(b"C:/app.py")), "is an absolute path"),
    "share": (raw_zip(Raw(b"\\\\host\\a")), "is an absolute path"),
    "backslash": (raw_zip(Raw(b"pkg\\app.py")), "has a backslash"),
    "NUL": (raw_zip(Raw(b"app.py\0.txt")), "control character"),
    "escape sequence": (raw_zip(Raw(b"app\x1b[2J.py")), "control character"),
    "line end": (raw_zip(Raw(b"app\n.py")), "control character"),
    "no name": (raw_zip(Raw(b"")), "doubled part"),
    "doubled slash": (raw_zip(Raw(b"a//b")), "doubled part"),
    "dot inside": (raw_zip(Raw(b"a/./b")), "doubled part"),
    "no UTF-8": (raw_zip(Raw(b"\xff.py", flags=1 << 11)), "said to be UTF-8"),
    "long name": (raw_zip(Raw(b"a" * 5000)), "5,000 bytes"),
    "twice": (raw_zip(Raw(), Raw()), "app.py twice"),
    "twice by a dot": (raw_zip(Raw(), Raw(b"./app.py")), "app.py twice"),
    "file and directory": (raw_zip(Raw(b"a"), Raw(b"a/b")), "as a file and as a directory"),
    "file and empty directory": (raw_zip(Raw(b"a"), Raw(b"a/", b"")), "a twice"),
    "device": (raw_zip(Raw(external=0o020644 << 16)), "neither a file"),
    "pipe": (raw_zip(Raw(external=0o010644 << 16)), "neither a file"),
    "overlap": (raw_zip(Raw(), Raw(b"b.py", central={"offset": 0})), "another name"),
    "same data twice": (
        raw_zip(Raw(b"b.py", raw_zip(Raw()), central={}), Raw(central={"offset": 34})),
        "overlap",
    ),
    "ratio": (raw_zip(Raw(method=8, size=1 << 30)), "can't hold"),
    "stored with another size": (raw_zip(Raw(size=11)), "can't hold"),
    "too large": (
        raw_zip(
            *(
                Raw(b"%d" % number, method=8, data=bytes(1 << 20), size=1 << 30)
                for number in range(3)
            )
        ),
        "where Lambda takes 262.1 MB",
    ),
    "zip64 elsewhere": (
        raw_zip(
            Raw(
                extra=struct.pack("<HHQ", 1, 8, 1 << 63),
                central={"offset": 0xFFFF_FFFF},
            )
        ),
        "is not where",
    ),
    "zip64 without a field": (raw_zip(Raw(central={"size": 0xFFFF_FFFF})), "has no size"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_broken_or_hostile_is_one_clear_line(kind: str) -> None:
    data, said = HOSTILE[kind]
    with pytest.raises(InputError) as raised:
        read(data)
    message = str(raised.value)
    assert said in message
    assert message.startswith("some.zip ")
    assert "\n" not in message
    assert "\x1b" not in message


# These are seen when a content is read.
DAMAGED = {
    "another checksum": Raw(local={"crc": 1}, central={"crc": 1}),
    "no DEFLATE": Raw(method=DEFLATED, data=b"\xff\xff\xff"),
    "data cut off": Raw(method=DEFLATED, data=deflate(b"value = 1\n")[:-2]),
    "more than said": Raw(method=DEFLATED, data=deflate(b"value = 1\n" * 9)),
    "less than said": Raw(method=DEFLATED, data=deflate(b"value")),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_contents(kind: str) -> None:
    source = read(raw_zip(DAMAGED[kind]))
    with pytest.raises(InputError, match=r"^some\.zip is broken: app\.py is not what"):
        source.members[0].read()


Words = tuple[str | Path, ...]


def test_each_command_ends_with_one_line(tmp_path: Path) -> None:
    path, good, output = (tmp_path / name for name in ("x.zip", "good.zip", "output"))
    good.write_bytes(raw_zip(Raw()))
    commands: tuple[Words, ...] = (
        ("inspect", path),
        ("normalize", path, "-o", output),
        ("diff", path, good),
        ("report", path, "-o", output),
    )
    # All commands read headers alike, and contents each in its own way.
    broken: list[tuple[bytes, tuple[Words, ...]]] = [
        (data, (words,)) for (data, _), words in zip(HOSTILE.values(), cycle(commands))
    ]
    broken += [(raw_zip(raw), commands) for raw in DAMAGED.values()]
    assert len(broken) >= 50
    for data, tried in broken:
        path.write_bytes(data)
        for words in tried:
            result = invoke(*words)
            assert (result.exit_code, result.stdout) == (2, ""), words
            assert result.stderr.startswith(f"Error: {path} ")
            assert result.stderr.count("\n") == 1
            assert not output.exists()


def test_too_many_members() -> None:
    data = raw_zip(end={"count": 0xFFFF, "size": 0xFFFF_FFFF, "offset": 0xFFFF_FFFF})
    count = MAX_MEMBERS + 1
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, 0, 0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1)
    with pytest.raises(InputError, match="100,001 members"):
        read(end64 + locator + data)


@settings(max_examples=150)
@given(st.data())
def test_a_changed_byte_is_read_or_one_line(data: st.DataObject) -> None:
    original = raw_zip(
        Raw(method=DEFLATED, extra=b"UT\x05\0\x03abcd", content=b"value = 1\n" * 30),
        Raw(b"a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n"),
        Raw(b"a-1.dist-info/RECORD", b"app.py,,\na-1.dist-info/RECORD,,\n"),
        Raw(b"lib.so", b"\x7fELF\2\1" + bytes(90)),
        comment=b"x",
    )
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        source = read(bytes(changed))
        look(source, find_distributions(source))
        contents(source)
    except LambdaZipError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_what_others_write_and_zips_for_lambda_hardly_have() -> None:
    wide = struct.pack("<HHQQ", 1, 16, 10, 10)
    members = (
        Raw(b"./a.py"),
        Raw(b"./", b"", external=0o40755 << 16),
        Raw(
            b"b.py",
            flags=8,
            descriptor=b"PK\7\x08" + struct.pack("<III", zlib.crc32(b"value = 1\n"), 10, 10),
            local={"crc": 0, "size": 0, "packed": 0},
        ),
        Raw(
            b"c.py",
            extra=wide,
            local_extra=wide,
            local={"size": 0xFFFF_FFFF, "packed": 0xFFFF_FFFF},
            central={"size": 0xFFFF_FFFF, "packed": 0xFFFF_FFFF},
        ),
        Raw("é.py".encode("cp437")),
        Raw("ü.py".encode()),
        Raw(
            b"x.py",
            extra=b"up" + struct.pack("<HBI", 10, 1, zlib.crc32(b"x.py")) + "ß.py".encode(),
        ),
    )
    source = read(raw_zip(*members, before=b"#!/usr/bin/env python3\n", comment=b"hello"))
    assert {member.name for member in source.files} == {
        *("a.py", "b.py", "c.py", "é.py", "ü.py", "x.py"),
    }
    assert set(contents(source).values()) == {b"value = 1\n"}
    assert source.layout is not None
    assert (source.layout.before, source.layout.stray) == (23, 0)
    assert source.layout.comment == b"hello"


def test_a_zip_whose_offsets_count_from_its_own_start() -> None:
    data = raw_zip(Raw())
    source = read(b"prefix" + data)
    assert contents(source) == {"app.py": b"value = 1\n"}


def test_a_zip64_record() -> None:
    plain = raw_zip(Raw())
    body, end = plain[:-22], plain[-22:]
    size, offset = struct.unpack_from("<2I", end, 12)
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(body), 1)
    for said in (end, end[:8] + b"\xff" * 12 + end[20:]):
        source = read(body + end64 + locator + said)
        assert contents(source) == {"app.py": b"value = 1\n"}
        assert source.layout is not None
        assert source.layout.is_zip64
    with pytest.raises(InputError, match="contradict each other"):
        read(body + end64 + locator + end[:8] + b"\2\0\2\0" + end[12:])
    far = locator[:8] + b"\xff" * 8 + locator[16:]
    assert contents(read(body + end64 + far + end)) == {"app.py": b"value = 1\n"}
    outside = end64[:-8] + b"\xff" * 8
    with pytest.raises(InputError, match=r"^some\.zip is broken"):
        read(body + outside + locator + end[:8] + b"\xff" * 12 + end[20:])
    with pytest.raises(InputError, match="is missing"):
        read(body + bytes(56) + locator + end)


def write_tree(root: Path) -> Path:
    for name, content in TREE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def python_zipfile(root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in TREE:
            archive.write(root / name, name)


def python_stream(root: Path, target: Path) -> None:
    class Pipe(io.RawIOBase):
        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(data)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in TREE:
            archive.write(root / name, name)
    target.write_bytes(pipe.data)


def python_zip64(root: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in TREE.items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(content)
    assert root.is_dir()


COMMANDS = {
    "zip": ["zip", "-qr", "{target}", "."],
    "zip-streamed": ["sh", "-c", "zip -qr - . | cat > {target}"],
    "jar": ["jar", "-cfM", "{target}", "."],
    "7z": ["7z", "a", "-tzip", "-bd", "{target}", "."],
    "bsdtar": ["bsdtar", "-cf", "{target}", "--format", "zip", "."],
    "python -m zipfile": [sys.executable, "-m", "zipfile", "-c", "{target}", "app.py", "data"],
}
WRITERS = {"zipfile": python_zipfile, "stream": python_stream, "zip64": python_zip64}


@pytest.mark.every_python
@pytest.mark.parametrize("tool", [*COMMANDS, *WRITERS])
def test_what_real_tools_write(tool: str, tmp_path: Path) -> None:
    root, target = write_tree(tmp_path / "tree"), tmp_path / "made.zip"
    if tool in WRITERS:
        WRITERS[tool](root, target)
    else:
        command = [word.format(target=target) for word in COMMANDS[tool]]
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not on this machine")
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(command, cwd=root, check=True, env=environment)
    source = read_source(target)
    assert contents(source) == TREE
    assert contents(read_source(root)) == TREE
    starts = {member.name: member.start(5) for member in source.files}
    assert starts == {name: content[:5] for name, content in TREE.items()}


def test_links_of_a_zip_and_of_a_directory_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "directory").symlink_to("/etc")
    source = read_source(tmp_path)
    assert contents(source) == {"link": b"/etc/passwd", "directory": b"/etc"}
    assert all(member.is_link for member in source.files)
    zipped = read(raw_zip(Raw(b"link", b"/etc/passwd", external=0o120777 << 16)))
    assert [member.is_link for member in zipped.files] == [True]


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="neither a file nor a directory"):
        read_source(tmp_path / "pipe")
    with pytest.raises(InputError, match="neither a file nor a directory"):
        read_source(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        read_source(tmp_path / "absent.zip")
    large = tmp_path / "large.zip"
    with large.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(InputError, match=r"large\.zip has 2147\.5 MB"):
        read_source(large)


def test_effort_grows_with_the_size_of_names() -> None:
    deep = b"a/" * 1000
    few, many = (
        raw_zip(*(Raw(b"%s%d" % (deep, number), b"") for number in range(count)))
        for count in (10, 300)
    )
    calls = {}
    for data in (few, many):
        source = read(data)
        profile = cProfile.Profile()
        profile.runcall(look, source, find_distributions(source))
        calls[data] = sum(entry.callcount for entry in profile.getstats())
    # Names in one directory have not each its thousand parents.
    assert calls[many] < calls[few] + 500 * 300


def test_times_are_read_as_they_are_said() -> None:
    times = b"UT" + struct.pack("<HBi", 5, 1, 1_700_000_001)
    (member,) = read(raw_zip(Raw(local_extra=times))).members
    assert member.date_time == (2020, 2, 2, 0, 0, 0)
    assert member.modified == 1_700_000_001
    (member,) = read(raw_zip(Raw())).members
    assert member.modified is None
