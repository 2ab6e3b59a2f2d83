"""Back ends that work in the source tree, as they know no other place: nothing stays there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import content_if_any, matching
from hatch_lambda_zip.install.build_system import build_requirements, required_to_build
from hatch_lambda_zip.process import Watcher, remove_tree

_NO_DEFAULT: Final = "1.5.0"  # the poetry-core by which `generate-setup-file` is false by default
_GENERATED: Final = b"\nsetup_kwargs = {"  # in a setup.py of poetry-core's
_LOWER: Final = frozenset((">", ">=", "!="))
_RELEASES: Final = (
    *("1.0.8", "1.1.0", "1.2.0", "1.3.2", "1.4.0"),
    *(_NO_DEFAULT, "1.9.1", "2.0.0", "3.0.0"),
)


def may_work_in(root: Path) -> bool:
    """Tell whether a back end may work in a source tree, so that others must not do so meanwhile.

    A setuptools does that is too old to be told another place, which takes a limit to come by.
    """
    pyproject = read_tables(root / "pyproject.toml")
    requirements = [*build_requirements(pyproject)]
    limits = (
        specifier.operator
        for requirement in requirements
        if canonicalize_name(requirement.name) == "setuptools"
        for specifier in requirement.specifier
    )
    if not required_to_build(pyproject).isdisjoint(("pdm-backend", "pdm-pep517")):
        return True  # in .pdm-build
    return _place_in_the_tree(root) is not None or not _LOWER.issuperset(limits)


@contextlib.contextmanager
def leaving_nothing_built(root: Path, watcher: Watcher | None = None) -> Iterator[Leftovers]:
    """See that back ends with a place in the source tree ship nothing of an earlier build there.

    Nor do they leave anything there to a later one.

    Args:
        watcher: sees to a file that is left, if this process is killed.

    Raises:
        DistributionError: there is something already.
    """
    place = _place_in_the_tree(root)
    if place is None:
        yield Leftovers(None, [])
        return
    found = _made_in(place)
    if found and place.ships:
        raise _of_another_build(found[0], place)
    file = place.file
    if file is not None and os.path.lexists(file):
        file = None
    if watcher and file:
        watcher.remove_later(file)
    try:
        yield Leftovers(place, found)
    finally:
        for made in _made_in(place):
            if made not in found:
                remove_tree(made)
        if file and _GENERATED in content_if_any(file):
            file.unlink()
        if watcher and file:
            watcher.leave(file)
        if place.directory != root:
            with contextlib.suppress(OSError):  # there is something else in it, or it is not there
                place.directory.rmdir()


@dataclass(frozen=True)
class Leftovers:
    """What another build had left in a source tree, where a back end may work there."""

    _place: _Place | None
    _found: list[Path]

    def check(self, made_by: Callable[[], str | None]) -> None:
        """Check that it did not ship, now that there is a wheel.

        Args:
            made_by: returns what the wheel says that built it.

        Raises:
            DistributionError: it may have.
        """
        if self._place and self._found and _is_by_old_poetry(made_by() or ""):
            raise _of_another_build(self._found[0], self._place)


@dataclass(frozen=True)
class _Place:
    """Where a back end works in a source tree.

    Attributes:
        who: the back end.
        directory: where it makes directories.
        patterns: for these.
        ships: whether what is there already would ship, as far as that is known before.
        file: what it writes besides, and leaves there when it fails.
    """

    who: str
    directory: Path
    patterns: tuple[str, ...]
    ships: bool = True
    file: Path | None = None


def _of_another_build(found: Path, place: _Place) -> DistributionError:
    return DistributionError(
        f"{found} is of another build, and {place.who} would ship what is in it, modules that are "
        "deleted by now among them. Remove it, and build again."
    )


def _made_in(place: _Place) -> list[Path]:
    found = (path for pattern in place.patterns for path in matching(place.directory, pattern))
    return [path for path in found if path.is_dir()]  # not scripts of a user's, such as lib.sh


def _place_in_the_tree(root: Path) -> _Place | None:
    """Return where a back end works in the source tree, if it does.

    poetry-core has setuptools work there, and takes all that is there then; so do scikit-build and
    py-build-cmake, which know no other place. meson-python leaves its place when it is interrupted.
    """
    pyproject = read_tables(root / "pyproject.toml")
    poetry = inner_table(pyproject, "tool", "poetry")
    stated = inner_table(poetry, "build").get("generate-setup-file")
    if "build" in poetry and (stated is None or stated):
        who = "poetry-core, by `generate-setup-file` of tool.poetry.build (true before 1.5),"
        ships = bool(stated) or any(map(_is_old_poetry, build_requirements(pyproject)))
        patterns = ("lib", "lib.*", "temp.*")
        return _Place(who, root / "build", patterns, ships, file=root / "setup.py")
    required = required_to_build(pyproject)
    if "scikit-build" in required:
        return _Place("scikit-build", root, ("_skbuild",))
    if "py-build-cmake" in required:
        return _Place("py-build-cmake", root, (".py-build-cmake_cache",))
    if "meson-python" in required:
        return _Place("meson-python", root, (".mesonpy-*",), ships=False)
    return None


def _is_by_old_poetry(made_by: str) -> bool:
    """Tell whether a wheel's ``Generator`` is a poetry-core before ``_NO_DEFAULT``."""
    name, _, version = made_by.rpartition(" ")
    with contextlib.suppress(InvalidVersion):
        return name in {"poetry", "poetry-core"} and Version(version) < Version(_NO_DEFAULT)
    return False


def _is_old_poetry(requirement: Requirement) -> bool:
    """Tell whether a requirement allows no poetry-core but those before ``_NO_DEFAULT``."""
    if canonicalize_name(requirement.name) != "poetry-core":
        return False
    releases = [*map(Version, _RELEASES)]
    for specifier in requirement.specifier:
        with contextlib.suppress(InvalidVersion):
            releases.append(Version(specifier.version.removesuffix(".*")))
    allowed = [*requirement.specifier.filter(releases)]
    return bool(allowed) and max(allowed) < Version(_NO_DEFAULT)
