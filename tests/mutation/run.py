"""pytest in a copy of the checkout, in a process of its own that ends in time."""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import hypothesis
import pytest

CHECKOUT: Final = Path(__file__).parent.parent.parent
PACKAGE: Final = CHECKOUT / "src/hatch_lambda_zip"

_OURS: Final = ("tests", PACKAGE.name)
_CLOCK: Final = 10  # seconds of the clock for each of a processor, which a loaded machine needs
_MEMORY: Final = 2 << 30
_OUTPUT: Final = "output"  # of the last process, beside the copy


def copy_checkout(directory: Path) -> Path:
    """Return a copy of what git would commit, to be changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    for name in listed.stdout.decode().split("\0")[:-1]:
        if Path(CHECKOUT, name).exists():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target, follow_symlinks=False)
    return directory


def run(
    words: Sequence[str],
    tree: Path,
    plugin: object | None = None,
    *,
    seconds: int,
    examples: int = 25,
) -> int:
    """Return the exit code of pytest; it is killed when it takes long.

    Args:
        words: files of tests, relative to the copy, and options.
        tree: the copy.
        plugin: of pytest, which is another one in that process.
        seconds: of a processor that it may take.
        examples: of hypothesis, the same ones each time.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            code = _in_child(words, tree, plugin, seconds, examples)
        except BaseException:  # noqa: BLE001 - nothing may come back to the parent's code
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + seconds * _CLOCK
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)


def load(modules: Iterable[str]) -> None:
    """Import what tests need of others: then each process finds it there."""
    for name in modules:
        # hypothesis minds what was loaded before its plugin.
        if name.partition(".")[0] not in _OURS and "hypothesis" not in name:
            with contextlib.suppress(ImportError):  # it was no module of its own
                importlib.import_module(name)


def output(tree: Path) -> str:
    """Return what the last run in a copy wrote."""
    return Path(tree.parent, _OUTPUT).read_text(encoding="utf-8", errors="replace")


def _in_child(
    words: Sequence[str], tree: Path, plugin: object | None, seconds: int, examples: int
) -> int:
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    with Path(tree.parent, _OUTPUT).open("wb") as written:
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    os.chdir(tree)
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.path[:] = [
        str(tree / "src"),
        *(path for path in sys.path if path not in ("", str(CHECKOUT), str(PACKAGE.parent))),
    ]
    for name in [*sys.modules]:
        if name.partition(".")[0] in _OURS:
            del sys.modules[name]
    # Those that measure effort fail by chance where one runs beside others.
    options = [
        "-q",
        "-knot effort",
        "-pno:cacheprovider",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]
    # None is made smaller, which takes long.
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    plugins = [] if plugin is None else [plugin]
    return int(pytest.main([*options, "--hypothesis-profile=mutation", *words], plugins))
