"""Keeps what compiling gave, from build to build, in a directory of the user's."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cache import make_cache
from hatch_lambda_zip.files import read_regular, replacing

_PLACE: Final = "bytecode"
_SCHEMA: Final = 3  # of names and content; also new whenever a result changes without a release
_DIGEST_SIZE: Final = hashlib.sha256().digest_size


class BytecodeCache:
    """Entries by name, each complete and intact or not there at all.

    A directory that can't be used is no failure: the log says so once, and entries are missing.

    Args:
        directory: made when the first entry is.
        salt: says who normalizes, such as a version: nobody finds what was kept with another one.
        log: takes that line.
    """

    def __init__(self, directory: Path, *, salt: str, log: Callable[[str], None]) -> None:
        self._directory = directory
        self._salt = salt
        self._log = log
        self._is_readable = True
        self._is_writable = True

    def entry_name(self, version: str, *, optimize: int, filename: str, source: bytes) -> str:
        """Name the result of one compilation after everything that it depends on.

        Args:
            version: of the CPython, to the patch release.
            filename: the ``co_filename``.

        Returns:
            64 hexadecimal digits.
        """
        circumstances = (str(_SCHEMA), self._salt, version, str(optimize), filename)
        digest = hashlib.sha256(hashlib.sha256(source).digest())
        # None of these holds a NUL, which ends each of them.
        digest.update("".join(f"{part}\0" for part in circumstances).encode())
        return digest.hexdigest()

    def write(self, name: str, content: bytes) -> None:
        """Write an entry, in one step; several processes may do so."""
        if not self._is_writable:
            return
        path = self._path(name)
        try:
            if not path.parent.is_dir():
                make_cache(self._directory, _PLACE)
                path.parent.mkdir(exist_ok=True)
            with replacing(path) as temporary:
                temporary.write_bytes(_digest(name, content) + content)
        except OSError as error:
            self._is_writable = False
            self._report("written", error)

    def read(self, name: str) -> bytes | None:
        """Return what was written under this name; None if it is not there, or not intact."""
        if not self._is_readable:
            return None
        try:
            data = read_regular(self._path(name))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._is_readable = False
            self._report("read", error)
            return None
        if data is None:
            return None
        digest, content = data[:_DIGEST_SIZE], data[_DIGEST_SIZE:]
        if _digest(name, content) != digest:
            return None
        with contextlib.suppress(OSError):  # a directory that can only be read
            os.utime(self._path(name))  # what was not used for long goes first
        return content

    def _path(self, name: str) -> Path:
        return self._directory / _PLACE / name[:2] / name[2:]

    def _report(self, what: str, error: OSError) -> None:
        self._log(
            f"The bytecode cache {self._directory} can't be {what}, so this build does without: "
            f"{error.strerror}"
        )


def _digest(name: str, content: bytes) -> bytes:
    """Return what an entry starts with; the name is in it, so no entry passes for another."""
    return hashlib.sha256(name.encode() + content).digest()
