"""Reads what uv says when it fails: its exit code does not tell why.

All of these words were seen in uv 0.10.2 and in 0.13.9; the tests run the oldest and the newest.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.errors import UvFailure
from hatch_lambda_zip.files import HOW_TO_HAVE_MORE

# From where a word starts, and no further than its "==": else a long word takes minutes. Nor does
# anything look through the rest of a text from each place where it may start.
_NO_WHEEL: Final = re.compile(r"(?<!\S)([^\s=]+)==([^\s=]+) has no (?:usable )?wheels")
_FAILURES: Final = {
    UvFailure.LOCK_OUTDATED: re.compile("needs to be updated"),  # uv export --locked
    # uv export --locked; the second of a pyenv shim for a Python that is switched off.
    UvFailure.NO_INTERPRETER: re.compile(
        "No interpreter found|Failed to inspect Python interpreter"
    ),
    UvFailure.FOREIGN_BUILD: re.compile("built wheel.{0,400}is not compatible with the target"),
    UvFailure.NO_BINARY: re.compile("marked as `--no-binary`"),  # uv pip install of a pylock.toml
    UvFailure.NO_WHEEL: _NO_WHEEL,  # uv pip install --no-build of a requirements.txt
}
# Of uv, and of the Pythons that it runs; the last is Windows'.
_NO_SPACE: Final = re.compile(
    "no space left on device|disk quota exceeded|not enough space on the disk", re.IGNORECASE
)
# Likewise: of Rust, which may panic over it, and of Python; 11 is Linux', and 35 macOS'.
_NO_THREADS: Final = re.compile(
    r"Resource temporarily unavailable \(os error (?:11|35)\)|kind: WouldBlock, message: "
    r"|BlockingIOError: \[Errno (?:11|35)\]|can't start new thread|fork: Resource temporarily"
)
_REFUSED: Final = re.compile(r"\b(401 Unauthorized|403 Forbidden)\b")
_EXPERIMENTAL: Final = re.compile(r"^warning: .*experimental and may change.*\n?", re.MULTILINE)
# uv pip install, of what lies unpacked in its cache.
_NOT_INSTALLED: Final = re.compile(r"Failed to install: \S+ \(([^\s=()]+)==")
_DAMAGED: Final = re.compile(
    r"archive-v\d+[/\\]|`?RECORD`? file (?:is invalid|doesn't match)|\.dist-info|wheel is invalid"
)
_MISMATCH: Final = re.compile(r"(?:Hash|Size) mismatch for `([^`\s=]+)")
_NO_LOCK: Final = re.compile(
    r"Failed to parse `uv\.lock`|uv\.lock`: stream did not contain valid UTF-8"
)
_WORKSPACE: Final = re.compile(r"hatch-lambda-zip-[0-9a-f]{16}(?:-locked)?[/\\]")

_CREDENTIALS: Final = (
    "The index refuses: {}. uv takes credentials from UV_INDEX_<NAME>_USERNAME and "
    "UV_INDEX_<NAME>_PASSWORD (for the name of a [[tool.uv.index]], in capitals), from the URL in "
    "UV_DEFAULT_INDEX or UV_INDEX, from the file that NETRC names or ~/.netrc, or from "
    "UV_KEYRING_PROVIDER. Set them where this build runs."
)
_REST: Final = "With -v the build shows all that was said."
_CACHE: Final = (
    "What uv has unpacked of {0} seems to be damaged: run `uv cache clean {0}` and build again; if "
    "that does not help, the wheel itself is broken: choose another version."
)
_OTHER_FILE: Final = (
    "That is another file than was locked: it was replaced there, or the lock edited. If the new "
    "one is right, lock it again, in uv.lock by `uv lock --upgrade-package {0}`. If neither is so, "
    "uv may have kept a wrong answer: run `uv cache clean {0}` and build again."
)
_BROKEN_LOCK: Final = (
    "Restore uv.lock, as one side of a merge has it, and run `uv lock`, which adds what the other "
    "needs. Without it, `uv lock` makes one of the newest versions."
)


@dataclass(frozen=True)
class Words:
    """What uv said.

    Attributes:
        shown: what of it helps.
        cause: of the failure, in our words, where that is known; then the rest is for ``-v``.
        failure: the reason, or None if it is none of those that are told apart.
        without_wheel: the releases that ``NO_WHEEL`` is about, as name and version.
    """

    shown: str
    cause: str
    failure: UvFailure | None
    without_wheel: tuple[tuple[str, str], ...]


def read_words(stderr: str) -> Words:
    """Read uv's standard error."""
    # uv breaks lines where the terminal ends, and draws bars beside some of them.
    words = " ".join(stderr.replace("│", " ").split())
    shown = without_temporary(_EXPERIMENTAL.sub("", stderr)).strip()
    if refused := _REFUSED.search(words):
        shown = f"{shown}\n{_CREDENTIALS.format(refused[1])}"
    if (installed := _NOT_INSTALLED.search(words)) and _DAMAGED.search(words, installed.end()):
        shown = f"{shown}\n{_CACHE.format(installed[1])}"
    if mismatch := _MISMATCH.search(words):
        shown = f"{shown}\n{_OTHER_FILE.format(mismatch[1])}"
    if _NO_LOCK.search(words):
        shown = f"{shown}\n{_BROKEN_LOCK}"
    return Words(
        shown,
        _cause(shown),
        next((key for key, why in _FAILURES.items() if why.search(words)), None),
        tuple(sorted(set(_NO_WHEEL.findall(words)))),
    )


def without_temporary(text: str) -> str:
    """Return a text without the path of the temporary directory, which is gone when it is read."""
    place = Path(tempfile.gettempdir())
    for path in {f"{place}", f"{place.absolute()}", f"{place.resolve()}"}:
        for separator in ("/", "\\"):
            text = re.sub(re.escape(path + separator) + _WORKSPACE.pattern, "", text)
    return text


def _cause(shown: str) -> str:
    lines = [line.strip() for line in shown.splitlines()]
    if full := [line for line in lines if _NO_SPACE.search(line)]:
        return (
            f"there is no space left: {full[-1]}. Free some for temporary files "
            f"({tempfile.gettempdir()}) and for uv's cache (`uv cache dir`), or set TMPDIR and "
            f"UV_CACHE_DIR to other disks. {_REST}"
        )
    if refused := [line for line in lines if _NO_THREADS.search(line)]:
        return (
            f"no more threads or processes could be started: {refused[-1]}. {HOW_TO_HAVE_MORE} "
            f"{_REST}"
        )
    return ""
