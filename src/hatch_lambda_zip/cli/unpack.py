"""Directories instead of zips: the very files of a zip, for a container image or a debugger."""

from __future__ import annotations

import calendar
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from hatch_lambda_zip import read_manifest
from hatch_lambda_zip.errors import OutputError
from hatch_lambda_zip.files import beside


def unpack(zips: Sequence[Path], directory: Path, name: str) -> Path:
    """Write what is in a zip, and perhaps in its layers, into a directory of its own.

    The files have the times (UTC) and modes of the members. The manifest of the first zip lies
    beside the directory; without it, a directory that is there already is not ours to replace.

    Args:
        zips: the function's, then its layers'; the first one that has a path decides it. What
            layers have in ``python/`` lies at the root then, where Lambda would find it too.
        directory: for this one and its like.
        name: of the new directory.

    Returns:
        The new directory.

    Raises:
        OutputError: a directory of that name is not ours, or can't be written.
    """
    place, manifest = directory / name, directory / f"{name}.json"
    if place.exists() and read_manifest(manifest) is None:
        raise OutputError(
            f"{place} is there already, and {manifest.name} beside it, which would say that it was "
            "made by this command, is not. Move it away, or choose another directory."
        )
    temporary = beside(place)
    try:
        for zipped in reversed(zips):
            with zipfile.ZipFile(zipped) as archive:
                for member in archive.infolist():
                    # A layer's modules are found like the function's own.
                    path = member.filename
                    path = path if zipped is zips[0] else path.removeprefix("python/")
                    _write(temporary / path, archive.read(member), member)
        if place.exists():
            shutil.rmtree(place)
        temporary.rename(place)
        shutil.copyfile(zips[0].with_suffix(".json"), manifest)
    except OSError as error:
        raise OutputError(f"{place} can't be written: {error}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return place


def _write(path: Path, content: bytes, member: zipfile.ZipInfo) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(member.external_attr >> 16 & 0o777)
    seconds = calendar.timegm((*member.date_time, 0, 0, 0))
    os.utime(path, (seconds, seconds))
