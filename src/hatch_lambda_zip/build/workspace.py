"""Files that are complete or absent, and temporary ones that do not outlive the build."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final

from hatch_lambda_zip.build.publish import (
    Copies,
    Replaced,
    publish,
    remove_abandoned_copies,
    take_back,
    try_lock,
)
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import check_outside, how_to_write, matching
from hatch_lambda_zip.process import MARK_VARIABLE, Watcher, kill_marked, remove_tree

if TYPE_CHECKING:
    from typing_extensions import Self

# Whoever makes such a name locks it; development versions did not, and had others.
_DIRECTORY: Final = "hatch-lambda-zip-{}-locked"
_FILE: Final = ".{}.{}.locked.tmp"


class Workspace:
    """A directory for a command's temporary files, and its outputs in the making.

    A process that is killed can't clear up after itself: a watcher does, and where that was killed
    too, the next workspace removes the directory. It knows it by the lock that nobody holds.

    Attributes:
        directory: an empty temporary directory.
        watcher: who ends and removes what is left when this process is killed.
    """

    def __init__(
        self,
        sources: Path | None = None,
        watcher: Watcher | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Prepare the workspace.

        Args:
            sources: a directory that it must not lie in.
            watcher: one that watches over this build already.
            tell: takes a line if another build is waited for.

        Raises:
            OutputError: there is no place for temporary files.
        """
        place = Path(tempfile.gettempdir())
        if sources is not None:
            check_outside(place, sources)
        self._temporaries: dict[Path, Path] = {}
        self._removed: list[Path] = []
        self._published: list[Replaced] = []
        self._swept: set[Path] = set()
        self._lock = contextlib.ExitStack()
        self._file_locks = contextlib.ExitStack()
        # What build hooks start in this process belongs to the build as well.
        self._mark_before = os.environ.get(MARK_VARIABLE)
        self.watcher = watcher or Watcher()
        os.environ[MARK_VARIABLE] = self.watcher.mark
        self._tell = tell
        self._copies = Copies(self.watcher.remove_later)
        try:
            _sweep(place, _DIRECTORY.format("*"))
            self.directory = self._make_directory(place)
        except BaseException as error:
            self._close(cleared=False)
            if not isinstance(error, OSError):
                raise
            raise OutputError(
                f"No place to work in: {error}. Set TMPDIR or free some space."
            ) from None

    def _make_directory(self, place: Path) -> Path:
        while True:
            directory = (place / _DIRECTORY.format(secrets.token_hex(8))).absolute()
            self.watcher.remove_later(directory)
            directory.mkdir(mode=0o700)
            if _keep(directory, self._lock):
                return directory

    def _make_file(self, output: Path) -> IO[bytes]:
        while True:
            temporary = output.with_name(_FILE.format(output.name, secrets.token_hex(4)))
            self.watcher.remove_later(temporary)
            self._temporaries[output] = temporary
            stream = temporary.open("xb")
            if _keep(temporary, self._file_locks):
                return stream
            stream.close()

    def _close(self, *, cleared: bool) -> None:
        self._lock.close()
        self._file_locks.close()
        self._copies.close()
        if cleared:
            self.watcher.close()
        else:
            self.watcher.clear_up()
        if self._mark_before is None:
            os.environ.pop(MARK_VARIABLE, None)
        else:
            os.environ[MARK_VARIABLE] = self._mark_before

    @contextlib.contextmanager
    def writing(self, output: Path) -> Iterator[IO[bytes]]:
        """Open a temporary file that is to become an output, unless anything is raised.

        Raises:
            OutputError: it can't be written.
        """
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            self.sweep(output.parent)
            with self._make_file(output) as stream:
                yield stream
        except BaseException as error:
            if output in self._temporaries:
                with contextlib.suppress(OSError):  # nothing was written, and the error says why
                    self._temporaries.pop(output).unlink(missing_ok=True)
            if not isinstance(error, OSError):
                raise
            error.filename = error.filename or str(output)
            raise OutputError(
                f"{output} can't be written: {error.strerror}. {how_to_write(error)}"
            ) from None

    def sweep(self, directory: Path) -> None:
        """Remove what killed builds have left in an output directory, unless that was done."""
        if directory not in self._swept:
            self._swept.add(directory)
            _sweep(directory, _FILE.format("*", "*"))
            remove_abandoned_copies(directory)

    def remove(self, output: Path) -> None:
        """Have a file removed when others take their places."""
        self._removed.append(output)

    def publish(self) -> None:
        """Move what was written since the last time into place, all of it or nothing.

        It is taken back if the command fails later, so that no half of its outputs is left.

        Raises:
            OutputError: something can't be replaced.
        """
        # What was written first is the largest.
        files: dict[Path, Path | None] = dict(reversed(self._temporaries.items()))
        files |= dict.fromkeys(self._removed)
        self._published += publish(files, self._copies, self._tell)
        self._temporaries.clear()
        self._removed.clear()
        self._file_locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        cleared = False  # an interrupt may come at any time, even here
        is_interrupted = isinstance(exc, KeyboardInterrupt)
        try:
            if is_interrupted:
                kill_marked(self.watcher.mark)
            remove_tree(self.directory)
            for temporary in self._temporaries.values():
                temporary.unlink(missing_ok=True)
            if exc is not None:
                take_back(self._published, exc, self._tell)
            for done in self._published:
                done.forget()
            cleared = not is_interrupted
        finally:
            self._close(cleared=cleared)


def _keep(path: Path, locks: contextlib.ExitStack) -> bool:
    """Keep a file or directory from being swept; on Windows nothing is.

    Returns:
        False if another build has swept it before it was locked.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        opened = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    locks.callback(os.close, opened)
    with contextlib.suppress(OSError):  # a file system without locks; nobody sweeps there
        fcntl.flock(opened, fcntl.LOCK_EX)
    return path.exists()


def _sweep(directory: Path, pattern: str) -> None:
    """Remove what killed builds of this user have left: what nobody has locked."""
    if sys.platform == "win32":
        return
    for path in matching(directory, pattern):
        if (opened := try_lock(path)) is None:
            continue  # in use, or just gone
        try:
            status = os.fstat(opened)
            if status.st_uid != os.getuid():
                continue
            if stat.S_ISDIR(status.st_mode):
                remove_tree(path)
            elif stat.S_ISREG(status.st_mode):
                with contextlib.suppress(OSError):  # just gone
                    path.unlink()
        finally:
            os.close(opened)
