"""Paths that stay where they belong, and files that are complete or absent."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import OutputError

_ABSOLUTE: Final = re.compile(r"/|\\|.:", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# C1, and what turns the direction of writing, so that a name reads as another one.
_MISLEADING: Final = re.compile(r"[\x80-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_DEEPEST: Final = 100  # directories in directories: on Linux, a path has at most 4096 bytes
_LONGEST_OF_WINDOWS: Final = 260  # characters: MAX_PATH, with a NUL
_BINARY: Final = getattr(os, "O_BINARY", 0)  # Windows has the one, and POSIX the other
_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0)

HOW_TO_HAVE_MORE: Final = (
    "Raise the limits of processes and memory of this machine or container (`ulimit -u`, "
    "`ulimit -v`, the container's limits), or end some processes."
)
"""What to do where neither a thread nor a process can be started."""


def is_absolute(path: str) -> bool:
    """Tell whether a path is absolute, or has a drive, on any operating system."""
    return bool(_ABSOLUTE.match(path))


def path_problem(path: str, base: str, *, may_mislead: bool = False) -> str | None:
    """Say why a path is not a plain relative one: below its directory, ``/``-separated, normal.

    Args:
        may_mislead: whether it may read as another one, since somebody else has made it.

    Returns:
        The words that follow the path in a message, with ``base`` as the directory's name; None
        for a plain path.

    >>> path_problem("../data.txt", "the zip")
    "leaves the zip, or is not in its plain form: folder/file, with '/'"
    """
    if is_absolute(path):
        return f"is an absolute path; write it relative to {base}"
    if "\\" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        return f"leaves {base}, or is not in its plain form: folder/file, with '/'"
    if _CONTROL.search(path) or (not may_mislead and _MISLEADING.search(path)):
        return "has a control character"
    return None


def name_encoding_problem() -> str | None:
    """Say why this process may read other names of files than other machines; None if it won't.

    Names are bytes on Linux, and UTF-8 nearly everywhere. Where a locale says otherwise, the bytes
    of ``größe.txt`` are taken for those of ``grÃ¶ÃŸe.txt``, say.
    """
    encoding = sys.getfilesystemencoding()
    if encoding.lower() in {"utf-8", "utf8"}:
        return None
    return (
        f"this Python takes the names of files for {encoding}, as its locale or PYTHONUTF8 says, "
        "and other machines take them for UTF-8. Set PYTHONUTF8=1 and build again"
    )


def is_utf_8(path: str | Path) -> bool:
    """Tell whether a path is UTF-8: on Linux, names are any bytes."""
    try:
        os.fsencode(path).decode()
    except UnicodeError:
        return False
    return True


def failure_at(error: OSError) -> str:
    """Say at which path what failed; of a link that leads nowhere, that it is one.

    >>> failure_at(OSError(errno.ENOSPC, "No space left on device", "dist/a.zip"))
    'dist/a.zip: No space left on device'
    """
    if error.filename is None or error.strerror is None:
        return str(error)
    path = Path(os.fsdecode(error.filename))
    if error.errno == errno.ENOENT and path.is_symlink():
        return f"{path} is {instead_of_file(path)}"
    return f"{path}: {error.strerror}"


def instead_of_file(path: Path) -> str | None:
    """Say what there is in the place of a file; None where there is one, or nothing at all.

    >>> instead_of_file(Path("/"))
    'a directory'
    """
    if os.path.isfile(path) or not os.path.lexists(path):  # noqa: PTH113 - it never raises
        return None
    if path.is_symlink() and not os.path.exists(path):  # noqa: PTH110 - likewise
        return f"a symbolic link to {path.readlink()}, which is not there"
    return "a directory" if path.is_dir() else "no regular file"


def working_directory_problem() -> str | None:
    """Say that the directory that this process works in is gone; None where it is there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return "The directory that this runs in was removed. Change into one that is there."
    return None


def how_to_write(error: OSError) -> str:
    """Return what to do when a file of a build can't be written.

    >>> how_to_write(OSError(errno.ENOSPC, "No space left on device", "dist/a.zip"))
    'Free space there and build again.'
    """
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return (
            "Allow reading and writing there, or choose another output directory: `-d`, with "
            "`uv build` `-o`, or `directory` in the table."
        )
    if error.errno == errno.ENAMETOOLONG:
        return (
            "A zip is named after the project and the function: shorten these names, or write a "
            "shorter `filename` in the table."
        )
    return exhausted(error) or "Free or repair that path and build again."


def too_long(path: Path) -> str:
    """Return what to do about a path that Windows can't open; nothing for all others."""
    if sys.platform == "win32" and len(str(path.absolute())) >= _LONGEST_OF_WINDOWS:
        return (
            f"Windows opens no path of {_LONGEST_OF_WINDOWS} characters or more unless "
            "LongPathsEnabled is set in its registry: set it, or put the project and TEMP into "
            "directories with short names."
        )
    return ""


def exhausted(error: OSError) -> str:
    """Return what to do when this machine has no more of something; nothing for other failures.

    Of a disk that is full, only temporary files do not say where they are.
    """
    if error.filename is not None and (why := too_long(Path(os.fsdecode(error.filename)))):
        return why
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        if error.filename is not None:
            return "Free space there and build again."
        return (
            f"Free space for temporary files ({tempfile.gettempdir()}), or set TMPDIR to another "
            "disk, and build again."
        )
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return "Raise the limit of open files (`ulimit -n`) and build again."
    if error.errno == errno.EFBIG:
        return "Raise the limit of the size of files (`ulimit -f`) and build again."
    # Of a process or thread that could not be started.
    return HOW_TO_HAVE_MORE if error.errno in {errno.EAGAIN, errno.ENOMEM} else ""


def home(environ: Mapping[str, str]) -> Path:
    """Return the user's home; a path that is not there for a user who has none.

    As in a container that runs under a number without a name.
    """
    named = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    return Path(named or os.path.expanduser("~"))  # noqa: PTH111 - pathlib's raises there


def matching(directory: Path, pattern: str) -> list[Path]:
    """Return what matches in a directory, sorted.

    Nothing does in one that this user can't look into, or whose name no file system has.
    """
    try:
        return sorted(directory.glob(pattern))
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.ENAMETOOLONG:
            return []
        raise


def path_of_url(url: str) -> str | None:
    """Return the path that a ``file:`` URL names, on whatever host; None for what is none."""
    if not url.startswith("file:"):
        return None
    from urllib.request import url2pathname  # brings half of the standard library along

    return url2pathname(re.sub("^file:(?://[^/]*)?", "", url))


def check_outside(temporary: Path, sources: Path, variable: str = "TMPDIR") -> None:
    """Check that a directory for temporary files is not in sources: what is built may take it in.

    Args:
        variable: names another directory.

    Raises:
        OutputError: it is.
    """
    # pathlib's own raises for links in a circle.
    if Path(os.path.realpath(temporary)).is_relative_to(os.path.realpath(sources)):
        raise OutputError(
            f"Temporary files would lie in {temporary.absolute()}, among the sources in {sources}, "
            f"and what is built could take them in. Set {variable} to a directory outside of the "
            "sources, which is there and can be written to."
        )


def check_no_temporary_files(sources: Path) -> None:
    """Check that this process has its temporary files outside of a file or directory that ships.

    Raises:
        OutputError: it has them in there.
    """
    check_outside(Path(tempfile.gettempdir()), sources)


def check_no_compiled_modules(sources: Path) -> None:
    """Check that what Python compiles, if not to ``__pycache__``, is not to lie in what ships.

    Raises:
        OutputError: it is.
    """
    if sys.pycache_prefix:
        check_outside(Path(sys.pycache_prefix), sources, "PYTHONPYCACHEPREFIX")


def check_not_written_to(sources: Path) -> None:
    """Check both of a file or directory that ships as it is, whatever is in it.

    Raises:
        OutputError: temporary files or compiled modules are to lie in there.
    """
    check_no_temporary_files(sources)
    check_no_compiled_modules(sources)


def read_regular(path: str | Path, at_most: int | None = None) -> bytes | None:
    """Return the content of a regular file; None for anything else, which is not even opened.

    A pipe would never end, and opening a device may do something.

    Args:
        at_most: how many bytes it has if it is what is looked for; for one that has more, None is
            returned, and nothing of it is read.

    Raises:
        OSError: there is nothing, or it can't be read.
    """
    stream = open_regular(path)
    if stream is None:
        return None
    with stream:
        if at_most is not None and os.fstat(stream.fileno()).st_size > at_most:
            return None
        return stream.readall()


def content_if_any(path: Path) -> bytes:
    """Return the content of a regular file; nothing where there is none, or it can't be read."""
    try:
        return read_regular(path) or b""
    except OSError:
        return b""


def open_regular(path: str | Path) -> FileIO | None:
    """Open a regular file to read it; None for anything else, see `read_regular`.

    Raises:
        OSError: there is nothing, or it can't be opened.
    """
    # Asked twice: opened, it may be another one; and without waiting for a pipe's other end.
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - thousands of calls
        return None
    descriptor = os.open(path, os.O_RDONLY | _BINARY | _WITHOUT_WAITING)
    stream = open(descriptor, "rb", buffering=0)  # noqa: PTH123, SIM115 - the caller closes it
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return stream
    stream.close()
    return None


def check_depth(directory: Path, depth: int) -> None:
    """Check that a directory does not lie too deep to be looked into.

    Args:
        depth: how many directories, one in the other, it lies in below the first one.

    Raises:
        OutputError: it does.
    """
    if depth > _DEEPEST:
        start = directory.parents[depth - 1]
        raise OutputError(
            f"{start} has directories in directories, more than {_DEEPEST} deep, as a program gone "
            f"wrong makes them. Remove them, from {start / directory.parts[len(start.parts)]} on."
        )


def beside(path: Path) -> Path:
    """Return a new name in a file's directory, to write what is to replace the file."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, whose file then replaces this one in one step.

    If anything is raised, this one stays as it is, and the other one is removed.
    """
    temporary = beside(path)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
