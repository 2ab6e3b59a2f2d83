"""Files that no function needs, left out on request; each kind is safe by its construction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.artifacts import Strip
from hatch_lambda_zip.left_out import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hatch_lambda_zip.entry import Entry
    from hatch_lambda_zip.installed import Installed

_TEST_DIRECTORIES: Final = frozenset(("test", "tests"))
# What compilers read: headers of C, C++ and CUDA, and Cython's declarations.
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".pxd", ".pxi")
_CONFTEST: Final = "conftest.py"  # pytest's own; nobody else imports it
_TEST_WORD: Final = re.compile(rb"\b(?:tests?|conftest)\b")
_DOTTED: Final = re.compile(rb"[A-Za-z_][\w.]*")
# A module at the top has no dot that would tell its name from the English word.
_PLAIN_IMPORT: Final = re.compile(
    rb"""\bimport\b[^\n]*?\b(tests?|conftest)\b|import(?:_module|__)\(\s*['"](tests?|conftest)['"]"""
)
# Sources are searched as text: which of them Python can parse, and how, depends on its version,
# and what ships must not depend on the one that builds.
_FROM: Final = re.compile(
    rb"\bfrom\s+(?P<level>[.\s]*)(?P<module>[\w.]*)\s+import\b\s*"
    rb"(?P<names>\([^)]*\)|(?:[^\n\\;#]|\\\r?\n)*)"
)
_RELATIVE: Final = re.compile(rb"""['"](?P<level>[.]+)(?P<module>[\w.]*)['"]""")
# A star import makes modules of a package's names in __all__.
_ALL: Final = re.compile(rb"\b__all__\b[^\[(\n]*[\[(](?P<names>[^\])]*)")


def strip(
    installed: Iterable[Installed],
    kinds: Collection[Strip],
    *,
    elsewhere: Iterable[Installed] = (),
    handler: str | None = None,
) -> tuple[Installed, ...]:
    """Leave files out. What is in ``.dist-info`` always ships.

    Args:
        installed: what ships.
        kinds: what to leave out.
        elsewhere: what the function's layers ship, which may import test directories too.
        handler: the function's, which counts as an import of its module.
    """
    installed = tuple(installed)
    tests = frozenset[str]()
    if Strip.TESTS in kinds:
        tests = _unused_tests(installed, tuple(elsewhere), handler)
    return tuple(one.without(dict(_reasons(one, kinds, tests))) for one in installed)


def _reasons(
    installed: Installed, kinds: Collection[Strip], tests: Collection[str]
) -> Iterator[tuple[str, Reason]]:
    for entry in installed.entries:
        name = entry.name
        if name.startswith(f"{installed.dist_info}/"):
            continue
        if _test_directory(name) in tests:
            yield name, Reason.TESTS
        elif Strip.TYPE_STUBS in kinds and (
            name.endswith(".pyi") or name.rpartition("/")[2] == "py.typed"
        ):
            yield name, Reason.TYPE_STUB
        elif Strip.NATIVE_HEADERS in kinds and name.endswith(_HEADERS):
            yield name, Reason.NATIVE_HEADER


def _test_directory(name: str) -> str | None:
    """Return the outermost test directory that a file lies in, a conftest.py itself, or None."""
    *parts, file = name.split("/")
    for index, part in enumerate(parts):
        if part in _TEST_DIRECTORIES:
            return "/".join(parts[: index + 1])
    return name if file == _CONFTEST else None


def _unused_tests(
    installed: tuple[Installed, ...], elsewhere: tuple[Installed, ...], handler: str | None
) -> frozenset[str]:
    """Return the test directories that nothing imports which ships.

    Whether something is imported is found generously: a mention of the module is enough, be it
    in an import, a string (for `importlib`), a comment, an entry point or a native library.
    """
    directories: dict[str, list[Entry]] = {}
    shipped: list[Entry] = []
    for one in (*installed, *elsewhere):
        for entry in one.entries:
            directory = _test_directory(entry.name)
            # A directory that a layer ships is not ours to leave out.
            if directory is None or one not in installed:
                shipped.append(entry)
            else:
                directories.setdefault(directory, []).append(entry)
    modules = {
        directory.removesuffix(".py").replace("/", "."): directory for directory in directories
    }
    used = {name for name in modules if handler is not None and _is_in(handler, name)}
    todo = [*shipped, *(entry for name in used for entry in directories[modules[name]])]
    while todo:
        mentioned = {
            name
            for entry in todo
            for mention in _mentions(entry)
            for name in modules
            if _is_in(mention, name)
        }
        # What a directory that ships imports ships too.
        todo = [entry for name in mentioned - used for entry in directories[modules[name]]]
        used |= mentioned
    return frozenset(modules[name] for name in modules.keys() - used)


def _is_in(dotted: str, package: str) -> bool:
    return dotted == package or dotted.startswith((f"{package}.", f"{package}:"))


def _mentions(entry: Entry) -> Iterator[str]:
    """Yield dotted names that a file may import, as far as they may be of tests."""
    if not entry.name.endswith((".py", ".so", ".pyc", "/entry_points.txt")):
        return
    content = entry.read()
    if not _TEST_WORD.search(content):
        return
    is_list = entry.name.endswith("/entry_points.txt")
    for match in _DOTTED.finditer(content):
        if _TEST_WORD.search(match[0]) and (is_list or b"." in match[0]):
            yield match[0].decode("ascii", "replace")
    if entry.name.endswith(".py"):
        yield from _relative_mentions(entry.name.split("/")[:-1], content)


def _relative_mentions(package: list[str], source: bytes) -> Iterator[str]:
    """Yield what a source imports from packages, and in terms of its own one."""

    def absolute(level: int, module: str, name: str = "") -> str:
        base = package[: len(package) - level + 1] if level else []
        return ".".join(filter(None, (*base, module, name)))

    for match in _FROM.finditer(source):
        level, module = match["level"].count(b"."), match["module"].decode("ascii", "replace")
        yield absolute(level, module)
        for name in _DOTTED.findall(match["names"]):
            yield absolute(level, module, name.decode("ascii", "replace"))
    for match in _PLAIN_IMPORT.finditer(source):
        yield (match[1] or match[2]).decode("ascii")
    for match in _RELATIVE.finditer(source):
        yield absolute(len(match["level"]), match["module"].decode("ascii", "replace"))
    for match in _ALL.finditer(source):
        for name in _DOTTED.findall(match["names"]):
            yield absolute(1, name.decode("ascii", "replace"))
