"""Small mistakes that somebody might make in a module, as replacements of its text."""

from __future__ import annotations

import ast
import bisect
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGES: Final = ("archive", "bytecode", "lock", "contents")
"""The stages that decide bytes."""

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Annotations are strings here, and positions inside f-strings are wrong before Python 3.12.
_SKIPPED_FIELDS: Final = ("annotation", "returns", "decorator_list")
_SKIPPED: Final = (ast.Import, ast.ImportFrom, ast.JoinedStr)


@dataclass(frozen=True)
class Mutant:
    """A module with one mistake.

    Attributes:
        path: of the module.
        lines: from where the statement starts to where the mistake ends, from 1.
        line: where the mistake is.
        text: of that line.
        before: the text that is replaced, as `ast.unparse` writes it.
        after: what replaces it, likewise.
        source: the whole module with the mistake.
    """

    path: Path
    lines: range
    line: int
    text: str
    before: str
    after: str
    source: bytes

    @property
    def name(self) -> str:
        """How the list of those argued away and the output call it: without the line's number."""
        module = self.path.as_posix().rpartition("/hatch_lambda_zip/")[2]
        return f"{module}: {self.text}: {self.before} -> {self.after}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield a module's mutants, in the order of its text."""
    source = path.read_bytes()
    starts = [0]
    lines = source.splitlines(keepends=True)
    for line in lines:
        starts.append(starts[-1] + len(line))
    tree = ast.parse(source)
    conditions = {id(condition) for node in ast.walk(tree) for condition in _conditions(node)}
    statements = sorted(node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt))
    for node in sorted(_nodes(tree), key=lambda node: (node.lineno, node.col_offset)):
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = ast.unparse(node)
        changes = [*_changed(node)]
        # Comparisons and negations have a mutant that means the same.
        if id(node) in conditions and not isinstance(node, ast.Compare | ast.UnaryOp):
            changes.append(f"not ({before})")
        for after in changes:
            # What stood in several lines stands in one now; hence the parentheses.
            whole = isinstance(node, ast.stmt | ast.Constant)
            text = after if whole else f"({after})"
            changed = source[:start] + text.encode() + source[end:]
            shown = lines[node.lineno - 1].decode().strip()
            first = statements[bisect.bisect(statements, node.lineno) - 1]
            reached = range(first, (node.end_lineno or 0) + 1)
            yield Mutant(path, reached, node.lineno, shown, before, after, changed)


def _nodes(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED_FIELDS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_skipped(child):
                yield from _nodes(child)


def _is_skipped(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case _:
            return isinstance(node, _SKIPPED)


def _conditions(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case _:
            return []


def _changed(node: ast.expr | ast.stmt) -> Iterator[str]:  # noqa: C901 - a row for each kind
    match node:
        case ast.Compare(ops=operators):
            for index, operator in enumerate(operators):
                comparison = copy.copy(node)
                comparison.ops = [*operators]
                comparison.ops[index] = _COMPARISONS[type(operator)]()
                yield ast.unparse(comparison)
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield ast.unparse(ast.BoolOp(other, values))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            yield ast.unparse(ast.BinOp(left, _OPERATORS[type(operator)](), right))
        case ast.UnaryOp(op=ast.Not()):
            yield ast.unparse(node.operand)
        case ast.Constant():
            yield from _other_constant(node.value)
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield "return None"
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield "pass"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
        case _:
            return


def _other_constant(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield repr(not value)
    elif isinstance(value, int):
        yield repr(value + 1)
    # Sentences are for people, who see a mistake in them.
    elif isinstance(value, str) and value and " " not in value:
        yield repr(value + "X")
    elif isinstance(value, bytes) and value:
        yield repr(value + b"X")
