"""What builds write, which never ships: zips, manifests, caches (uv's, too), output directories."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.cache import TAG_NAME, is_cache, is_tag
from hatch_lambda_zip.config import TOOL_NAME, inner_table
from hatch_lambda_zip.errors import ContentsError
from hatch_lambda_zip.files import read_regular

_DEFAULT: Final = "dist"  # of hatchling, uv and build
_BUILT: Final = (".whl", ".tar.gz")
_TEMPORARY: Final = re.compile(r"hatch-lambda-zip-[0-9a-f]{16}-locked")
_TEMPORARY_FILE: Final = re.compile(rf"(?:^|/){_TEMPORARY.pattern}/")
# uv 0.10 to 0.13: the tag is its standard's first line alone, without an end, and the directories
# are called archive-v0, flat-index-v2, sdists-v11 or so.
_UV_TAG: Final = b"Signature: 8a477f597d28d172789f06886806bc55"
_UV_FILES: Final = frozenset((TAG_NAME, ".gitignore", ".lock"))
_UV_SMALL: Final = frozenset((".gitignore", ".lock"))  # the one is "*", and the other empty
_UV_DIRECTORY: Final = re.compile(r"[a-z]+(?:-[a-z]+)*-v\d+")
_UV_TEMPORARY: Final = re.compile(r"\.tmp\w{6}", re.ASCII)
_UV_ARCHIVE: Final = re.compile(r"(?:^|/)archive-v\d+/[\w-]{16,}/")
# An empty file in TMPDIR, which stays there: for a tree that setuptools builds, or an environment.
_UV_LOCK: Final = re.compile(r"(?:^|/)uv-(?:[a-z]+-)?[0-9a-f]{16}\.lock\Z")
# Python writes NAME.pyc.NUMBER, and then calls it NAME.pyc (importlib's _write_atomic); ours are
# those of an output, and of what is written in one step.
_HALF_WRITTEN: Final = re.compile(
    r"\.pyc\.\d+\Z|(?:^|/)\.[^/]+\.(?:[0-9a-f]{8}\.(?:locked\.)?tmp|[0-9a-f]{16,}\.before)\Z",
    re.ASCII,
)
# By PEP 3147, a module that is in no __pycache__ has no tag in its name; but with
# PYTHONPYCACHEPREFIX all that Python compiles lies in that directory so.
_COMPILED: Final = re.compile(r"(?<!/)\.(?:cpython-|pypy)\d+(?:\.opt-\w+)?\.pyc\Z", re.ASCII)
LARGEST_DESCRIPTION: Final = 64 << 20
"""How many bytes a manifest or a bill of materials has at the most, so that it is read.

There is a row for each file that is left out, and nothing else in one grows so: that is 200,000.
"""


@dataclass(frozen=True)
class Outputs:
    """Where builds of a project write.

    Attributes:
        root: the project's directory, without links.
        directories: the configured, default and given output directories, likewise.
    """

    root: Path
    directories: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, root: Path, directories: Iterable[str | Path]) -> Outputs:
        """Return them from paths that may be relative to the project's directory.

        Raises:
            ContentsError: one is no path.
        """
        paths = [*map(str, directories)]
        if wrong := [path for path in paths if "\0" in path]:
            raise ContentsError(f"tool.hatch.build: the directory {wrong[-1]!r} is no path")
        return cls(_real(root), frozenset(_real(Path(root, path)) for path in paths))

    def has_directory(self, path: Path) -> bool:
        """Tell whether this is an output directory, and not the project's as well."""
        real = _real(path)
        return real in self.directories and not self.root.is_relative_to(real)

    def are_all_in(self, directory: Path) -> bool:
        """Tell whether this is an output directory that has no sources in it, such as a package."""
        if not self.has_directory(directory):
            return False
        patterns = ("*.py", "*/__init__.py")
        return not any(file for pattern in patterns for file in directory.glob(pattern))

    def directory_of(self, path: Path) -> Path | None:
        """Return the output directory that a file lies in, if it has no sources in it."""
        real = _real(path.parent)
        around = (real, *real.parents)
        return next((found for found in around if self.are_all_in(found)), None)

    def takes_in(self, wheel: Path) -> bool:
        """Tell whether a wheel may hold something that a build wrote."""
        if output_in(wheel, self.root) is not None:
            return True
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if ".dist-info/" not in name]
        mine = {name.rpartition("/")[2] for name in names}
        inside = [path for path in self.directories if path.is_relative_to(self.root)]
        files = [
            path
            for directory in inside
            for path in (directory.iterdir() if directory == self.root else directory.rglob("*"))
            if path.name in mine
        ]
        return any(self.is_output(path) or self.directory_of(path) for path in files)

    def is_output(self, path: Path) -> bool:
        """Tell whether a path is one of `is_artifact`, a wheel or sdist beside them, or uv's.

        So is what another process is just writing or replacing, or was when it was killed, what
        Python has compiled by PYTHONPYCACHEPREFIX, and what builds have where temporary files are,
        which a container may have under another name outside of the sources: a directory of ours,
        and uv's locks.
        """
        if path.name.endswith(_BUILT) and _real(path.parent) in self.directories:
            return True
        if is_half_written(path) or (_is_compiled(str(path)) and not path.is_dir()):
            return True
        if _TEMPORARY.fullmatch(path.name) and path.is_dir():
            return True
        if _UV_LOCK.search(path.name) and _is_empty_file(path):
            return True
        return _is_uvs(path) or is_artifact(path)

    def is_unpacked(self, path: Path) -> bool:
        """Tell whether a file of the project lies in a directory with what is in a zip."""
        real = _real(path.parent)
        around = (real, *real.parents)
        return any(is_artifact(found) for found in around if self.root in found.parents)


def is_half_written(path: Path) -> bool:
    """Tell whether a file is what another process is just writing, or was when it was killed."""
    return _HALF_WRITTEN.search(path.name) is not None and not path.is_dir()


def _is_compiled(path: str) -> bool:
    """Tell whether Python has compiled a module to this path by PYTHONPYCACHEPREFIX."""
    return "__pycache__" not in path and _COMPILED.search(path) is not None


def _is_empty_file(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _real(path: Path) -> Path:
    # pathlib's own raises for links in a circle.
    return Path(os.path.realpath(path))


def is_artifact(path: Path) -> bool:
    """Tell whether a path is a zip or describes one, an unpacked directory, or a cache of ours."""
    if path.is_dir():
        manifest = read_manifest(Path(f"{path}.json"))
        return (manifest is not None and "unpacked" in manifest) or is_cache(path)
    if path.suffix == ".json":
        content = _read(path)
        return content is not None and _is_described(content)
    manifest = read_manifest(path.with_suffix(".json")) if path.suffix == ".zip" else None
    return manifest is not None and manifest.get("artifact") == path.name


def is_in_uv_cache(path: Path, named: Path) -> bool:
    """Tell whether a file lies in a cache of uv's that lies in a directory that is named, or is it.

    What lies around that is no matter: uv builds in its cache, too. Nor is what lies beside the
    directories that uv makes there, since a variable may name one with sources.
    """
    below = path.relative_to(named).parts
    return any(
        _is_uvs(named.joinpath(*below[:count]))
        for count, name in enumerate(below, 1)
        if _may_be_uvs(name)
    )


def _may_be_uvs(name: str) -> bool:
    """Tell by its name whether something may be what uv makes in its cache's directory."""
    return bool(name in _UV_FILES or _UV_DIRECTORY.fullmatch(name) or _UV_TEMPORARY.fullmatch(name))


def _is_uvs(path: Path) -> bool:
    """Tell whether a path is one that uv makes in its cache's directory; by its name, first."""
    if not _may_be_uvs(path.name):
        return False
    is_directory = path.name not in _UV_FILES
    tag = _uv_tag(path.parent)
    if is_directory and tag == _UV_TAG:
        return True
    try:
        if path.name in _UV_SMALL and path.stat().st_size > 1:
            return False  # of a project's own, beside no other file
        return _is_uv_cache(tag, os.listdir(path.parent))  # noqa: PTH208 - names are enough
    except OSError:  # it has just been removed
        return False


def _is_uv_cache(tag: bytes | None, names: Iterable[str]) -> bool:
    """Tell whether a directory is a cache of uv's, by its tag, which other programs write, too.

    Args:
        tag: what there is of it: uv may just have begun; None for one that can't be uv's.
        names: what is in the directory.
    """
    others = {*names} - _UV_FILES
    if tag == _UV_TAG and any(map(_UV_DIRECTORY.fullmatch, others)):
        return True
    if tag is None or not _UV_TAG.startswith(tag) or {TAG_NAME, ".lock"}.isdisjoint(names):
        return False
    return all(map(_UV_TEMPORARY.fullmatch, others))


def _uv_tag(directory: Path) -> bytes | None:
    """Return what there is of a tag; None where it is too large for one of uv's."""
    try:
        return read_regular(directory / TAG_NAME, len(_UV_TAG))
    except OSError:
        return b""


def output_in(wheel: Path, project: Path) -> str | None:
    """Return the name of a file in a project's wheel that a build wrote, if it has any.

    That is a manifest, a bill of materials, a cache or a temporary file of ours, a cache of uv's, a
    lock of uv's, a compiled module that is half-written or not where Python looks for one, or a
    wheel or sdist from the default output directory.
    """
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename
            if any(known.search(name) for known in (_TEMPORARY_FILE, _UV_ARCHIVE, _HALF_WRITTEN)):
                return name
            if _is_compiled(name) or (_UV_LOCK.search(name) and member.file_size == 0):
                return name
            is_small = member.file_size <= LARGEST_DESCRIPTION
            if name.endswith(".json") and is_small and _is_described(archive.read(name)):
                return name
            directory, _, file = name.rpartition("/")
            if file == TAG_NAME and is_small:
                tag = archive.read(name)
                if is_tag(tag) or (tag and _is_uv_cache(tag, _names_in(archive, directory))):
                    return name
            is_default = directory == _DEFAULT and file.endswith(_BUILT)
            if is_default and (project / name).is_file():
                return name
    return None


def _names_in(archive: zipfile.ZipFile, directory: str) -> set[str]:
    start = f"{directory}/" if directory else ""
    below = (name[len(start) :] for name in archive.namelist() if name.startswith(start))
    return {name.partition("/")[0] for name in below if name}


def read_manifest(path: Path) -> dict[str, object] | None:
    """Return the document; None when there is no such file, or it is none of ours."""
    content = _read(path)
    return None if content is None else parse_manifest(content)


def _read(path: Path) -> bytes | None:
    try:
        return read_regular(path, LARGEST_DESCRIPTION)
    except OSError:
        return None


def _is_described(content: bytes) -> bool:
    return parse_manifest(content) is not None or is_sbom(content)


def is_sbom(content: bytes) -> bool:
    """Tell whether a document is a bill of materials of ours."""
    document = _parse(content)
    tools = inner_table(document, "metadata", "tools").get("components")
    (tool,) = tools if isinstance(tools, list) and len(tools) == 1 else (None,)
    is_ours = isinstance(tool, dict) and tool.get("name") == TOOL_NAME
    return is_ours and document.get("bomFormat") == "CycloneDX"


def parse_manifest(content: bytes) -> dict[str, object] | None:
    """Return the document; None when it is none of ours."""
    document = _parse(content)
    tool = document.get("tool")
    return document if isinstance(tool, dict) and tool.get("name") == TOOL_NAME else None


def _parse(content: bytes) -> dict[str, object]:
    """Return a JSON object that names this tool; an empty one if it is none."""
    if TOOL_NAME.encode() not in content:
        return {}
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
