"""What leads to something: requirements to a distribution, imports to an own module."""

from __future__ import annotations

from dataclasses import replace

from hatch_lambda_zip.config import Project, Request
from hatch_lambda_zip.contents.imports.check import (
    Deployment,
    find_importable,
    handler_module,
)
from hatch_lambda_zip.contents.imports.walk import Chain, walk
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph, Requires
from hatch_lambda_zip.contents.why.model import Decided
from hatch_lambda_zip.lock import Origin


def requirements_to(name: str, decided: Decided) -> tuple[Requires, ...]:
    """Return who requires a distribution, from the project on; nothing if nobody does.

    Raises:
        DistributionError: a distribution's metadata can't be read.
    """
    artifact = decided.artifact
    for project in decided.requirers:
        roots = project.requirements(artifact.request)
        graph = RequirementsGraph(decided.installed, roots, artifact.platform)
        if chain := graph.chain(name):
            first, *rest = chain
            return (replace(first, owner=_part(project, artifact.request, first)), *rest)
    return ()


def _part(project: Project, request: Request, step: Requires) -> str:
    """Return which part of a project requires something: itself, an extra or a group."""
    wanted = str(step.requirement)
    for extra in request.extras:
        own = map(str, project.requirements(Request()))
        if wanted in map(str, project.requirements(Request((extra,)))) and wanted not in own:
            return f"{project.name}[{extra}]"
    for group in request.groups:
        part = Request((), (group,), is_groups_alone=True)
        if wanted in map(str, project.requirements(part)):
            return f"{project.name} (group {group})"
    return project.name


def imports_to(path: str, decided: Decided) -> Chain | None:
    """Return the imports that lead from the handler to an own module.

    Those that surely run when the handler's module is imported come first, then any.

    Args:
        path: of its file in the zip.

    Returns:
        None where none does; no step for what is run first.

    Raises:
        DistributionError: a file is not what RECORD says.
    """
    artifact, contents = decided.artifact, decided.contents
    if artifact.handler is None:
        return None
    start = handler_module(artifact.handler)
    layers = [item for layer in decided.layers.values() for item in layer.installed]
    owners = {item.name for item in layers}
    in_layers = [
        entry
        for layer in decided.layers.values()
        for entry in layer.entries
        if entry.distribution not in owners
    ]
    own = [
        item for item in (*contents.installed, *layers) if item.distribution.origin is Origin.LOCAL
    ]
    importable = find_importable(
        artifact,
        start,
        own,
        [entry for _, entry in decided.added],
        Deployment(tuple(layers), tuple(in_layers)),
        contents.installed,
    )
    for is_certain in (True, False):
        reached = walk(start, importable, certain=is_certain).reached
        if path in reached:
            return reached[path][1]
    return None
