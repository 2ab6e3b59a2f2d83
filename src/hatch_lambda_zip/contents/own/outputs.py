"""What builds write, which never ships: zips, manifests and caches of ours, output directories."""

from __future__ import annotations

import json
import os
import re
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
_TEMPORARY: Final = re.compile(r"(?:^|/)hatch-lambda-zip-[0-9a-f]{16}-locked/")
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
        """Tell whether a path is one of `is_artifact`, or a wheel or sdist beside them."""
        if path.name.endswith(_BUILT) and _real(path.parent) in self.directories:
            return True
        return is_artifact(path)

    def is_unpacked(self, path: Path) -> bool:
        """Tell whether a file of the project lies in a directory with what is in a zip."""
        real = _real(path.parent)
        around = (real, *real.parents)
        return any(is_artifact(found) for found in around if self.root in found.parents)


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


def output_in(wheel: Path, project: Path) -> str | None:
    """Return the name of a file in a project's wheel that a build wrote, if it has any.

    That is a manifest, a bill of materials, a cache or a temporary file of ours, or a wheel or
    sdist from the default output directory.
    """
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            name = member.filename
            if _TEMPORARY.search(name):
                return name
            is_small = member.file_size <= LARGEST_DESCRIPTION
            if name.endswith(".json") and is_small and _is_described(archive.read(name)):
                return name
            directory, _, file = name.rpartition("/")
            if file == TAG_NAME and is_small and is_tag(archive.read(name)):
                return name
            is_default = directory == _DEFAULT and file.endswith(_BUILT)
            if is_default and (project / name).is_file():
                return name
    return None


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
