"""What the lock stage hands on: a list of what to install, in terms of no particular format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import Project
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.adjustments import NO_ADJUSTMENTS, Adjustments
from hatch_lambda_zip.runtimes import Platform


class LockKind(Enum):
    """The formats that are read."""

    UV = "uv.lock"
    PYLOCK = "pylock.toml"
    REQUIREMENTS = "requirements.txt"
    NONE = "none"
    """No lock, where nothing is required."""
    EMBEDDED = "embedded pylock.toml"
    """A pylock.toml in an sdist, of what one function or layer needs (see build/embed.py)."""


@dataclass(frozen=True)
class LockFile:
    """A lock file that exists.

    Attributes:
        kind: its format.
        path: the file; uv is run in its directory, unless ``project`` is another.
        name: what messages and manifests call it.
        wheels: the local projects that go with it, where they were built before.
        member: the directory of the project whose requirements it is to answer, where that is not
            the package that is built: a code directory.
        answers: the file beside it with the requirements that it is to answer, if it does not say
            itself what it was made of.
        project: the directory of the project that it was made for, where the lock lies elsewhere:
            that has the configuration of indexes.
    """

    kind: LockKind
    path: Path
    name: str
    wheels: tuple[Path, ...] = ()
    member: Path | None = None
    answers: Path | None = None
    project: Path | None = None

    @property
    def configured_in(self) -> Path:
        """The directory where uv finds the configuration of indexes that it was locked with."""
        return self.project or self.path.parent

    @classmethod
    def none(cls, root: Path) -> LockFile:
        """Return what stands for a lock where nothing is required; ``root`` is the project's."""
        return cls(LockKind.NONE, root / "pyproject.toml", "no lock")

    @classmethod
    def of(cls, kind: LockKind, path: Path) -> LockFile:
        """Return the lock file at a path, called by its file name."""
        return cls(kind, path, path.name)


class Origin(Enum):
    """Where a distribution comes from."""

    INDEX = "index"
    ARCHIVE = "archive"
    """A wheel or sdist at a URL or path of its own."""
    GIT = "git"
    LOCAL = "local"
    """A directory: the package itself, a workspace member or a path dependency."""


@dataclass(frozen=True)
class LockedDistribution:
    """One distribution that the lock names for a function.

    Attributes:
        name: normalized (PEP 503).
        version: as locked (PEP 440, normalized), or None where the lock gives none.
        origin: where it comes from.
        identity: what its content is pinned by, with no path and no host: ``sha256:…`` of the
            wheel or sdist, ``git:`` and the commit; for a requirements.txt ``hashes:`` and a hash
            of the allowed hashes.
        size: of the wheel in bytes, which uv compares, or None where the lock gives none.
        wheel: its file name, as uv is told it; None for a source, and where uv chooses the wheel.
    """

    name: str
    version: str | None
    origin: Origin
    identity: str
    size: int | None = None
    wheel: str | None = None


@dataclass(frozen=True)
class InstallList:
    """Something that ``uv pip install -r`` takes.

    Attributes:
        file_name: decides the format: ``pylock.<name>.toml`` or ``requirements.txt``.
        text: the file's content.
        distributions: what it installs, no more and no less.
        builds: whether these are sources that uv has to build as wheels first.
        files: paths of this machine in ``text``.
        may_build: whether uv may build them as wheels if there is none that fits.
        checks: the files with several hashes again, in the same format, with one hash each: uv
            may be content with one of several.
    """

    file_name: str
    text: str
    distributions: tuple[LockedDistribution, ...]
    builds: bool
    files: tuple[Path, ...] = ()
    may_build: bool = False
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocalProject:
    """A directory that has to be built as a wheel.

    Attributes:
        version: as locked, or None where the lock gives none.
        is_name_locked: whether its name is; else it is only called so, for its directory.
    """

    name: str
    path: Path
    version: str | None = None
    is_name_locked: bool = True


@dataclass(frozen=True)
class Selection:
    """What one function or layer needs besides the package itself.

    Attributes:
        lock: the file that says so.
        installs: what uv installs.
        local_projects: what is built from directories, in the order of their names.
        warnings: lines for the user.
        adjustments: where it differs on purpose from what projects require.
        requirers: what the lock was made of, or has to answer for, as projects that require it.
        remedy: what to do where it does not have what these require.
        extras: what it asks of local projects besides, by their directories, where no project does.
    """

    lock: LockFile
    installs: tuple[InstallList, ...]
    local_projects: tuple[LocalProject, ...]
    warnings: tuple[str, ...] = ()
    adjustments: Adjustments = NO_ADJUSTMENTS
    requirers: tuple[Project, ...] = field(default=(), hash=False)  # projects have no hash
    remedy: str = ""
    extras: tuple[tuple[Path, str], ...] = ()

    @property
    def distributions(self) -> tuple[LockedDistribution, ...]:
        """What uv installs altogether."""
        return tuple(locked for install in self.installs for locked in install.distributions)

    @property
    def local_names(self) -> frozenset[str] | None:
        """The names of the local projects; None where the lock does not say them all."""
        if not all(project.is_name_locked for project in self.local_projects):
            return None
        names = [wheel.name.partition("-")[0] for wheel in self.lock.wheels]
        names += [project.name for project in self.local_projects]
        return frozenset(map(canonicalize_name, names))

    @property
    def is_pinned(self) -> bool:
        """Whether the lock alone says what is installed.

        Only uv.lock repeats what uv was told of requirements: with the same pins, a build may have
        to refuse another. What is built from a commit or an sdist follows from uv's configuration
        as well, and a file on this machine may have changed since it was locked.
        """
        is_other = self.lock.kind in {LockKind.PYLOCK, LockKind.REQUIREMENTS}
        return not is_other and not any(it.builds or it.files for it in self.installs)


def not_built(names: Iterable[str], platform: Platform, otherwise: str) -> str:
    """Return the lines that lead on where there is no wheel.

    Args:
        names: of the distributions whose sources the lock has.
        otherwise: what else can be done.
    """
    listed = ", ".join(f'"{name}"' for name in names)
    if not listed:
        return f"Nothing is built from source for Lambda. Choose {otherwise}"
    return (
        "Nothing is built from source for Lambda unless it is named: "
        f"`build-from-source = [{listed}]` has the locked source distribution built, which works "
        "for pure Python, and for compiled code on a machine like that of "
        f"{platform}.\nOtherwise choose {otherwise}"
    )


def patch_warning(what: str, lock: str, platform: Platform) -> str:
    """Return the line for a decision that depends on the patch release of Python.

    Args:
        what: which decision.
        lock: the name of the file that it stands in.
    """
    return (
        f"{lock}: {what}, which depends on the patch release of Python; it was judged for "
        f"{platform.release}. AWS moves that of {platform.runtime.identifier} without notice: say "
        "with `python-release` which one your functions run on"
    )


def unreadable(path: Path, error: OSError | UnicodeDecodeError) -> LockError:
    """Return the error for a lock, or a list that one is made of, that can't be read."""
    remedy = (
        "Save it in UTF-8, which `>` in Windows PowerShell does not write"
        if isinstance(error, UnicodeDecodeError)
        else "Let this user read it, and build again"
    )
    return LockError(f"{path} can't be read: {error}. {remedy}.")


def resolved(base: Path, path: str) -> Path:
    """Return where a path of a lock leads, from the directory that it is relative to.

    Raises:
        LockError: it has a NUL character, or its links lead in a circle.
    """
    try:
        return (base / path).resolve()
    # RuntimeError: what Python before 3.13 raises for links in a circle.
    except (ValueError, OSError, RuntimeError) as error:
        raise LockError(f"{path!r} is no path that can be followed: {error}") from None
