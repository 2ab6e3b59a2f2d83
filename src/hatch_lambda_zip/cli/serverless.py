"""What a serverless.yml says of functions, and from which directory their code runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hatch_lambda_zip.cli.found import Found, Function, word
from hatch_lambda_zip.config import inner_table


def read_serverless(root: Path, name: str, document: Mapping[str, Any]) -> Found:
    """Read the functions of a serverless.yml.

    Args:
        name: of the file.
        document: what it says.
    """
    provider = inner_table(document, "provider")
    functions = []
    unread = []
    for key, table in inner_table(document, "functions").items():
        handler = word(table.get("handler")) if isinstance(table, Mapping) else ""
        if not handler:
            unread.append(f"{key} of {name} has no handler")
            continue
        found = _locate(root, word(table.get("module")), handler.replace("\\", "/"))
        if found is None:
            unread.append(
                f"{key} of {name} has the handler {handler}, which no Python file defines"
            )
            continue
        runtime = word(table.get("runtime", provider.get("runtime")))
        machine = word(table.get("architecture", provider.get("architecture")))
        functions.append(Function(key, *found, runtime, machine))
    return Found(name, tuple(functions), tuple(unread))


def _locate(root: Path, module: str, handler: str) -> tuple[str, str] | None:
    """Return the directory of a function's code, and its handler from there on.

    Serverless zips the project as it is (``functions/api/main.handler`` is a module in two
    directories), but its Python plugin zips a directory alone if ``module`` names it. Some projects
    have other plugins for that, which their imports tell, or requirements beside the handler.

    Returns:
        None if there is no such module.
    """
    path, _, function = handler.removeprefix("./").rpartition(".")
    place = PurePosixPath(module, path.replace(".", "/"))
    source = _source(root / place)
    if source is None:
        return None
    directory = PurePosixPath(module) if module else _origin(root, place, _imports(source))
    dotted = ".".join(place.relative_to(directory).parts)
    return directory.as_posix(), f"{dotted}.{function}"


def _origin(root: Path, place: PurePosixPath, imports: Collection[str]) -> PurePosixPath:
    """Return the directory where most is found that a module imports of this project.

    Where that does not tell, it is one with requirements, or the project's, as for Serverless; but
    none from which the module's name is none that the table takes, as below ``my-functions``.
    """

    def fitness(directory: PurePosixPath) -> tuple[int, int]:
        found = [name for name in imports if _is_there(root / directory, name)]
        has_requirements = (root / directory / "requirements.txt").is_file()
        return len(found), len(directory.parts) if has_requirements else 0

    parents = [*reversed(place.parents)]
    named = [it for it in parents if all(map(str.isidentifier, place.relative_to(it).parts))]
    return max(named or parents, key=fitness)


def _source(module: Path) -> Path | None:
    files = (module.with_name(f"{module.name}.py"), module / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _is_there(directory: Path, module: str) -> bool:
    return (directory / module).is_dir() or _source(directory / module) is not None


def _imports(source: Path) -> set[str]:
    """Return the first words of what a file imports that isn't the standard library's."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    return {*_first_words(tree)} - sys.stdlib_module_names


def _first_words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
