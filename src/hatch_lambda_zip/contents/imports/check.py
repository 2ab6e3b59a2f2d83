"""Checks that what a handler's module imports is there, as far as that is sure."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.config import Artifact, CheckImports
from hatch_lambda_zip.contents.imports.handler import check_handler
from hatch_lambda_zip.contents.imports.importable import Importable, own_files
from hatch_lambda_zip.contents.imports.module_source import read_module
from hatch_lambda_zip.contents.imports.runtime_modules import (
    STDLIB_MINORS,
    pythons_with,
    standard_library,
)
from hatch_lambda_zip.contents.imports.syntax import SyntaxJudge, Verdict, is_running
from hatch_lambda_zip.contents.imports.walk import Chain, Miss, Walk, walk
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import ImportNames, Installed, LeftOut, Reason
from hatch_lambda_zip.lock import Origin
from hatch_lambda_zip.runtimes import Runtime
from hatch_lambda_zip.text import did_you_mean, plural

# Somebody said that what these have is there all the same.
_BY_NAME: Final = frozenset((Reason.EXCLUDED, Reason.PROVIDED))


@dataclass(frozen=True)
class Remarks:
    """What there is to say about a function that can be built.

    Attributes:
        warnings: what may be wrong.
        notes: what is worth knowing.
    """

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """What a function finds on Lambda besides its own zip, and what it may find.

    Attributes:
        layers: the distributions in its layers.
        added: the project's other files there, with their names in the layers' zips.
        left_out: the distributions that do not ship at all, and why.
    """

    layers: tuple[Installed, ...] = ()
    added: tuple[Entry, ...] = ()
    left_out: tuple[tuple[Installed, Reason], ...] = ()

    def own_entries(self, shipped: Iterable[Installed]) -> tuple[Entry, ...]:
        """Return all files of local projects, in the zip or its layers.

        Args:
            shipped: the distributions in the zip.
        """
        local = (
            item for item in (*shipped, *self.layers) if item.distribution.origin is Origin.LOCAL
        )
        return (*(entry for item in local for entry in item.entries), *self.added)


def check_handler_and_imports(
    artifact: Artifact,
    shipped: Sequence[Installed],
    added: Sequence[Entry],
    deployment: Deployment,
    judge: SyntaxJudge,
    *,
    third_party: Iterable[Installed],
) -> Remarks:
    """Check the handler of a function, and what its module imports.

    Args:
        shipped: the distributions in its zip, less what is left out of them.
        added: the project's other files there.
        third_party: the same distributions as they were installed, of which third parties' count.
            They are the same objects for all functions, so that each is read once.

    Raises:
        ContentsError: one of them can't work.
        DistributionError: a file is not what RECORD says.
    """
    handler = artifact.handler
    if handler is None:
        return Remarks(notes=("without `handler`, neither it nor what it imports is checked",))
    layers = deployment.layers
    entries = [entry for item in (*shipped, *layers) for entry in item.entries]
    own = [item for item in (*shipped, *layers) if item.distribution.origin is Origin.LOCAL]
    own_names = {item.name for item in own}.union(entry.distribution for entry in added)
    try:
        warning = check_handler(handler, [*entries, *added], own_names)
    except ContentsError as error:
        raise ContentsError(f"{artifact.key}.handler: {error}{_is_no_function(artifact)}") from None
    warnings = () if warning is None else (warning,)
    if artifact.options.check_imports is CheckImports.OFF:
        return Remarks(warnings)
    start = handler_module(handler)
    importable = find_importable(artifact, start, own, added, deployment, third_party)
    left_out = [
        left
        for item in (*shipped, *layers)
        for left in item.left_out
        if item.name in own_names or left.reason is Reason.EXCLUDED_FILE
    ]
    remarks = check_imports(artifact, start, importable, judge, left_out)
    return Remarks((*warnings, *remarks.warnings), remarks.notes)


def _is_no_function(artifact: Artifact) -> str:
    """Say how to leave out a directory that is no function's code."""
    if not artifact.is_found or len(artifact.code) != 1:
        return ""
    ((directory, _),) = artifact.code
    return (
        f" If {directory} is no function's code, leave it out by "
        f'"!{directory}" in `function-directories`.'
    )


def find_importable(
    artifact: Artifact,
    start: str,
    own: Iterable[Installed],
    added: Iterable[Entry],
    deployment: Deployment,
    installed: Iterable[Installed],
) -> Importable:
    """Return what a function can import; ``own`` has the local projects in its zip and layers."""
    runtime = artifact.platform.runtime
    files = own_files(entry for item in own for entry in item.entries)
    files |= own_files(deployment.added, runtime.layer_roots) | own_files(added)
    others = [
        item.import_names
        for item in (*installed, *deployment.layers)
        if item.distribution.origin is not Origin.LOCAL
    ]
    by_name = [item.import_names for item, why in deployment.left_out if why in _BY_NAME]
    unneeded = [item.import_names for item, why in deployment.left_out if why not in _BY_NAME]
    return Importable(
        files,
        ImportNames.union(others),
        ImportNames.union(by_name),
        ImportNames.union(unneeded),
        frozenset(artifact.options.external_modules),
        runtime.python_minor,
        start.partition(".")[0],
    )


def handler_module(handler: str) -> str:
    """Return the module of a handler; as on Lambda, ``/`` separates packages as ``.`` does."""
    return handler.rpartition(".")[0].replace("/", ".")


def check_imports(
    artifact: Artifact,
    start: str,
    importable: Importable,
    judge: SyntaxJudge,
    left_out: Iterable[LeftOut] = (),
) -> Remarks:
    """Follow the imports that surely run with the handler's module.

    Args:
        start: the handler's module.
        importable: what the function can import.
        left_out: files that do not ship, for the message.

    Raises:
        ContentsError: an import surely fails, or the runtime can't parse a module on the way, and
            ``check-imports`` does not make that a warning.
        DistributionError: a file is not what RECORD says.
    """
    runtime = artifact.platform.runtime
    found = walk(start, importable)
    sources = [entry for entry, _ in found.reached.values()]
    likely = [entry for path, entry in importable.files.items() if path.endswith(".py")]
    verdicts = judge.verdicts(sources, runtime.python_minor, likely=likely)

    problems = [
        _Text(f"{runtime.identifier} can't parse {name}: {verdict}", found.reached[name][1], "")
        for name, verdict in (verdicts or {}).items()
        if verdict is not None
    ]
    left = {file.path: file for file in left_out}
    sure, doubtful = _misses(start, found, importable, runtime)
    problems += [_describe(miss, importable, runtime, left) for miss in sure]
    if problems and artifact.options.check_imports is CheckImports.ERROR:
        lines = [problem.in_lines() for problem in problems]
        remedies = dict.fromkeys(problem.remedy for problem in problems if problem.remedy)
        raise ContentsError(
            "\n".join(
                (
                    f"{artifact.key}.handler: {artifact.handler!r} can't be imported on Lambda:",
                    *lines,
                    *(remedy.replace("KEY", artifact.key) for remedy in remedies),
                    f'With {artifact.key}.check-imports = "warn" this is only a warning.',
                )
            )
        )
    warnings = [problem.inline() for problem in problems]
    warnings += [
        f"{_describe(miss, importable, runtime, left).inline()}. {reason}"
        for miss, reason in doubtful.items()
    ]
    return Remarks(tuple(warnings), tuple(_notes(found, verdicts, runtime)))


@dataclass(frozen=True)
class _Text:
    """What is wrong in words, the way there, and what to do; ``KEY`` is the table's."""

    what: str
    chain: Chain
    remedy: str

    def inline(self) -> str:
        return f"{self.what} ({'; '.join(map(str, self.chain))})" if self.chain else self.what

    def in_lines(self) -> str:
        return "\n".join((self.what, *(f"  {step}" for step in self.chain)))


def _misses(
    start: str, found: Walk, importable: Importable, runtime: Runtime
) -> tuple[list[Miss], dict[Miss, str]]:
    """Return the misses that are sure, and why others are not."""
    if not found.misses:
        return [], {}
    # What runs before may change what is found, and not all that runs was followed.
    reached = [entry for entry, _ in walk(start, importable, certain=False).reached.values()]
    meddlers = sorted(entry.name for entry in reached if read_module(entry).meddles)
    attributes = frozenset[str]().union(*(read_module(entry).attributes for entry in reached))
    misses = [miss for miss in found.misses if not miss.name or miss.name not in attributes]
    general = ""
    if meddlers:
        general = f"It may be found all the same: {meddlers[0]} changes where Python looks"
    elif runtime.python_minor not in STDLIB_MINORS:
        general = f"{runtime.identifier} may have it, which is newer than this version of the check"
    doubtful = {
        miss: general
        or "Only distributions that are left out need the one that has it; what has those on "
        "Lambda may have it too"
        for miss in misses
        if general or miss.is_doubtful
    }
    return [miss for miss in misses if miss not in doubtful], doubtful


def _describe(
    miss: Miss, importable: Importable, runtime: Runtime, left_out: dict[str, LeftOut]
) -> _Text:
    """Put a miss in words."""
    if not miss.module:
        return _Text(
            f"{miss.name!r} leads out of the package that it stands in", miss.chain, _CORRECT
        )
    path = miss.module.replace(".", "/")
    if miss.name:
        file = importable.resolve(miss.module).modules[-1][1].name
        absent = f"{path}/{miss.name}"
        what = f"{file} has no name {miss.name!r}"
        if file.endswith("/__init__.py"):
            what += f", and there is no {absent}.py"
        why, remedy = _why_left_out(absent, left_out)
        return _Text(what + why, miss.chain, remedy)
    what = f"there is no module {miss.module!r}"
    parent = miss.module.rpartition(".")[0]
    top = miss.module.partition(".")[0]
    why, remedy = _why_left_out(path, left_out)
    if why or (parent and importable.resolve(parent).modules):
        return _Text(f"{what} in the zip or its layers{why}", miss.chain, remedy)
    if pythons := pythons_with(top):
        return _Text(
            f"{what} in {runtime.identifier}: the standard library has it {pythons}",
            miss.chain,
            _CORRECT,
        )
    known = {*importable.others.modules, *standard_library(runtime.python_minor)}
    known |= {file.partition("/")[0].removesuffix(".py") for file in importable.files}
    hint = did_you_mean(miss.module, sorted(known))
    return _Text(
        f"{what} in the zip, its layers or {runtime.identifier}{hint and f'. {hint}'}",
        miss.chain,
        _THIRD_PARTY,
    )


_OWN = (
    "Make the package's wheel include its own modules (what git ignores is in it only if "
    "`artifacts` names it), or remove the import."
)
_EXCLUDED = (
    "Take the module out of what KEY.exclude-files matches (`!` before a pattern takes back), or "
    "remove the import."
)
_THIRD_PARTY = (
    "Add the distribution that has a module to the dependencies and lock them again. If a layer "
    "from elsewhere brings it, name the module in KEY.external-modules."
)
_CORRECT = "Correct the import."


def _why_left_out(path: str, left_out: dict[str, LeftOut]) -> tuple[str, str]:
    """Say why a module that the project or the lock has is not there, and what to do."""
    for candidate in (f"{path}.py", f"{path}/__init__.py"):
        if file := left_out.get(candidate):
            why = f"; {candidate} is left out: {file.reason.explanation.rstrip('.')}"
            return why, _EXCLUDED if file.reason is Reason.EXCLUDED_FILE else _OWN
    return "", _OWN


def _notes(found: Walk, verdicts: dict[str, Verdict] | None, runtime: Runtime) -> Sequence[str]:
    notes = []
    if found.sdk:
        names = ", ".join(sorted(found.sdk))
        notes.append(
            f"{names}: from AWS's runtime, whose version changes without notice; to pin it, add it "
            "to the dependencies"
        )
    if verdicts is None:
        notes.append(
            f"the syntax of {plural(len(found.reached), 'module')} was not checked, since there is "
            f"neither a Python {runtime.python_version} nor ruff 0.12 or newer here"
        )
    if not is_running(runtime.python_minor):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        notes += [
            f"the imports of {name} are not followed, since Python {version}, which runs the "
            f"build, can't parse it ({source.error})"
            for name, (entry, _) in found.reached.items()
            if (source := read_module(entry)).tree is None and not (verdicts or {}).get(name)
        ]
    return notes
