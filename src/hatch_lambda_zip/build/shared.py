"""What the builds of several projects share: installs, local libraries' wheels, compression."""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from hatch_lambda_zip.archive import ContentStore
from hatch_lambda_zip.build.workspace import Workspace
from hatch_lambda_zip.install import Installer
from hatch_lambda_zip.text import Reporter
from hatch_lambda_zip.uv import find_uv

if TYPE_CHECKING:
    from typing_extensions import Self


class Installers:
    """Installers for the projects of one command, which it builds one after the other.

    What they install is told by what their locks select and by nothing of the projects, but for
    ``zip-version``, which the wheels of their libraries follow.

    Raises:
        UvError: there is no uv.
        OutputError: there is no place for temporary files.
    """

    def __init__(self, report: Reporter) -> None:
        self._report = report
        self._stack = ExitStack()
        self._shared: dict[str | None, tuple[Installer, ContentStore]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(exc_type, exc, traceback)

    def get(self, zip_version: str | None) -> tuple[Installer, ContentStore]:
        """Return what the projects with that ``zip-version`` share, compressed contents too."""
        if zip_version not in self._shared:
            workspace = self._stack.enter_context(Workspace())
            tell, log = self._report.info, self._report.debug
            uv = find_uv(os.environ, log=log, watcher=workspace.watcher, tell=tell)
            installer = Installer(uv, workspace.directory, zip_version)
            store = ContentStore(workspace.directory / "contents")
            self._shared[zip_version] = (
                self._stack.enter_context(installer),
                self._stack.enter_context(store),
            )
        return self._shared[zip_version]
