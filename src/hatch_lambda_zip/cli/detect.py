"""What a project's files say of its functions: those of deployers, and bare folders."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.cli.found import Found, Function, word
from hatch_lambda_zip.cli.serverless import read_serverless
from hatch_lambda_zip.cli.terraform import read_terraform
from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.runtimes import RUNTIMES, find_runtime

_SAM: Final = ("template.yaml", "template.yml")
_SERVERLESS: Final = ("serverless.yml", "serverless.yaml")
_SAM_TYPES: Final = frozenset(("AWS::Serverless::Function", "AWS::Lambda::Function"))
_MODULES: Final = ("lambda_function", "main", "app", "handler", "index")
_HANDLERS: Final = ("lambda_handler", "handler", "main")
_PARENTS: Final = ("functions", "lambda", "lambdas", "src/functions", "src/lambda", "src", ".")


def detect(root: Path) -> Found:
    """Look at a project: the first of its files that names functions is believed.

    Raises:
        ConfigError: a file of SAM, Serverless or Terraform can't be read.
    """
    unread: list[str] = []
    for found in _candidates(root):
        unread += found.unread
        if found.functions:
            functions = _known(found.functions, unread)
            return Found(found.source, functions, tuple(unread))
    return Found("", (), tuple(unread))


def _candidates(root: Path) -> Iterator[Found]:
    for name in _SAM:
        if (root / name).is_file():
            yield _sam(root, name)
    for name in _SERVERLESS:
        if (root / name).is_file():
            yield read_serverless(root, name, _yaml(root / name))
    if any(root.glob("*.tf")):
        yield read_terraform(root)
    if (root / "cdk.json").is_file():
        # Its stacks are programs, and its app.py is no function.
        said = "what CDK's stacks say of runtimes, architectures and handlers"
        yield Found("cdk.json", (), (said,))
    elif handler := _handler_in(root):
        module = handler.partition(".")[0]
        yield Found(f"{module}.py", (Function("lambda", ".", handler),))
    for parent in _PARENTS:
        yield Found(f"the folders in {parent}", tuple(_folders(root, parent)))


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
            tree = ast.parse(read_regular(directory / f"{module}.py") or b"")
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
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
        if not isinstance(resource, Mapping) or word(resource.get("Type")) not in _SAM_TYPES:
            continue
        properties = {**defaults, **inner_table(resource, "Properties")}
        code, handler = properties.get("CodeUri"), properties.get("Handler")
        if not isinstance(code, str) or not isinstance(handler, str) or "://" in code:
            unread.append(f"{logical_id} of {name} has no CodeUri of this project, or no Handler")
            continue
        directory = Path(code.rstrip("/")).as_posix()
        architectures = properties.get("Architectures")
        first = architectures[0] if isinstance(architectures, list) and architectures else ""
        runtime = word(properties.get("Runtime"))
        functions.append(Function(logical_id, directory, handler, runtime, word(first)))
    # SAM's names are those of resources; where each has a folder of its own, that names it.
    folders = [Path(function.code).name for function in functions]
    if all(folders) and len(set(folders)) == len(folders):
        named = [
            replace(function, name=folder)
            for function, folder in zip(functions, folders, strict=True)
        ]
        functions = named
    return Found(name, tuple(functions), tuple(unread))


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
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        # The parser's own words quote the file, in which there may be a password.
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}," if mark else ""
        problem = (
            error.strerror if isinstance(error, OSError) else "it is no valid YAML; correct it"
        )
        raise ConfigError([f"{path}{where} can't be read: {problem}"]) from None
    return document if isinstance(document, Mapping) else {}
