"""Console scripts for Lambda: the same on every machine, with the runtime's interpreter."""

from __future__ import annotations

import os
import re
import sys
from typing import Final

from hatch_lambda_zip.config import Kind
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install import Installed, read_entry_points, script_names, split_reference
from hatch_lambda_zip.record import check_path
from hatch_lambda_zip.runtimes import Runtime
from hatch_lambda_zip.text import shortened

# What stands before a script's own text: the path of a Python, or, where an installer's is too
# long or has spaces, a shell that starts it (pypa/distlib). Its form tells, whatever the paths of
# this machine are, so that every machine replaces the same.
_DIRECTORY: Final = rb"(?:\S*/|[A-Za-z]:[^\r\n]*\\)?"  # the second is Windows'
_PYTHON: Final = _DIRECTORY + rb"(?:env[ \t]+(?:-\S+[ \t]+)*)?(?:python|pypy)[\w.]*(?:[ \t][^\n]*)?"
_SHELL: Final = rb"#!/bin/sh\r?\n'''exec' [^\n]*\n' '''\r?\n"
_SHEBANG: Final = re.compile(
    _SHELL
    + rb"|#![ \t]*(?:"
    + _PYTHON
    + rb"|"
    + re.escape(os.fsencode(sys.executable))
    + rb")\r?(?:\n|$)"
)
_PATH_OF_PYTHON: Final = re.compile(
    _SHELL + rb"|#![ \t]*" + _DIRECTORY + rb"(?:python|pypy)[\w.]*(?:[ \t][^\n]*)?\r?(?:\n|$)"
)
_PYTHON_OF_LAMBDA: Final = re.compile(rb"#!/var/lang/bin/python3\.\d+\n")

# A script's own directory comes first on sys.path; the modules are one above. What it can't
# import from there, a layer may have.
_TEMPLATE: Final = """\
#!{interpreter}
import os
import sys

sys.path[:1] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__))){others}]

from {module} import {first}

if __name__ == "__main__":
    sys.exit({attribute}())
"""


def interpreter_of(runtime: Runtime) -> str:
    """Return the path of a runtime's Python on Lambda, as in AWS's base images for Python."""
    return f"/var/lang/bin/python{runtime.python_version}"


def is_for_other_python(script: bytes) -> bool:
    r"""Tell whether a script can't be started on Lambda, since it names another machine's Python.

    >>> is_for_other_python(b"#!/home/me/.venv/bin/python\n")
    True
    >>> is_for_other_python(b"#!/usr/bin/env python3\n")
    False
    """
    return bool(_PATH_OF_PYTHON.match(script)) and not _PYTHON_OF_LAMBDA.match(script)


def with_scripts(installed: Installed, runtime: Runtime, kind: Kind) -> Installed:
    """Let a distribution's scripts ship.

    These are the entry points in ``console_scripts``, written anew, and scripts that came with
    the wheel, with their first line replaced where it names a Python. Graphical ones do not.

    Raises:
        DistributionError: an entry point is malformed.
    """
    interpreter = interpreter_of(runtime)
    others = ', "/opt/python"' if kind is Kind.FUNCTION else ""
    groups = read_entry_points(installed.metadata_file("entry_points.txt") or b"")
    scripts: dict[str, Entry] = {}
    for name, reference in groups.get("console_scripts", {}).items():
        path = f"bin/{name}"
        check_path(path, f"entry_points.txt of {installed.name}")
        if "/" in name:
            raise DistributionError(
                f"The console script {shortened(name)} of {installed.name} has a name that is "
                "a path. Choose another version, or set `scripts = false`."
            )
        text = _console_script(reference, interpreter, others, f"{name} of {installed.name}")
        scripts[path] = Entry.of(path, text.encode(), installed.name)
    from_entry_points = {f"bin/{name}" for name in script_names(groups)}
    for script in installed.scripts:
        if script.name not in from_entry_points:
            content = _with_interpreter(script.read(), interpreter)
            scripts[script.name] = Entry.of(script.name, content, installed.name)
    return installed.with_more(scripts.values())


def _console_script(reference: str, interpreter: str, others: str, what: str) -> str:
    found = split_reference(reference)
    if found is None or not "".join(found).isascii():
        raise DistributionError(
            f"The console script {what} refers to {reference!r}, which is not of the form "
            "'module:function'. Choose another version, or set `scripts = false`."
        )
    module, attribute = found
    return _TEMPLATE.format(
        interpreter=interpreter,
        others=others,
        module=module,
        first=attribute.partition(".")[0],
        attribute=attribute,
    )


def _with_interpreter(script: bytes, interpreter: str) -> bytes:
    """Replace the Python that a script starts with; leave others, such as a shell."""
    match = _SHEBANG.match(script)
    return f"#!{interpreter}\n".encode() + script[match.end() :] if match else script
