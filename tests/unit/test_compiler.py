from __future__ import annotations

import marshal
import os
import platform
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

import pytest

from hatch_lambda_zip.bytecode import Compiled, Interpreter, Obstacle, Source, worker
from hatch_lambda_zip.bytecode import process as process_module
from hatch_lambda_zip.bytecode.compiler import Compiler
from hatch_lambda_zip.bytecode.magic import FORMATS
from hatch_lambda_zip.bytecode.normalize import normalize
from hatch_lambda_zip.bytecode.pyc import read_header
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.process import MARK_VARIABLE
from tests.support.interpreters import interpreters

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")

THIS: Final = Interpreter(Path(sys.executable), platform.python_version())
FORM: Final = next(form for form in FORMATS if form.python_minor == sys.version_info.minor)
FILENAME: Final = "/var/task/demo.py"


def ignore(message: str) -> None:
    del message


def compiler(
    interpreter: Interpreter = THIS,
    *,
    optimize: int = 0,
    workers: int = 1,
    timeout: float = 60,
) -> Compiler:
    return Compiler(interpreter, optimize=optimize, log=ignore, timeout=timeout, workers=workers)


def source(content: bytes | str, name: str = "demo.py") -> Source:
    data = content.encode() if isinstance(content, str) else content
    return Source(name, f"/var/task/{name}", data)


def one(content: bytes | str, interpreter: Interpreter = THIS) -> Compiled:
    (result,) = compiler(interpreter).compile([source(content)])
    return result


def version_of(path: str) -> str:
    command = [path, "-I", "-S", "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module", params=interpreters())
def interpreter(request: pytest.FixtureRequest) -> Interpreter:
    return Interpreter(Path(request.param), version_of(request.param))


SOURCES: Final = [
    source(f"import os\nX = {number}\ndef f(a):\n    return a in {{{number}, 'x'}}\n" * size, name)
    for number, (size, name) in enumerate(
        [(1, "a.py"), (400, "b.py"), (2000, "c.py"), (1, "d/__init__.py"), (90, "d/é.py")]
        + [(3, f"e/{index}.py") for index in range(40)]
    )
]


def test_the_result_is_the_interpreters_own_in_canonical_form(interpreter: Interpreter) -> None:
    content = (
        "def f(x: 'int') -> 1:\n    '''Say.'''\n    assert x, 'é'\n    return {1, 'a'}, x[1:]\n"
    )
    for optimize in (0, 1, 2):
        (result,) = compiler(interpreter, optimize=optimize).compile([source(content)])
        program = (
            "import importlib.util, marshal, sys; source = sys.stdin.buffer.read();"
            f"code = compile(source, 'elsewhere', 'exec', optimize={optimize});"
            "sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER + bytes(4)"
            "+ importlib.util.source_hash(source) + marshal.dumps(code))"
        )
        command = [str(interpreter.path), "-c", program]
        own = subprocess.run(command, input=content.encode(), check=True, capture_output=True)
        expected = normalize(own.stdout, filename=FILENAME, source_hash=own.stdout[8:16])
        assert result == Compiled(expected, None, "")
        assert result.pyc
        header = read_header(result.pyc)
        assert (header.source_hash, header.check_source) == (own.stdout[8:16], False)


@pytest.mark.every_python
def test_the_result_runs_here() -> None:
    result = one("def f():\n    return __file__\n")
    assert result.pyc
    code = marshal.loads(result.pyc[16:])  # noqa: S302 - made above
    assert code.co_filename == code.co_consts[0].co_filename == FILENAME


@pytest.mark.every_python
@pytest.mark.parametrize("workers", [2, 8])
def test_neither_the_workers_nor_the_order_matter(workers: int) -> None:
    expected = dict(zip(SOURCES, compiler().compile(SOURCES), strict=True))
    assert all(result.pyc for result in expected.values())
    shuffled = [*SOURCES, *SOURCES[:3]]
    random.Random(workers).shuffle(shuffled)  # noqa: S311 - no secret
    results = compiler(workers=workers).compile(shuffled)
    assert results == [expected[item] for item in shuffled]


@pytest.mark.every_python
def test_nothing_to_do_starts_nothing() -> None:
    nowhere = Interpreter(Path("/nowhere/python"), "3.13.0")
    assert compiler(nowhere).compile([]) == []


@pytest.mark.every_python
def test_the_environment_has_no_influence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = "assert True\nX = {'a', 'b', 'c'}\ndef f():\n    '''Say.'''\n    return '\\d'\n"
    expected = one(content)
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(3)", "utf-8")
    (tmp_path / "ast.py").write_text("raise SystemExit(4)", "utf-8")
    for name, value in {
        "PYTHONPATH": str(tmp_path),
        "PYTHONHOME": str(tmp_path),
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "PYTHONHASHSEED": "7",
        "PYTHONNODEBUGRANGES": "1",
        "PYTHONINTMAXSTRDIGITS": "640",
        "LC_ALL": "C",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert one(content) == expected
    # The variables do have an influence where nothing protects from them.
    assert subprocess.run([sys.executable, "-c", ""], check=False, capture_output=True).returncode


SYSTEM: Final = "/usr/bin/python3"  # what every user can run


@pytest.mark.every_python
@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="only the superuser can become another user",
)
def test_the_user_has_no_influence(tmp_path: Path) -> None:
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    able = subprocess.run([*become, SYSTEM, worker.__file__, "x"], check=False, capture_output=True)
    if b"x not in tuple" not in able.stderr:
        pytest.skip(f"another user can't run {worker.__file__}")
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec {shlex.join(become)} {SYSTEM} "$@"\n')
    other.chmod(0o755)
    version = version_of(SYSTEM)
    expected = compiler(Interpreter(Path(SYSTEM), version)).compile(SOURCES)
    assert all(result.pyc for result in expected)
    assert compiler(Interpreter(other, version)).compile(SOURCES) == expected


def depth(interpreter: Interpreter) -> int:
    """Return how deep an expression may be, nearly: in most, deeper than by default."""
    return {"3.12": 2500, "3.13": 9000}.get(interpreter.version[:4], 20_000)


@pytest.mark.every_python
@posix
def test_the_stack_of_this_process_has_no_influence() -> None:
    content = "x = a" + ".b" * depth(THIS)
    program = (
        "import platform, sys; from pathlib import Path;"
        "from hatch_lambda_zip.bytecode import *;"
        "from hatch_lambda_zip.bytecode.compiler import *;"
        "python = Interpreter(Path(sys.executable), platform.python_version());"
        "compiler = Compiler(python, optimize=0, log=len, timeout=60, workers=1);"
        f"(result,) = compiler.compile([Source('demo.py', {FILENAME!r}, {content!r}.encode())]);"
        "sys.stdout.buffer.write(result.pyc)"
    )
    results = set()
    for size in ("512", "8192"):
        command = (
            f"ulimit -s {size} && exec {shlex.quote(sys.executable)} -c {shlex.quote(program)}"
        )
        run = subprocess.run(["sh", "-c", command], check=True, capture_output=True)
        results.add(run.stdout == one(content).pyc)
    assert results == {True}


def test_what_is_no_source_of_this_python(interpreter: Interpreter) -> None:
    sources = {
        "print 'x'\n": "SyntaxError: Missing parentheses in call to 'print'. Did you mean",
        "\nexcept E, e: pass\n": "(line 2)",
        "x = 1\0\n": "source code string cannot contain null bytes",
        "# coding: nonsense\n": "SyntaxError: unknown encoding: nonsense",
        "# coding: mbcs\n": "SyntaxError: unknown encoding: mbcs",
        "x = '\\N{no such}'\n": "unknown Unicode character name",
        "(" * 300 + ")" * 300: "SyntaxError: too many nested parentheses (line 1)",
        "if 1:\nx\n": "IndentationError: ",
        "x = " + "1" * 5000: "SyntaxError: Exceeds the limit",
    }
    results = compiler(interpreter).compile([source(content) for content in sources])
    for result, expected in zip(results, sources.values(), strict=True):
        assert (result.pyc, result.obstacle) == (None, Obstacle.SYNTAX)
        assert expected in result.detail
        assert len(result.detail.splitlines()) == 1
    latin = one(b"x = '\xe9'\n", interpreter)
    assert (latin.pyc, latin.obstacle) == (None, Obstacle.SYNTAX)
    assert "/" not in latin.detail.replace("https://peps.python.org/pep-0263/", "")
    assert one(b"# coding: latin-1\nx = '\xe9'\n", interpreter).pyc


def test_a_limit_of_the_interpreter_is_an_error(interpreter: Interpreter) -> None:
    sources = [
        source("x = 1\n", "plain.py"),
        source("x = " + "-" * 100_000 + "1", "minus.py"),
        source("x = " + "lambda:" * 1500 + "1", "lambda.py"),
    ]
    with pytest.raises(ToolError) as caught:
        compiler(interpreter).compile(sources)
    first, *lines, last = str(caught.value).splitlines()
    assert first.startswith(f"CPython {interpreter.version} has limits that these modules exceed")
    assert [line.partition(": ")[0] for line in lines] == ["  minus.py", "  lambda.py"]
    assert "MemoryError" in lines[0]
    assert "too deeply nested" in lines[1]
    assert last == "Simplify or exclude them, or ship no bytecode."


def test_deep_is_not_yet_too_deep(interpreter: Interpreter) -> None:
    # The comment has the tree of syntax made, which is as deep.
    content = "x = " + "+".join(["a"] * depth(interpreter)) + "  # 2.5 ** 2\n"
    assert one(content, interpreter).pyc
    chain = "if x: pass\n" + "elif x: pass\n" * 900
    assert one(chain + "y = 2  # 2.5 ** 2\n", interpreter).pyc


CPU_DEPENDENT: Final = [
    "0.5**0.5",
    "2.1**63",
    "3**-1",
    "10 ** -3",
    "-3 ** -2",
    "return.3**2",
    "(1.1)**2",
    "((1.1))**(2)",
    "(1 - (1 / 3)) ** 2",
    "(1.1, 2)[0] ** 2",
    "(1.1, 'a(')[0] ** 2",
    "('a', (1.1, 2))[1][0] ** 2",
    "2 ** (1.5, 2)[0]",
    "2 ** 0x3 ** -1",
    "1e-5**2",
    "1e-5 ** 2j",
    "2**1e5",
    "1_0.3 ** 2",
    "(2 + True) ** -1",
    "3 ** -True",
    "2 ** (1.5, 2)[not 1.5]",
    "(__debug__ + 2) ** 1.5",
    "3 ** (__debug__ - 1)",
    "(1.1 # one ( x\n) ** 2",
    "(1.1 ** # one\n # two\n 2)",
    "(1.1\\\n ** \\\n 2)",
    "(1.1\r\n**\r\n2)",
    "f(x ** 2, (1.5, 2.1 ** 3))",
    "(1.5 if x else 2) ** 2.5",
    "(1.5if x else 2) ** 2.5",
    "(3or x) ** -1",
    "(1.1 or x) ** 2",
    "(x and 1.5) ** 2.5",
    "f'{2.5 ** 0.5}'",
    "1j*2",
    "2 * 1j",
    "1j / 3",
    "(1 + 2j) * 3",
    "3*-1j",
    "(2, 1j)[1] * 3",
    "1j*2*3",
    "1j ** 2",
    "1e5j/2",
    "1jif x else 1.*2j",
    "2**53 * 2.1 ** 2",
]
EXACT: Final = [
    "2**10",
    "-2**10",
    "2 ** (3 + 4)",
    "(2) ** 10",
    "2 ** (64 - 1)",
    "2 ** 2 ** 3",
    "(7 // 2) ** (5 % 3)",
    "(1 << 4 | 3) ** (3 ^ 1)",
    "(2 ** (2 ** 70)) ** 2",
    "2.0 * 3.5 / 7 - 1.5 // 2 % 3",
    "x ** 2",
    "x ** -2.5",
    "2.5 ** x",
    "2 ** -x",
    "x[0] ** 2",
    "f(2.5) ** 2",
    "(x + 2.5) ** 2",
    "x.e5 ** 2",
    "f(**{'a': 1.5})",
    "f(*(1, 2), **{})",
    "'2.5 ** 2'",
    "1  # 2.5 ** 2",
    "1j + 2",
    "-1j - 2 * 3",
    "x * 1j",
    "1j * x",
    "(1j + x) * 3",
    "[1] * 50 + [2j]",
    "x // 1j + 2 * 3",
    "(2.5 for _ in x)",
    "(lambda: 2.5)() ** 2",
    "f'{x ** 2}'",
    "(x if y else z) ** 2.5",
    "(x if 1 else y) ** 2.5",
    "~5 ** 2",
    "True ** 2",
    "__debug__ ** 2",
]


def module(expression: str) -> str:
    if expression.startswith("return"):
        return f"\n\ndef f():\n    {expression}\n"
    return f"y = 1\n\n@f\ndef g(a={expression}):\n    pass\n"


@pytest.mark.every_python
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("expression", CPU_DEPENDENT)
def test_constants_that_depend_on_the_cpu_are_found(expression: str) -> None:
    line = worker.find_cpu_dependent(module(expression).encode())
    # Before Python 3.12 the parts of an f-string have no lines of their own.
    assert line >= (1 if expression.startswith("f'") else 3)
    assert line <= 3 + len(expression.splitlines())


@pytest.mark.every_python
@pytest.mark.parametrize("expression", EXACT)
def test_other_constants_are_not(expression: str) -> None:
    closing = "\n" if "#" in expression else ""
    assert not worker.find_cpu_dependent(f"y = ({expression}{closing})\n".encode())


@pytest.mark.every_python
@pytest.mark.parametrize(
    "content",
    [
        b"@f(2.1 ** 2)\ndef g(): pass\n",
        b"class A:\n    @f(\n        x,\n        2.1 ** 2,\n    )\n    async def g(self): pass\n",
        b"x = 1\ry = 2.1 ** 2\r",
        b"x = 1\r\r\n\ny = '''\r\n''' or 2.1 ** 2\r\n",
        b"if 0:\n    x = 2.1 ** 2\n",
        b"# coding: latin-1\nx = '\xe9', 2.1 ** 2\n",
        b"# coding: utf-7\nx = 2.1 +ACoAKg- 2\n",
        b"\xef\xbb\xbf# coding: utf-8\nx = 2.1 ** 2\n",
        b"try:\n    pass\nexcept E:\n    x = 2.1 ** 2\n",
        b"with f(2.1 ** 2) as x, y:\n    pass\n",
    ],
)
def test_they_are_found_in_every_statement(content: bytes) -> None:
    assert worker.find_cpu_dependent(content)


def test_a_cpu_dependent_module_ships_as_source(interpreter: Interpreter) -> None:
    result = one("x = 1\ny = 2.5 ** 0.5\n", interpreter)
    assert result == Compiled(
        None,
        Obstacle.CPU,
        "the last bits of a constant in line 2 depend on the CPU that compiles",
    )


def test_what_has_no_canonical_form_ships_as_source(interpreter: Interpreter) -> None:
    nan = "(1e999 - 1e999)"
    result = one(f"def f(x):\n    return x in {{{nan}, -{nan}}}\n", interpreter)
    expected = Compiled(None, Obstacle.CANONICAL, "A set or dict holds equal members")
    assert result == expected


@pytest.mark.every_python
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FORM.magic_bytes + b"\1\0\0\0" + b"12345678" + b"\xff", "Unknown marshal type"),
        (FORM.magic_bytes + b"\1\0\0\0" + b"12345678", "cut off"),
        (FORM.magic_bytes + b"\0\0\0\0" + b"12345678" + b"N", "The header is"),
        (b"", "The header is"),
    ],
)
def test_a_worker_that_writes_no_bytecode_is_an_error(answer: bytes, expected: str) -> None:
    with pytest.raises(ToolError, match=rf"wrote no bytecode of CPython .*{expected}"):
        compiler()._judge(source(""), worker.COMPILED, answer)


# What goes wrong with the interpreter.


def stand_in(tmp_path: Path, script: str) -> Interpreter:
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return Interpreter(path, THIS.version)


@pytest.mark.every_python
@posix
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo sorry >&2; exit 3", "ended with exit code 3 before it had compiled everything"),
        ("echo sorry >&2; kill -9 $$", "was killed by signal 9 before"),
        ("echo sorry >&2; printf abc", "ended with exit code 0 before"),
        ("echo sorry >&2; exec >&-; sleep 0.3; exit 3", "ended with exit code 3 before"),
        (
            "echo sorry >&2; printf 'XXXXS\\0\\0\\0\\0'; cat >/dev/null",
            "answered with something that is no",
        ),
        (
            "echo sorry >&2; printf 'HLZ1?\\0\\0\\0\\0'; cat >/dev/null",
            "answered with something that is no",
        ),
        (
            "echo sorry >&2; printf 'HLZ1S\\377\\377\\377\\377'; cat >/dev/null",
            "answered with something that",
        ),
        (
            "echo sorry >&2; yes | head -c 1000; cat >/dev/null",
            "answered with something that is no compiled module",
        ),
    ],
)
def test_a_worker_that_fails_is_an_error(tmp_path: Path, script: str, message: str) -> None:
    broken = stand_in(tmp_path, script)
    with pytest.raises(ToolError) as caught:
        compiler(broken, timeout=10).compile(SOURCES)
    text = str(caught.value)
    assert text.startswith(f"`{broken.path} -I -S -B -W ignore ")
    assert message in text
    assert text.endswith("\nsorry")


@pytest.mark.every_python
@posix
def test_nothing_of_the_environment_reaches_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "1")
    broken = stand_in(tmp_path, f"/usr/bin/env > {tmp_path}/seen; exit 1")
    with pytest.raises(ToolError):
        compiler(broken).compile(SOURCES)
    seen = (tmp_path / "seen").read_text("utf-8").splitlines()
    # The last ones are the shell's own.
    assert {line.partition("=")[0] for line in seen} <= {
        *("LD_LIBRARY_PATH", MARK_VARIABLE, "PWD", "SHLVL", "_", "OLDPWD")
    }


# What the script does by itself.

LOAD: Final = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("worker", {str(worker.__file__)!r})
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
"""


def run_worker(program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", "-c", LOAD + program, *arguments]
    tasks = worker.COUNT.pack(1) + worker.TASK.pack(1, 1) + b"ax"
    return subprocess.run(command, input=tasks, check=False, capture_output=True, timeout=60)


@pytest.mark.every_python
def test_the_script_answers() -> None:
    result = run_worker("worker._main()", "2")
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.startswith(b"HLZ1C")


@pytest.mark.every_python
def test_what_nobody_thought_of_ends_the_script() -> None:
    result = run_worker("worker.compile_source = None; worker._main()", "0")
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"TypeError" in result.stderr


@pytest.mark.every_python
@pytest.mark.parametrize("optimize", ["-1", "3", "", "x"])
def test_only_the_three_levels_are_taken(optimize: str) -> None:
    result = run_worker("worker._main()", optimize)
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"ValueError" in result.stderr


@pytest.mark.every_python
def test_the_encodings_of_one_system_are_unknown() -> None:
    # As encodings/__init__.py and its modules do on Windows.
    result = run_worker(
        "import codecs, encodings, sys, types\n"
        "mine = types.ModuleType('encodings.mbcs')\n"
        "mine.getregentry = lambda: codecs.lookup('ascii')\n"
        "sys.modules['encodings.mbcs'] = sys.modules['encodings.oem'] = mine\n"
        "def search(name): return codecs.lookup('ascii') if name == 'cp99999' else None\n"
        "encodings.win32_code_page_search_function = search\n"
        "codecs.register(search)\n"
        "def answer(*task):\n"
        "    found = []\n"
        "    for name in sys.argv[2:]:\n"
        "        try: found.append(codecs.lookup(name).name)\n"
        "        except LookupError: pass\n"
        "    return worker.SYNTAX, ' '.join(found).encode()\n"
        "worker.compile_source = answer\n"
        "worker._main()\n",
        *("0", "mbcs", "oem", "cp99999", "latin-1"),
    )
    assert result.stdout[worker.ANSWER.size :] == b"iso8859-1", result.stderr


@pytest.mark.every_python
def test_a_detail_is_one_line() -> None:
    assert worker._line(" a\n\tb\u2028c\udc80 ") == b"a b c\\udc80"


@pytest.mark.every_python
@posix
@pytest.mark.parametrize(("after", "message"), [("exit 5", "exit code 5"), ("echo", "is no comp")])
def test_a_worker_must_end_well(tmp_path: Path, after: str, message: str) -> None:
    broken = stand_in(tmp_path, f'{shlex.quote(sys.executable)} "$@" && {after}')
    with pytest.raises(ToolError, match=message):
        compiler(broken).compile(SOURCES)


@pytest.mark.every_python
@posix
def test_another_python_than_expected_is_an_error() -> None:
    other = FORM.python_minor - 1 if FORM.python_minor > 9 else 10
    with pytest.raises(ToolError, match=rf"no bytecode of CPython 3\.{other}\.0 for demo\.py"):
        compiler(Interpreter(THIS.path, f"3.{other}.0")).compile([source("x = 1")])


@pytest.mark.every_python
def test_where_no_worker_starts_nothing_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[IO[bytes]] = []
    make = tempfile.TemporaryFile

    def noted() -> IO[bytes]:
        opened.append(make())
        return opened[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", noted)
    missing = Interpreter(tmp_path / "missing", THIS.version)
    with pytest.raises(ToolError, match="missing could not be started: "):
        compiler(missing).compile([source("x = 1")])
    assert opened
    assert all(file.closed for file in opened)


@pytest.mark.every_python
@posix
def test_a_timeout_ends_the_workers_and_what_they_started(tmp_path: Path) -> None:
    slow = stand_in(
        tmp_path,
        f"(sleep 1.5; touch {tmp_path}/survived) & touch {tmp_path}/started; echo sorry >&2; wait",
    )
    started = time.monotonic()
    with pytest.raises(ToolError) as caught:
        compiler(slow, workers=2, timeout=0.5).compile(SOURCES)
    assert time.monotonic() - started < 1.5
    message = str(caught.value)
    assert "did not end within 0.5 seconds and was stopped. Set HATCH_LAMBDA_ZIP_TIME" in message
    assert message.endswith("\nsorry")
    assert (tmp_path / "started").exists()
    time.sleep(1.7)  # more than the child would have needed
    assert not (tmp_path / "survived").exists()


@pytest.mark.every_python
@posix
def test_one_killed_worker_ends_all(tmp_path: Path) -> None:
    # The first of them waits for what will never come; the other one dies.
    script = f"mkdir {tmp_path}/first 2>/dev/null && exec sleep 60; exec sleep 0.2"
    broken = stand_in(tmp_path, script)
    started = time.monotonic()
    with pytest.raises(ToolError, match="exit code 0"):
        compiler(broken, workers=2).compile(SOURCES)
    assert time.monotonic() - started < 30


@pytest.mark.every_python
@posix
def test_an_interrupt_ends_the_workers(tmp_path: Path) -> None:
    script = f"touch {tmp_path}/started; sleep 1.5; touch {tmp_path}/survived"
    slow = stand_in(tmp_path, script)

    def interrupt() -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        # Until Popen knows it too: without a watcher, nobody else ends what it has started.
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    # A shell that starts the tests in the background has them ignore it.
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            compiler(slow).compile(SOURCES)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, previous)
    time.sleep(1.7)  # more than it would have needed
    assert not (tmp_path / "survived").exists()


@pytest.mark.every_python
def test_the_command_is_logged() -> None:
    lines: list[str] = []
    logging = Compiler(THIS, optimize=1, log=lines.append, timeout=60, workers=8)
    logging.compile([source("x = 1")])
    script = Path(process_module.__file__).with_name("worker.py")
    command = [sys.executable, "-I", "-S", "-B", "-W", "ignore", str(script), "1"]
    assert lines == [f"Running {shlex.join(command)}"]


def batch_sizes(sources: Sequence[Source]) -> list[int]:
    from hatch_lambda_zip.bytecode.compiler import _batches

    return [len(batch) for batch in _batches(sources)]


@pytest.mark.every_python
def test_small_sources_share_a_batch_and_large_ones_go_first() -> None:
    sizes = [1000] * 70 + [200_000]
    assert batch_sizes([source(b"#" * size) for size in sizes]) == [1, 65, 5]
    assert batch_sizes([]) == []
