"""The wheels that a pylock.toml has of a package: the best one, and what to say if none fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.pylock import Package, PackageWheel, Pylock
from packaging.tags import create_compatible_tags_selector
from packaging.utils import parse_wheel_filename

from hatch_lambda_zip.errors import LockError
from hatch_lambda_zip.lock.hashes import file_name
from hatch_lambda_zip.lock.model import LockFile, LockKind, not_built
from hatch_lambda_zip.runtimes import Platform
from hatch_lambda_zip.text import first

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.utils import BuildTag
    from packaging.version import Version


def wheels_of(package: Package) -> list[PackageWheel]:
    """Return the wheels that the lock has of a package, wherever they are from."""
    archive = package.archive
    if archive is None:
        return list(package.wheels or ())
    return [
        PackageWheel(
            name=file_name(archive),
            url=archive.url,
            path=archive.path,
            size=archive.size,
            hashes=archive.hashes,
        )
    ]


def best_wheel(package: Package, platform: Platform) -> PackageWheel | None:
    """Return the wheel of a package that fits a platform best; None if none does.

    Raises:
        LockError: one of them has an invalid name.
    """
    selector = create_compatible_tags_selector(platform.tags())
    candidates = sorted(wheels_of(package), key=_build_tag, reverse=True)
    return next(selector((wheel, _wheel_tags(wheel)) for wheel in candidates), None)


def check_name(wheel: PackageWheel) -> None:
    """See that a wheel is not called otherwise than what lies where it is said to be.

    By its name it is chosen for a platform, and nobody compares that with the file. What has
    another kind of place, such as ``https://host/blobs/5d41``, is called as the lock says.

    Raises:
        LockError: it is.
    """
    try:
        there = file_name(replace(wheel, name=None))
        parsed = parse_wheel_filename(there)
    except (LockError, ValueError):
        return  # its name alone says what it is
    if parsed != _parsed_name(wheel):
        raise LockError(
            f"it is called {wheel.name}, and in its place lies {there}. Find out which one is "
            "right, and lock again"
        )


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
        return parse_wheel_filename(file_name(wheel))
    except ValueError as error:
        raise LockError(f"it names an invalid wheel: {error}. Lock again") from None


def describe_missing(
    missing: Iterable[Package], pylock: Pylock, lock: LockFile, platform: Platform
) -> str:
    """Return what to say of packages that have no wheel for a platform."""
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
    names = sorted(map(file_name, wheels_of(package)))
    return first(names) if names else "only its source distribution"


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
