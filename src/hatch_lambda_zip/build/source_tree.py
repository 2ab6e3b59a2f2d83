"""Whether a directory has all that its zips are made of."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from hatch_lambda_zip.config import TARGET_KEY, Artifact
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.install import checking
from hatch_lambda_zip.lock import LockReader, find_lock
from hatch_lambda_zip.uv import Uv


def is_source_tree(root: Path, artifacts: Iterable[Artifact], uv: Uv, *, package: str) -> bool:
    """Tell whether there are a lock, the local projects that it names, and the files to include.

    Args:
        package: the project's normalized name.

    Raises:
        LockError: the lock can't be read.
        UvError: uv can't be asked for the workspace.
    """
    with closing(LockReader(root, package, uv, checking)) as reader:
        return all(_has_all(root, artifact, reader, uv) for artifact in artifacts)


def _has_all(root: Path, artifact: Artifact, reader: LockReader, uv: Uv) -> bool:
    sources = (source for source, _ in (*artifact.code, *artifact.own_files.added))
    if not all(os.path.lexists(root / source) for source in sources):
        return False
    if artifact.code:
        return True
    try:
        found = find_lock(root, artifact.options.lock, uv, key=f"{TARGET_KEY}.lock")
    except LockError:
        return False  # then nothing can be built from it
    directories = reader.directories(found, artifact.platform, artifact.request)
    return all(path.is_dir() for path in directories)
