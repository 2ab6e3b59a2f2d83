"""Who judges the syntax of modules, and what follows."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hatch_lambda_zip.contents.imports.syntax import SyntaxJudge, Verdict, _pythons
from tests.support.installed import entry_of

HERE = sys.version_info[1]
OTHER = 13 if HERE != 13 else 12
SOURCES = {
    "good": "def f(a, /, *, b): ...\n",
    "broken": "def f(:\n",
    "late": "\nreturn 1\n",
    "null": "x = 1\0",
    "escape": "x = '\\d'\n",
    "match": "match x:\n    case 1: pass\n",
    "type": "type X = int\n",
    "quotes": "x = f'{a['b']}'\n",
    "t-string": "x = t'{a}'\n",
}


def judge(minor: int, environ: Mapping[str, str]) -> dict[str, Verdict] | None:
    entries = [entry_of(name, text) for name, text in SOURCES.items()]
    return SyntaxJudge(environ, lambda _: None).verdicts(entries, minor)


def refused(verdicts: dict[str, Verdict] | None) -> set[str]:
    assert verdicts is not None
    return {name for name, verdict in verdicts.items() if verdict}


def test_the_running_python_judges_for_itself() -> None:
    verdicts = judge(HERE, {})
    assert {"broken", "late", "null"} <= refused(verdicts)
    assert not {"good", "escape", "match"} & refused(verdicts)
    assert verdicts is not None
    assert verdicts["late"] == "'return' outside function (line 2)"


def test_nobody_here_can_judge() -> None:
    assert judge(OTHER, {"PATH": "/nowhere", "HOME": "/nowhere"}) is None


def fake(directory: Path, name: str, script: str) -> dict[str, str]:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return {"PATH": f"{directory}{os.pathsep}/usr/bin:/bin", "HOME": str(directory)}


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
@pytest.mark.parametrize(
    "script",
    [
        "exit 127",
        "echo nonsense",
        f'exec "{sys.executable}" "$@"',  # another version than its name says
        "echo '[[\"pypy\", 3, MINOR], []]'".replace("MINOR", str(OTHER)),
    ],
)
def test_what_is_not_that_python_is_not_asked(tmp_path: Path, script: str) -> None:
    assert judge(OTHER, fake(tmp_path, f"python3.{OTHER}", script)) is None


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_a_python_of_that_version_is_asked_once(tmp_path: Path) -> None:
    log: list[str] = []
    answer = f'[["cpython", 3, {OTHER}], ["wrong (line 1)", null]]'
    # Without its site-packages, whose .pth files may do anything.
    script = f"[ \"$1 $2 $3\" = '-I -S -c' ] || exit 1; cat > /dev/null; echo '{answer}'"
    environ = fake(tmp_path, f"python3.{OTHER}", script)
    court = SyntaxJudge(environ, log.append)
    one, two = entry_of("a.py", "a"), entry_of("b.py", "b")
    for _ in range(2):
        assert court.verdicts([one], OTHER, likely=[two]) == {"a.py": "wrong (line 1)"}
        assert court.verdicts([two, one], OTHER) == {"a.py": "wrong (line 1)", "b.py": None}
    assert len(log) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="scripts of a shell")
def test_why_a_python_is_not_asked_is_logged(tmp_path: Path) -> None:
    log: list[str] = []
    environ = fake(tmp_path, f"python3.{OTHER}", "exit 3")
    court = SyntaxJudge(environ, log.append)
    assert court.verdicts([entry_of("a.py", "a")], OTHER) is None
    python = tmp_path / f"python3.{OTHER}"
    assert log[0] == f"Asking {python} about the syntax of modules"
    assert log[1].startswith(f"{python} can't judge: ")


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_where_pythons_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    home = tmp_path / ("data/uv/python" if platform == "win32" else ".local/share/uv/python")
    inner = Path("python.exe" if platform == "win32" else "bin/python")
    places = [
        home / f"cpython-3.{OTHER}.1-x" / inner,
        tmp_path / f"named/cpython-3.{OTHER}.2-x" / inner,
        tmp_path / f"shims/python3.{OTHER}",
    ]
    for place in places:
        place.parent.mkdir(parents=True)
        place.touch(mode=0o755)
    environ = {
        **dict.fromkeys(("HOME", "USERPROFILE"), str(tmp_path)),
        "APPDATA": str(tmp_path / "data"),
        "PATH": str(tmp_path / "shims"),
    }
    assert [*_pythons(OTHER, environ)] == [places[0]]
    environ["UV_PYTHON_INSTALL_DIR"] = str(tmp_path / "named")
    assert [*_pythons(OTHER, environ)] == [places[1]]


RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.skipif(RUFF is None, reason="there is no ruff")
@pytest.mark.parametrize(
    ("minor", "expected"),
    [
        (9, {"match", "type", "quotes", "t-string"}),
        (11, {"type", "quotes", "t-string"}),
        (13, {"t-string"}),
        (14, set()),
    ],
)
def test_ruff_judges_where_there_is_no_python(minor: int, expected: set[str]) -> None:
    assert RUFF is not None
    if minor == HERE:
        pytest.skip("the running Python judges")
    verdicts = judge(minor, {"PATH": str(Path(RUFF).parent), "HOME": "/nowhere"})
    if shutil.which(f"python3.{minor}", path=str(Path(RUFF).parent)):
        pytest.skip("there is a Python beside it")
    # What only the running Python refuses too is known to be wrong everywhere.
    assert refused(verdicts) - {"null"} == {"broken", *expected}
