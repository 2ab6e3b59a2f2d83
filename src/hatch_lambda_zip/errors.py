"""Every expected failure: as many classes as somebody may want to tell apart.

A message says what is wrong (with the full configuration key, distribution or file), why it
matters if that is not plain, and what to do next. The plugins hand it to ``app.abort``, so none
of these ever reaches a user as a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from pathlib import Path


class LambdaZipError(Exception):
    """Base class: a failure that the user can understand and mend."""


class ConfigError(LambdaZipError):
    """pyproject.toml has mistakes: a line for each, starting with the full configuration key."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class LockError(LambdaZipError):
    """The lock file is missing, stale, malformed, or does not cover what is to be built."""


class UvFailure(Enum):
    """What uv gave as its reason, where something follows from that; uv/words.py tells them."""

    LOCK_OUTDATED = auto()
    NO_INTERPRETER = auto()  # of the kind that requires-python wants
    FOREIGN_BUILD = auto()  # a wheel that uv built is for this machine alone
    NO_BINARY = auto()  # a configuration forbids wheels
    NO_WHEEL = auto()  # some releases have none that fits


class UvError(LambdaZipError):
    """uv was not found, could not be started, or failed.

    Attributes:
        failure: the reason, or None if it is none of those that are told apart.
        said: what uv wrote to its standard error, without credentials; and a line more if it is
            known to be too old.
        without_wheel: the releases that ``NO_WHEEL`` is about, as name and version.
    """

    def __init__(
        self,
        message: str,
        *,
        failure: UvFailure | None = None,
        said: str = "",
        without_wheel: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.failure = failure
        self.said = said
        self.without_wheel = tuple(without_wheel)
        super().__init__(message)


class UvTimeoutError(UvError):
    """A uv command did not end in time."""


class DistributionError(LambdaZipError):
    """A distribution can't be built, or is not what its lock entry, tags or RECORD promise."""


class DamagedPackError(LambdaZipError):
    """A pack in the cache is not as it was written, so it is made anew; no user sees this.

    Attributes:
        path: of the pack.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is not as it was written")


class ContentsError(LambdaZipError):
    """What is to ship does not fit together, or would not work on Lambda."""


class BytecodeError(LambdaZipError):
    """A .pyc that can't be read, or whose meaning a canonical form could not keep."""


class AmbiguousBytecodeError(BytecodeError):
    """A .pyc whose meaning depends on the order of what has none, so it has no canonical form."""


class ToolError(LambdaZipError):
    """A tool on this machine is missing, failed, or is not the one that the bytes ask for.

    That is the DEFLATE encoder, and the interpreter that compiles bytecode.
    """


class InputError(LambdaZipError):
    """A zip or directory that is to be explained is none, is broken, or is not safe to unpack."""


class OutputError(LambdaZipError):
    """The output directory or the temporary directory can't be written."""
