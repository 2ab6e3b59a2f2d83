"""What a function can import: its own modules, and what everybody else brings.

Of the project's own modules every file counts. Of third parties only the names of files are looked
at, and of these the first component, or the first below a namespace package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from hatch_lambda_zip.contents.imports.module_source import is_package
from hatch_lambda_zip.contents.imports.runtime_modules import (
    SDK_MODULES,
    modules_of_runtime,
    standard_library,
)
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import ImportNames
from hatch_lambda_zip.runtimes import RUNTIMES


class Found(Enum):
    """What an import leads to."""

    SOURCE = auto()
    """A module or package of the project's own, in source."""
    NAMESPACE = auto()
    """A directory without ``__init__``, which has nothing but modules."""
    ELSEWHERE = auto()
    """Something that is not looked into."""
    SDK = auto()
    """What AWS's runtime has of its SDK."""
    DOUBTFUL = auto()
    """What may be there: a distribution that went along with others that are left out."""
    NOTHING = auto()


@dataclass(frozen=True)
class Resolution:
    """What an import of a dotted name runs.

    Attributes:
        found: what the name leads to.
        modules: the own modules that are run, packages before what is in them, with their names.
        missing: if nothing, the name that is not there.
    """

    found: Found
    modules: tuple[tuple[str, Entry], ...] = ()
    missing: str = ""


@dataclass(frozen=True)
class Importable:
    """What one function can import.

    Attributes:
        files: the project's own files by their paths below an import root, in the zip or a layer.
        others: what third parties' files there are called.
        left_out: the same of distributions that are left out by name, as something else has them.
        unneeded: the same of those that only distributions that are left out need.
        external: modules that a layer from elsewhere has (``external-modules``).
        python_minor: the N of the runtime's Python 3.N.
        start: the first component of the handler's module, the only one that counts as the
            project's own if the standard library has it too. (Lambda has loaded many of these
            before it looks for others.)
    """

    files: dict[str, Entry]
    others: ImportNames
    left_out: ImportNames = field(default_factory=ImportNames)
    unneeded: ImportNames = field(default_factory=ImportNames)
    external: frozenset[str] = frozenset()
    python_minor: int = RUNTIMES[-1].python_minor
    start: str = ""
    _directories: set[str] = field(init=False, repr=False, compare=False, default_factory=set)
    _resolved: dict[str, Resolution] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    _opaque: set[str] = field(init=False, repr=False, compare=False, default_factory=set)

    def __post_init__(self) -> None:
        for path in self.files:
            directory, _, file = path.rpartition("/")
            # An extension module comes before a source of the same name.
            if file.endswith(".so"):
                self._opaque.add(f"{directory}/{file.partition('.')[0]}".lstrip("/"))
            elif file.endswith(".pyc") and f"{path[:-1]}" not in self.files:
                self._opaque.add(path.removesuffix(".pyc"))
            while directory and directory not in self._directories:
                self._directories.add(directory)
                directory = directory.rpartition("/")[0]

    def resolve(self, dotted: str) -> Resolution:
        """Follow a dotted name as an import does, from its first component on."""
        if dotted not in self._resolved:
            self._resolved[dotted] = self._resolve(dotted)
        return self._resolved[dotted]

    def _resolve(self, dotted: str) -> Resolution:
        modules: list[tuple[str, Entry]] = []
        found = Found.NOTHING
        name = ""
        for part in dotted.split("."):
            if modules and found is Found.SOURCE and not is_package(modules[-1][1]):
                return Resolution(Found.NOTHING, tuple(modules), f"{name}.{part}")
            name = f"{name}.{part}" if name else part
            found, entry = self._look_up(name)
            if entry is not None:
                modules.append((name, entry))
            if found not in {Found.SOURCE, Found.NAMESPACE}:
                is_there = found in {Found.ELSEWHERE, Found.SDK}
                return Resolution(found, tuple(modules), "" if is_there else name)
        return Resolution(found, tuple(modules))

    def _look_up(self, name: str) -> tuple[Found, Entry | None]:
        """Look one name up, where whatever stands before its last dot has been found."""
        path = name.replace(".", "/")
        is_opaque = path in self._opaque or f"{path}/__init__" in self._opaque
        if is_opaque or self._is_standard(name) or name in self.external:
            return Found.ELSEWHERE, None
        # The order of the import system: packages before modules, namespaces last.
        entry = self.files.get(f"{path}/__init__.py") or self.files.get(f"{path}.py")
        if entry is not None:
            return Found.SOURCE, entry
        return self._look_up_elsewhere(name, path), None

    def _look_up_elsewhere(self, name: str, path: str) -> Found:
        runtime = modules_of_runtime(self.python_minor)
        rules = (
            (self._is_of_others(name), Found.ELSEWHERE),
            (path in self._directories or self._is_namespace(name), Found.NAMESPACE),
            (name in runtime or self._is_from_setuptools(name), Found.ELSEWHERE),
            (name in SDK_MODULES, Found.SDK),
            (name in self.unneeded, Found.DOUBTFUL),
        )
        return next((found for applies, found in rules if applies), Found.NOTHING)

    def _is_standard(self, name: str) -> bool:
        return name in standard_library(self.python_minor) and name != self.start

    def _is_of_others(self, name: str) -> bool:
        """Tell whether a module is in a third party's package, or one itself.

        A package may be several distributions', own ones among them.
        """
        parts = name.split(".")
        names = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        return not (
            names.isdisjoint(self.others.modules) and names.isdisjoint(self.left_out.modules)
        )

    def _is_from_setuptools(self, name: str) -> bool:
        """Tell whether setuptools puts a module in place of the standard library's."""
        return name == "distutils" and "_distutils_hack" in self.others

    def _is_namespace(self, name: str) -> bool:
        return (
            name in self.others.namespaces
            or name in self.left_out.namespaces
            or any(module.startswith(f"{name}.") for module in self.external)
        )


def own_files(entries: Iterable[Entry], roots: Iterable[str] = ()) -> dict[str, Entry]:
    """Return own files by their paths below an import root.

    Args:
        roots: the directories, ended by ``/``, that modules are imported from; what lies in none of
            them is imported from the top.
    """
    files: dict[str, Entry] = {}
    for entry in entries:
        root = next((root for root in roots if entry.name.startswith(root)), "")
        files.setdefault(entry.name.removeprefix(root), entry)
    return files
