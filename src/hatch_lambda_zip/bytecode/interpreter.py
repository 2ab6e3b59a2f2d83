"""Finds the one CPython that bytecode is compiled with, exact to the patch release.

Or, to run a function, one of any release of a minor version.

Patch releases of one minor version share a magic number, and still compile differently.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.bytecode.magic import FORMATS, Format
from hatch_lambda_zip.bytecode.model import Interpreter
from hatch_lambda_zip.errors import ToolError, UvError
from hatch_lambda_zip.files import home, matching
from hatch_lambda_zip.process import ending, run
from hatch_lambda_zip.uv import Uv

_TIMEOUT: Final = 20.0  # seconds for one candidate: room for a loaded machine
_NO_PYTHON: Final = "does not answer as a Python does"
# What a Python may need to start at all. Nothing else of the environment reaches it.
_KEPT_VARIABLES: Final = (
    *("SYSTEMROOT", "LD_LIBRARY_PATH"),
    # dyld(1), of a Python whose libraries were moved, such as conda's.
    *("DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
    *("DYLD_FRAMEWORK_PATH", "DYLD_FALLBACK_FRAMEWORK_PATH"),
)
# On Windows before 3.14 there is no sys.abiflags.
_PROBE: Final = """
import sys, importlib.util
flags = getattr(sys, "abiflags", "")
free_threaded = "t" in flags or "free-threading" in sys.version
debug = "d" in flags or hasattr(sys, "gettotalrefcount")
print(ascii((sys.implementation.name, tuple(sys.version_info), free_threaded, debug,
             importlib.util.MAGIC_NUMBER, sys.executable)))
"""


@dataclass(frozen=True)
class _Candidate:
    """What an executable turned out to be, in words, and the path that it has for itself."""

    path: Path
    description: str
    executable: Path
    is_the_one: bool


def find_interpreter(
    version: str, *, named: Path | None, uv: Uv, directory: Path, environ: Mapping[str, str]
) -> Interpreter:
    """Find the CPython of exactly one release; nothing is ever installed.

    Without a name, this process's own Python is looked at, then what uv knows, PATH, pyenv's.

    Args:
        version: the release, as "3.13.0" (``bytecode-python``).
        named: the only executable to look at (``bytecode-python-path``), or None.
        directory: one without settings of uv, for it to run in.

    Raises:
        ToolError: there is none; the message names what there is.
    """
    major, minor, _ = version.split(".")
    form = next((form for form in FORMATS if f"3.{form.python_minor}" == f"{major}.{minor}"), None)
    if form is None:
        raise ToolError(
            f"bytecode-python: {version} is not a release of CPython 3.{FORMATS[0].python_minor} "
            f"to 3.{FORMATS[-1].python_minor}, the ones whose bytecode is known."
        )
    paths = [named.absolute()] if named else _places(version, uv, directory, environ)
    found = _search(paths, version, form, uv)
    if isinstance(found, Interpreter):
        return found
    seen = _listed(found)
    why = "Only one release exactly compiles to the same bytes everywhere."
    get = f"Get it with `uv python install {version}` or `pyenv install {version}`"
    if named:
        raise ToolError(
            f"bytecode-python-path: it is not CPython {version}, which bytecode-python asks for.\n"
            f"{seen}\n{why} {get}, name another path, or change bytecode-python."
        )
    raise ToolError(
        f"bytecode-python: CPython {version} was not found. There is:\n{seen}\n{why} {get}, "
        "name its executable as bytecode-python-path, or change bytecode-python."
    )


def find_python(
    minor: str, *, named: Path | None, uv: Uv, directory: Path, environ: Mapping[str, str]
) -> Interpreter:
    """Find a CPython of any release of one minor version, to run a function; nothing is installed.

    Args:
        minor: as "3.13".
        named: the only executable to look at (``--python``), or None to look as for bytecode's.
        directory: one without settings of uv, for it to run in.

    Raises:
        ToolError: there is none; the message names what there is.
    """
    form = next((form for form in FORMATS if f"3.{form.python_minor}" == minor), None)
    paths = [named.absolute()] if named else _places(minor, uv, directory, environ)
    found = _search(paths, minor, form, uv)
    if isinstance(found, Interpreter):
        return found
    wrong = f"--python: it is not CPython {minor}" if named else f"CPython {minor} was not found"
    raise ToolError(
        f"{wrong}, which the function's runtime has. There is:\n{_listed(found)}\n"
        f"Get it with `uv python install {minor}` or `pyenv install {minor}`, or name its "
        "executable with --python."
    )


def _search(
    paths: Iterable[Path], version: str, form: Format | None, uv: Uv
) -> Interpreter | list[_Candidate]:
    """Return the first that is the one, or all that were looked at."""
    found: dict[Path, _Candidate] = {}
    for path in paths:
        if path in found:
            continue
        candidate = _probe(path, version, form, uv)
        if candidate.is_the_one:
            return Interpreter(candidate.executable, candidate.description)
        found[path] = candidate
    return [*found.values()]


def _listed(found: Iterable[_Candidate]) -> str:
    return "\n".join(f"  {candidate.path}: {candidate.description}" for candidate in found)


def minimal_environment() -> dict[str, str]:
    """Return the environment that Pythons are run with: nothing that could change what they do."""
    return {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}


def _places(version: str, uv: Uv, directory: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the executables that may be it, and those that a user may think are it."""
    yield Path(sys.executable)
    try:
        output = uv.run(
            [
                *("python", "find", "--no-python-downloads", "--no-project", "--system"),
                f"cpython@{version}",
            ],
            cwd=directory,
        )
    except UvError as error:
        uv.log(f"uv knows no CPython {version}: {error}")
        output = ""
    if output.strip():
        yield Path(output.strip())
    minor = ".".join(version.split(".")[:2])
    yield from pythons_on_path(minor, environ)
    found = matching(pyenv_versions(environ), f"{minor}.*")
    for installed in sorted(found, key=lambda directory: directory.name != version):
        path = python_in(installed)
        if path.is_file():
            yield path


def pythons_on_path(minor: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield what is called like a Python of a minor version; on Windows, what may be one of it.

    Its installers call it python.exe there; those that only the `py` launcher knows uv finds too.
    """
    names = [f"python{minor}"]
    if sys.platform == "win32":
        names = [f"python{minor}.exe", "python.exe"]
    for part in environ.get("PATH", "").split(os.pathsep):
        for name in names:
            path = Path(part, name).absolute()
            if part and path.is_file():
                yield path


def pyenv_versions(environ: Mapping[str, str]) -> Path:
    """Return the directory with what pyenv has installed, or pyenv-win."""
    default = home(environ) / (".pyenv/pyenv-win" if sys.platform == "win32" else ".pyenv")
    return Path(environ.get("PYENV_ROOT") or default, "versions")


def python_in(installed: Path) -> Path:
    """Return the executable of an installation of pyenv's or uv's."""
    return installed / ("python.exe" if sys.platform == "win32" else "bin/python")


def _probe(path: Path, version: str, form: Format | None, uv: Uv) -> _Candidate:
    """Find out what an executable is."""
    uv.log(f"Asking {path} which Python it is")
    timeout = min(_TIMEOUT, uv.timeout)
    try:
        result = run(
            [str(path), "-I", "-S", "-c", _PROBE],
            environment=minimal_environment(),
            timeout=timeout,
            watcher=uv.watcher,
        )
        result.check_returncode()
        fields: object = ast.literal_eval(result.stdout.decode("ascii").strip())
    except subprocess.CalledProcessError as error:
        return _unfit(path, f"does not run ({ending(error.returncode)})")
    except subprocess.TimeoutExpired:
        silence = f"did not answer within {timeout:g} seconds"
        (uv.tell or uv.log)(f"{path}, asked which Python it is, {silence}: passing it over")
        return _unfit(path, silence)
    except OSError as error:
        return _unfit(path, f"does not run ({error.strerror})")
    except (ValueError, SyntaxError):
        return _unfit(path, _NO_PYTHON)
    match fields:
        case (
            str(name),
            (int(major), int(minor), int(micro), str(level), int(serial)),
            bool(free_threaded),
            bool(debug),
            bytes(magic),
            str(executable),
        ):
            release = f"{major}.{minor}.{micro}"
        case _:
            return _unfit(path, _NO_PYTHON)
    oddities = {
        f"not CPython but {name}": name != "cpython",
        "free-threaded": free_threaded,
        "a debug build": debug,
        f"{level} {serial}": level != "final",
    }
    is_release = release == version or release.startswith(f"{version}.")
    if form and is_release and magic != form.magic_bytes:
        known = form.magic_bytes.hex(" ")
        oddities[f"with the magic number {magic.hex(' ')}, not {known}"] = True
    odd = [text for text, applies in oddities.items() if applies]
    is_the_one = is_release and not odd
    return _Candidate(path, ", ".join([release, *odd]), Path(executable or path), is_the_one)


def _unfit(path: Path, description: str) -> _Candidate:
    return _Candidate(path, description, path, is_the_one=False)
