"""A secret that is recognised wherever it turns up, and the places where that may be."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

USER: Final = "reader"
# Of nobody; another in each process, since tests that run beside this one have theirs in /proc too.
SECRET: Final = f"s3cret/{os.getpid()}+c4nary"
QUOTED: Final = quote(SECRET, safe="")
_SPELLINGS: Final = (
    SECRET,
    QUOTED,
    base64.b64encode(f"{USER}:{SECRET}".encode()).decode(),
    base64.b64encode(f"{SECRET}:".encode()).decode(),
)
_FOUND: Final = re.compile("|".join(map(re.escape, _SPELLINGS)).encode())


def is_in(text: str | bytes) -> bool:
    """Tell whether the secret is in a text, in any spelling that somebody could read."""
    return _FOUND.search(text if isinstance(text, bytes) else text.encode()) is not None


def files_with_it(root: Path) -> set[str]:
    """Return the names of the files that have it, in archives too, and of those named like it."""
    found = set()
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if is_in(name) or (path.is_file() and any(map(is_in, _contents(path.read_bytes())))):
            found.add(name)
    return found


def _contents(data: bytes) -> Iterator[bytes]:
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield archive.read(name)
    if data[:2] == b"\x1f\x8b":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                yield member.name.encode()
                file = archive.extractfile(member)
                yield file.read() if file is not None else b""


@contextlib.contextmanager
def watching_commands() -> Iterator[set[str]]:
    """Collect the command lines of processes that have the secret (Linux), while they run."""
    found: set[str] = set()
    over = threading.Event()
    seen = 0

    def watch() -> None:
        nonlocal seen
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):  # it has ended
                    line = path.read_bytes()
                    seen += bool(line)
                    if is_in(line):
                        found.add(line.replace(b"\0", b" ").decode("utf-8", "replace"))
            time.sleep(0.02)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
    assert seen, "no process was seen at all"
