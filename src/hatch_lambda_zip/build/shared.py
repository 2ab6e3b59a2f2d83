"""What the zips of a command share: installs, local libraries' wheels, compression, packs."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from hatch_lambda_zip.archive import CompressedContent, ContentStore, compressed
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.cache import find_cache
from hatch_lambda_zip.contents import machine_of
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installer
from hatch_lambda_zip.packs import PackCache
from hatch_lambda_zip.text import Reporter
from hatch_lambda_zip.uv import Uv, find_uv

if TYPE_CHECKING:
    from typing_extensions import Self


class Shared:
    """What one project's zips share, or those of all projects with one ``zip-version``.

    Args:
        directory: for temporary files.
        cache: the user's; None for none.

    Attributes:
        installer: installs for all zips.
        store: has what is compressed, for the next zip.
        bytecode: has third parties' compiled modules.
    """

    def __init__(
        self, uv: Uv, directory: Path, cache: Path | None, zip_version: str | None
    ) -> None:
        self._stack = ExitStack()
        packs = self._stack.enter_context(closing(PackCache(cache, uv.log)))
        # Without a cache, this command's zips share them all the same.
        self.bytecode = packs if cache else PackCache(directory / "bytecode", uv.log)
        if cache is None:
            self._stack.enter_context(closing(self.bytecode))
        self.store = self._stack.enter_context(closing(ContentStore(directory / "contents")))
        self.installer = self._stack.enter_context(Installer(uv, directory, zip_version, packs))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack:
            if exc is None:
                self.installer.keep_packs(self.compress)
            self._stack.__exit__(exc_type, exc, traceback)

    def compress(self, entry: Entry) -> CompressedContent:
        """Return a content as it lies in a zip, compressed once."""
        return compressed(entry, inspect, self.store)


def inspect(_entry: Entry, content: bytes) -> int | None:
    """Return what is to be known of each content in a zip: the machine that it was built for."""
    return machine_of(content)


class Installers:
    """What the projects of one command share, which it builds one after the other.

    What they install is told by what their locks select and by nothing of the projects, but for
    ``zip-version``, which the wheels of their libraries follow.

    Raises:
        UvError: there is no uv.
        OutputError: there is no place for temporary files.
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._stack = ExitStack()
        self._shared: dict[str | None, Shared] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(exc_type, exc, traceback)

    def get(self, zip_version: str | None) -> Shared:
        """Return what the projects with that ``zip-version`` share."""
        if zip_version not in self._shared:
            workspace = self._stack.enter_context(Workspace())
            tell, log = self._report.info, self._report.debug
            uv = find_uv(os.environ, log=log, watcher=workspace.watcher, tell=tell)
            cache = find_cache(os.environ, self._report.warning)
            shared = Shared(uv, workspace.directory, cache, zip_version)
            self._shared[zip_version] = self._stack.enter_context(shared)
        return self._shared[zip_version]
