"""Whether a function and its layers want different files in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hatch_lambda_zip.contents.assemble import is_same_content, parents
from hatch_lambda_zip.contents.namespaces import is_same_namespace
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import BytecodeError, ContentsError
from hatch_lambda_zip.runtimes import Runtime
from hatch_lambda_zip.text import plural

_SHOWN: Final = 5


def check_collisions(
    function: Iterable[Entry],
    layers: Mapping[str, Iterable[Entry]],
    runtime: Runtime,
    *,
    key: str,
) -> None:
    """Check that no file of a function or layer hides another one with other content.

    Lambda unpacks the layers one over the other into ``/opt``. Python looks for modules in
    ``/var/task`` first, then in two directories below ``/opt`` (AWS Lambda developer guide,
    "Packaging your layer content").

    Args:
        function: the members of the function's zip.
        layers: those of its layers' zips, by the layers' names.
        key: the configuration key that names the layers, for errors.

    Raises:
        ContentsError: there are such files.
    """
    if not layers:
        return
    problems = [*_among_layers(layers), *_with_function(function, layers, runtime)]
    if problems:
        more = len(problems) - _SHOWN
        lines = [f"{key}: {problem}" for problem in problems[:_SHOWN]]
        lines += [f"{key}: and {plural(more, 'more such path')}"] if more > 0 else []
        raise ContentsError("\n".join(lines))


def _among_layers(layers: Mapping[str, Iterable[Entry]]) -> Iterator[str]:
    seen: dict[str, tuple[str, Entry]] = {}
    directories: dict[str, tuple[str, Entry]] = {}
    for layer, entries in layers.items():
        for entry in entries:
            other, theirs = seen.setdefault(entry.name, (layer, entry))
            is_same = is_same_content(entry, theirs) or is_same_namespace(entry, theirs)
            if other != layer and not is_same:
                yield (
                    f"the layers {other!r} and {layer!r} both ship {entry.name} (of "
                    f"{theirs.owner} and {entry.owner}) with different content, and "
                    "Lambda unpacks one over the other. Leave it out of one of them (by "
                    "`exclude-files` in its table), or give it another place"
                )
            for parent in parents(entry.name):
                directories.setdefault(parent, (layer, entry))
    for name in sorted(seen.keys() & directories.keys()):
        (layer, entry), (other, theirs) = seen[name], directories[name]
        yield (
            f"the layer {layer!r} ships {entry.name} (of {entry.owner}) as a file, and the "
            f"layer {other!r} has it as a directory with {theirs.name}. Leave one of them out"
        )


def _with_function(
    function: Iterable[Entry], layers: Mapping[str, Iterable[Entry]], runtime: Runtime
) -> Iterator[str]:
    mine = {entry.name: entry for entry in function}
    my_packages = _packages(mine)
    roots = runtime.layer_roots
    for layer, entries in layers.items():
        below_roots = {
            entry.name.removeprefix(root): entry
            for entry in entries
            if (root := next((root for root in roots if entry.name.startswith(root)), None))
        }
        their_packages = _packages(below_roots)
        for path, entry in below_roots.items():
            own = mine.get(path)
            if own is not None and not _is_same_module(own, entry):
                yield (
                    f"the function ships {own.name} (of {own.owner}), and the layer "
                    f"{layer!r} {entry.name} (of {entry.owner}) with different content, "
                    "which the function's would hide. Leave it out of one of them (by "
                    "`exclude-files` in its table), or give it another place"
                )
            elif path.endswith(".py") and path[:-3] in my_packages:
                package = my_packages[path[:-3]]
                yield _as_module_and_package(package, layer, entry, path[:-3])
        for path, own in mine.items():
            if path.endswith(".py") and path[:-3] in their_packages:
                package = their_packages[path[:-3]]
                yield _as_module_and_package(own, layer, package, path[:-3])


def _packages(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return a module of each package, with an ``__init__.py`` or without one."""
    found: dict[str, Entry] = {}
    for path, entry in entries.items():
        parent = path.rpartition("/")[0]
        if parent and parent not in found and path.endswith(".py"):
            for directory in (*parents(parent), parent):
                found.setdefault(directory, entry)
    return found


def _as_module_and_package(own: Entry, layer: str, theirs: Entry, path: str) -> str:
    return (
        f"{path.replace('/', '.')!r} is a module of the function and a package of the layer "
        f"{layer!r}, or the other way round, and Python finds one of the two: the function ships "
        f"{own.name} (of {own.owner}), the layer {theirs.name} (of {theirs.owner}). "
        "Leave it out of one of them (by `exclude-files` in its table), or rename it"
    )


def _is_same_module(own: Entry, other: Entry) -> bool:
    """Tell whether two files are equal, but for the directories that compiled modules name."""
    if is_same_content(own, other) or is_same_namespace(own, other):
        return True
    if not own.name.endswith(".pyc"):
        return False
    from hatch_lambda_zip.bytecode.normalize import normalize

    try:
        return normalize(own.read(), filename="") == normalize(other.read(), filename="")
    except BytecodeError:
        return False
