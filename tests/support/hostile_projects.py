"""Projects that are not what projects should be: their pyproject.toml, files and back ends."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from tests.support.hostile import Case, World, locked, pylock
from tests.support.hostile_wheels import NAME, wheel
from tests.support.loose import write

_TABLE: Final = "[tool.hatch.build.targets.lambda-zip]\n"
_MANY: Final = "x" * 1_000_000
_DEEP: Final = 100_000


def _prepare(world: World) -> None:
    path = world.files / NAME
    path.write_bytes(wheel())
    pylock(world, locked(path))


def _edit(old: str, new: str, world: World) -> None:
    """Edit pyproject.toml; an empty ``old`` is all of it."""
    _prepare(world)
    text = world.project.pyproject.read_text(encoding="utf-8")
    new = new.replace("ALL", text)
    assert old in text
    edited = text.replace(old, new) if old else new
    world.project.pyproject.write_text(edited, "utf-8", errors="surrogateescape")


def _option(line: str, world: World) -> None:
    """Put a line into the table; of a key that is there it stands instead."""
    key = line.partition("=")[0].strip()
    if key in {"runtime", "handler"}:
        value = {"runtime": "python3.13", "handler": "app.main.handler"}[key]
        _edit(f'{key} = "{value}"', line, world)
    else:
        _edit('runtime = "python3.13"', f'runtime = "python3.13"\n{line}', world)


def _files(make: Callable[[Path], object], world: World) -> None:
    """Change the project's files."""
    _prepare(world)
    make(world.app)


def _code(make: Callable[[Path], object], world: World) -> None:
    """Ship a directory as it is, and change its files."""
    _option('code = "code"', world)
    shutil.copytree(world.app / "src", world.app / "code")
    make(world.app / "code")


def _back_end(source: str, world: World) -> None:
    """Lock a local project with a back end of this source."""
    pyproject = (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "carrier"\nversion = "1.0"\n'
    )
    head = "import os, sys, time\n\ndef build_wheel(directory, *_):\n"
    body = "".join(f"    {line}\n" for line in source.splitlines())
    write(world.root / "lib", {"pyproject.toml": pyproject, "backend.py": head + body})
    (world.root / "lib/wheel").write_bytes(wheel())
    pylock(world, 'name = "carrier"\nversion = "1.0"\ndirectory = { path = "../lib" }')


def _deep_directories(path: Path) -> None:
    path.joinpath(*"d" * 150).mkdir(parents=True)


def _named(name: str | bytes) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        (path / os.fsdecode(name)).write_text("a\n")

    return make


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path)  # a socket's path may have a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)


def _link(target: str, name: str = "link.txt") -> Callable[[Path], object]:
    return lambda path: (path / name).symlink_to(target)


def _ignore(text: str) -> Callable[[Path], object]:
    return lambda path: (path / ".gitignore").write_text(text, "utf-8", errors="surrogateescape")


_WRONG: Final = (
    '""',
    "1",
    "-1.5",
    "true",
    "1979-05-27",
    "[]",
    "[[]]",
    '["x"]',
    "{}",
    "{ a = 1 }",
    "nan",
)
_KEYS: Final = (
    "runtime",
    "architecture",
    "handler",
    "functions",
    "layers",
    "include-files",
    "strip",
    "code",
    "lock",
)
_PYPROJECT: Final = (
    ("right", "", "ALL"),
    ("empty", "", ""),
    ("bytes", "", "\udcff\udcfe"),
    ("nul", "", "ALL\0"),
    ("byte-order-mark", "", "\ufeffALL"),
    ("crlf", "\n", "\r\n"),
    ("not-toml", "", "<<<<<<< HEAD\nALL"),
    ("nested-lists", "", "ALL\na = " + "[" * _DEEP + "]" * _DEEP),
    ("nested-tables", "", "ALL\n" + "a = " + "{ a = " * _DEEP + "1" + "}" * _DEEP),
    ("dotted-keys", "", "ALL\n[" + ".".join("a" * 10_000) + "]\n"),
    ("number-of-a-million", "", "ALL\na = " + "9" * 1_000_000),
    ("table-of-words", _TABLE, "[tool.hatch.build.targets]\nlambda-zip = 5\n[x]\n"),
    ("table-of-lists", _TABLE, "[[tool.hatch.build.targets.lambda-zip]]\n"),
    ("name-with-parents", 'name = "app"', 'name = "../app"'),
    ("name-of-a-million", 'name = "app"', f'name = "{_MANY}"'),
    ("name-with-escapes", 'name = "app"', 'name = "a\\u001b[2J"'),
    ("name-of-a-number", 'name = "app"', "name = 5"),
    ("version-with-parents", 'version = "1"', 'version = "1/../../escaped"'),
    ("version-of-words", 'version = "1"', 'version = "latest"'),
    ("version-of-a-million", 'version = "1"', f'version = "1.{"9" * 1000}"'),
    ("requirement-of-words", '["carrier"]', '["!!!"]'),
    ("requirement-with-a-command", '["carrier"]', '["carrier; $(touch escaped)"]'),
    (
        "script-with-shell",
        "[tool.hatch",
        '[project.scripts]\n"$(touch escaped)" = "app.main:handler"\n[tool.hatch',
    ),
    (
        "script-with-parents",
        "[tool.hatch",
        '[project.scripts]\n"../../escaped" = "app.main:handler"\n[tool.hatch',
    ),
    (
        "script-of-code",
        "[tool.hatch",
        '[project.scripts]\nx = "app.main:handler;os.system(1)"\n[tool.hatch',
    ),
    ("back-end-of-words", '"hatchling.build"', '"no.such.backend"'),
    ("back-end-of-a-number", '"hatchling.build"', "5"),
    ("build-requires-nothing-real", '["hatchling", "hatch-lambda-zip"]', "5"),
)
_OPTIONS: Final = (
    ("unknown-key", '"\\u202e\\u001b[2J" = 1'),
    ("key-of-a-million", f'"{_MANY}" = 1'),
    ("runtime-of-a-million", f'runtime = "{_MANY}"'),
    ("architecture-of-a-million", f'architecture = "{_MANY}"'),
    ("handler-of-a-million", f'handler = "{_MANY}.handler"'),
    ("handler-of-many-parts", f'handler = "{"a." * 100_000}handler"'),
    ("handler-with-parents", 'handler = "../../outside/canary.handler"'),
    ("handler-absolute", 'handler = "/etc/passwd.handler"'),
    ("handler-with-nul", 'handler = "a\\u0000.handler"'),
    ("handler-of-code", 'handler = "app.main.handler; import os"'),
    ("handler-with-bidi", 'handler = "app.main.\\u202ehandler"'),
    ("function-with-parents", "functions = { '../escaped' = {} }"),
    ("function-absolute", "functions = { '/tmp/escaped' = {} }"),
    ("function-with-backslash", "functions = { 'a\\b' = {} }"),
    ("function-with-nul", 'functions = { "a\\u0000" = {} }'),
    ("function-with-bidi", 'functions = { "a\\u202eb" = {} }'),
    ("function-as-a-device", "functions = { con = {} }"),
    ("function-of-a-million", f'functions = {{ "{_MANY}" = {{}} }}'),
    ("function-without-a-name", 'functions = { "" = {} }'),
    ("functions-in-case", "functions = { api = {}, API = {} }"),
    (
        "ten-thousand-wrong-functions",
        "functions = {" + ", ".join(f"f{n} = 1" for n in range(10_000)) + "}",
    ),
    ("directory-absolute", 'directory = "/proc/escaped"'),
    ("directory-of-a-million", f'directory = "{_MANY}"'),
    ("include-what-is-private", 'include-files = { "/etc/passwd" = "passwd" }'),
    ("include-from-above", 'include-files = { "../outside" = "outside" }'),
    ("include-to-above", 'include-files = { "src" = "../escaped" }'),
    ("include-to-absolute", 'include-files = { "src" = "/escaped" }'),
    ("include-over-the-handler", 'include-files = { "../outside/canary.txt" = "app/main.py" }'),
    ("include-of-a-million", f'include-files = {{ "{_MANY}" = "a" }}'),
    ("include-a-device", 'include-files = { "/dev/zero" = "zero" }'),
    ("include-proc", 'include-files = { "../../../../../../../proc/self" = "proc" }'),
    ("exclude-of-stars", 'exclude-files = ["' + "*a" * 2_000 + '"]'),
    ("exclude-of-a-million", f'exclude-files = ["{_MANY}"]'),
    ("exclude-of-brackets", 'exclude-files = ["[[[[[!"]'),
    ("lock-elsewhere", 'lock = "../../../../../../../etc/passwd"'),
    ("lock-of-a-million", f'lock = "{_MANY}"'),
    ("code-above", 'code = "../outside"'),
    ("code-of-everything", 'code = "/"'),
    ("code-of-itself", 'code = "."'),
)
_CODE: Final = (
    ("link-to-the-outside", _link("../../outside/canary.txt")),
    ("link-to-a-directory", _link("../../outside", "way")),
    ("link-to-itself", _link("link.txt")),
    ("link-to-above", _link("..", "way")),
    ("link-absolute", _link("/etc/passwd")),
    ("dangling", _link("gone")),
    ("pipe", lambda path: os.mkfifo(path / "pipe")),
    ("socket", _socket),
    ("deep", _deep_directories),
    ("not-utf-8", _named(b"\xff\xfe.txt")),
    ("newline", _named("a\nb.txt")),
    ("escape", _named("a\x1b[2Jb.txt")),
    ("bidi", _named("a\u202eb.txt")),
    ("c1", _named("a\x9bb.txt")),
    ("backslash", _named("a\\b.txt")),
    ("colon", _named("C:b.txt")),
    ("decomposed", _named("e\u0301.txt")),
    ("case-twins", lambda path: [_named(name)(path) for name in ("a.txt", "A.txt")]),
    ("longest", _named("a" * 255)),
    ("ignore-of-stars", _ignore("*a" * 5_000 + "\n")),
    ("ignore-of-bytes", _ignore("\udcff\n[[[\n!!!\n\\\n")),
    ("ignore-of-a-hundred-thousand", _ignore("x*y?z/**/w\n" * 100_000)),
    ("ignore-of-a-million", _ignore("a" * 1_000_000)),
    ("ignore-as-a-directory", lambda path: (path / ".gitignore").mkdir()),
    ("ignore-as-a-pipe", lambda path: os.mkfifo(path / ".gitignore")),
    ("git-file-of-nonsense", lambda path: (path / ".git").write_text("gitdir: /dev/zero\n")),
)
_RIGHT: Final = "return 'carrier-1.0-py3-none-any.whl'"
_IS: Final = "directory + '/carrier-1.0-py3-none-any.whl'"


def _copied(name: str) -> str:
    """Return what makes a right wheel under some name."""
    return f"import shutil\nshutil.copy('wheel', directory + '/{name}')\nreturn '{name}'"


_BACK_ENDS: Final = (
    ("name-with-parents", "return '../../escaped-1.0-py3-none-any.whl'"),
    ("name-of-nothing", _RIGHT),
    ("returns-none", "return None"),
    ("returns-a-number", "return 5"),
    ("ends", "os._exit(0)"),
    ("ends-with-a-signal", "os.kill(os.getpid(), 9)"),
    ("fails", "raise ValueError('no')"),
    ("fails-at-length", "raise ValueError('x' * 1_000_000)"),
    ("fails-in-many-lines", "print('line\\n' * 100_000)\nraise SystemExit(1)"),
    ("fails-with-escapes", "print('\\x1b[2J\\x1b]0;title\\x07\\u202e')\nraise SystemExit(1)"),
    ("fails-with-bytes", "sys.stdout.buffer.write(bytes(range(256)))\nraise SystemExit(1)"),
    ("hangs", "time.sleep(3600)"),
    (
        "makes-two",
        "open(directory + '/a-1-py3-none-any.whl', 'w')\n" + _copied("b-1-py3-none-any.whl"),
    ),
    ("makes-a-directory", f"os.mkdir({_IS})\n{_RIGHT}"),
    ("makes-a-link", f"os.symlink('/etc/passwd', {_IS})\n{_RIGHT}"),
    ("makes-a-pipe", f"os.mkfifo({_IS})\n{_RIGHT}"),
    ("for-another-platform", _copied("carrier-1.0-cp313-cp313-win_amd64.whl")),
    ("of-another-version", _copied("carrier-2.0-py3-none-any.whl")),
    ("of-another-name", _copied("other-1.0-py3-none-any.whl")),
    ("of-no-name", _copied("wheel.whl")),
)
MAKERS: Final = {
    **{
        f"type-{key}-{number}": partial(_option, f"{key} = {value}")
        for key in _KEYS
        for number, value in enumerate(_WRONG)
    },
    **{f"pyproject-{name}": partial(_edit, old, new) for name, old, new in _PYPROJECT},
    **{f"option-{name}": partial(_option, line) for name, line in _OPTIONS},
    **{f"code-{name}": partial(_code, make) for name, make in _CODE},
    **{f"back-end-{name}": partial(_back_end, source) for name, source in _BACK_ENDS},
}
_SHORT: Final = (("HATCH_LAMBDA_ZIP_TIMEOUT", "5"),)
_NO_TOML: Final = (
    "bytes",
    "nul",
    "byte-order-mark",
    "not-toml",
    "nested-lists",
    "nested-tables",
    "number-of-a-million",
)
CASES: Final = [
    Case(
        name,
        make,
        _SHORT if name.endswith("-hangs") else (),
        # hatchling itself fails before any of its plugins is asked.
        by_command=name.removeprefix("pyproject-") in _NO_TOML,
    )
    for name, make in MAKERS.items()
]


def back_end(name: str, source: str) -> Case:
    """Return the case of a local project whose back end has this source."""
    return Case(name, partial(_back_end, source))
