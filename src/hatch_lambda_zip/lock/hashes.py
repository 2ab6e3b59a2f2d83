"""Which hashes of a lock count: those that are really compared with the file that is installed.

uv passes over a hash of a kind that it does not know, and takes a wheel of an index for right as
soon as one of several hashes is. So it gets those alone that it compares, and each by itself too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlsplit

from packaging.pylock import PackageArchive, PackageSdist, PackageWheel, PylockValidationError

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import resolved
from hatch_lambda_zip.text import shortened

STRONG: Final = ("sha256", "sha384", "sha512")
"""What tells one file from all others, best first: PEP 427 asks for sha256 or better."""

ONLY_GIT: Final = (
    "and uv fetches from no version control system but git. Require a wheel, an sdist or a git "
    "repository of it instead, and lock again"
)
"""What to say of a distribution from another one."""

# What uv 0.10.2 and 0.13.9 compare, if it is all they have of a file; best first.
COMPARED_BY_UV: Final = (*STRONG, "md5")
# What Python computes everywhere, for files on this machine; shake has no length of its own.
_COMPARED_HERE: Final = frozenset(
    name for name in hashlib.algorithms_guaranteed if not name.startswith("shake")
)

_LARGEST: Final = 2**63 - 1  # bytes; of more, uv can read no number

_Source = TypeVar("_Source", PackageWheel, PackageArchive, PackageSdist)


def with_compared_hashes(source: _Source, base: Path, *, is_hashed: bool = True) -> _Source:
    """Return a wheel or sdist with those of its hashes that are compared, the best one first.

    A file on this machine is compared right here, and gets the hash that it has now.

    Args:
        base: the directory that relative paths start from.
        is_hashed: whether the lock has its hashes; else they are somebody else's word.

    Raises:
        LockError: there is none that tells it from other files; or it lies on this machine and is
            not what the lock says.
    """
    path = _local_path(source, base)
    if source.size is not None and not 0 <= source.size <= _LARGEST:
        raise LockError(f"its size is {source.size}, which no file has. Restore it, or lock again")
    hashes = source.hashes if is_hashed else {}
    refuse_other_hash(source.url or "", hashes)
    # One in the URL alone counts, too.
    in_url = parse_qsl((source.url or "").partition("#")[2])
    hashes = {**{kind: value for kind, value in in_url if kind in COMPARED_BY_UV}, **hashes}
    if path is not None:
        return replace(
            source, url=None, path=str(path), hashes=_compared_here(path, hashes, source.size)
        )
    # In lower case, as old releases of uv compare them.
    compared = {kind: hashes[kind].lower() for kind in COMPARED_BY_UV if kind in hashes}
    if compared.keys().isdisjoint(STRONG):
        found = ", ".join(sorted(kind for kind, value in hashes.items() if value)) or "none at all"
        raise LockError(
            f"it has no sha256, sha384 or sha512 of {file_name(source)} ({found}), so whatever the "
            "server has by now would ship. Lock again, with an index or a tool that gives one; uv "
            "itself hashes a file that [tool.uv.sources] names by its URL or path"
        )
    for kind, value in compared.items():
        check_digest(kind, value)
    return replace(source, hashes=compared)


def check_digest(kind: str, value: str) -> None:
    """See that a hash can be one of its kind; what uv says otherwise names a file of ours.

    Args:
        kind: one of those that uv compares.
        value: in hexadecimal.

    Raises:
        LockError: it can't.
    """
    digits = hashlib.new(kind, usedforsecurity=False).digest_size * 2
    if not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", value):
        raise LockError(
            f"its {kind} is {shortened(value)!r}, and one has {digits} hexadecimal digits. Restore "
            "it, or lock again"
        )


def check_commit(commit: str) -> None:
    """See that a commit of git is one: a branch will be another one tomorrow.

    Raises:
        LockError: it is none.
    """
    if not re.fullmatch("[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", commit):
        raise LockError(f"{shortened(commit)!r} is no commit, which has 40 digits. Lock again")


def check_vcs(kind: str) -> None:
    """See that a version control system is git: uv 0.13 has git fetch from any that is locked.

    Args:
        kind: its name, as in ``packages.vcs.type`` (PEP 751).

    Raises:
        LockError: it is another one.
    """
    if kind != "git":
        raise LockError(f"it comes from {shortened(kind)!r} (vcs.type), {ONLY_GIT}")


def refuse_other_hash(url: str, hashes: Mapping[str, str]) -> None:
    """See that the hash in a URL's fragment, which uv passes over, is one of those it compares.

    Args:
        url: as in ``https://host/demo-1-py3-none-any.whl#sha256=…`` (PEP 503).
        hashes: those beside it, by kind; several of a kind are separated by blanks.

    Raises:
        LockError: it is another one.
    """
    for kind, value in parse_qsl(url.partition("#")[2]):
        beside = hashes.get(kind, "").lower().split()
        if kind in COMPARED_BY_UV and beside and value.lower() not in beside:
            raise LockError(
                f"its URL says {kind}={value}, and the hash beside it is {', '.join(beside)}. Find "
                "out which one is right, and lock again"
            )


def ignored_hashes(source: PackageWheel | PackageArchive | PackageSdist, base: Path) -> list[str]:
    """Return the kinds of a file's hashes that nobody compares."""
    is_here = _local_path(source, base) is not None
    compared = _COMPARED_HERE if is_here else COMPARED_BY_UV
    return sorted(kind for kind, value in source.hashes.items() if value and kind not in compared)


def with_one_hash(source: _Source) -> dict[str, _Source]:
    """Return a file that has several hashes with each of them alone, by the kind of the hash."""
    if len(source.hashes) == 1:
        return {}
    return {kind: replace(source, hashes={kind: value}) for kind, value in source.hashes.items()}


def file_name(source: PackageWheel | PackageArchive | PackageSdist) -> str:
    """Return the name of a wheel or sdist, without its directory.

    Raises:
        LockError: nothing says what it is called.
    """
    # PackageWheel has the rule for finding a file name in a path or a URL.
    name = None if isinstance(source, PackageArchive) else source.name
    try:
        return PackageWheel(name=name, url=source.url, path=source.path, hashes={}).filename
    except (PylockValidationError, ValueError) as error:
        raise LockError(f"{source.url}: {error}. Lock again") from None


def _local_path(source: PackageWheel | PackageArchive | PackageSdist, base: Path) -> Path | None:
    """Return where a file lies on this machine; None for one that is elsewhere."""
    if source.path is not None:
        return resolved(base, source.path)
    url = urlsplit(source.url or "")
    if url.scheme == "file" and url.netloc in {"", "localhost"}:
        from urllib.request import url2pathname  # brings half of the standard library along

        return resolved(base, url2pathname(url.path))
    return None


def _compared_here(path: Path, hashes: Mapping[str, str], size: int | None) -> dict[str, str]:
    try:
        # A pipe would never end.
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise LockError(f"{path} can't be read: {error}. Restore it, or lock again") from None
    if content is None:
        raise LockError(f"there is no file {path}. Restore it, or lock again")
    if size is not None and size != len(content):
        raise LockError(
            f"{path} is not the file that was locked: it has {len(content)} bytes instead "
            f"of {size}. Restore it, or lock again"
        )
    for kind in sorted(hashes.keys() & _COMPARED_HERE):
        digest = hashlib.new(kind, content, usedforsecurity=False).hexdigest()
        if digest != hashes[kind].lower():
            raise LockError(
                f"{path} is not the file that was locked: its {kind} is {digest} instead of "
                f"{hashes[kind]}. Restore it, or lock again"
            )
    return {"sha256": hashlib.sha256(content).hexdigest()}
