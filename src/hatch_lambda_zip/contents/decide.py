"""Out of what was installed: what ships in one zip, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hatch_lambda_zip.config import Artifact, Modules, Options, Project
from hatch_lambda_zip.contents.assemble import assemble
from hatch_lambda_zip.contents.bytecode import LeftAsSource, with_bytecode
from hatch_lambda_zip.contents.cautions import compiled_here, like_pythons_own, secret_files
from hatch_lambda_zip.contents.collisions import check_collisions
from hatch_lambda_zip.contents.exclude import exclude
from hatch_lambda_zip.contents.exclude_files import (
    describe_idle,
    exclude_files,
    idle_patterns,
)
from hatch_lambda_zip.contents.imports.check import (
    Deployment,
    Remarks,
    check_handler_and_imports,
)
from hatch_lambda_zip.contents.imports.reachable import select_reachable
from hatch_lambda_zip.contents.imports.syntax import SyntaxJudge
from hatch_lambda_zip.contents.layers import check_packages, select_for_layer, split_layers
from hatch_lambda_zip.contents.module_compiler import ModuleCompiler
from hatch_lambda_zip.contents.names import check_names
from hatch_lambda_zip.contents.namespaces import share_namespaces
from hatch_lambda_zip.contents.overlaps import WaysOut
from hatch_lambda_zip.contents.own.code import Code
from hatch_lambda_zip.contents.own.own_files import idle_own_pattern, select_own_files
from hatch_lambda_zip.contents.requirements_graph import (
    RequirementsGraph,
    requires_python_warnings,
)
from hatch_lambda_zip.contents.scripts import with_scripts
from hatch_lambda_zip.contents.strip import missing_tests, strip
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import (
    Distribution,
    Installed,
    LeftOut,
    LeftOutDistribution,
    Reason,
)
from hatch_lambda_zip.lock import Origin, patch_warning


@dataclass(frozen=True)
class Contents:
    """What goes into one zip, and what does not.

    Attributes:
        entries: ascending by the UTF-8 bytes of their names.
        installed: the distributions that ship, less what `exclude-files` leaves out, before any
            other file was left out; ascending by name.
        left_out: the files that do not ship, ascending by path.
        left_out_distributions: those that were selected and do not ship, ascending by name.
        compiled_modules: how many ship.
        left_as_source: the modules that ship without bytecode where others have it.
        warnings: lines for the user.
        notes: likewise, of what is not wrong.
        is_locked_apart: whether this is a layer with another lock than the function at hand.
    """

    entries: tuple[Entry, ...]
    installed: tuple[Installed, ...]
    left_out: tuple[LeftOut, ...] = ()
    left_out_distributions: tuple[LeftOutDistribution, ...] = ()
    compiled_modules: int = 0
    left_as_source: tuple[LeftAsSource, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_locked_apart: bool = False

    def with_code(self, code: Code) -> Contents:
        """Return the same with what is left out of code directories."""
        left_out = (*self.left_out, *code.left_out)
        idle = (f"the pattern {pattern!r} matches no file of `code`" for pattern in code.idle)
        return replace(
            self,
            left_out=tuple(
                sorted(left_out, key=lambda left: (left.path.encode(), left.distribution))
            ),
            warnings=(*self.warnings, *idle),
        )

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """The distributions that ship, ascending by name."""
        return tuple(installed.distribution for installed in self.installed)

    @property
    def unzipped_size(self) -> int:
        """The size of all entries in bytes."""
        return sum(entry.size for entry in self.entries)


def decide_layer(
    artifact: Artifact,
    project: Project,
    installed: Sequence[Installed],
    added: Sequence[Entry],
    compiler: ModuleCompiler | None = None,
) -> Contents:
    """Decide what a layer ships.

    Args:
        installed: what the lock selects for it.
        added: files of the project that ship besides.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    idle = [*_idle_patterns(artifact, installed, {})]
    installed = exclude_files(installed, artifact.options.exclude_files)

    def select(graph: RequirementsGraph) -> _Selected:
        key, own = artifact.key, project.name
        selected = select_for_layer(installed, artifact.distributions, graph, key=key, own=own)
        return exclude(selected, artifact.exclusions, graph, key=key, own=own)

    (kept, absent), warnings = _select(artifact, project, installed, select)
    _check_names(artifact, kept, added)
    return _ship(
        artifact, kept, absent, added=added, compiler=compiler, warnings=(*warnings, *idle)
    )


def decide_function(
    artifact: Artifact,
    project: Project,
    installed: Sequence[Installed],
    added: Sequence[Entry],
    layers: Mapping[str, Contents],
    compiler: ModuleCompiler | None = None,
    judge: SyntaxJudge | None = None,
) -> Contents:
    """Decide what a function ships.

    Args:
        installed: what the lock selects for it, and the package itself.
        added: files of the project that ship besides.
        layers: what its layers ship, by their names.
        judge: judges the syntax of own modules; by default with nothing but the running Python.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    everything = installed
    installed = exclude_files(installed, artifact.options.exclude_files)
    installed_of = {distribution.name: distribution for distribution in installed}
    (kept, absent), warnings = _select(
        artifact,
        project,
        installed,
        lambda graph: exclude(
            installed, artifact.exclusions, graph, key=artifact.key, own=project.name
        ),
    )
    layers_key = f"{artifact.key}.layers"
    in_layer = {name: layer.installed for name, layer in layers.items()}
    apart = [name for name, layer in layers.items() if layer.is_locked_apart]
    layer_of = split_layers(kept, in_layer, key=layers_key, apart=apart)
    mine = tuple(distribution for distribution in kept if distribution.name not in layer_of)
    _check_names(artifact, mine, added, own=project.name)
    in_layers = [distribution for shipped in in_layer.values() for distribution in shipped]
    if in_layers:
        check_packages(mine, in_layers, layers_key)
    for name, layer in layers.items():
        if missing := missing_tests(layer.left_out, mine, added, artifact.handler):
            raise ContentsError(
                f"{layers_key}: the layer {name!r} leaves out {', '.join(missing)} by `strip`, and "
                'the function may import that. Take "tests" out of the `strip` of the layer.'
            )
    in_place = [item for item in kept if item.name in layer_of]
    absent += tuple(item.as_left_out(Reason.LAYER, layer_of[item.name]) for item in in_place)
    added_in_layers = [
        entry
        for layer in layers.values()
        for entry in layer.entries
        # A layer does not ship the package itself, so these are the files that it adds.
        if entry.distribution == project.name
    ]
    deployment = Deployment(
        tuple(in_layers),
        tuple(added_in_layers),
        tuple((installed_of[left.name], left.reason) for left in absent if left.layer is None),
    )
    contents = _ship(
        artifact,
        mine,
        absent,
        added=added,
        compiler=compiler,
        warnings=(*warnings, *_idle_patterns(artifact, everything, layer_of)),
        function=_Function(project.name, deployment, judge or SyntaxJudge({}, log=lambda _: None)),
    )
    shipped = {name: layer.entries for name, layer in layers.items()}
    check_collisions(contents.entries, shipped, artifact.platform.runtime, key=layers_key)
    return contents


@dataclass(frozen=True)
class _Function:
    """What there is of a function and not of a layer.

    Attributes:
        own: the name of the package itself.
        deployment: what else is there on Lambda.
        judge: judges the syntax of own modules.
    """

    own: str
    deployment: Deployment
    judge: SyntaxJudge


_Selected = tuple[tuple[Installed, ...], tuple[LeftOutDistribution, ...]]


def _select(
    artifact: Artifact,
    project: Project,
    installed: Iterable[Installed],
    select: Callable[[RequirementsGraph], _Selected],
) -> tuple[_Selected, tuple[str, ...]]:
    """Select distributions by what needs what; return the warnings about that as well."""
    graph = RequirementsGraph(installed, project.requirements(artifact.request), artifact.platform)
    selected = select(graph)
    exclusions = artifact.exclusions
    is_partial = exclusions.distributions or exclusions.provided or artifact.distributions
    if not is_partial or not graph.varies(lambda other: (item.name for item in select(other)[0])):
        return selected, ()
    what = "which distributions ship follows from markers in their METADATA"
    return selected, (patch_warning(what, artifact.key, artifact.platform),)


def _idle_patterns(
    artifact: Artifact, installed: Sequence[Installed], layer_of: Mapping[str, str]
) -> Iterator[str]:
    """Warn of patterns of ``exclude-files`` that do nothing.

    Args:
        installed: what the lock selects, as installed.
        layer_of: the layers that ship some of that.
    """
    patterns = artifact.options.exclude_files
    idle = idle_patterns(installed, patterns, with_scripts=artifact.scripts)
    yield from map(describe_idle, idle)
    if layer_of and artifact.options.is_own(Options.exclude_files):
        mine = [item for item in installed if item.name not in layer_of]
        for pattern in idle_patterns(mine, patterns, with_scripts=artifact.scripts):
            if pattern not in idle:
                yield (
                    f"`exclude-files`: the pattern {pattern!r} is only about files that layers "
                    f"ship ({', '.join(sorted({*layer_of.values()}))}), whose own tables decide"
                )


def _check_names(
    artifact: Artifact,
    distributions: Iterable[Installed],
    added: Sequence[Entry],
    *,
    own: str | None = None,
) -> None:
    """Check the names of what may ship, before any of it is read."""
    names = [(entry.name, entry.owner) for entry in added]
    for item in distributions:
        shipped = select_own_files(item, artifact.own_files)[0] if item.name == own else item
        names += [(artifact.kind.prefix + entry.name, item.name) for entry in shipped.entries]
        names.append((f"{artifact.kind.prefix}{item.dist_info}/RECORD", item.name))
    check_names(names, local=_local(distributions, added))


def _local(distributions: Iterable[Installed], added: Iterable[Entry]) -> frozenset[str]:
    """Return the owners of files that come from this machine's source trees."""
    local = [item.name for item in distributions if item.distribution.origin is Origin.LOCAL]
    return frozenset((*local, *(entry.owner for entry in added)))


def _ship(
    artifact: Artifact,
    distributions: tuple[Installed, ...],
    absent: tuple[LeftOutDistribution, ...],
    *,
    added: Sequence[Entry],
    compiler: ModuleCompiler | None = None,
    function: _Function | None = None,
    warnings: Iterable[str] = (),
) -> Contents:
    """Leave files out, add others, and put together what ships.

    Args:
        function: what is known of a function; None of a layer.
        warnings: what is to be said before.
    """
    platform = artifact.platform
    warnings = [*warnings, *compiled_here(distributions, platform)]
    warnings += like_pythons_own(distributions, added, platform.runtime)
    warnings += requires_python_warnings(distributions, platform)
    notes: list[str] = []
    elsewhere = () if function is None else function.deployment.layers
    shipped = distributions
    if function is not None:
        own = function.own
        package = next((item for item in shipped if item.name == own), None)
        if package is not None:
            selected, remarks = _own_package(artifact, package, shipped, added, function)
            warnings += remarks.warnings
            notes += remarks.notes
            shipped = tuple(selected if item.name == own else item for item in shipped)
    if artifact.scripts:
        shipped = tuple(with_scripts(item, platform.runtime, artifact.kind) for item in shipped)
        shipped = exclude_files(shipped, artifact.options.exclude_files)
    if artifact.exclusions.strip:
        shipped = strip(
            shipped,
            artifact.exclusions.strip,
            elsewhere=elsewhere,
            added=added,
            handler=artifact.handler,
        )
    shipped = share_namespaces(shipped)
    modules = with_bytecode(shipped, added, artifact, compiler)
    ways = WaysOut(
        artifact.key, None if function is None else function.own, artifact.exclusions.strip
    )
    entries_of_zip = assemble(
        modules.installed, added=modules.added, prefix=artifact.kind.prefix, ways=ways
    )
    local = _local(distributions, added)
    if artifact.scripts or compiler is not None:  # which have joined
        check_names([(entry.name, entry.owner) for entry in entries_of_zip], local=local)
    if function is not None:
        remarks = check_handler_and_imports(
            artifact,
            shipped,
            added,
            function.deployment,
            function.judge,
            third_party=distributions,
        )
        warnings += remarks.warnings
        notes += remarks.notes
    warnings += secret_files(entries_of_zip, local)
    left_out = [left for item in modules.installed for left in item.left_out]
    warnings += [warning for item in modules.installed for warning in item.warnings]
    return Contents(
        entries_of_zip,
        distributions,
        tuple(sorted(left_out, key=lambda left: (left.path.encode(), left.distribution))),
        tuple(sorted(absent, key=lambda left: left.name)),
        modules.count,
        modules.left_as_source,
        tuple(warnings),
        tuple(notes),
    )


def _own_package(
    artifact: Artifact,
    package: Installed,
    shipped: Iterable[Installed],
    added: Sequence[Entry],
    function: _Function,
) -> tuple[Installed, Remarks]:
    """Return what ships of the package itself, and what there is to say about that."""
    own = function.own
    notes: list[str] = []
    others = [item for item in shipped if item.name != own]
    package, idle = select_own_files(package, artifact.own_files)
    if artifact.options.modules is Modules.IMPORTED and artifact.handler is not None:
        local = function.deployment.own_entries(others)
        package, found = select_reachable(
            package, artifact.handler, (*local, *added), artifact.options.keep_modules
        )
        notes += found
    warnings = [idle_own_pattern(pattern, own, others) for pattern in idle]
    if all(package.is_metadata(entry.name) for entry in package.entries):
        warnings.append(f"the zip has no file of {own} itself: does its wheel have any?")
    return package, Remarks(tuple(warnings), tuple(notes))
