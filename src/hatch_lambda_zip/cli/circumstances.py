"""What must not matter for the bytes of a zip: the circumstances that `verify` builds under."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hatch_lambda_zip import __version__
from hatch_lambda_zip.bytecode.interpreter import pyenv_versions, python_in
from hatch_lambda_zip.cache import CACHE_VARIABLE
from hatch_lambda_zip.cli.own_command import start
from hatch_lambda_zip.files import matching
from hatch_lambda_zip.process import run
from hatch_lambda_zip.runtimes import RUNTIMES

_TIMEOUT: Final = 20.0  # seconds for a Python to say what it is
_PROBE: Final = """
import platform, hatch_lambda_zip, hatch_lambda_zip.cli, deflate, hatchling
print(hatch_lambda_zip.__version__, platform.python_version())
"""
_UMASK: Final = start("import os; os.umask(0o077)")
_ONE_CPU: Final = start("import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})")


@dataclass(frozen=True)
class Circumstance:
    """One thing about a build that is otherwise; every build has another path.

    Attributes:
        name: what is otherwise.
        variables: that bring it about.
        start: how the command is started: what follows the interpreter.
        python: the interpreter.
        instead: options that have another value, see `config.instead_of`.
    """

    name: str
    variables: Mapping[str, str] = field(default_factory=dict)
    start: tuple[str, ...] = start()
    python: str = sys.executable
    instead: Mapping[str, str] = field(default_factory=dict)


OTHER_PATH: Final = Circumstance("another path")


def circumstances(directory: Path) -> Iterator[Circumstance]:
    """Yield all that can be brought about on this machine.

    Args:
        directory: where directories for caches and temporary files can be made.
    """
    yield OTHER_PATH
    temporary, cache = directory / "another-temporary-directory", directory / "cold-cache"
    temporary.mkdir()
    cache.mkdir(mode=0o700)
    names = ("TEMP", "TMP") if sys.platform == "win32" else ("TMPDIR",)
    yield Circumstance("another temporary directory", dict.fromkeys(names, str(temporary)))
    yield Circumstance("time zone Pacific/Kiritimati", {"TZ": "Pacific/Kiritimati"})
    locale = {"LC_ALL": "tr_TR.UTF-8", "LANG": "C", "LANGUAGE": "tr"}
    yield Circumstance("locale tr_TR.UTF-8", locale)
    if sys.platform != "win32":
        yield Circumstance("umask 077", start=_UMASK)
    yield Circumstance("hash seed 1", {"PYTHONHASHSEED": "1"})
    if hasattr(os, "sched_setaffinity"):
        yield Circumstance("one CPU, one worker", start=_ONE_CPU)
    yield Circumstance("cold cache", {CACHE_VARIABLE: str(cache)})
    yield Circumstance("UV_COMPILE_BYTECODE=1", {"UV_COMPILE_BYTECODE": "1"})
    yield Circumstance("SOURCE_DATE_EPOCH=1234567890", {"SOURCE_DATE_EPOCH": "1234567890"})
    yield from _pythons()


def _pythons() -> Iterator[Circumstance]:
    """Yield other Pythons that have this release of the plugin."""
    seen = {Path(sys.executable).resolve()}
    for python in _places():
        if python.resolve() in seen:
            continue
        seen.add(python.resolve())
        try:
            answer = run(
                [str(python), "-c", _PROBE], environment=os.environ, timeout=_TIMEOUT
            ).stdout.split()
        except (OSError, subprocess.TimeoutExpired):
            continue  # it is none
        if answer[:1] == [__version__.encode()]:
            version = answer[1].decode("ascii", "replace")
            yield Circumstance(f"Python {version}", python=str(python))


def _places() -> Iterator[Path]:
    names = [runtime.identifier for runtime in RUNTIMES]
    yield from (Path(found) for found in map(shutil.which, ["python3", *names]) if found)
    yield from map(python_in, matching(pyenv_versions(os.environ), "3.*"))
