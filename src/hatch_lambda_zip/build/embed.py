"""Embeds in an sdist what a zip needs besides the package: its part of the lock, as a lock again.

A directory for each function or layer holds a pylock.toml (PEP 751) or a requirements.txt, the
archives on this machine that it names, and the wheels of the local projects. There is no
credential and no path of the machine in it. ``find_embedded_lock`` finds it in the unpacked sdist.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import TOOL_NAME
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.lock import LockKind, Selection, write_lock
from hatch_lambda_zip.redact import redact_urls
from hatch_lambda_zip.runtimes import Platform

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EMBEDDED_DIRECTORY: Final = ".hatch-lambda-zip"
"""Where an sdist has the locks."""


_FILES: Final = "files.json"
"""Beside a lock: which files of the project `include-files` takes, by their paths in it."""


def embed(
    selection: Selection,
    platform: Platform,
    wheels: Iterable[Path],
    directory: Path,
    files: Sequence[str] = (),
) -> None:
    """Write a selection into a directory, to be found there by ``find_embedded_lock``.

    Args:
        files: those of the project that ship besides, by their paths in it.

    Raises:
        LockError: the lock has credentials in a URL, or something on this machine that is no file.
    """
    directory.mkdir(parents=True)
    lock = selection.lock
    if lock.kind is LockKind.REQUIREMENTS:
        for install in selection.installs:
            for path in install.files:
                _check_file(path, lock.name)
        # Each list has the options of the file.
        lines = [line for install in selection.installs for line in install.text.splitlines(True)]
        name, text = lock.path.name, "".join(dict.fromkeys(lines))
    else:
        name, text = "pylock.toml", _pylock(selection, platform, directory)
    if "file://" in text:
        raise LockError(
            f"{lock.name} has a file:// URL, which no other machine has. Take "
            "that package from an index or a URL, or switch embed-lock off."
        )
    if redact_urls(text) != text:
        raise LockError(
            f"{lock.name} has a URL with credentials (or a query, which may "
            "be one), which an sdist must not spread. Give them to uv through its variables, "
            "netrc or keyring instead, lock again, or switch embed-lock off."
        )
    (directory / name).write_text(text, encoding="utf-8")
    if files:
        document = json.dumps(sorted(files), indent=2) + "\n"
        (directory / _FILES).write_text(document, encoding="utf-8")
    for wheel in wheels:
        (directory / "wheels").mkdir(exist_ok=True)
        shutil.copyfile(wheel, directory / "wheels" / wheel.name)


def read_embedded_files(directory: Path) -> frozenset[str] | None:
    """Return the paths of the project's files that ship besides; None where nothing says it."""
    try:
        return frozenset(json.loads(read_regular(directory / _FILES) or b""))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise LockError(f"{directory / _FILES}: {error}. Build the sdist again.") from None


def _pylock(selection: Selection, platform: Platform, directory: Path) -> str:
    """Write one lock of all that is installed, which holds for the platform alone."""
    packages: list[dict[str, Any]] = []
    for install in selection.installs:
        packages += tomllib.loads(install.text)["packages"]
    for number, place in enumerate(_places(packages)):
        if "path" in place:
            source = Path(place["path"])
            _check_file(source, selection.lock.name)
            copy = Path("files", str(number), source.name)
            (directory / copy).parent.mkdir(parents=True)
            shutil.copyfile(source, directory / copy)
            place["path"] = copy.as_posix()
    marker = (
        f'python_version == "{platform.runtime.python_version}" and '
        f'platform_machine == "{platform.machine}" and sys_platform == "linux"'
    )
    ours = {"lock": selection.lock.name, "adjustments": selection.adjustments.described()}
    head = {"environments": [marker], "tool": {TOOL_NAME: ours}}
    return write_lock(packages, head)


def _places(packages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the tables that say where something is, by a URL or a path."""
    found: list[dict[str, Any]] = []
    for package in packages:
        found += package.get("wheels", ())
        found += [package[key] for key in ("archive", "sdist", "vcs") if key in package]
    return found


def _check_file(path: Path, lock: str) -> None:
    if not path.is_file():
        raise LockError(
            f"{lock} has {path}, which is no file that could be put "
            "into the sdist. Take it from an index or a URL, or switch embed-lock off."
        )
