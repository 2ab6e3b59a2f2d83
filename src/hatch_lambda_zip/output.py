"""Files that are complete or absent, and temporary ones that never outlive the build."""

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
    from collections.abc import Iterator
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
    """The temporary files of one artifact: a directory, and two outputs in the making.

    A process that is killed can't clean up after itself. So a second one does: it reads from a
    pipe that nobody writes to, and the end of the pipe is the end of the build.

    Attributes:
        directory: an empty temporary directory.
    """

    def __init__(self, artifact: Path, manifest: Path) -> None:
        """Prepare the workspace.

        Args:
            artifact: the zip to be.
            manifest: the manifest to be, in the same directory.

        Raises:
            OutputError: one of the directories can't be written.
        """
        token = secrets.token_hex(4)
        self._outputs = [
            (path.with_name(f".{path.name}.{token}.tmp"), path) for path in (artifact, manifest)
        ]
        try:
            artifact.parent.mkdir(parents=True, exist_ok=True)
            self.directory = Path(tempfile.mkdtemp(prefix="hatch-lambda-zip-"))
        except OSError as error:
            raise OutputError(
                f"No place to work in: {error}. Set TMPDIR or free some space."
            ) from None
        self._janitor = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", "-c", _JANITOR),
                *(str(path.absolute()) for path in (self.directory, *self._temporaries)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Not in the group that an interrupt or a closing terminal reaches.
            start_new_session=True,
        )

    @property
    def _temporaries(self) -> list[Path]:
        return [temporary for temporary, _ in self._outputs]

    @property
    def keep_open(self) -> int | None:
        """The file descriptor that tells the janitor that the build is alive, if inheritable."""
        if sys.platform == "win32" or self._janitor.stdin is None:
            return None
        return self._janitor.stdin.fileno()

    @contextlib.contextmanager
    def artifact(self) -> Iterator[IO[bytes]]:
        """Open the temporary file for the zip."""
        with self._open(0) as stream:
            yield stream

    def write_manifest(self, text: str) -> None:
        """Write the temporary file for the manifest."""
        with self._open(1) as stream:
            stream.write(text.encode())

    def publish(self) -> None:
        """Move both outputs into place, each in one step.

        Raises:
            OutputError: the directory refuses it.
        """
        for _, path in self._outputs:
            # Found out before the first of them is replaced, so that they stay a pair.
            if path.is_dir():
                raise OutputError(f"{path} can't be replaced: it is a directory. Move it away.")
        for temporary, path in self._outputs:
            try:
                temporary.replace(path)
            except OSError as error:
                raise OutputError(f"{path} can't be replaced: {error}.") from None

    @contextlib.contextmanager
    def _open(self, number: int) -> Iterator[IO[bytes]]:
        temporary, path = self._outputs[number]
        try:
            with temporary.open("xb") as stream:
                yield stream
        except OSError as error:
            raise OutputError(f"{path} can't be written: {error}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        for temporary in self._temporaries:
            temporary.unlink(missing_ok=True)
        self._janitor.communicate()
