"""Selects for the functions and layers of one project: which lock holds, and what that says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from hatch_lambda_zip.config import Artifact, Options, Project
from hatch_lambda_zip.lock.locks import Locks
from hatch_lambda_zip.lock.model import LockKind, Selection
from hatch_lambda_zip.lock.read import Checking, LockReader
from hatch_lambda_zip.uv import Uv

if TYPE_CHECKING:
    from typing_extensions import Self


class Selector:
    """What a project's functions and layers need, selected once.

    Args:
        project: the package.
        root: its directory.
        uv: exports what a uv.lock has.
        checking: see `LockReader`.
        embedded: the directory with an embedded lock for each zip (see ``embed``), which then
            hold instead of the project's.

    Attributes:
        uv: the same.
        locks: which lock holds for each.
    """

    def __init__(
        self,
        project: Project,
        root: Path,
        uv: Uv,
        checking: Checking,
        embedded: Path | None = None,
    ) -> None:
        self.uv = uv
        self.locks = Locks(project, root, uv, embedded)
        self._reader = LockReader(root, project.name, uv, checking)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is not None:
            self.uv.stop()
        self._reader.close()

    def start(self, artifact: Artifact) -> None:
        """Have uv export what a function or layer needs, while something else is done.

        Raises:
            LockError: there is no lock, or several and no choice.
        """
        lock = self.locks.of(artifact)
        if lock.kind is LockKind.UV:
            self._reader.start(lock, artifact.request)

    def select(self, artifact: Artifact) -> Selection:
        """Return what a function or layer needs besides the package itself.

        Raises:
            LockError: the lock does not say it, or does not fit pyproject.toml.
        """
        names = artifact.options.build_from_source
        lock = self.locks.of(artifact)
        selection = self._reader.select(lock, artifact.platform, artifact.request, names)
        found = {locked.name for locked in selection.distributions}
        if artifact.options.is_own(Options.build_from_source) and not found.issuperset(names):
            unknown = ", ".join(name for name in names if name not in found)
            warning = f"`build-from-source`: {unknown} is nothing that {lock.name} selects here"
            return replace(selection, warnings=(*selection.warnings, warning))
        return selection
