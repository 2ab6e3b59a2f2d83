"""Small projects of each kind, for builds under many circumstances."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Final

from tests.support.loose import lock, write
from tests.support.projects import Project

_MINOR: Final = min(sys.version_info.minor, 14)
_BUILD: Final = """\
[build-system]
requires = ["hatchling", "hatch-lambda-zip"]
build-backend = "hatchling.build"

"""
_UV: Final = '\n[tool.uv]\nexclude-newer = "2026-11-01T00:00:00Z"\n'
_HOOK: Final = "\n[tool.hatch.build.hooks.lambda-zip]\n"
_TARGET: Final = "\n[tool.hatch.build.targets.lambda-zip"
_HANDLER: Final = "def handler(event, context):\n    return VALUE\n"
_MAIN: Final = f"import six\n\nVALUE = 'İğ'\nassert six\n\n\n{_HANDLER}"


def _package(requirements: str, table: str, more: str = "") -> dict[str, str]:
    """Return the files of a package that is called app."""
    project = '[project]\nname = "app"\nversion = "1.2"\nrequires-python = ">=3.10"\n'
    return {
        "pyproject.toml": f"{_BUILD}{project}dependencies = [{requirements}]\n"
        f"{_HOOK}{_TARGET}]\n{table}{_UV}{more}",
        "src/app/__init__.py": "",
        "src/app/main.py": _MAIN,
        "src/app/data/size.txt": "1\n" * 2000,
        "src/app/data/a.bin": "\1\2\3",
    }


_RUNTIME: Final = 'runtime = "python3.13"\nhandler = "app.main.handler"\n'
_MEMBERS: Final = {
    "lib/pyproject.toml": '[build-system]\nrequires = ["uv_build>=0.10.2,<1"]\n'
    'build-backend = "uv_build"\n\n[project]\nname = "lib"\nversion = "3"\n'
    'requires-python = ">=3.10"\ndependencies = ["six"]\n',
    "lib/src/lib/__init__.py": "VALUE = 1\n",
    "lib/src/lib/py.typed": "",
}
_WORKSPACE: Final = (
    '\n[tool.uv.sources]\nlib = { workspace = true }\n\n[tool.uv.workspace]\nmembers = ["lib"]\n'
)
NAMES: Final = "letters in names"
"""What can't be read where a locale says that names are not UTF-8."""

PROJECTS: Final[dict[str, dict[str, str]]] = {
    "pure": _package('"six"', f"{_RUNTIME}scripts = true\n"),
    NAMES: _package('"six"', _RUNTIME) | {"src/app/größe.txt": "1\n", "src/app/şal.py": "a = 1\n"},
    "native": _package('"six", "markupsafe", "idna"', f'{_RUNTIME}architecture = "arm64"\n'),
    "workspace": _package('"six", "lib"', _RUNTIME, _WORKSPACE) | _MEMBERS,
    "functions and layers": _package(
        '"six", "markupsafe"',
        f'runtime = "python3.12"\n{_TARGET}.functions.api]\nhandler = "app.main.handler"\n'
        f'layers = ["deps"]\nmodules = "imported"\n'
        f'{_TARGET}.functions.worker]\nhandler = "app.main.handler"\narchitecture = "arm64"\n'
        f'include-files = {{ "conf" = "conf" }}\n'
        f'{_TARGET}.layers.deps]\ndistributions = ["markupsafe"]\n',
    )
    | {"conf/one.toml": "a = 1\n", "conf/two.toml": "b = 2\n"},
    "bytecode": _package(
        '"six"',
        f'runtime = "python3.{_MINOR}"\nhandler = "app.main.handler"\nbytecode = "compile"\n'
        f'bytecode-python = "{platform.python_version()}"\n',
    ),
    "folders": {
        "pyproject.toml": f'{_TARGET}]\nruntime = "python3.13"\narchitecture = "arm64"\n'
        'function-directories = "functions/*"\nhandler = "main.handler"\n'
        f'include-files = {{ "common" = "common" }}\n{_UV}',
        "functions/api/main.py": _MAIN,
        "functions/api/requirements.txt": "six==1.17.0\n",
        "functions/worker/main.py": f"VALUE = 1\n\n\n{_HANDLER}",
        "functions/worker/requirements.txt": "markupsafe==3.0.3\n",
        "common/reply.py": "VALUE = 2\n",
    },
}
"""Files by their names, of each kind of project."""


def make_projects(directory: Path) -> None:
    """Write all projects, each in a directory of its name, and lock those that have a lock."""
    for name, files in PROJECTS.items():
        place = directory / name
        write(place, files)
        if "[project]" in files["pyproject.toml"]:
            Project(directory, name).lock()
        else:
            lock(place)
