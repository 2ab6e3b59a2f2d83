"""Directories instead of zips: the very files of a zip, for a container image or a debugger."""

from __future__ import annotations

import calendar
import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from hatch_lambda_zip import read_manifest
from hatch_lambda_zip.config import inner_table
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import beside, replacing

_DIRECTORY_MODE: Final = 0o755


def unpack(zips: Sequence[Path], directory: Path, name: str) -> Path:
    """Write what is in a zip, and perhaps in its layers, into a directory of its own.

    The files have the times (UTC) and modes of the members, directories their time and 0755. The
    manifest beside the directory is that of the first zip with a digest of the directory; only what
    has such a one is replaced.

    Args:
        zips: the function's, then its layers'; the first one that has a path decides it. What
            layers have in ``python/`` lies at the root then, where Lambda would find it too.
        directory: for this one and its like.
        name: of the new directory.

    Returns:
        The new directory.

    Raises:
        OutputError: what has one of the names is not ours, or can't be written.
    """
    from hatch_lambda_zip.build import with_unpacked  # `--help` does not need it

    place, manifest = directory / name, directory / f"{name}.json"
    _check_is_ours(place, manifest, zips[0])
    temporary = beside(place)
    try:
        sha256 = _write(_members(zips), temporary)
        layers = [zipped.name for zipped in zips[1:]]
        described = with_unpacked(zips[0].with_suffix(".json").read_bytes(), sha256, layers)
        _put(temporary, place, described, manifest)
    except OSError as error:
        raise OutputError(f"{place} can't be written: {error}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return place


def _put(written: Path, place: Path, described: bytes, manifest: Path) -> None:
    """Move a directory into place and write its manifest; or leave both as they were.

    Raises:
        OSError: that can't be done.
        OutputError: it is done, but what was there before can't be removed.
    """
    if not manifest.exists():
        try:
            # First, since without it the directory is nobody's when this process is killed.
            _write_whole(manifest, described)
            written.rename(place)
        except BaseException:
            manifest.unlink(missing_ok=True)
            raise
        return
    before = beside(place)
    if os.path.lexists(place):
        place.rename(before)
    try:
        written.rename(place)
        _write_whole(manifest, described)
    except BaseException:
        if not written.exists():
            place.rename(written)
        if os.path.lexists(before):
            before.rename(place)
        raise
    try:
        _remove(before)
    except OSError as error:
        raise OutputError(
            f"{place} is written, but what was there before can't be removed: {error}. Remove "
            f"{before}."
        ) from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_whole(path: Path, content: bytes) -> None:
    with replacing(path) as written:
        written.write_bytes(content)


def extract(zipped: Path, directory: Path) -> None:
    """Write what is in one zip, as Lambda does, into a directory that may have files already."""
    _write(_members([zipped]), directory)


def _check_is_ours(place: Path, manifest: Path, zipped: Path) -> None:
    """Check that what is there already was written by this command for the same project.

    The manifest has to be as it was made, and one of a directory: beside a zip's manifest there may
    be anything. What was changed in the directory since is no matter.

    Raises:
        OutputError: it was not.
    """
    from hatch_lambda_zip.build import is_as_made

    there = [path for path in (place, manifest) if os.path.lexists(path)]
    if not there:
        return
    found = read_manifest(manifest)
    if found is None or "unpacked" not in found or not is_as_made(manifest.read_bytes()):
        raise OutputError(
            f"{there[0]} is there already, and no {manifest.name} as this command writes it, which "
            "would say that it may be replaced. Move it away, or choose another directory."
        )
    if _project_of(found) != _project_of(read_manifest(zipped.with_suffix(".json"))):
        raise OutputError(
            f"{there[0]} is there already, and {manifest.name} says that it is of another project. "
            "Move both away, or choose another directory for each project."
        )


def _project_of(manifest: Mapping[str, object] | None) -> object:
    return inner_table(manifest or {}, "project").get("name")


def _members(zips: Sequence[Path]) -> dict[str, tuple[zipfile.ZipInfo, bytes]]:
    members = {}
    for zipped in reversed(zips):
        with zipfile.ZipFile(zipped) as archive:
            for member in archive.infolist():
                # A layer's modules are found like the function's own.
                path = member.filename
                path = path if zipped is zips[0] else path.removeprefix("python/")
                members[path] = (member, archive.read(member))
    return members


def _write(members: Mapping[str, tuple[zipfile.ZipInfo, bytes]], directory: Path) -> str:
    """Write files, and return the digest of the directory (docs/format.md, section 5)."""
    digest = hashlib.sha256()
    for name, (member, content) in sorted(members.items(), key=lambda it: it[0].encode()):
        path, mode = directory / name, member.external_attr >> 16 & 0o777
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        _set(path, mode, member)
        line = f"{mode:04o} {hashlib.sha256(content).hexdigest()} {name}\n"
        digest.update(line.encode())
    for path in (directory, *(path for path in directory.rglob("*") if path.is_dir())):
        _set(path, _DIRECTORY_MODE, member)  # an image has those of directories, too
    return digest.hexdigest()


def _set(path: Path, mode: int, member: zipfile.ZipInfo) -> None:
    """Give a path a mode, and the time that a member has, as all do."""
    path.chmod(mode)
    seconds = calendar.timegm((*member.date_time, 0, 0, 0))
    os.utime(path, (seconds, seconds))
