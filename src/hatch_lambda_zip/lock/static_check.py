"""Whether a uv.lock is of the projects as they are, told without uv and without an interpreter.

uv.lock repeats what each local project stated when it was locked ([package.metadata]), and what uv
was told ([manifest]). Both are compared with what stands in the projects' pyproject.toml now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.dependency_groups import resolve_dependency_groups
from packaging.errors import ExceptionGroup
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.lock.dynamic import states_requirements
from hatch_lambda_zip.lock.resolution import differing_settings
from hatch_lambda_zip.lock.same_markers import holds_alike, python_releases

_DIRECTORIES: Final = ("editable", "directory", "virtual")
# What is locked in a form that only uv can compare.
_NOT_COMPARED: Final = (
    *("conflicts", "dependency-groups", "dependency-metadata", "environments"),
    *("exclude-newer-package", "required-environments"),
)
_NOT_COMPARED_IN_LOCK: Final = ("conflicts", "supported-markers", "required-markers")


class _DoubtError(Exception):
    """What differs, or why nothing can be told: half a sentence."""


@dataclass(frozen=True)
class _Needed:
    """A requirement, and where its distribution is from: ``("index", …)``, or nothing."""

    requirement: Requirement
    source: tuple[str, str] | None


def find_doubt(lock: Path, environ: Mapping[str, str]) -> str | None:
    """Return why a uv.lock may not be of the projects as they are, or None if it is.

    Args:
        lock: the uv.lock of a project or workspace.
        environ: uv's variables.

    Returns:
        Half a sentence: the first difference, or what can't be compared.
    """
    try:
        _check(lock, read_tables(lock), environ)
    except _DoubtError as doubt:
        return str(doubt)
    except (
        *(InvalidRequirement, ExceptionGroup),
        *(AttributeError, ValueError, TypeError, LookupError),
    ) as error:
        return f"something can't be read: {str(error).partition(chr(10))[0]}"
    return None


def _check(lock: Path, document: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    root = lock.parent
    manifest = inner_table(document, "manifest")
    settings = inner_table(read_tables(root / "pyproject.toml"), "tool", "uv")
    unclear = [f"[tool.uv] {key}" for key in _NOT_COMPARED if settings.get(key)]
    unclear += [f"{key} in uv.lock" for key in _NOT_COMPARED_IN_LOCK if document.get(key)]
    unclear += ["uv.toml"] if (root / "uv.toml").exists() else []
    unclear += ["groups without a project"] if manifest.get("dependency-groups") else []
    unclear += differing_settings(lock, environ)
    if unclear or document.get("version") != 1:
        raise _DoubtError(f"{', '.join(unclear) or 'its version'} can't be compared without uv")
    for key in ("override", "constraint", "build-constraint"):
        stated = [_needed(text, root, root) for text in settings.get(f"{key}-dependencies", ())]
        _compare(stated, manifest.get(f"{key}s", ()), f"[tool.uv] {key}-dependencies", root)
    if [*settings.get("exclude-dependencies", ())] != [*manifest.get("excludes", ())]:
        raise _DoubtError("[tool.uv] exclude-dependencies differ")
    packages = document.get("package", ())
    local = {
        (root / source[kind]).resolve(): package
        for package in packages
        for source in [package["source"]]
        for kind in _DIRECTORIES
        if kind in source
    }
    members = {*_members(root, settings)}
    if missing := sorted(str(path) for path in members - local.keys()):
        raise _DoubtError(f"it does not have {missing[0]}, which is a member of the workspace")
    names = {local[path]["name"] for path in members}
    if names != {*manifest.get("members", names)}:
        raise _DoubtError("the members of the workspace are others")
    for path, package in local.items():
        _check_project(path, package, root)
    _check_python(document, members)


def _members(root: Path, settings: Mapping[str, Any]) -> Iterator[Path]:
    workspace = inner_table(settings, "workspace")
    excluded = {path for glob in workspace.get("exclude", ()) for path in root.glob(glob)}
    if "project" in read_tables(root / "pyproject.toml"):
        yield root.resolve()
    for glob in workspace.get("members", ()):
        for path in root.glob(glob):
            if path not in excluded and (path / "pyproject.toml").is_file():
                yield path.resolve()


def _check_project(path: Path, package: Mapping[str, Any], root: Path) -> None:
    document = read_tables(path / "pyproject.toml")
    project = inner_table(document, "project")
    what = path / "pyproject.toml"
    if not states_requirements(document):
        raise _DoubtError(f"{what} does not state what the project requires, its back end does")
    settings = inner_table(document, "tool", "uv")
    is_virtual = "virtual" in package["source"]
    is_package = settings.get(
        "package", True if "build-system" in document else is_virtual is False
    )
    if canonicalize_name(project["name"]) != package["name"] or is_package is is_virtual:
        raise _DoubtError(f"{what} is locked under another name, or as no package")
    if "version" in project and project["version"] != package.get("version", project["version"]):
        raise _DoubtError(f"the version in {what} is not {package['version']}")
    metadata = inner_table(package, "metadata")
    stated = [_needed(text, path, root) for text in project.get("dependencies", ())]
    extras = project.get("optional-dependencies", {})
    for extra, texts in extras.items():
        stated += [_needed(text, path, root, extra=canonicalize_name(extra)) for text in texts]
    _compare(stated, metadata.get("requires-dist", ()), f"dependencies in {what}", root)
    if {*map(canonicalize_name, extras)} != {*metadata.get("provides-extras", ())}:
        raise _DoubtError(f"the extras in {what} differ")
    _check_groups(document, path, root, inner_table(metadata, "requires-dev"))


def _check_groups(
    document: Mapping[str, Any], path: Path, root: Path, locked: Mapping[str, Any]
) -> None:
    groups = document.get("dependency-groups", {})
    texts: dict[str, tuple[str, ...]] = {
        canonicalize_name(name): resolve_dependency_groups(groups, name) for name in groups
    }
    if older := inner_table(document, "tool", "uv").get("dev-dependencies"):
        texts["dev"] = (*texts.get("dev", ()), *older)
    for name in sorted({*texts, *locked}):
        stated = [_needed(text, path, root) for text in texts.get(name, ())]
        _compare(stated, locked.get(name, ()), f"group {name} in {path / 'pyproject.toml'}", root)


def _check_python(document: Mapping[str, Any], members: set[Path]) -> None:
    texts = [
        inner_table(read_tables(path / "pyproject.toml"), "project").get("requires-python", "")
        for path in sorted(members)
    ]
    stated = SpecifierSet(",".join(text for text in texts if text))
    locked = SpecifierSet(document.get("requires-python", ""))
    named = (specifier.version for specifier in (*stated, *locked))
    releases = python_releases(named)
    if any((release in stated) != (release in locked) for release in releases):
        raise _DoubtError(f"requires-python is {stated}, and was {locked}")


def _needed(text: str, path: Path, root: Path, extra: str | None = None) -> _Needed:
    """Read a requirement, and the source that its project or the workspace has for it."""
    requirement = Requirement(text)
    if extra is not None:
        before = f"({requirement.marker}) and " if requirement.marker else ""
        requirement.marker = Marker(f'{before}extra == "{extra}"')
    name = canonicalize_name(requirement.name)
    if requirement.url is not None:
        if requirement.url.startswith("git+"):
            raise _DoubtError(f"{name} from git can't be compared without uv")
        return _Needed(requirement, ("url", requirement.url))
    for directory in (path, root):
        settings = inner_table(read_tables(directory / "pyproject.toml"), "tool", "uv")
        for key, source in inner_table(settings, "sources").items():
            if canonicalize_name(key) == name:
                return _Needed(requirement, _source(name, source, directory, root, settings))
    return _Needed(requirement, None)


def _source(
    name: str, source: object, directory: Path, root: Path, settings: Mapping[str, Any]
) -> tuple[str, str]:
    match source:
        case {"workspace": True, **others} if not others:
            return ("member", name)
        case {"path": str(path), **others} if not others.keys() - {"editable", "package"}:
            return ("path", str((directory / path).resolve()))
        case {"url": str(url), **others} if not others:
            return ("url", url)
        case {"index": str(index), **others} if not others:
            shared = inner_table(read_tables(root / "pyproject.toml"), "tool", "uv")
            for known in (*settings.get("index", ()), *shared.get("index", ())):
                if known.get("name") == index:
                    return ("index", known["url"].rstrip("/"))
    raise _DoubtError(f"the source of {name} can't be compared without uv")


def _compare(
    stated: Sequence[_Needed], locked: Sequence[Mapping[str, Any]], what: str, root: Path
) -> None:
    left = [*locked]
    for needed in stated:
        found = next((entry for entry in left if _is_same(needed, entry, root)), None)
        if found is None:
            raise _DoubtError(f"{needed.requirement} of the {what} is not in it")
        left.remove(found)
    if left:
        raise _DoubtError(f"it has {left[0]['name']}, which is not among the {what}")


def _is_same(needed: _Needed, entry: Mapping[str, Any], root: Path) -> bool:
    requirement = needed.requirement
    marker = entry.get("marker")
    return (
        canonicalize_name(requirement.name) == entry["name"]
        and {*map(canonicalize_name, requirement.extras)} == {*entry.get("extras", ())}
        and requirement.specifier == SpecifierSet(entry.get("specifier", ""))
        and _is_from(needed.source, entry, root)
        and holds_alike(requirement.marker, Marker(marker) if marker else None)
    )


def _is_from(source: tuple[str, str] | None, entry: Mapping[str, Any], root: Path) -> bool:
    kinds = [kind for kind in (*_DIRECTORIES, "path", "url", "git", "index") if kind in entry]
    if source is None or not kinds:
        return source is None and not kinds
    kind, place = source
    value = entry[kinds[0]]
    if kind == "index":
        return kinds == ["index"] and bool(value.rstrip("/") == place)
    if kind == "url":
        return kinds == ["url"] and bool(value == place)
    is_here = kinds[0] in {*_DIRECTORIES, "path"}
    return is_here and (kind == "member" or str((root / value).resolve()) == place)
