"""A configuration that has setuptools work in given places, whatever else names others.

By default setuptools leaves ``build/`` in the source tree, and its next build ships every file that
was ever copied into that directory: a deleted module would go on being deployed. Each place is
named, as setup.cfg, setup.py and the user's own files may name it too.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from hatch_lambda_zip.config import inner_table, read_tables
from hatch_lambda_zip.errors import DistributionError, OutputError
from hatch_lambda_zip.files import matching, read_regular
from hatch_lambda_zip.install.build_system import is_by_setuptools
from hatch_lambda_zip.process import remove_tree
from hatch_lambda_zip.uv.setuptools import (
    EXTRA_VARIABLE,
    Configuration,
    explained,
    files_of_user,
    read_configuration,
)

CONFIGURATION: Final = "setuptools.cfg"
"""The file that names the places for setuptools, in the directory where these are."""

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
_FILES_IF_NAMED: Final = (("install", "record", "record.txt"),)
_IF_NAMED: Final = (*_PLACES, *_PLACES_IF_NAMED, *_FILES_IF_NAMED)
_TAKEN: Final = frozenset(place[:2] for place in _IF_NAMED)
# In a virtual environment, as uv's are, setuptools takes no notice of these where they are spelled
# so, with a dash.
_IGNORED: Final = frozenset(
    (
        *("install-base", "install-platbase", "install-lib", "install-platlib", "install-purelib"),
        *("install-headers", "install-scripts", "install-data"),
    )
)
# Where it puts what a wheel has from there. A wheel is made of one directory, and there is no value
# with which one of these options counts as if it was not given.
_ELSEWHERE: Final = frozenset(
    (
        *(("install", "install_lib"), ("install_lib", "install_dir")),
        *(("install_scripts", "install_dir"), ("install_data", "install_dir")),
        *(("install_headers", "install_dir"), ("install_egg_info", "install_dir")),
    )
)
# Commands that setuptools is called with, in whose place an alias has others run, with options.
_CALLED: Final = ("egg_info", "dist_info", "bdist_wheel")
_OPTION: Final = re.compile(r"(?<!\S)-\S")
_LISTS_BY_ALIAS: Final = re.compile(r"(?<!\S)(?:--egg-base[=\s]|-e)\s*(\S+)")
# In a path, setuptools replaces what the first ones begin or hold; its configuration is UTF-8, with
# one path a line. The last one is between the paths of PYTHONPATH.
_NO_PATH: Final = re.compile(rf"[%{{}}\r\n\ud800-\udfff]|\$(?=\w)|{os.pathsep}")
_NO_OPTION: Final = re.compile(
    rf"{re.escape(CONFIGURATION)}: command '([^'\n]*)' has no such option '([^'\n]*)'"
)
_DATE: Final = ("egg_info", "tag_date")
_LISTS: Final = ("egg_info", "egg_base")
_FORCE: Final = ("build", "force")
_TRUE: Final = ("1", "y", "yes", "t", "true", "on")  # as setuptools has it


def check_places(root: Path, environ: Mapping[str, str]) -> None:
    """Check that setuptools can be told where to work.

    What stands in pyproject.toml counts more than a variable, and than setup.cfg.

    Args:
        environ: has the configuration that the user has for setuptools.

    Raises:
        DistributionError: something names a place for which no other can be named.
    """
    for key in _places_elsewhere(root, environ) if is_by_setuptools(root) else ():
        raise DistributionError(
            f"{key}: setuptools would put there what belongs into the wheel, or what a later zip "
            "could hold. Remove it, or have it in another file than those that setuptools reads "
            "for this build."
        )
    for command, option, key, _ in _options_of_pyproject(root):
        if (command, option) in _TAKEN:
            raise DistributionError(
                f"{key}: setuptools would work in that directory, and what an earlier build left "
                f"there could ship. Remove it, or write it into setup.cfg, as `{option}` in "
                f"[{command}]: a temporary directory takes its place there."
            )


def check_readable(root: Path, environ: Mapping[str, str]) -> None:
    """Check that setuptools can read what users have configured for it, where it builds a project.

    Its own words show lines of the file.

    Raises:
        DistributionError: it can't.
    """
    for path in files_of_user(environ) if is_by_setuptools(root) else ():
        try:
            read_configuration(path)
        except ValueError as error:
            raise DistributionError(explained(path, error, environ)) from None


@contextlib.contextmanager
def working_elsewhere(
    root: Path, environ: Mapping[str, str], *, lists: bool
) -> Iterator[Mapping[str, str]]:
    """Give variables that have setuptools work in a temporary directory where it is told a place.

    For a build of which the result stays what setuptools makes of it: nothing else is changed.

    Args:
        lists: where it has its lists of files (`egg_base`), whose content may have a say in a
            wheel; otherwise where it builds.

    Raises:
        DistributionError: what the user has configured for it can't be read.
        OutputError: it can't be told of the directory.
    """
    check_readable(root, environ)
    moved = [place for place in _named(root, environ) if (place[:2] == _LISTS) is lists]
    if not moved or not is_by_setuptools(root):
        yield {}
        return
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        (directory / "egg_base").mkdir()  # setuptools makes all others
        _write(directory / CONFIGURATION, _with_places(directory, moved, environ))
        yield {EXTRA_VARIABLE: str(directory / CONFIGURATION)}


@contextlib.contextmanager
def removing_lists(root: Path, environ: Mapping[str, str]) -> Iterator[None]:
    """Remove the lists that setuptools writes among the sources, where `egg_base` says so."""
    values = set[str]()
    for command, option, _, value in _options(root, environ):
        if (command, option) == _LISTS:
            values.add(value)
        elif command == "aliases":
            values.update(_LISTS_BY_ALIAS.findall(value))
    named = {os.path.realpath(root / value) for value in values}
    # What lies elsewhere may be of others, and does not ship.
    bases = [base for base in map(Path, sorted(named)) if base.is_relative_to(root.resolve())]
    before = {path for base in bases for path in matching(base, "*.egg-info")}
    try:
        yield
    finally:
        for base in bases:
            for path in matching(base, "*.egg-info"):
                if path not in before:
                    remove_tree(path)


def _places_elsewhere(root: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield what has setuptools put something outside of the directory that a wheel is made of."""
    for command, option, key, value in _options(root, environ):
        is_alias = command == "aliases" and option in _CALLED
        if (command, option) in _ELSEWHERE or (is_alias and _OPTION.search(value)):
            yield key


def check_dates(root: Path, environ: Mapping[str, str]) -> None:
    """Check that setuptools makes no version out of a date.

    Raises:
        DistributionError: it does.
    """
    for *named, key, value in _options(root, environ):
        if (*named,) == _DATE and value.lower() in _TRUE:
            raise DistributionError(
                f"{key}: setuptools adds today's date to the version, so the zip would be another "
                "one each day. Remove it, and run `uv lock`."
            )


def configure(path: Path, places: Path, root: Path, environ: Mapping[str, str]) -> None:
    """Write a configuration that has setuptools work in places of its own.

    Args:
        path: of the configuration.
        places: a directory for these, which need not be there.
        root: the source tree that is built.
        environ: has the configuration that the user has for setuptools.

    Raises:
        DistributionError: that can't be read.
        OutputError: setuptools can't be told of the directory.
    """
    others = _PLACES_IF_NAMED if is_by_setuptools(root) else ()
    config = _with_places(places, (*_PLACES, *others, *_named(root, environ)), environ)
    _set(config, *_FORCE, "1")  # whatever the times of files
    _set(config, *_DATE, "0")  # which setup.py may set
    _write(path, config)


def _write(path: Path, config: Configuration) -> None:
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


def _with_places(
    directory: Path, places: Iterable[tuple[str, str, str]], environ: Mapping[str, str]
) -> Configuration:
    """Return the user's extra configuration with places in a directory.

    Args:
        places: commands, options, and names in the directory.

    Raises:
        DistributionError: it can't be read.
        OutputError: setuptools can't be told of the directory.
    """
    if found := _NO_PATH.search(str(directory)):
        raise OutputError(
            f"Temporary files would lie in {str(directory.parent)!a}, and back ends can't be told "
            f"of a path with {found[0]!a} in it. Set TMPDIR to a directory without it."
        )
    config = _extra_configuration(environ)
    for section, option, name in places:
        _set(config, section, option, str(directory / name))
    return config


def _extra_configuration(environ: Mapping[str, str]) -> Configuration:
    """Return the one of the user's configurations whose place is taken; an empty one if none is.

    Raises:
        DistributionError: it can't be read.
    """
    extra = environ.get(EXTRA_VARIABLE)
    if not extra:
        return Configuration()
    try:
        return read_configuration(Path(extra))
    except ValueError as error:
        raise DistributionError(explained(Path(extra), error, environ)) from None


def _files(root: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the configurations that setuptools reads for a source tree."""
    return [root / "setup.cfg", *files_of_user(environ)]


def _named(root: Path, environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return the places that these name, as others are to be named in their stead."""
    named = {name for file in _files(root, environ) for name in _options_in(file)}
    return [place for place in _IF_NAMED if place[:2] in named]


def _options(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the command, option, key and value of each option for a source tree."""
    yield from _options_of_pyproject(root)
    for file in _files(root, environ):
        for (command, option), value in _options_in(file).items():
            yield command, option, f"{option} of [{command}] in {file}", value


def _options_of_pyproject(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield the command, option, key and value of each option that pyproject.toml gives."""
    pyproject = root / "pyproject.toml"
    commands = inner_table(read_tables(pyproject), "tool", "distutils")
    for command, options in commands.items():
        for option, value in options.items() if isinstance(options, dict) else ():
            key = f"tool.distutils.{command}.{option} in {pyproject}"
            yield _normal(command), _normal(option), key, str(value)


def _set(config: configparser.ConfigParser, section: str, option: str, value: str) -> None:
    if not config.has_section(section):
        config.add_section(section)
    config.set(section, option, value)


def lacks_option(said: str, environ: Mapping[str, str]) -> str | None:
    """Return a sentence for a command that lacks an option of the configuration.

    Args:
        said: what setuptools wrote.
        environ: has the configuration that the user has for setuptools.
    """
    found = _NO_OPTION.search(said)
    if found is None:
        return None
    ours = _TAKEN | {_FORCE, _DATE}
    # A command of setup.py's goes by the name of its class.
    is_class = found[1] not in {command for command, _ in ours}
    known = {option for _, option in ours}
    if found[2] not in known or not (is_class or (found[1], found[2]) in ours):
        return (
            f"{EXTRA_VARIABLE}={environ.get(EXTRA_VARIABLE)}: the command {found[1]} of "
            f"setuptools has no option `{found[2]}`. Remove that from the file."
        )
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
        if option not in _IGNORED
    }
