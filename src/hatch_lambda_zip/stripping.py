"""Files that no function needs, left out on request; each kind is safe by its construction."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.artifacts import Strip
from hatch_lambda_zip.left_out import Reason, read_entry_points

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hatch_lambda_zip.entry import Entry
    from hatch_lambda_zip.installed import Installed

_TEST_DIRECTORIES: Final = frozenset(("test", "tests"))
# What compilers read: headers of C, C++ and CUDA, and Cython's declarations.
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".pxd", ".pxi")
_CONFTEST: Final = "conftest.py"  # pytest's own; nobody else imports it
_TEST_WORD: Final = re.compile(rb"\b(?:tests?|conftest)\b")
# Where such a word can be (a part of) a module's name: what is worth parsing.
_TEST_NAME: Final = re.compile(
    rb"""[.](?:tests?|conftest)\b            # a.tests, .tests
    | \b(?:tests?|conftest)[.]\w            # tests.a
    | ['"](?:tests?|conftest)['"]           # importlib, __all__
    | \bimport\b(?:[^\n(]|\\\n)*\b(?:tests?|conftest)\b
    | \bimport\s*\([^)]*\b(?:tests?|conftest)\b
    """,
    re.VERBOSE,
)


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

    Whether something is imported is found generously: a mention of the module is enough, in an
    import, in a string (for `importlib`), in an entry point or in a native library.
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
    is_module = entry.name.endswith(".py")
    if not is_module and not entry.name.endswith((".so", ".pyc", "/entry_points.txt")):
        return
    content = entry.read()
    if not (_TEST_NAME if is_module else _TEST_WORD).search(content):
        return
    if is_module:
        yield from _module_mentions(entry.name, content)
    elif entry.name.endswith("/entry_points.txt"):
        for group in read_entry_points(content).values():
            yield from group.values()
    else:
        # Names of modules stand in compiled code as they are.
        for match in re.finditer(rb"[A-Za-z_][\w.]*", content):
            if _TEST_WORD.search(match[0]):
                yield match[0].decode("ascii", "replace")


@dataclass(frozen=True)
class _Place:
    """Where a module is, for its relative imports."""

    package: tuple[str, ...]

    @classmethod
    def of(cls, name: str) -> _Place:
        return cls(tuple(name.split("/")[:-1]))

    def absolute(self, module: str | None, level: int) -> str:
        base = self.package[: len(self.package) - level + 1] if level else ()
        return ".".join((*base, *([module] if module else [])))


def _module_mentions(name: str, source: bytes) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            # An invalid escape somewhere is not what this is about.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        # A syntax that this Python does not know: then every word counts.
        for match in re.finditer(rb"[A-Za-z_][\w.]*", source):
            yield match[0].decode("ascii", "replace")
        return
    place = _Place.of(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = place.absolute(node.module, node.level)
            yield from (f"{module}.{alias.name}".lstrip(".") for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # For importlib.
            yield node.value
            if level := len(node.value) - len(node.value.lstrip(".")):
                yield place.absolute(node.value.lstrip("."), level)
        elif isinstance(node, ast.stmt) and _is_about_all(node):
            # A star import makes modules of a package's names in __all__.
            names = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant))
            yield from (place.absolute(one, 1) for one in names if isinstance(one, str))


def _is_about_all(statement: ast.stmt) -> bool:
    """Tell whether a simple statement sets or extends ``__all__``."""
    return not hasattr(statement, "body") and any(
        isinstance(node, ast.Name) and node.id == "__all__" for node in ast.walk(statement)
    )
