"""Every expected failure is one clear message: what is wrong, and what to do next."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.commands import UV, run
from tests.support.hatchling_runs import run_hatchling
from tests.support.projects import Project

KEY = "tool.hatch.build.targets.lambda-zip"


def test_all_mistakes_of_the_configuration_at_once(project: Project) -> None:
    project.configure(runtime="python3.31x", architecture="arm46", handlr="x", artifacts="src")
    message = project.fail()
    assert f"{KEY}.runtime: 'python3.31x' is not one of python3.8, " in message
    assert (
        f"{KEY}.architecture: 'arm46' is not one of x86_64, arm64. Did you mean 'arm64'?"
    ) in message
    assert f"{KEY}.handlr: unknown key. Did you mean 'handler'?" in message
    assert f"{KEY}.artifacts: must be an array of strings" in message


def test_an_unknown_function(project: Project) -> None:
    message = project.fail(names="lamda")
    assert f"{KEY}: the function 'lamda' is not one of lambda. Did you mean" in message


def test_a_failure_of_the_command_is_on_stderr_without_a_traceback(project: Project) -> None:
    """The other cases build in this process; this one sees what a user sees."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip:lamda"]
    result = run(command, cwd=project.path, check=False)
    assert result.returncode == 1
    assert f"{KEY}: the function 'lamda' is not one of lambda. Did you mean" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_invalid_metadata_is_reported_by_hatchling_without_a_traceback(
    project: Project,
) -> None:
    project.replace('version = "1.2.3"', 'version = "not a version"')
    assert "not a version" in project.fail()


def test_no_lock(project: Project) -> None:
    project.lock_path.unlink()
    message = project.fail()
    assert "No lock file for" in message
    assert "Run `uv lock` and commit uv.lock" in message


def test_a_lock_that_was_named_but_is_missing(project: Project) -> None:
    project.configure(lock="requirements.txt")
    assert f"{KEY}.lock: there is no file 'requirements.txt'" in project.fail()


def test_several_named_locks_and_no_choice(project: Project) -> None:
    project.lock_path.unlink()
    for name in ("pylock.a.toml", "pylock.b.toml"):
        (project.path / name).touch()
    message = project.fail()
    assert "several lock files and no choice: pylock.a.toml, pylock.b.toml" in message


def test_a_stale_lock(project: Project) -> None:
    project.replace('    "six",', '    "six",\n    "iniconfig",')
    message = project.fail()
    assert "uv.lock does not match pyproject.toml any more. Run `uv lock`" in message


def test_a_dependency_without_a_matching_wheel(project: Project) -> None:
    # numpy 1.26.4 is the last release that knows nothing of Python 3.13.
    project.replace('    "six",', '    "numpy==1.26.4",')
    project.lock()
    message = project.fail()
    assert "numpy 1.26.4 has no wheel for python3.13 on x86_64" in message
    assert "it needs cp313 or any, and manylinux_2_34_x86_64 or older" in message
    assert "uv.lock has numpy-1.26.4-cp310-cp310-macosx" in message
    assert re.search(r"\.whl and \d+ more\.", message)
    assert "Nothing is built from source for Lambda" in message


def test_a_dependency_that_has_only_an_sdist(project: Project) -> None:
    project.replace('    "six",', '    "docopt==0.6.2",')
    project.lock()
    message = project.fail()
    assert "docopt 0.6.2 has no wheel" in message
    assert "uv.lock has only its source distribution" in message
    assert '`build-from-source = ["docopt"]` has the locked source distribution built' in message


def test_a_runtime_that_the_lock_does_not_cover(project: Project) -> None:
    project.configure(runtime="python3.9")
    message = project.fail()
    assert "uv.lock does not cover python3.9 on x86_64" in message
    assert "does not satisfy the Python version requirement '>=3.10'" in message


def test_no_uv(project: Project, tmp_path: Path, plugin_wheel: Path) -> None:
    python = tmp_path / "venv/bin/python"
    run([UV, "venv", "-q", "--python", sys.executable, tmp_path / "venv"], cwd=tmp_path)
    packages: list[str | Path] = [plugin_wheel, "hatchling"]
    run([UV, "pip", "install", "-q", "--python", python, *packages], cwd=tmp_path)
    environment = {"PATH": str(tmp_path)}
    build = project.build_by_command(python=python, check=False, environment=environment)
    assert build.returncode == 1
    assert "uv was not found: neither $UV, $HATCH_UV, PATH nor" in build.output
    assert '"hatch-lambda-zip[uv]" in build-system.requires' in build.output


def test_a_uv_that_hangs(project: Project) -> None:
    message = project.fail(environment={"HATCH_LAMBDA_ZIP_TIMEOUT": "0.001"})
    assert "did not end within 0.001 seconds and was stopped" in message
    assert "`uv " in message


def test_a_timeout_that_is_none(project: Project) -> None:
    message = project.fail(environment={"HATCH_LAMBDA_ZIP_TIMEOUT": "soon"})
    assert "HATCH_LAMBDA_ZIP_TIMEOUT=soon: not a number" in message


def test_a_path_dependency_that_does_not_build(setuptools_project: Project) -> None:
    library = setuptools_project.root / "setuptools_lib"
    (library / "src/fixture_lib/__init__.py").unlink()
    (library / "setup.py").write_text("raise SystemExit('out of order')\n")
    message = setuptools_project.fail()
    assert "The wheel of fixture-lib could not be built" in message
    assert "out of order" in message


def test_a_path_dependency_that_is_gone(project: Project) -> None:
    shutil.rmtree(project.root / "lib")
    message = project.fail()
    assert "lib" in message


@pytest.mark.slow
def test_own_files_that_hatchling_cannot_find(project: Project) -> None:
    project.replace(
        'runtime = "python3.13"', 'runtime = "python3.13"\nforce-include = {"no" = "x"}'
    )
    message = project.fail()
    assert "hatchling can't build the package's wheel: Forced include not found" in message


def test_a_compiled_local_wheel_for_another_machine(setuptools_project: Project) -> None:
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if shutil.which("cc") is None or not headers.is_file():
        pytest.skip("compiling needs a C compiler and Python's headers")
    project = setuptools_project
    library = project.root / "setuptools_lib"
    (library / "fast.c").write_text(
        "#include <Python.h>\n"
        'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", 0, -1, 0};\n'
        "PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }\n"
    )
    (library / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(ext_modules=[Extension('fixture_lib.fast', ['fast.c'])])\n"
    )
    project.configure(architecture="arm64")
    message = project.fail()
    assert "fixture-lib 0.4 was built on this machine as a platform wheel" in message
    assert "which does not fit python3.13 on arm64" in message
    project.configure(architecture="x86_64", runtime=f"python3.{sys.version_info.minor}")
    assert "fixture-lib was compiled on this machine" in project.build().output


def test_a_native_library_for_another_machine(project: Project) -> None:
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + (183).to_bytes(2, "little")
    (project.path / "src/fixture_app/lib.so").write_bytes(header + bytes(100))
    message = project.fail()
    assert "fixture_app/lib.so of fixture-app was built for arm64" in message
    assert "can't be loaded on x86_64" in message
    table = 'runtime = "python3.13"'
    left_out = f'{table}\nexclude-files = ["/fixture_app/lib.so"]'
    assert f'{KEY}.exclude-files = ["/fixture_app/lib.so"]' in message
    project.replace(table, left_out)
    project.build()
    project.replace(left_out, f'{table}\ninclude-files = {{ "src/fixture_app/lib.so" = "lib.so" }}')
    message = project.fail()
    assert "lib.so from `include-files` (src/fixture_app/lib.so) was built for arm64" in message


@pytest.mark.slow
def test_a_function_that_is_too_large(project: Project) -> None:
    with (project.path / "src/fixture_app/large.bin").open("wb") as file:
        file.truncate(262_144_000)
    message = project.fail()
    assert "Lambda takes 262,144,000 at the most" in message
    assert "The largest distributions: fixture-app 262.1 MB, " in message


@pytest.mark.exhaustive
def test_a_note_when_the_zip_has_to_go_through_s3(project: Project) -> None:
    # Counters hash to bytes that no encoder makes smaller.
    import hashlib

    noise = b"".join(hashlib.sha512(str(n).encode()).digest() for n in range(850_000))
    (project.path / "src/fixture_app/noise.bin").write_bytes(noise)
    assert "deploy it through S3" in project.build().output


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("fixture_app.main.handle", "defines no 'handle'. Did you mean 'handler'?"),
        ("fixture_app.mian.handler", "the zip has neither fixture_app/mian.py nor"),
        ("handler", f"{KEY}.handler: 'handler' is not of the form 'package.module.function'"),
    ],
)
def test_a_handler_that_lambda_would_not_find(
    project: Project, handler: str, expected: str
) -> None:
    project.configure(handler=handler)
    assert expected in project.fail()


def test_two_distributions_that_ship_one_file(project: Project) -> None:
    (project.path / "src/fixture_lib").mkdir()
    (project.path / "src/fixture_lib/__init__.py").write_text("x = 1\n")
    project.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nonly-include = ["src"]\nsources = ["src"]',
    )
    message = project.fail()
    assert "fixture-app and fixture-lib both ship a file with different content" in message
    assert "\n  fixture_lib/__init__.py\n" in message
    advice = 'exclude = ["/fixture_lib/__init__.py"]'
    assert f"  `{advice}` leaves the package's own out, so that fixture-lib's ships" in message
    project.replace('runtime = "python3.13"', f'runtime = "python3.13"\n{advice}')
    assert "x = 1" not in project.build().read("fixture_lib/__init__.py").decode()


def test_an_entry_point_that_is_none(project: Project) -> None:
    project.replace('fixture-app = "fixture_app.main:main"', 'fixture-app = "fixture_app.main"')
    message = project.fail()
    assert "fixture_app-1.2.3-py3-none-any.whl is not a valid wheel: its entry point " in message
    assert "'fixture_app.main', which is not of the form 'module:attribute'" in message


def test_an_editable_pth_in_a_wheel(project: Project) -> None:
    (project.path / "src/elsewhere.pth").write_text(f"{project.root}\n")
    project.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nonly-include = ["src"]\nsources = ["src"]',
    )
    assert "fixture-app is an editable install: elsewhere.pth" in project.fail()


def test_an_output_directory_that_cannot_be_written(project: Project) -> None:
    (project.path / "occupied").write_text("a file, not a directory\n")
    project.configure(directory="occupied/dist")
    assert "occupied" in project.fail()


def test_a_failed_build_leaves_the_previous_zip(project: Project) -> None:
    build = project.build()
    before = {path.name: path.read_bytes() for path in build.directory.iterdir()}
    project.configure(handler="fixture_app.main.nothing")
    assert run_hatchling(["build", "-t", "lambda-zip"], cwd=project.path).returncode == 1
    assert {path.name: path.read_bytes() for path in build.directory.iterdir()} == before


def test_credentials_in_a_requirement_are_refused(project: Project) -> None:
    url = "http://user:passw0rd@127.0.0.1:1/fixture_lib-0.4-py3-none-any.whl"
    project.replace('"fixture-lib",', f'"fixture-lib @ {url}",')
    project.replace(
        "[tool.uv]", "[tool.hatch.metadata]\nallow-direct-references = true\n\n[tool.uv]"
    )
    project.lock()
    message = project.fail()
    assert "METADATA of fixture-app has a URL with credentials" in message
    assert "passw0rd" not in message


def test_a_careless_password_in_a_configuration_of_uv_is_not_shown(project: Project) -> None:
    url = "https://user:pa/ssw0rd@127.0.0.1:1/simple"
    (project.path / "uv.toml").write_text(f'index-url = "{url}"\n')
    message = project.fail()
    assert "invalid port number" in message
    assert "ssw0rd" not in message


def test_the_value_of_a_secret_variable_is_not_shown(project: Project) -> None:
    (project.root / "lib/src/fixture_lib/__init__.py").unlink()
    message = project.fail(environment={"SERVICE_TOKEN": "fixture_lib"})
    assert "The wheel of fixture-lib could not be built" in message
    assert "fixture_lib" not in message
    assert "***" in message


LONG = "a/" * 40_000 + "x"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "handler =",
            f'include-files = {{ "pyproject.toml" = "{LONG}" }}\nhandler =',
            "the path has more than 4085 bytes",
        ),
        (
            "[project.scripts]\n",
            f'[project.scripts]\n"{LONG}" = "fixture_app.main:main"\n',
            "is not the name of a file, which a script has to have",
        ),
        (
            "[project.scripts]\n",
            f'[project.scripts]\n"{"a" * 300}" = "fixture_app.main:main"\n',
            "has more than 255 bytes, and Lambda's file system",
        ),
        ("handler =", 'directory = "a\\u0000b"\nhandler =', f"{KEY}.directory: "),
        ('    "six",', "    \"six; os_name ~= 'posix'\",", "can't be evaluated"),
    ],
    ids=["a place", "an entry point", "another entry point", "a directory", "a marker"],
)
def test_odd_values_are_one_sentence(project: Project, old: str, new: str, expected: str) -> None:
    project.replace("handler =", "scripts = true\nhandler =")
    project.replace(old, new)
    if old.strip().startswith('"'):
        project.lock()
    message = project.fail()
    assert expected in message
    assert len(message) < 1500
