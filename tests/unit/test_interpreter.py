from __future__ import annotations

import os
import platform
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.bytecode import interpreter as interpreter_module
from hatch_lambda_zip.bytecode.interpreter import (
    _places,
    find_interpreter,
    find_python,
    minimal_environment,
    pyenv_versions,
)
from hatch_lambda_zip.bytecode.magic import FORMATS
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.process import MARK_VARIABLE
from hatch_lambda_zip.uv import Uv

pytestmark = [
    pytest.mark.every_python,
    pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts"),
    pytest.mark.skipif(
        sys.version_info.releaselevel != "final"
        or sys.implementation.name != "cpython"
        or "t" in getattr(sys, "abiflags", ""),
        reason="this Python is none that can be found",
    ),
]

THIS = platform.python_version()
MAGIC = {f"3.{form.python_minor}": form.magic_bytes for form in FORMATS}


def answer(version: str = "3.13.99", **changes: object) -> str:
    """Return what a Python answers when it is asked which one it is."""
    minor = version.rpartition(".")[0]
    parts: dict[str, object] = {
        "name": "cpython",
        "level": "final",
        "free_threaded": False,
        "debug": False,
        "magic": MAGIC.get(minor, b"\0\0\r\n"),
        "executable": "",
    }
    parts |= changes
    info = (*map(int, version.split(".")), parts.pop("level"), 0)
    return ascii((parts.pop("name"), info, *parts.values()))


def stand_in(path: Path, shown: str, *, more: str = "") -> Path:
    """Make an executable that answers like some Python."""
    path.parent.mkdir(parents=True, exist_ok=True)
    script = f"#!/bin/sh\n{more}\ncat <<'END'\n{shown}\nEND\n"
    path.write_text(textwrap.dedent(script), "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def uv(tmp_path: Path, lines: list[str]) -> Uv:
    """Give a uv that knows no Python."""
    path = stand_in(tmp_path / "uv" / "uv", "", more="exit 2")
    return Uv(path, {}, 30, lines.append)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    path = os.pathsep.join(str(tmp_path / name) for name in ("first", "second"))
    return {"PATH": path, "PYENV_ROOT": str(tmp_path / "pyenv")}


@pytest.mark.parametrize(
    "place",
    [
        lambda root: root / "first" / "python3.13",
        lambda root: root / "second" / "python3.13",
        lambda root: root / "pyenv" / "versions" / "3.13.99" / "bin" / "python",
    ],
)
def test_the_places(
    tmp_path: Path, uv: Uv, environ: dict[str, str], place: Callable[[Path], Path]
) -> None:
    stand_in(tmp_path / "first" / "python3.13", answer("3.13.98"))
    path = stand_in(place(tmp_path), answer())
    found = find_interpreter("3.13.99", named=None, uv=uv, directory=Path.home(), environ=environ)
    assert (found.path, found.version) == (path, "3.13.99")


def test_the_places_on_windows(
    tmp_path: Path, uv: Uv, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no Python has a number in its name, and pyenv-win has no bin."""
    expected = [
        tmp_path / "first/python3.13.exe",
        tmp_path / "second/python.exe",
        tmp_path / "pyenv/versions/3.13.99/python.exe",
        tmp_path / "pyenv/versions/3.13.1/python.exe",
    ]
    for path in expected:
        stand_in(path, "")
    monkeypatch.setattr(sys, "platform", "win32")
    found = [*_places("3.13.99", uv, tmp_path, environ)]
    assert found == [Path(sys.executable), *expected]
    assert pyenv_versions({"USERPROFILE": "C:/me"}) == Path("C:/me/.pyenv/pyenv-win/versions")


def test_what_a_python_needs_to_find_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT")
    for name in (*names, "CONDA_PREFIX", "PATH"):
        monkeypatch.setenv(name, "x")
    assert minimal_environment() == dict.fromkeys(names, "x")


def test_this_python_comes_first(uv: Uv, lines: list[str]) -> None:
    found = find_interpreter(THIS, named=None, uv=uv, directory=Path.home(), environ={})
    assert found.path.samefile(sys.executable)
    assert lines == [f"Asking {sys.executable} which Python it is"]


def test_what_uv_knows(tmp_path: Path, lines: list[str], environ: dict[str, str]) -> None:
    path = stand_in(tmp_path / "managed" / "python", answer())
    asked = tmp_path / "asked"
    program = stand_in(tmp_path / "uv", str(path), more=f'echo "$@" > {asked}; pwd >> {asked}')
    uv = Uv(program, {"PATH": os.defpath}, 30, lines.append)
    assert (
        find_interpreter("3.13.99", named=None, uv=uv, directory=tmp_path, environ=environ).path
        == path
    )
    arguments, directory = asked.read_text("utf-8").splitlines()
    assert arguments.startswith("python find ")
    assert "--no-python-downloads" in arguments.split()
    assert arguments.endswith("@3.13.99")
    assert Path(directory) == tmp_path


def test_the_real_uv_understands_the_question(lines: list[str]) -> None:
    package = pytest.importorskip("uv")
    uv = Uv(Path(package.find_uv_bin()), os.environ, 60, lines.append)
    with pytest.raises(ToolError):
        find_interpreter("3.13.99", named=None, uv=uv, directory=Path.home(), environ={})
    (line,) = (line for line in lines if line.startswith("uv knows no"))
    assert "No interpreter found" in line or "Failed to inspect" in line


def test_only_the_named_one_is_looked_at(
    tmp_path: Path, uv: Uv, environ: dict[str, str], lines: list[str]
) -> None:
    stand_in(tmp_path / "first" / "python3.13", answer())
    named = stand_in(tmp_path / "named", answer())
    found = find_interpreter("3.13.99", named=named, uv=uv, directory=Path.home(), environ=environ)
    assert found.path == named
    stand_in(named, answer("3.13.98"))
    with pytest.raises(ToolError) as caught:
        find_interpreter("3.13.99", named=named, uv=uv, directory=Path.home(), environ=environ)
    assert str(caught.value) == (
        "bytecode-python-path: it is not CPython 3.13.99, which bytecode-python asks for.\n"
        f"  {named}: 3.13.98\n"
        "Only one release exactly compiles to the same bytes everywhere. "
        "Get it with `uv python install 3.13.99` or `pyenv install 3.13.99`, "
        "name another path, or change bytecode-python."
    )
    assert lines == [f"Asking {named} which Python it is"] * 2


def test_the_path_is_the_one_that_the_python_has_for_itself(tmp_path: Path, uv: Uv) -> None:
    real = tmp_path / "real \udc80 é"
    shim = stand_in(tmp_path / "shim", answer(executable=str(real)))
    assert (
        find_interpreter("3.13.99", named=shim, uv=uv, directory=Path.home(), environ={}).path
        == real
    )


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (answer("3.13.98"), "3.13.98"),
        (answer("3.12.99"), "3.12.99"),
        (answer(name="pypy"), "3.13.99, not CPython but pypy"),
        (answer(free_threaded=True), "3.13.99, free-threaded"),
        (answer(debug=True), "3.13.99, a debug build"),
        (answer(level="candidate"), "3.13.99, candidate 0"),
        (
            answer(magic=MAGIC["3.12"]),
            "3.13.99, with the magic number cb 0d 0d 0a, not f3 0d 0d 0a",
        ),
        (
            answer("3.13.98", debug=True, free_threaded=True),
            "3.13.98, free-threaded, a debug build",
        ),
        ("hello", "does not answer as a Python does"),
        ("", "does not answer as a Python does"),
        ("(1, 2)", "does not answer as a Python does"),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path, uv: Uv, environ: dict[str, str], shown: str, found: str
) -> None:
    path = stand_in(tmp_path / "first" / "python3.13", shown)
    with pytest.raises(ToolError) as caught:
        find_interpreter("3.13.99", named=None, uv=uv, directory=Path.home(), environ=environ)
    message = str(caught.value)
    assert message.startswith("bytecode-python: CPython 3.13.99 was not found. There is:\n")
    assert f"\n  {path}: {found}\n" in message
    assert f"\n  {sys.executable}: {THIS}\n" in message
    for way in ("uv python install 3.13.99", "pyenv install 3.13.99", "bytecode-python-path"):
        assert way in message


def test_other_releases_of_pyenv_are_named(tmp_path: Path, uv: Uv, environ: dict[str, str]) -> None:
    for version in ("3.13.7", "3.12.1"):
        stand_in(tmp_path / "pyenv" / "versions" / version / "bin" / "python", answer(version))
    with pytest.raises(ToolError) as caught:
        find_interpreter("3.13.99", named=None, uv=uv, directory=Path.home(), environ=environ)
    assert "versions/3.13.7/bin/python: 3.13.7\n" in str(caught.value)
    assert "versions/3.12.1" not in str(caught.value)


def test_what_does_not_run_is_named(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = stand_in(tmp_path / "broken", "", more="exit 3")
    data = tmp_path / "data"
    data.write_bytes(b"\0")
    data.chmod(0o755)
    slow = stand_in(tmp_path / "slow", "", more="exec sleep 30")
    monkeypatch.setattr(interpreter_module, "_TIMEOUT", 0.3)
    for path, found in (
        (broken, "does not run (exit code 3)"),
        (data, "does not run (Exec format error)"),
        (tmp_path / "missing", "does not run (No such file or directory)"),
        (slow, "did not answer within 0.3 seconds"),
    ):
        with pytest.raises(ToolError) as caught:
            find_interpreter("3.13.99", named=path, uv=uv, directory=Path.home(), environ={})
        assert f"\n  {path}: {found}\n" in str(caught.value)


def test_what_is_waited_for_in_vain_is_told_of(tmp_path: Path, uv: Uv) -> None:
    told: list[str] = []
    slow = stand_in(tmp_path / "slow", "", more="exec sleep 30")
    patient = replace(uv, timeout=0.3, tell=told.append)
    with pytest.raises(ToolError):
        find_interpreter("3.13.99", named=slow, uv=patient, directory=Path.home(), environ={})
    silence = "did not answer within 0.3 seconds: passing it over"
    assert told == [f"{slow}, asked which Python it is, {silence}"]


def test_an_unknown_minor_version(uv: Uv) -> None:
    for version in ("3.8.20", "3.99.0", "2.13.0"):
        with pytest.raises(ToolError, match=r"is not a release of CPython 3\.9 to"):
            find_interpreter(version, named=None, uv=uv, directory=Path.home(), environ={})


def test_nothing_of_the_environment_reaches_a_candidate(
    tmp_path: Path, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("SECRET", "1")
    seen = tmp_path / "seen"
    path = stand_in(tmp_path / "python", answer(), more=f"/usr/bin/env > {seen}")
    find_interpreter("3.13.99", named=path, uv=uv, directory=Path.home(), environ={})
    names = {line.partition("=")[0] for line in seen.read_text("utf-8").splitlines()}
    # The last ones are the shell's own.
    assert names <= {"LD_LIBRARY_PATH", MARK_VARIABLE, "PWD", "SHLVL", "_", "OLDPWD"}


def test_any_release_to_run_a_function(tmp_path: Path, uv: Uv, environ: dict[str, str]) -> None:
    stand_in(tmp_path / "first/python3.13", answer("3.12.99"))
    stand_in(tmp_path / "second/python3.13", answer("3.13.98"))
    found = find_python("3.13", named=None, uv=uv, directory=tmp_path, environ=environ)
    if sys.version_info[:2] != (3, 13):
        assert (found.path, found.version) == (tmp_path / "second/python3.13", "3.13.98")


def test_no_release_to_run_a_function(tmp_path: Path, uv: Uv, environ: dict[str, str]) -> None:
    path = stand_in(tmp_path / "first/python3.99", answer("3.13.99", debug=True))
    message = r"CPython 3\.99 was not found, which the function's runtime has. There is:"
    with pytest.raises(ToolError, match=message):
        find_python("3.99", named=None, uv=uv, directory=tmp_path, environ=environ)
    message = rf"--python: it is not CPython 3\.13.*\n  {path}: 3\.13\.99, a debug build"
    with pytest.raises(ToolError, match=message):
        find_python("3.13", named=path, uv=uv, directory=tmp_path, environ=environ)
