"""Has back ends work in temporary directories, so that a build ships nothing of another one."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import DistributionError, OutputError
from hatch_lambda_zip.files import home, matching, read_regular
from hatch_lambda_zip.install import other_trees
from hatch_lambda_zip.install.build_system import (
    is_by_hatchling,
    is_by_setuptools,
    required_to_build,
)

_CONFIG_VARIABLE: Final = other_trees.CONFIG
# Where setuptools works: commands and options, and the directories that these get here.
_PLACES: Final = (
    ("egg_info", "egg_base", "egg_base"),
    ("bdist_wheel", "bdist_dir", "bdist_dir"),
)
# Other back ends, or users' scripts for them, run setuptools, too, and look for what it built where
# they had it built: for them these are named only where they are named already.
_PLACES_IF_NAMED: Final = (
    *(("build", "build_base", "build_base"), ("build", "build_temp", "build_temp")),
    *(("build", "build_purelib", "lib"), ("build", "build_platlib", "lib")),
    *(("build", "build_lib", "lib"), ("build_py", "build_lib", "lib")),
    *(("build_ext", "build_lib", "lib"), ("build_ext", "build_temp", "build_temp")),
    *(("build_clib", "build_clib", "build_temp"), ("build_clib", "build_temp", "build_temp")),
    *(("install_lib", "build_dir", "lib"), ("build", "build_scripts", "scripts")),
    *(("build_scripts", "build_dir", "scripts"), ("install_scripts", "build_dir", "scripts")),
)
# In a path, setuptools replaces what these begin; its configuration is UTF-8, with one path a line.
# The last one is between the paths of PYTHONPATH.
_NO_PATH: Final = re.compile(rf"[%\r\n\ud800-\udfff]|\$(?=[\w{{])|{os.pathsep}")
_NO_OPTION: Final = re.compile(
    r"setuptools\.cfg: command '([^'\n]*)' has no such option '([^'\n]*)'"
)
_DATE: Final = ("egg_info", "tag_date")
_TRUE: Final = ("1", "y", "yes", "t", "true", "on")  # as setuptools has it
_OF_USER: Final = (".pydistutils.cfg", "pydistutils.cfg")  # the latter on Windows


def check_places(root: Path) -> None:
    """Check that pyproject.toml has setuptools work where it is told to.

    What stands there counts more than a variable, and than setup.cfg.

    Raises:
        DistributionError: it names another place, or makes versions out of dates.
    """
    pyproject = root / "pyproject.toml"
    commands = inner_table(read_tables(pyproject), "tool", "distutils")
    refused = {(command, option) for command, option, _ in (*_PLACES, *_PLACES_IF_NAMED)}
    for command, options in commands.items():
        for option, value in options.items() if isinstance(options, dict) else ():
            named = (_normal(command), _normal(option))
            if named == _DATE and str(value).lower() in _TRUE:
                raise _dated(f"tool.distutils.{command}.{option} in {pyproject}")
            if named in refused:
                raise DistributionError(
                    f"tool.distutils.{command}.{option} in {pyproject}: setuptools would work in "
                    "that directory, and what an earlier build left there could ship. Remove it, "
                    f"or write it into setup.cfg, as `{_normal(option)}` in "
                    f"[{_normal(command)}]: a temporary directory takes its place there."
                )


def outside_the_tree(
    directory: Path,
    root: Path,
    environ: Mapping[str, str],
    of_it_alone: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables that make back ends work outside the source tree.

    By default setuptools leaves ``build/`` there, and its next build ships every file that was ever
    copied into that directory: a deleted module would go on being deployed. Each place is named, as
    setup.cfg, setup.py and the user's own files may name it too. Cargo (for maturin) and CMake
    (for scikit-build-core, where its ``build-dir`` is set) leave what they compiled, and take a
    source for unchanged that has an older time; so do Cython, and setuptools where an extension
    module lies in the sources (``build_ext --inplace``) and ships as data first. Whatever else is
    built meanwhile works elsewhere (see ``other_trees``), and what hatchling's hooks run in the
    source tree, as when the running hatchling makes the wheel.

    Args:
        directory: where they work.
        root: the source tree.
        environ: has the configuration that the user has for setuptools.
        of_it_alone: more variables, which are for nothing else that is built meanwhile.

    Raises:
        DistributionError: that can't be read, or makes versions out of dates.
        OutputError: back ends can't be told of the directory.
    """
    if found := _NO_PATH.search(str(directory)):
        raise OutputError(
            f"Temporary files would lie in {str(directory.parent)!a}, and back ends can't be told "
            f"of a path with {found[0]!a} in it. Set TMPDIR to a directory without it."
        )
    extra = environ.get(_CONFIG_VARIABLE)
    config = _extra_configuration(extra) if extra else _Configuration()
    files = [root / "setup.cfg", *(home(environ) / name for name in _OF_USER)]
    _name_places(config, directory, root, [*files, Path(extra)] if extra else files)
    path = directory / "setuptools.cfg"
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
    site = directory / "site"
    site.mkdir()
    shutil.copyfile(other_trees.__file__, site / "sitecustomize.py")
    alone = {**(of_it_alone or {})}
    return {
        **alone,
        other_trees.TREE: other_trees.described(
            str(root), str(directory), [*alone], is_used=not is_by_hatchling(root)
        ),
        **({other_trees.BEFORE: extra} if extra else {}),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(site), environ.get("PYTHONPATH")))),
        _CONFIG_VARIABLE: str(path),
        **_places_of_cargo(root, directory),
        "CYTHON_FORCE_REGEN": "1",
        "SKBUILD_BUILD_DIR": str(directory / "cmake"),
        "MYPY_CACHE_DIR": str(directory / "mypy"),
        "PDM_BUILD_NO_CLEAN": "0",
    }


def _places_of_cargo(root: Path, directory: Path) -> dict[str, str]:
    """Return the variables of Cargo, for what finds by itself where it has compiled."""
    pyproject = read_tables(root / "pyproject.toml")
    if required_to_build(pyproject).isdisjoint(("maturin", "setuptools-rust")):
        return {}
    place = str(directory / "cargo")
    return {"CARGO_TARGET_DIR": place, "CARGO_BUILD_BUILD_DIR": place}


class _Configuration(configparser.ConfigParser):
    """A configuration as setuptools reads it, whose options may be names of packages."""

    def optionxform(self, optionstr: str) -> str:
        """Return an option as it is, not in lower case."""
        return optionstr


def _extra_configuration(path: str) -> configparser.ConfigParser:
    """Read the configuration that the user has for setuptools.

    Raises:
        DistributionError: it can't be read.
    """
    config = _Configuration()
    try:
        # As setuptools does, which ignores what is no file.
        text = Path(path).read_text(encoding="utf-8") if Path(path).is_file() else ""
        config.read_string(text)
        for section in config.sections():
            config.items(section)  # setuptools reads every value
    except (configparser.Error, OSError, ValueError):
        # Their words show lines of the file, which may be of any kind.
        raise DistributionError(
            f"{_CONFIG_VARIABLE}={path}: it can't be read as a configuration of setuptools, an "
            "INI file in UTF-8 (with each % of a value as %%). Correct the file, or remove the "
            "variable."
        ) from None
    return config


def _name_places(
    config: configparser.ConfigParser, directory: Path, root: Path, files: Iterable[Path]
) -> None:
    """Have a configuration of setuptools name the places in a directory, and make these.

    Args:
        config: changed.
        root: the source tree.
        files: the other configurations.

    Raises:
        DistributionError: one of these makes versions out of dates.
    """
    named = set[tuple[str, str]]()
    for file in files:
        options = _options_in(file)
        if options.get(_DATE, "").lower() in _TRUE:
            raise _dated(f"tag_date of [egg_info] in {file}")
        named.update(options)
    always = is_by_setuptools(root)
    if_named = (place for place in _PLACES_IF_NAMED if always or place[:2] in named)
    for section, option, name in (*_PLACES, *if_named):
        place = directory / name
        place.mkdir(exist_ok=True)
        _set(config, section, option, str(place))
    _set(config, "build", "force", "1")  # whatever the times of files
    _set(config, "egg_info", "tag_date", "0")  # which setup.py may set


def _set(config: configparser.ConfigParser, section: str, option: str, value: str) -> None:
    if not config.has_section(section):
        config.add_section(section)
    config.set(section, option, value)


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


def lacks_option(said: str) -> str | None:
    """Return a sentence for a command of setup.py's that has no option for a place.

    Args:
        said: what setuptools wrote.
    """
    found = _NO_OPTION.search(said)
    if found is None:
        return None
    return (
        f"setuptools is told to work in a temporary directory, by options of its commands, and "
        f"{found[1]}, which setup.py (`cmdclass`) has in the place of one of these, lacks "
        f"`{found[2]}`. Derive it from that command of setuptools' own, or give it another name "
        "and add that to the `sub_commands` of `build`."
    )


def _normal(name: str) -> str:
    """Return the name of a command or option as setuptools has it."""
    return name.lower().replace("-", "_")


def _options_in(file: Path) -> dict[tuple[str, str], str]:
    """Return the values in a configuration file of setuptools, by their commands and options."""
    config = configparser.RawConfigParser(strict=False)
    # What is wrong with it, setuptools says.
    with contextlib.suppress(configparser.Error, OSError, ValueError):
        config.read_string((read_regular(file) or b"").decode())
    return {
        (command, _normal(option)): value
        for command in config.sections()
        for option, value in config[command].items()
    }


def _dated(key: str) -> DistributionError:
    return DistributionError(
        f"{key}: setuptools adds today's date to the version, so the zip would be another one each "
        "day. Remove it, and run `uv lock`."
    )
