"""Whether Lambda can call what a handler's name stands for, with the event and the context.

Only what is sure is a fault: a name that is bound twice, decorated, or what a function returned,
may be anything.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.contents.imports.bindings import bound_names, own_scope
from hatch_lambda_zip.contents.imports.module_source import is_package, read_module
from hatch_lambda_zip.entry import Entry

_ARGUMENTS: Final = 2  # event and context
_MAX_DEPTH: Final = 20  # of names that stand for other names
_DATA: Final = (
    *(ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


@dataclass(frozen=True)
class Fault:
    """Why Lambda can't call a handler, or can do nothing with what it returns.

    Attributes:
        message: in words, without a full stop.
        is_sure: whether it can't work at all.
    """

    message: str
    is_sure: bool = True


@dataclass(frozen=True)
class _Binding:
    """The statement that a name's value surely comes from, and the module that it stands in."""

    node: ast.stmt
    name: str
    entry: Entry

    @property
    def place(self) -> str:
        return f"{self.entry.name}, line {self.node.lineno}"


def check_call(name: str, entry: Entry, files: Mapping[str, Entry]) -> Fault | None:
    """Check what a name of a module stands for.

    Args:
        files: where imported modules are looked for, by their paths.

    Raises:
        DistributionError: a file is not what RECORD says.
    """
    binding = _binding(name, entry, files)
    if isinstance(binding, Fault) or binding is None:
        return binding
    node = binding.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _function_fault(node, binding.place)
    if isinstance(node, ast.ClassDef):
        return _class_fault(node, binding, files)
    return _value_fault(_value_of(node), binding, files)


def _binding(
    name: str, entry: Entry, files: Mapping[str, Entry], depth: int = 0
) -> _Binding | Fault | None:
    """Find what a name is surely bound by, through imports and other names; None if unsure."""
    source = read_module(entry)
    if source.tree is None or source.names is None or depth > _MAX_DEPTH:
        return None
    statements = source.binding.get(name, [])
    # What one name stands for may be bound again after the other one took it.
    if not statements or (depth and len(statements) > 1):
        return None
    node = statements[-1]
    if isinstance(node, ast.Import):
        return _module_fault(node, name, entry, files)
    if isinstance(node, ast.ImportFrom):
        return _imported(node, name, entry, files, depth)
    value = _value_of(node)
    if isinstance(value, ast.Name):
        return _binding(value.id, entry, files, depth + 1)
    is_plain = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    return _Binding(node, name, entry) if is_plain or value is not None else None


def _value_of(node: ast.stmt) -> ast.expr | None:
    """Return what an assignment assigns, if a name gets all of it."""
    if isinstance(node, ast.Assign) and all(isinstance(item, ast.Name) for item in node.targets):
        return node.value
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.value
    return None


def _module_fault(
    node: ast.Import, name: str, entry: Entry, files: Mapping[str, Entry]
) -> Fault | None:
    """Return the fault of a name that ``import`` binds."""
    for alias in node.names:
        if (alias.asname or alias.name.partition(".")[0]) == name:
            module = alias.name if alias.asname else name
            place = f"{entry.name}, line {node.lineno}"
            # Some modules put an object in their own place that can be called; none of Python's do.
            found = _find(module, files)
            if found is None:
                is_sure = module.partition(".")[0] in sys.stdlib_module_names
            else:
                is_sure = not read_module(found).meddles
            return Fault(f"it is the module {module!r} ({place}), and no function", is_sure)
    return None


def _imported(
    node: ast.ImportFrom, name: str, entry: Entry, files: Mapping[str, Entry], depth: int
) -> _Binding | Fault | None:
    """Follow ``from module import original as name``."""
    original = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
    module = node.module or ""
    if node.level:
        package = entry.name.removesuffix(".py").split("/")
        package = package[: max(len(package) - node.level, 0)]
        module = ".".join(filter(None, (*package, module)))
    found = _find(module, files)
    if found is not None and original in read_module(found).binding:
        return _binding(original, found, files, depth + 1)
    submodule = _find(f"{module}.{original}", files)
    if submodule is None or (found is not None and read_module(found).names is None):
        return None
    if found is None or (is_package(found) and not read_module(submodule).meddles):
        place = f"{entry.name}, line {node.lineno}"
        return Fault(f"it is the module {module}.{original} ({place}), and no function")
    return None


def _find(module: str, files: Mapping[str, Entry]) -> Entry | None:
    stem = module.replace(".", "/")
    return files.get(f"{stem}/__init__.py") or files.get(f"{stem}.py")


def _function_fault(
    node: ast.FunctionDef | ast.AsyncFunctionDef, place: str, *, bound: int = 0
) -> Fault | None:
    """Return the fault of a function that is called with ``bound`` arguments more than Lambda's."""
    if node.decorator_list:
        return None
    if not _takes(node.args, _ARGUMENTS + bound):
        return _wrong_arguments(node.args, place)
    if isinstance(node, ast.AsyncFunctionDef):
        return Fault(
            f"it is a coroutine function ({place}), which Lambda calls and does not await, so that "
            "nothing of it runs; make it a plain function that calls `asyncio.run()`",
            is_sure=False,
        )
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _scope_of(node)):
        return Fault(
            f"it is a generator function ({place}), and Lambda does not iterate over what it "
            "returns, so that nothing of it runs",
            is_sure=False,
        )
    return None


def _scope_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    for statement in node.body:
        yield from own_scope(statement)


def _takes(arguments: ast.arguments, count: int) -> bool:
    """Tell whether so many positional arguments will do."""
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    most = count if arguments.vararg else len(positional)
    return required <= count <= most and None not in arguments.kw_defaults


def _wrong_arguments(arguments: ast.arguments, place: str) -> Fault:
    return Fault(
        "Lambda calls it with two positional arguments, event and context, and what is in "
        f"{place}, takes ({ast.unparse(arguments)})"
    )


def _class_fault(node: ast.ClassDef, binding: _Binding, files: Mapping[str, Entry]) -> Fault | None:
    """Return the fault of a class that is called itself."""
    methods = _methods(node, binding.entry, files)
    if methods is None or "__new__" in methods:
        return None
    init = methods.get("__init__")
    if init is None:
        return Fault(
            f"it is a class that takes no arguments ({binding.place}), and Lambda calls it with "
            "event and context"
        )
    if isinstance(init, ast.FunctionDef):
        return _function_fault(init, binding.place, bound=1)
    return None


def _value_fault(
    value: ast.expr | None, binding: _Binding, files: Mapping[str, Entry]
) -> Fault | None:
    if isinstance(value, _DATA):
        return Fault(f"it is no function, but {ast.unparse(value)[:40]!r} ({binding.place})")
    if isinstance(value, ast.Lambda) and not _takes(value.args, _ARGUMENTS):
        return _wrong_arguments(value.args, binding.place)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        made = _binding(value.func.id, binding.entry, files, depth=1)
        if isinstance(made, _Binding) and isinstance(made.node, ast.ClassDef):
            return _instance_fault(made.node, made, files)
    return None


def _instance_fault(
    node: ast.ClassDef, binding: _Binding, files: Mapping[str, Entry]
) -> Fault | None:
    methods = _methods(node, binding.entry, files)
    if methods is None or "__new__" in methods:
        return None
    call = methods.get("__call__")
    if "__call__" not in methods:
        return Fault(
            f"it is an instance of {node.name}, which has no __call__ ({binding.place}), "
            "so it can't be called"
        )
    if isinstance(call, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _function_fault(call, f"{binding.entry.name}, line {call.lineno}", bound=1)
    return None


def _methods(
    node: ast.ClassDef, entry: Entry, files: Mapping[str, Entry], depth: int = 1
) -> dict[str, ast.stmt] | None:
    """Return what a class and its bases bind; None if there may be more."""
    if node.decorator_list or node.keywords or depth > _MAX_DEPTH:
        return None
    # Whatever sets an attribute of this name may do it to this class.
    if not {"__call__", "__init__", "__new__"}.isdisjoint(read_module(entry).attributes):
        return None
    found: dict[str, ast.stmt] = {}
    for base in reversed(node.bases):
        if isinstance(base, ast.Name) and base.id == "object":
            continue
        binding = _binding(base.id, entry, files, depth) if isinstance(base, ast.Name) else None
        if not isinstance(binding, _Binding) or not isinstance(binding.node, ast.ClassDef):
            return None
        inherited = _methods(binding.node, binding.entry, files, depth + 1)
        if inherited is None:
            return None
        found |= inherited
    for statement in node.body:
        found |= dict.fromkeys(bound_names([statement]), statement)
    return found
