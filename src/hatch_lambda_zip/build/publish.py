"""Replaces the files of an output directory that belong together: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import how_to_write, matching

_PATIENCE: Final = 120.0  # seconds; others take a moment, or as long as a back end at work in there
_UNTOLD: Final = 1.0  # seconds; who publishes takes less
_PATIENCE_WITH_READERS: Final = 10.0 if sys.platform == "win32" else 0.0  # seconds
_PAUSE: Final = 0.02  # seconds
_BEFORE: Final = ".{}.{}.before"
_TOKEN: Final = 8  # characters that are the same in all copies of a command


@dataclass(frozen=True)
class Replaced:
    """A file that was moved into place, or removed.

    Attributes:
        path: where it is now.
        before: a copy of what was there; None if nothing was.
        identity: by which the file is known again, whatever other builds do; None if there is to
            be none.
    """

    path: Path
    before: Path | None
    identity: tuple[int, int] | None

    @property
    def is_still_so(self) -> bool:
        """Whether no other build has changed it since."""
        found = _identity(self.path) if os.path.lexists(self.path) else None
        return found == self.identity

    def forget(self) -> None:
        """Remove what was there before, for good."""
        if self.before is not None:
            self.before.unlink(missing_ok=True)


class Copies:
    """The copies of what one command replaces, which other builds leave alone while it runs.

    They are there until it ends, as it may take back what it has replaced. One of them in each
    directory is locked that long; a killed command's lock is gone.

    Args:
        announce: takes a file that must not outlive the command, before it is made.
    """

    def __init__(self, announce: Callable[[Path], None]) -> None:
        self._announce = announce
        self._token = secrets.token_hex(_TOKEN // 2)
        self._locks: dict[Path, int] = {}

    def make(self, path: Path) -> Path | None:
        """Copy a file, or a link itself, to a name beside it; None if there is none.

        Raises:
            OutputError: it can't be copied.
        """
        if not os.path.lexists(path):
            return None
        # By another name than what is being written, which a build may find abandoned and remove.
        token = self._token + secrets.token_hex(4)  # it may have been replaced already
        copy = path.with_name(_BEFORE.format(path.name, token))
        self._announce(copy)
        _copy(path, copy)
        if path.parent not in self._locks and (lock := try_lock(copy)) is not None:
            self._locks[path.parent] = lock
        return copy

    def close(self) -> None:
        """Let others remove what is left of them."""
        while self._locks:
            os.close(self._locks.popitem()[1])


def remove_abandoned_copies(directory: Path) -> None:
    """Remove the copies that killed commands have left in an output directory."""
    by_token: dict[str, list[Path]] = {}
    for copy in matching(directory, _BEFORE.format("*", "*")):
        by_token.setdefault(copy.name.rsplit(".", 2)[1][:_TOKEN], []).append(copy)
    if sys.platform == "win32" or not by_token:
        return
    # Whoever has the directory is making some, or may take away what it finds itself.
    with contextlib.suppress(OutputError), locked(directory, patience=0) as is_alone:
        for copies in by_token.values() if is_alone else ():
            locks = [try_lock(copy) for copy in copies]
            if None not in locks:
                for copy in copies:
                    with contextlib.suppress(OSError):  # another user's
                        copy.unlink()
            for lock in locks:
                if lock is not None:
                    os.close(lock)


def try_lock(path: Path) -> int | None:
    """Lock a file, but no link; gives what is to be closed, or None where it can't be had now."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


def publish(
    files: Mapping[Path, Path | None], copies: Copies, tell: Callable[[str], None]
) -> tuple[Replaced, ...]:
    """Move files into place, each in one step, while no other build does so in their directory.

    Args:
        files: what each is called until then, in the same directory, by what it is to be; None for
            what is to be gone.
        copies: has what was there before.
        tell: takes a line if another build is waited for.

    Returns:
        What was done, to be forgotten or taken back.

    Raises:
        OutputError: a file can't be replaced; then all are what they were before.
    """
    for path in files:
        _check_kind(path)
    with _all_locked(files, tell) as directories:
        for directory in directories:
            _remove_old_copies(directory, files)
        replaced: list[Replaced] = []
        try:
            for path, temporary in files.items():
                identity = None if temporary is None else _identity(temporary)
                # Noted before it is done: an interrupt may come right after it.
                replaced.append(Replaced(path, copies.make(path), identity))
                if temporary is None:
                    path.unlink(missing_ok=True)
                else:
                    _replace(temporary, path)
        except OSError as error:
            refusal = _refusal(path, error)
            _put_back(replaced, refusal)
            raise refusal from None
        except BaseException as error:
            _put_back(replaced, error)
            raise
    return tuple(replaced)


def _replace(temporary: Path, path: Path) -> None:
    """Move a file into place; on Windows, once no other program has that open.

    A virus scanner or an indexer has it for a moment, and so has who deploys it.
    """
    deadline = time.monotonic() + _PATIENCE_WITH_READERS
    while True:
        try:
            temporary.replace(path)
        except PermissionError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _remove_old_copies(directory: Path, files: Iterable[Path]) -> None:
    """Remove the copies of files that are about to be replaced.

    Nobody publishes here now: whoever made them was killed, or can't take back what is replaced.
    """
    names = {path.name for path in files}
    for copy in matching(directory, _BEFORE.format("*", "*")):
        name, _token, _suffix = copy.name[1:].rsplit(".", 2)
        if name in names:
            with contextlib.suppress(OSError):  # another user's
                copy.unlink()


def take_back(
    replaced: Sequence[Replaced], reason: BaseException, tell: Callable[[str], None]
) -> None:
    """Undo what ``publish`` did, but for what another build has replaced since.

    Args:
        reason: why.
        tell: takes a line if another build is waited for.

    Raises:
        OutputError: something can't be undone.
    """
    with _all_locked((done.path for done in replaced), tell):
        _put_back(replaced, reason)


@contextlib.contextmanager
def _all_locked(paths: Iterable[Path], tell: Callable[[str], None]) -> Iterator[list[Path]]:
    """Keep other builds out of the files' directories; gives those that have such locks."""
    with contextlib.ExitStack() as stack:
        yield [
            directory
            for directory in sorted({path.parent for path in paths})
            if stack.enter_context(locked(directory, tell))
        ]


@contextlib.contextmanager
def locked(
    directory: Path,
    tell: Callable[[str], None] = lambda _line: None,
    patience: float | None = None,
) -> Iterator[bool]:
    """Keep other builds from changing an output directory.

    Where no directory can be locked (on Windows, and in some network file systems), nobody is
    kept out; gives whether somebody would be.

    Args:
        tell: takes a line if another process is waited for.
        patience: how many seconds to wait for another process; by default as long as a build may.

    Raises:
        OutputError: another process holds it for longer.
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
        yield _lock(descriptor, directory, tell, _PATIENCE if patience is None else patience)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, directory: Path, tell: Callable[[str], None], patience: float) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    begin = time.monotonic()
    is_told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - begin
            if waited > patience:
                raise OutputError(
                    f"{directory} is kept locked by another process, for {patience:g} seconds "
                    "now. Let the other builds in it end (`fuser` names them), then build again."
                ) from None
            if waited > _UNTOLD and not is_told:
                tell(f"{directory}: waiting for another process that keeps it locked")
                is_told = True
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


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def _copy(path: Path, copy: Path) -> None:
    # Some file systems have no hard links, and some systems none to links.
    with contextlib.suppress(OSError, NotImplementedError):
        os.link(path, copy, follow_symlinks=False)
        return
    try:
        shutil.copyfile(path, copy, follow_symlinks=False)
        shutil.copymode(path, copy, follow_symlinks=False)
    except OSError as error:
        copy.unlink(missing_ok=True)
        raise _refusal(path, error) from None


def _put_back(replaced: Sequence[Replaced], reason: BaseException) -> None:
    for done in reversed(replaced):
        try:
            if not done.is_still_so:
                done.forget()  # it is another build's by now
            elif done.before is None:
                done.path.unlink(missing_ok=True)
            else:
                done.before.replace(done.path)
        except OSError as error:
            raise OutputError(
                f"{reason} And {done.path}, which is the new one, can't be taken back: {error}. "
                "Remove it with what lies beside it, and build again."
            ) from None


def _refusal(path: Path, error: OSError) -> OutputError:
    if sys.platform == "win32" and isinstance(error, PermissionError):
        return OutputError(
            f"{path} can't be replaced: {error}. Close the program that has it open, such as one "
            "that deploys or shows it, or allow writing there, and build again."
        )
    if isinstance(error, FileNotFoundError):  # what it is to be replaced by was there
        return OutputError(
            f"{path} can't be replaced: {error}. If another build, or something else, cleans "
            f"{path.parent}, let it end, and build again."
        )
    return OutputError(f"{path} can't be replaced: {error}. {how_to_write(error)}")
