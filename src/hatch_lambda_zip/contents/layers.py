"""What a layer ships, and the check that a function and its layers make a whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.contents.requirements_graph import RequirementsGraph
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Distribution, Installed
from hatch_lambda_zip.lock import Origin
from hatch_lambda_zip.record import Digest
from hatch_lambda_zip.text import not_one_of

# What makes the __init__.py of several distributions' common package look beyond its own
# directory (pkgutil and setuptools; Python's packaging guide calls these legacy namespaces).
_ONE_REQUEST: Final = "select the same extras and groups for both"
_ONE_LOCK: Final = f"`{TOOL_NAME} lock` renews the locks of both so that they agree"
_SPREADS: Final = re.compile(rb"extend_path|declare_namespace")


def select_for_layer(
    installed: Iterable[Installed],
    named: Sequence[str] | None,
    graph: RequirementsGraph,
    *,
    key: str,
    own: str,
) -> tuple[Installed, ...]:
    """Select what a layer ships.

    Args:
        installed: what the lock selects for the layer.
        named: the distributions to ship with all that they need; None for everything that is no
            project of the workspace.
        key: the configuration key of the layer, for errors.
        own: the package's name, which layers do not ship.

    Raises:
        ContentsError: a name is not among what the lock selects.
    """
    others = tuple(distribution for distribution in installed if distribution.name != own)
    if named is None:
        return tuple(item for item in others if item.distribution.origin is not Origin.LOCAL)
    names = {distribution.name for distribution in others}
    if own in named:
        raise ContentsError(
            f"{key}.distributions: {own!r} is the package itself, which its functions ship"
        )
    if unknown := [name for name in named if name not in names]:
        raise ContentsError(
            "\n".join(
                f"{key}.distributions: of what the lock selects for this layer, "
                f"{not_one_of(name, sorted(names))}. What comes with an extra or a dependency "
                "group has to be selected here too (`extras`, `groups`)"
                for name in unknown
            )
        )
    needed = graph.closure(named)
    return tuple(distribution for distribution in others if distribution.name in needed)


def split_layers(
    installed: Iterable[Installed],
    layers: Mapping[str, Sequence[Installed]],
    *,
    key: str,
    apart: Collection[str] = (),
) -> dict[str, str]:
    """Check that a function's layers fit it, and say which layer ships what.

    Args:
        installed: what the function needs altogether.
        layers: what each of its layers ships, by the layer's name.
        key: the configuration key that names the layers, for errors.
        apart: the layers that have another lock than the function, and so may ship more.

    Returns:
        The name of the layer that ships a distribution, by the distribution's name.

    Raises:
        ContentsError: a layer ships what the function does not need, or a different version or
            build of it; or two layers ship the same distribution.
    """
    needed = {item.name: item for item in installed}
    shipped_by: dict[str, str] = {}
    problems = []
    for layer, shipped in layers.items():
        for item in shipped:
            found = item.distribution
            if found.name not in needed and layer not in apart:
                problems.append(
                    f"{key}: the layer {layer!r} ships {found.name} {found.version}, which is "
                    "none of what the function needs; give the function the extras or groups "
                    "that select it, or leave it out of the layer"
                )
            elif _is_other(item, needed.get(found.name, item)):
                remedy = (
                    _ONE_LOCK if layer in apart else "select the same extras and groups for both"
                )
                problems.append(
                    _other_version(key, layer, found, needed[found.name].distribution, remedy)
                )
            elif found.name in shipped_by:
                problems.append(
                    f"{key}: the layers {shipped_by[found.name]!r} and {layer!r} both ship "
                    f"{found.name}; leave it out of one of them"
                )
            shipped_by.setdefault(found.name, layer)
    if problems:
        raise ContentsError("\n".join(problems))
    return shipped_by


def _is_other(shipped: Installed, needed: Installed) -> bool:
    """Tell whether what a layer ships is something else than what its function needs."""
    identities = (shipped.distribution.identity, needed.distribution.identity)
    if identities[0] == identities[1]:
        return False
    if not any(identity.startswith("hashes:") for identity in identities):
        return True
    # Of the files that a requirements.txt allows, only what is installed tells which one it was.
    return _files(shipped) != _files(needed)


def _files(installed: Installed) -> set[tuple[str, Digest]]:
    return {(entry.name, entry.digest) for entry in installed.entries}


def _other_version(
    key: str, layer: str, shipped: Distribution, needed: Distribution, remedy: str
) -> str:
    if shipped.version == needed.version:
        differs = f"another build of {shipped.name} {shipped.version} than the function needs"
    else:
        differs = (
            f"{shipped.name} {shipped.version}, while the lock gives the function {needed.version}"
        )
    return f"{key}: the layer {layer!r} ships {differs}; {remedy}"


def check_packages(function: Iterable[Installed], layers: Iterable[Installed], key: str) -> None:
    """Check that no package is torn apart between a function and its layers.

    Lambda puts them into two directories, ``/var/task`` and ``/opt/python``. Python looks for the
    modules of a package with an ``__init__.py`` in one directory only.

    Args:
        function: what the function's own zip ships.
        layers: what its layers ship together.
        key: the configuration key that names the layers, for errors.

    Raises:
        ContentsError: modules of such a package are on both sides.
    """
    (owners, inits), (others, other_inits) = _packages(function), _packages(layers)
    torn: list[str] = []
    for directory in sorted(owners.keys() & others.keys()):
        found = [side[directory] for side in (inits, other_inits) if directory in side]
        is_closed = any(not _SPREADS.search(entry.read()) for entry in found)
        # What lies below a torn package is torn with it.
        if is_closed and not any(directory.startswith(f"{parent}/") for parent in torn):
            torn.append(directory)
    if torn:
        raise ContentsError(
            "\n".join(
                f"{key}: the package {directory.replace('/', '.')!r} would be torn apart: the "
                f"function ships a part of it with {owners[directory]}, a layer one with "
                f"{others[directory]}, and Python looks into one of them only. Put both into the "
                "layer, or neither"
                for directory in torn
            )
        )


def _packages(installed: Iterable[Installed]) -> tuple[dict[str, str], dict[str, Entry]]:
    """Return the owners of directories with files, and the directories' ``__init__.py``."""
    owners: dict[str, str] = {}
    inits: dict[str, Entry] = {}
    for distribution in installed:
        for entry in distribution.entries:
            directory, _, file = entry.name.rpartition("/")
            # Compiled ones close a package just so.
            if file.startswith("__init__.") and file.endswith((".py", ".pyc", ".so")):
                inits.setdefault(directory, entry)
            while directory and directory not in owners:
                owners[directory] = distribution.name
                directory = directory.rpartition("/")[0]
    return owners, inits
