"""Which files of the project itself ship: a choice among its wheel's, and others besides."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config import OwnFiles
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.install import Installed, Reason

# What machines leave in directories; hatchling leaves it out of wheels, too.
_NOISE: Final = frozenset(("__pycache__", ".DS_Store"))


def select_own_files(
    installed: Installed, own_files: OwnFiles
) -> tuple[Installed, tuple[str, ...]]:
    """Leave files of the package's wheel out, by patterns as in .gitignore.

    As in hatchling, ``exclude`` wins over ``include``. What is in ``.dist-info`` always ships.

    Returns:
        What ships, and the patterns that match no file.
    """
    names = [entry.name for entry in installed.entries]
    files = [name for name in names if not installed.is_metadata(name)]
    reasons: dict[str, Reason] = {}
    if own_files.include is not None:
        included = set(GitIgnoreSpec.from_lines(own_files.include).match_files(files))
        reasons |= {name: Reason.PATTERN for name in files if name not in included}
    excluded = set(GitIgnoreSpec.from_lines(own_files.exclude).match_files(files))
    reasons |= {name: Reason.PATTERN for name in files if name in excluded}
    idle = tuple(
        pattern
        for pattern in (*(own_files.include or ()), *own_files.exclude)
        # "!" takes back what others match.
        if not pattern.startswith("!")
        and not any(GitIgnoreSpec.from_lines([pattern]).match_files(files))
    )
    return installed.without(reasons), idle


def read_added(
    root: Path, added: Iterable[tuple[str, str]], *, owner: str, key: str
) -> tuple[tuple[str, Entry], ...]:
    """Read files of the project that ship besides.

    Args:
        root: the project's directory.
        added: source relative to it, and destination in the zip; directories with all that is
            in them.
        owner: the distribution that the files are counted for.
        key: the configuration key of the table, for errors.

    Returns:
        The source of each file, and its entry.

    Raises:
        ContentsError: a source is not there, has nothing in it, or leaves the project; or two
            of them have one destination.
    """
    found: dict[str, tuple[str, Entry]] = {}
    for source, place in added:
        where = f'{key}.include-files."{source}"'
        path = root / source
        if not os.path.lexists(path):
            raise ContentsError(
                f"{where}: there is no {source!r} in {root}. Correct the "
                "path; in an unpacked sdist, make the sdist take the file along."
            )
        try:
            files = [(file, file.read_bytes()) for file in _files(path, root.resolve(), where)]
        except OSError as error:
            raise ContentsError(f"{where}: {error}.") from None
        if not files:
            raise ContentsError(f"{where}: no file is in it. Remove the line, or add a file.")
        for file, content in files:
            relative = file.relative_to(root).as_posix()
            name = place if file == path else f"{place}/{file.relative_to(path).as_posix()}"
            other, _ = found.setdefault(name, (relative, Entry.of(name, content, owner)))
            if other != relative:
                raise ContentsError(
                    f"{where}: {relative} and {other} would both be {name} in the zip. Choose "
                    "another place for one of them."
                )
    return tuple(found.values())


def _files(path: Path, root: Path, where: str, around: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield a file, or all files below a directory, in the order of their names.

    Args:
        root: the project's directory, without links.
        where: the configuration key, for errors.
        around: the directories that led here, likewise.

    Raises:
        ContentsError: one leaves the project, is in itself, or is neither file nor directory.
    """
    real = Path(os.path.realpath(path, strict=True))
    if not real.is_relative_to(root):
        raise ContentsError(
            f"{where}: {path} is a symbolic link that leaves the project, to {real}. Copy what it "
            "names into the project."
        )
    if real.is_file():
        yield path
    elif not real.is_dir():
        raise ContentsError(f"{where}: {path} is neither a file nor a directory. Remove it.")
    elif real in around or any(real in directory.parents for directory in around):
        raise ContentsError(
            f"{where}: {path} is a symbolic link to a directory that it lies in. Remove it."
        )
    else:
        for inner in sorted(path.iterdir(), key=lambda inner: inner.name):
            if inner.name not in _NOISE:
                yield from _files(inner, root, where, (*around, real))
