"""Files that are complete or absent, and temporary ones that do not outlive the build."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final

from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import beside

if TYPE_CHECKING:
    from typing_extensions import Self

# Waits until the build, and every command that it started, is gone; then removes what is left.
# What that may be, it is told before the file or directory is made.
_JANITOR: Final = """
import os, shutil, sys
*paths, _unfinished = sys.stdin.buffer.read().split(b"\\0")
for path in paths:
    try:
        os.remove(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
"""


class Workspace:
    """A directory for a command's temporary files, and its outputs in the making.

    A process that is killed can't clean up after itself. So a second one does: it reads from a
    pipe that this one keeps open, and the end of the pipe is the end of the build.

    Attributes:
        directory: an empty temporary directory.
    """

    def __init__(self) -> None:
        """Prepare the workspace.

        Raises:
            OutputError: there is no place for temporary files.
        """
        heard, self._alive = os.pipe()
        try:
            self._janitor = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _JANITOR],
                stdin=heard,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Not in the group that an interrupt or a closing terminal reaches.
                start_new_session=True,
            )
        finally:
            os.close(heard)
        self._temporaries: dict[Path, Path] = {}
        try:
            name = f"hatch-lambda-zip-{secrets.token_hex(8)}"
            self.directory = Path(tempfile.gettempdir(), name)
            self._announce(self.directory)
            self.directory.mkdir(mode=0o700)
        except OSError as error:
            self._dismiss()
            raise OutputError(
                f"No place to work in: {error}. Set TMPDIR or free some space."
            ) from None

    def _announce(self, path: Path) -> None:
        """Tell the janitor of something that must not outlive the build."""
        os.write(self._alive, os.fsencode(path.absolute()) + b"\0")

    def _dismiss(self) -> None:
        """Let the janitor do its work, and wait for its end."""
        os.close(self._alive)
        self._janitor.wait()

    @property
    def keep_open(self) -> int | None:
        """The file descriptor that tells the janitor that the build is alive, if inheritable."""
        return None if sys.platform == "win32" else self._alive

    @contextlib.contextmanager
    def writing(self, output: Path) -> Iterator[IO[bytes]]:
        """Open a temporary file that is to become an output.

        Raises:
            OutputError: it can't be written.
        """
        temporary = beside(output)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            self._announce(temporary)
            self._temporaries[output] = temporary
            with temporary.open("xb") as stream:
                yield stream
        except OSError as error:
            raise OutputError(f"{output} can't be written: {error}.") from None

    def publish(self) -> None:
        """Move what was written since the last time into place, each file in one step.

        Raises:
            OutputError: a directory refuses it.
        """
        for path in self._temporaries:
            # Found out before the first of them is replaced, so that they stay together.
            if path.is_dir():
                raise OutputError(f"{path} can't be replaced: it is a directory. Move it away.")
        for path, temporary in self._temporaries.items():
            try:
                temporary.replace(path)
            except OSError as error:
                raise OutputError(f"{path} can't be replaced: {error}.") from None
        self._temporaries.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        for temporary in self._temporaries.values():
            temporary.unlink(missing_ok=True)
        self._dismiss()
