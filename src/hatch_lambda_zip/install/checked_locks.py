"""Keeps what uv builds to check a lock out of later builds."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import check_no_temporary_files
from hatch_lambda_zip.install.build_requirements import directories_required
from hatch_lambda_zip.install.old_setuptools import removing_traces
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built
from hatch_lambda_zip.install.required_trees import once_each
from hatch_lambda_zip.install.setuptools_configuration import removing_lists
from hatch_lambda_zip.install.tree_locks import alone_in
from hatch_lambda_zip.install.wheelhouses import names_in_wheelhouses
from hatch_lambda_zip.lock import LocalProject, is_offline
from hatch_lambda_zip.uv import Uv


@contextlib.contextmanager
def checking(built: Sequence[Path], root: Path, uv: Uv) -> Iterator[tuple[str, ...]]:
    """Give options for a uv command that checks a uv.lock, and remove what that leaves behind.

    A project that does not state what it requires is built for that, with what its build requires.
    Where that is from a directory, or a wheel in one, uv would take what it has kept (uv 0.10 to
    0.13 heed no ``--refresh`` there), and what the project's setup.py makes by an older one would
    be among the sources that are built next. And it would leave in each directory that it builds
    what the back end writes there, which may be a package.

    Args:
        built: the directories of such projects.
        root: where uv runs.

    Raises:
        OutputError: temporary files would lie in one of these directories.
        UvTimeoutError: another build is there for longer than a command may take.
        UvError: the build is over.
    """
    required = directories_required(built, uv.environment)
    kept = any(names_in_wheelhouses(path, uv.environment) for path in built)
    # Where uv is offline it can't build anew; the build of such a project says so.
    options = ("--no-cache",) if (required or kept) and not is_offline(root, uv) else ()
    trees = once_each(LocalProject(path.name, path) for path in (*built, *required))
    for tree in trees:
        check_no_temporary_files(tree.path)
    with contextlib.ExitStack() as left:
        told = Path(left.enter_context(tempfile.TemporaryDirectory()))  # nobody is told of it
        left.enter_context(alone_in(trees, uv))
        for tree in trees:
            left.enter_context(removing_traces(tree.path, told))
            left.enter_context(removing_lists(tree.path, uv.environment))
            # Where something is there already, the build of such a project says so.
            with contextlib.suppress(DistributionError):
                left.enter_context(leaving_nothing_built(tree.path, uv.watcher))
        yield options
