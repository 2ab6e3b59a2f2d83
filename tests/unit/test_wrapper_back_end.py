from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatch_lambda_zip import backend
from hatch_lambda_zip.cli.main import main
from hatch_lambda_zip.uv import NESTED_VARIABLE
from tests.support.commands import clean_environment
from tests.support.processes import comes_true, number_in, runs

pytestmark = pytest.mark.every_python  # importlib

HEAD = """\
[build-system]
requires = []
build-backend = "hatch_lambda_zip.backend"
{more}
[project]
name = "orders"
version = "1.0"
[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
"""
INNER = """\
calls = []

class Hooks:
    @staticmethod
    def build_wheel(*arguments):
        calls.append(("wheel", *arguments))
        return "orders.whl"

    @staticmethod
    def build_sdist(*arguments):
        calls.append(("sdist", *arguments))
        return "orders.tar.gz"

    @staticmethod
    def get_requires_for_build_wheel(config_settings=None):
        return [f"more-{config_settings}"]

class holder:
    hooks = Hooks

build_wheel, build_sdist = Hooks.build_wheel, Hooks.build_sdist
"""
SETTINGS = {"a": ["b", "c"]}
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write_files(line: str, more: str = "", inner: str = INNER) -> None:
        text = HEAD.format(more=more) + line
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        (tmp_path / f"inner_{tmp_path.name}.py").write_text(inner, encoding="utf-8")

    return write_files


def inner_name(directory: Path) -> str:
    return f"inner_{directory.name}"


@pytest.mark.parametrize("form", ["{}", "{}:Hooks", "{}:holder.hooks"])
def test_hooks_are_passed_on(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv(NESTED_VARIABLE, "1")
    name = inner_name(tmp_path)
    write(f'inner-backend = "{form.format(name)}"')
    assert backend.build_wheel("out", SETTINGS, "metadata") == "orders.whl"
    assert backend.build_sdist("out", SETTINGS) == "orders.tar.gz"
    import importlib

    calls = importlib.import_module(name).calls
    assert calls == [("wheel", "out", SETTINGS, "metadata"), ("sdist", "out", SETTINGS)]
    # What the inner one lacks, the wrapper lacks: a front end then does what PEP 517 says.
    is_whole = form != "{}"
    assert hasattr(backend, "get_requires_for_build_wheel") is is_whole
    if is_whole:
        assert backend.get_requires_for_build_wheel(SETTINGS) == [f"more-{SETTINGS}"]
    for hook in (
        *("get_requires_for_build_sdist", "get_requires_for_build_editable", "build_editable"),
        *("prepare_metadata_for_build_wheel", "prepare_metadata_for_build_editable", "anything"),
    ):
        assert not hasattr(backend, hook)


KEY = "tool.hatch.build.targets.lambda-zip.inner-backend: "


@pytest.mark.parametrize(
    ("line", "more", "message"),
    [
        ("", "", f"{KEY}is required, since hatch_lambda_zip.backend leaves wheel and sdist to"),
        ("inner-backend = 1", "", f"{KEY}1 is not a string"),
        ("inner-backend = 'a b'", "", f"{KEY}'a b' names no back end"),
        ("inner-backend = 'nowhere_x.y'", "", f"{KEY}'nowhere_x.y' can't be imported (No module"),
        ("inner-backend = 'json:nothing.x'", "", f"{KEY}'json:nothing.x' can't be imported (mod"),
        ("inner-backend = 'json'", "", f"{KEY}'json' is no build back end (PEP 517), since it has"),
        ("inner-backend = 'hatchling.build'", "", f"{KEY}hatchling needs no wrapper; set build"),
        ("inner-backend = 'hatchling.ouroboros'", "", f"{KEY}hatchling needs no wrapper"),
        ("inner-backend = 'hatchling:build'", "", f"{KEY}hatchling needs no wrapper"),
        ("inner-backend = 'hatch_lambda_zip.backend'", "", f"{KEY}'hatch_lambda_zip.backend' is"),
        ("inner-backend = 'hatch_lambda_zip.backend:x'", "", " is the wrapper itself; name the"),
        ("inner-backend = 'hatch_lambda_zip:backend'", "", " is the wrapper itself; name the"),
        ("inner-backend = 'json'", "backend-path = ['.']", "build-system.backend-path: front ends"),
    ],
)
@pytest.mark.parametrize("hook", ["build_wheel", "get_requires_for_build_wheel"])
def test_mistakes(
    write: Write, capsys: pytest.CaptureFixture[str], line: str, more: str, message: str, hook: str
) -> None:
    write(line, more)
    with pytest.raises(SystemExit) as ended:
        getattr(backend, hook)("out")
    assert ended.value.code == 1
    output = capsys.readouterr()
    assert not output.out
    (said,) = output.err.splitlines()
    assert said.startswith("Error: ")
    assert message in said


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[build]\ntargets = {lambda-zip = 1}", "hatch.build.targets.lambda-zip: must be a table"),
        ("[build]\ntargets = 1", "`tool.hatch.build.targets` must be a table. Correct pyproject"),
        ("build = 1", "`tool.hatch.build` must be a table. Correct pyproject.toml"),
    ],
)
def test_what_is_no_table(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, message: str
) -> None:
    write("inner-backend = 'json'")
    (tmp_path / "hatch.toml").write_text(table, encoding="utf-8")
    with pytest.raises(SystemExit):
        # Not that the hook is not there: front ends would do without it.
        hasattr(backend, "build_editable")
    (said,) = capsys.readouterr().err.splitlines()
    assert message in said
    for command in ("build", "list"):
        result = CliRunner().invoke(main, [command])
        assert result.exit_code == 1
        assert message in result.output


@pytest.mark.parametrize("place", ["", "targets.sdist."])
@pytest.mark.parametrize("is_in_hatch_toml", [False, True])
def test_an_embedded_lock_is_refused_before_anything_is_built(
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    *,
    is_in_hatch_toml: bool,
) -> None:
    monkeypatch.delenv("PIP_BUILD_TRACKER", raising=False)
    monkeypatch.delenv(NESTED_VARIABLE, raising=False)
    table = f"[tool.hatch.build.{place}hooks.lambda-zip]\nembed-lock = true"
    # A back end that builds nothing, and says so.
    inner = "def build_wheel(*_): 1 / 0\nbuild_sdist = build_wheel\n"
    write(f'inner-backend = "{inner_name(tmp_path)}"\n{table}', inner=inner)
    if is_in_hatch_toml:
        pyproject = tmp_path / "pyproject.toml"
        head, *tables = pyproject.read_text(encoding="utf-8").partition("[tool.hatch.")
        pyproject.write_text(head, encoding="utf-8")
        text = "".join(tables).replace("[tool.hatch.", "[")
        (tmp_path / "hatch.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit):
        backend.build_sdist(str(tmp_path / "dist"))
    output = capsys.readouterr()
    (said,) = (output.out + output.err).splitlines()
    assert (
        f"build.{place}hooks.lambda-zip.embed-lock: only hatchling puts more into an sdist" in said
    )


WAITS = """
import os, pathlib, subprocess

def build_sdist(*_):
    raise AssertionError

def build_wheel(*_):
    compiler = subprocess.Popen(["sleep", "300"], start_new_session=True)
    pathlib.Path("compiler").write_text(f"{compiler.pid}\\n")
    pathlib.Path("back-end").write_text(f"{os.getpid()}\\n")
    compiler.wait()
"""
CALL = "from hatch_lambda_zip import backend; backend.build_wheel('out')"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at as on Linux")
@pytest.mark.parametrize("killed", ["front end", "back end"])
def test_nothing_of_the_inner_back_end_outlives_the_build(
    write: Write, tmp_path: Path, killed: str
) -> None:
    write(f'inner-backend = "{inner_name(tmp_path)}"', inner=WAITS)
    front_end = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CALL!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", front_end],
        env=clean_environment(PYTHONPATH=str(tmp_path)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    numbers = [number_in(tmp_path / name) for name in ("compiler", "back-end")]
    assert all(map(runs, numbers))
    os.kill(process.pid if killed == "front end" else numbers[1], signal.SIGKILL)
    assert comes_true(lambda: not any(map(runs, numbers)))
    process.wait(30)


WORKING = """\
from pathlib import Path

def build_wheel(*arguments):
    Path("build/lib").mkdir(parents=True)
    raise SystemExit(3)

def build_sdist(*arguments): ...
"""


def test_an_inner_back_end_leaves_nothing_that_the_zips_are_made_of(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "[tool.poetry.build]\ngenerate-setup-file = true\n"
    write(f'inner-backend = "{inner_name(tmp_path)}"', more, WORKING)
    with pytest.raises(SystemExit) as ended:
        backend.build_wheel("out")
    assert ended.value.code == 3
    assert not (tmp_path / "build").exists()
    (tmp_path / "build/lib").mkdir(parents=True)
    with pytest.raises(SystemExit) as ended:
        backend.build_wheel("out")
    assert ended.value.code == 1
    assert f"{tmp_path / 'build/lib'} is of another build, and poetry" in capsys.readouterr().err
