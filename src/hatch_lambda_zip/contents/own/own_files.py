"""Which files of the project itself ship: a choice among its wheel's, and others besides."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.config import PARENT, OwnFiles
from hatch_lambda_zip.contents.own.gitignore import (
    IgnoreRules,
    repository_of,
    rules_at,
    top_of,
)
from hatch_lambda_zip.contents.own.outputs import Outputs, is_artifact
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.files import check_depth, check_not_written_to, failure_at
from hatch_lambda_zip.install import Installed, Reason

# What machines leave in directories, and no repository has: what hatchling 1.33 leaves out of
# wheels whatever is configured.
NOISE: Final = frozenset(
    (
        *("__pycache__", ".venv", ".git", ".hg", ".hatch", ".tox", ".nox", ".ruff_cache"),
        *(".pytest_cache", ".mypy_cache", ".pixi", ".DS_Store"),
    )
)


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
    excluded, idle = excluded_by_patterns(files, own_files)
    return installed.without(dict.fromkeys(excluded, Reason.PATTERN)), idle


def excluded_by_patterns(
    files: Sequence[str], own_files: OwnFiles
) -> tuple[list[str], tuple[str, ...]]:
    """Return the files that patterns leave out, in their order, and the idle patterns."""
    excluded = set(GitIgnoreSpec.from_lines(own_files.exclude).match_files(files))
    if own_files.include is not None:
        included = set(GitIgnoreSpec.from_lines(own_files.include).match_files(files))
        excluded |= {*files} - included
    idle = tuple(
        pattern
        for pattern in (*(own_files.include or ()), *own_files.exclude)
        # "!" takes back what others match.
        if not pattern.startswith("!")
        and not any(GitIgnoreSpec.from_lines([pattern]).match_files(files))
    )
    return [name for name in files if name in excluded], idle


def idle_own_pattern(pattern: str, own: str, others: Iterable[Installed]) -> str:
    """Return the warning for a pattern that matches no file of the package's wheel.

    Args:
        others: what else ships, which the pattern may have been meant for.
    """
    spec = GitIgnoreSpec.from_lines([pattern])
    matched = [
        item.name for item in others if any(spec.match_file(entry.name) for entry in item.entries)
    ]
    text = f"the pattern {pattern!r} matches no file of {own}"
    if matched:
        text += f"; it matches files of {', '.join(matched)}, which `exclude-files` leaves out"
    return text


@dataclass(frozen=True)
class Surroundings:
    """What decides which files of a directory that is included do not ship.

    Attributes:
        root: the project's directory.
        outputs: where builds write.
        bound: where the .gitignore files begin if there is no repository, the workspace's or the
            project's directory; None where none counts.
        only: in an unpacked sdist, the files that ship, by their paths; None for all.
        limits: directories, out of all of which no link may lead; none for the project's.
    """

    root: Path
    outputs: Outputs
    bound: Path | None = None
    only: frozenset[str] | None = None
    limits: tuple[Path, ...] = ()

    def rules_in(self, directory: Path) -> IgnoreRules | None:
        """Return what git ignores in a directory that is named itself."""
        if self.bound is None:
            return None
        return rules_at(top_of(directory, self.bound), directory).for_named()

    def locate(self, source: str, where: str) -> Path:
        """Return the path of what is named, which may start with ``../``.

        Args:
            where: the configuration key, for errors.

        Raises:
            ContentsError: it is outside of both the repository and the workspace.
        """
        if not source.startswith(PARENT):
            return self.root / source
        root = self.root.resolve()
        path = Path(os.path.normpath(root / source))
        # Were it the directory above these that is named, the zip would depend on what the
        # checkout's directory is called.
        start = root.joinpath(*[".."] * PurePosixPath(source).parts.count("..")).resolve()
        around = self._around()
        if repository_of(root) and not any(start.is_relative_to(limit) for limit in around):
            names = " and ".join(map(str, dict.fromkeys(around)))
            raise ContentsError(
                f"{where}: {source!r} leaves {names}, and other checkouts do not have what is "
                "there. Put it into the repository."
            )
        return path

    def at(self, source: str, path: Path) -> Surroundings:
        """Return the surroundings of what is named, with the limits of its links."""
        around = self._around()
        if not source.startswith(PARENT):
            return self if around == (self.root.resolve(),) else replace(self, limits=around)
        return replace(
            self, limits=tuple(it for it in around if path.is_relative_to(it)) or (path,)
        )

    def _around(self) -> tuple[Path, ...]:
        """Return the repository, if there is one, and the workspace or project."""
        root = self.root.resolve()
        repository = repository_of(root)
        bound = root if self.bound is None else self.bound.resolve()
        return (bound,) if repository is None else (repository, bound)


def source_name(source: str, path: Path, file: Path) -> str:
    """Return a file's path relative to the project, from the one of what is named.

    It is what the configuration says, and so the same wherever the checkout is.

    Args:
        path: where that is.
        file: is it, or lies below it.
    """
    return PurePosixPath(source, file.relative_to(path).as_posix()).as_posix()


def read_added(
    around: Surroundings, added: Iterable[tuple[str, str]], *, owner: str, key: str
) -> tuple[tuple[str, Entry], ...]:
    """Read files of the project that ship besides.

    Args:
        added: source relative to the project's directory, and destination in the zip; directories
            with all that is in them, but for what git ignores and what builds wrote.
        owner: the distribution that the files are counted for.
        key: the configuration key of the table, for errors.

    Returns:
        The source of each file, and its entry.

    Raises:
        ContentsError: a source is not there, has nothing in it, leaves the project, or is what
            builds write; or two of them have one destination.
        OutputError: temporary files would lie in one.
    """
    found: dict[str, tuple[str, Entry]] = {}
    for source, place in added:
        where = f'{key}.include-files."{source}"'
        path = around.locate(source, where)
        check_not_written_to(path)
        try:
            files = [(file, file.read_bytes()) for file in added_files(around, source, where)]
        except OSError as error:
            raise ContentsError(f"{where}: {failure_at(error)}.") from None
        if not files:
            raise ContentsError(
                f"{where}: git ignores every file in it, or builds wrote them. "
                "Name the files that are to ship themselves, or remove the line."
                if any(file.is_file() for file in path.rglob("*"))
                else f"{where}: no file is in it. Remove the line, or add a file."
            )
        for file, content in files:
            relative = source_name(source, path, file)
            name = place if file == path else f"{place}/{file.relative_to(path).as_posix()}"
            other, _ = found.setdefault(name, (relative, Entry.of(name, content, owner)))
            if other != relative:
                raise ContentsError(
                    f"{where}: {relative} and {other} would both be {name} in the zip. Choose "
                    "another place for one of them."
                )
    return tuple(found.values())


def ignored_paths(around: Surroundings, added: Iterable[tuple[str, str]]) -> list[Path]:
    """Return the files and directories that do not ship since git ignores them.

    They lie in directories that ship besides.
    """
    ignored: list[Path] = []
    for source, _ in added:
        added_files(around, source, "", ignored)
    return ignored


def added_files(
    around: Surroundings, source: str, where: str, ignored: list[Path] | None = None
) -> list[Path]:
    """Return a file that ships besides, or those of a directory, in the order of their names.

    Args:
        where: the configuration key, for errors.
        ignored: takes what does not ship since git ignores it.

    Raises:
        ContentsError: see `read_added`.
        OutputError: temporary files would lie where a link in the directory leads to.
        OSError: something can't be looked at.
    """

    def skip_none(path: Path) -> bool:
        if path.is_symlink():
            check_not_written_to(path)
        return False

    path = around.locate(source, where)
    if not os.path.lexists(path):
        raise ContentsError(
            f"{where}: there is no {source!r} in {around.root}. Correct the "
            "path; in an unpacked sdist, make the sdist take the file along."
        )
    if around.outputs.has_directory(path):
        raise ContentsError(
            f"{where}: {source!r} is an output directory of this project's builds, so each zip "
            "would hold those before it. Choose another one with `directory` (or `-d`, `-o`), or "
            "name what is to ship in it."
        )
    if is_artifact(path):
        raise ContentsError(
            f"{where}: {source!r} is an output of this plugin. A zip can't hold itself or those "
            "before it: name something else, or remove the line."
        )
    rules = around.rules_in(path) if path.is_dir() else None
    return [
        file
        for file in files_below(
            around.at(source, path),
            path,
            where,
            rules,
            [] if ignored is None else ignored,
            skip=skip_none,
        )
        if around.only is None or source_name(source, path, file) in around.only
    ]


def files_below(
    around: Surroundings,
    path: Path,
    where: str,
    rules: IgnoreRules | None,
    ignored: list[Path],
    above: tuple[Path, ...] = (),
    skip: Callable[[Path], bool] = lambda _: False,
) -> Iterator[Path]:
    """Yield a file, or all files below a directory, in the order of their names.

    Args:
        where: the configuration key, for errors.
        rules: what git ignores in the directory, if this is one.
        ignored: takes what does not ship since git ignores it.
        above: the directories that led here, without links.
        skip: tells whether something in a directory does not ship for another reason; raises if a
            symbolic link must not ship, as it leads to where a build writes.

    Raises:
        ContentsError: one leaves the limits, is in itself, or is neither file nor directory.
        OutputError: directories lie too deep in one another, or ``skip`` raises it.
    """
    try:
        real = Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        raise ContentsError(
            f"{where}: {path} is a symbolic link to {path.readlink()}, which is not there. Mend "
            "or remove it."
        ) from None
    limits = around.limits or (around.root.resolve(),)
    if not any(real.is_relative_to(limit) for limit in limits):
        left = " and ".join(map(str, dict.fromkeys(around.limits))) or "the project"
        raise ContentsError(
            f"{where}: {path} is a symbolic link that leaves {left}, to {real}. Copy what it "
            f"names into {'it' if around.limits else 'the project'}."
        )
    if real.is_file():
        yield path
    elif not real.is_dir():
        raise ContentsError(f"{where}: {path} is neither a file nor a directory. Remove it.")
    elif real in above or any(real in directory.parents for directory in above):
        raise ContentsError(
            f"{where}: {path} is a symbolic link to a directory that it lies in. Remove it."
        )
    else:
        check_depth(path, len(above))
        for inner in sorted(path.iterdir(), key=lambda inner: inner.name):
            # To git, a link is a file.
            is_directory = inner.is_dir() and not inner.is_symlink()
            outputs = around.outputs
            if inner.name in NOISE or outputs.are_all_in(inner) or outputs.is_output(inner):
                continue
            if rules is not None and rules.ignores(inner.name, is_directory=is_directory):
                ignored.append(inner)
                continue
            if skip(inner):
                continue
            inside = rules.enter(inner) if rules is not None and inner.is_dir() else None
            yield from files_below(around, inner, where, inside, ignored, (*above, real), skip)
