"""The directory of the user's in which results of earlier commands are kept.

Nothing in it decides what a zip's bytes are: what is there saves the work of making it again. It is
trusted as uv trusts its own: as a directory that nobody else can write to.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.files import read_regular

CACHE_VARIABLE: Final = "HATCH_LAMBDA_ZIP_CACHE"
"""Names the directory; ``0`` stands for none."""

LIMIT: Final = 2 << 30
"""How many bytes are kept, in all."""

KINDS: Final = ("packs",)
"""The directories in it."""

# https://bford.info/cachedir/: backups leave such a directory out.
_TAG: Final = b"""Signature: 8a477f597d28d172789f06886806bc55
# A cache of hatch-lambda-zip. It can be removed at any time.
"""
TAG_NAME: Final = "CACHEDIR.TAG"
"""Lies in it, and says what it is."""

_COARSE: Final = 1  # second: the times of files come from a coarser clock
_LAST_NAME: Final = "last-build"  # its time is when the last build began


def cache_directory(environ: Mapping[str, str]) -> Path | None:
    """Return where the cache is: as the variable says, or with the user's others; None for none."""
    named = environ.get(CACHE_VARIABLE)
    if named == "0":
        return None
    if named:
        # A CI's configuration, unlike a shell, leaves a tilde alone.
        return Path(os.path.expanduser(named)).absolute()  # noqa: PTH111 - pathlib's may raise
    import platformdirs

    return Path(platformdirs.user_cache_dir("hatch-lambda-zip", appauthor=False))


def find_cache(environ: Mapping[str, str], warn: Callable[[str], None]) -> Path | None:
    """Return the cache's directory, if there is to be one and nobody else can write to it.

    Args:
        warn: takes a line for the user where there is one that is not used.
    """
    directory = cache_directory(environ)
    if directory is None or sys.platform == "win32":
        return directory
    for path in (directory, *(directory / kind for kind in KINDS)):
        try:
            status = path.stat()
        except OSError:
            continue  # it is made when something is kept, or that says what is wrong
        others = stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
        if others or status.st_uid != os.getuid():
            warn(
                f"the cache {directory} is not used, since others than this user can write to "
                f"{path}; `chmod go-w`, or let {CACHE_VARIABLE} name another directory"
            )
            return None
    return directory


def make_cache(directory: Path, kind: str) -> Path:
    """Make the directory, unless it is there, and return the one in it for a kind.

    Raises:
        OSError: it can't be made.
    """
    place = directory / kind
    if not directory.is_dir():
        directory.parent.mkdir(parents=True, exist_ok=True)
    for path in (directory, place):
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)  # whatever the umask lets others do
    tag = directory / TAG_NAME
    if not tag.exists():
        tag.write_bytes(_TAG)
    return place


@dataclass(frozen=True)
class Kept:
    """A file in the cache.

    Attributes:
        size: in bytes.
        used: when it was last used, in seconds since the epoch.
    """

    path: Path
    size: int
    used: float


def kept_in(directory: Path) -> list[Kept]:
    """Return what is kept, ascending by the time of its last use.

    In a directory that is no cache of ours, nothing is: a variable may name somebody's home.
    """
    if not is_cache(directory):
        return []
    found = []
    for path in (path for kind in KINDS for path in (directory / kind).rglob("*")):
        try:
            status = path.lstat()
        except OSError:
            continue  # another command has just removed it
        if stat.S_ISREG(status.st_mode):
            found.append(Kept(path, status.st_size, status.st_mtime))
    return sorted(found, key=lambda kept: (kept.used, kept.path))


def is_cache(directory: Path) -> bool:
    """Tell whether a directory is such a cache, wherever it lies."""
    try:
        return is_tag(read_regular(directory / TAG_NAME, len(_TAG)))
    except OSError:
        return False


def is_tag(content: bytes | None) -> bool:
    """Tell whether a file called ``TAG_NAME`` is that of such a cache."""
    return content == _TAG


def note_build(directory: Path, started: float) -> None:
    """Note when a build began, in seconds since the epoch: what it used was used since.

    Raises:
        OSError: that can't be written.
    """
    path = directory / _LAST_NAME
    path.touch()
    began = started - _COARSE
    os.utime(path, (began, began))


def unused_in(directory: Path) -> list[Kept]:
    """Return what the last build did not use; everything if there was none."""
    try:
        started = (directory / _LAST_NAME).stat().st_mtime
    except OSError:
        return kept_in(directory)
    return [kept for kept in kept_in(directory) if kept.used < started]


def remove(files: Iterable[Kept]) -> int:
    """Remove files from the cache, and return how many bytes these had.

    Raises:
        OSError: one can't be removed.
    """
    size = 0
    for kept in files:
        kept.path.unlink(missing_ok=True)
        size += kept.size
    return size


def prune(directory: Path, limit: int = LIMIT) -> int:
    """Remove what was not used for the longest time until the rest has at most ``limit`` bytes.

    Returns:
        How many bytes were removed.

    Raises:
        OSError: something can't be removed.
    """
    files = kept_in(directory)
    too_much = sum(kept.size for kept in files) - limit
    old = []
    for kept in files:
        if too_much <= 0:
            break
        old.append(kept)
        too_much -= kept.size
    return remove(old)
