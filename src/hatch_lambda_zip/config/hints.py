"""Words that people bring from elsewhere, and where each of them leads."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from hatch_lambda_zip.runtimes import RUNTIMES
from hatch_lambda_zip.text import did_you_mean

_NEWEST: Final = RUNTIMES[-1].identifier

# What Docker, Go, Debian, Windows, macOS and uv call them.
_ARCHITECTURES: Final = {
    **dict.fromkeys(("amd64", "x64", "x86", "x86-64", "intel", "intel64", "x8664"), "x86_64"),
    **dict.fromkeys(("aarch64", "arm", "arm64", "armv8", "arm64v8", "graviton"), "arm64"),
}

# Other words for an option, spelled with hyphens and in lower case.
_OPTIONS: Final = {
    "python": f'runtime = "{_NEWEST}"',
    "python-version": f'runtime = "{_NEWEST}"',
    "python-versions": f'runtimes = ["{_NEWEST}"]',
    "requires-python": f'runtime = "{_NEWEST}"',
    "arch": "architecture",
    "archs": "architectures",
    "cpu": "architecture",
    "machine": "architecture",
    "platform": "architecture",
    "platforms": "architectures",
    "entry-point": "handler",
    "entrypoint": "handler",
    "main": "handler",
    "name": "filename",
    "output-name": "filename",
    "zip-name": "filename",
    "extra-files": "include-files",
    "files": "include-files",
    "force-include": "include-files",
    "no-deploy": "exclude-distributions",
    "exclude-dependencies": "exclude-distributions",
    "exclude-packages": "exclude-distributions",
    "compile-bytecode": 'bytecode = "compile"',
    "slim": 'strip = ["tests", "type-stubs"]',
    "out-dir": "directory",
    "outdir": "directory",
    "output": "directory",
    "output-directory": "directory",
    "lock-file": "lock",
    "lockfile": "lock",
}

_OWN_FILES: Final = (
    "`include` and `exclude` choose among the files of the package's wheel, and `include-files` "
    "adds others."
)
_DEPENDENCIES: Final = (
    "What ships is what pyproject.toml requires, in the versions of the lock; `groups` and "
    "`extras` choose among dependency groups and extras."
)
_DEPLOYMENT: Final = "It is set where the function is deployed, and not in its zip."

# What is no option, and what to do instead.
_ADVICE: Final = {
    **dict.fromkeys(("sources", "source-path", "path", "paths", "src", "code-uri"), _OWN_FILES),
    **dict.fromkeys(("packages", "only-include", "artifacts"), _OWN_FILES),
    **dict.fromkeys(("dependencies", "requirements", "requires"), _DEPENDENCIES),
    **dict.fromkeys(("memory", "memory-size", "timeout", "environment", "role"), _DEPLOYMENT),
}


def spelled(key: str) -> str:
    """Spell a key as ours are: ``pythonVersion`` and ``python_version`` as ``python-version``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", "-", key).lower()


def about_key(key: str, known: Collection[str], first_table: Collection[str] = ()) -> str:
    """Say what to do about a key that a table can't have.

    Args:
        key: as it stands in the table.
        known: those that it can have.
        first_table: those that only the target's own table can have.
    """
    word = spelled(key)
    if word in known:
        return f"Did you mean {word!r}?"
    if advice := _ADVICE.get(word):
        return advice
    if word in first_table:
        return "It holds for the whole project: put it into the first table."
    option = _OPTIONS.get(word, "")
    name = option.partition(" ")[0]
    if name in first_table:
        return f"Did you mean {option!r}, in the first table?"
    if name in known:
        return f"Did you mean `{option}`?" if " " in option else f"Did you mean {option!r}?"
    return did_you_mean(word, known)


def architecture_meant(word: str) -> str | None:
    """Return the architecture that others call so, or None."""
    return _ARCHITECTURES.get(word.strip().lower().replace("_", "-"))


def runtime_meant(word: str) -> str | None:
    """Return the runtime that somebody means by a version of Python, or None.

    >>> runtime_meant("3.13"), runtime_meant("Python 3.12.4"), runtime_meant("py311")
    ('python3.13', 'python3.12', 'python3.11')
    """
    if match := re.fullmatch(r"(?i)\s*(?:c?py(?:thon)?)?[\s_-]*3\.?(\d+)(?:\.\d+)?\s*", word):
        # TOML takes 3.10 without quotes for the number 3.1.
        minor = "10" if match[1] == "1" else match[1]
        meant = f"python3.{minor}"
        return meant if any(row.identifier == meant for row in RUNTIMES) else None
    return None
