"""The .dist-info directory of a locally built distribution, as it ships.

Names, METADATA, WHEEL, entry points and the place of licence files follow from the project, and
not from the release of the back end that wrote them. The rules stand in docs/format.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name, canonicalize_version

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.entry_points import canonical_entry_points
from hatch_lambda_zip.install.metadata import canonical_metadata, read_headers
from hatch_lambda_zip.text import shortened

_SUFFIX: Final = ".dist-info"
_GENERATOR: Final = "hatch-lambda-zip"
_LONGEST_TAG: Final = 255  # characters, as a whole file name may have

# Files that back ends before PEP 639 put beside METADATA: the patterns that they all look for.
_LICENSE_NAME: Final = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*", re.IGNORECASE)
_LICENSES: Final = "licenses/"
_BILLS_OF_MATERIALS: Final = "sboms/"  # PEP 770; maturin's have the time and a path of this machine
_IN_JSON: Final = frozenset(
    (
        # uv_build's with UV_PREVIEW; the one names the release of uv, and neither is canonical.
        *("METADATA.json", "WHEEL.json"),
        # What a repository is at: the commit, its branch, all files of it.
        *("pbr.json", "scm_version.json", "scm_file_list.json"),
    )
)
_OLD_LICENSES: Final = "license_files/"  # hatchling's in 2022


@dataclass(frozen=True)
class DistInfo:
    """A .dist-info directory.

    Attributes:
        name: of the directory.
        files: their contents by their paths in it, without RECORD.
    """

    name: str
    files: Mapping[str, bytes]


def canonical_dist_info(found: DistInfo, version: str | None = None) -> DistInfo:
    """Return the directory in its canonical form.

    Args:
        version: what ships instead of the wheel's own version.

    Raises:
        DistributionError: METADATA is malformed, or about another distribution.
    """
    raw_name, _, raw_version = found.name.removesuffix(_SUFFIX).partition("-")
    name = canonicalize_name(raw_name)
    own_version = canonicalize_version(raw_version, strip_trailing_zero=False)
    version = version or own_version
    wheel = found.files.get("WHEEL", b"")
    metadata = found.files.get("METADATA")
    fields = {} if metadata is None else read_headers(metadata, f"METADATA of {name}")
    files = _with_licenses_in_place(found.files, fields.get("license-file", ()))
    if metadata is not None:
        _check_identity(fields, name, own_version, found.name)
        files["METADATA"] = canonical_metadata(
            fields,
            name=name,
            version=version,
            license_files=[
                path.removeprefix(_LICENSES) for path in files if path.startswith(_LICENSES)
            ],
            built_by_poetry=(generator(wheel) or "").startswith("poetry"),
        )
    for path, rule in (
        ("WHEEL", _canonical_wheel),
        ("entry_points.txt", canonical_entry_points),
        ("top_level.txt", _canonical_lines),
    ):
        if path in files:
            files[path] = rule(files[path])
    for path in ("entry_points.txt", "top_level.txt"):
        if files.get(path) == b"":
            del files[path]
    for path in [*files]:
        if path.startswith(_BILLS_OF_MATERIALS) or path in _IN_JSON:
            del files[path]
    return DistInfo(f"{name.replace('-', '_')}-{version}{_SUFFIX}", files)


def is_license_file(path: str) -> bool:
    """Tell whether a file is a licence, by its path in a .dist-info directory."""
    return path.startswith(_LICENSES) or _LICENSE_NAME.fullmatch(path) is not None


def generator(wheel_file: bytes) -> str | None:
    """Return the back end that a ``WHEEL`` file (PEP 427) names, or None."""
    return next(iter(_wheel_fields(wheel_file).get("generator", ())), None)


def check_wheel_file(content: bytes) -> None:
    """Check that installers know the format of a wheel, by its ``WHEEL`` file (PEP 427).

    Raises:
        DistributionError: they don't; the message is about the wheel.
    """
    version = next(iter(_wheel_fields(content).get("wheel-version", ())), "missing")
    if not re.fullmatch(r"1(\.\d+)*", version):
        raise DistributionError(
            f"its Wheel-Version is {version}, and installers take 1.0: choose another release of "
            "its build back end"
        )
    try:
        for tag in _wheel_fields(content).get("tag", ()):
            parse_tags(tag)
    except ValueError as error:
        raise DistributionError(
            f"its WHEEL has a tag that is none: {error}. Choose another release of its build back "
            "end"
        ) from None


def parse_tags(text: str) -> frozenset[Tag]:
    """Return the tags that a ``Tag`` of a ``WHEEL`` file stands for (PEP 425).

    Raises:
        ValueError: it is none, or longer than in the name of any wheel: then it may stand for
            millions.
    """
    if len(text) > _LONGEST_TAG:
        raise ValueError(f"{shortened(text)} has {len(text):,} characters")
    return parse_tag(text)


def is_for_any_platform(wheel_file: bytes) -> bool:
    """Tell whether a wheel is for any platform, by the tags in its ``WHEEL`` file (PEP 427)."""
    tags = _wheel_fields(wheel_file).get("tag", ())
    return bool(tags) and all(tag.rpartition("-")[2] == "any" for tag in tags)


def _check_identity(
    fields: Mapping[str, list[str]], name: str, version: str, directory: str
) -> None:
    stated = (
        canonicalize_name(next(iter(fields.get("name", ())), "")),
        canonicalize_version(next(iter(fields.get("version", ())), ""), strip_trailing_zero=False),
    )
    if stated != (name, version):
        raise DistributionError(
            f"METADATA in {directory} is about {' '.join(stated).strip() or 'nothing'}: the wheel "
            "is malformed. Build it with another release of its back end."
        )


def _with_licenses_in_place(
    files: Mapping[str, bytes], license_files: Iterable[str]
) -> dict[str, bytes]:
    """Put licence files where PEP 639 wants them."""
    moved: dict[str, str] = {}
    for path in dict.fromkeys(license_files):
        # Before PEP 639, setuptools and wheel left the directories out.
        for place in (f"{_LICENSES}{path}", path, path.rpartition("/")[2]):
            if place in files and place not in moved and not _is_ours(place):
                moved[place] = f"{_LICENSES}{path}"
                break
    taken = {*files, *moved.values()}
    for path in files:
        name = path.removeprefix(_OLD_LICENSES)
        is_one = name != path or _LICENSE_NAME.fullmatch(path)
        if is_one and f"{_LICENSES}{name}" not in taken:
            moved.setdefault(path, f"{_LICENSES}{name}")
    return {moved.get(path, path): content for path, content in files.items()}


def _is_ours(path: str) -> bool:
    return path in {"METADATA", "WHEEL", "entry_points.txt", "top_level.txt"}


def _canonical_wheel(content: bytes) -> bytes:
    fields = _wheel_fields(content)
    try:
        tags = {str(tag) for text in fields.get("tag", ()) for tag in parse_tags(text)}
    except ValueError as error:
        raise DistributionError(
            f"A WHEEL file that was built here is malformed: {error}."
        ) from None
    is_pure = fields.get("root-is-purelib", ["true"])[0].lower()
    lines = ["Wheel-Version: 1.0", f"Generator: {_GENERATOR}", f"Root-Is-Purelib: {is_pure}"]
    lines += [f"Tag: {tag}" for tag in sorted(tags)]
    lines += [f"Build: {build}" for build in fields.get("build", ())]
    return "".join(f"{line}\n" for line in lines).encode()


def _wheel_fields(content: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for line in content.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), []).append(value.strip())
    return fields


def _canonical_lines(content: bytes) -> bytes:
    lines = {line.strip() for line in content.decode("utf-8", "replace").splitlines()} - {""}
    return "".join(f"{line}\n" for line in sorted(lines)).encode()
