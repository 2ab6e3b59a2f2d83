"""Other programs read the zips, strictly, and see in them what went in."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import pytest

from tests.support.built_examples import zips_of_examples
from tests.support.interpreters import read_zip
from tests.support.second_writer import write_zip
from tests.support.shared import made_once

pytestmark = [pytest.mark.exhaustive, pytest.mark.shared_cache]

READERS: Final = Path(__file__).parent / "readers"
TIME: Final = int(datetime(2020, 2, 2, tzinfo=timezone.utc).timestamp())
ODD: Final = {
    "empty": b"",
    "stored": bytes(range(256)),
    "packed/deep/er.txt": b"text " * 100_000,
    "script": b"#!/bin/sh\n",
    "program": b"\x7fELF" + bytes(100),
    "with blanks & signs (1) [x] 'y' $z %s #.txt": b"1",
    "naïve/日本語/🐍.py": b"2",
    "n" * 255: b"3",
    "-dash": b"4",
}
PRINTERS: Final[Mapping[str, Sequence[str | Path]]] = {
    "java ZipFile": ["java", READERS / "ReadZip.java", "file"],
    "java ZipInputStream": ["java", READERS / "ReadZip.java", "stream"],
    "go": ["go", "run", READERS / "read_zip.go"],
    "node yauzl": ["node", READERS / "read_zip.js"],
}
# A check where there is one, and the unpacking.
UNPACKERS: Final[Mapping[str, Callable[[Path, Path], list[list[str | Path]]]]] = {
    "unzip": lambda zip_, to: [["unzip", "-tqq", zip_], ["unzip", "-qq", zip_, "-d", to]],
    "7zz": lambda zip_, to: [["7zz", "t", zip_], ["7zz", "x", f"-o{to}", zip_]],
    "bsdtar": lambda zip_, to: [["bsdtar", "-tf", zip_], ["bsdtar", "-xpf", zip_, "-C", to]],
}
# What makes a zip of a directory's content, for us to read.
PACKERS: Final[Mapping[str, Sequence[str]]] = {
    "zip": ["zip", "-qr"],
    "7zz": ["7zz", "a", "-tzip", "-mcu=on"],
    "bsdtar": ["bsdtar", "--format", "zip", "-cf"],
}


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The zips of all examples, and two that are odd. Not to be changed."""

    def make(directory: Path) -> None:
        directory.mkdir()
        (directory / "odd.zip").write_bytes(write_zip(ODD))
        many = {f"{number:05}": b"" for number in range(65_534)}
        (directory / "most.zip").write_bytes(write_zip(many))

    odd = sorted(made_once(tmp_path_factory, "odd-zips", make).iterdir())
    return [*zips_of_examples(tmp_path_factory), *odd]


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def execute(command: Sequence[str | Path], cwd: Path) -> str:
    """Run a reader in UTC, and return what it prints; what it complains of is a failure."""
    environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "GO111MODULE": "off"}
    result = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=600,
        cwd=cwd,
        env=environment,
        umask=0o022,
    )
    assert (result.returncode, result.stderr) == (0, ""), f"{command}\n{result.stderr}"
    return result.stdout


def tool(name: str) -> None:
    """Skip the test if a program is not here; the run's summary then names it."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not here")


@pytest.mark.parametrize("reader", PRINTERS)
def test_what_programs_read(zips: list[Path], tmp_path: Path, reader: str) -> None:
    command = PRINTERS[reader]
    tool(str(command[0]))
    if command[0] == "node":
        found = subprocess.run(["node", "-e", "require('yauzl')"], capture_output=True, check=False)
        if found.returncode:
            pytest.skip("yauzl is not here; NODE_PATH names the directory that has it")
    for path in zips:
        lines = execute([*command, path], tmp_path).splitlines()
        read = [line.partition(" ")[::2] for line in lines]
        assert {name: digest for digest, name in read} == digests(read_zip(path)), path
        assert [name for _, name in read] == sorted((name for _, name in read), key=str.encode)


@pytest.mark.parametrize("program", UNPACKERS)
def test_what_programs_unpack(zips: list[Path], tmp_path: Path, program: str) -> None:
    tool(program)
    for number, path in enumerate(zips):
        to = tmp_path / str(number)
        to.mkdir()
        for command in UNPACKERS[program](path, to):
            execute(command, tmp_path)
        files = {one.relative_to(to).as_posix(): one for one in to.rglob("*") if one.is_file()}
        expected = read_zip(path)
        assert digests({name: one.read_bytes() for name, one in files.items()}) == digests(expected)
        for name, one in files.items():
            status = one.stat()
            runs = expected[name].startswith((b"#!", b"\x7fELF"))
            assert stat.S_IMODE(status.st_mode) == (0o755 if runs else 0o644), name
            assert status.st_mtime == TIME, name


@pytest.mark.parametrize("program", PACKERS)
def test_what_programs_pack_again(zips: list[Path], tmp_path: Path, program: str) -> None:
    tool(program)
    tool("unzip")
    for number, path in enumerate(zips):
        to = tmp_path / str(number)
        execute(["unzip", "-qq", path, "-d", to], tmp_path)
        packed = tmp_path / f"again-{number}.zip"
        execute([*PACKERS[program], packed, "."], to)
        as_before(packed, read_zip(path))


def as_before(packed: Path, expected: Mapping[str, bytes]) -> None:
    """Check contents, modes and times of what another program has zipped."""
    with zipfile.ZipFile(packed) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        found = {_name(member): archive.read(member) for member in members}
    assert digests(found) == digests(expected)
    for member in members:
        runs = expected[_name(member)].startswith((b"#!", b"\x7fELF"))
        assert stat.S_IMODE(member.external_attr >> 16) == (0o755 if runs else 0o644)
        assert member.date_time == (2020, 2, 2, 0, 0, 0)


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name as it was, also of programs that don't say that it is UTF-8."""
    says_so = member.flag_bits & 0x800
    name = member.filename if says_so else member.filename.encode("cp437").decode()
    return name.removeprefix("./")
