"""Modules without their source: what of the source is still in them."""

from __future__ import annotations

import importlib.util
import marshal
import platform
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from hatch_lambda_zip.archive import CompressedContent, compressed
from hatch_lambda_zip.bytecode import Interpreter
from hatch_lambda_zip.bytecode.compiler import Compiler
from hatch_lambda_zip.config.load import parse_config
from hatch_lambda_zip.contents.bytecode import Modules, _is_source, with_bytecode
from hatch_lambda_zip.contents.module_compiler import ModuleCompiler
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installed
from hatch_lambda_zip.packs import PackCache
from tests.support.installed import made

VERSION = platform.python_version()
RUNTIME = f"python3.{sys.version_info.minor}"


def _compress(entry: Entry) -> CompressedContent:
    return compressed(entry, lambda _entry, _content: None, None)


def compiled(installed: Installed, added: Iterable[Entry] = (), /, **options: str) -> Modules:
    """Compile a distribution, and files that ship besides."""
    table = {
        "runtime": RUNTIME,
        "bytecode": "compile",
        "bytecode-python": VERSION,
        **options,
    }
    (artifact,) = parse_config(table, today=date(2026, 1, 1)).artifacts
    compiler = Compiler(
        Interpreter(Path(sys.executable), VERSION),
        optimize=0,
        log=lambda _: None,
        timeout=60,
        workers=1,
    )
    packs = PackCache(None, print)
    module_compiler = ModuleCompiler(compiler, packs, _compress, workers=1, salt="1.0")
    return with_bytecode([installed], added, artifact, module_compiler)


def pyc_of(text: str, **options: str) -> tuple[str, bytes]:
    """Compile a distribution of one module as it ships; return the .pyc's name and content."""
    ((name, content),) = [
        (entry.name, entry.read())
        for installed in compiled(made("demo", {"demo.py": text}), **options).installed
        for entry in installed.entries
        if entry.name.endswith(".pyc")
    ]
    return name, content


def test_what_is_left_as_source_ships_as_such() -> None:
    # The power is rounded, perhaps otherwise on another CPU.
    texts = {"a.py": "x = 1\n", "b.py": "x = 2 ** 0.5\n", "c.py": "x = 3 ** 0.5\n"}
    found = compiled(made("demo", texts), [Entry.of("d.py", b"x = 1\n", "app")], source="omit")
    assert found.count == 2
    assert [left.path for left in found.left_as_source] == ["b.py", "c.py"]
    (demo,) = found.installed
    modules = [it.name for it in demo.entries if it.name.endswith((".py", ".pyc"))]
    assert modules == ["a.pyc", "b.py", "c.py"]
    assert [left.path for left in demo.left_out] == ["a.py"]
    assert [it.name for it in found.added] == ["d.pyc"]


def test_an_edited_comment_changes_no_byte_of_a_module_without_source() -> None:
    before = pyc_of("x = 1  # one\n", source="omit")
    assert before == pyc_of("x = 1  # two\n", source="omit")
    name, content = before
    assert name == "demo.pyc"
    assert content[4:16] == b"\1\0\0\0" + bytes(8)


def test_beside_its_source_a_module_has_the_hash() -> None:
    source = "x = 1  # one\n"
    _, content = pyc_of(source)
    assert content[8:16] == importlib.util.source_hash(source.encode())
    assert content[16:] == pyc_of(source, source="omit")[1][16:]


def test_bytecode_in_a_wheel_is_never_taken_for_that_of_the_source() -> None:
    # Of the same size, and as fresh as the other: a header with a time proves nothing.
    carried = marshal.dumps(compile("x = 'g'\n", "demo.py", "exec"))
    text = "x = 'h'\n"
    header = importlib.util.MAGIC_NUMBER + bytes(8) + len(text).to_bytes(4, "little")
    name, content = pyc_of(text)
    assert content != header + carried
    assert marshal.loads(content[16:]).co_consts[0] == "h"  # noqa: S302 - made above
    assert name == f"__pycache__/demo.cpython-3{sys.version_info.minor}.pyc"


@pytest.mark.parametrize(
    ("name", "text", "is_source"),
    [
        ("bin/run.py", "#!/usr/bin/python\n", False),
        ("bin/module.py", "x = '#!'\n", True),
        ("demo/run.py", "#!/usr/bin/python\n", True),
        ("demo/bin/run.py", "#!/usr/bin/python\n", True),
        ("demo/run.pyc", "", False),
    ],
)
def test_a_script_is_no_source(name: str, text: str, *, is_source: bool) -> None:
    assert _is_source(Entry.of(name, text.encode(), "demo")) is is_source
