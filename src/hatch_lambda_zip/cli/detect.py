"""What a project's files say of its functions: SAM's and Serverless' files, and bare folders."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.runtimes import RUNTIMES, find_runtime

_SAM: Final = ("template.yaml", "template.yml")
_SERVERLESS: Final = ("serverless.yml", "serverless.yaml")
_SAM_TYPES: Final = frozenset(("AWS::Serverless::Function", "AWS::Lambda::Function"))
_MODULES: Final = ("lambda_function", "main", "app", "handler", "index")
_HANDLERS: Final = ("lambda_handler", "handler", "main")
_PARENTS: Final = ("functions", "lambda", "lambdas", "src", ".")


@dataclass(frozen=True)
class Function:
    """A function as it is found.

    Attributes:
        name: what it is called there; of a folder, its own name.
        code: its directory, relative to the project's.
        handler: as Lambda gets it.
        runtime: where something says it, else empty.
        architecture: likewise.
    """

    name: str
    code: str
    handler: str
    runtime: str = ""
    architecture: str = ""


@dataclass(frozen=True)
class Found:
    """All that was found.

    Attributes:
        source: where, for the user.
        functions: in order, each once.
        unread: what could not be read, in words.
    """

    source: str
    functions: tuple[Function, ...] = ()
    unread: tuple[str, ...] = ()


def detect(root: Path) -> Found:
    """Look at a project.

    Raises:
        ConfigError: a file of SAM or Serverless can't be read.
    """
    for name in _SAM:
        if (root / name).is_file() and (found := _sam(root, name)).functions:
            return found
    for name in _SERVERLESS:
        if (root / name).is_file() and (found := _serverless(root, name)).functions:
            return found
    if handler := _handler_in(root):
        return Found(f"{handler.partition('.')[0]}.py", (Function("lambda", ".", handler),))
    for parent in _PARENTS:
        functions = tuple(_folders(root, parent))
        if functions:
            return Found(f"the folders in {parent}", functions)
    return Found("")


def _folders(root: Path, parent: str) -> Iterator[Function]:
    if not (root / parent).is_dir():
        return
    for directory in sorted((root / parent).iterdir()):
        is_hidden = directory.name.startswith((".", "_"))
        if directory.is_dir() and not is_hidden and (handler := _handler_in(directory)):
            yield Function(directory.name, directory.relative_to(root).as_posix(), handler)


def _handler_in(directory: Path) -> str:
    """Return the handler that a file directly in a directory defines, or the empty string."""
    for module in _MODULES:
        try:
            tree = ast.parse((directory / f"{module}.py").read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for name in _HANDLERS:
            if name in names:
                return f"{module}.{name}"
    return ""


def _sam(root: Path, name: str) -> Found:
    document = _yaml(root / name)
    defaults = inner_table(document, "Globals", "Function")
    functions = []
    unread = []
    for logical_id, resource in inner_table(document, "Resources").items():
        if not isinstance(resource, Mapping) or resource.get("Type") not in _SAM_TYPES:
            continue
        properties = {**defaults, **inner_table(resource, "Properties")}
        code, handler = properties.get("CodeUri"), properties.get("Handler")
        if not isinstance(code, str) or not isinstance(handler, str) or "://" in code:
            unread.append(f"{logical_id} of {name} has no CodeUri of this project, or no Handler")
            continue
        directory = Path(code.rstrip("/")).as_posix()
        architectures = properties.get("Architectures")
        first = architectures[0] if isinstance(architectures, list) and architectures else ""
        runtime = _word(properties.get("Runtime"))
        functions.append(Function(logical_id, directory, handler, runtime, _word(first)))
    # SAM's names are those of resources; where each has a folder of its own, that names it.
    folders = [Path(function.code).name for function in functions]
    if all(folders) and len(set(folders)) == len(folders):
        named = [
            replace(function, name=folder)
            for function, folder in zip(functions, folders, strict=True)
        ]
        functions = named
    return Found(name, _known(functions, unread), tuple(unread))


def _serverless(root: Path, name: str) -> Found:
    document = _yaml(root / name)
    provider = inner_table(document, "provider")
    functions = []
    unread = []
    for key, table in inner_table(document, "functions").items():
        handler = table.get("handler") if isinstance(table, Mapping) else None
        if not isinstance(handler, str):
            unread.append(f"{key} of {name} has no handler")
            continue
        # Its module may lie in a folder, from which Serverless' plugins package it.
        place, _, rest = handler.replace("\\", "/").rpartition("/")
        runtime = _word(table.get("runtime", provider.get("runtime")))
        machine = _word(table.get("architecture", provider.get("architecture")))
        functions.append(Function(key, place or ".", rest, runtime, machine))
    return Found(name, _known(functions, unread), tuple(unread))


def _known(functions: Iterable[Function], unread: list[str]) -> tuple[Function, ...]:
    """Leave out runtimes that are none of Python's that can be built for."""
    kept = []
    for function in functions:
        if function.runtime and find_runtime(function.runtime) is None:
            unread.append(
                f"the runtime {function.runtime} of {function.code} is not one of "
                f"{RUNTIMES[0].identifier} to {RUNTIMES[-1].identifier}"
            )
            kept.append(replace(function, runtime=""))
        else:
            kept.append(function)
    return tuple(kept)


def _word(value: object) -> str:
    return value if isinstance(value, str) and "{" not in value else ""


def _yaml(path: Path) -> Mapping[str, Any]:
    try:
        import yaml
    except ImportError:
        message = (
            f"{path} is YAML, which takes one more package to read: run "
            '`uvx --from "hatch-lambda-zip[cli]" hatch-lambda-zip init`'
        )
        raise ConfigError([message]) from None

    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's own tags (``!Ref`` and the like) as nothing."""

    Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        first = str(error).partition("\n")[0]
        raise ConfigError([f"{path} can't be read: {first}"]) from None
    return document if isinstance(document, Mapping) else {}
