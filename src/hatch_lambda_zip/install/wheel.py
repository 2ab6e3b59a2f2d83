"""Unpacks a locally built wheel the way an installer would, without an installer's cache.

An installed copy of a local project may come from a cache that does not notice an edit. These
wheels are made for one build and unpacked right away, so there is nothing that could be stale.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from hatch_lambda_zip.errors import ContentsError, DistributionError
from hatch_lambda_zip.files import name_encoding_problem, path_problem
from hatch_lambda_zip.install.dist_info import (
    DistInfo,
    canonical_dist_info,
    check_wheel_file,
    generator,
    parse_tags,
)
from hatch_lambda_zip.install.entry_points import check_scripts
from hatch_lambda_zip.record import PIECE, Digest, check_path, format_record, parse_record
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.text import shortened

if TYPE_CHECKING:
    from packaging.tags import Tag

_WHOSE: Final = "which is a mistake of its build back end: choose another release of that"
_MOST_BYTES: Final = 1_000_000_000  # several times what Lambda takes, should some be left out
_MOST_METADATA: Final = 64 << 20  # bytes of one file
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
    except ValueError as error:
        raise DistributionError(f"{error}.") from None
    return WheelName(name, str(version), tags)


def same_version(locked: str | None, installed: str) -> bool:
    """Tell whether a version is the locked one; any is, where the lock names none."""
    if locked is None:
        return True
    try:
        return Version(locked) == Version(installed)
    except ValueError:  # InvalidVersion, or too many digits for an int
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

    Raises:
        DistributionError: it is malformed.
    """
    name, _, version = wheel_file.parent.name.removesuffix(".dist-info").partition("-")
    try:
        lines = wheel_file.read_text(encoding="utf-8").splitlines()
        texts = [line.removeprefix("Tag:").strip() for line in lines if line.startswith("Tag:")]
        tags = frozenset(tag for text in texts for tag in parse_tags(text))
    except ValueError as error:
        raise DistributionError(
            f"WHEEL of {name} {version} is malformed: {error}. Its back end wrote it: choose "
            "another version of it."
        ) from None
    return WheelName(canonicalize_name(name), version, tags)


@dataclass(frozen=True)
class OpenWheel:
    """A wheel that installers take, as far as its dist-info directory tells.

    Attributes:
        archive: the file.
        names: of its members, without directories.
        dist_info: the name of that directory.
    """

    archive: zipfile.ZipFile
    names: tuple[str, ...]
    dist_info: str

    def read(self, name: str) -> bytes:
        """Return the content of a file of the dist-info directory, which has to be small.

        Raises:
            DistributionError: it is not there, or large; the message is about the wheel.
        """
        if name not in self.names:
            raise DistributionError(f"it has no {name}, {_WHOSE}")
        size = self.archive.getinfo(name).file_size
        if size > _MOST_METADATA:
            raise DistributionError(f"{name} has {size:,} bytes, which no metadata has")
        return self.archive.read(name)


@contextmanager
def open_wheel(wheel: Path) -> Iterator[OpenWheel]:
    """Open a wheel that was built here, and check what installers check of an index's.

    Raises:
        DistributionError: it is not one that they take, or what was done with it has found that.
    """
    name = parse_name(wheel)
    try:
        archive = zipfile.ZipFile(wheel)
    except (*_UNREADABLE, OSError) as error:
        raise DistributionError(
            f"{wheel.name} is not a valid wheel: {str(error).rstrip('.')}."
        ) from None
    with archive:
        try:
            yield _checked(archive, name)
        except (*_UNREADABLE, DistributionError) as error:
            raise DistributionError(
                f"{wheel.name} is not a valid wheel: {str(error).rstrip('.')}."
            ) from None


def _checked(archive: zipfile.ZipFile, name: WheelName) -> OpenWheel:
    # Not `is_dir`, which fails for an empty name before Python 3.12.
    members = [info for info in archive.infolist() if not info.filename.endswith("/")]
    total = sum(info.file_size for info in members)
    if total > _MOST_BYTES:
        raise DistributionError(
            f"it has {total:,} bytes unzipped, and Lambda takes much less. Leave data out of it"
        )
    names = [info.filename for info in members]
    if "" in names:
        raise DistributionError(f"one of its files has no name, {_WHOSE}")
    if twice := sorted(one for one, count in Counter(names).items() if count > 1):
        raise DistributionError(f"it has {', '.join(twice)} twice, {_WHOSE}")
    # Others lie further down, in vendored copies.
    directories = {top for top, slash, _ in (one.partition("/") for one in names) if slash}
    found = sorted(directory for directory in directories if directory.endswith(".dist-info"))
    if len(found) != 1:
        count = len(found)
        raise DistributionError(f"it has {count} .dist-info directories, not one, {_WHOSE}")
    opened = OpenWheel(archive, tuple(names), found[0])
    inner, _, version = found[0].removesuffix(".dist-info").partition("-")
    if canonicalize_name(inner) != name.distribution or not same_version(name.version, version):
        raise DistributionError(
            f"{found[0]} in it has another name or version than the file, {_WHOSE}"
        )
    for file in ("RECORD", "METADATA", "WHEEL"):
        opened.read(f"{found[0]}/{file}")
    check_wheel_file(opened.read(f"{found[0]}/WHEEL"))
    if f"{found[0]}/entry_points.txt" in names:
        check_scripts(opened.read(f"{found[0]}/entry_points.txt"))
    return opened


def read_maker(wheel: Path) -> tuple[str, str | None]:
    """Return the version in the name of a wheel's dist-info directory, and what built it.

    Raises:
        DistributionError: it is no valid wheel.
    """
    with open_wheel(wheel) as opened:
        made_by = generator(opened.read(f"{opened.dist_info}/WHEEL"))
    _, _, version = opened.dist_info.removesuffix(".dist-info").partition("-")
    return version, made_by


def content_digest(wheel: Path, version: str | None = None) -> str:
    """Hash what ships of a wheel, regardless of how and when the wheel file was written.

    RECORD, as it should be, follows from the other files: only where it does not is it hashed,
    too. What depends on the release of a back end, or is documentation, does not ship.

    Args:
        version: what ships instead of the wheel's own version.

    Returns:
        SHA-256 in hexadecimal.

    Raises:
        DistributionError: it is no valid wheel.
        ContentsError: a name in it may have been misread when it was built.
    """
    digests: dict[str, Digest] = {}
    inside: dict[str, bytes] = {}
    with open_wheel(wheel) as opened:
        _check_names(opened.names, parse_name(wheel).distribution)
        directory = opened.dist_info
        for name in opened.names:
            if not name.startswith(f"{directory}/"):
                with opened.archive.open(name) as file:
                    digests[name] = Digest.of_file(file)
            elif name != f"{directory}/RECORD":
                inside[name.removeprefix(f"{directory}/")] = opened.read(name)
        found = {f"{directory}/{path}": Digest.of(content) for path, content in inside.items()}
        odd = [*_odd_rows(opened, digests | found)]
    dist_info = canonical_dist_info(DistInfo(directory, inside), version)
    # The wheel's version stands in the names of its directories, too, of which nothing ships; its
    # name, as it is spelled there, in those of headers.
    stem = directory.removesuffix(".dist-info")
    headers = f".data/headers/{stem.partition('-')[0]}/"
    places = {
        f"{stem}.data/headers/": headers,
        f"{stem}.data/": ".data/",
        f"{directory}/": f"{dist_info.name}/",
    }

    def place(name: str) -> str:
        start = next((start for start in places if name.startswith(start)), "")
        return f"{places.get(start, '')}{name.removeprefix(start)}"

    digests = {place(name): digest for name, digest in digests.items()}
    for path, content in dist_info.files.items():
        digests[f"{dist_info.name}/{path}"] = Digest.of(content)
    total = hashlib.sha256()
    for name, digest in sorted(digests.items(), key=lambda item: item[0]):
        total.update(f"{digest} {name}\n".encode())
    for said, name in sorted((said, place(name)) for said, name in odd):
        total.update(f"RECORD {said} {name}\n".encode())
    return total.hexdigest()


def _odd_rows(wheel: OpenWheel, found: Mapping[str, Digest]) -> Iterator[tuple[str, str]]:
    """Yield what a RECORD says otherwise of files than their SHA-256, and the files that it lacks.

    It ships in other words then, or the wheel is refused when it is unpacked.

    Args:
        found: the digests of all other files, by their names in the wheel.

    Returns:
        What it says of a file, and the name of that.

    Raises:
        DistributionError: it is malformed; the message is about the wheel.
    """
    record = f"{wheel.dist_info}/RECORD"
    lacking = {*found}
    for row in parse_record(wheel.read(record).decode(), "RECORD"):
        if row.path == record:
            continue
        is_first = row.path in lacking
        lacking.discard(row.path)
        if is_first and row.digest == found[row.path]:
            continue
        said = str(row.digest)
        if is_first and row.digest is not None:
            algorithm = row.digest.algorithm
            with wheel.archive.open(row.path) as file:
                # Of METADATA, the hash would follow from the version.
                said = algorithm if Digest.of_file(file, algorithm) == row.digest else said
        yield said, row.path
    yield from (("", name) for name in lacking)


def unpack_wheel(wheel: Path, site: Path) -> None:
    """Unpack a wheel into an empty directory, with a RECORD that lists where the files now lie.

    The ``.data`` directory is spread as ``pip install --target`` spreads it (PEP 427): library
    files and data to the top, scripts to ``bin``, headers to ``include``.

    Raises:
        DistributionError: it is no valid wheel.
        ContentsError: a name in it may have been misread when it was built.
    """
    with open_wheel(wheel) as opened:
        _check_names(opened.names, parse_name(wheel).distribution)
        _unpack(opened, wheel.name, site)


def _check_names(names: Iterable[str], distribution: str) -> None:
    # A letter that was misread as a control character is no mistake of the back end.
    if problem := name_encoding_problem():
        for name in names:
            if not name.isascii() and path_problem(name, "the wheel"):
                raise ContentsError(f"{distribution} ships {name!r}: {problem}.")


def _unpack(wheel: OpenWheel, wheel_name: str, site: Path) -> None:
    record = f"{wheel.dist_info}/RECORD"
    data_directory = f"{wheel.dist_info.removesuffix('.dist-info')}.data"
    rows = parse_record(wheel.read(record).decode(), f"{wheel_name}'s RECORD")
    listed = {row.path for row in rows}
    unlisted = sorted(set(wheel.names) - listed - {record, f"{record}.jws", f"{record}.p7s"})
    if unlisted:
        raise DistributionError(f"RECORD does not list {', '.join(unlisted[:5])}, {_WHOSE}")
    names = {*wheel.names}
    moved = []
    for row in rows:
        place = installed_place(row.path, data_directory)
        moved.append((place, row.digest, None))
        if row.path == record:
            continue
        destination = site / place
        if row.path not in names:
            raise DistributionError(f"RECORD lists {row.path}, which is not there, {_WHOSE}")
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            with wheel.archive.open(row.path) as source, destination.open("xb") as file:
                shutil.copyfileobj(source, file, PIECE)
        except (FileExistsError, NotADirectoryError):
            raise DistributionError(f"two of its files want to be {place}") from None
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise DistributionError(
                f"the name of {shortened(place)} is longer than file systems, and Lambda's, can "
                "hold. Shorten it"
            ) from None
        with destination.open("rb") as file:
            if row.digest is not None and Digest.of_file(file, row.digest.algorithm) != row.digest:
                raise DistributionError(f"{row.path} has another hash than in RECORD, {_WHOSE}")
    (site / record).write_bytes(format_record(moved))


def installed_place(path: str, data_directory: str) -> str:
    """Return where a file of a wheel is installed, relative to the site directory.

    Args:
        path: in the wheel.
        data_directory: the name of its ``.data`` directory.

    Raises:
        DistributionError: it lies in a part of that directory that PEP 427 does not know.
    """
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
