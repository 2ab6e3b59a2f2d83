"""A lock file -> the selection of what one function or layer needs.

Whatever the format, the result is in terms of none: lists that uv installs, and directories that
are built as wheels.
"""

from hatch_lambda_zip.lock.compile import RequirementsLock
from hatch_lambda_zip.lock.find import (
    find_code_lock,
    find_embedded_lock,
    find_lock,
    needs_no_lock,
)
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
    patch_warning,
)
from hatch_lambda_zip.lock.pylock_writer import write_lock
from hatch_lambda_zip.lock.read import LockReader

__all__ = [
    "InstallList",
    "LocalProject",
    "LockFile",
    "LockKind",
    "LockReader",
    "LockedDistribution",
    "Origin",
    "RequirementsLock",
    "Selection",
    "find_code_lock",
    "find_embedded_lock",
    "find_lock",
    "needs_no_lock",
    "patch_warning",
    "write_lock",
]
