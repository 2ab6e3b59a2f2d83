"""Compiled modules of third parties are kept in packs; the same ones ship with and without."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hatch_lambda_zip.archive import CompressedContent, compressed
from hatch_lambda_zip.bytecode import Compiled, Interpreter, Obstacle, Source
from hatch_lambda_zip.bytecode.compiler import Compiler
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.config.model import Artifact, Kind
from hatch_lambda_zip.contents.bytecode import Modules, with_bytecode
from hatch_lambda_zip.contents.module_compiler import ModuleCompiler
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.install.read import Installed
from hatch_lambda_zip.lock.model import Origin
from hatch_lambda_zip.packs import PackCache
from tests.support.installed import entry_of, made

VERSION = platform.python_version()
RUNTIME = f"python3.{sys.version_info.minor}"
NAN = "(1e999 - 1e999)"
FILES = {
    "demo/__init__.py": "x = 1  # one\n",
    "demo/old.py": "print 'x'\n",  # three obstacles
    "demo/cpu.py": "x = 2.1 ** 2\n",
    "demo/nan.py": f"def f(x):\n    return x in {{{NAN}, -{NAN}}}\n",
    "demo/data.json": "{}",
}


class Counting(Compiler):
    """A compiler that says what it was asked for."""

    def __init__(self) -> None:
        super().__init__(
            Interpreter(Path(sys.executable), VERSION),
            optimize=0,
            log=lambda _: None,
            timeout=60,
            workers=1,
        )
        self.names: list[str] = []

    def compile(self, sources: Sequence[Source]) -> list[Compiled]:
        self.names += [source.name for source in sources]
        return super().compile(sources)


def artifact_of(**options: object) -> Artifact:
    table = {
        "runtime": RUNTIME,
        "bytecode": "compile",
        "bytecode-python": VERSION,
        **options,
    }
    (artifact,) = parse_config(table, today=date(2026, 1, 1)).artifacts
    return artifact


def compress(entry: Entry) -> CompressedContent:
    return compressed(entry, lambda _entry, _content: None, None)


class Command:
    """One command's compiler, with the packs of a directory."""

    def __init__(self, directory: Path | None, salt: str = "1.0") -> None:
        self.lines: list[str] = []
        self.packs = PackCache(directory, self.lines.append)
        self.compiler = Counting()
        self.modules = ModuleCompiler(self.compiler, self.packs, compress, workers=2, salt=salt)

    def run(
        self, installed: Installed, artifact: Artifact, added: tuple[Entry, ...] = ()
    ) -> Modules:
        return with_bytecode([installed], added, artifact, self.modules)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def commands(directory: Path) -> Iterator[tuple[Command, Command]]:
    one, two = Command(directory), Command(directory)
    with closing(one.packs), closing(two.packs):
        yield one, two


def shipped(modules: Modules) -> list[tuple[str, bytes]]:
    entries = [*(entry for item in modules.installed for entry in item.entries), *modules.added]
    return [(entry.name, entry.read()) for entry in entries]


@pytest.mark.every_python
@pytest.mark.parametrize("options", [{}, {"source": "omit"}, {"bytecode-optimize": 2}], ids=repr)
def test_what_is_kept_ships_as_what_was_compiled(
    commands: tuple[Command, Command], options: dict[str, object]
) -> None:
    first, second = commands
    demo, artifact = made("demo", FILES), artifact_of(**options)
    without = Command(None).run(demo, artifact)
    assert {left.reason for left in without.left_as_source} == {it.value for it in Obstacle}
    for command in (first, first, second):
        modules = command.run(demo, artifact)
        assert shipped(modules) == shipped(without)
        assert (modules.count, modules.left_as_source) == (without.count, without.left_as_source)
        left_out = [item.left_out for item in modules.installed]
        assert left_out == [item.left_out for item in without.installed]
    assert len(first.compiler.names) == 4
    assert not second.compiler.names
    assert not [*first.lines, *second.lines]
    name = f"demo/__init__.py{'c' if artifact.bytecode.omit_source else ''}"
    assert name in dict(shipped(without))


OTHER_FILES = {**FILES, "demo/__init__.py": "x = 2  # one\n"}


@pytest.mark.parametrize(
    ("installed", "options"),
    [
        (made("demo", OTHER_FILES), {}),
        (made("demo", {**FILES, "demo/more.py": ""}), {}),
        (made("demo", {name.replace("demo/", "other/"): text for name, text in FILES.items()}), {}),
        (made("demo", FILES), {"source": "omit"}),
        (made("demo", FILES), {"bytecode-optimize": 1}),
    ],
    ids=["content", "one more", "another name", "omitted source", "optimized"],
)
def test_other_circumstances_have_another_pack(
    commands: tuple[Command, Command], installed: Installed, options: dict[str, object]
) -> None:
    first, second = commands
    first.run(made("demo", FILES), artifact_of())
    expected = shipped(Command(None).run(installed, artifact_of(**options)))
    assert shipped(second.run(installed, artifact_of(**options))) == expected
    assert second.compiler.names


def test_the_place_on_lambda_and_the_release_decide_too(
    commands: tuple[Command, Command],
) -> None:
    first, second = commands
    artifact, demo = artifact_of(), made("demo", FILES)
    first.run(demo, artifact)
    modules = second.run(demo, replace(artifact, kind=Kind.LAYER))
    assert second.compiler.names
    (pyc,) = (content for name, content in shipped(modules) if "__init__.cpython" in name)
    assert b"/opt/python/demo/__init__.py" in pyc
    count = len(second.compiler.names)
    second.compiler.version = "3.99.0"
    second.run(demo, artifact)
    assert len(second.compiler.names) > count


def test_another_release_of_this_package_has_packs_of_its_own(directory: Path) -> None:
    for salt in ("1.0", "1.1"):
        command = Command(directory, salt)
        with closing(command.packs):
            command.run(made("demo", FILES), artifact_of())
        assert len(command.compiler.names) == 4


@pytest.mark.parametrize("origin", [Origin.LOCAL, Origin.GIT])
def test_what_is_of_this_machine_is_kept_for_one_command(
    directory: Path, commands: tuple[Command, Command], origin: Origin
) -> None:
    first, second = commands
    files = {"demo/__init__.py": "x = 1\n"}
    demo, added = made("demo", files, origin=origin), entry_of("loose.py", "y = 1\n", "demo")
    for command in (first, first, second):
        modules = command.run(demo, artifact_of(), (added,))
        assert modules.count == 2
        assert command.compiler.names == ["demo/__init__.py", "loose.py"]
    assert not [*directory.rglob("*.pack")]


def test_a_damaged_pack_is_known(directory: Path, commands: tuple[Command, Command]) -> None:
    first, second = commands
    demo, artifact = made("demo", FILES), artifact_of()
    expected = shipped(first.run(demo, artifact))
    (path,) = directory.rglob("*.pack")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    with pytest.raises(DamagedPackError):
        shipped(second.run(demo, artifact))
    (pack,) = second.packs._open.values()
    second.packs.remove(path)
    assert pack._stream.closed, "on Windows it could not be removed"
    assert not path.exists()
    with pytest.raises(DamagedPackError):
        pack.contents[0].compressed()
    assert shipped(second.run(demo, artifact)) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="other errors there")
def test_a_cache_that_can_not_be_used_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    demo, artifact = made("demo", FILES), artifact_of()
    command = Command(tmp_path / "file")
    expected = shipped(Command(None).run(demo, artifact))
    for _ in range(2):
        assert shipped(command.run(demo, artifact)) == expected
    assert len(command.compiler.names) == 4  # once in this command all the same
    assert any("can't be written, so nothing is kept" in line for line in command.lines)
