"""Reads a lock file of any kind for one function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_lambda_zip.errors import LockFormatError, LockOutdatedError, UvError
from hatch_lambda_zip.lock.model import LockKind

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_lambda_zip.lock.model import LockFile, Selection
    from hatch_lambda_zip.runtimes import Target
    from hatch_lambda_zip.uv import Uv


def read_lock(lock: LockFile, target: Target, *, root: Path, name: str, uv: Uv) -> Selection:
    """Select what a function needs from a lock file.

    Args:
        lock: the file.
        target: the function's runtime and architecture.
        root: the project's directory.
        name: the project's name, normalized.
        uv: exports the part of a uv.lock that belongs to the project, after checking that the
            lock is up to date.

    Raises:
        LockOutdatedError: uv.lock does not fit pyproject.toml.
        LockFormatError, LockSelectionError, MissingWheelError: see the readers.
    """
    # One reader's imports are enough for a build.
    if lock.kind is LockKind.REQUIREMENTS:
        from hatch_lambda_zip.lock import requirements

        return requirements.select(_text(lock), lock, target, root=root)
    from hatch_lambda_zip.lock import pylock

    if lock.kind is LockKind.PYLOCK:
        parsed = pylock.parse_pylock(_text(lock), lock)
        return pylock.select(parsed, lock, target, root=root, base=lock.path.parent)
    exported = _export(lock, root=root, name=name, uv=uv)
    # Without an output file, uv writes paths relative to the directory that it runs in.
    return pylock.select(pylock.parse_pylock(exported, lock), lock, target, root=root, base=root)


def _export(lock: LockFile, *, root: Path, name: str, uv: Uv) -> str:
    command = [
        *("export", "--locked", "--no-default-groups", "--no-editable"),
        *("--format", "pylock.toml", "--package", name),
    ]
    try:
        return uv.run(command, cwd=root)
    except UvError as error:
        if "needs to be updated" in str(error):
            raise LockOutdatedError(
                f"{lock.path} does not match pyproject.toml any more. "
                "Run `uv lock` and commit the result."
            ) from None
        raise


def _text(lock: LockFile) -> str:
    try:
        return lock.path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LockFormatError(f"{lock.path} can't be read: {error}.") from None
