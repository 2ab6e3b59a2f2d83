"""Whether the runtime's Python can parse a module: asked of such a Python, or else of ruff.

A verdict only stops a build or lets it go on; it never decides bytes.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.files import home, matching
from hatch_lambda_zip.process import run
from hatch_lambda_zip.record import Digest

Verdict = str | None
"""What is wrong with a module, or None."""

Tool = Callable[[Sequence[bytes]], list[Verdict] | None]
"""Judges modules; None if it can't."""

_TIMEOUT: Final = 60.0  # seconds; hundreds of modules take less than one
# Runs in the other Python, 3.8 or newer. compile() finds more than ast.parse() does.
_WORKER: Final = """
import base64, json, sys, warnings
warnings.simplefilter("ignore")
def judge(text):
    try:
        compile(base64.b64decode(text), "<module>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return "%s (line %s)" % (error.msg, error.lineno)
    except ValueError as error:
        return str(error)
    except (MemoryError, RecursionError):
        pass
python = [sys.implementation.name, *sys.version_info[:2]]
print(json.dumps([python, [judge(text) for text in json.load(sys.stdin)]]))
"""
# Seen with ruff 0.12 to 0.17, which know what each Python added; older ones do not.
_RUFF_VERSION: Final = re.compile(r"ruff (\d+)\.(\d+)\.")
_OLDEST_RUFF: Final = (0, 12)
_ADDED_LATER: Final = "syntax was added in Python"


class SyntaxJudge:
    """Judges modules by the grammar of a runtime; each only once, and by one tool for each Python.

    Args:
        environ: where Pythons and ruff are looked for.
        log: takes a line for each tool that is asked.
        directory: where temporary files may lie, if not where they do by default.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        log: Callable[[str], None],
        directory: Path | None = None,
    ) -> None:
        self._directory = directory
        self._environ = environ
        self._log = log
        self._tools: dict[int, list[Tool]] = {}
        self._verdicts: dict[tuple[int, Digest], Verdict] = {}

    def verdicts(
        self, entries: Collection[Entry], python_minor: int, *, likely: Iterable[Entry] = ()
    ) -> dict[str, Verdict] | None:
        """Judge modules by the grammar of Python 3.N.

        Args:
            likely: others that may be asked for soon: to start a process costs more than to use it.

        Returns:
            The verdicts by the names of the entries; None if nothing here can judge.

        Raises:
            DistributionError: a file is not what RECORD says.
        """
        wanted = {(python_minor, entry.digest): entry for entry in entries}
        if not wanted.keys() <= self._verdicts.keys():
            if not is_running(python_minor):
                wanted |= {(python_minor, entry.digest): entry for entry in likely}
            new = {key: entry for key, entry in wanted.items() if key not in self._verdicts}
            judged = self._judge([entry.read() for entry in new.values()], python_minor)
            if judged is None:
                return None
            self._verdicts.update(zip(new, judged, strict=True))
        return {entry.name: self._verdicts[python_minor, entry.digest] for entry in entries}

    def _judge(self, sources: Sequence[bytes], minor: int) -> list[Verdict] | None:
        tools = self._tools.get(minor)
        if tools is None:
            tools = [*self._find(minor)]
        for tool in tools:
            judged = tool(sources)
            if judged is not None:
                self._tools[minor] = [tool]
                return judged
        self._tools[minor] = []
        return None

    def _find(self, minor: int) -> Iterator[Tool]:
        if is_running(minor):
            yield _ask_running
            return
        for path in _pythons(minor, self._environ):
            yield partial(self._ask_python, path, minor)
        for path in _ruffs(self._environ):
            yield partial(self._ask_ruff, path, minor)

    def _ask_python(self, path: Path, minor: int, sources: Sequence[bytes]) -> list[Verdict] | None:
        texts = json.dumps([base64.b64encode(source).decode("ascii") for source in sources])
        answer = self._run([str(path), "-I", "-S", "-c", _WORKER], texts)
        match answer:
            case [["cpython", 3, found], [*verdicts]] if found == minor:
                return [verdict if isinstance(verdict, str) else None for verdict in verdicts]
        return None

    def _ask_ruff(self, path: Path, minor: int, sources: Sequence[bytes]) -> list[Verdict] | None:
        version = self._output([str(path), "--version"], "")
        match = _RUFF_VERSION.match(version)
        if match is None or (int(match[1]), int(match[2])) < _OLDEST_RUFF:
            return None
        with tempfile.TemporaryDirectory(dir=self._directory) as directory:
            files = [Path(directory, f"{number}.py") for number in range(len(sources))]
            for file, source in zip(files, sources, strict=True):
                file.write_bytes(source)
            # No rule is asked for but the one for files that can't be read; what can't be parsed
            # is always told.
            found = self._run(
                [
                    *(str(path), "check", "--isolated", "--no-cache", "--quiet", "--exit-zero"),
                    *("--select", "E902", "--output-format", "json"),
                    *("--target-version", f"py3{minor}", directory),
                ],
                "",
            )
        if not isinstance(found, list):
            return None
        wrong: dict[int, str] = {}
        for row in found:
            match row:
                case {
                    "filename": str(filename),
                    "message": str(message),
                    "location": {"row": int(line)},
                }:
                    number = int(Path(filename).stem)
                    # Of what no Python takes, the running one is the better judge.
                    if _ADDED_LATER in message or running_verdict(sources[number]):
                        text = message.removeprefix("SyntaxError: ")
                        wrong.setdefault(number, f"{text} (line {line})")
        return [wrong.get(number) for number in range(len(sources))]

    def _run(self, command: list[str], stdin: str) -> object:
        """Return the JSON that a command writes, or None."""
        self._log(f"Asking {command[0]} about the syntax of modules")
        try:
            answer: object = json.loads(self._output(command, stdin))
        except ValueError:
            return None
        return answer

    def _output(self, command: list[str], stdin: str) -> str:
        """Return what a command writes; nothing if it fails."""
        # Most builds ask nobody, and need nothing of what compiles.
        from hatch_lambda_zip.bytecode.interpreter import minimal_environment

        try:
            answer = run(
                command,
                environment=minimal_environment(),
                stdin=stdin.encode(),
                timeout=_TIMEOUT,
            )
            answer.check_returncode()
            return answer.stdout.decode()
        except (OSError, subprocess.SubprocessError, UnicodeError) as error:
            self._log(f"{command[0]} can't judge: {error}")
            return ""


def is_running(minor: int) -> bool:
    """Tell whether the running Python is CPython 3.``minor``."""
    return sys.implementation.name == "cpython" and sys.version_info[:2] == (3, minor)


def _ask_running(sources: Sequence[bytes]) -> list[Verdict]:
    return [*map(running_verdict, sources)]


def running_verdict(source: bytes) -> Verdict:
    """Judge a module by the running Python's grammar."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<module>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno})"
    except ValueError as error:
        return str(error)
    except (MemoryError, RecursionError):
        return None
    return None


def _pythons(minor: int, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield executables that may be Python 3.N: on PATH, pyenv's and uv's, without asking those."""
    from hatch_lambda_zip.bytecode.interpreter import pyenv_versions, python_in, pythons_on_path

    for path in pythons_on_path(f"3.{minor}", environ):
        # pyenv has a shim for each Python, most of which fail.
        if path.parent.name != "shims":
            yield path
    managed = environ.get("UV_PYTHON_INSTALL_DIR")
    if not managed and sys.platform == "win32":
        managed = str(Path(environ.get("APPDATA", ""), "uv/python"))
    roots = {
        pyenv_versions(environ): f"3.{minor}.*",
        Path(managed or home(environ) / ".local/share/uv/python"): f"cpython-3.{minor}.*",
    }
    for root, pattern in roots.items():
        for directory in matching(root, pattern):
            path = python_in(directory)
            if path.is_file():
                yield path


def _ruffs(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield ruff as it is on PATH."""
    if found := shutil.which("ruff", path=environ.get("PATH", "")):
        yield Path(found)
