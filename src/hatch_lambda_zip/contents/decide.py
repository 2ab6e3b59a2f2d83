"""Out of what was staged: what ships in one zip, and what does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_lambda_zip.config.model import Artifact
from hatch_lambda_zip.config.project import Project
from hatch_lambda_zip.contents.assemble import Contents, assemble
from hatch_lambda_zip.contents.bytecode import LeftAsSource, with_bytecode
from hatch_lambda_zip.contents.exclude import Absence, AbsentDistribution, exclude
from hatch_lambda_zip.contents.handler import check_handler
from hatch_lambda_zip.contents.layers import check_packages, choose_for_layer, divide
from hatch_lambda_zip.contents.own_files import choose
from hatch_lambda_zip.contents.requirements_graph import Dependencies
from hatch_lambda_zip.contents.scripts import with_scripts
from hatch_lambda_zip.contents.strip import missing_tests, strip
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install.read import Installed

if TYPE_CHECKING:  # slow to import, and only a build that compiles has one
    from hatch_lambda_zip.bytecode.compiler import Compiler


@dataclass(frozen=True)
class Shipment:
    """What goes into one zip.

    Attributes:
        contents: the files.
        distributions: what they are from, as installed, before any file was left out.
        absent: the distributions that were selected and do not ship, ascending by name.
        warnings: lines for the user.
        compiled: how many compiled modules ship.
        left_as_source: the modules that ship without bytecode where others have it.
    """

    contents: Contents
    distributions: tuple[Installed, ...]
    absent: tuple[AbsentDistribution, ...]
    warnings: tuple[str, ...]
    compiled: int = 0
    left_as_source: tuple[LeftAsSource, ...] = ()


def ship_layer(
    artifact: Artifact,
    project: Project,
    installed: Iterable[Installed],
    added: Iterable[Entry],
    compiler: Compiler | None = None,
) -> Shipment:
    """Decide what a layer ships.

    Args:
        artifact: the layer.
        project: the package that it belongs to.
        installed: what the lock selects for it.
        added: files of the project that ship besides.
        compiler: compiles the modules, if that is asked for.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    installed = tuple(installed)
    dependencies = _dependencies(artifact, project, installed)
    chosen = choose_for_layer(
        installed, artifact.distributions, dependencies, key=artifact.key, own=project.name
    )
    kept, absent = exclude(
        chosen, artifact.exclusions, dependencies, key=artifact.key, own=project.name
    )
    return _ship(artifact, kept, absent, added=added, compiler=compiler)


def ship_function(
    artifact: Artifact,
    project: Project,
    installed: Iterable[Installed],
    added: Iterable[Entry],
    layers: Mapping[str, Shipment],
    compiler: Compiler | None = None,
) -> Shipment:
    """Decide what a function ships.

    Args:
        artifact: the function.
        project: the package that it belongs to.
        installed: what the lock selects for it, and the package itself.
        added: files of the project that ship besides.
        layers: what its layers ship, by their names.
        compiler: compiles the modules, if that is asked for.

    Raises:
        ContentsError, DistributionError: see the steps.
    """
    installed, added = tuple(installed), tuple(added)
    dependencies = _dependencies(artifact, project, installed)
    kept, absent = exclude(
        installed, artifact.exclusions, dependencies, key=artifact.key, own=project.name
    )
    in_layer = {name: layer.distributions for name, layer in layers.items()}
    in_layers = [one for distributions in in_layer.values() for one in distributions]
    layers_key = f"{artifact.key}.layers"
    shipped_by = divide(
        kept,
        {name: layer.distributions for name, layer in layers.items()},
        key=f"{artifact.key}.layers",
    )
    mine = tuple(one for one in kept if one.name not in shipped_by)
    check_packages(mine, in_layers, layers_key)
    for name, layer in layers.items():
        if missing := missing_tests(layer.contents.left_out, mine, added, artifact.handler):
            raise ContentsError(
                f"{layers_key}: the layer {name!r} leaves out {', '.join(missing)} by `strip`, and "
                'the function may import that. Take "tests" out of the `strip` of the layer.'
            )
    absent += tuple(
        AbsentDistribution(one.distribution, Absence.LAYER, shipped_by[one.name])
        for one in kept
        if one.name in shipped_by
    )
    return _ship(
        artifact,
        mine,
        absent,
        added=added,
        compiler=compiler,
        own=project.name,
        elsewhere=in_layers,
    )


def _dependencies(
    artifact: Artifact, project: Project, installed: Iterable[Installed]
) -> Dependencies:
    return Dependencies(installed, project.requirements(artifact.request), artifact.platform)


def _ship(
    artifact: Artifact,
    distributions: tuple[Installed, ...],
    absent: tuple[AbsentDistribution, ...],
    *,
    added: Iterable[Entry],
    compiler: Compiler | None = None,
    own: str | None = None,
    elsewhere: Iterable[Installed] = (),
) -> Shipment:
    """Leave files out, add others, and put together what ships.

    Args:
        artifact: the function or layer.
        distributions: what ships.
        absent: what does not.
        added: files of the project that ship besides.
        compiler: compiles the modules, if that is asked for.
        own: the package's name, if it is among ``distributions``.
        elsewhere: what the function's layers ship.
    """
    elsewhere, added = tuple(elsewhere), tuple(added)
    runtime, warnings = artifact.platform.runtime, []
    shipped = distributions
    if own is not None:
        (package,) = (one for one in shipped if one.name == own)
        package, idle = choose(package, artifact.own_files)
        shipped = tuple(package if one.name == own else one for one in shipped)
        warnings += [f"the pattern {pattern!r} matches no file of {own}" for pattern in idle]
        if all(entry.name.startswith(f"{package.dist_info}/") for entry in package.entries):
            warnings.append(f"the zip has no file of {own} itself: does its wheel have any?")
    if artifact.scripts:
        shipped = tuple(with_scripts(one, runtime, artifact.kind) for one in shipped)
    if artifact.exclusions.strip:
        shipped = strip(
            shipped,
            artifact.exclusions.strip,
            elsewhere=elsewhere,
            added=added,
            handler=artifact.handler,
        )
    if artifact.handler is not None:
        entries = [entry for one in (*shipped, *elsewhere) for entry in one.entries]
        warnings += filter(None, [check_handler(artifact.handler, [*entries, *added])])
    modules = with_bytecode(shipped, added, artifact, compiler)
    contents = assemble(modules.installed, added=modules.added, prefix=artifact.kind.prefix)
    return Shipment(
        contents,
        distributions,
        tuple(sorted(absent, key=lambda one: one.distribution.name)),
        (*warnings, *contents.warnings),
        modules.count,
        modules.left_as_source,
    )
