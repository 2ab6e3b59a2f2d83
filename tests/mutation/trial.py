"""One mutant: which tests have to do with it, and whether they see it."""

from __future__ import annotations

import ast
import functools
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import hypothesis
import pytest

from tests.mutation.mutants import Mutant

CHECKOUT: Final = Path(__file__).parent.parent.parent
PACKAGE: Final = CHECKOUT / "src/hatch_lambda_zip"
Outcome = Literal["killed", "survived", "argued away"]

# Seconds of a processor, which a loaded machine does not use up, and of the clock.
_PROCESSOR: Final = 60
_CLOCK: Final = 600
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


def unit_tests_of(module: Path) -> tuple[str, ...]:
    """Return the unit tests that import a module, or else those that import what imports it.

    They are files, and one with the module's name comes first.
    """
    searched = {module}
    while True:
        tests = [
            path.relative_to(CHECKOUT).as_posix()
            for path in sorted((CHECKOUT / "tests/unit").glob("test_*.py"))
            if _imported(path) & searched
        ]
        importers = {path for path in PACKAGE.rglob("*.py") if _imported(path) & searched}
        if tests or importers <= searched:
            own = f"tests/unit/test_{module.stem}.py"
            return tuple(sorted(tests, key=lambda name: name != own))
        searched |= importers


def tried(mutant: Mutant, tests: Sequence[str], tree: Path) -> Outcome:
    """Return what the tests say of a mutant, in a copy of the checkout."""
    module = tree / mutant.path.relative_to(CHECKOUT)
    original = module.read_bytes()
    for test in tests:
        _write(module, mutant.source)
        seen = _run(test, tree) != 0
        _write(module, original)
        # What fails without the mutant as well says nothing.
        if seen and _passes(test, tree):
            return "killed"
    return "survived"


def _write(module: Path, source: bytes) -> None:
    """Write a module, and remove what was compiled of it: its size and second may be the same."""
    module.write_bytes(source)
    for compiled in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
        compiled.unlink()


@functools.cache
def _imported(path: Path) -> frozenset[Path]:
    """Return the modules of the package that a file names in its imports."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    # A name of a module, or a module of a package.
                    found |= {*_file_of(f"{module}.{alias.name}")} or _origin(module, alias.name)
            case ast.Import(names=names):
                for alias in names:
                    found |= {*_file_of(alias.name)}
            case _:
                pass
    return frozenset(found)


def _origin(module: str, name: str) -> set[Path]:
    """Return where a name comes from: a module, or the one that a package has it from."""
    for path in _file_of(module):
        if path.name == "__init__.py":
            for node in ast.parse(path.read_bytes()).body:
                if isinstance(node, ast.ImportFrom) and any(n.name == name for n in node.names):
                    return {path} | _origin(node.module or "", name)
        return {path}
    return set()


def _file_of(module: str) -> list[Path]:
    path = PACKAGE.parent / module.replace(".", "/")
    return [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


@functools.cache
def _passes(test: str, tree: Path) -> bool:
    passes = _run(test, tree) == 0
    if not passes:
        output = Path(tree.parent, _OUTPUT).read_text(encoding="utf-8", errors="replace")
        print(f"{test} fails without any mutant, and is left out:\n{output[-2000:]}", flush=True)
    return passes


def _run(test: str, tree: Path) -> int:
    """Return the exit code of pytest in a process of its own; it is killed when it takes long."""
    child = os.fork()
    if not child:
        code = 1
        try:
            code = _in_child(test, tree)
        except BaseException:  # noqa: BLE001 - nothing may come back to the parent's code
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + _CLOCK
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.02)


def _in_child(test: str, tree: Path) -> int:
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR, _PROCESSOR))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    with Path(tree.parent, _OUTPUT).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(tree)
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.path[:] = [
        str(tree / "src"),
        *(path for path in sys.path if path not in ("", str(CHECKOUT), str(PACKAGE.parent))),
    ]
    for name in [*sys.modules]:
        if name.partition(".")[0] == "tests":
            del sys.modules[name]
    # Those that measure effort fail by chance where one runs beside others.
    options = [
        "-xq",
        "-knot effort",
        "-pno:cacheprovider",
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]
    # The same examples for each mutant; none is made smaller, which takes long.
    hypothesis.settings.register_profile(
        "mutation",
        max_examples=25,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    return int(pytest.main([*options, "--hypothesis-profile=mutation", test]))
