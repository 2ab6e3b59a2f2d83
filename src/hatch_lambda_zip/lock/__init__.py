"""A lock file -> the selection of what one function or layer needs.

Whatever the format, the result is in terms of none: lists that uv installs, and directories that
are built as wheels.
"""

from hatch_lambda_zip.lock.constraints import allows
from hatch_lambda_zip.lock.find import (
    find_code_lock,
    find_embedded_lock,
    find_lock,
    foreign_lock,
    is_there,
    is_uv_project,
    needs_no_lock,
    uv_lock_of,
    uv_workspace_of,
)
from hatch_lambda_zip.lock.foreign import FOREIGN
from hatch_lambda_zip.lock.locks import Locks, requires_nothing
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
from hatch_lambda_zip.lock.part import part_of
from hatch_lambda_zip.lock.pylock_writer import write_lock
from hatch_lambda_zip.lock.read import LockReader, project_in
from hatch_lambda_zip.lock.recorded import are_hashed, read_requirements
from hatch_lambda_zip.lock.selector import Selector
from hatch_lambda_zip.lock.settings import is_offline, settings_around

__all__ = [
    "FOREIGN",
    "InstallList",
    "LocalProject",
    "LockFile",
    "LockKind",
    "LockReader",
    "LockedDistribution",
    "Locks",
    "Origin",
    "Selection",
    "Selector",
    "allows",
    "are_hashed",
    "find_code_lock",
    "find_embedded_lock",
    "find_lock",
    "foreign_lock",
    "is_offline",
    "is_there",
    "is_uv_project",
    "needs_no_lock",
    "part_of",
    "patch_warning",
    "project_in",
    "read_requirements",
    "requires_nothing",
    "settings_around",
    "uv_lock_of",
    "uv_workspace_of",
    "write_lock",
]
