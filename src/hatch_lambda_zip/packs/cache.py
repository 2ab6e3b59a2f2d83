"""Where packs are kept from command to command."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from hatch_lambda_zip.archive import CompressedContent
from hatch_lambda_zip.cache import make_cache, note_build, prune
from hatch_lambda_zip.errors import DamagedPackError
from hatch_lambda_zip.files import replacing
from hatch_lambda_zip.packs.pack import Pack, write_pack

_PLACE: Final = "packs"


class PackCache:
    """The packs that a command opens and makes; for several threads.

    A directory that can't be used is no failure: the log says so, and packs are missing.

    Args:
        directory: of the cache; None for none.
        log: takes lines that hardly anybody wants to know.
    """

    def __init__(self, directory: Path | None, log: Callable[[str], None]) -> None:
        self._directory = directory
        self._log = log
        self._open: dict[Path, Pack] = {}
        self._lock = threading.Lock()
        self._has_written = False
        self._started = time.time()

    def close(self) -> None:
        """Close what is open, and keep within the bounds."""
        for pack in self._open.values():
            pack.close()
        if self._directory is None:
            return
        with contextlib.suppress(OSError):  # the next command tries again
            if not self._directory.is_dir():  # which raises where it can't be looked for
                return
            note_build(self._directory, self._started)
            if self._has_written:
                prune(self._directory)

    def find(self, name: str, key: str) -> Pack | None:
        """Return the pack of a key, if it is there and as it was written.

        Args:
            name: what the file is called first, for people.
        """
        path = self._path(name, key)
        if path is None:
            return None
        with self._lock:
            if path in self._open:
                return self._open[path]
            try:
                pack = self._open[path] = Pack(path, key)
                os.utime(path)  # what was not used for long goes first
            except FileNotFoundError:
                return None
            except (DamagedPackError, OSError) as error:
                self._log(f"{error}; it is made anew")
                return None
            return pack

    def save(
        self, name: str, key: str, about: object, contents: Iterable[CompressedContent]
    ) -> None:
        """Keep a pack, in one step; several processes may do so."""
        path = self._path(name, key)
        if path is None or self._directory is None:
            return
        try:
            make_cache(self._directory, _PLACE)
            with replacing(path) as temporary, temporary.open("wb") as stream:
                write_pack(stream, key, about, contents)
        except OSError as error:
            self._log(f"{path} can't be written, so nothing is kept: {error}")
        else:
            self._has_written = True

    def remove(self, path: Path) -> None:
        """Remove a pack that is damaged, and have none from now on."""
        with self._lock:
            if pack := self._open.pop(path, None):
                pack.close()  # on Windows it could not be removed
        with contextlib.suppress(OSError):  # it is gone, or nobody can make it anew
            path.unlink()
        self._directory = None

    def _path(self, name: str, key: str) -> Path | None:
        if self._directory is None:
            return None
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return self._directory / _PLACE / f"{name}-{digest}.pack"
