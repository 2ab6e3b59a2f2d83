"""What differs in sources, compiled modules and manifests, and the command diff."""

from __future__ import annotations

import ast
import copy
import importlib.util
import io
import json
import marshal
import struct
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hatch_lambda_zip.bytecode.code import read_code, read_filename
from hatch_lambda_zip.cli import main
from hatch_lambda_zip.explain.diff import compare, verdict
from hatch_lambda_zip.explain.diff.bytecode import Bytecode, compare_bytecode
from hatch_lambda_zip.explain.diff.source import Part, compare_sources
from tests.support.commands import CHECKOUT, clean_environment, run
from tests.support.interpreters import interpreters
from tests.support.loose import invoke
from tests.support.projects import Build, Project
from tests.support.schemas import is_valid
from tests.support.site_zips import distribution, read, zipped

PAGE = CHECKOUT / "docs/how-to/diff.md"
SOURCE = b'''"""Orders."""

import os

LIMIT = 30  # of them


class Orders:
    """All of them."""

    def find(self, number):
        """Return one."""
        return os.getcwd() + str(number + 1)


def handler(event, context):
    return Orders().find(-0.0)
'''

# What is replaced by what, and where which parts changed.
EDITS = {
    "line ends": (b"\n", b"\r\n", [(Part.LINE_ENDS, "", 1)]),
    "blank line": (b"\nLIMIT", b"\n\nLIMIT", [(Part.LAYOUT, "", 1)]),
    "brackets": (b"number + 1", b"(number + 1)", [(Part.LAYOUT, "", 1)]),
    "spelling of a string": (
        b"Orders().find(-0.0)",
        b"Orders().find(-0.00)",
        [(Part.LAYOUT, "", 1)],
    ),
    "comment": (b"# of them", b"# of all", [(Part.COMMENT, "", 5)]),
    "comment less": (b"  # of them", b"", [(Part.COMMENT, "", 5)]),
    "the same comment twice": (b"os\n", b"os  # of them\n", [(Part.COMMENT, "", 5)]),
    "docstring": (b"Return one.", b"Find one.", [(Part.DOCSTRING, "Orders.find", 12)]),
    "docstring of the module": (b"Orders.", b"All.", [(Part.DOCSTRING, "", 1)]),
    "docstring less": (b'    """All of them."""\n\n', b"", [(Part.DOCSTRING, "Orders", 9)]),
    "constant": (b"30", b"31", [(Part.CONSTANT, "", 5)]),
    "constant of another type": (b"30", b"30.0", [(Part.CONSTANT, "", 5)]),
    "sign of nothing": (b"-0.0", b"0.0", [(Part.CODE, "handler", 17)]),
    "constant and docstring": (
        b'one."""\n        return os.getcwd() + str(number + 1',
        b'it."""\n        return os.getcwd() + str(number + 2',
        [(Part.CONSTANT, "Orders.find", 13), (Part.DOCSTRING, "Orders.find", 12)],
    ),
    "code": (b"number + 1", b"number - 1", [(Part.CODE, "Orders.find", 13)]),
    "argument": (b"event, context", b"event, _", [(Part.CODE, "handler", 16)]),
    "import": (b"import os\n", b"import os\nimport re\n", [(Part.CODE, "", 4)]),
    "import less": (b"import os\n", b"", [(Part.CODE, "", 4)]),
    "method more": (
        b"    def find",
        b"    def new(self): ...\n\n    def find",
        [(Part.CODE, "Orders.new", 11)],
    ),
    "renamed function": (
        b"def handler",
        b"def main",
        [(Part.CODE, "main", 16), (Part.CODE, "handler", 16)],
    ),
    "other order": (
        b"import os\n\nLIMIT = 30  # of them\n",
        b"LIMIT = 30  # of them\n\nimport os\n",
        [(Part.CODE, "", 3), (Part.CODE, "", 5)],
    ),
}


@pytest.mark.every_python
@pytest.mark.parametrize("name", EDITS)
def test_what_changed_in_a_source(name: str) -> None:
    old, new, expected = EDITS[name]
    assert old in SOURCE
    found = compare_sources(SOURCE, SOURCE.replace(old, new))
    assert found is not None
    assert [(place.part, place.scope, place.line) for place in found] == expected


def test_a_function_behind_the_statement_that_it_was_before() -> None:
    before, after = b"def f(): ...\nx = 1\n", b"x = 1\ndef f(): ...\n"
    assert [place.part for place in compare_sources(before, after) or ()] == [Part.CODE]


@pytest.mark.every_python
@pytest.mark.parametrize(
    "source", [b"print 1\n", b"x = (\n", b"\0", b"(" * 10_000, b"x" + b".a" * 100_000, b"\xff"]
)
def test_what_no_python_parses_is_not_told(source: bytes) -> None:
    assert compare_sources(SOURCE, source) is None or source.startswith(b"x.")


SOURCES = sorted((CHECKOUT / "src").rglob("*.py"))


@pytest.mark.every_python
@given(st.sampled_from(SOURCES), st.sampled_from([*Part][2:5]), st.integers(0, 10_000))
def test_one_change_anywhere_in_a_source_is_that_one(path: Path, part: Part, at: int) -> None:
    source = path.read_bytes()
    lines = source.decode("utf-8").splitlines(keepends=True)
    tree = ast.parse(source)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    # Before Python 3.12, what is in an f-string has no place of its own.
    inside = {
        id(it)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for it in ast.walk(node)
    }
    if part is Part.COMMENT:
        ends = [
            token.end
            for token in tokenize.tokenize(io.BytesIO(source).readline)
            if token.type == tokenize.NEWLINE
        ]
        new = "  # new"
        places = [(line, column - 1, column - 1) for line, column in ends]
    else:
        new = '"new"'
        places = [
            (node.lineno, node.col_offset, node.end_col_offset or 0)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.lineno == node.end_lineno
            and id(node) not in inside
            and (id(node) in documented) == (part is Part.DOCSTRING)
            and lines[node.lineno - 1].isascii()
            and lines[node.lineno - 1][node.col_offset] in "'\""
            and node.value not in {"new", ""}
        ]
    if not places:
        return
    line, start, end = places[at % len(places)]
    old = lines[line - 1]
    if part is Part.COMMENT:
        start = end = len(old.rstrip("\n"))
    lines[line - 1] = old[:start] + new + old[end:]
    found = compare_sources(source, "".join(lines).encode()) or ()
    assert [(place.part, place.line) for place in found] == [(part, line)]


def pyc(source: bytes, *, name: str = "a.py", flags: int = 1, head: bytes = b"12345678") -> bytes:
    code = marshal.dumps(compile(source, name, "exec"))
    return importlib.util.MAGIC_NUMBER + struct.pack("<I", flags) + head + code


PYC = pyc(SOURCE)
LONG = "/home/somebody/" + "x" * 260 + "/a.py"
MODULES = {
    "check": (pyc(SOURCE, flags=3), {Bytecode.CHECK}),
    "hash": (pyc(SOURCE, head=b"abcdefgh"), {Bytecode.HASH}),
    "path": (pyc(SOURCE, name="b.py"), {Bytecode.PATH}),
    "longer path": (pyc(SOURCE, name="/home/me/a.py"), {Bytecode.PATH}),
    "long path": (pyc(SOURCE, name=LONG), {Bytecode.PATH}),
    "path and hash": (
        pyc(SOURCE, name="b.py", head=b"abcdefgh"),
        {Bytecode.PATH, Bytecode.HASH},
    ),
    "references": (
        PYC[:16] + marshal.dumps(compile(SOURCE, "a.py", "exec"), 2),
        {Bytecode.REFERENCES},
    ),
    "lines": (pyc(b"\n" + SOURCE), {Bytecode.LINES}),
    "lines and path": (pyc(b"\n" + SOURCE, name="b.py"), {Bytecode.LINES, Bytecode.PATH}),
    "constant": (pyc(SOURCE.replace(b"30", b"31")), {Bytecode.CODE}),
    "constant like a path": (pyc(SOURCE.replace(b'"Return one."', b'"b.py"')), {Bytecode.CODE}),
    "cut off": (PYC[:-1], {Bytecode.UNREADABLE}),
    "no code": (PYC[:16] + b"N", {Bytecode.UNREADABLE}),
    "no magic": (b"abcd" + PYC[4:], {Bytecode.UNREADABLE}),
    "another Python": (
        (3439 if importlib.util.MAGIC_NUMBER[:2] != b"\x6f\x0d" else 3495).to_bytes(2, "little")
        + b"\r\n"
        + PYC[4:],
        {Bytecode.PYTHON},
    ),
}


@pytest.mark.every_python
@pytest.mark.parametrize("name", MODULES)
def test_in_what_compiled_modules_differ(name: str) -> None:
    other, expected = MODULES[name]
    for pair in ((PYC, other), (other, PYC)):
        found = compare_bytecode(*pair)
        assert {*found.ways} == expected
        is_harmless = expected.isdisjoint(
            (Bytecode.CODE, Bytecode.LINES, Bytecode.PYTHON, Bytecode.UNREADABLE)
        )
        assert found.is_same_code == is_harmless


@pytest.mark.every_python
def test_time_and_size_of_a_source() -> None:
    before = pyc(SOURCE, flags=0, head=struct.pack("<II", 1, 2))
    after = pyc(SOURCE, flags=0, head=struct.pack("<II", 3, 4))
    assert compare_bytecode(before, after).ways == (Bytecode.TIME, Bytecode.SIZE)


@pytest.mark.every_python
def test_a_constant_that_looks_like_the_path_is_none() -> None:
    before, after = pyc(b"x = 'a1.py'\n"), pyc(b"x = 'b2.py'\n")
    (change,) = compare_bytecode(before, after).functions
    assert change.name == "<module>"
    assert [(it.kind, it.before, it.after) for it in change.details] == [
        ("constant", "'a1.py'", "'b2.py'")
    ]


# From Python 3.14 on it stands in an instruction.
SMALL_NUMBER = "constant" if sys.version_info < (3, 14) else "instruction"


@pytest.mark.every_python
@pytest.mark.parametrize(
    ("old", "new", "function", "kinds"),
    [
        (b"number + 1", b"number + 2", "find", {SMALL_NUMBER}),
        (b"os.getcwd", b"os.getpid", "find", {"name"}),
        (b"number + 1", b"number - 1", "find", {"instruction"}),
        (b"event, context", b"event, other", "handler", {"other"}),
        (b"def handler", b"def main", "main", set()),
    ],
)
def test_the_functions_that_differ(old: bytes, new: bytes, function: str, kinds: set[str]) -> None:
    found = compare_bytecode(PYC, pyc(SOURCE.replace(old, new)))
    changes = {
        it.name.rpartition(".")[2]: {its.kind for its in it.details} for it in found.functions
    }
    assert kinds <= changes[function]
    assert changes.keys() <= {function, "<module>", "handler"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("python", interpreters())
def test_functions_of_every_python(python: str, tmp_path: Path) -> None:
    """Their names are qualified before Python 3.11, too, though the files do not say so.

    Since Python 3.14, an integer below 256 is in an instruction.
    """
    made = []
    for name, number in (("a", b"256"), ("b", b"257")):
        source = SOURCE.replace(b"number + 1", b"number + " + number)
        (tmp_path / f"{name}.py").write_bytes(source)
        code = f"import py_compile; py_compile.compile('{name}.py', '{name}.pyc', 'c.py')"
        run([python, "-c", code], cwd=tmp_path)
        made.append((tmp_path / f"{name}.pyc").read_bytes())
    (change,) = compare_bytecode(*made).functions
    assert change.name == "Orders.find"
    assert {("256", "257")} == {
        (it.before, it.after) for it in change.details if it.kind == "constant"
    }


@pytest.mark.every_python
def test_constants_in_words() -> None:
    values = "(1, -2.5, 3j, 'a', b'b', None, True, ..., frozenset({1}), 10**40)"
    code = read_code(pyc(f"def f(x): return x in {{1, 2}}, {values}, 2, 'ä' * 9\n".encode()))
    shown = " ".join(constant.shown for inner in code.inner for constant in inner.constants)
    for word in ("'äääääääää'", "2", "-2.5"):
        assert word in shown
    assert code.filename == read_filename(pyc(b"x = 1\n")) == "a.py"


@pytest.mark.every_python
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((word, word) for word in ("None", "True", "False", "...", "1", "-2.5", "3j", "b'b'")),
        ("10**10", "an integer of 6 bytes"),
        ("(1, False)", "(1, False)"),
    ],
)
def test_each_constant_in_words(value: str, shown: str) -> None:
    code = read_code(pyc(f"class C:\n    def f(self): x = {value}\n".encode()))
    ((function,),) = (it.inner for it in code.inner)
    assert function.constants[-1].shown == shown
    assert function.name == ("C.f" if sys.version_info >= (3, 11) else "f")


def test_constants_are_shown_whole_up_to_sixty_characters() -> None:
    for length, expected in ((58, repr("a" * 58)), (59, "'" + "a" * 58 + "…")):
        (constant, *_) = read_code(pyc(f"x = {'a' * length!r}\n".encode())).constants
        assert constant.shown == expected


@given(st.data())
def test_any_bytes_in_place_of_a_module_have_an_answer(data: st.DataObject) -> None:
    other = bytearray(PYC)
    for _ in range(data.draw(st.integers(1, 4))):
        other[data.draw(st.integers(0, len(other) - 1))] = data.draw(st.integers(0, 255))
    if other != PYC:
        assert compare_bytecode(PYC, bytes(other)).ways


NAMES = ("app.py", "data.bin", "demo/__init__.py", "orders/api.py")
CONTENTS = (b"", b"x = 1\n", b"x = 1  # one\n", b"x = 2\n", b"\0\1", b"x\n" * 9)
trees = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS))


@given(trees, trees, st.sampled_from((0o100644, 0o100600)))
def test_only_the_same_bytes_are_equal_and_only_the_same_files_the_same_code(
    before: dict[str, bytes], after: dict[str, bytes], mode: int
) -> None:
    old, new = zipped(before), zipped(after, mode=mode)
    found = compare(read(old), read(new), workers=1)
    assert found.is_equal == (old == new)
    words = verdict(found)
    assert words.startswith("equal: ") == (old == new)
    if before != after and {*before.items()} != {*after.items()}:
        assert not found.is_same_code
        assert not words.startswith(("same code", "equal"))
    assert "nothing here explains" not in words


def two(tmp: Path, before: dict[str, bytes], after: dict[str, bytes]) -> tuple[Path, Path]:
    paths = tmp / "a.zip", tmp / "b.zip"
    for path, tree in zip(paths, (before, after), strict=True):
        path.write_bytes(zipped(tree))
    return paths


def test_the_command_says_why_and_shows_what(tmp_path: Path) -> None:
    before = {"app.py": SOURCE, "a.json": b"{}", **distribution({"demo.py": b""}, version="1.0")}
    after = {
        "app.py": SOURCE.replace(b"one", b"it"),
        "a.json": b"[1]",
        **distribution({"demo.py": b"x = 1\n"}, version="2.0"),
    }
    paths = two(tmp_path, before, after)
    result = invoke("diff", *paths)
    assert result.exit_code == 1, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "demo 1.0 -> 2.0 and 2 own files changed"
    assert "changed a.json: 2 bytes -> 3 bytes" in lines
    assert "changed app.py: one docstring" in lines
    assert '-        """Return one."""' in lines
    assert '+        """Return it."""' in lines
    assert "  changed demo.py" in lines
    info = "  changed demo-1.0.dist-info/METADATA -> demo-2.0.dist-info/METADATA"
    assert info in lines
    assert "+x = 1" not in lines
    assert "+x = 1" in invoke("diff", "--full", *paths).stdout.splitlines()
    stat = invoke("diff", "--stat", *paths)
    assert stat.exit_code == 1
    assert ["changed", "2", "bytes", "3", "bytes", "a.json"] in [
        *map(str.split, stat.stdout.splitlines())
    ]
    names = invoke("diff", "--name-only", *paths)
    assert names.exit_code == 1
    assert names.stdout.splitlines()[:2] == ["a.json", "app.py"]
    document = json.loads(invoke("diff", "--json", *paths).stdout)
    assert is_valid(document, "diff.schema.json")
    assert not is_valid({**document, "more": 1}, "diff.schema.json")
    assert document["distributions"] == [{"name": "demo", "before": "1.0", "after": "2.0"}]
    same = invoke("diff", paths[0], paths[0])
    assert (same.exit_code, same.stdout) == (0, "equal: the same bytes\n")


def test_names_of_what_differs_around_the_same_files(tmp_path: Path) -> None:
    paths = two(tmp_path, {"app.py": b""}, {"app.py": b""})
    paths[1].write_bytes(zipped({"app.py": b""}, mode=0o100600))
    assert invoke("diff", "--name-only", *paths).stdout == "app.py\n"


def test_wrong_usage_and_what_can_not_be_read(tmp_path: Path) -> None:
    first, second = two(tmp_path, {"app.py": b"1"}, {"app.py": b"2"})
    second.write_bytes(second.read_bytes()[:-9])
    other = tmp_path / "other.json"
    other.write_text("{}")
    for words, said in (
        ((first,), "Name two of them"),
        ((first, first, first), "Name two of them"),
        (("--textconv", first, first), "Name one zip with --textconv"),
        ((first, second), f"Error: {second} is cut off"),
        ((first, tmp_path / "no.zip"), "Error: "),
        ((first, other), f"Error: {first} has no manifest of its own beside it"),
        ((other, other), f"Error: {other} is no manifest of hatch-lambda-zip"),
    ):
        result = invoke("diff", *words)
        assert result.exit_code == 2, words
        assert said in result.stderr
        assert "Traceback" not in result.output
        assert result.stdout == ""


def test_colours_are_for_terminals_that_want_them(tmp_path: Path) -> None:
    words = ["diff", *map(str, two(tmp_path, {"app.py": b"x = 1\n"}, {"app.py": b"x = 2\n"}))]
    runner = CliRunner(env=clean_environment(NO_COLOR=""))
    coloured = runner.invoke(main, words, color=True).stdout
    assert "\x1b[32m+x = 2" in coloured
    assert "\x1b[" not in runner.invoke(main, words).stdout
    assert "\x1b[" not in runner.invoke(main, words, color=True, env={"NO_COLOR": "1"}).stdout


def test_nothing_in_a_zip_speaks_to_the_terminal(tmp_path: Path) -> None:
    evil = "a\x9b2J\u202e.py"
    paths = two(tmp_path, {evil: b"# \x1b[2J\n"}, {evil: b"# \x1b[3J\n"})
    for form in ("--full", "--stat", "--name-only"):
        result = invoke("diff", form, *paths)
        assert result.exit_code == 1
        assert not {"\x1b", "\x9b", "\u202e"} & {*result.stdout}


def test_where_links_lead_to(tmp_path: Path) -> None:
    paths = tmp_path / "a.zip", tmp_path / "b.zip"
    for path in paths:
        path.write_bytes(zipped({"link": path.name.encode()}, mode=0o120777))
    lines = invoke("diff", *paths).stdout.splitlines()
    assert lines[-3:] == ["changed link", "  - leads to: a.zip", "  + leads to: b.zip"]


def test_a_module_larger_than_any(tmp_path: Path) -> None:
    large = PYC + bytes(33 << 20)
    paths = two(tmp_path, {"a.pyc": PYC}, {"a.pyc": large})
    first, *_ = invoke("diff", *paths).stdout.splitlines()
    assert first == "the compiled module a.pyc, which can't be read"


def test_the_end_of_a_text(tmp_path: Path) -> None:
    text = b"a" * 1023 + "ä".encode()  # a character that is cut where its kind is looked for
    paths = two(tmp_path, {"a": text}, {"a": text + b"\n"})
    lines = invoke("diff", *paths).stdout.splitlines()
    assert lines[-3:-1] == [f"-{text.decode()}", "\\ No newline at end of file"]


@pytest.mark.parametrize("line", [b"a\n", b"a" * 100_000 + b"\n"])
def test_a_text_that_is_too_long_to_compare(tmp_path: Path, line: bytes) -> None:
    count = 20_000 if len(line) == 2 else 20
    paths = two(tmp_path, {"a.txt": line * count}, {"a.txt": b"b" + line * count})
    assert "  too long to be compared line by line" in invoke("diff", *paths).stdout.splitlines()


def test_manifests_without_their_zips(reference_build: Build, tmp_path: Path) -> None:
    manifest = reference_build.manifest
    other = copy.deepcopy(manifest)
    other["sha256"] = "0" * 64
    other["architecture"] = "arm64"
    other["options"]["strip"] = ["tests"]
    index = next(it for it in other["distributions"] if it["origin"] == "index")
    local = next(it for it in other["distributions"] if it["origin"] == "local")
    before, index["version"] = index["version"], "999"
    other["inputs"][index["name"]] = "sha256:0"
    other["inputs"][local["name"]] = "content:sha256:0"
    paths = tmp_path / "a.json", tmp_path / "b.json"
    for path, document in zip(paths, (manifest, other), strict=True):
        path.write_text(json.dumps(document))
    result = invoke("diff", *paths)
    assert result.exit_code == 1, result.output
    assert result.stdout.splitlines()[0] == (
        f"for arm64 instead of x86_64, {index['name']} {before} -> 999, "
        f"other content of {local['name']} and other settings (options.strip)"
    )
    document = json.loads(invoke("diff", "--json", *paths).stdout)
    assert is_valid(document, "diff.schema.json")
    assert [pin["key"] for pin in document["pins"]] == [local["name"]]
    assert invoke("diff", "--name-only", *paths).stdout == ""
    assert invoke("diff", reference_build.artifact, paths[1]).exit_code == 1
    for path, document, layers in ((paths[0], manifest, []), (paths[1], manifest, ["base"])):
        unpacked = {"sha256": str(len(layers)), "layers": layers}
        path.write_text(json.dumps({**document, "unpacked": unpacked}))
    result = invoke("diff", *paths)
    assert result.exit_code == 1
    assert result.stdout.startswith("other settings (unpacked.layers, unpacked.sha256)\n")
    same = invoke("diff", reference_build.artifact, paths[0])
    assert (same.exit_code, same.stdout) == (0, "equal: the same bytes\n")


PINNED = {
    "tool": {"name": "hatch-lambda-zip"},
    "sha256": "1",
    "inputs": {"demo": "sha256:1", "absent": "sha256:1"},
    "distributions": [{"name": "demo", "version": "1", "files": 2, "bytes": 9}],
    "left_out": [{"path": "demo/tests/a.py", "distribution": "demo", "reason": "tests"}],
    "options": {"strip": ["tests"]},
}


@pytest.mark.parametrize(
    ("change", "verdict", "key", "changed"),
    [
        # What does not ship is no reason.
        (
            {"inputs": {"demo": "sha256:1", "absent": "sha256:2"}},
            "the same inputs, and other bytes: compare the zips themselves",
            "pins",
            [],
        ),
        (
            {"inputs": {"demo": "sha256:2"}},
            "other content of demo",
            "pins",
            [{"key": "demo", "before": "sha256:1", "after": "sha256:2"}],
        ),
        (
            {"inputs": {"demo": "hashes:2"}},
            "another pin of demo",
            "pins",
            [{"key": "demo", "before": "sha256:1", "after": "hashes:2"}],
        ),
        (
            {"distributions": [{"name": "demo", "version": "1", "files": 2, "bytes": 8}]},
            "the same inputs, and other bytes in demo: compare the zips themselves",
            "shipped",
            [{"key": "demo", "before": "2 files, 9 bytes", "after": "2 files, 8 bytes"}],
        ),
        (
            {"left_out": [], "options": {"strip": []}},
            "other settings (options.strip)",
            "left_out",
            [{"key": "demo/tests/a.py", "before": "tests", "after": None}],
        ),
        # It ships on neither side.
        (
            {
                "left_out": [
                    {"path": "demo/tests/a.py", "distribution": "demo", "reason": "excluded-file"}
                ],
                "options": {"strip": []},
            },
            "other settings (options.strip)",
            "left_out",
            [],
        ),
        # What a version leaves out is no news beside the version.
        *(
            (
                {"left_out": [], "distributions": [{"name": "demo", "version": "2"}]},
                "demo 1 -> 2",
                key,
                [],
            )
            for key in ("left_out", "shipped")
        ),
    ],
)
def test_what_manifests_say_of_distributions(
    change: dict[str, object], verdict: str, key: str, changed: list[object], tmp_path: Path
) -> None:
    paths = tmp_path / "a.json", tmp_path / "b.json"
    for path, document in zip(paths, (PINNED, {**PINNED, "sha256": "2", **change}), strict=True):
        path.write_text(json.dumps(document))
    document = json.loads(invoke("diff", "--json", *paths).stdout)
    assert is_valid(document, "diff.schema.json")
    assert (document["verdict"], document[key]) == (verdict, changed)
    names = invoke("diff", "--name-only", *paths).stdout.split()
    assert names == [it["key"] for it in document["left_out"]]


def test_pins_that_allow_other_hashes(tmp_path: Path) -> None:
    paths = tmp_path / "a.json", tmp_path / "b.json"
    for path, found in zip(paths, "12", strict=True):
        pinned = {**PINNED, "sha256": found, "inputs": {"demo": f"hashes:{found}"}}
        path.write_text(json.dumps(pinned))
    first, *_ = invoke("diff", *paths).stdout.splitlines()
    assert first == "other hashes that are allowed for demo"


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """Return git in a repository with a zip that has changed since the last commit."""

    def call(*words: str) -> str:
        return run(["git", *words], cwd=tmp_path, env=clean_environment(**IDENTITY)).stdout

    first, second = two(tmp_path, {"app.py": b"x = 1\n"}, {"app.py": b"x = 2\n"})
    call("init", "-q")
    (tmp_path / ".gitattributes").write_text("*.zip diff=lambda-zip\n")
    call("add", "a.zip", ".gitattributes")
    call("commit", "-qm", "One")
    first.write_bytes(second.read_bytes())
    return call


DRIVER = 'f() { hatch-lambda-zip diff "$2" "$5" || [ $? = 1 ]; }; f'


def test_git_diff_says_why_zips_differ(git: Callable[..., str]) -> None:
    assert DRIVER in PAGE.read_text("utf-8")
    git("config", "diff.lambda-zip.command", DRIVER)
    assert git("diff").startswith("one constant in app.py (line 1: 1 -> 2)\n")


@pytest.mark.exhaustive
def test_git_uses_it_in_other_ways(git: Callable[..., str]) -> None:
    git("config", "diff.lambda-zip.textconv", "hatch-lambda-zip diff --textconv")
    told = [line for line in git("diff").splitlines() if line[:1] in "+-" and " app.py " in line]
    assert [line[:8] for line in told] == ["-100664 ", "+100664 "]
    tool = git("difftool", "-y", "-x", "hatch-lambda-zip diff")
    assert "one constant in app.py (line 1: 1 -> 2)\n" in tool
    git("config", "diff.lambda-zip.command", DRIVER)
    git("add", "b.zip")
    assert git("diff", "--cached", "b.zip").startswith("app.py added\n")


IDENTITY = {
    f"GIT_{role}_{what}": "somebody@example.org"
    for role in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


def test_one_edited_docstring_between_two_builds(project: Project, reference_build: Build) -> None:
    project.replace("The function", "A function", file="src/fixture_app/main.py")
    build = project.build()
    result = invoke("diff", reference_build.artifact, build.artifact)
    assert result.stdout.splitlines()[0] == "one docstring in fixture_app/main.py"
