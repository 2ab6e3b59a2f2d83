"""Whether a directory has all that its zips are made of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hatch_lambda_zip.config import LOCK_KEY, Artifact
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock import LockReader, find_lock
from hatch_lambda_zip.uv import Uv


def is_source_tree(
    root: Path, artifacts: Iterable[Artifact], uv: Uv, *, package: str, lock: str | None
) -> bool:
    """Tell whether there are a lock, the local projects that it names, and the files to include.

    Args:
        package: the project's normalized name.
        lock: the value of ``lock`` in the configuration.

    Raises:
        LockError: the lock can't be read.
        UvError: uv can't be asked for the workspace.
    """
    try:
        found = find_lock(root, lock, uv, key=LOCK_KEY)
    except LockError:
        return False  # then nothing can be built from it
    reader = LockReader(root, package, uv)
    return all(
        all(
            path.is_dir() for path in reader.directories(found, artifact.platform, artifact.request)
        )
        and all(os.path.lexists(root / source) for source, _ in artifact.own_files.added)
        for artifact in artifacts
    )
