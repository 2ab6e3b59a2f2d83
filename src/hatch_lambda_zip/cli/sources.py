"""Where all lies that a project is built from: its repository, its code and its local projects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.project import OpenProject
from hatch_lambda_zip.config import read_stated_project
from hatch_lambda_zip.contents import top_of
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.lock import LockKind, Locks
from hatch_lambda_zip.uv import find_uv

# In uv.lock and pylock.toml; in requirements.txt.
_LOCAL: Final = re.compile(
    r"""\b(?:editable|directory|virtual|path)[ \t]*=[ \t]*"([^"\n]+)\""""
    r"""|^(?:-e[ \t]+|--editable[ \t=]+)([^\s;#\[]+)"""
    r"""|^(\.{1,2}/[^\s;#\[]+)""",
    re.MULTILINE,
)


def sources_of(opened: OpenProject, console: Console) -> set[Path]:
    """Return files and directories that have all that a project is built from, links resolved.

    Among them is the top of its repository, which has most of it.

    Raises:
        LambdaZipError: its table or its locks can't be read.
    """
    root, builder = opened.root, opened.builder
    found = {root, top_of(root, root)}
    stated = read_stated_project(builder.metadata.config)
    locks = Locks(
        stated, root, find_uv(os.environ, log=console.display_debug, tell=console.display_info)
    )
    for artifact in builder.lambda_config.artifacts:
        named = (*artifact.code, *artifact.own_files.added)
        found.update(root / source for source, _ in named)
        lock = locks.of(artifact)
        if lock.kind is not LockKind.NONE:
            found.update((lock.path.parent, *_local_projects(lock.path)))
    return {path.resolve() for path in found}


def _local_projects(lock: Path) -> Iterator[Path]:
    """Yield what a lock names that is there on disk."""
    text = (read_regular(lock) or b"").decode("utf-8", "replace")
    for found in _LOCAL.finditer(text):
        path = lock.parent / next(filter(None, found.groups()))
        if path.exists():
            yield path
