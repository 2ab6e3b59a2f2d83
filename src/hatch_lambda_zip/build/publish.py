"""Replaces the files of an output directory that belong together: all of them, or none."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import matching

_PATIENCE: Final = 120.0  # seconds; others take a moment, or as long as a back end at work in there
_PAUSE: Final = 0.02  # seconds
_BEFORE: Final = ".{}.{}.before"


def publish(files: Mapping[Path, Path], announce: Callable[[Path], None]) -> None:
    """Move files into place, each in one step, while no other build does so in their directory.

    Args:
        files: what each is called until then, in the same directory, by what it is to be. What
            was there before is copied, but for the last one: so name the largest last.
        announce: takes a file that must not outlive the build, before it is made.

    Raises:
        OutputError: a file can't be replaced; then all are what they were before.
    """
    for path in files:
        _check_kind(path)
    with contextlib.ExitStack() as stack:
        for directory in sorted({path.parent for path in files}):
            if stack.enter_context(locked(directory)):
                # Nobody publishes here now: whoever made these copies was killed.
                for path in files:
                    for copy in matching(directory, _BEFORE.format(glob.escape(path.name), "*")):
                        with contextlib.suppress(OSError):  # another user's
                            copy.unlink()
        _replace_all(list(files.items()), announce)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[bool]:
    """Keep other builds from changing an output directory.

    Where no directory can be locked (on Windows, and in some network file systems), nobody is
    kept out; gives whether somebody would be.

    Raises:
        OutputError: another process holds it for longer than a build should.
    """
    if sys.platform == "win32":
        yield False
        return
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:
        yield False  # what is wrong with it, the change will say
        return
    try:
        yield _lock(descriptor, directory)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OutputError(
                    f"{directory} is kept locked by another process, for {_PATIENCE:g} seconds "
                    "now. Let the other builds in it end (`fuser` names them), then build again."
                ) from None
            time.sleep(_PAUSE)
        except OSError:
            return False
        else:
            return True


def _check_kind(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # there is none, or the change will say what is wrong
    if stat.S_ISDIR(mode):
        raise OutputError(f"{path} can't be replaced: it is a directory. Move it away.")
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise OutputError(f"{path} can't be replaced: it is no regular file. Move it away.")


def _replace_all(files: list[tuple[Path, Path]], announce: Callable[[Path], None]) -> None:
    """Replace the files one after the other; put those before back if one can't be."""
    if not files:
        return
    (path, temporary), *others = files
    if not others:
        _replace(path, temporary)
        return
    before = _copy(path, announce)
    try:
        _replace(path, temporary)
        try:
            _replace_all(others, announce)
        except BaseException as error:
            _put_back(path, before, error)
            raise
    finally:
        if before is not None:
            before.unlink(missing_ok=True)


def _replace(path: Path, temporary: Path) -> None:
    try:
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from None


def _copy(path: Path, announce: Callable[[Path], None]) -> Path | None:
    """Copy a file, or a link itself, to a name beside it; None if there is none."""
    if not os.path.lexists(path):
        return None
    # By another name than what is being written, which a build may find abandoned and remove.
    copy = path.with_name(_BEFORE.format(path.name, secrets.token_hex(4)))
    announce(copy)
    try:
        shutil.copyfile(path, copy, follow_symlinks=False)
        shutil.copymode(path, copy, follow_symlinks=False)
    except OSError as error:
        copy.unlink(missing_ok=True)
        raise _refusal(path, error) from None
    return copy


def _put_back(path: Path, before: Path | None, reason: BaseException) -> None:
    try:
        if before is None:
            path.unlink()
        else:
            before.replace(path)
    except OSError as error:
        raise OutputError(
            f"{reason} And {path}, which is the new one, can't be taken back: {error}. Remove it "
            "with what lies beside it, and build again."
        ) from None


def _refusal(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} can't be replaced: {error}.")
