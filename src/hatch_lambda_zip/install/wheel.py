"""Unpacks a locally built wheel the way an installer would, without an installer's cache.

An installed copy of a local project may come from a cache that does not notice an edit. These
wheels are made for one build and unpacked right away, so there is nothing that could be stale.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.tags import parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.dist_info import DistInfo, canonical_dist_info
from hatch_lambda_zip.record import Digest, check_path, format_record, parse_record
from hatch_lambda_zip.runtimes import Platform

if TYPE_CHECKING:
    from packaging.tags import Tag

# What zipfile raises for a broken, encrypted or otherwise strange zip.
_UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError)


@dataclass(frozen=True)
class WheelName:
    """What a wheel's file name says (PEP 427).

    Attributes:
        distribution: normalized (PEP 503).
        version: as written in the file name.
        tags: what the wheel can be used on.
    """

    distribution: str
    version: str
    tags: frozenset[Tag]

    @property
    def is_compiled(self) -> bool:
        """Whether the wheel is for some platform only, and so holds compiled code."""
        return any(tag.platform != "any" for tag in self.tags)


def parse_name(wheel: Path) -> WheelName:
    """Read a wheel's file name.

    Raises:
        DistributionError: it is not a wheel's.
    """
    try:
        name, version, _, tags = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise DistributionError(f"{error}.") from None
    return WheelName(name, str(version), tags)


def same_version(locked: str | None, installed: str) -> bool:
    """Tell whether a version is the locked one; any is, where the lock names none."""
    if locked is None:
        return True
    try:
        return Version(locked) == Version(installed)
    except InvalidVersion:
        return locked == installed


def check_tags(wheel: WheelName, platform: Platform) -> None:
    """Check that a locally built wheel can be used on the platform.

    Raises:
        DistributionError: none of its tags is one of the platform's.
    """
    if wheel.tags.isdisjoint(platform.tags()):
        shown = ", ".join(sorted(map(str, wheel.tags)))
        kind = "a platform wheel" if wheel.is_compiled else "a wheel"
        raise DistributionError(
            f"{wheel.distribution} {wheel.version} was built on this machine as {kind} ({shown}), "
            f"which does not fit {platform}. Build it on a machine of that kind, keep compiled "
            "code in a package of its own that the lock takes from an index, or choose the "
            "runtime and architecture of this machine."
        )


def read_built(wheel_file: Path) -> WheelName:
    """Read what the name of a wheel must have said that uv built and installed.

    Args:
        wheel_file: the installed ``WHEEL`` file, in its dist-info directory (PEP 427).
    """
    name, _, version = wheel_file.parent.name.removesuffix(".dist-info").partition("-")
    lines = wheel_file.read_text(encoding="utf-8").splitlines()
    texts = [line.removeprefix("Tag:").strip() for line in lines if line.startswith("Tag:")]
    tags = frozenset(tag for text in texts for tag in parse_tag(text))
    return WheelName(canonicalize_name(name), version, tags)


def content_digest(wheel: Path, version: str | None = None) -> str:
    """Hash what ships of a wheel, regardless of how and when the wheel file was written.

    RECORD follows from the other files, and what depends on the release of a back end, or is
    documentation, does not ship.

    Args:
        version: what ships instead of the wheel's own version.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        DistributionError: it is no valid wheel.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            directory = _record_of(names).removesuffix("/RECORD")
            files = {name: archive.read(name) for name in names}
    except (*_UNREADABLE, OSError, DistributionError) as error:
        raise DistributionError(f"{wheel.name} is not a valid wheel: {error}.") from None
    del files[f"{directory}/RECORD"]
    inside = {
        name.removeprefix(f"{directory}/"): files.pop(name)
        for name in names
        if name in files and name.startswith(f"{directory}/")
    }
    dist_info = canonical_dist_info(DistInfo(directory, inside), version)
    # The wheel's version stands in the name of this directory too, of which nothing ships.
    data = f"{directory.removesuffix('.dist-info')}.data/"
    files = {
        f".data/{name.removeprefix(data)}" if name.startswith(data) else name: content
        for name, content in files.items()
    }
    files |= {f"{dist_info.name}/{path}": content for path, content in dist_info.files.items()}
    total = hashlib.sha256()
    for name, content in sorted(files.items()):
        total.update(f"{Digest.of(content)} {name}\n".encode())
    return total.hexdigest()


def unpack_wheel(wheel: Path, site: Path) -> None:
    """Unpack a wheel into an empty directory, with a RECORD that lists where the files now lie.

    The ``.data`` directory is spread as ``pip install --target`` spreads it (PEP 427): library
    files and data to the top, scripts to ``bin``, headers to ``include``.

    Raises:
        DistributionError: it is no valid wheel.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            _unpack(archive, wheel.name, site)
    except (*_UNREADABLE, DistributionError) as error:
        raise DistributionError(f"{wheel.name} is not a valid wheel: {error}.") from None


def _unpack(archive: zipfile.ZipFile, wheel_name: str, site: Path) -> None:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    record = _record_of(names)
    data_directory = record.removesuffix(".dist-info/RECORD") + ".data"
    rows = parse_record(archive.read(record).decode(), f"{wheel_name}'s RECORD")
    listed = {row.path for row in rows}
    unlisted = sorted(set(names) - listed - {record, f"{record}.jws", f"{record}.p7s"})
    if unlisted:
        raise DistributionError(f"RECORD does not list {', '.join(unlisted[:5])}")
    moved = []
    for row in rows:
        place = _place(row.path, data_directory)
        moved.append((place, row.digest, None))
        if row.path == record:
            continue
        destination = site / place
        try:
            content = archive.read(row.path)
        except KeyError:
            raise DistributionError(f"RECORD lists {row.path}, which is not there") from None
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            with destination.open("xb") as file:
                file.write(content)
        except (FileExistsError, NotADirectoryError):
            raise DistributionError(f"two of its files want to be {place}") from None
    (site / record).write_bytes(format_record(moved))


def _record_of(names: Iterable[str]) -> str:
    """Return the path of a wheel's own RECORD; others lie further down, in vendored copies."""
    records = [
        name for name in names if name.endswith(".dist-info/RECORD") and name.count("/") == 1
    ]
    if len(records) != 1:
        raise DistributionError(f"it has {len(records)} RECORD files instead of one")
    return records[0]


def _place(path: str, data_directory: str) -> str:
    """Return where a file of the wheel is installed, relative to the site directory."""
    check_path(path, "RECORD")
    if not path.startswith(f"{data_directory}/"):
        return path
    scheme, _, rest = path.removeprefix(f"{data_directory}/").partition("/")
    name = data_directory.split("-", maxsplit=1)[0]
    prefixes = {
        "purelib": "",
        "platlib": "",
        "data": "",
        "scripts": "bin/",
        "headers": f"include/{name}/",
    }
    if scheme not in prefixes or not rest:
        raise DistributionError(f"{path!r} is in no known part of {data_directory}")
    return f"{prefixes[scheme]}{rest}"
