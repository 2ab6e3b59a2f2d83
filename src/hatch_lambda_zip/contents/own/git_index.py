"""What git's index says of files: which are tracked, and as what."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.contents.own.gitignore import repository_of
from hatch_lambda_zip.process import ending, run
from hatch_lambda_zip.text import Reporter

LINK: Final = "120000"
SUBMODULE: Final = "160000"


@dataclass(frozen=True)
class TrackedFile:
    """A file in the index.

    Attributes:
        path: absolute; it need not be there.
        mode: as the index has it, such as ``100644``.
        has_foreign_line_ends: it has CRLF here and LF in the index, and no attribute says so.
    """

    path: Path
    mode: str
    has_foreign_line_ends: bool = False


def read_index(
    directories: Iterable[Path], *, environ: Mapping[str, str], report: Reporter, timeout: float
) -> tuple[TrackedFile, ...]:
    """Ask git what is tracked in some directories, once for each repository.

    Where there is no git or no repository there is no answer, and none is needed. When git fails,
    a warning says so.

    Args:
        timeout: in seconds.
    """
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        return ()
    asked: dict[Path, list[Path]] = {}
    for directory in directories:
        repository = repository_of(directory)
        # An empty file bounds a search, as in uv's cache, and is no repository.
        if repository is not None and (repository / ".git").stat().st_size:
            asked.setdefault(repository, []).append(directory)
    found: dict[Path, TrackedFile] = {}
    for repository, places in asked.items():
        answer = _ask(git, repository, places, environ, report, timeout)
        found |= {file.path: file for file in _parse(answer, repository)}
    return tuple(found.values())


def git_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that git is run with: what a git hook sets is not among them.

    It would ask another repository, or another index.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_CONFIG", "GIT_EXEC_PATH"))
    }
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _ask(
    git: str,
    repository: Path,
    places: Iterable[Path],
    environ: Mapping[str, str],
    report: Reporter,
    timeout: float,
) -> bytes:
    command = [
        # No other program is started, and names are no patterns.
        *(git, "--literal-pathspecs", "-c", "core.fsmonitor=false"),
        *("ls-files", "--stage", "--eol", "-z", "--"),
        *sorted({place.relative_to(repository).as_posix() for place in places}),
    ]
    report.debug(f"Running in {repository}: {' '.join(command)}")
    try:
        result = run(
            command,
            cwd=repository,
            environment=git_environment(environ),
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        problem = f"it did not end within {timeout:g} seconds"
    except OSError as error:
        problem = str(error)
    else:
        if result.returncode == 0:
            return result.stdout
        problem = result.stderr.decode("utf-8", "replace").strip()
        problem = problem or ending(result.returncode)
    report.warning(
        f"git does not say which files of {repository} are tracked, so line ends, links and "
        f"submodules of this checkout are not checked: {problem}"
    )
    return b""


def _parse(answer: bytes, repository: Path) -> Iterable[TrackedFile]:
    for line in answer.split(b"\0"):
        if not line:
            continue
        # 100644 HASH STAGE <tab> i/lf w/crlf attr/text=auto eol=lf <tab> PATH
        stage, ends, path = line.split(b"\t", 2)
        index, tree, attributes = ends.split(None, 2) if b"attr/" in ends else (b"", b"", b"")
        yield TrackedFile(
            Path(repository, os.fsdecode(path)),
            stage.split()[0].decode(),
            (index, tree) == (b"i/lf", b"w/crlf") and b"eol=" not in attributes,
        )
