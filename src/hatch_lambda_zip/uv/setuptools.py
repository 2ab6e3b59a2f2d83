"""Reads what users have configured for setuptools, which uv runs for whatever is built by it."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hatch_lambda_zip.files import home, read_regular

EXTRA_VARIABLE: Final = "DIST_EXTRA_CONFIG"
"""Names a configuration that setuptools reads after all others."""

_OF_USER: Final = "pydistutils.cfg" if os.name == "nt" else ".pydistutils.cfg"
# As a traceback ends; uv draws bars beside some lines.
_NOT_READ: Final = re.compile(
    r"^\W*(?:configparser\.\w+|UnicodeDecodeError|PermissionError)\b", re.MULTILINE
)


class Configuration(configparser.ConfigParser):
    """A configuration as setuptools reads it, whose options may be names of packages."""

    def optionxform(self, optionstr: str) -> str:
        """Return an option as it is, not in lower case."""
        return optionstr


def read_configuration(path: Path) -> Configuration:
    """Read a configuration as setuptools does, for which one that is no file is empty.

    Its values are as they are once what each ``%`` stands for is put in, and none is a default.

    Raises:
        ValueError: it can't be read. The message shows nothing of the file, which may be of any
            kind.
    """
    config = Configuration()
    try:
        content = read_regular(path) if path.is_file() else None
        config.read_string((content or b"").decode("utf-8"))
        for section in config.sections():
            config.items(section)  # setuptools reads every value
            for option, value in config.items(section, raw=True):
                config.set(section, option, value)
        for option in [*config.defaults()]:  # which are not for sections that are added
            config.remove_option(configparser.DEFAULTSECT, option)
    except (configparser.Error, OSError, ValueError):
        raise ValueError(
            "it can't be read as a configuration of setuptools, an INI file in UTF-8 (with each % "
            "of a value as %%)"
        ) from None
    return config


def files_of_user(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that may configure setuptools for all projects of a user."""
    yield home(environ) / _OF_USER
    if extra := environ.get(EXTRA_VARIABLE):
        yield Path(extra)


def unreadable_configuration(said: str, environ: Mapping[str, str]) -> str | None:
    """Return a sentence for a configuration of the user's that setuptools could not read.

    Setuptools' own words show lines of it.

    Args:
        said: what uv wrote when it failed.
    """
    if not _NOT_READ.search(said):
        return None
    for path in files_of_user(environ):
        try:
            read_configuration(path)
        except ValueError as error:
            return explained(path, error, environ)
    return None


def explained(path: Path, error: ValueError, environ: Mapping[str, str]) -> str:
    """Return what is wrong with one of the user's files, and what to do."""
    extra = environ.get(EXTRA_VARIABLE)
    if extra and path == Path(extra):
        return f"{EXTRA_VARIABLE}={extra}: {error}. Correct the file, or remove the variable."
    return f"{path}: {error}. Correct that file, or remove it."
