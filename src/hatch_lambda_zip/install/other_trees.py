"""Has the variables of a build count for one source tree alone.

uv gives them to whatever it builds for it: to build requirements that have no wheel, too. In the
project's places these would leave their modules, which its wheel takes in; so they get places of
their own. What the project's own build runs in other directories works as it would without us: a
script that has setuptools work there looks for the result where setuptools puts it.

A copy of this file is called ``sitecustomize``, which each Python imports as it starts (see the
documentation of ``site``). It runs in whichever Python a back end starts, so it is plain, and needs
nothing of this package.
"""

from __future__ import annotations

import importlib
import os
import sys

TREE = "HATCH_LAMBDA_ZIP_TREE"
"""The variable that says which source tree has which places."""
BEFORE = "HATCH_LAMBDA_ZIP_BEFORE"
"""The variable for what the user has given as ``CONFIG``."""
CONFIG = "DIST_EXTRA_CONFIG"
"""The variable that names a configuration file of setuptools."""
VARIABLES = "variables"
"""The file with variables that are prepared for a tree, a line each."""

# Whether the source tree uses its places; the second: this runs in a build that does.
_HERE, _INSIDE, _NOWHERE = "here", "inside", "nowhere"


def described(root: str, directory: str, of_it_alone: list[str], *, is_used: bool) -> str:
    """Return the value of the variable.

    Args:
        root: the source tree.
        directory: where the places are.
        of_it_alone: the variables that build requirements do not get.
        is_used: whether the tree's own back end gets these places, not only build requirements.
    """
    mode = _HERE if is_used else _NOWHERE
    return " ".join((_identity(root), mode, ",".join(of_it_alone), directory))


def places_of(tree: str, directory: str) -> str:
    """Return the directory for what works in another source tree; made as a Python starts there.

    Args:
        tree: that source tree.
        directory: where the places are.
    """
    return os.path.join(directory, "others", _identity(tree))


def prepared(places: str) -> str:
    """Return the directory with what is prepared for a tree that is known before the build.

    Args:
        places: where what works in that tree has its places.
    """
    return f"{places}.known"


def change(environ: dict[str, str] | os._Environ[str]) -> None:
    """Change the variables for a Python by the directory that it works in."""
    tree, mode, names, directory = environ[TREE].split(" ", 3)
    here = _identity(os.curdir)
    if here == tree and mode != _NOWHERE:
        environ[TREE] = f"{tree} {_INSIDE}  {directory}"
    elif here == tree or mode == _INSIDE:
        for name in _named_in(directory, environ):
            del environ[name]
        if BEFORE in environ:
            environ[CONFIG] = environ[BEFORE]
        del environ[TREE]
    else:
        own = places_of(os.curdir, directory)
        for name in filter(None, names.split(",")):
            environ.pop(name, None)
        for name in _named_in(directory, environ):
            environ[name] = own + environ[name][len(directory) :]
        _take_variables(own, environ)
        config = environ.get(CONFIG, "")
        if config.startswith(own):  # nobody has named another one
            _configure(directory, own, config)
        environ[TREE] = f"{here} {_INSIDE}  {own}"


def _named_in(directory: str, environ: dict[str, str] | os._Environ[str]) -> list[str]:
    """Return the variables that name places in a directory."""
    start = directory + os.sep
    return [name for name in environ if environ[name].startswith(start) and name != "PYTHONPATH"]


def _take_variables(own: str, environ: dict[str, str] | os._Environ[str]) -> None:
    path = os.path.join(prepared(own), VARIABLES)
    if os.path.exists(path):
        for line in _read(path).split("\n")[:-1]:
            name, _, value = line.partition("=")
            environ[name] = value


def _configure(directory: str, own: str, config: str) -> None:
    """Make the configuration of setuptools for another tree, and the places that it names.

    Where nothing is prepared, it is like that of the directory.
    """
    if os.path.exists(config):
        return
    os.makedirs(own, exist_ok=True)
    name = os.path.basename(config)
    if os.path.exists(prepared(own)):
        text = _read(os.path.join(prepared(own), name))
    else:
        text = _read(os.path.join(directory, name)).replace(directory, own)
    written = f"{config}.{os.getpid()}"
    with open(written, "w", encoding="utf-8") as file:
        file.write(text)
    make_places(written, own)
    os.replace(written, config)  # whole, as other processes may read it


def make_places(config: str, directory: str) -> None:
    """Make the places in a directory that a configuration of setuptools names."""
    for line in _read(config).split("\n"):
        place = line.partition(" = ")[2]
        if place.startswith(directory) and not place.endswith(".txt"):  # which is a file
            os.makedirs(place, exist_ok=True)


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _identity(tree: str) -> str:
    try:
        status = os.stat(tree)
    except OSError:  # it is gone
        return "none"
    return f"{status.st_dev}-{status.st_ino}"


def _import_hidden() -> None:
    """Import the ``sitecustomize`` that this one hides, if there is any."""
    sys.path.remove(os.path.dirname(__file__))
    this = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)
    except ModuleNotFoundError as error:
        if error.name != __name__:
            raise
        sys.modules[__name__] = this


if __name__ == "sitecustomize":
    if TREE in os.environ:
        change(os.environ)
    _import_hidden()
