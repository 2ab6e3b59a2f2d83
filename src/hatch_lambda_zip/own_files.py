"""Which files of the project itself ship: a choice among its wheel's, and others besides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import OwnFilesError
from hatch_lambda_zip.left_out import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hatch_lambda_zip.artifacts import OwnFiles
    from hatch_lambda_zip.installed import Installed


# What machines leave in directories; hatchling leaves it out of wheels, too.
_NOISE: Final = frozenset(("__pycache__", ".DS_Store"))


def choose(installed: Installed, own_files: OwnFiles) -> tuple[Installed, tuple[str, ...]]:
    """Leave files of the package's wheel out, by patterns as in .gitignore.

    As in hatchling, ``exclude`` wins over ``include``. What is in ``.dist-info`` always ships.

    Args:
        installed: the package.
        own_files: the patterns.

    Returns:
        What ships, and the patterns that match no file.
    """
    names = [entry.name for entry in installed.entries]
    files = [name for name in names if not name.startswith(f"{installed.dist_info}/")]
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
        OwnFilesError: a source is not there, or leaves the project.
    """
    found: list[tuple[str, Entry]] = []
    for source, place in added:
        path = root / source
        for file in _files(path):
            relative = file.relative_to(root).as_posix()
            if file.is_dir():
                raise OwnFilesError(
                    f'{key}.include-files."{source}": {relative} is a symbolic link to a '
                    "directory. Name that directory itself."
                )
            if not file.resolve().is_relative_to(root.resolve()):
                raise OwnFilesError(
                    f'{key}.include-files."{source}": {relative} is a symbolic link that leaves '
                    f"the project, to {file.resolve()}. Copy the file into the project."
                )
            name = place if file == path else f"{place}/{file.relative_to(path).as_posix()}"
            try:
                content = file.read_bytes()
            except OSError as error:
                raise OwnFilesError(f'{key}.include-files."{source}": {error}.') from None
            found.append((relative, Entry.of(name, content, owner)))
        if not path.exists():
            raise OwnFilesError(
                f'{key}.include-files."{source}": there is no {source!r} in {root}. Correct the '
                "path; in an unpacked sdist, make the sdist take the file along."
            )
    return tuple(found)


def _files(path: Path) -> Iterator[Path]:
    """Yield a file, or all files below a directory, in the order of their names.

    Links to directories are yielded as they are, since they may lead back to where they stand.
    """
    if not path.is_dir():
        if path.is_file():
            yield path
        return
    for inner in sorted(path.iterdir(), key=lambda inner: inner.name):
        if inner.is_symlink() and inner.is_dir():
            yield inner
        elif inner.name not in _NOISE:
            yield from _files(inner)
