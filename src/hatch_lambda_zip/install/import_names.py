"""Which modules the files of a distribution are, by their names alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SUFFIXES: Final = (".py", ".so", ".pyc")


@dataclass(frozen=True)
class ImportNames:
    """The first components of what can be imported, or the first below a namespace package.

    Attributes:
        modules: modules, and packages with an ``__init__``; dotted, if they lie in a namespace.
        namespaces: the directories without one around them, and those without any module.
    """

    modules: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()

    def __contains__(self, name: object) -> bool:
        return name in self.modules or name in self.namespaces

    @classmethod
    def of(cls, paths: Iterable[str]) -> ImportNames:
        """Return what the files at some paths, as in RECORD, can be imported as."""
        paths = list(paths)
        closed = {
            directory
            for directory, _, file in (path.rpartition("/") for path in paths)
            if file.startswith("__init__.") and file.endswith(_SUFFIXES)
        }
        modules: set[str] = set()
        namespaces: set[str] = set()
        for path in paths:
            *directories, file = path.split("/")
            name = ""
            for directory in directories:
                name = f"{name}/{directory}" if name else directory
                if name in closed:
                    modules.add(name)
                    break
                if name not in namespaces:
                    namespaces.add(name)
            else:
                if file.endswith(_SUFFIXES):
                    stem = file.partition(".")[0]
                    modules.add(f"{name}/{stem}" if name else stem)
        return cls(_dotted(modules), _dotted(namespaces))

    @classmethod
    def union(cls, several: Iterable[ImportNames]) -> ImportNames:
        """Return what can be imported of several together."""
        several = list(several)
        return cls(
            frozenset().union(*(names.modules for names in several)),
            frozenset().union(*(names.namespaces for names in several)),
        )


def _dotted(paths: Iterable[str]) -> frozenset[str]:
    """Return those paths that can be spelt as names, so."""
    return frozenset(
        path.replace("/", ".") for path in paths if path.replace("/", "_").isidentifier()
    )
