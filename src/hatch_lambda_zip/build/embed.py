"""What a function needs, packed for the sdist: the same zip without the lock or the workspace.

A directory for each function holds its part of the lock and the wheels of its local projects.
There is no credential and no path of the machine in it.
"""

from __future__ import annotations
from collections.abc import Iterable
from pathlib import Path
from hatch_lambda_zip.runtimes import Platform

import json
import shutil
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import (
    InstallList,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
)
from hatch_lambda_zip.uv import redact


DIRECTORY: Final = ".hatch-lambda-zip"
_INDEX_FILE: Final = "selection.json"
_SCHEMA: Final = 1


def embed(selection: Selection, platform: Platform, wheels: Iterable[Path], directory: Path) -> None:
    """Write a selection into a directory.

    Args:
        selection: what the function needs.
        platform: what it was selected for.
        wheels: of its local projects, in the selection's order.
        directory: an empty directory.

    Raises:
        LockError: the lock has credentials in a URL, or a repository on this machine.
    """
    installs = []
    for number, install in enumerate(selection.installs):
        place = directory / f"install-{number}"
        place.mkdir(parents=True)
        text = install.text
        for count, path in enumerate(install.files):
            if not path.is_file():
                raise LockError(
                    f"{selection.lock.path.name} has {path}, which is no file that could be put "
                    "into the sdist. Take it from an index or a URL, or switch embed-lock off."
                )
            copy = place / f"file-{count}" / path.name
            copy.parent.mkdir()
            shutil.copyfile(path, copy)
            text = text.replace(_quoted(path), _quoted(copy.relative_to(place)))
        if "file://" in text:
            raise LockError(
                f"{selection.lock.path.name} has a file:// URL, which no other machine has. Take "
                "that package from an index or a URL, or switch embed-lock off."
            )
        if redact(text) != text:
            raise LockError(
                f"{selection.lock.path.name} has a URL with credentials (or a query, which may "
                "be one), which an sdist must not spread. Give them to uv through its variables, "
                "netrc or keyring instead, lock again, or switch embed-lock off."
            )
        (place / install.file_name).write_text(text, encoding="utf-8")
        installs.append(
            {
                "file": f"{place.name}/{install.file_name}",
                "builds": install.builds,
                "distributions": [
                    {
                        "name": distribution.name,
                        "version": distribution.version,
                        "origin": distribution.origin.value,
                        "identity": distribution.identity,
                    }
                    for distribution in install.distributions
                ],
            }
        )
    names = []
    for wheel in wheels:
        (directory / "wheels").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, directory / "wheels" / wheel.name)
        names.append(f"wheels/{wheel.name}")
    document = {
        "schema": _SCHEMA,
        "target": str(platform),
        "lock": {"kind": selection.lock.kind.value, "name": selection.lock.path.name},
        "installs": installs,
        "wheels": names,
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _INDEX_FILE).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def read_embedded(directory: Path, platform: Platform) -> Selection:
    """Read a selection that :func:`embed` wrote.

    Raises:
        LockError: it is not there, not whole, or for another runtime or architecture.
    """
    try:
        document = json.loads((directory / _INDEX_FILE).read_bytes())
        if document["schema"] != _SCHEMA or document["target"] != str(platform):
            raise LockError(
                f"{directory} was made for {document['target']} (schema {document['schema']}), "
                f"not for {platform} (schema {_SCHEMA}). Build the sdist again."
            )
        # Named as the original is, in the directory that the install lists' paths start from.
        lock = LockFile(LockKind(document["lock"]["kind"]), directory / document["lock"]["name"])
        return Selection(
            lock,
            tuple(_read_install(directory, install) for install in document["installs"]),
            local_projects=(),
            wheels=tuple(directory / name for name in document["wheels"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LockError(
            f"{directory} can't be read: {error!r}. Build the sdist again."
        ) from None


def _read_install(directory: Path, install: dict[str, object]) -> InstallList:
    path = directory / str(install["file"])
    distributions = install["distributions"]
    if not isinstance(distributions, list):
        raise TypeError(distributions)
    # uv gets a copy of the list elsewhere, so the files beside it are named in full.
    files = tuple(sorted(path.parent.glob("file-*/*")))
    text = path.read_text(encoding="utf-8")
    for file in files:
        text = text.replace(_quoted(file.relative_to(path.parent)), _quoted(file.resolve()))
    return InstallList(
        path.name,
        text,
        tuple(
            LockedDistribution(
                entry["name"], entry["version"], Origin(entry["origin"]), entry["identity"]
            )
            for entry in distributions
        ),
        builds=bool(install["builds"]),
        files=files,
    )


def _quoted(path: Path) -> str:
    """Write a path as the install lists do, between quotes."""
    return json.dumps(path.as_posix() if not path.is_absolute() else str(path), ensure_ascii=False)
