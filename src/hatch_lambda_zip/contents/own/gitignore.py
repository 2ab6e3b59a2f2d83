"""What git would ignore, by the .gitignore files of a tree alone.

A user's global excludes and ``.git/info/exclude`` have no say: other machines do not have them. Nor
has the index, or ``core.ignorecase``: upper and lower case differ everywhere. The rules are those
of https://git-scm.com/docs/gitignore; pathspec knows what the wildcards in one name mean. Paths
are judged directory by directory from the top, as git does it, since a pattern for a directory
says nothing about the names below it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from pathspec import GitIgnoreSpec

from hatch_lambda_zip.errors import ContentsError

_FILE: Final = ".gitignore"
_WILDCARDS: Final = re.compile(r"[*?\[\\]")
_GLUED: Final = re.compile(r"([^*?\[\\]*[^*?\[\\/])(\*\*+(?:/.*)?)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)")
_ANY_DEPTH: Final = "**"
_STAR: Final = "[^/]*"  # as pathspec writes it


@dataclass(frozen=True)
class _Pattern:
    """One line.

    Attributes:
        prefix: what the path starts with; then only the rest is compared with ``parts``.
        parts: a glob for each component of the path; ``**`` for any number of components.
        is_negated: it takes back what lines before it ignore.
        is_for_directories: it holds for nothing else.
    """

    prefix: str
    parts: tuple[str, ...]
    is_negated: bool
    is_for_directories: bool

    def matches(self, path: tuple[str, ...], *, is_directory: bool) -> bool:
        if self.is_for_directories and not is_directory:
            return False
        if not self.prefix:
            return _match(self.parts, path)
        name = "/".join(path)
        rest = name[len(self.prefix) :]
        if not name.startswith(self.prefix):
            return False
        if rest:
            return _match(self.parts, tuple(rest.split("/")))
        *directories, last = self.parts
        return {*directories} <= {_ANY_DEPTH} and not last.strip("*")


@dataclass(frozen=True)
class _Level:
    """The lines of one .gitignore, and how many components of a path lead to its directory."""

    depth: int
    patterns: tuple[_Pattern, ...]


@dataclass(frozen=True)
class IgnoreRules:
    """What is ignored in one directory.

    Attributes:
        place: the directory's path, from the topmost .gitignore that counts.
        levels: the .gitignore files from there down.
    """

    place: tuple[str, ...] = ()
    levels: tuple[_Level, ...] = ()

    def ignores(self, name: str, *, is_directory: bool) -> bool:
        """Tell whether something that lies in the directory is ignored by itself."""
        return self.ignores_path((*self.place, name), is_directory=is_directory)

    def enter(self, directory: Path) -> IgnoreRules:
        """Return the rules in a directory that lies in this one.

        Raises:
            ContentsError: its .gitignore can't be read.
        """
        if (directory / ".git").exists():
            return rules_at(directory, directory)  # a repository of its own, such as a submodule
        place = (*self.place, directory.name)
        return IgnoreRules(place, (*self.levels, *_read_level(directory, len(place))))

    def for_named(self) -> IgnoreRules:
        """Return the rules as they hold for a directory that is asked for by name.

        Patterns that ignore it, or a directory that it lies in, then have no say.
        """
        around = [self.place[:end] for end in range(1, len(self.place) + 1)]

        def is_kept(level: _Level, pattern: _Pattern) -> bool:
            return pattern.is_negated or not any(
                pattern.matches(path[level.depth :], is_directory=True)
                for path in around
                if len(path) > level.depth
            )

        levels = tuple(
            replace(level, patterns=tuple(item for item in level.patterns if is_kept(level, item)))
            for level in self.levels
        )
        return replace(self, levels=levels)

    def ignores_path(self, path: tuple[str, ...], *, is_directory: bool) -> bool:
        """Tell whether something is ignored by itself, by its path from the topmost .gitignore.

        The last line that matches decides, and deeper files win over those above.
        """
        for level in reversed(self.levels):
            for pattern in reversed(level.patterns):
                if pattern.matches(path[level.depth :], is_directory=is_directory):
                    return not pattern.is_negated
        return False


def rules_at(top: Path, directory: Path) -> IgnoreRules:
    """Return the rules in a directory, by the .gitignore files from the top down to it.

    Raises:
        ContentsError: one of them can't be read.
    """
    place = directory.relative_to(top).parts
    levels = [
        level
        for depth in range(len(place) + 1)
        for level in _read_level(top.joinpath(*place[:depth]), depth)
    ]
    return IgnoreRules(place, tuple(levels))


def select_ignored(patterns: Iterable[str], paths: Iterable[str]) -> frozenset[str]:
    """Return the paths that lines of a .gitignore ignore, were it at their top.

    Args:
        paths: of files, ``/``-separated.
    """
    rules = IgnoreRules(levels=(_Level(0, tuple(_parse(patterns))),))
    known: dict[tuple[str, ...], bool] = {(): False}

    def is_ignored(path: tuple[str, ...], *, is_directory: bool) -> bool:
        if path not in known:
            # Nothing below an ignored directory is looked at.
            known[path] = is_ignored(path[:-1], is_directory=True) or rules.ignores_path(
                path, is_directory=is_directory
            )
        return known[path]

    parts = {path: tuple(path.split("/")) for path in paths}
    return frozenset(path for path, part in parts.items() if is_ignored(part, is_directory=False))


def repository_of(path: Path) -> Path | None:
    """Return the root of the git repository that a directory is in, or None; git isn't asked."""
    around = (path, *path.parents)
    return next((directory for directory in around if (directory / ".git").exists()), None)


def top_of(directory: Path, root: Path) -> Path:
    """Return where the .gitignore files that count for a directory begin.

    Args:
        root: the workspace's or project's directory, which bounds where there is no repository.
    """
    repository = repository_of(directory)
    if repository is not None:
        return repository
    return root if directory.is_relative_to(root) else directory


def _read_level(directory: Path, depth: int) -> tuple[_Level, ...]:
    file = directory / _FILE
    # git follows no link here.
    if file.is_symlink() or not file.is_file():
        return ()
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ContentsError(f"{file} can't be read: {error}.") from None
    patterns = tuple(_parse(text.removeprefix("\ufeff").split("\n")))
    return (_Level(depth, patterns),) if patterns else ()


def _parse(lines: Iterable[str]) -> Iterator[_Pattern]:
    for line in lines:
        text = _without_trailing_spaces(line.removesuffix("\r"))
        if text.startswith("#"):
            continue
        is_negated = text.startswith("!")
        text = text.removeprefix("!")
        is_for_directories = text.endswith("/")
        text = text.removesuffix("/")
        if not text:
            continue
        if "/" not in text:
            # A name, at any depth; `**` is no more than `*` there.
            parts, prefix = [_ANY_DEPTH, "*" if _is_any_depth(text) else text], ""
        else:
            text = _ESCAPED.sub(lambda match: "/" if match[1] == "/" else match[0], text)
            # git compares what stands before the first wildcard by itself, and takes `**` behind
            # it as if it stood behind a slash.
            found = _GLUED.fullmatch(text.removeprefix("/"))
            prefix, text = found.groups() if found else ("", text.removeprefix("/"))
            parts = [_ANY_DEPTH if _is_any_depth(part) else part for part in text.split("/")]
        yield _Pattern(prefix, tuple(parts), is_negated, is_for_directories)


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    is_escaped = backslashes % 2 == 1 and len(stripped) < len(line)
    return f"{stripped} " if is_escaped else stripped


def _is_any_depth(part: str) -> bool:
    return len(part) > 1 and not part.strip("*")


def _match(parts: tuple[str, ...], path: tuple[str, ...]) -> bool:
    ends = {0}  # how many components of the path are what the parts so far stand for
    for part in parts:
        if part == _ANY_DEPTH:
            # Elsewhere than at the end it stands for no directory, too.
            ends = {*range(min(ends, default=len(path)), len(path))}
        else:
            is_it = _glob(part)
            ends = {end + 1 for end in ends if end < len(path) and is_it(path[end])}
    is_open = parts[-1:] == (_ANY_DEPTH,)  # at the end it stands for everything inside
    return bool(ends) if is_open else len(path) in ends


@cache
def _glob(part: str) -> Callable[[str], bool]:
    """Return what compares one component of a path."""
    if not _WILDCARDS.search(part):
        return part.__eq__
    if part[-1].isspace():
        # pathspec takes trailing space away.
        part = f"{part[:-1].removesuffix(chr(92))}[{part[-1]}]"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            # Some wildcards make regular expressions that Python has doubts about.
            spec = GitIgnoreSpec.from_lines([f"/{part.replace('[^', '[!')}"])
    except ValueError:  # such as a backslash at the end, which matches nothing in git either
        return lambda _: False
    return _without_going_back(spec)


def _without_going_back(spec: GitIgnoreSpec) -> Callable[[str], bool]:
    """Return what compares as a pattern does, in time that does not explode with its wildcards.

    What stands between two ``*`` may be taken where it comes first; Python's own fnmatch does so.
    """
    found = [pattern.regex.pattern for pattern in spec.patterns if pattern.regex]
    parts = str(found[0]).split(_STAR) if len(found) == 1 else []
    if len(parts) <= 2:  # noqa: PLR2004 - one `*` at most
        return spec.match_file
    first, *between, last = parts
    once = [f"(?=(?P<g{n}>{_STAR}?{part}))(?P=g{n})" for n, part in enumerate(between)]
    expression = re.compile(f"{first}{''.join(once)}{_STAR}{last}")
    return lambda name: expression.match(name) is not None
