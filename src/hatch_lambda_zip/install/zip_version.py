"""Versions that come from a repository: which tool makes them, and how it is told another one.

Every commit changes such a version, and with it METADATA and what the tool generates. With
``zip-version`` local projects are built under a version that stays.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.files import content_if_any
from hatch_lambda_zip.install.build_system import required_to_build
from hatch_lambda_zip.process import Watcher

# In the order in which they are looked for: hatch-vcs brings setuptools-scm along.
_TOOLS: Final = (
    *("hatch-vcs", "setuptools-scm", "uv-dynamic-versioning", "poetry-dynamic-versioning"),
    *("versioningit", "versioneer"),
)
_SUBSTITUTING: Final = "poetry-dynamic-versioning"
# By default (see its README).
_SUBSTITUTED: Final = ("*.py", "*/__init__.py", "*/__version__.py", "*/_version.py")
_OF_SCM: Final = re.compile(  # in setup.py, for setuptools-scm
    r"""\b(root|write_to|version_file)["']?\s*[:=]\s*["']([^"'\n]+)["']"""
)
_WITHOUT_VARIABLE: Final = frozenset(("versioningit", "versioneer"))


@dataclass(frozen=True)
class VersionSource:
    """What makes a project's version out of its repository.

    Attributes:
        tool: its name.
        project: the project's name as pyproject.toml has it.
        files: what it writes into the source tree, relative to that.
    """

    tool: str
    project: str
    files: tuple[str, ...] = ()

    @property
    def changes_sources(self) -> bool:
        """Whether it changes files of the source tree, and changes them back at the end."""
        return self.tool == _SUBSTITUTING

    @property
    def takes_another(self) -> bool:
        """Whether there is a variable that gives it a version."""
        return self.tool not in _WITHOUT_VARIABLE

    def variables(self, version: str) -> dict[str, str]:
        """Return the environment variables that give it a version.

        Those that name one distribution, where there are such: hatch-vcs does not tell
        setuptools-scm whose version it asks for.
        """
        name = re.sub(r"[-_.]+", "_", self.project).upper()
        return {
            "hatch-vcs": {"SETUPTOOLS_SCM_PRETEND_VERSION": version},
            "setuptools-scm": {f"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{name}": version},
            "uv-dynamic-versioning": {"UV_DYNAMIC_VERSIONING_BYPASS": version},
            "poetry-dynamic-versioning": {
                "POETRY_DYNAMIC_VERSIONING_OVERRIDE": f"{self.project}={version}"
            },
            "pdm-backend": {"PDM_BUILD_SCM_VERSION": version},
        }.get(self.tool, {})


def find_version_source(root: Path) -> VersionSource | None:
    """Find what makes a project's version; None when that is no repository."""
    pyproject = _pyproject(root)
    project, tool = inner_table(pyproject, "project"), inner_table(pyproject, "tool")
    name = project.get("name") or inner_table(tool, "poetry").get("name") or root.name
    setup = _text(root / "setup.py")
    requires = required_to_build(pyproject) | _required_elsewhere(root, tool, setup)
    if inner_table(tool, "pdm", "version").get("source") == "scm":
        found = "pdm-backend"
    elif "versioneer" in tool:
        found = "versioneer"
    else:
        found = next((known for known in _TOOLS if known in requires), "")
    is_static = "version" in project and found != "poetry-dynamic-versioning"
    if not found or is_static:
        return None
    files = {*_files(root, tool), *_written_by(setup)}
    if found == _SUBSTITUTING:
        files |= {*_substituted(root, tool)}
    return VersionSource(found, str(name), tuple(sorted(files)))


def states_version(root: Path) -> bool:
    """Tell whether a project's version stands in its pyproject.toml."""
    pyproject = _pyproject(root)
    tables = (inner_table(pyproject, "project"), inner_table(pyproject, "tool", "poetry"))
    return any("version" in table for table in tables)


@contextlib.contextmanager
def keeping(
    source: VersionSource | None, root: Path, watcher: Watcher | None = None
) -> Iterator[None]:
    """Leave the files that a build writes into the source tree as they were before it.

    Args:
        watcher: who does so if this process is killed.
    """
    named = [root / file for file in (source.files if source else ()) if "\0" not in file]
    # No build makes a file of what is there and none, such as a directory.
    paths = [path for path in named if path.is_file() or not os.path.lexists(path)]
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    times = {path: path.stat() for path in paths if path.is_file()}
    for path, content in before.items():
        if watcher and content is None:
            watcher.remove_later(path)
        elif watcher and content is not None:
            watcher.restore_later(path, content, times[path].st_mtime_ns)
    is_left_to_do = True
    try:
        yield
        # What is other after that, somebody has edited meanwhile.
        is_left_to_do = source is None or not source.changes_sources
    finally:
        for path, content in before.items():
            if is_left_to_do:
                _put_back(path, content, times.get(path))
            if watcher:
                watcher.leave(path)


def _put_back(path: Path, content: bytes | None, status: os.stat_result | None) -> None:
    """Leave a file as it was: with its content and times, or not there."""
    if content is None or status is None:
        path.unlink(missing_ok=True)
    elif not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def keeping_version_files(root: Path, zip_version: str | None) -> Iterator[None]:
    """Keep what hatchling's hooks write into a source tree, where zips have another version.

    Before the wheel for the zips is made they write it for this target too, in this process.
    """
    source = find_version_source(root) if zip_version else None
    if source is None or not source.files:
        yield
        return
    with contextlib.closing(Watcher()) as watcher, keeping(source, root, watcher):
        yield


def _pyproject(root: Path) -> Mapping[str, Any]:
    # What is wrong with it, its back end will say.
    return read_tables(root / "pyproject.toml")


def _text(path: Path) -> str:
    return content_if_any(path).decode("utf-8", "replace")


def _required_elsewhere(root: Path, tool: Mapping[str, Any], setup: str) -> set[str]:
    """Return the tools that the build takes without requiring them in pyproject.toml."""
    found = set()
    provider = inner_table(tool, "scikit-build", "metadata", "version").get("provider")
    if str(provider).endswith(".setuptools_scm") or "use_scm_version" in setup:
        found.add("setuptools-scm")
    if "[versioneer]" in _text(root / "setup.cfg"):
        found.add("versioneer")
    return found


def _files(root: Path, tool: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that pyproject.toml and hatch.toml have version sources write."""
    hatch = (inner_table(tool, "hatch"), read_tables(root / "hatch.toml"))
    tables = (
        inner_table(tool, "setuptools_scm"),
        inner_table(tool, "setuptools-scm"),
        *(inner_table(table, "version", "raw-options") for table in hatch),
        *(hook for table in hatch for hook in _hooks(table, "vcs")),
    )
    for table in tables:
        for key in ("version_file", "version-file"):
            yield from _strings(table.get(key))
        # The older one is relative to the repository (setuptools-scm's configuration).
        for written in _strings(table.get("write_to")):
            yield os.path.normpath(Path(str(table.get("root", ".")), written))
    for hook in (hook for table in hatch for hook in _hooks(table, "version")):
        yield from _strings(hook.get("path"))
    generated = inner_table(tool, "scikit-build").get("generate")
    for item in generated if isinstance(generated, list) else ():
        if isinstance(item, dict) and item.get("location") == "source":
            yield from _strings(item.get("path"))


def _written_by(setup: str) -> Iterator[str]:
    """Yield the files that setup.py may have setuptools-scm write."""
    options = _OF_SCM.findall(setup)
    roots = {".", *(path for key, path in options if key == "root")}
    for path in (path for key, path in options if key != "root"):
        yield from (os.path.normpath(Path(root, path)) for root in roots)


def _hooks(hatch: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the tables of a build hook of hatchling's, for all targets and for each."""
    build = inner_table(hatch, "build")
    yield inner_table(build, "hooks", name)
    for target in inner_table(build, "targets").values():
        if isinstance(target, dict):
            yield inner_table(target, "hooks", name)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value


def _substituted(root: Path, tool: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that poetry-dynamic-versioning changes, and changes back at the end."""
    table = inner_table(tool, _SUBSTITUTING)
    stated = inner_table(table, "substitution").get("files")
    yield "pyproject.toml"
    yield from inner_table(table, "files")
    patterns = stated if isinstance(stated, list) else _SUBSTITUTED
    for pattern in patterns:
        with contextlib.suppress(ValueError, NotImplementedError):  # no pattern
            for path in root.glob(str(pattern)):
                if patterns is stated or "__version" in _text(path):
                    yield path.relative_to(root).as_posix()
