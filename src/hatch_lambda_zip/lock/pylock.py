"""pylock.toml (PEP 751): the part that one function needs, as a lock with one wheel a package.

The wheels are chosen here and not by the installer, so that the choice is the same with every
version and every configuration of uv.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockSelectError,
    PylockValidationError,
)
from packaging.version import Version

from hatch_lambda_zip.config import TOOL_NAME, Request, inner_table
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.adjustments import read_described
from hatch_lambda_zip.lock.hashes import (
    COMPARED_BY_UV,
    check_commit,
    check_vcs,
    file_name,
    ignored_hashes,
    with_compared_hashes,
    with_one_hash,
)
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
    patch_warning,
    resolved,
)
from hatch_lambda_zip.lock.pylock_writer import (
    Entry,
    local_files,
    source_entry,
    wheel_entry,
    write_lock,
)
from hatch_lambda_zip.lock.wheels import best_wheel, check_name, describe_missing
from hatch_lambda_zip.redact import has_token, redact
from hatch_lambda_zip.runtimes import Platform, evaluate_marker
from hatch_lambda_zip.text import shortened

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.specifiers import SpecifierSet

_WHEELS_FILE: Final = "pylock.wheels.toml"
_SOURCES_FILE: Final = "pylock.sources.toml"
_LONGEST_NAME: Final = 255  # characters: what file systems take
_KNOWN_VERSION: Final = Version("1.0")
_Source = TypeVar("_Source", PackageWheel, PackageArchive, PackageSdist)


def parse_pylock(text: str, lock: LockFile) -> Pylock:
    """Read a pylock.toml.

    Raises:
        LockError: it is not TOML, or not what PEP 751 asks for.
    """
    try:
        return pylock_of(tomllib.loads(text))
    # ValueError: of numbers that are too long as well; RecursionError: of arrays in arrays.
    except (ValueError, RecursionError, PylockValidationError) as error:
        raise LockError(
            f"{lock.path} can't be read as a pylock.toml (PEP 751): {error}. Make it anew."
        ) from None


def pylock_of(document: dict[str, Any]) -> Pylock:
    """Read the tables of a pylock.toml, which are mended on the way.

    Raises:
        ValueError: a file has a longer name than a file can have.
        PylockValidationError: they are otherwise not what PEP 751 asks for.
    """
    for file in _files(document):
        # A name may stand for any number of tags, each of which is made when it is read (PEP 425).
        names = [str(file.get(key, "")).rpartition("/")[2] for key in ("name", "path", "url")]
        if longest := next((name for name in names if len(name) > _LONGEST_NAME), ""):
            raise ValueError(f"{shortened(redact(longest))} is longer than a file's name can be")
        # For packaging a file without hashes is no lock at all. uv 0.10 exports what its own lock
        # has no hash of as one; whether it matters is seen later.
        if file.get("hashes") == {}:
            file["hashes"] = {"none": ""}
    if document.get("environments") == []:
        # What pipenv and pdm write: a list that says nothing. To packaging none would fit.
        del document["environments"]
    return Pylock.from_dict(document)


def _files(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    packages = document.get("packages")
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict):
            wheels = package.get("wheels")
            files = [*(wheels if isinstance(wheels, list) else ()), package.get("archive")]
            yield from (it for it in (*files, package.get("sdist")) if isinstance(it, dict))


def select(
    pylock: Pylock,
    lock: LockFile,
    platform: Platform,
    *,
    request: Request | None = None,
    root: Path,
    build: Collection[str] = (),
    unhashed: Collection[tuple[str, str]] = (),
) -> Selection:
    """Select what a function needs.

    Args:
        lock: where it came from (for uv.lock, ``pylock`` is uv's export of it).
        platform: what wheels are chosen and markers are evaluated for.
        request: the extras and groups to select; None when the lock was made for them.
        root: the project's own directory, which the selection leaves out.
        build: the names of packages that are built from their sdists if no wheel fits.
        unhashed: the files whose hashes are not the lock's own, as package and file name.

    Raises:
        LockError: the lock does not cover the runtime; or a package has no wheel for the platform,
            or no hash that would be compared; every such package is named.
    """
    base = lock.path.parent  # where its relative paths start
    wheels: list[tuple[Package, PackageWheel]] = []
    sources: list[Package] = []
    local_projects: list[LocalProject] = []
    missing: list[Package] = []
    problems: list[str] = []
    warnings: list[str] = []

    def compared(package: Package, source: _Source) -> _Source:
        is_hashed = (package.name, file_name(source)) not in unhashed
        result = with_compared_hashes(source, base, is_hashed=is_hashed)
        ignored = ignored_hashes(source, base)
        warnings.extend(
            f"{lock.name}: {kind} of {package.name} is not compared" for kind in ignored
        )
        return result

    for package in selected_packages(pylock, lock, platform, request):
        try:
            if package.directory is not None:
                local_projects.append(_local_project(package, package.directory, base))
            elif package.vcs is not None:
                check_vcs(package.vcs.type)
                check_commit(package.vcs.commit_id)
                sources.append(package)
            elif (archive := _source_archive(package)) is not None:
                sources.append(replace(package, archive=compared(package, archive)))
            elif (best := best_wheel(package, platform)) is not None:
                check_name(best)
                wheels.append((package, compared(package, best)))
            elif package.name in build and package.sdist is not None:
                sources.append(replace(package, sdist=compared(package, package.sdist)))
            else:
                missing.append(package)
        except LockError as error:
            what = f"{package.name} {package.version or ''}".strip()
            problems.append(f"{lock.path}: {what}: {error}.{_how_to_lock(package, lock)}")
    problems += [describe_missing(missing, pylock, lock, platform)] if missing else []
    if problems:
        raise LockError("\n".join(problems))

    others = [project for project in local_projects if project.path != root.resolve()]
    others.sort(key=lambda project: project.name)
    warnings += _git_warnings(sources, lock)
    warnings += _version_warnings(pylock, lock)
    warnings += _patch_warnings(pylock, lock, platform, request)
    ours = inner_table(pylock.tool or {}, TOOL_NAME) if lock.kind is LockKind.EMBEDDED else {}
    return Selection(
        _called(lock, ours),
        tuple(_install_lists(wheels, sources, base)),
        tuple(others),
        tuple(warnings),
        read_described(inner_table(ours, "adjustments")),
    )


def _how_to_lock(package: Package, lock: LockFile) -> str:
    """Return a sentence that says how to lock one package of a uv.lock again."""
    if lock.kind is not LockKind.UV:
        return ""
    return (
        f" To lock it again, run `uv lock --upgrade-package {package.name}`; plain `uv lock` keeps "
        "what it has."
    )


def _install_lists(
    wheels: Sequence[tuple[Package, PackageWheel]], sources: Sequence[Package], base: Path
) -> Iterator[InstallList]:
    if wheels:
        text = write_lock(wheel_entry(package, wheel, base) for package, wheel in wheels)
        named = tuple(_of_wheel(package, wheel) for package, wheel in wheels)
        files = local_files([wheel for _, wheel in wheels], base)
        checks = _checks(wheels, lambda package, wheel: wheel_entry(package, wheel, base))
        yield InstallList(_WHEELS_FILE, text, named, builds=False, files=files, checks=checks)
    if sources:
        text = write_lock(source_entry(package, base) for package in sources)
        named = tuple(_distribution(package, _source_pin(package)) for package in sources)
        places = [package.vcs or package.archive or package.sdist for package in sources]
        files = local_files(places, base)
        checks = _checks(
            [(package, package.archive) for package in sources if package.archive is not None],
            lambda package, archive: source_entry(replace(package, archive=archive), base),
        )
        checks += _checks(
            [(package, package.sdist) for package in sources if package.sdist is not None],
            lambda package, sdist: source_entry(replace(package, sdist=sdist), base),
        )
        yield InstallList(_SOURCES_FILE, text, named, builds=True, files=files, checks=checks)


def _checks(
    files: Iterable[tuple[Package, _Source]], entry: Callable[[Package, _Source], Entry]
) -> tuple[str, ...]:
    """Return locks of the files with several hashes, which have one hash each."""
    alone = [(package, with_one_hash(file)) for package, file in files]
    by_kind = [
        [entry(package, files_of[kind]) for package, files_of in alone if kind in files_of]
        for kind in COMPARED_BY_UV
    ]
    return tuple(write_lock(entries) for entries in by_kind if entries)


def _git_warnings(sources: Iterable[Package], lock: LockFile) -> Iterator[str]:
    for package in sources:
        if package.vcs is not None and has_token(package.vcs.url or ""):
            yield (
                f"{lock.name}: the URL of {package.name} has a password or token, which uv gives "
                "git on its command line, where other users of this machine can read it. Take it "
                "out, and let git have it from a credential helper"
            )


def _version_warnings(pylock: Pylock, lock: LockFile) -> Iterator[str]:
    if pylock.lock_version > _KNOWN_VERSION:
        yield (
            f"{lock.name} has version {pylock.lock_version} of the format, and what is new in it "
            f"since {_KNOWN_VERSION} is not read. Lock in that version, or look for a release of "
            f"{TOOL_NAME} that knows it"
        )


def _called(lock: LockFile, ours: Mapping[str, Any]) -> LockFile:
    """Call an embedded lock as that which it was made from, which it names."""
    return replace(lock, name=name) if isinstance(name := ours.get("lock"), str) else lock


def selected_packages(
    pylock: Pylock, lock: LockFile, platform: Platform, request: Request | None
) -> list[Package]:
    """Return the packages whose markers hold, by the rules of PEP 751.

    Raises:
        LockError: the lock does not cover the runtime or the request (see ``select``).
    """
    extras, groups = (request.extras, request.groups) if request else ((), ())
    absent = [
        *set(extras) - set(pylock.extras or ()),
        *set(groups) - set(pylock.dependency_groups or ()),
    ]
    if absent:
        raise LockError(
            f"{lock.path} was not made with {', '.join(sorted(absent))} as extras or dependency "
            "groups to choose from. Use uv.lock for functions that differ in them."
        )
    _check_markers(pylock, lock, platform, request)
    # Stand-ins without wheels: the rules for markers and versions apply as they are, while the
    # choice of wheels, and the report of all that are missing, stays here.
    originals: dict[int, Package] = {}
    stand_ins = []
    for package in pylock.packages:
        stand_in = Package(
            name=package.name,
            marker=package.marker,
            requires_python=package.requires_python,
            directory=PackageDirectory(path="."),
        )
        originals[id(stand_in)] = package
        stand_ins.append(stand_in)
    selectable = Pylock(
        lock_version=pylock.lock_version,
        environments=pylock.environments,
        requires_python=pylock.requires_python,
        extras=pylock.extras,
        dependency_groups=pylock.dependency_groups,
        default_groups=pylock.default_groups,
        created_by=pylock.created_by,
        packages=stand_ins,
    )
    try:
        selected = list(
            selectable.select(
                environment=platform.marker_environment(),
                tags=(),
                extras=extras,
                dependency_groups=groups or None,  # None: the lock's default groups
            )
        )
    except PylockSelectError as error:
        remedy = (
            "Lock again for that Python (see requires-python), or choose another runtime. It was "
            f"judged for Python {platform.release}; if Lambda has a newer release by now, name it "
            "with `python-release`."
        )
        if str(error).startswith("Multiple packages"):
            remedy = "Remove all but one, as after a bad merge, or lock again."
        if lock.kind is LockKind.EMBEDDED:
            remedy = "Build the sdist again."
        raise LockError(f"{lock.path} does not cover {platform}: {error}. {remedy}") from None
    return [originals[id(stand_in)] for stand_in, _ in selected]


def _holds(marker: Marker, pylock: Pylock, request: Request | None, where: Platform) -> bool:
    groups = request.groups if request and request.groups else pylock.default_groups or ()
    environment = {key: str(value) for key, value in where.marker_environment().items()}
    chosen = {
        "extras": frozenset(request.extras if request else ()),
        "dependency_groups": frozenset(groups),
    }
    return evaluate_marker(marker, {**environment, **chosen}, "lock_file")


def _takes(python: SpecifierSet, where: Platform) -> bool:
    return where.release in python


def _fits(environment: Marker, where: Platform) -> bool:
    """Tell whether a platform is one of a lock's environments, which know no extras and groups."""
    values = {key: str(value) for key, value in where.marker_environment().items()}
    return evaluate_marker(environment, values, "requirement")


def _check_markers(
    pylock: Pylock, lock: LockFile, platform: Platform, request: Request | None
) -> None:
    """Check that every marker can be evaluated, and every version of Python compared."""
    checks: list[tuple[str, Callable[[Platform], bool]]] = [
        (name, partial(_takes, python))
        for name, python in (
            ("requires-python", pylock.requires_python),
            *((package.name, package.requires_python) for package in pylock.packages),
        )
        if python is not None
    ]
    checks += [("environments", partial(_fits, marker)) for marker in pylock.environments or ()]
    checks += [
        (package.name, partial(_holds, package.marker, pylock, request))
        for package in pylock.packages
        if package.marker
    ]
    for name, holds in checks:
        try:
            holds(platform)
        except ValueError as error:  # InvalidMarker, or too many digits for an int
            raise LockError(f"{lock.path}: {name}: {error}. Lock again.") from None


def _patch_warnings(
    pylock: Pylock, lock: LockFile, platform: Platform, request: Request | None
) -> Iterator[str]:
    """Yield a line for each decision of a lock that depends on the patch release of Python."""
    for package in pylock.packages:
        marker = package.marker
        holds = None if marker is None else partial(_holds, marker, pylock, request)
        if holds is not None and platform.varies(str(marker), holds):
            yield patch_warning(f"{package.name} is locked for {marker}", lock.name, platform)
    environments = pylock.environments or ()
    text = " or ".join(map(str, environments))
    if platform.varies(text, lambda it: any(_fits(marker, it) for marker in environments)):
        yield patch_warning(f"it is for environments with {text}", lock.name, platform)
    python = pylock.requires_python
    if python is not None and platform.varies(str(python), lambda it: it.release in python):
        yield patch_warning(f"it is for Python {python}", lock.name, platform)


def _pin(hashes: Mapping[str, str]) -> str:
    """Write the first of the hashes that are compared, which is the best one, as an identity."""
    return ":".join(next(iter(hashes.items())))


def _source_pin(package: Package) -> str:
    if package.vcs is not None:
        pin, subdirectory = f"{package.vcs.type}:{package.vcs.commit_id}", package.vcs.subdirectory
    elif package.archive is not None:
        pin, subdirectory = _pin(package.archive.hashes), package.archive.subdirectory
    elif package.sdist is not None:
        pin, subdirectory = _pin(package.sdist.hashes), None
    else:
        raise AssertionError(package.name)
    return f"{pin}#{subdirectory}" if subdirectory else pin


def _of_wheel(package: Package, wheel: PackageWheel) -> LockedDistribution:
    locked = _distribution(package, _pin(wheel.hashes))
    return replace(locked, size=wheel.size, wheel=file_name(wheel))


def _distribution(package: Package, identity: str) -> LockedDistribution:
    if package.vcs is not None:
        origin = Origin.GIT
    elif package.archive is not None:
        origin = Origin.ARCHIVE
    else:
        origin = Origin.INDEX
    version = None if package.version is None else str(package.version)
    return LockedDistribution(package.name, version, origin, identity)


def _source_archive(package: Package) -> PackageArchive | None:
    """Return the sdist that a package has as a file of its own, which has to be built."""
    archive = package.archive
    return None if archive is None or file_name(archive).endswith(".whl") else archive


def _local_project(package: Package, directory: PackageDirectory, base: Path) -> LocalProject:
    version = None if package.version is None else str(package.version)
    path = "/".join(filter(None, (directory.path, directory.subdirectory)))
    return LocalProject(package.name, resolved(base, path), version)
