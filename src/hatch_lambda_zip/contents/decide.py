"""Out of what was installed: what ships in one zip, and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_lambda_zip.config import Artifact, Project
from hatch_lambda_zip.contents.assemble import assemble
from hatch_lambda_zip.contents.bytecode import LeftAsSource, with_bytecode
from hatch_lambda_zip.contents.collisions import check_collisions
from hatch_lambda_zip.contents.exclude import exclude
from hatch_lambda_zip.contents.handler import check_handler
from hatch_lambda_zip.contents.layers import check_packages, select_for_layer, split_layers
from hatch_lambda_zip.contents.own_files import select_own_files
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

if TYPE_CHECKING:  # slow to import, and only a build that compiles has one
    from hatch_lambda_zip.bytecode.compiler import Compiler


@dataclass(frozen=True)
class Contents:
    """What goes into one zip, and what does not.

    Attributes:
        entries: ascending by the UTF-8 bytes of their names.
        installed: the distributions that ship, as installed, before any file was left out;
            ascending by name.
        left_out: the files that do not ship, ascending by path.
        left_out_distributions: those that were selected and do not ship, ascending by name.
        compiled_modules: how many ship.
        left_as_source: the modules that ship without bytecode where others have it.
        warnings: lines for the user.
    """

    entries: tuple[Entry, ...]
    installed: tuple[Installed, ...]
    left_out: tuple[LeftOut, ...] = ()
    left_out_distributions: tuple[LeftOutDistribution, ...] = ()
    compiled_modules: int = 0
    left_as_source: tuple[LeftAsSource, ...] = ()
    warnings: tuple[str, ...] = ()

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
    compiler: Compiler | None = None,
) -> Contents:
    """Decide what a layer ships.

    Args:
        installed: what the lock selects for it.
        added: files of the project that ship besides.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    graph = _graph(artifact, project, installed)
    selected = select_for_layer(
        installed, artifact.distributions, graph, key=artifact.key, own=project.name
    )
    kept, absent = exclude(selected, artifact.exclusions, graph, key=artifact.key, own=project.name)
    return _ship(artifact, kept, absent, added=added, compiler=compiler)


def decide_function(
    artifact: Artifact,
    project: Project,
    installed: Sequence[Installed],
    added: Sequence[Entry],
    layers: Mapping[str, Contents],
    compiler: Compiler | None = None,
) -> Contents:
    """Decide what a function ships.

    Args:
        installed: what the lock selects for it, and the package itself.
        added: files of the project that ship besides.
        layers: what its layers ship, by their names.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    graph = _graph(artifact, project, installed)
    kept, absent = exclude(
        installed, artifact.exclusions, graph, key=artifact.key, own=project.name
    )
    layers_key = f"{artifact.key}.layers"
    in_layer = {name: layer.installed for name, layer in layers.items()}
    layer_of = split_layers(kept, in_layer, key=layers_key)
    mine = tuple(distribution for distribution in kept if distribution.name not in layer_of)
    in_layers = [distribution for shipped in in_layer.values() for distribution in shipped]
    check_packages(mine, in_layers, layers_key)
    for name, layer in layers.items():
        if missing := missing_tests(layer.left_out, mine, added, artifact.handler):
            raise ContentsError(
                f"{layers_key}: the layer {name!r} leaves out {', '.join(missing)} by `strip`, and "
                'the function may import that. Take "tests" out of the `strip` of the layer.'
            )
    absent += tuple(
        distribution.as_left_out(Reason.LAYER, layer_of[distribution.name])
        for distribution in kept
        if distribution.name in layer_of
    )
    contents = _ship(
        artifact,
        mine,
        absent,
        added=added,
        compiler=compiler,
        own=project.name,
        elsewhere=in_layers,
    )
    shipped = {name: layer.entries for name, layer in layers.items()}
    check_collisions(contents.entries, shipped, artifact.platform.runtime, key=layers_key)
    return contents


def _graph(
    artifact: Artifact, project: Project, installed: Iterable[Installed]
) -> RequirementsGraph:
    return RequirementsGraph(installed, project.requirements(artifact.request), artifact.platform)


def _ship(
    artifact: Artifact,
    distributions: tuple[Installed, ...],
    absent: tuple[LeftOutDistribution, ...],
    *,
    added: Sequence[Entry],
    compiler: Compiler | None = None,
    own: str | None = None,
    elsewhere: Sequence[Installed] = (),
) -> Contents:
    """Leave files out, add others, and put together what ships.

    Args:
        own: the package's name, if it is among ``distributions``.
        elsewhere: what the function's layers ship.
    """
    warnings = [*_compiled_here(artifact, distributions)]
    warnings += requires_python_warnings(distributions, artifact.platform)
    shipped = distributions
    if own is not None:
        (package,) = (item for item in shipped if item.name == own)
        package, idle = select_own_files(package, artifact.own_files)
        shipped = tuple(package if item.name == own else item for item in shipped)
        warnings += [f"the pattern {pattern!r} matches no file of {own}" for pattern in idle]
        if all(package.is_metadata(entry.name) for entry in package.entries):
            warnings.append(f"the zip has no file of {own} itself: does its wheel have any?")
    if artifact.scripts:
        runtime = artifact.platform.runtime
        shipped = tuple(with_scripts(item, runtime, artifact.kind) for item in shipped)
    if artifact.exclusions.strip:
        shipped = strip(
            shipped,
            artifact.exclusions.strip,
            elsewhere=elsewhere,
            added=added,
            handler=artifact.handler,
        )
    if artifact.handler is not None:
        entries = [entry for item in (*shipped, *elsewhere) for entry in item.entries]
        warnings += filter(None, [check_handler(artifact.handler, [*entries, *added])])
    modules = with_bytecode(shipped, added, artifact, compiler)
    entries_of_zip = assemble(modules.installed, added=modules.added, prefix=artifact.kind.prefix)
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
    )


def _compiled_here(artifact: Artifact, installed: Iterable[Installed]) -> Iterator[str]:
    for distribution in (item.distribution for item in installed):
        if distribution.is_compiled_here:
            yield (
                f"{distribution.name} was compiled on this machine; another machine's compiler may "
                "make other bytes of it, and it may need a newer glibc than "
                f"{artifact.platform.runtime.identifier} has"
            )
