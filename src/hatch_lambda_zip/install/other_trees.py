"""Gives each source tree that a build builds places of its own to work in.

uv gives the variables of a build to whatever it builds for it: to build requirements that have no
wheel, too. In the project's places they would leave their modules, which its wheel takes in.

A copy of this file is called ``sitecustomize``, which each Python imports as it starts (see the
documentation of ``site``). It runs in whichever Python a back end starts, so it is plain, and needs
nothing of this package.
"""

from __future__ import annotations

import importlib
import os
import sys

VARIABLE = "HATCH_LAMBDA_ZIP_TREE"
_CONFIG_VARIABLE = "DIST_EXTRA_CONFIG"  # of setuptools


def described(root: str, directory: str, of_it_alone: list[str]) -> str:
    """Return the value of the variable.

    Args:
        root: the source tree.
        directory: where it has its places.
        of_it_alone: the variables that are for no other.
    """
    return " ".join((_identity(root), ",".join(of_it_alone), directory))


def move(environ: dict[str, str] | os._Environ[str]) -> None:
    """Change the variables, if this Python works in another source tree."""
    tree, names, directory = environ[VARIABLE].split(" ", 2)
    here = _identity(os.curdir)
    if here == tree:
        return
    own = os.path.join(directory, "others", here)
    for name in filter(None, names.split(",")):
        environ.pop(name, None)
    for name, value in [*environ.items()]:
        if value.startswith(directory + os.sep) and name != "PYTHONPATH":
            environ[name] = own + value[len(directory) :]
    environ[VARIABLE] = f"{here}  {own}"
    config = environ.get(_CONFIG_VARIABLE, "")
    if not config.startswith(own) or os.path.exists(config):
        return
    os.makedirs(own, exist_ok=True)
    with open(directory + config[len(own) :], encoding="utf-8") as file:
        lines = file.read().replace(directory, own).split("\n")
    for line in lines:
        place = line.partition(" = ")[2]
        if place.startswith(own):
            os.makedirs(place, exist_ok=True)
    written = f"{config}.{os.getpid()}"
    with open(written, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    os.replace(written, config)  # whole, as other processes may read it


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
    if VARIABLE in os.environ:
        move(os.environ)
    _import_hidden()
