"""The imports that follow from the handler's module, through the project's own modules.

What is followed are the imports that surely run (see `Import.is_certain`); those of a third
party's modules are its own affair.
"""

from __future__ import annotations

import ast
from collections import deque
from dataclasses import dataclass, field

from hatch_lambda_zip.contents.imports.importable import Found, Importable
from hatch_lambda_zip.contents.imports.module_source import (
    Import,
    is_package,
    read_module,
)
from hatch_lambda_zip.entry import Entry


@dataclass(frozen=True)
class Step:
    """An import in a file, on the way from the handler."""

    file: str
    line: int
    statement: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.statement}"


Chain = tuple[Step, ...]
"""From the handler's module to where something is imported."""


@dataclass(frozen=True)
class Miss:
    """An import that finds nothing.

    Attributes:
        module: the module that is not there, or that has no such name; empty for a relative import
            that leads out of its package.
        name: of the name, if the module is there.
        chain: ends with the import.
        is_doubtful: whether it may be brought by what brings a distribution that is left out.
    """

    module: str
    name: str
    chain: Chain
    is_doubtful: bool = False


@dataclass(frozen=True)
class Walk:
    """What was found on the way.

    Attributes:
        reached: the own modules that are run, with the way to each, by the names of their files.
        misses: each once, in the order in which they were found.
        sdk: the modules that are the runtime's, with the way to the first import of each.
    """

    reached: dict[str, tuple[Entry, Chain]] = field(default_factory=dict)
    misses: list[Miss] = field(default_factory=list)
    sdk: dict[str, Chain] = field(default_factory=dict)


def walk(start: str, importable: Importable, *, certain: bool = True) -> Walk:
    """Follow the imports from a module.

    Args:
        start: the module's dotted name.
        certain: whether to follow only those that surely run; otherwise all, those in functions
            too, and nothing is missed.

    Raises:
        DistributionError: a file is not what RECORD says.
    """
    return _Walker(importable, certain=certain).walk(start)


class _Walker:
    """Follows imports breadth first, so that each way is a shortest one."""

    def __init__(self, importable: Importable, *, certain: bool) -> None:
        self._importable = importable
        self._certain = certain
        self._found = Walk()
        self._missed: set[tuple[str, str]] = set()
        self._todo: deque[tuple[str, Entry, Chain]] = deque()

    def walk(self, start: str) -> Walk:
        self._run(start, ())
        while self._todo:
            module, entry, chain = self._todo.popleft()
            for statement in read_module(entry).imports:
                if statement.is_certain or not self._certain:
                    step = Step(entry.name, statement.line, str(statement))
                    self._follow(module, entry, statement, (*chain, step))
        return self._found

    def _run(self, name: str, chain: Chain) -> Found:
        """Import a module, or miss it."""
        resolution = self._importable.resolve(name)
        for module, entry in resolution.modules:
            if entry.name not in self._found.reached:
                self._found.reached[entry.name] = entry, chain
                self._todo.append((module, entry, chain))
        if resolution.found is Found.SDK:
            self._found.sdk.setdefault(name.partition(".")[0], chain)
        elif resolution.missing and not any(
            read_module(entry).meddles for _, entry in resolution.modules
        ):
            is_doubtful = resolution.found is Found.DOUBTFUL
            self._miss(Miss(resolution.missing, "", chain, is_doubtful))
        return resolution.found

    def _miss(self, miss: Miss) -> None:
        key = miss.module, miss.name
        if self._certain and key not in self._missed:
            self._missed.add(key)
            self._found.misses.append(miss)

    def _follow(self, module: str, entry: Entry, statement: Import, chain: Chain) -> None:
        if statement.names is None:
            self._run(statement.module, chain)
            return
        base = _absolute(module, entry, statement)
        if base is None:
            self._miss(Miss("", str(statement), chain))
            return
        found = self._run(base, chain)
        names = [name for name in statement.names if name != "*" and not _is_special(name)]
        if found is Found.NAMESPACE:
            for name in names:
                self._run(f"{base}.{name}", chain)
        elif found is Found.SOURCE:
            _, origin = self._importable.resolve(base).modules[-1]
            for name in names:
                self._import_name(base, name, origin, chain)

    def _import_name(self, base: str, name: str, origin: Entry, chain: Chain) -> None:
        """Do what ``from base import name`` does, of a base with a source."""
        submodule = f"{base}.{name}"
        source = read_module(origin)
        is_bound = any(
            not _is_of_itself(statement, base, origin) for statement in source.binding.get(name, ())
        )
        is_module = self._importable.resolve(submodule).found is not Found.NOTHING
        # The name comes first; only where there is none, Python looks for a module.
        may_be_name = is_bound or source.names is None or source.meddles
        if is_module and not (may_be_name and self._certain):
            self._run(submodule, chain)
        elif not is_module and not may_be_name:
            self._miss(Miss(base, name, chain))


def _is_of_itself(statement: ast.stmt, module: str, entry: Entry) -> bool:
    """Tell whether a module imports from itself, which brings a submodule, and no name of its own.

    Args:
        entry: the module's file.
    """
    if not isinstance(statement, ast.ImportFrom):
        return False
    if statement.level:
        return statement.module is None and statement.level == 1 and is_package(entry)
    return statement.module == module


def _is_special(name: str) -> bool:
    """Tell whether Python itself gives modules a name, such as ``__file__``."""
    return name.startswith("__") and name.endswith("__")


def _absolute(module: str, entry: Entry, statement: Import) -> str | None:
    """Return the module that a ``from`` names; None if it leads out of the package.

    Args:
        module: the name of the module with the statement.
        entry: its file.
    """
    if not statement.level:
        return statement.module
    package = module.split(".")
    up = statement.level - is_package(entry)
    if up >= len(package):
        return None
    return ".".join(filter(None, (*package[: len(package) - up], statement.module)))
