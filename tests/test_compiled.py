"""Zips with bytecode: what is in them, that Lambda's Python uses it, and that it makes no noise."""

from __future__ import annotations

import marshal
import os
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from hatch_lambda_zip.bytecode.pyc import read_header
from tests.support.commands import run
from tests.support.projects import Build, Project, built_once
from tests.support.wheels import write_wheel

VERSION = platform.python_version()
MINOR = f"3.{sys.version_info.minor}"
TAG = f"cpython-3{sys.version_info.minor}"
KEY = "tool.hatch.build.targets.lambda-zip"

pytestmark = pytest.mark.skipif(
    sys.version_info.releaselevel != "final", reason="bytecode is compiled by releases only"
)


@pytest.fixture
def compiled(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a project that is compiled by the Python that runs the tests, with an empty cache."""
    monkeypatch.setenv("HATCH_LAMBDA_ZIP_TEST_CACHE", str(tmp_path / "cache"))
    configure(project)
    return project


def configure(project: Project) -> None:
    project.configure(
        runtime=f"python{MINOR}", bytecode="compile", bytecode_python=VERSION, handler=None
    )


def build(project: Project, **variables: str) -> Any:  # noqa: ANN401
    cache = os.environ["HATCH_LAMBDA_ZIP_TEST_CACHE"]
    return project.build(environment={"HATCH_LAMBDA_ZIP_CACHE": cache, **variables})


def code_of(pyc: bytes) -> CodeType:
    code: CodeType = marshal.loads(pyc[16:])  # noqa: S302 - our own
    return code


def add_wheel(project: Project, files: Mapping[str, bytes]) -> None:
    """Let the project depend on a wheel with these files."""
    write_wheel(project.root, files)
    project.replace('    "six",', '    "six",\n    "carrier",')
    project.replace(
        "[tool.uv.sources]\n",
        '[tool.uv.sources]\ncarrier = { path = "../carrier-1.0-py3-none-any.whl" }\n',
    )
    project.lock()


def test_every_module_has_canonical_bytecode(compiled: Project) -> None:
    made = build(compiled)
    names = set(made.names)
    for name in names:
        if name.endswith(".py"):
            directory, slash, file = name.rpartition("/")
            assert f"{directory}{slash}__pycache__/{file[:-3]}.{TAG}.pyc" in names
    pyc = made.read(f"fixture_app/__pycache__/main.{TAG}.pyc")
    header = read_header(pyc)
    assert not header.check_source
    source = made.read("fixture_app/main.py")
    import importlib.util

    assert header.source_hash == importlib.util.source_hash(source)
    assert code_of(pyc).co_filename == "/var/task/fixture_app/main.py"
    # RECORD and manifest know them.
    record = made.read("fixture_app-1.2.3.dist-info/RECORD").decode()
    assert f"fixture_app/__pycache__/main.{TAG}.pyc,sha256=" in record
    count = sum(name.endswith(".pyc") for name in names)
    assert made.manifest["bytecode"] == {
        "compiled_modules": count,
        "sources_left_out": 0,
        "left_as_source": [],
    }
    assert made.manifest["options"]["bytecode-python"] == VERSION
    assert f"compiling with CPython {VERSION}" in made.output


def test_python_imports_from_it(compiled: Project, tmp_path: Path) -> None:
    root = build(compiled).unpack(tmp_path / "task")
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fixture_app.main as m, traceback\n"
        "try: m.handler({}, None)\n"
        "except KeyError: traceback.print_exc()"
    )
    command = [sys.executable, "-I", "-S", "-B", "-v", "-c", code, root]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    for module in ("fixture_app/{}main", "fixture_lib/{}__init__", "{}six", "idna/{}core"):
        cached = f"{root}/{module.format('__pycache__/')}.{TAG}.pyc"
        assert f"# code object from '{cached}'" in result.stderr, module
    assert not re.search(rf"# code object from '?{re.escape(str(root))}[^']*\.py'?$", result.stderr)
    assert f'{root}/fixture_app/main.py", line ' in result.stderr
    assert "markupsafe.escape(event" in result.stderr


def test_optimization_and_omitted_sources(compiled: Project, tmp_path: Path) -> None:
    compiled.replace(
        'bytecode = "compile"', 'bytecode = "compile"\nbytecode-optimize = 2\nsource = "omit"'
    )
    (compiled.path / "src/fixture_app/extra.py").write_text('"""A docstring."""\nassert False\n')
    made = build(compiled)
    assert not [name for name in made.names if name.endswith(".py")]
    assert "fixture_app/main.pyc" in made.names
    assert code_of(made.read("fixture_app/extra.pyc")).co_consts in ((None,), ())
    bytecode = made.manifest["bytecode"]
    assert bytecode["sources_left_out"] == bytecode["compiled_modules"]
    # Said once, and not for each of them.
    assert not any(entry["path"].endswith(".py") for entry in made.manifest["left_out"])
    root = made.unpack(tmp_path / "task")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fixture_app.extra, fixture_app.main\n"
        "print(fixture_app.main.handler({'text': '<'}, None)['escaped'])"
    )
    output = run([sys.executable, "-I", "-S", "-c", code, root], cwd=tmp_path).stdout
    assert output == "&lt;\n"
    compiled.replace('source = "omit"', 'source = "keep"')
    assert f"fixture_app/__pycache__/main.{TAG}.opt-2.pyc" in build(compiled).names


def test_what_cannot_be_compiled_ships_as_source(compiled: Project) -> None:
    files = {
        "carrier/__init__.py": b"",
        "carrier/python2.py": b"print 'hello'\n",
        "carrier/template.py": b"class {{ name }}:\n    pass\n",
        "carrier/power.py": b"x = 1\nRATE = 1.1 ** 0.3\n",
        "carrier/nan.py": b"NAN = 1e999 - 1e999\n",
    }
    add_wheel(compiled, files)
    made = build(compiled)
    left = {entry["path"]: entry for entry in made.manifest["bytecode"]["left_as_source"]}
    assert {path: entry["reason"] for path, entry in left.items()} == {
        "carrier/power.py": "cpu-dependent",
        "carrier/python2.py": "syntax",
        "carrier/template.py": "syntax",
    }
    assert "line 2" in left["carrier/power.py"]["detail"]
    assert set(files) <= set(made.names)
    assert f"carrier/__pycache__/nan.{TAG}.pyc" in made.names
    assert f"carrier/__pycache__/power.{TAG}.pyc" not in made.names
    assert "3 modules without bytecode; the manifest says why" in made.output


@pytest.mark.parametrize("file", ["app/src/fixture_app", "lib/src/fixture_lib"])
def test_own_code_that_cannot_be_compiled_is_an_error(compiled: Project, file: str) -> None:
    (compiled.root / file / "broken.py").write_text("x = 1\ndef f(:\n")
    message = compiled.fail()
    name = f"{file.rpartition('/')[2]}/broken.py"
    assert f"{name} can't be compiled: " in message
    assert "leave them out with `exclude`" in message


def test_an_edit_is_in_the_bytecode_with_a_warm_cache(compiled: Project) -> None:
    before = build(compiled)
    compiled.replace("ANSWER = 42", "ANSWER = 4300", file="src/fixture_app/main.py")
    edited = build(compiled)
    assert edited.sha256 != before.sha256
    # Small integers are no constants since Python 3.14.
    assert 4300 in code_of(edited.read(f"fixture_app/__pycache__/main.{TAG}.pyc")).co_consts
    compiled.replace("ANSWER = 4300", "ANSWER = 42", file="src/fixture_app/main.py")
    assert build(compiled).sha256 == before.sha256


@pytest.fixture(scope="session")
def compiled_build(locked_fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """What a build of the compiled app made with an empty cache. Not to be changed."""

    def make(directory: Path) -> Build:
        project = Project(locked_fixtures).copy_to(directory)
        configure(project)
        return project.build(environment={"HATCH_LAMBDA_ZIP_CACHE": str(directory / "cache")})

    return built_once(tmp_path_factory, "compiled-build", make)


def test_a_warm_cache_changes_nothing(compiled: Project, compiled_build: Build) -> None:
    cache = compiled_build.directory.parent.parent / "cache"
    files = sorted(path for path in cache.rglob("*") if path.is_file())
    assert files
    made = compiled.build(environment={"HATCH_LAMBDA_ZIP_CACHE": str(cache)})
    assert made.sha256 == compiled_build.sha256
    assert sorted(path for path in cache.rglob("*") if path.is_file()) == files


@pytest.mark.parametrize(
    ("variables", "wrapper"),
    [
        ({"PYTHONHASHSEED": "1", "PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1"}, ()),
        ({"PYTHONHASHSEED": "2", "UV_COMPILE_BYTECODE": "1", "TZ": "Asia/Tokyo"}, ()),
        ({"PYTHONNODEBUGRANGES": "1", "PYTHONUTF8": "0", "LC_ALL": "C"}, ("taskset", "-c", "0")),
    ],
)
def test_nothing_about_the_machine_changes_the_bytes(
    compiled: Project,
    compiled_build: Build,
    tmp_path: Path,
    variables: dict[str, str],
    wrapper: tuple[str, ...],
) -> None:
    made = compiled.build_by_command(
        environment={"HATCH_LAMBDA_ZIP_CACHE": str(tmp_path / "cache"), **variables},
        wrapper=wrapper,
    )
    assert made.sha256 == compiled_build.sha256


def test_layers_and_added_files_are_compiled_too(compiled: Project) -> None:
    (compiled.path / "start.py").write_text("STARTED = True\n")
    compiled.replace(
        'bytecode = "compile"', 'bytecode = "compile"\ninclude-files = { "start.py" = "start.py" }'
    )
    compiled.replace(
        "[tool.uv]\n",
        f"[{KEY}.functions.main]\nlayers = ['deps']\n\n[{KEY}.layers.deps]\n\n[tool.uv]\n",
    )
    build(compiled)
    with zipfile.ZipFile(compiled.path / "dist/fixture_app-1.2.3-deps-layer.zip") as archive:
        pyc = archive.read(f"python/__pycache__/six.{TAG}.pyc")
        assert code_of(pyc).co_filename == "/opt/python/six.py"
        assert (
            f"__pycache__/six.{TAG}.pyc,"
            in archive.read(
                next(name for name in archive.namelist() if re.search(r"six-.*/RECORD$", name))
            ).decode()
        )
    with zipfile.ZipFile(compiled.path / "dist/fixture_app-1.2.3-main-lambda.zip") as archive:
        pyc = archive.read(f"__pycache__/start.{TAG}.pyc")
        assert code_of(pyc).co_filename == "/var/task/start.py"
        assert not any("six" in name for name in archive.namelist())


def test_the_wrong_interpreter_is_an_error(compiled: Project) -> None:
    compiled.configure(bytecode_python=f"{MINOR}.99")
    message = compiled.fail()
    assert f"bytecode-python: CPython {MINOR}.99 was not found. There is:" in message
    assert f": {VERSION}\n" in message
    assert f"`uv python install {MINOR}.99`" in message
    compiled.configure(bytecode_python_path=sys.executable)
    assert f"bytecode-python-path: it is not CPython {MINOR}.99" in compiled.fail()
    compiled.configure(bytecode_python=VERSION)
    build(compiled)
    compiled.configure(bytecode_python=None)
    assert f'{KEY}.bytecode-python: is required with bytecode = "compile"' in compiled.fail()
    compiled.configure(bytecode_python="3.9.1")
    assert f"{KEY}.bytecode-python: 3.9.1 can't compile for python{MINOR}" in compiled.fail()


def pyc_of(source: bytes, *, hashed: bool, filename: str = "/tmp/x.py") -> bytes:  # noqa: S108
    import importlib.util

    header = importlib.util.MAGIC_NUMBER
    if hashed:
        header += (3).to_bytes(4, "little") + importlib.util.source_hash(source)
    else:
        header += bytes(8) + len(source).to_bytes(4, "little")
    return header + marshal.dumps(compile(source, filename, "exec"))


def test_what_wheels_carry_is_stripped_but_for_modules_without_source(project: Project) -> None:
    project.configure(runtime=f"python{MINOR}")
    source = b"VALUE = 'a value'\n"
    alone = pyc_of(source, hashed=False)
    cached = f"carrier/__pycache__/hashed.{TAG}.pyc"
    files = {"carrier/hashed.py": source, cached: pyc_of(source, hashed=True)}
    add_wheel(project, {**files, "carrier/alone.pyc": alone})
    build = project.build()
    assert [name for name in build.names if name.endswith(".pyc")] == ["carrier/alone.pyc"]
    shipped = build.read("carrier/alone.pyc")
    assert shipped != alone
    assert code_of(shipped).co_filename == "/var/task/carrier/alone.py"


def test_a_module_without_source_for_another_python_is_an_error(project: Project) -> None:
    other = "python3.12" if MINOR != "3.12" else "python3.13"
    project.configure(runtime=other)
    add_wheel(project, {"carrier/alone.pyc": pyc_of(b"x = 1\n", hashed=False)})
    message = project.fail()
    assert "carrier/alone.pyc of carrier has no source and was compiled by Python" in message
    assert f"so {other} can't import it" in message


def test_a_module_without_source_that_is_none_is_an_error(project: Project) -> None:
    add_wheel(project, {"carrier/alone.pyc": b"no bytecode at all"})
    message = project.fail()
    assert "carrier/alone.pyc of carrier has no source and can't ship as it is" in message


def test_scripts_ship_on_request(project: Project, tmp_path: Path) -> None:
    project.configure(runtime=f"python{MINOR}", handler=None)
    project.replace(f'runtime = "python{MINOR}"', f'runtime = "python{MINOR}"\nscripts = true')
    made = project.build()
    script = made.read("bin/fixture-app").decode()
    assert script.startswith(f"#!/var/lang/bin/python{MINOR}\n")
    assert "bin/idna" in made.names
    assert "bin/fixture-app," in made.read("fixture_app-1.2.3.dist-info/RECORD").decode()
    with zipfile.ZipFile(made.artifact) as archive:
        assert archive.getinfo("bin/fixture-app").external_attr >> 16 == 0o100755
    root = made.unpack(tmp_path / "task")
    result = run([sys.executable, "-I", "-S", root / "bin/fixture-app"], cwd=tmp_path)
    assert result.stdout == "42\n"
    assert made.manifest["left_out"] == []
    assert made.manifest["options"]["scripts"] is True
