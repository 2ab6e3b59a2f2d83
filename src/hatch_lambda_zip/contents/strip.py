"""Files that no function needs, left out on request; each kind is safe by its construction."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from hatch_lambda_zip.config.model import Strip
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install.read import Installed
from hatch_lambda_zip.install.skip import LeftOut, Reason, read_entry_points

_TEST_DIRECTORIES: Final = frozenset(("test", "tests"))
# What compilers read: headers of C, C++ and CUDA, and Cython's declarations.
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".pxd", ".pxi")
_CONFTEST: Final = "conftest.py"  # pytest's own; nobody else imports it
_TEST_WORD: Final = re.compile(rb"\b(?:tests?|conftest)\b")
_COMMENT_OR_STRING: Final = re.compile(
    r"""\#[^\n]*
    | (?P<quotes>["']{3}) (?P<long>(?:\\.|(?!(?P=quotes))[^\\])*) (?P=quotes)
    | (?P<quote>["']) (?P<short>(?:\\.|(?!(?P=quote))[^\\\n])*) (?P=quote)
    """,
    re.DOTALL | re.VERBOSE,
)
_FROM_IMPORT: Final = re.compile(
    r"\bfrom\b(?P<module>[ \t\f.\w]*?)\bimport\b\s*(?P<names>\([^)]*\)|[^\n;]*)"
)
_IMPORT: Final = re.compile(r"\bimport\b(?P<names>[^\n;]*)")
_TEXT: Final = range(0x20, 0x7F)  # printable ASCII
_NAME: Final = re.compile(rb"[A-Za-z_][\w.]*")
_CALLED: Final = re.compile(r"""import(?:_module|__)\(\s*["'](?P<name>\w+)["']""")
_ALL: Final = re.compile(r"\b__all__\b[^\[(\n]*[\[(](?P<names>[^\])]*)")
_FORMATTING: Final = re.compile(r"\{[^{}]*\}|%(?:\(\w*\))?[a-z]")


def strip(
    installed: Iterable[Installed],
    kinds: Collection[Strip],
    *,
    elsewhere: Iterable[Installed] = (),
    added: Iterable[Entry] = (),
    handler: str | None = None,
) -> tuple[Installed, ...]:
    """Leave files out. What is in ``.dist-info`` always ships.

    Args:
        installed: what ships.
        kinds: what to leave out.
        elsewhere: what the function's layers ship, which may import test directories too.
        added: files of the project that ship besides, likewise.
        handler: the function's, which counts as an import of its module.
    """
    installed = tuple(installed)
    tests = frozenset[str]()
    if Strip.TESTS in kinds:
        tests = _unused_tests(installed, tuple(elsewhere), added, handler)
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
    installed: tuple[Installed, ...],
    elsewhere: tuple[Installed, ...],
    added: Iterable[Entry],
    handler: str | None,
) -> frozenset[str]:
    """Return the test directories that nothing imports which ships.

    Whether something is imported is found generously: a mention of the module is enough, in an
    import, in a string (for `importlib`), in an entry point or in a native library.
    """
    directories: dict[str, list[Entry]] = {}
    shipped: list[Entry] = [*added]
    for one in (*installed, *elsewhere):
        for entry in one.entries:
            directory = _test_directory(entry.name)
            # A directory that a layer ships is not ours to leave out.
            if directory is None or one not in installed:
                shipped.append(entry)
            else:
                directories.setdefault(directory, []).append(entry)
    modules = _modules(directories)
    used = _mentioned_by_handler(handler, modules)
    todo = [*shipped, *(entry for name in used for entry in directories[modules[name]])]
    while todo:
        mentioned = _mentioned(todo, modules)
        # What a directory that ships imports ships too.
        todo = [entry for name in mentioned - used for entry in directories[modules[name]]]
        used |= mentioned
    return frozenset(modules[name] for name in modules.keys() - used)


def missing_tests(
    left_out: Iterable[LeftOut],
    installed: Iterable[Installed],
    added: Iterable[Entry],
    handler: str | None,
) -> list[str]:
    """Return the test directories that a layer leaves out and a function may import.

    Args:
        left_out: what the layer leaves out.
        installed: what the function ships.
        added: files of the project that ship besides.
        handler: the function's.
    """
    paths = (left.path for left in left_out if left.reason is Reason.TESTS)
    modules = _modules(directory for path in paths if (directory := _test_directory(path)))
    if not modules:
        return []
    entries = [*added, *(entry for one in installed for entry in one.entries)]
    used = _mentioned(entries, modules) | _mentioned_by_handler(handler, modules)
    return sorted(modules[name] for name in used)


def _modules(directories: Iterable[str]) -> dict[str, str]:
    """Return test directories (and conftest.py) by the names of their modules."""
    return {directory.removesuffix(".py").replace("/", "."): directory for directory in directories}


def _mentioned(entries: Iterable[Entry], modules: Collection[str]) -> set[str]:
    return {
        name
        for entry in entries
        for mention in _mentions(entry)
        for name in modules
        if _is_in(mention, name)
    }


def _mentioned_by_handler(handler: str | None, modules: Collection[str]) -> set[str]:
    # Lambda reads "/" of a handler as ".".
    return {name for name in modules if handler and _is_in(handler.replace("/", "."), name)}


def _is_in(dotted: str, package: str) -> bool:
    return dotted == package or dotted.startswith(f"{package}.")


def _mentions(entry: Entry) -> Iterator[str]:
    """Yield dotted names that a file may import, as far as they may be of tests."""
    name = entry.name
    is_source = name.endswith(".py") or name.startswith("bin/")
    if not is_source and not name.endswith((".so", ".pyc", "/entry_points.txt")):
        return
    content = entry.read()
    if not _TEST_WORD.search(content):
        return
    package = tuple(name.split("/")[:-1])
    if is_source:
        yield from _source_mentions(content.decode("utf-8", "replace"), package)
    elif name.endswith("/entry_points.txt"):
        for group in read_entry_points(content).values():
            yield from (reference.partition(":")[0].strip() for reference in group.values())
    else:
        # Names of modules stand in compiled code as they are, relative ones without their dots.
        # A single word that is not the start of a text is prose.
        for match in _NAME.finditer(content):
            is_alone = content[match.start() - 1] not in _TEXT
            if _TEST_WORD.search(match[0]) and (b"." in match[0] or is_alone):
                yield from _everywhere(match[0].decode("ascii", "replace"), package)


def _source_mentions(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield what a module imports, and what its strings may name.

    Python's own parser is not asked: that of another Python may understand less or more, and the
    zip would depend on it.
    """
    strings: list[str] = []

    def without(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        strings.append(match["long"] or match["short"] or "")
        return "''"

    # Python takes every kind of line end for "\n".
    lines = source.replace("\r\n", "\n").replace("\r", "\n")
    code = _COMMENT_OR_STRING.sub(without, lines).replace("\\\n", " ")
    for match in _FROM_IMPORT.finditer(code):
        module = "".join(match["module"].split())
        relative = module.lstrip(".")
        level = len(module) - len(relative)
        base = (*(package[: max(len(package) - level + 1, 0)] if level else ()), relative)
        for name in _imported(match["names"].strip("()")):
            yield ".".join(filter(None, (*base, name)))
    for match in _IMPORT.finditer(_FROM_IMPORT.sub("", code)):
        yield from _imported(match["names"])
    yield from _string_mentions(strings, package)
    for match in _CALLED.finditer(lines):
        yield from _everywhere(match["name"], package)
    for match in _ALL.finditer(lines):
        # A star import makes modules of these names.
        for name in re.findall(r"\w+", match["names"]):
            yield from _everywhere(name, package)


def _string_mentions(strings: Iterable[str], package: tuple[str, ...]) -> Iterator[str]:
    """Yield what strings may name: for importlib, or the path of a file."""
    for text in strings:
        # What formatting fills in stands before the name.
        for number, part in enumerate(_FORMATTING.split(text)):
            name = part.strip().replace("/", ".")
            # A word alone may be anything.
            if number or "." in name:
                yield from _everywhere(name.lstrip("."), package)


def _imported(names: str) -> Iterator[str]:
    """Yield the names of ``a, b.c as d``."""
    for name in names.split(","):
        yield name.partition(" as ")[0].strip()


def _everywhere(name: str, package: tuple[str, ...]) -> Iterator[str]:
    """Yield a name as it stands, and relative to a package and those around it."""
    if name:
        yield from (".".join((*package[:depth], name)) for depth in range(len(package) + 1))
