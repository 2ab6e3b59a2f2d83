"""Every expected failure, one class per kind.

A message says what is wrong (with the full configuration key, distribution or file), why it
matters if that is not plain, and what to do next. The plugins hand it to ``app.abort``, so none
of these ever reaches a user as a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LambdaZipError(Exception):
    """Base class: a failure that the user can understand and mend."""


class ConfigError(LambdaZipError):
    """The configuration has mistakes; all of them are reported at once.

    Args:
        problems: one line for each mistake, starting with the full configuration key.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ProjectError(LambdaZipError):
    """The project's metadata is missing something or invalid, by hatchling's own word."""


class LockNotFoundError(LambdaZipError):
    """There is no lock file, or not the one that was asked for."""


class LockOutdatedError(LambdaZipError):
    """The lock file does not match pyproject.toml any more."""


class LockFormatError(LambdaZipError):
    """The lock file can't be read as what its name says."""


class LockSelectionError(LambdaZipError):
    """The lock file is sound, but does not cover the function's runtime or architecture."""


class MissingWheelError(LockSelectionError):
    """A locked dependency has no wheel for the function's runtime and architecture."""


class UvNotFoundError(LambdaZipError):
    """No uv executable was found."""


class UvError(LambdaZipError):
    """A uv command failed or could not be started."""


class UvTimeoutError(UvError):
    """A uv command did not end in time."""


class EmbeddingError(LambdaZipError):
    """What a function needs can't be put into the sdist, or read from it."""


class NothingToBuildFromError(LambdaZipError):
    """A zip was asked for where there are neither the sources' lock nor an embedded one."""


class WheelBuildError(LambdaZipError):
    """A local project could not be built as a wheel."""


class WheelTagError(LambdaZipError):
    """A locally built wheel does not fit the function's runtime and architecture."""


class WheelFormatError(LambdaZipError):
    """A locally built wheel is not a valid wheel."""


class StagingError(LambdaZipError):
    """What was installed is not what the lock file names."""


class RecordError(LambdaZipError):
    """A distribution's RECORD is missing, malformed, or names an unsafe path."""


class VerificationError(LambdaZipError):
    """A file's content is not what its distribution's RECORD says."""


class CollisionError(LambdaZipError):
    """Two distributions want different content under one path."""


class ExclusionError(LambdaZipError):
    """Something is to be left out that is not there, or can't be left out."""


class LayerError(LambdaZipError):
    """A layer does not ship what it should, or does not fit a function that names it."""


class OwnFilesError(LambdaZipError):
    """A file of the project is to ship, and is not there or can't be read."""


class EditableInstallError(LambdaZipError):
    """A distribution is an editable install, which means nothing on Lambda."""


class BytecodeError(LambdaZipError):
    """A .pyc that can't be read, or whose meaning a canonical form could not keep."""


class AmbiguousBytecodeError(BytecodeError):
    """A .pyc whose meaning depends on the order of what has none, so it has no canonical form."""


class ForeignBytecodeError(LambdaZipError):
    """A module without source was not compiled for the runtime, or can't be made canonical."""


class OwnSyntaxError(LambdaZipError):
    """A module of the package or of the workspace can't be compiled."""


class InterpreterNotFoundError(LambdaZipError):
    """There is no CPython of exactly the version that bytecode is to be compiled with."""


class CompileError(LambdaZipError):
    """The compiling interpreter failed, or met a limit that another machine may not have."""


class EncoderError(LambdaZipError):
    """The DEFLATE encoder on this machine is not the pinned one, so the bytes would differ."""


class ArchiveLimitError(LambdaZipError):
    """The archive would need features that the canonical format leaves out (zip64)."""


class SizeLimitError(LambdaZipError):
    """The function is larger than Lambda accepts."""


class MachineError(LambdaZipError):
    """A native library was built for another architecture than the function's."""


class HandlerError(LambdaZipError):
    """The function's handler is not in the zip."""


class OutputError(LambdaZipError):
    """The output directory or the temporary directory can't be written."""
