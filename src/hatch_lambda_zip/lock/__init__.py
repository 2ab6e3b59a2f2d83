"""Which lock file, and the part of it that one function needs."""

from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    Origin,
    Selection,
)

__all__ = [
    "InstallList",
    "LocalProject",
    "LockFile",
    "LockedDistribution",
    "Origin",
    "Selection",
]
