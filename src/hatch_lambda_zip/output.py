"""Files that are complete or absent, and temporary ones that do not outlive the build."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from hatch_lambda_zip.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

# Waits until the build, and every command that it started, is gone; then removes what is left.
_JANITOR: Final = """
import os, shutil, sys
sys.stdin.buffer.read()
for path in sys.argv[1:]:
    try:
        os.remove(path)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
"""


class Workspace:
    """A directory for a build's temporary files, and its outputs in the making.

    A process that is killed can't clean up after itself. So a second one does: it reads from a
    pipe that nobody writes to, and the end of the pipe is the end of the build.

    Attributes:
        directory: an empty temporary directory.
    """

    def __init__(self, outputs: Iterable[Path] = ()) -> None:
        """Prepare the workspace.

        Args:
            outputs: the files that the build is to make.

        Raises:
            OutputError: one of the directories can't be written.
        """
        token = secrets.token_hex(4)
        self._temporaries = {path: path.with_name(f".{path.name}.{token}.tmp") for path in outputs}
        try:
            for path in self._temporaries:
                path.parent.mkdir(parents=True, exist_ok=True)
            self.directory = Path(tempfile.mkdtemp(prefix="hatch-lambda-zip-"))
        except OSError as error:
            raise OutputError(
                f"No place to work in: {error}. Set TMPDIR or free some space."
            ) from None
        doomed = (self.directory, *self._temporaries.values())
        self._janitor = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _JANITOR),
                *(str(path.absolute()) for path in doomed),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Not in the group that an interrupt or a closing terminal reaches.
            start_new_session=True,
        )

    @property
    def keep_open(self) -> int | None:
        """The file descriptor that tells the janitor that the build is alive, if inheritable."""
        if sys.platform == "win32" or self._janitor.stdin is None:
            return None
        return self._janitor.stdin.fileno()

    @contextlib.contextmanager
    def writing(self, output: Path) -> Iterator[IO[bytes]]:
        """Open the temporary file that is to become an output.

        Raises:
            OutputError: it can't be written.
        """
        try:
            with self._temporaries[output].open("xb") as stream:
                yield stream
        except OSError as error:
            raise OutputError(f"{output} can't be written: {error}.") from None

    def publish(self) -> None:
        """Move the outputs into place, each in one step.

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
        self._janitor.communicate()
