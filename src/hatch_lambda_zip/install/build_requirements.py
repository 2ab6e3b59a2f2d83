"""What a build takes from directories: uv keeps a wheel of each, and sees few edits of them.

It sees those of pyproject.toml, setup.py and setup.cfg alone (see ``cache-keys`` of its settings),
so that it has to be told to look anew. Once too often does no harm: names are looked for in texts.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import matching, path_of_url, read_regular
from hatch_lambda_zip.lock import settings_around

_WORD: Final = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
# A name with a path or `file:` URL, which may begin with what stands for one.
_DIRECT: Final = re.compile(
    rf"(?<![\w.-])({_WORD.pattern})[ \t]*(?:\[[^]\n]{{0,200}}\])?[ \t]*@[ \t]*"
    r"""((?:file:|["'/%{]|\$\{)[^\s"',;#]*)""",
    re.ASCII,  # as uv's names are
)
_STANDS_FOR: Final = re.compile(r"(\$?)\{([^}]*)\}")
_ARCHIVES: Final = (".whl", ".gz", ".zip", ".bz2", ".xz", ".tgz")  # uv sees that one is another
_TEXTS: Final = ("pyproject.toml", "setup.cfg", "setup.py", "*.txt", "*.in", "requirements/*")
_OF_SETUPTOOLS: Final = ("setup.cfg", "setup.py")

_SETUP_REQUIRES: Final = re.compile(
    r"^setup_requires[ \t]*=(.*(?:\n[ \t]+.*)*)|\bsetup_requires[\"']?\s*[=:]\s*\[([^\]]*)",
    re.MULTILINE,
)
_LARGEST: Final = 1 << 20  # bytes


@dataclass(frozen=True)
class FromDirectories:
    """What a build takes from directories: names, and where these may be.

    Attributes:
        built: what uv builds as wheels.
        edited: members of the workspace, which are used as they lie there.
    """

    built: dict[NormalizedName, set[Path]]
    edited: dict[NormalizedName, set[Path]]


def required_by_path(root: Path, environ: Mapping[str, str]) -> FromDirectories:
    """Return what a project's build may take from directories.

    That is what the project requires to be built; and all that such a directory names in turn,
    as that may be needed to build it, or to run it.

    Args:
        environ: of uv, which puts variables into URLs.
    """
    return _search(root, _Projects(), environ, is_certain=False)


def surely_required(root: Path, environ: Mapping[str, str]) -> list[NormalizedName]:
    """Return the names of what a project's build certainly takes from directories, sorted.

    That is what is declared as requirements, not all that has a name somewhere.
    """
    found = _search(root, _Projects(), environ, is_certain=True).built
    return sorted(name for name, directories in found.items() if directories)


def directories_required(roots: Iterable[Path], environ: Mapping[str, str]) -> set[Path]:
    """Return the directories that builds of projects certainly take something from."""
    projects = _Projects()
    found = set[Path]()
    for root in roots:
        required = _search(root, projects, environ, is_certain=True)
        found.update(*required.built.values(), *required.edited.values())
    return found


def check_added(names: Container[str], root: Path, environ: Mapping[str, str]) -> None:
    """Check that nothing from a directory is added to what builds of locked sources require.

    ``uv pip install``, which builds these, heeds no ``tool.uv.sources``; and what it takes from a
    directory it builds there, once.

    Args:
        names: what is built.
        root: where uv runs.

    Raises:
        DistributionError: something is.
    """
    projects = _Projects()
    sourced = {
        canonicalize_name(name)
        for place in (root, *root.parents)
        for name in inner_table(projects.of_uv(place), "sources")
    }
    for settings, _ in settings_around(root, environ, projects.of_uv):
        for name, added in inner_table(settings, "extra-build-dependencies").items():
            text = "\n".join(_strings(added))
            found = {
                canonicalize_name(written)
                for written, where in _DIRECT.findall(text)
                if not where.endswith(_ARCHIVES) and _is_there(_path(where, root, root, environ))
            }
            found |= sourced & {*_names_without_url(_strings(added))}
            if found and canonicalize_name(name) in names:
                raise DistributionError(
                    f"{name} is built from source, and `extra-build-dependencies` of uv's settings "
                    f"has it require {' and '.join(sorted(found))} from elsewhere than an index: "
                    "where locked sources are built, uv takes what it or an earlier build has "
                    "kept of a directory, and nothing from `tool.uv.sources`. Name a wheel there "
                    f"(`{min(found)} @ file:///….whl`), or lock a wheel of {name}."
                )


def _names_without_url(requirements: Iterable[str]) -> Iterator[NormalizedName]:
    for text in requirements:
        with contextlib.suppress(InvalidRequirement):
            requirement = Requirement(text)
            if requirement.url is None:
                yield canonicalize_name(requirement.name)


def _search(
    root: Path, projects: _Projects, environ: Mapping[str, str], *, is_certain: bool
) -> FromDirectories:
    """Look for what a project's build names, and what these directories name in turn.

    Args:
        is_certain: whether only what is no requirement for something else counts.
    """
    found = FromDirectories({}, {})
    seen = {root}
    left = [(root, _stated_of_build(root, projects, environ, is_certain=is_certain))]
    while left:
        place, text = left.pop()
        named = _named(text, place, root, projects, environ)
        for known, new in ((found.built, named.built), (found.edited, named.edited)):
            for name, directories in new.items():
                known.setdefault(name, set()).update(directories)
                for directory in directories - seen:
                    seen.add(directory)
                    left.append((directory, _stated(directory, projects, is_certain=is_certain)))
    return found


def _stated_of_build(
    root: Path, projects: _Projects, environ: Mapping[str, str], *, is_certain: bool
) -> str:
    """Return a text with what a project requires to be built."""
    pyproject = projects.tables(root)
    # What one of hatch.toml's tables has counts for a whole table there; too much does no harm.
    hatch = [inner_table(pyproject, "tool", "hatch", "build"), _hatch_toml(root)]
    runtime = [
        value
        for table in hatch
        for value in _values(table, "require-runtime-dependencies", "require-runtime-features")
    ]
    if any(runtime):
        return _stated(root, projects, is_certain=is_certain)
    settings = [table for table, _ in settings_around(root, environ, projects.of_uv)]
    stated = (
        inner_table(pyproject, "build-system").get("requires"),
        *(inner_table(table, "extra-build-dependencies") for table in settings),
        *(table.get("build-constraint-dependencies") for table in settings),
        *(_text(Path(file)) for file in environ.get("UV_BUILD_CONSTRAINT", "").split()),
        *(value for table in hatch for value in _values(table, "dependencies")),
        *_values(inner_table(pyproject, "tool", "scikit-build"), "requires"),
        _of_setuptools(root, is_certain=is_certain),
    )
    return "\n".join(line for part in stated for line in _strings(part))


def _hatch_toml(root: Path) -> Mapping[str, Any]:
    return inner_table(read_tables(root / "hatch.toml"), "build")


def _of_setuptools(root: Path, *, is_certain: bool) -> str:
    """Return ``setup_requires`` of setup.cfg and setup.py; if not certain, all of the files."""
    text = _texts(root, _OF_SETUPTOOLS)
    if "setup_requires" not in text:
        return ""
    return "\n".join("".join(it) for it in _SETUP_REQUIRES.findall(text)) if is_certain else text


def _stated(place: Path, projects: _Projects, *, is_certain: bool) -> str:
    """Return a text with what a directory requires to be built or to run."""
    if not is_certain:
        return _texts(place, _TEXTS)
    pyproject = projects.tables(place)
    project = inner_table(pyproject, "project")
    stated = (
        inner_table(pyproject, "build-system").get("requires"),
        project.get("dependencies"),
        project.get("optional-dependencies"),
    )
    return "\n".join(line for part in stated for line in _strings(part))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def _values(value: object, *keys: str) -> Iterator[object]:
    """Yield what has one of these keys, in a table or tables in it."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, *keys)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key in keys:
                yield item
            else:
                yield from _values(item, *keys)


def _texts(place: Path, patterns: tuple[str, ...]) -> str:
    files = [file for pattern in patterns for file in sorted(matching(place, pattern))]
    return "\n".join(map(_text, files))


def _text(file: Path) -> str:
    """Return a text, if it is no larger than one that somebody wrote."""
    content = b""
    with contextlib.suppress(OSError, ValueError):  # it is not there, or no path
        content = read_regular(file, _LARGEST) or b""
    return content.decode(errors="replace")


def _named(
    text: str, place: Path, root: Path, projects: _Projects, environ: Mapping[str, str]
) -> FromDirectories:
    """Return what a text names that is in directories.

    Args:
        place: the directory that the text is of.
        root: where uv runs.
    """
    found = FromDirectories({}, {})
    for written, where in _DIRECT.findall(text):
        if not where.endswith(_ARCHIVES):
            paths = {_path(where, base, place, environ) for base in (root, place)}
            directories = found.built.setdefault(canonicalize_name(written), set())
            directories.update(filter(_is_there, paths))
    words = {canonicalize_name(word) for word in {*_WORD.findall(text)}}
    for name, directory, is_edited in _sources(place, words, projects):
        if _is_there(directory):
            of_kind = found.edited if is_edited else found.built
            of_kind.setdefault(name, set()).add(directory)
    for directories in found.built.values():
        directories -= {place, root}  # where a text gives a path in parts
    return found


def _path(where: str, base: Path, place: Path, environ: Mapping[str, str]) -> Path:
    """Return the path that a path or URL is.

    Args:
        base: what ``${PROJECT_ROOT}`` is: for uv where it runs, for pdm-backend the project.
        place: what hatchling's ``{root:uri}`` is, and whatever is not known.
    """

    def meant(match: re.Match[str]) -> str:
        mark, name = match.groups()
        if mark:
            return str(base) if name == "PROJECT_ROOT" else environ.get(name, match[0])
        directory = place
        for _ in range(name.count(":parent")):
            directory = directory.parent
        return directory.as_uri() if name.endswith(":uri") else str(directory)

    text = _STANDS_FOR.sub(meant, where).lstrip("\"'")
    return _absolute(base, re.sub("^//+", "/", path_of_url(text) or text))


def _absolute(base: Path, path: str) -> Path:
    return Path(os.path.abspath(base / path))  # noqa: PTH100 - links stay


def _is_there(directory: Path) -> bool:
    return os.path.isdir(directory)  # noqa: PTH112 - no error for what can be no path


def _sources(
    place: Path, names: Container[str], projects: _Projects
) -> Iterator[tuple[NormalizedName, Path, bool]]:
    """Yield what a project and its workspace have directories for, of these names.

    And whether it is a member of the workspace that is used as it lies there.
    """
    workspaces = [base for base in (place, *place.parents) if "workspace" in projects.of_uv(base)]
    for base in {place: None, **dict.fromkeys(workspaces)}:
        poetry = inner_table(projects.tables(base), "tool", "poetry", "dependencies")
        for table in (inner_table(projects.of_uv(base), "sources"), poetry):
            for written, source in table.items():
                name = canonicalize_name(written)
                for item in source if isinstance(source, list) else [source]:
                    if name not in names or not isinstance(item, dict):
                        continue
                    if isinstance(path := item.get("path"), str):
                        yield name, _absolute(base, path), False
                    elif item.get("workspace") is True:
                        is_edited = item.get("editable") is not False
                        for workspace in workspaces:
                            if path := projects.members(workspace).get(name):
                                yield name, path, is_edited


class _Projects:
    """The pyproject.toml of directories, each read once."""

    def __init__(self) -> None:
        self._tables: dict[Path, Mapping[str, Any]] = {}
        self._members: dict[Path, Mapping[NormalizedName, Path]] = {}

    def tables(self, place: Path) -> Mapping[str, Any]:
        """Return what is in a directory's pyproject.toml."""
        if place not in self._tables:
            self._tables[place] = read_tables(place / "pyproject.toml")
        return self._tables[place]

    def of_uv(self, place: Path) -> Mapping[str, Any]:
        """Return uv's table in a directory's pyproject.toml."""
        return inner_table(self.tables(place), "tool", "uv")

    def members(self, workspace: Path) -> Mapping[NormalizedName, Path]:
        """Return the members of a workspace by their names."""
        if workspace not in self._members:
            patterns = inner_table(self.of_uv(workspace), "workspace").get("members")
            places = [workspace]
            for pattern in patterns if isinstance(patterns, list) else []:
                with contextlib.suppress(ValueError, NotImplementedError):  # it is no pattern
                    places += matching(workspace, str(pattern))
            found: dict[NormalizedName, Path] = {}
            for place in places:
                name = inner_table(self.tables(place), "project").get("name")
                if isinstance(name, str):
                    found.setdefault(canonicalize_name(name), place)
            self._members[workspace] = found
        return self._members[workspace]
