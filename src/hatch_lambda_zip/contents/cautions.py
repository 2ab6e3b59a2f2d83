"""What the user should know of distributions and files that ship, right as they may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hatch_lambda_zip.contents.imports.runtime_modules import standard_library
from hatch_lambda_zip.contents.own.secrets import secret_names
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import ImportNames, Installed
from hatch_lambda_zip.lock import Origin
from hatch_lambda_zip.runtimes import Platform, Runtime

_LARGEST_PEM: Final = 1 << 20  # bytes; the certificates of all regions of RDS have a fifth of it
_LIKE_PYTHONS: Final = (
    "Python itself has a module of that name, and on Lambda whatever imports that gets this one "
    "(unless the runtime has loaded Python's before)"
)


def compiled_here(installed: Iterable[Installed], platform: Platform) -> Iterator[str]:
    """Warn of distributions that this machine's compiler had a part in."""
    for distribution in (item.distribution for item in installed):
        if distribution.is_compiled_here:
            yield (
                f"{distribution.name} was compiled on this machine; another machine's compiler may "
                "make other bytes of it, and it may need a newer glibc than "
                f"{platform.runtime.identifier} has"
            )


def like_pythons_own(
    installed: Iterable[Installed], added: Iterable[Entry], runtime: Runtime
) -> Iterator[str]:
    """Warn of modules that are called like one of the standard library.

    In a virtual environment Python's own come first. On Lambda the zip and the layers do (AWS
    Lambda developer guide, "Search path for Python runtimes"), but for what is loaded already.
    """
    known = standard_library(runtime.python_minor) - {"__main__"}
    own = [ImportNames.of(entry.name for entry in added)]
    for item in installed:
        if item.distribution.origin is Origin.LOCAL:
            own.append(item.import_names)
        elif names := sorted(item.import_names.modules & known):
            yield (
                f"{', '.join(names)} of {item.name}: {_LIKE_PYTHONS}; to leave it out, "
                f'`exclude = ["{item.name}"]`'
            )
    if names := sorted(ImportNames.union(own).modules & known):
        yield f"{', '.join(names)}: {_LIKE_PYTHONS}; rename it"


def secret_files(entries: Iterable[Entry], local: frozenset[str]) -> Iterator[str]:
    """Warn of own files whose names are those of secrets; public certificates are none.

    Args:
        local: the owners of what comes from this machine's source trees.
    """
    own = {entry.name: entry for entry in entries if entry.owner in local}
    found = secret_names(own)
    if secrets := [name for name in found if not _is_certificate(own[name])]:
        yield (
            f"{', '.join(secrets)} may be secret, and everybody who can read the function gets it; "
            "leave it out, unless it is meant to ship"
        )


def _is_certificate(entry: Entry) -> bool:
    is_pem = entry.name.lower().endswith(".pem")
    content = entry.read() if is_pem and entry.size <= _LARGEST_PEM else b""
    return b"-----BEGIN" in content and b"PRIVATE KEY" not in content
