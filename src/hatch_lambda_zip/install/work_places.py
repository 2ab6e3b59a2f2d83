"""Has back ends work in temporary directories, so that a build ships nothing of another one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hatch_lambda_zip.config import read_tables
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.files import matching
from hatch_lambda_zip.install import other_trees
from hatch_lambda_zip.install.build_system import is_by_hatchling, required_to_build
from hatch_lambda_zip.install.setuptools_configuration import CONFIGURATION, configure


def outside_the_tree(
    directory: Path,
    root: Path,
    environ: Mapping[str, str],
    of_it_alone: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables that make back ends work outside the source tree.

    Setuptools leaves modules there (see ``setuptools_configuration``). Cargo (for maturin) and
    CMake (for scikit-build-core, where its ``build-dir`` is set) leave what they compiled, and take
    a source for unchanged that has an older time; so do Cython, and setuptools where an extension
    module lies in the sources (``build_ext --inplace``) and ships as data first. Whatever else is
    built meanwhile works elsewhere (see ``other_trees``), and what hatchling's hooks run in the
    source tree, as when the running hatchling makes the wheel.

    Args:
        directory: where they work.
        root: the source tree.
        environ: has the configuration that the user has for setuptools.
        of_it_alone: more variables, which are for nothing else that is built meanwhile.

    Raises:
        DistributionError: that can't be read.
        OutputError: back ends can't be told of the directory.
    """
    path = directory / CONFIGURATION
    configure(path, directory, root, environ)
    other_trees.make_places(str(path), str(directory))
    site = directory / "site"
    site.mkdir()
    shutil.copyfile(other_trees.__file__, site / "sitecustomize.py")
    alone = {**(of_it_alone or {})}
    before = environ.get(other_trees.CONFIG)
    return {
        **alone,
        other_trees.TREE: other_trees.described(
            str(root), str(directory), [*alone], is_used=not is_by_hatchling(root)
        ),
        **({other_trees.BEFORE: before} if before else {}),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(site), environ.get("PYTHONPATH")))),
        other_trees.CONFIG: str(path),
        **_places_of_cargo(root, directory),
        "CYTHON_FORCE_REGEN": "1",
        "SKBUILD_BUILD_DIR": str(directory / "cmake"),
        "MYPY_CACHE_DIR": str(directory / "mypy"),
        "PDM_BUILD_NO_CLEAN": "0",
        # Else pbr writes these among the sources, where setuptools takes them for licence files.
        "SKIP_GENERATE_AUTHORS": "1",
        "SKIP_WRITE_GIT_CHANGELOG": "1",
    }


def prepare_another(root: Path, directory: Path, environ: Mapping[str, str]) -> Path:
    """Prepare places for a source tree that may be built with a project, by what it is built with.

    Args:
        root: that source tree.
        directory: where the project's places are.

    Returns:
        where its places are, if it is built (see `was_built`).

    Raises:
        DistributionError: the user's configuration of setuptools can't be read.
        OutputError: back ends can't be told of the directory.
    """
    places = other_trees.places_of(str(root), str(directory))
    prepared = Path(other_trees.prepared(places))
    prepared.mkdir(parents=True)
    configure(prepared / CONFIGURATION, Path(places), root, environ)
    variables = _places_of_cargo(root, Path(places))
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    (prepared / other_trees.VARIABLES).write_text(lines, encoding="utf-8")
    return Path(places)


def was_built(places: Path) -> bool:
    """Tell whether something was built with these places."""
    return (places / CONFIGURATION).exists()


def _places_of_cargo(root: Path, directory: Path) -> dict[str, str]:
    """Return the variables of Cargo, for what finds by itself where it has compiled."""
    pyproject = read_tables(root / "pyproject.toml")
    if required_to_build(pyproject).isdisjoint(("maturin", "setuptools-rust")):
        return {}
    place = str(directory / "cargo")
    return {"CARGO_TARGET_DIR": place, "CARGO_BUILD_BUILD_DIR": place}


def check_alone(name: str, directory: Path) -> None:
    """Check that nothing else than a project was built in its places, if setuptools builds there.

    Args:
        name: the project's.
        directory: where they are.

    Raises:
        DistributionError: its wheel may have modules of something else.
    """
    described = [path.parent.name for path in matching(directory / "egg_base", "*/PKG-INFO")]
    if len(described) > 1 and (directory / "lib").exists():
        raise DistributionError(
            f"With {name}, setuptools built something else in the same directory "
            f"({' and '.join(described)}), whose modules could ship. It was run by a Python that "
            "reads no PYTHONPATH (-I or -E), or was given another one: let what builds it pass "
            "that on (pip does with --no-build-isolation), or require a wheel of it."
        )
