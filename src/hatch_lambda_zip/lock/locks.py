"""Which lock holds for a function or layer, and whose requirements it has to have."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hatch_lambda_zip.config import TARGET_KEY, Artifact, Options, Project
from hatch_lambda_zip.lock.find import (
    find_code_lock,
    find_embedded_lock,
    find_lock,
    is_there,
    needs_no_lock,
)
from hatch_lambda_zip.lock.model import LockFile, LockKind
from hatch_lambda_zip.lock.read import project_in
from hatch_lambda_zip.lock.recorded import read_requirements
from hatch_lambda_zip.uv import Uv


def requires_nothing(artifact: Artifact, root: Path) -> bool:
    """Tell whether a requirements.txt beside the code says that nothing is required.

    That of the project's own directory says nothing of what the project requires elsewhere.

    Args:
        root: the project's directory.
    """
    request = artifact.request
    if artifact.ships_package or request.extras or request.groups:
        return False
    directories = {root / source for source, _ in artifact.code} - {root}
    files = [directory / "requirements.txt" for directory in directories]
    return any(is_there(file) and not read_requirements(file) for file in files)


class Locks:
    """The locks of one project's functions and layers.

    Args:
        project: the package.
        root: its directory.
        uv: knows the workspace, whose lock it is.
        embedded: the directory with an embedded lock for each zip (see ``embed``), which then
            hold instead of the project's.
    """

    def __init__(self, project: Project, root: Path, uv: Uv, embedded: Path | None = None) -> None:
        self._project = project
        self._root = root
        self._uv = uv
        self._embedded = embedded
        self.of = cache(self._find)
        self._chosen = cache(self._find_chosen)
        self._member = cache(project_in)

    def _find(self, artifact: Artifact) -> LockFile:
        """Return the lock file that holds for a function or layer.

        What lies beside the code goes before the project's own, unless the options name a lock,
        or dependency groups, which are the project's.

        Raises:
            LockError: there is none, or several and no choice.
        """
        if self._embedded is not None:
            return find_embedded_lock(self._embedded / artifact.name, self._root)
        options, root = artifact.options, self._root
        is_own = options.is_own(Options.lock)
        if artifact.code and not is_own and not artifact.request.is_groups_alone:
            directories = [root / source for source, _ in artifact.code]
            if found := find_code_lock(directories, root, self._uv):
                return found
            requires = self._project.requirements(artifact.request)
            is_none = artifact.is_code_alone or requires_nothing(artifact, root)
            if is_none or (not requires and needs_no_lock(root)):
                return LockFile.none(root)
        return self._chosen(options.lock, f"{artifact.key if is_own else TARGET_KEY}.lock")

    def _find_chosen(self, chosen: str | None, key: str) -> LockFile:
        return find_lock(self._root, chosen, self._uv, key=key)

    def lenders(self, artifact: Artifact, lock: LockFile) -> tuple[Project, ...]:
        """Return whose requirements a function or layer has in place of the package's, if any has.

        Raises:
            ConfigError: a code directory's pyproject.toml can't be read.
        """
        if lock.member is None:
            return ()
        package = [self._project] if artifact.ships_package else []
        return (*package, self._member(lock.member))

    def requirers(self, artifact: Artifact, lock: LockFile) -> tuple[Project, ...]:
        """Return the projects whose requirements a lock has to have for a function or layer.

        Another lock than uv.lock that lies beside the code answers for what stands there alone.

        Raises:
            ConfigError: a code directory's pyproject.toml can't be read.
        """
        if lenders := self.lenders(artifact, lock):
            return lenders
        is_projects = lock.kind is LockKind.UV or lock.path.parent == self._root
        is_asked = artifact.ships_package or (lock.kind is not LockKind.NONE and is_projects)
        return (self._project,) if is_asked else ()
