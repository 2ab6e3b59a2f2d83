"""Directories of build requirements, which uv builds where they are."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.old_setuptools import Traces
from hatch_lambda_zip.install.other_trees import places_of
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built
from hatch_lambda_zip.lock import LocalProject


def once_each(
    project: LocalProject, required: Mapping[NormalizedName, set[Path]]
) -> list[LocalProject]:
    """Return a project and what its build takes from directories, each directory once.

    In an order that is the same for all builds: none waits for one that waits for it.
    """
    others = [LocalProject(name, path) for name, paths in required.items() for path in paths]
    found = dict[tuple[int, int], LocalProject]()
    # What this user can't read, uv can't build either.
    for it in (project, *(other for other in others if os.access(other.path, os.R_OK))):
        with contextlib.suppress(OSError):  # it is gone
            status = it.path.stat()
            found.setdefault((status.st_dev, status.st_ino), it)
    return [found[identity] for identity in sorted(found)]


class _Requirement:
    """The directory of a build requirement, which uv may build there.

    Args:
        root: the directory, before the build.
        directory: where the places of back ends are.
    """

    def __init__(self, root: Path, directory: Path) -> None:
        self._own = Path(places_of(str(root), str(directory)))
        self._traces = Traces(root, self._own / "egg_base")
        self._left = contextlib.ExitStack()
        self._refusal: DistributionError | None = None
        try:
            self._left.enter_context(leaving_nothing_built(root))
        except DistributionError as error:
            self._refusal = error

    def spoils_the_wheel(self) -> bool:
        """Tell whether all has to be built once more (see `Traces.spoil_the_wheel`).

        Raises:
            DistributionError: what another build left there may be in its wheel.
        """
        if not self._own.exists():
            return False
        if self._refusal:
            raise self._refusal
        return self._traces.spoil_the_wheel()

    def clean(self) -> None:
        """Remove what was not there before, if it was built."""
        self._left.close()
        if self._own.exists():
            self._traces.remove()


@contextlib.contextmanager
def leaving_requirements(
    trees: list[LocalProject], directory: Path
) -> Iterator[list[_Requirement]]:
    """Leave nothing in directories of build requirements that are built there.

    Args:
        directory: where the places of back ends are.
    """
    with contextlib.ExitStack() as left:
        requirements = []
        for tree in trees:
            requirements.append(_Requirement(tree.path, directory))
            left.callback(requirements[-1].clean)
        yield requirements
