"""Which names a module binds in its own scope, by its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def bound_names(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind in the module's own scope; ``*`` for a star import."""
    for statement in body:
        for node in own_scope(statement):
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


def makes_names_at_run_time(tree: ast.Module, bound: AbstractSet[str]) -> bool:
    """Tell whether a module may have more names than its statements bind.

    They come from a star import, ``__getattr__``, ``global`` statements, ``globals()`` and the
    like.
    """
    return not bound.isdisjoint(("*", "__getattr__")) or any(
        isinstance(node, ast.Global)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"globals", "locals", "vars", "setattr", "exec"}
        )
        for node in ast.walk(tree)
    )


def own_scope(node: ast.AST) -> Iterator[ast.AST]:
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
        yield from own_scope(child)
