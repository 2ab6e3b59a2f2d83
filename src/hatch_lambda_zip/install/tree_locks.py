"""One build of ours at a time in a source tree."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import UvTimeoutError
from hatch_lambda_zip.lock import LocalProject
from hatch_lambda_zip.uv import TIMEOUT_VARIABLE, Uv

_PAUSE: Final = 0.1  # seconds between two looks at a lock


@contextlib.contextmanager
def alone_in(
    trees: list[LocalProject], uv: Uv, shared: frozenset[Path] = frozenset()
) -> Iterator[None]:
    """Keep other builds of ours out of source trees.

    Some back ends work inside them (pdm-backend in ``.pdm-build``), and the functions of a
    workspace, built at the same time, share their members, and what these require to be built.

    Args:
        trees: in an order that is the same for all builds.
        shared: the directories of those that several builds may take something from at a time.

    Raises:
        UvTimeoutError: another one is there for longer than a command may take.
        UvError: the build is over.
    """
    if sys.platform == "win32":
        yield
        return
    with contextlib.ExitStack() as opened:
        for tree in trees:
            directory = os.open(tree.path, os.O_RDONLY)
            opened.callback(os.close, directory)
            _wait_for(directory, tree, uv, is_shared=tree.path in shared)
        yield


def _wait_for(directory: int, tree: LocalProject, uv: Uv, *, is_shared: bool) -> None:
    """Lock an open directory, as soon as no other build holds it."""
    if sys.platform == "win32":
        return
    import fcntl

    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    until = time.monotonic() + uv.timeout
    is_told = False
    while True:
        try:
            fcntl.flock(directory, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        except OSError:
            return  # a file system without locks has to do without
        else:
            return
        if not is_told:
            (uv.tell or uv.log)(f"{tree.name}: waiting for another build that works in {tree.path}")
            is_told = True
        if time.monotonic() > until:
            raise UvTimeoutError(
                f"Another build has worked in {tree.path} for more than {uv.timeout:g} "
                "seconds. End it (`fuser -v` with that path names its process), or set "
                f"{TIMEOUT_VARIABLE} to more seconds."
            )
        uv.pause(_PAUSE)
