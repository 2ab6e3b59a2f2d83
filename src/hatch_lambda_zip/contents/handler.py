"""Checks that the handler is where Lambda will look for it."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterable, Iterator
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.text import did_you_mean

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def check_handler(handler: str, entries: Iterable[Entry]) -> str | None:
    """Check that the handler's module is in the zip and defines its name.

    Nothing is imported: the module's syntax tree tells which names it binds.

    Args:
        handler: ``module.name``; as on Lambda, ``/`` separates packages as well as ``.`` does.

    Returns:
        A warning when it can't be decided, else None.

    Raises:
        ContentsError: the module is not in the zip, or binds no such name.
    """
    module, _, name = handler.rpartition(".")
    stem = module.replace(".", "/")
    by_name = {entry.name: entry for entry in entries}
    # The order in which the import system looks: packages before modules.
    for candidate in (f"{stem}/__init__.py", f"{stem}.py"):
        if candidate in by_name:
            return _check_source(handler, name, by_name[candidate])
    if any(_is_opaque(path, stem) for path in by_name):
        return f"the handler {handler!r} can't be checked: {module} is not Python source"
    modules = sorted(path for path in by_name if path.endswith(f"/{stem.rpartition('/')[2]}.py"))
    hint = f" There is {', '.join(modules[:3])}." if modules else ""
    raise ContentsError(
        f"The handler {handler!r} can't work: the zip has neither {stem}.py nor "
        f"{stem}/__init__.py.{hint} Correct the handler, or make the package's wheel include "
        "the module."
    )


def _is_opaque(path: str, stem: str) -> bool:
    """Tell whether a file is the module in compiled form."""
    return path in {f"{stem}.pyc", f"{stem}/__init__.pyc"} or (
        path.endswith(".so") and path.startswith((f"{stem}.", f"{stem}/__init__."))
    )


def _check_source(handler: str, name: str, entry: Entry) -> str | None:
    try:
        with warnings.catch_warnings():
            # An invalid escape somewhere in the module is not what this is about.
            warnings.simplefilter("ignore")
            tree = ast.parse(entry.read())
    except (SyntaxError, ValueError) as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"the handler {handler!r} can't be checked: Python {version} can't parse "
            f"{entry.name} ({error})"
        )
    bound = set(_bound_names(tree.body))
    if name in bound:
        return None
    if "*" in bound or "__getattr__" in bound or _writes_globals(tree):
        return (
            f"the handler {handler!r} can't be checked: {entry.name} makes names at run time "
            "(a star import, __getattr__ or globals())"
        )
    hint = did_you_mean(name, sorted(bound))
    raise ContentsError(
        f"The handler {handler!r} can't work: {entry.name} defines no {name!r}. {hint}".rstrip()
    )


def _bound_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind in the module's own scope; ``*`` for a star import."""
    for statement in body:
        for node in _own_scope(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name
            elif isinstance(node, ast.alias):
                yield node.asname or node.name.split(".")[0]
            elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
                yield node.name
            elif isinstance(node, ast.MatchMapping) and node.rest:
                yield node.rest


def _own_scope(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a statement without entering the scopes below it."""
    yield node
    if isinstance(node, _SCOPES):
        return
    if isinstance(node, _COMPREHENSIONS):
        # Its own targets stay inside, while := binds in the scope around it (PEP 572).
        yield from (inner.target for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        return
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return  # a bare annotation binds nothing, though its target is marked as stored
    for child in ast.iter_child_nodes(node):
        yield from _own_scope(child)


def _writes_globals(tree: ast.Module) -> bool:
    """Tell whether names may come from functions: ``global`` statements or ``globals()``."""
    return any(
        isinstance(node, ast.Global)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"globals", "locals", "vars", "setattr", "exec"}
        )
        for node in ast.walk(tree)
    )
