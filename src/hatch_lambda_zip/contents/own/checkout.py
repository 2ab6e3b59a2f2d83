"""Whether own files are what their commit has, and not what one machine's git made of it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hatch_lambda_zip.contents.own.git_index import LINK, SUBMODULE, TrackedFile
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.text import first

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md; less than 1024 bytes.
_LFS_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\r?\n(.*\n)*oid sha256:[0-9a-f]{64}\r?\n"
    rb"size \d+\r?\n"
)
_LARGEST_POINTER: Final = 1023  # bytes


def check_content(entry: Entry) -> bytes | None:
    """Check an own file for what a checkout leaves in it.

    Returns:
        Its SHA-256; None if it is empty.

    Raises:
        ContentsError: it is a git-LFS pointer, or starts with a ``#!`` line that can't work.
    """
    content = entry.read()
    if content.startswith(b"#!") and content.partition(b"\n")[0].endswith(b"\r"):
        raise ContentsError(
            f"{entry.name} of {entry.owner}: its first line, the #! line, ends in a "
            "carriage return, which Linux takes for a part of the interpreter's name. Give the "
            "file line feeds alone; with git, `*.sh text eol=lf` in .gitattributes keeps them."
        )
    if len(content) <= _LARGEST_POINTER and _LFS_POINTER.fullmatch(content):
        raise ContentsError(
            f"{entry.name} of {entry.owner} is a git-LFS pointer, not the file itself. "
            "Run `git lfs pull` and build again."
        )
    return hashlib.sha256(content).digest() if content else None


def is_missed(module: str, entries: Iterable[Entry], own: Container[str]) -> bool:
    """Tell whether own files import a module that does not ship, by their text.

    Args:
        entries: all that ship.
        own: the distributions whose files are own ones.

    Raises:
        DistributionError: a file is not what RECORD says.
    """
    entries = [entry for entry in entries if entry.name.endswith(".py")]
    parts = (entry.name.removesuffix(".py").split("/") for entry in entries)
    if any(module in names[:2] for names in parts):  # the second in a layer, below python/
        return False
    statement = re.compile(rb"^[ \t]*(from|import)\b[^#\n]*\b%b\b" % module.encode(), re.MULTILINE)
    return any(statement.search(item.read()) for item in entries if item.distribution in own)


def odd_files(tracked: Iterable[TrackedFile]) -> tuple[TrackedFile, ...]:
    """Return the files of a checkout that are not what git's index has of them."""
    return tuple(
        item
        for item in tracked
        if item.has_foreign_line_ends
        or (item.mode == LINK and item.path.is_file() and not item.path.is_symlink())
        or (item.mode == SUBMODULE and _is_empty(item.path))
    )


def check_tracked(
    tracked: Sequence[TrackedFile],
    shipped: Collection[bytes],
    *,
    roots: Collection[Path],
    included: Collection[Path],
    misses: Callable[[str], bool],
) -> None:
    """Check the files of a checkout that ship, which are recognised by their content.

    Args:
        shipped: the SHA-256 of each own file that ships.
        roots: the directories of the projects.
        included: files and directories that ship as they are.
        misses: tells whether what ships imports a module that does not.

    Raises:
        ContentsError: they have other bytes than elsewhere, or are missing.
    """
    odd = odd_files(tracked)
    foreign = [item.path for item in odd if item.has_foreign_line_ends]
    if found := [path for path in foreign if _ships(path, shipped)]:
        raise ContentsError(
            f"{first(found)}: with CRLF line ends here, and with LF in git's index, so the same "
            "commit makes another zip on another machine. Write `* text=auto eol=lf` into "
            ".gitattributes, commit that, and check the files out anew (`git rm -rq --cached . && "
            "git reset -q --hard`)."
        )
    texts = [item.path for item in odd if item.mode == LINK]

    def is_among_shipped(path: Path) -> bool:
        """Tell whether something that is not there as it should be would ship if it were."""
        if any(source == path or source in path.parents for source in included):
            return True
        if path.parent in roots:
            # A package of a flat layout, or what has nothing to do with what ships.
            return path.name.isidentifier() and misses(path.name)
        siblings = (item.path for item in tracked if path.parent in item.path.parents)
        return any(_ships(other, shipped) for other in siblings)

    if found := [
        path
        for path in texts
        if _ships(path, shipped) or (_names_directory(path) and is_among_shipped(path))
    ]:
        raise ContentsError(
            f"{first(found)}: a symbolic link in git, and here a small text file with the "
            "name of what it links to. Check out with symbolic links (`git config core.symlinks "
            "true`, with Developer Mode on Windows), or commit the file itself instead."
        )
    submodules = [item.path for item in odd if item.mode == SUBMODULE]
    if found := [path for path in submodules if is_among_shipped(path)]:
        raise ContentsError(
            f"{first(found)}: a git submodule that is not checked out, among files that ship. "
            "Run `git submodule update --init` and build again."
        )


def _names_directory(link: Path) -> bool:
    try:
        return Path(link.parent, os.fsdecode(link.read_bytes())).is_dir()
    except (OSError, ValueError):
        return False


def _ships(path: Path, shipped: Collection[bytes]) -> bool:
    try:
        return path.is_file() and hashlib.sha256(path.read_bytes()).digest() in shipped
    except OSError:
        return False  # what can't be read has not been shipped either


def _is_empty(path: Path) -> bool:
    return not path.is_dir() or not any(path.iterdir())


def tracked_but_ignored(tracked: Iterable[TrackedFile], ignored: Collection[Path]) -> Iterator[str]:
    """Yield the tracked files among those that patterns ignore."""
    for item in tracked:
        if any(path == item.path or path in item.path.parents for path in ignored):
            yield str(item.path)
