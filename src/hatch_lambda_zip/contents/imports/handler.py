"""Checks that the handler is where Lambda will look for it, and that Lambda can call it."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable
from typing import Final

from hatch_lambda_zip.contents.imports.handler_call import check_call
from hatch_lambda_zip.contents.imports.module_source import read_module
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.text import did_you_mean

# In every CPython (Modules/config.c.in, Modules/Setup.bootstrap.in); these come before all else,
# and AWS's bootstrap.py refuses them ("Cannot use built-in module … as a handler module").
_BUILT_IN: Final = frozenset(
    (
        *("atexit", "builtins", "errno", "faulthandler", "gc", "itertools", "marshal", "posix"),
        *("pwd", "sys", "time"),
    )
)


def check_handler(
    handler: str, entries: Iterable[Entry], own: Container[str] | None = None
) -> str | None:
    """Check that the handler's module is in the zip and defines its name, for a call.

    Nothing is imported: the module's syntax tree tells which names it binds.

    Args:
        handler: ``module.name``; as on Lambda, ``/`` separates packages as well as ``.`` does.
        own: the distributions whose modules are looked into if the handler is imported from them;
            None for all.

    Returns:
        A warning when it can't be decided, else None.

    Raises:
        ContentsError: the module is not in the zip, or binds no such name, or Lambda can't call it.
    """
    module, _, name = handler.rpartition(".")
    stem = module.replace(".", "/")
    by_name = {entry.name: entry for entry in entries}
    if (top := stem.partition("/")[0]) in _BUILT_IN:
        raise ContentsError(
            f"The handler {handler!r} can't work: {top!r} is a built-in module of Python, which "
            "comes before any file of that name. Rename the module."
        )
    # The order in which the import system looks: packages before modules.
    for candidate in (f"{stem}/__init__.py", f"{stem}.py"):
        if candidate in by_name:
            files = {
                path: entry
                for path, entry in by_name.items()
                if own is None or entry.distribution in own
            }
            return _check_source(handler, name, by_name[candidate], files)
    if any(_is_opaque(path, stem) for path in by_name):
        return f"the handler {handler!r} can't be checked: {module} is not Python source"
    modules = sorted(path for path in by_name if path.endswith(f"/{stem.rpartition('/')[2]}.py"))
    hint = f" There is {', '.join(modules[:3])}." if modules else ""
    if len(modules) == 1:
        meant = modules[0].removesuffix(".py").replace("/", ".")
        hint = f" Did you mean '{meant}.{name}'?"
    raise ContentsError(
        f"The handler {handler!r} can't work: the zip has neither {stem}.py nor "
        f"{stem}/__init__.py.{hint} Correct the handler, or see to it that the module ships, in "
        "the package's wheel (unless `package = false`) or in a `code` directory."
    )


def _is_opaque(path: str, stem: str) -> bool:
    """Tell whether a file is the module in compiled form."""
    return path in {f"{stem}.pyc", f"{stem}/__init__.pyc"} or (
        path.endswith(".so") and path.startswith((f"{stem}.", f"{stem}/__init__."))
    )


def _check_source(handler: str, name: str, entry: Entry, files: dict[str, Entry]) -> str | None:
    source = read_module(entry)
    if source.tree is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"the handler {handler!r} can't be checked: Python {version} can't parse "
            f"{entry.name} ({source.error})"
        )
    if name not in source.binding:
        if source.names is None:
            return (
                f"the handler {handler!r} can't be checked: {entry.name} makes names at run time "
                "(a star import, __getattr__ or globals())"
            )
        hint = did_you_mean(name, sorted(source.binding))
        raise ContentsError(
            f"The handler {handler!r} can't work: {entry.name} defines no {name!r}. {hint}".rstrip()
        )
    fault = check_call(name, entry, files)
    if fault is None:
        return None
    if fault.is_sure:
        raise ContentsError(f"The handler {handler!r} can't work: {fault.message}.")
    return f"the handler {handler!r} may not work: {fault.message}"
