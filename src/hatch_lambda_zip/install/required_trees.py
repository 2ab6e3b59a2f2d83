"""Directories of build requirements, which uv builds where they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.old_setuptools import Traces
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built, may_work_in
from hatch_lambda_zip.install.setuptools_configuration import check_places
from hatch_lambda_zip.install.tree_locks import alone_in
from hatch_lambda_zip.install.work_places import prepare_another, was_built
from hatch_lambda_zip.lock import LocalProject
from hatch_lambda_zip.uv import Uv


class RequiredTrees:
    """The directories of a project's build requirements, during its build."""

    def __init__(self, trees: list[_Tree]) -> None:
        self._trees = trees

    def spoil_a_wheel(self) -> bool:
        """Tell whether all has to be built once more (see `Traces.spoil_the_wheel`).

        Raises:
            DistributionError: what another build left in one of them may be in its wheel.
        """
        spoilt = [tree.spoils_its_wheel() for tree in self._trees]
        return any(spoilt)


@contextlib.contextmanager
def alone_with(
    project: LocalProject,
    required: Mapping[NormalizedName, set[Path]],
    uv: Uv,
    directory: Path,
) -> Iterator[RequiredTrees]:
    """Keep other builds of ours out of a project and the directories that its build requires.

    Nothing is left in the latter.

    Args:
        required: directories where each of the build requirements may be.
        directory: where the places of back ends are.

    Raises:
        DistributionError: the user's configuration of setuptools can't be read.
        OutputError: back ends can't be told of the directory.
        UvTimeoutError: another build is there for longer than a command may take.
        UvError: the build is over.
    """
    paths = (LocalProject(name, path) for name, paths in required.items() for path in paths)
    trees = once_each((project, *paths))
    others = [tree.path for tree in trees if tree != project]
    shared = frozenset(other for other in others if not may_work_in(other))
    with alone_in(trees, uv, shared), contextlib.ExitStack() as left:
        yield RequiredTrees([_Tree(root, directory, uv, left) for root in others])


def once_each(projects: Iterable[LocalProject]) -> list[LocalProject]:
    """Return projects, each directory once, but for those that are gone.

    In an order that is the same for all builds: none waits for one that waits for it.
    """
    found = dict[tuple[int, int], LocalProject]()
    for project in projects:
        with contextlib.suppress(OSError):  # it is gone
            status = project.path.stat()
            # What this user can't read, uv can't build either.
            if os.access(project.path, os.R_OK):
                found.setdefault((status.st_dev, status.st_ino), project)
    return [found[identity] for identity in sorted(found)]


class _Tree:
    """One of these directories, which uv may build there.

    Args:
        root: the directory, before the build.
        directory: where the places of back ends are.
        uv: builds it.
        left: gets what is to be done after the build.
    """

    def __init__(
        self,
        root: Path,
        directory: Path,
        uv: Uv,
        left: contextlib.ExitStack,
    ) -> None:
        self._places = prepare_another(root, directory, uv.environment)
        self._traces = Traces(root, self._places / "egg_base")
        self._traces.pass_on_lists()
        self._refusal: DistributionError | None = None
        left.callback(self._clean)
        try:
            check_places(root, uv.environment)
            left.enter_context(leaving_nothing_built(root, uv.watcher))
        except DistributionError as error:
            self._refusal = error

    def spoils_its_wheel(self) -> bool:
        if not was_built(self._places):
            return False
        if self._refusal:
            raise self._refusal
        return self._traces.spoil_the_wheel()

    def _clean(self) -> None:
        if was_built(self._places):
            self._traces.remove()
