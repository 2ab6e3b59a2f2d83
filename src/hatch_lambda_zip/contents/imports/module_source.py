"""What the syntax tree of one of the project's own modules says: its imports and its names.

The running Python parses it, so what it can't parse says nothing. Nothing here decides bytes.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hatch_lambda_zip.contents.imports.bindings import (
    bound_names,
    makes_names_at_run_time,
    own_scope,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.record import Digest

# What changes where modules are looked for, or how they are loaded.
_MEDDLING: Final = frozenset(
    (
        *("meta_path", "path_hooks", "path_importer_cache", "__path__", "__import__"),
        *("addsitedir", "extend_path", "declare_namespace", "zipimporter"),
        *("spec_from_file_location", "spec_from_loader", "module_from_spec"),
        *("exec_module", "load_module", "load_source", "SourceFileLoader"),
    )
)


@dataclass(frozen=True)
class Import:
    """One ``import a`` of an import statement, or one ``from a import b, c``.

    Attributes:
        line: where it stands.
        level: the number of dots before the module.
        module: without these; empty for ``from . import a``.
        names: what is imported from it; None for a statement without ``from``.
        is_certain: whether it surely runs when the module is imported, and its failure with it:
            it stands at the top level, below no ``try``, ``if``, ``with``, ``def`` or ``class``.
    """

    line: int
    level: int
    module: str
    names: tuple[str, ...] | None
    is_certain: bool

    def __str__(self) -> str:
        module = "." * self.level + self.module
        if self.names is None:
            return f"import {module}"
        return f"from {module} import {', '.join(self.names)}"


@dataclass(frozen=True)
class ModuleSource:
    """One module as far as the running Python understands it.

    Attributes:
        tree: None if it can't be parsed.
        error: why it can't be.
    """

    tree: ast.Module | None
    error: str = ""

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """All its imports, those in functions too."""
        return () if self.tree is None else tuple(_imports(self.tree))

    @cached_property
    def binding(self) -> dict[str, list[ast.stmt]]:
        """The statements that bind each name for good; ``*`` stands for a star import."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in () if self.tree is None else self.tree.body:
            for name in dict.fromkeys(bound_names([statement])):
                found.setdefault(name, []).append(statement)
            if isinstance(statement, ast.Delete):
                for target in statement.targets:
                    for node in own_scope(target):
                        if isinstance(node, ast.Name):
                            found.pop(node.id, None)
        return found

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The names that it binds; None if more may come at run time."""
        bound = frozenset(self.binding)
        if self.tree is None or makes_names_at_run_time(self.tree, bound):
            return None
        return bound

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes that it sets, which may be another module's."""
        return frozenset(
            node.attr
            for node in self._nodes()
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        )

    @cached_property
    def meddles(self) -> bool:
        """Whether it may change how modules are found (``sys.path``, hooks and the like)."""
        return self.tree is not None and _meddles(self.tree)

    def _nodes(self) -> Iterator[ast.AST]:
        return iter(()) if self.tree is None else ast.walk(self.tree)


# The zips of one command share most of their own files, and parsing is what takes time.
_parsed: dict[Digest, ModuleSource] = {}


def read_module(entry: Entry) -> ModuleSource:
    """Parse a module, once in this process for each content.

    Raises:
        DistributionError: the file is not what RECORD says.
    """
    if entry.digest not in _parsed:
        _parsed[entry.digest] = _parse(entry.read())
    return _parsed[entry.digest]


def is_package(entry: Entry) -> bool:
    """Tell whether a module is a package, whose own name relative imports start from."""
    return entry.name.rpartition("/")[2] == "__init__.py"


def _parse(content: bytes) -> ModuleSource:
    try:
        with warnings.catch_warnings():
            # An invalid escape somewhere in the module is not what this is about.
            warnings.simplefilter("ignore")
            return ModuleSource(ast.parse(content))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return ModuleSource(None, str(error) or type(error).__name__)


def _imports(tree: ast.Module) -> Iterator[Import]:
    certain: set[ast.stmt] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Raise):
            break  # nobody gets to what follows
        certain.add(statement)
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, 0, alias.name, None, node in certain)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(node.lineno, node.level, node.module or "", names, node in certain)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield all statements, many times faster than by a walk through all that they consist of."""
    blocks: list[list[ast.stmt]] = [tree.body]
    for block in blocks:  # which grows
        for statement in block:
            yield statement
            for part in (
                statement,
                *getattr(statement, "handlers", ()),
                *getattr(statement, "cases", ()),
            ):
                blocks += [
                    getattr(part, field)
                    for field in ("body", "orelse", "finalbody")
                    if hasattr(part, field)
                ]


def _meddles(tree: ast.Module) -> bool:
    sys_names = {"sys"}
    harmless: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            sys_names |= {alias.asname or "sys" for alias in node.names if alias.name == "sys"}
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            if not {"path", "modules"}.isdisjoint(alias.name for alias in node.names):
                return True
        elif isinstance(node, ast.Compare):
            harmless.update(node.comparators)  # `name in sys.modules`
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and isinstance(node.slice, ast.Name)
            and node.slice.id == "__name__"
        ):
            harmless.add(node.value)  # sys.modules[__name__]
    return any(_is_meddling(node, sys_names) for node in ast.walk(tree) if node not in harmless)


def _is_meddling(node: ast.AST, sys_names: set[str]) -> bool:
    if isinstance(node, ast.alias):
        return node.name in _MEDDLING
    if isinstance(node, ast.Name):
        # Calling __import__ finds what an import would.
        return node.id in _MEDDLING and node.id != "__import__"
    return isinstance(node, ast.Attribute) and (
        node.attr in _MEDDLING
        or (
            node.attr in {"path", "modules"}
            and isinstance(node.value, ast.Name)
            and node.value.id in sys_names
        )
    )
