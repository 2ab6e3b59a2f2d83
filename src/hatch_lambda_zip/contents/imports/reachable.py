"""Which of the package's own modules a function may run (``modules = "imported"``).

As with `strip`, it is found generously and in text alone: what ships must not depend on which
Python runs the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from hatch_lambda_zip.contents.imports.mentions import code_and_strings, mentions, string_mentions
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installed, Reason

_ANY: Final = re.compile(rb"\w")
_NAME: Final = re.compile(r"[^\W\d][\w./]*")
# Code (strings are empty there) that imports what no constant names.
_DYNAMIC: Final = re.compile(
    r"\b(?:iter_modules|walk_packages|resolve_name|run_module|run_path"
    r"|spec_from_file_location|module_from_spec|load_module|Source(?:less)?FileLoader)\b"
    r"|\b(?:import_module|__import__)\b(?!\s*\(\s*[rRuU]?''\s*[,)])"
)
_PLAIN_IMPORT: Final = re.compile(r"\bimport\b[ \t]*\(?[ \t]*import_module\b(?!\s+as\b)")
# The same, of what is in the package whose __init__ it stands in.
_OF_ITSELF: Final = re.compile(
    r"\b(?:iter_modules|walk_packages|import_module|__import__)"
    r"(?P<rest>\s*\([^()]*\b__(?:path|name|package)__\b)"
)


def select_reachable(
    package: Installed, handler: str, others: Iterable[Entry], keep: Sequence[str]
) -> tuple[Installed, tuple[str, ...]]:
    """Leave the modules of a package out that nothing leads to.

    Args:
        handler: the function's.
        others: what else ships of the project's own, in the zip or its layers: all of it counts.
        keep: patterns of dotted names, with ``*`` for anything, of modules that ship too.

    Returns:
        What ships, and notes for the user.

    Raises:
        DistributionError: a file is not what RECORD says.
    """
    modules = {
        name: entry
        for entry in package.entries
        if not package.is_metadata(entry.name) and (name := _module_name(entry.name))
    }
    search = _Search(modules)
    search.mention(handler.replace("/", "."))
    for name in modules:
        if any(fnmatchcase(name, pattern) for pattern in keep):
            search.mention(name)
    sources = {entry.name for entry in modules.values()}
    for entry in (*others, *(entry for entry in package.entries if entry.name not in sources)):
        search.read(entry)
    search.finish()
    reasons = {
        entry.name: Reason.UNREACHED for name, entry in modules.items() if name not in search.found
    }
    return package.without(reasons), tuple(search.notes)


def _module_name(path: str) -> str:
    """Return the dotted name of a source; nothing if it can't be imported by a name."""
    if not path.endswith(".py") or path.startswith("bin/"):
        return ""
    stem = path.removesuffix(".py").removesuffix("/__init__")
    parts = stem.split("/")
    return ".".join(parts) if all(part.isidentifier() for part in parts) else ""


@dataclass
class _Search:
    """What was found so far.

    Attributes:
        modules: all of the package, by their dotted names.
        found: the names of those that something leads to.
        notes: for the user.
    """

    modules: dict[str, Entry]
    found: dict[str, None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _todo: list[str] = field(default_factory=list)

    def mention(self, dotted: str) -> None:
        """Take a module with the packages around it; of a longer name, what it starts with."""
        end = 0
        while end >= 0:
            end = dotted.find(".", end + 1)
            name = dotted if end < 0 else dotted[:end]
            if name in self.modules and name not in self.found:
                self.found[name] = None
                self._todo.append(name)

    def take(self, package: str) -> None:
        """Take a package whole; all there is if it has no name."""
        for name in self.modules:
            if not package or name == package or name.startswith(f"{package}."):
                self.mention(name)

    def finish(self) -> None:
        """Read what was found, and what is found in that."""
        while self._todo:
            self.read(self.modules[self._todo.pop()])

    def read(self, entry: Entry) -> None:
        """Take what a file mentions."""
        if not entry.name.endswith((".py", ".so", ".pyc", "/entry_points.txt")):
            if ".dist-info/" not in entry.name:
                self._read_data(entry)
            return
        for dotted in mentions(entry, _ANY):
            self.mention(dotted)
        if not entry.name.endswith(".py"):
            return
        source = entry.read().decode("utf-8", "replace")
        package = tuple(entry.name.split("/")[:-1])
        # Whoever gets the name of a package as a string may look for any module in it.
        for dotted in string_mentions(source, package):
            self._take_if_package(dotted)
        if _is_dynamic(source):
            is_package = entry.name.endswith("/__init__.py")
            of_itself = is_package and not _is_dynamic(_OF_ITSELF.sub(r"_\g<rest>", source))
            self._take_around(entry, of_itself=of_itself)

    def _read_data(self, entry: Entry) -> None:
        content = entry.read()
        if b"\0" in content:
            return  # no text
        for match in _NAME.finditer(content.decode("utf-8", "replace")):
            dotted = match[0].removesuffix(".py").replace("/", ".").strip(".")
            if "." in dotted:
                self.mention(dotted)
                self._take_if_package(dotted)

    def _take_if_package(self, dotted: str) -> None:
        entry = self.modules.get(dotted)
        if entry is not None and "." in dotted and entry.name.endswith("/__init__.py"):
            self.take(dotted)

    def _take_around(self, entry: Entry, *, of_itself: bool) -> None:
        """Take what may be imported by a name that is made at run time."""
        name = _module_name(entry.name)
        if self.modules.get(name) is not entry:
            package = ""
        elif of_itself:
            package = name
        else:
            package = name.partition(".")[0] if "/" in entry.name else ""
        self.take(package)
        self.notes.append(
            f"{entry.name} imports modules by names that are made at run time, so "
            f"{f'all of {package}' if package else 'every module'} ships"
        )


def _is_dynamic(source: str) -> bool:
    """Tell whether a source imports what no constant names."""
    code, _ = code_and_strings(source)
    return _DYNAMIC.search(_PLAIN_IMPORT.sub("", code)) is not None
