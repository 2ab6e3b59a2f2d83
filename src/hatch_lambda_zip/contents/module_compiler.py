"""Compiles the modules that ship, each once: those of third parties are kept in packs.

What is built here, and loose code, is compiled anew by every command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.archive import ENCODER, FORMAT_VERSION, CompressedContent
from hatch_lambda_zip.bytecode import Compiled, Obstacle, Source
from hatch_lambda_zip.config import Artifact
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.packs import Pack, PackCache
from hatch_lambda_zip.process.threads import ThreadPool
from hatch_lambda_zip.record import Digest

if TYPE_CHECKING:  # slow to import, and only a build that compiles has one
    from hatch_lambda_zip.bytecode.compiler import Compiler

_SCHEMA: Final = 1  # goes up when what is kept changes without a release


@dataclass(frozen=True)
class Sources:
    """Modules that are compiled and kept together.

    Attributes:
        name: of the distribution that they are of.
        entries: of the files.
        root: the directory on Lambda that they lie in, with a slash at the end.
        is_local: whether they are of this machine, and never kept beyond a command.
    """

    name: str
    entries: tuple[Entry, ...]
    root: str
    is_local: bool

    def compilation(self, entry: Entry) -> tuple[Digest, str]:
        """Return what a module's code follows from: the source, and its path on Lambda."""
        return entry.digest, self.root + entry.name


@dataclass(frozen=True)
class Module:
    """What became of a source.

    Attributes:
        pyc: the canonical file, as it ships; None if there is none.
        obstacle: why there is none, else None.
        detail: the same in words, else empty.
    """

    pyc: Entry | None
    obstacle: Obstacle | None
    detail: str


class ModuleCompiler:
    """Compiles for all zips of a command that have the same options.

    Args:
        compiler: compiles what is not kept.
        packs: for third parties' modules.
        compress: returns an entry's content as it lies in a zip; for several threads.
        workers: how many threads compress.
        salt: says who normalizes, such as a version: what was kept with another one is not found.
    """

    def __init__(
        self,
        compiler: Compiler,
        packs: PackCache,
        compress: Callable[[Entry], CompressedContent],
        *,
        workers: int,
        salt: str,
    ) -> None:
        self._compiler = compiler
        self._packs = packs
        self._compress = compress
        self._workers = workers
        self._salt = salt
        self._done: dict[tuple[Digest, str], Compiled] = {}

    def compile(self, groups: Sequence[Sources], artifact: Artifact) -> list[list[Module]]:
        """Compile modules, and return for each group, in the same order, what became of them.

        Raises:
            ToolError: see the compiler.
            DistributionError: a source is not what RECORD says.
            DamagedPackError: a pack is not as it was written.
        """
        kept = [self._kept(sources, artifact) for sources in groups]
        self._compile(sources for sources, found in zip(groups, kept, strict=True) if found is None)
        return [
            found or self._made(sources, artifact)
            for sources, found in zip(groups, kept, strict=True)
        ]

    def _made(self, sources: Sources, artifact: Artifact) -> list[Module]:
        """Return what was just compiled, from a pack if it can be kept in one."""
        modules = [self._module(entry, sources, artifact) for entry in sources.entries]
        if sources.is_local:
            return modules
        self._keep(sources, modules, artifact)
        found = self._kept(sources, artifact)
        if found is None:
            return modules
        for entry in sources.entries:  # memory is for what can't be had from a pack
            self._done.pop(sources.compilation(entry), None)
        return found

    def _compile(self, groups: Iterable[Sources]) -> None:
        """Compile what was not compiled before, all at once, so that no worker has to wait."""
        todo = {
            compilation: entry
            for sources in groups
            for entry in sources.entries
            if (compilation := sources.compilation(entry)) not in self._done
        }
        tasks = [Source(entry.name, place, entry.read()) for (_, place), entry in todo.items()]
        self._done.update(zip(todo, self._compiler.compile(tasks), strict=True))

    def _module(self, entry: Entry, sources: Sources, artifact: Artifact) -> Module:
        compiled = self._done[sources.compilation(entry)]
        pyc = compiled.pyc
        if pyc is None:
            return Module(None, compiled.obstacle, compiled.detail)
        if artifact.bytecode.omit_source:
            # An edit that changes no code, such as a comment's, changes nothing that ships.
            from hatch_lambda_zip.bytecode.pyc import without_source_hash

            pyc = without_source_hash(pyc)
        made = Entry.of(_pyc_name(entry.name, artifact), pyc, entry.distribution)
        return Module(made, None, "")

    def _kept(self, sources: Sources, artifact: Artifact) -> list[Module] | None:
        if sources.is_local or not sources.entries:
            return None
        pack = self._packs.find(_file_name(sources), self._key(sources, artifact))
        if pack is None:
            return None
        with pack.reading():
            return _modules(pack, sources, artifact)

    def _keep(self, sources: Sources, modules: Iterable[Module], artifact: Artifact) -> None:
        about = [
            (str(module.pyc.digest), "")
            if module.pyc is not None
            else (module.obstacle and module.obstacle.value, module.detail)
            for module in modules
        ]
        entries = [module.pyc for module in modules if module.pyc is not None]
        with ThreadPool(self._workers) as pool:
            contents = [*pool.map(self._compress, entries)]
        self._packs.save(_file_name(sources), self._key(sources, artifact), about, contents)

    def _key(self, sources: Sources, artifact: Artifact) -> str:
        """Return all that decides about the modules."""
        rows = [(entry.name, str(entry.digest), entry.size) for entry in sources.entries]
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        python, options = self._compiler.version, artifact.bytecode
        return json.dumps(
            (
                *("bytecode", _SCHEMA, self._salt, FORMAT_VERSION, *ENCODER),
                *(python, options.optimize, options.omit_source, sources.root, digest),
            )
        )


def _file_name(sources: Sources) -> str:
    return f"{sources.name}-bytecode"


def _modules(pack: Pack, sources: Sources, artifact: Artifact) -> list[Module]:
    contents = iter(pack.contents)
    modules = []
    for entry, (said, detail) in zip(sources.entries, pack.about, strict=True):
        if not isinstance(detail, str):
            raise TypeError(detail)
        if "=" not in said:
            modules.append(Module(None, Obstacle(said), detail))
            continue
        content, name = next(contents), _pyc_name(entry.name, artifact)
        digest = Digest.written(said)
        pyc = Entry(name, content, content.size, digest, entry.distribution)
        modules.append(Module(pyc, None, ""))
    return modules


def _pyc_name(source: str, artifact: Artifact) -> str:
    """Return the name of a source's .pyc (PEP 3147, PEP 488)."""
    if artifact.bytecode.omit_source:
        return f"{source}c"
    directory, slash, file = source.rpartition("/")
    level = f".opt-{artifact.bytecode.optimize}" if artifact.bytecode.optimize else ""
    tag = f"cpython-3{artifact.platform.runtime.python_minor}"
    return f"{directory}{slash}__pycache__/{file.removesuffix('.py')}.{tag}{level}.pyc"
