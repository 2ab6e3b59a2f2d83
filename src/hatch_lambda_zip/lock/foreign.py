"""Reads what poetry.lock, pdm.lock and Pipfile.lock pin, for a pylock.toml with these versions.

Each of them is a flat list of all that is needed, with markers. Which version a requirement asked
for does not matter any more, so that these tools' own ways to say it need no reading. The formats
are those that poetry 2, pdm 2 and pipenv 2022 to 2026 write.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import TOOL_NAME, inner_table, read_tables
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.hashes import ONLY_GIT
from hatch_lambda_zip.runtimes import evaluate_marker

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOREIGN: Final = {
    "poetry.lock": "`poetry update`",
    "pdm.lock": "`pdm update`",
    "Pipfile.lock": "`pipenv update`",
}
"""Lock files of other tools, and what takes newer versions into each."""

LOCK_COMMANDS: Final = {
    "poetry.lock": "poetry lock",
    "pdm.lock": "pdm lock --update-reuse",
    "Pipfile.lock": "pipenv lock",
}
"""What makes each anew, and keeps versions."""

_OTHER_VCS: Final = ("hg", "svn", "bzr")  # what pdm and pipenv know besides git
_SCP: Final = re.compile(r"(?P<user>[\w.-]+@[\w.-]+):(?P<path>[^/].*)")


@dataclass(frozen=True)
class ForeignLock:
    """What another tool's lock pins.

    Attributes:
        requirements: a line of a requirements file for each distribution, in their order there.
        hashes: of the files that it allows, as ``sha256:…``, by normalized name.
        indexes: the names of package indexes that it names besides PyPI.
    """

    requirements: tuple[str, ...]
    hashes: Mapping[str, frozenset[str]]
    indexes: tuple[str, ...] = ()


def read_foreign(path: Path) -> ForeignLock:
    """Read what a poetry.lock, pdm.lock or Pipfile.lock pins of what is needed at run time.

    Raises:
        LockError: it can't be read, does not say what is needed at run time or on Lambda, or was
            made of another pyproject.toml or Pipfile than there is.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = json.loads(text) if path.name == "Pipfile.lock" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise LockError(
            f"{path} can't be read: {error}. Restore it, or lock again with its tool."
        ) from None
    read = {"poetry.lock": _poetry, "pdm.lock": _pdm, "Pipfile.lock": _pipenv}[path.name]
    try:
        return read(document, path)
    except (InvalidRequirement, InvalidMarker) as error:
        first, *_ = str(error).splitlines()  # the others point at a column
        raise LockError(f"{path}: {first}. Lock again with its tool.") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise LockError(
            f"{path} is not in a form that is known: {type(error).__name__} {error}. Lock again "
            "with the newest release of its tool, or use uv.lock."
        ) from None


def _poetry(document: Mapping[str, Any], path: Path) -> ForeignLock:
    packages = document.get("package", [])
    if not all("groups" in package for package in packages):
        raise LockError(
            f"{path} was made by a poetry before 2.0, which does not write down what only "
            "development needs. `poetry lock` of a newer one keeps its versions and does."
        )
    hashes = {document["metadata"]["content-hash"]}
    pyproject = read_tables(path.with_name("pyproject.toml"))
    if hashes.isdisjoint(_poetry_hash(pyproject, with_groups=groups) for groups in (True, False)):
        raise _outdated(path, "pyproject.toml")
    wanted = [
        package
        for package in packages
        # Optional ones come with extras alone.
        if "main" in package["groups"] and not package["optional"]
    ]
    sources = [package.get("source", {}) for package in wanted]
    for package, source in zip(wanted, sources, strict=True):
        if source.get("type") in _OTHER_VCS:
            raise _of_other_vcs(path, package["name"], source["type"])
    return ForeignLock(
        tuple(map(_poetry_line, wanted)),
        _hashes_of((package["name"], _file_hashes(package)) for package in wanted),
        _named(source.get("reference", "") for source in sources if source.get("type") == "legacy"),
    )


def _poetry_line(package: Mapping[str, Any]) -> str:
    source = package.get("source", {})
    kind, url = source.get("type"), source.get("url", "")
    marker = package.get("markers", "")
    if isinstance(marker, dict):  # one for each group
        marker = marker.get("main", "")
    where = f"=={package['version']}"
    if kind == "git":
        where = _git(url, source["resolved_reference"], source.get("subdirectory"))
    elif kind in {"url", "file", "directory"}:
        where = f" @ {url}"
    return _line(f"{package['name']}{where}", marker)


def _poetry_hash(pyproject: Mapping[str, Any], *, with_groups: bool) -> str:
    """Return the ``content-hash`` of what poetry locks (its ``Locker._get_content_hash``)."""
    project, poetry = inner_table(pyproject, "project"), inner_table(pyproject, "tool", "poetry")
    stated = ("requires-python", "dependencies", "optional-dependencies")
    found = {key: project[key] for key in stated if key in project}
    groups = inner_table(pyproject, "dependency-groups") if with_groups else {}
    is_legacy = not found and not groups
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    tables = {key: poetry.get(key) for key in legacy if is_legacy or key in poetry}
    tables |= {"group": poetry["group"]} if "group" in poetry else {}
    content: dict[str, Any] = tables
    if not is_legacy:
        content = {"project": found} if found else {}
        content |= {"dependency-groups": groups} if groups else {}
        content |= {"tool": {"poetry": tables}}
    return _sha256(json.dumps(content, sort_keys=True, default=str))


def _pdm(document: Mapping[str, Any], path: Path) -> ForeignLock:
    packages, metadata = document.get("package", []), document["metadata"]
    if not all("groups" in package for package in packages):
        raise LockError(
            f"{path} does not say what only development needs. `pdm lock --update-reuse "
            "-S inherit_metadata` keeps its versions and does."
        )
    targets = metadata.get("targets", [])
    if targets and all("platform" in target for target in targets):
        raise LockError(
            f"{path} was made for single platforms. `pdm lock --update-reuse` locks for all."
        )
    pyproject = read_tables(path.with_name("pyproject.toml"))
    hashes = _pdm_hashes(pyproject)
    if hashes and metadata["content_hash"].removeprefix("sha256:") not in hashes:
        raise _outdated(path, "pyproject.toml")
    wanted = [package for package in packages if "default" in package["groups"]]
    _refuse_other_vcs(path, ((package["name"], package) for package in wanted))
    return ForeignLock(
        tuple(dict.fromkeys(map(_pdm_line, wanted))),
        _hashes_of((package["name"], _file_hashes(package)) for package in wanted),
    )


def _pdm_line(package: Mapping[str, Any]) -> str:
    # What an extra adds stands in the file by itself.
    name, where = package["name"], f"=={package.get('version')}"
    if "git" in package:
        where = _git(package["git"], package["revision"], package.get("subdirectory"))
    elif place := package.get("url") or package.get("path"):
        where = f" @ {place}"
    return _line(f"{name}{where}", package.get("marker", ""))


def _pdm_hashes(pyproject: Mapping[str, Any]) -> set[str]:
    """Return the hashes of what pdm locks (``PyProject.content_hash``; before 2.16, 2.20, after).

    None where there is no ``[project]``: it reads poetry's and flit's tables in a way of its own.
    """
    if "project" not in pyproject:
        return set()
    project, settings = inner_table(pyproject, "project"), inner_table(pyproject, "tool", "pdm")
    resolution, dev = settings.get("resolution", {}), settings.get("dev-dependencies", {})
    groups: dict[str, list[Any]] = {}
    for name, requirements in (*pyproject.get("dependency-groups", {}).items(), *dev.items()):
        groups.setdefault(re.sub(r"[^A-Za-z0-9]+", "-", name).lower(), []).extend(requirements)
    stated = {
        "sources": settings.get("source", []),
        "dependencies": project.get("dependencies", []),
        "optional-dependencies": project.get("optional-dependencies", {}),
        "requires-python": project.get("requires-python", ""),
    }
    more: tuple[dict[str, Any], ...] = (
        {"dev-dependencies": dev, "overrides": resolution.get("overrides", {})},
        {"dev-dependencies": dev, "resolution": resolution},
        {"dev-dependencies": groups, "resolution": resolution},
    )
    return {_sha256(json.dumps({**stated, **it}, sort_keys=True)) for it in more}


def _pipenv(document: Mapping[str, Any], path: Path) -> ForeignLock:
    meta, wanted = document["_meta"], document["default"]
    pipfile = read_tables(path.with_name("Pipfile"))
    if meta["hash"]["sha256"] not in _pipenv_hashes(pipfile, meta["sources"]):
        raise _outdated(path, "Pipfile")
    _refuse_other_vcs(path, wanted.items())
    return ForeignLock(
        tuple(_pipenv_line(name, package) for name, package in sorted(wanted.items())),
        _hashes_of((name, package.get("hashes", ())) for name, package in wanted.items()),
        _named(
            package.get("index", "")
            for package in wanted.values()
            if package.get("index") != "pypi"
        ),
    )


def _pipenv_line(name: str, package: Mapping[str, Any]) -> str:
    # One that the machine that pipenv ran on does not need has no version: then uv chooses it.
    where = package.get("version", "").removeprefix("*")
    if "git" in package:
        where = _git(package["git"], package["ref"], package.get("subdirectory"))
    elif place := package.get("path") or package.get("file"):
        where = f" @ {place}"
    return _line(f"{name}{where}", package.get("markers", ""))


def _pipenv_hashes(pipfile: Mapping[str, Any], sources: object) -> set[str]:
    """Return the hashes of a Pipfile (``Pipfile.calculate_hash``; before 2026 plette's)."""
    renamed = {"packages": "default", "dev-packages": "develop"}
    other = {"source", "requires", "scripts", "pipfile", "pipenv", "default", "develop", *renamed}
    sections = {name: pipfile.get(key, {}) for key, name in renamed.items()}
    sections |= {key: value for key, value in pipfile.items() if key not in other}
    about = {"sources": pipfile.get("source", sources), "requires": pipfile.get("requires", {})}
    normalized = {
        section: {canonicalize_name(name): value for name, value in packages.items()}
        for section, packages in sections.items()
    }
    return {
        _sha256(json.dumps({"_meta": about, **found}, sort_keys=True, separators=(",", ":")))
        for found in (sections, normalized)
    }


def _outdated(path: Path, source: str) -> LockError:
    return LockError(
        f"{path} was made of another {source} than there is now. Run "
        f"`{LOCK_COMMANDS[path.name]}`, then "
        f"`{TOOL_NAME} lock`, and commit both results."
    )


def _refuse_other_vcs(path: Path, packages: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """See that no package comes from where uv can't fetch it: an index may have its name, too."""
    for name, package in packages:
        for system in _OTHER_VCS:
            if system in package:
                raise _of_other_vcs(path, name, system)


def _of_other_vcs(path: Path, name: str, system: str) -> LockError:
    return LockError(f"{path}: {name} comes from {system}, {ONLY_GIT}.")


def _git(url: str, commit: str, subdirectory: str | None) -> str:
    if match := _SCP.fullmatch(url):
        url = f"ssh://{match['user']}/{match['path']}"
    return f" @ git+{url}@{commit}{f'#subdirectory={subdirectory}' if subdirectory else ''}"


def _line(requirement: str, marker: str) -> str:
    """Return a line of a requirements file.

    Raises:
        InvalidRequirement: it would be something else, such as an option, or several of them.
        InvalidMarker: the marker can't be evaluated; uv would take it for true or false.
    """
    line = f"{requirement} ; {marker}" if marker else requirement
    parsed = Requirement(line)
    if parsed.marker is not None:
        evaluate_marker(parsed.marker, {"extra": ""}, "requirement")
    return line


def _file_hashes(package: Mapping[str, Any]) -> Iterator[str]:
    yield from (file["hash"] for file in package.get("files", ()) if "hash" in file)


def _hashes_of(found: Iterable[tuple[str, Iterable[str]]]) -> dict[str, frozenset[str]]:
    hashes: dict[str, frozenset[str]] = {}
    for name, of_name in found:
        key = canonicalize_name(name)
        hashes[key] = hashes.get(key, frozenset()) | frozenset(map(str.lower, of_name))
    return hashes


def _named(indexes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*indexes} - {""}))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
