"""Which compiled modules ship, beside their sources or instead of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hatch_lambda_zip.bytecode import Obstacle
from hatch_lambda_zip.config import Artifact
from hatch_lambda_zip.contents.module_compiler import Module, ModuleCompiler, Sources
from hatch_lambda_zip.contents.overlaps import pattern_for
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import BytecodeError, ContentsError
from hatch_lambda_zip.install import Installed, LeftOut, Reason
from hatch_lambda_zip.lock import Origin


@dataclass(frozen=True)
class LeftAsSource:
    """A module that ships without bytecode, where others have it.

    Attributes:
        path: of the source, as in RECORD.
        reason: why, in one word.
        detail: the same in one line.
    """

    path: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Modules:
    """What ships, with its compiled modules.

    Attributes:
        installed: the distributions.
        added: the project's files that ship besides.
        count: how many compiled modules there are.
        left_as_source: the modules that could have been among them, ascending by path.
    """

    installed: tuple[Installed, ...]
    added: tuple[Entry, ...]
    count: int
    left_as_source: tuple[LeftAsSource, ...] = ()


def with_bytecode(
    installed: Iterable[Installed],
    added: Iterable[Entry],
    artifact: Artifact,
    compiler: ModuleCompiler | None,
) -> Modules:
    """Let compiled modules ship, all of them in canonical form.

    Those that have no source are code like any other and ship in any case.

    Args:
        installed: the distributions, as they ship without bytecode.
        added: the project's files that ship besides.

    Raises:
        ContentsError: a module without source was compiled for another Python than the
            runtime's, or can't be normalized.
        ContentsError: a module of the package or the workspace can't be compiled.
        ToolError: see the compiler.
        DistributionError: a source is not what RECORD says.
    """
    installed = tuple(_with_normalized(distribution, artifact) for distribution in installed)
    added = tuple(added)
    count = sum(entry.name.endswith(".pyc") for item in installed for entry in item.entries)
    if compiler is None:
        return Modules(installed, added, count)
    modules = _compile(installed, added, artifact, compiler)
    left = sorted(modules.left_as_source, key=lambda module: module.path.encode())
    return Modules(modules.installed, modules.added, count + modules.count, tuple(left))


def _with_normalized(installed: Installed, artifact: Artifact) -> Installed:
    if not any(entry.name.endswith(".pyc") for entry in installed.entries):
        return installed
    entries = (
        _normalized(entry, artifact) if entry.name.endswith(".pyc") else entry
        for entry in installed.entries
    )
    return replace(installed, entries=tuple(entries))


def _normalized(entry: Entry, artifact: Artifact) -> Entry:
    """Normalize a module without source; its tracebacks name where the source would be."""
    from hatch_lambda_zip.bytecode.magic import format_of
    from hatch_lambda_zip.bytecode.normalize import NO_SOURCE, normalize
    from hatch_lambda_zip.bytecode.pyc import read_header

    runtime = artifact.platform.runtime
    pyc = entry.read()
    try:
        header = read_header(pyc)
        if header.form != format_of(runtime.python_minor):
            raise ContentsError(
                f"{entry.name} of {entry.owner} has no source and was compiled by Python "
                f"3.{header.form.python_minor}, so {runtime.identifier} can't import it. Leave it "
                f'out with `exclude-files = ["{pattern_for(entry.name)}"]` if nothing imports it, '
                "or choose a version of it for that runtime, or another runtime."
            )
        filename = artifact.kind.import_root + entry.name.removesuffix("c")
        content = normalize(pyc, filename=filename, source_hash=NO_SOURCE)
    except BytecodeError as error:
        raise ContentsError(
            f"{entry.name} of {entry.owner} has no source and can't ship as it is: {error}. "
            "It may differ from build to build, or not be importable at all. Leave it out with "
            f'`exclude-files = ["{pattern_for(entry.name)}"]`, or choose another version of that '
            "distribution."
        ) from None
    return Entry.of(entry.name, content, entry.distribution)


def _compile(
    installed: Sequence[Installed],
    added: Sequence[Entry],
    artifact: Artifact,
    compiler: ModuleCompiler,
) -> Modules:
    """Compile all sources."""
    root = artifact.kind.import_root
    above = root.removesuffix(artifact.kind.prefix)  # where the zip itself is unpacked
    groups = [
        Sources(
            item.name,
            tuple(entry for entry in item.entries if _is_source(entry)),
            root,
            is_local=item.distribution.origin in {Origin.LOCAL, Origin.GIT},
        )
        for item in installed
    ]
    loose = tuple(entry for entry in added if _is_source(entry))
    groups.append(Sources("code", loose, above, is_local=True))
    results = compiler.compile(groups, artifact)
    made = {
        id(entry): module
        for sources, modules in zip(groups, results, strict=True)
        for entry, module in zip(sources.entries, modules, strict=True)
    }
    own = {item.name for item in installed if item.distribution.origin is Origin.LOCAL}
    mine = [entry for item in installed if item.name in own for entry in item.entries]
    _refuse_own_mistakes(((entry.name, made.get(id(entry))) for entry in (*mine, *added)), artifact)

    shipped = []
    for distribution in installed:
        entries, left_out = _replaced(distribution.entries, made, artifact)
        shipped.append(distribution.with_entries(entries, left_out))
    entries, _ = _replaced(added, made, artifact)
    left = [
        LeftAsSource(entry.name, module.obstacle.value, module.detail)
        for sources, modules in zip(groups, results, strict=True)
        for entry, module in zip(sources.entries, modules, strict=True)
        if module.obstacle is not None
    ]
    return Modules(tuple(shipped), tuple(entries), len(made) - len(left), tuple(left))


def _is_source(entry: Entry) -> bool:
    """Tell whether a file is a module's source; a script in ``bin`` is none."""
    if not entry.name.endswith(".py"):
        return False
    directory, _, _ = entry.name.rpartition("/")
    return directory != "bin" or not entry.read().startswith(b"#!")


def _refuse_own_mistakes(own: Iterable[tuple[str, Module | None]], artifact: Artifact) -> None:
    problems = [
        f"{name} can't be compiled: {module.detail}"
        for name, module in own
        if module is not None and module.obstacle is Obstacle.SYNTAX
    ]
    if problems:
        raise ContentsError(
            "\n".join(problems) + "\nFor other distributions' files that is no error, but these "
            f"are your own, and {artifact.platform.runtime.identifier} could not import them. "
            "Correct them; or, if they are no modules, leave them out with `exclude`, give them "
            "another suffix, or ship no bytecode."
        )


def _replaced(
    entries: Iterable[Entry], made: Mapping[int, Module], artifact: Artifact
) -> tuple[list[Entry], list[LeftOut]]:
    """Put .pyc files beside their sources, or instead of them."""
    found: list[Entry] = []
    left_out: list[LeftOut] = []
    for entry in entries:
        module = made.get(id(entry))
        pyc = None if module is None else module.pyc
        if pyc is None or not artifact.bytecode.omit_source:
            found.append(entry)
        if pyc is not None:
            if artifact.bytecode.omit_source:
                left_out.append(LeftOut(entry.name, Reason.SOURCE, entry.distribution))
            found.append(pyc)
    return found, left_out
