"""Finds uv and runs it; turns its failures into our errors."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import UvError, UvTimeoutError
from hatch_lambda_zip.files import exhausted, is_utf_8
from hatch_lambda_zip.process import Command, Watcher, ending, run
from hatch_lambda_zip.process.one_thread import start_thread
from hatch_lambda_zip.redact import redact, secret_values
from hatch_lambda_zip.uv.setuptools import EXTRA_VARIABLE, unreadable_configuration
from hatch_lambda_zip.uv.words import read_words, without_temporary

TIMEOUT_VARIABLE: Final = "HATCH_LAMBDA_ZIP_TIMEOUT"
DEFAULT_TIMEOUT: Final = 900.0  # seconds: room for a heavy download on a slow line
_LONGEST_TIMEOUT: Final = 1e6  # seconds: more overflows system calls
_VERSION_TIMEOUT: Final = 30.0  # seconds
_SLOW: Final = 20.0  # seconds, after which people ask themselves whether anything happens

_SHOWN_FIRST: Final = 2_000  # characters of what uv and a back end say
_SHOWN_LAST: Final = 18_000  # likewise
_SHOWN_ANSWER: Final = 60  # characters of what is not uv
_NAMING_VARIABLES: Final = ("UV", "HATCH_UV")
_UNKNOWN_VERSION: Final = "uv of unknown version"
OLDEST: Final = "0.10.2"

NESTED_VARIABLE: Final = "HATCH_LAMBDA_ZIP_NESTED"
"""Set in every build that a build starts, so that plugins can tell."""

# Settings that would change what is selected or how it is checked. What only says how to reach
# an index (addresses, credentials, proxies, certificates, offline mode, the cache) stays.
_DROPPED_VARIABLES: Final = frozenset(
    f"UV_{name}"
    for name in (
        *("ALL_EXTRAS", "ALL_GROUPS", "BREAK_SYSTEM_PACKAGES", "COMPILE_BYTECODE"),
        *("CONSTRAINT", "DEV", "EXTRA", "EXCLUDE", "FROZEN", "ISOLATED", "LOCKED", "NO_BINARY"),
        *("NO_BINARY_PACKAGE", "NO_BUILD", "NO_BUILD_PACKAGE", "NO_DEFAULT_GROUPS", "NO_DEV"),
        *("NO_EDITABLE", "NO_GROUP", "NO_SOURCES", "NO_SOURCES_PACKAGE", "NO_VERIFY_HASHES"),
        *(
            "OVERRIDE",
            "PACKAGE",
            "PROJECT",
            "PYTHON",
            "REQUIRE_HASHES",
            "SYSTEM_PYTHON",
            "TORCH_BACKEND",
        ),
        *("WORKING_DIR", "WORKING_DIRECTORY"),
    )
)

# Its output is read here, so it must not be coloured, whatever a CI system asks for.
_COLOUR_VARIABLES: Final = frozenset(("CLICOLOR_FORCE", "FORCE_COLOR"))
# Paths that may be relative to the directory that the user works in; uv runs in others.
_PATH_VARIABLES: Final = (
    *("UV_BUILD_CONSTRAINT", "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_CREDENTIALS_DIR"),
    *("UV_FIND_LINKS", EXTRA_VARIABLE, "NETRC", "PYTHONPYCACHEPREFIX"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT"),
)
_SEPARATORS: Final = {"UV_FIND_LINKS": ",", "UV_BUILD_CONSTRAINT": " "}  # of uv's lists
_TEMPORARY_VARIABLES: Final = ("TMPDIR", "TEMP", "TMP")  # in the order of `tempfile`


@dataclass(frozen=True)
class Uv:
    """A uv executable, ready to run.

    Attributes:
        timeout: seconds after which a command is stopped.
        log: takes one line for each command.
        watcher: who ends the commands if this process is killed.
        tell: takes a line that the user should see; ``log`` does if it is None.
    """

    executable: Path
    environment: Mapping[str, str]
    timeout: float
    log: Callable[[str], None]
    watcher: Watcher | None = None
    tell: Callable[[str], None] | None = None
    _running: set[Command] = field(default_factory=set, compare=False, repr=False)
    _stopped: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)

    def run(
        self,
        arguments: Iterable[str | Path],
        *,
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        without: Iterable[str] = (),
    ) -> str:
        """Run one uv command, and return its standard output.

        Args:
            cwd: decides which uv configuration holds.
            variables: environment variables for this command alone.
            without: environment variables that this command does not get.

        Raises:
            UvTimeoutError: it took longer than ``timeout``; it and its children were killed.
            UvError: it could not be started, was stopped, or ended with an error; the message has
                its stderr.
        """
        command = [str(self.executable), *map(str, arguments)]
        shown = redact(shlex.join(["uv", *command[1:]]))
        self.log(f"Running in {cwd}, {self.executable}: {shown}")
        if odd := next((word for word in command if not is_utf_8(word)), None):
            raise UvError(
                f"uv can't be told of a path that is not UTF-8, as {odd!a} is not. Rename that "
                "directory; where temporary files lie in it, set TMPDIR to another one."
            )
        environment = {**self.environment, **(variables or {})}
        for name in without:
            environment.pop(name, None)
        lasting = without_temporary(shown)
        known: list[Command] = []

        def started(command: Command) -> None:
            known.append(command)
            self._running.add(command)
            if self._stopped.is_set():
                command.kill()

        try:
            with self._telling(f"still waiting for `{lasting}`"):
                process = run(
                    command,
                    cwd=cwd,
                    environment=environment,
                    timeout=self.timeout,
                    watcher=self.watcher,
                    started=started,
                )
        except OSError as error:
            raise UvError(
                f"{self.executable} could not be started: {error}. "
                f"{exhausted(error) or 'Set UV to the path of a working uv executable.'}"
            ) from None
        except subprocess.TimeoutExpired:
            raise UvTimeoutError(
                f"`{lasting}` did not end within {self.timeout:g} seconds and was stopped. "
                f"Run it{_where(cwd)} to see what it waits for, "
                f"or set {TIMEOUT_VARIABLE} to more seconds."
            ) from None
        finally:
            self._running.difference_update(known)
        if process.returncode != 0:
            raise self._failed(process, lasting, cwd)
        return _text(process.stdout)

    def _failed(
        self, process: subprocess.CompletedProcess[bytes], command: str, cwd: Path
    ) -> UvError:
        """Return the error for a command that failed, as it may be shown."""
        said = _text(process.stderr)
        if why := unreadable_configuration(said, self.environment):
            return UvError(f"{why}\nThis was `{command}`.")  # -v shows no more of it
        words = read_words(said)
        # What is cut in two nobody knows again, nor what only stands in the files here.
        hidden = secret_values(self.environment, cwd)
        details = redact(words.shown, hidden) or f"(no message, {ending(process.returncode)})"
        if len(details) > _SHOWN_FIRST + _SHOWN_LAST:
            self.log(details)
            first, last = details[:_SHOWN_FIRST], details[-_SHOWN_LAST:]
            details = f"{first}\n(-v shows what stands here)\n{last}"
        if words.cause:
            self.log(details)
            details = redact(words.cause, hidden)
        version = self.version() or _UNKNOWN_VERSION
        too_old = "" if _is_recent(version) else f"\nIt is too old: uv {OLDEST} is needed."
        return UvError(
            f"{details}{too_old}\nThis was `{command}` ({version})."
            if words.cause
            else f"`{command}` failed ({version}):\n{details}{too_old}",
            failure=words.failure,
            said=f"{details}{too_old}",
            without_wheel=words.without_wheel,
        )

    @contextlib.contextmanager
    def _telling(self, line: str) -> Iterator[None]:
        """Tell a line if what is done meanwhile takes long, as a registry or a lock may."""
        is_done = threading.Event()

        def wait() -> None:
            if not is_done.wait(_SLOW):
                # What is wrong with the stream, the next line of the build meets as well.
                with contextlib.suppress(OSError, ValueError):
                    (self.tell or self.log)(line)

        start_thread(wait)
        try:
            yield
        finally:
            is_done.set()

    def stop(self) -> None:
        """Kill the commands that other threads run or are to run, which then fail there."""
        self._stopped.set()
        for command in tuple(self._running):
            command.kill()

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            UvError: ``stop`` was called.
        """
        if self._stopped.wait(seconds):
            raise UvError("The build is over.")

    def version(self) -> str | None:
        """Return what ``uv --version`` prints; None if it can't be asked."""
        try:
            result = run(
                [str(self.executable), "--version"],
                environment=self.environment,
                timeout=_VERSION_TIMEOUT,
                watcher=self.watcher,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None  # its next command will tell why
        return _text(result.stdout).strip()


def find_uv(
    environ: Mapping[str, str],
    *,
    log: Callable[[str], None],
    watcher: Watcher | None = None,
    tell: Callable[[str], None] | None = None,
) -> Uv:
    """Find uv as ``$UV``, ``$HATCH_UV``, on PATH, or as the ``uv`` package of this Python.

    It runs with the same environment, less what would change its results. For ``log``,
    ``watcher`` and ``tell`` see :class:`Uv`.

    Raises:
        UvError: it is in none of these places, not where a variable says, or something else.
        UvError: the timeout in the environment is not a number of seconds.
    """
    executable = _named_by(environ) or shutil.which("uv", path=environ.get("PATH")) or _packaged()
    if executable is None:
        raise UvError(
            "uv was not found: neither $UV, $HATCH_UV, PATH nor this Python's packages have it. "
            'Install it; or write "hatch-lambda-zip[uv]" in build-system.requires (with the '
            "command: install that), which brings it along."
        )
    dropped = _DROPPED_VARIABLES | _COLOUR_VARIABLES
    environment = {name: value for name, value in environ.items() if name not in dropped}
    environment |= {NESTED_VARIABLE: "1", "NO_COLOR": "1"}
    # What back ends read, such as names and texts, must not depend on a locale.
    environment["PYTHONUTF8"] = "1"
    # A build downloads wheels and sdists, and nothing else.
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    for name in _PATH_VARIABLES:
        if environment.get(name):
            mark = _SEPARATORS.get(name)
            parts = environment[name].split(mark) if mark else [environment[name]]
            environment[name] = (mark or "").join(_absolute(part, environ) for part in parts)
    for name in _TEMPORARY_VARIABLES:
        # uv runs in the source trees of members, and takes an empty value for where it runs.
        if name in environment and not Path(environment[name]).is_absolute():
            environment[name] = str(Path(tempfile.gettempdir()).absolute())
    uv = Uv(Path(executable).absolute(), environment, _timeout(environ), log, watcher, tell)
    _check_is_uv(uv, environ)
    return uv


def _check_is_uv(uv: Uv, environ: Mapping[str, str]) -> None:
    """Check that it is not some other program, whose output would be read as uv's."""
    answer = uv.version()
    if answer is None or answer.startswith("uv "):
        return
    variable = next((name for name in _NAMING_VARIABLES if environ.get(name)), None)
    found = "the uv on PATH" if variable is None else f"{variable}={environ[variable]}"
    # Cut, a URL would not show that it has a password.
    answer = redact(" ".join(answer.split()), secret_values(environ))[:_SHOWN_ANSWER] or "nothing"
    remedy = "Set UV to the path of uv" if variable is None else f"Correct {variable}, or unset it"
    raise UvError(
        f"{found} is another program than uv: `{uv.executable} --version` answers {answer}. "
        f"{remedy}."
    )


def _absolute(value: str, environ: Mapping[str, str]) -> str:
    """Make a path absolute that the user gave relative to where the command was typed.

    A build back end runs in the project's directory; the shell's own is still in ``PWD``.
    """
    if not value or "://" in value or Path(value).is_absolute():
        return value
    bases = [Path(base) for base in (environ.get("PWD"), Path.cwd()) if base]
    # pathlib's raises for a name that no file system has.
    existing = [base / value for base in bases if os.path.exists(base / value)]  # noqa: PTH110
    return str((existing or [bases[0] / value])[0].absolute())


def _is_recent(version: str) -> bool:
    """Tell whether what ``uv --version`` prints is not known to be too old."""
    found = re.match(r"uv (\d+)\.(\d+)\.(\d+)", version)
    return found is None or [*map(int, found.groups())] >= [*map(int, OLDEST.split("."))]


def _named_by(environ: Mapping[str, str]) -> str | None:
    for variable in _NAMING_VARIABLES:
        value = environ.get(variable)
        if not value:
            continue
        found = shutil.which(value)
        if found is None:
            raise UvError(
                f"{variable}={value}: there is no such program. Correct the variable, or remove it."
            )
        return found
    return None


def _packaged() -> str | None:
    try:
        from uv import find_uv_bin
    except ImportError:
        return None
    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        return None


def _timeout(environ: Mapping[str, str]) -> float:
    value = environ.get(TIMEOUT_VARIABLE)
    if value is None:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UvError(f"{TIMEOUT_VARIABLE}={value}: not a number of seconds above 0")
    return min(seconds, _LONGEST_TIMEOUT)


def _where(directory: Path) -> str:
    """Return words for a directory; none for one that is gone when they are read."""
    place = f"{directory}/"
    return f" in {directory}" if without_temporary(place) == place else ""


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace").replace("\r\n", "\n")
