"""The ``__init__.py`` of namespace packages: one file, however each distribution spells it.

Python's packaging guide has two kinds of such files, pkgutil's and pkg_resources'. Every
distribution of the namespace has to bring one, so their spellings meet in one directory.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installed

_FILE: Final = "__init__.py"
_LARGEST: Final = 10_000  # bytes: most of it would be a comment
_EXTENDED: Final = "__path__ = {}(__path__, __name__)"
_PKGUTIL: Final = (
    _EXTENDED.format("__import__('pkgutil').extend_path"),
    "import pkgutil\n" + _EXTENDED.format("pkgutil.extend_path"),
    "from pkgutil import extend_path\n" + _EXTENDED.format("extend_path"),
)
_PKG_RESOURCES: Final = (
    "__import__('pkg_resources').declare_namespace(__name__)",
    "import pkg_resources\npkg_resources.declare_namespace(__name__)",
    "from pkg_resources import declare_namespace\ndeclare_namespace(__name__)",
)
_EXCEPT: Final = ("except ImportError", "except Exception", "except")


def is_namespace(content: bytes) -> bool:
    """Tell whether an ``__init__.py`` does nothing but declare a namespace.

    Comments, a docstring, quotes and white space make no difference. The spellings stand in
    docs/format.md.
    """
    if len(content) > _LARGEST or not (b"extend_path" in content or b"declare_names" in content):
        return False
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return False
    if ast.get_docstring(tree, clean=False) is not None:
        del tree.body[0]
    return ast.dump(tree) in _spellings()


@cache
def _spellings() -> frozenset[str]:
    found = [*_PKGUTIL, *_PKG_RESOURCES]
    found += [
        f"try:\n{_indented(first)}\n{clause}:\n{_indented(second)}"
        for first in _PKG_RESOURCES
        for clause in _EXCEPT
        for second in _PKGUTIL
    ]
    return frozenset(ast.dump(ast.parse(text)) for text in found)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def is_same_namespace(one: Entry, other: Entry) -> bool:
    """Tell whether two files in one place both declare a namespace and do nothing else."""
    if one.name.rpartition("/")[2] != _FILE:
        return False
    return is_namespace(one.read()) and is_namespace(other.read())


def share_namespaces(installed: Iterable[Installed]) -> tuple[Installed, ...]:
    """Give one ``__init__.py`` to all distributions of a namespace: the first one's.

    Args:
        installed: ascending by name.
    """
    installed = tuple(installed)
    first: dict[str, Entry] = {}
    shared: dict[str, Entry] = {}
    for entry in (entry for item in installed for entry in item.entries):
        if entry.name.endswith(f"/{_FILE}"):
            other = first.setdefault(entry.name, entry)
            if other.digest != entry.digest and is_same_namespace(other, entry):
                shared[entry.name] = other
    if not shared:
        return installed

    def share(entry: Entry) -> Entry:
        one = shared.get(entry.name)
        if one is None or one.digest == entry.digest or not is_namespace(entry.read()):
            return entry
        return replace(one, distribution=entry.distribution)

    return tuple(replace(item, entries=tuple(map(share, item.entries))) for item in installed)
