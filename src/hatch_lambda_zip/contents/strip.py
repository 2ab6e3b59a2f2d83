"""Files that no function needs, left out on request; each kind is safe by its construction."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from hatch_lambda_zip.config import Strip
from hatch_lambda_zip.contents.imports.mentions import mentions
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installed, LeftOut, Reason

_TEST_DIRECTORIES: Final = frozenset(("test", "tests"))
# What compilers read: headers of C, C++ and CUDA, and Cython's declarations.
_HEADERS: Final = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".pxd", ".pxi")
# By their names alone.
_REASONS: Final = {
    Strip.TYPE_STUBS: Reason.TYPE_STUB,
    Strip.NATIVE_HEADERS: Reason.NATIVE_HEADER,
}
_CONFTEST: Final = "conftest.py"  # pytest's own; nobody else imports it
_TEST_WORD: Final = re.compile(rb"\b(?:tests?|conftest)\b")


def kind_of(path: str) -> Strip | None:
    """Return the kind of file that a path in RECORD is, if it is one of these."""
    if path.endswith(".pyi") or path.rpartition("/")[2] == "py.typed":
        return Strip.TYPE_STUBS
    if path.endswith(_HEADERS):
        return Strip.NATIVE_HEADERS
    return None if _test_directory(path) is None else Strip.TESTS


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
        elsewhere: what the function's layers ship, which may import test directories too.
        added: files of the project that ship besides, likewise.
        handler: the function's, which counts as an import of its module.
    """
    installed = tuple(installed)
    tests = frozenset[str]()
    if Strip.TESTS in kinds:
        tests = _unused_tests(installed, tuple(elsewhere), added, handler)
    return tuple(item.without(dict(_reasons(item, kinds, tests))) for item in installed)


def _reasons(
    installed: Installed, kinds: Collection[Strip], tests: Collection[str]
) -> Iterator[tuple[str, Reason]]:
    for entry in installed.entries:
        name = entry.name
        if installed.is_metadata(name):
            continue
        if _test_directory(name) in tests:
            yield name, Reason.TESTS
        elif (kind := kind_of(name)) in kinds and kind in _REASONS:
            yield name, _REASONS[kind]


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
    """Return the test directories that nothing imports which ships."""
    directories: dict[str, list[Entry]] = {}
    shipped: list[Entry] = [*added]
    for distribution in (*installed, *elsewhere):
        for entry in distribution.entries:
            directory = _test_directory(entry.name)
            # A directory that a layer ships is not ours to leave out.
            if directory is None or distribution not in installed:
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
    """
    paths = (left.path for left in left_out if left.reason is Reason.TESTS)
    modules = _modules(directory for path in paths if (directory := _test_directory(path)))
    if not modules:
        return []
    entries = [*added, *(entry for item in installed for entry in item.entries)]
    used = _mentioned(entries, modules) | _mentioned_by_handler(handler, modules)
    return sorted(modules[name] for name in used)


def _modules(directories: Iterable[str]) -> dict[str, str]:
    """Return test directories (and conftest.py) by the names of their modules."""
    return {directory.removesuffix(".py").replace("/", "."): directory for directory in directories}


def _mentioned(entries: Iterable[Entry], modules: Collection[str]) -> set[str]:
    return {
        name
        for entry in entries
        for mention in mentions(entry, _TEST_WORD)
        for name in modules
        if _is_in(mention, name)
    }


def _mentioned_by_handler(handler: str | None, modules: Collection[str]) -> set[str]:
    # Lambda reads "/" of a handler as ".".
    return {name for name in modules if handler and _is_in(handler.replace("/", "."), name)}


def _is_in(dotted: str, package: str) -> bool:
    return dotted == package or dotted.startswith(f"{package}.")
