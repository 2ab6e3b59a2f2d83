"""pylock.toml (PEP 751): the part that one function needs, as a lock with one wheel a package.

The wheels are chosen here and not by the installer, so that the choice is the same with every
version and every configuration of uv.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

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
from packaging.tags import create_compatible_tags_selector
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from hatch_lambda_zip.config import TOOL_NAME, Request
from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.model import (
    InstallList,
    LocalProject,
    LockedDistribution,
    LockFile,
    LockKind,
    Origin,
    Selection,
    not_built,
    patch_warning,
)
from hatch_lambda_zip.lock.pylock_writer import (
    local_files,
    source_entry,
    wheel_entry,
    write_lock,
)
from hatch_lambda_zip.runtimes import Platform

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.tags import Tag
    from packaging.utils import BuildTag
    from packaging.version import Version

_WHEELS_FILE: Final = "pylock.wheels.toml"
_SOURCES_FILE: Final = "pylock.sources.toml"
_SHOWN_WHEELS: Final = 12


def parse_pylock(text: str, lock: LockFile) -> Pylock:
    """Read a pylock.toml.

    Raises:
        LockError: it is not TOML, or not what PEP 751 asks for.
    """
    try:
        return Pylock.from_dict(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, PylockValidationError) as error:
        raise LockError(
            f"{lock.path} can't be read as a pylock.toml (PEP 751): {error}. Make it anew."
        ) from None


def select(
    pylock: Pylock,
    lock: LockFile,
    platform: Platform,
    *,
    request: Request | None = None,
    root: Path,
    base: Path,
    build: Collection[str] = (),
) -> Selection:
    """Select what a function needs.

    Args:
        lock: where it came from (for uv.lock, ``pylock`` is uv's export of it).
        platform: what wheels are chosen and markers are evaluated for.
        request: the extras and groups to select; None when the lock was made for them.
        root: the project's own directory, which the selection leaves out.
        base: the directory that the lock's relative paths start from.
        build: the names of packages that are built from their sdists if no wheel fits.

    Raises:
        LockError: the lock does not cover the runtime, or a package has no wheel for the platform;
            every such package is named.
    """
    selector = create_compatible_tags_selector(platform.tags())
    wheels: list[tuple[Package, PackageWheel]] = []
    sources: list[Package] = []
    local_projects: list[LocalProject] = []
    missing: list[Package] = []
    for package in _packages(pylock, lock, platform, request):
        if package.directory is not None:
            version = None if package.version is None else str(package.version)
            directory = _path(package.directory, base)
            local_projects.append(LocalProject(package.name, directory, version))
        elif _is_source(package):
            sources.append(package)
        else:
            candidates = sorted(_wheels(package), key=_build_tag, reverse=True)
            best = next(selector((wheel, _wheel_tags(wheel)) for wheel in candidates), None)
            if best is not None:
                wheels.append((package, best))
            elif package.name in build and package.sdist is not None:
                sources.append(package)
            else:
                missing.append(package)
    if missing:
        raise LockError(_describe_missing(missing, pylock, lock, platform))

    installs: list[InstallList] = []
    if wheels:
        text = write_lock(wheel_entry(package, wheel, base) for package, wheel in wheels)
        named = tuple(_distribution(package, _pin(wheel.hashes)) for package, wheel in wheels)
        files = local_files([wheel for _, wheel in wheels], base)
        installs.append(InstallList(_WHEELS_FILE, text, named, builds=False, files=files))
    if sources:
        text = write_lock(source_entry(package, base) for package in sources)
        named = tuple(_distribution(package, _source_pin(package)) for package in sources)
        places = [package.vcs or package.archive or package.sdist for package in sources]
        files = local_files(places, base)
        installs.append(InstallList(_SOURCES_FILE, text, named, builds=True, files=files))
    others = [project for project in local_projects if project.path != root.resolve()]
    others.sort(key=lambda project: project.name)
    warnings = tuple(_patch_warnings(pylock, lock, platform, request))
    return Selection(_called(lock, pylock), tuple(installs), tuple(others), warnings)


def _called(lock: LockFile, pylock: Pylock) -> LockFile:
    """Call an embedded lock as that which it was made from, which it names."""
    ours = (pylock.tool or {}).get(TOOL_NAME)
    name = ours.get("lock") if isinstance(ours, dict) else None
    is_embedded = lock.kind is LockKind.EMBEDDED
    return replace(lock, name=name) if is_embedded and isinstance(name, str) else lock


def _packages(
    pylock: Pylock, lock: LockFile, platform: Platform, request: Request | None
) -> list[Package]:
    """Return the packages whose markers hold, by the rules of PEP 751."""
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
        if lock.kind is LockKind.EMBEDDED:
            remedy = "Build the sdist again."
        raise LockError(f"{lock.path} does not cover {platform}: {error}. {remedy}") from None
    return [originals[id(stand_in)] for stand_in, _ in selected]


def _patch_warnings(
    pylock: Pylock, lock: LockFile, platform: Platform, request: Request | None
) -> Iterator[str]:
    """Yield a line for each decision of a lock that depends on the patch release of Python."""
    groups = request.groups if request and request.groups else pylock.default_groups or ()
    more = {
        "extras": frozenset(request.extras if request else ()),
        "dependency_groups": frozenset(groups),
    }

    def holds(marker: Marker, where: Platform) -> bool:
        environment = {key: str(value) for key, value in where.marker_environment().items()}
        return marker.evaluate({**environment, **more}, "lock_file")

    for package in pylock.packages:
        marker = package.marker
        if marker is not None and platform.varies(str(marker), partial(holds, marker)):
            yield patch_warning(f"{package.name} is locked for {marker}", lock.name, platform)
    environments = pylock.environments or ()
    text = " or ".join(map(str, environments))
    if platform.varies(text, lambda it: any(holds(marker, it) for marker in environments)):
        yield patch_warning(f"it is for environments with {text}", lock.name, platform)
    python = pylock.requires_python
    if python is not None and platform.varies(str(python), lambda it: it.release in python):
        yield patch_warning(f"it is for Python {python}", lock.name, platform)


def _describe_missing(
    missing: Iterable[Package], pylock: Pylock, lock: LockFile, platform: Platform
) -> str:
    lines = []
    for package in missing:
        version = f" {package.version}" if package.version else ""
        lines.append(
            f"{package.name}{version} has no wheel for {platform} "
            f"(it needs cp3{platform.runtime.python_minor} or any, and "
            f"{platform.platform_tags()[0]} or older); "
            f"{lock.name} has {_list_wheels(package)}."
        )
    if lock.kind is LockKind.PYLOCK and _is_for_one_host(pylock):
        lines.append(
            f"{lock.name} was made for one host only: no package in it has wheels for a "
            "second platform. Make one for all platforms, for example with "
            "`uv export --format pylock.toml -o pylock.toml`."
        )
    else:
        lines.append(
            not_built(
                [package.name for package in missing if package.sdist is not None],
                platform,
                "a version that has the wheel (and lock again), another runtime or architecture, "
                "or build the wheel yourself and lock it as a path or from an index of your own.",
            )
        )
    return "\n".join(lines)


def _list_wheels(package: Package) -> str:
    names = sorted(wheel.filename for wheel in _wheels(package))
    if not names:
        return "only its source distribution"
    shown = ", ".join(names[:_SHOWN_WHEELS])
    more = len(names) - _SHOWN_WHEELS
    return f"{shown} and {more} more" if more > 0 else shown


def _is_for_one_host(pylock: Pylock) -> bool:
    """Tell whether there are platform wheels, but of no package for more than one platform."""
    most = 0
    for package in pylock.packages:
        # manylinux_2_17 and manylinux2014 in one name are one platform.
        platforms = {
            frozenset(tag.platform for tag in _wheel_tags(wheel)) for wheel in package.wheels or ()
        }
        most = max(most, len(platforms - {frozenset(("any",))}))
    return most == 1


def _pin(hashes: Mapping[str, str]) -> str:
    """Write the best of a file's hashes, which uv checks all, as an identity."""
    algorithm = "sha256" if "sha256" in hashes else min(hashes)
    return f"{algorithm}:{hashes[algorithm]}"


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


def _distribution(package: Package, identity: str) -> LockedDistribution:
    if package.vcs is not None:
        origin = Origin.GIT
    elif package.archive is not None:
        origin = Origin.ARCHIVE
    else:
        origin = Origin.INDEX
    version = None if package.version is None else str(package.version)
    return LockedDistribution(package.name, version, origin, identity)


def _is_source(package: Package) -> bool:
    """Tell whether a package has to be built: a git commit, or an sdist of its own."""
    if package.archive is not None:
        return not _archive_name(package.archive).endswith(".whl")
    return package.vcs is not None


def _wheels(package: Package) -> list[PackageWheel]:
    """Return the wheels that the lock has of a package, wherever they are from."""
    archive = package.archive
    if archive is None:
        return list(package.wheels or ())
    name = _archive_name(archive)
    return [PackageWheel(name=name, url=archive.url, path=archive.path, hashes=archive.hashes)]


def _archive_name(archive: PackageArchive) -> str:
    # PackageSdist has the rule for finding a file name in a path or a URL.
    return PackageSdist(url=archive.url, path=archive.path, hashes=archive.hashes).filename


def _wheel_tags(wheel: PackageWheel) -> frozenset[Tag]:
    return _parsed_name(wheel)[3]


def _build_tag(wheel: PackageWheel) -> BuildTag:
    """Return what tells wheels with equally good tags apart: the last one is taken.

    PEP 427: without a build tag first, then by its digits as a number, then by the rest. Of equal
    ones (``1`` and ``01``) uv and pip take the first.
    """
    return _parsed_name(wheel)[2]


def _parsed_name(wheel: PackageWheel) -> tuple[str, Version, BuildTag, frozenset[Tag]]:
    try:
        return parse_wheel_filename(wheel.filename)
    except InvalidWheelFilename as error:
        raise LockError(f"The lock names an invalid wheel: {error}.") from None


def _path(directory: PackageDirectory, base: Path) -> Path:
    return (base / directory.path / (directory.subdirectory or ".")).resolve()
