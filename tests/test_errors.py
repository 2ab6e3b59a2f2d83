"""Every expected failure is one clear message: what is wrong, and what to do next."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import Workbench, clean_environment, run

pytestmark = pytest.mark.once

KEY = "tool.hatch.build.targets.lambda-zip"


def test_all_mistakes_of_the_configuration_at_once(workbench: Workbench) -> None:
    workbench.configure(runtime="python3.31x", architecture="arm46", handlr="x", artifacts="src")
    message = workbench.fail()
    assert f"{KEY}.runtime: 'python3.31x' is not one of python3.8, " in message
    assert (
        f"{KEY}.architecture: 'arm46' is not one of x86_64, arm64. Did you mean 'arm64'?"
    ) in message
    assert f"{KEY}.handlr: unknown key. Did you mean 'handler'?" in message
    assert f"{KEY}.artifacts: must be an array of strings" in message


def test_an_unknown_function(workbench: Workbench) -> None:
    result = run(
        [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip:lamda"],
        cwd=workbench.path,
        check=False,
    )
    assert result.returncode == 1
    assert f"{KEY}: the function 'lamda' is not one of lambda. Did you mean" in result.stderr
    assert "Traceback" not in result.stderr


def test_invalid_metadata_is_reported_by_hatchling_without_a_traceback(
    workbench: Workbench,
) -> None:
    workbench.replace('version = "1.2.3"', 'version = "not a version"')
    assert "not a version" in workbench.fail()


def test_no_lock(workbench: Workbench) -> None:
    workbench.lock_path.unlink()
    message = workbench.fail()
    assert "No lock file for" in message
    assert "Run `uv lock` and commit uv.lock" in message


def test_a_lock_that_was_named_but_is_missing(workbench: Workbench) -> None:
    workbench.configure(lock="requirements.txt")
    assert f"{KEY}.lock: there is no file 'requirements.txt'" in workbench.fail()


def test_several_named_locks_and_no_choice(workbench: Workbench) -> None:
    workbench.lock_path.unlink()
    for name in ("pylock.a.toml", "pylock.b.toml"):
        (workbench.path / name).touch()
    message = workbench.fail()
    assert "several lock files and no choice: pylock.a.toml, pylock.b.toml" in message


def test_a_stale_lock(workbench: Workbench) -> None:
    workbench.replace('    "six",', '    "six",\n    "iniconfig",')
    message = workbench.fail()
    assert "uv.lock does not match pyproject.toml any more. Run `uv lock`" in message


def test_a_dependency_without_a_matching_wheel(workbench: Workbench) -> None:
    # numpy 1.26.4 is the last release that knows nothing of Python 3.13.
    workbench.replace('    "six",', '    "numpy==1.26.4",')
    workbench.lock()
    message = workbench.fail()
    assert "numpy 1.26.4 has no wheel for python3.13 on x86_64" in message
    assert "it needs cp313 or any, and manylinux_2_34_x86_64 or older" in message
    assert "uv.lock has numpy-1.26.4-cp310-cp310-macosx" in message
    assert re.search(r"\.whl and \d+ more\.", message)
    assert "Nothing is built from source for Lambda" in message


def test_a_dependency_that_has_only_an_sdist(workbench: Workbench) -> None:
    workbench.replace('    "six",', '    "docopt==0.6.2",')
    workbench.lock()
    message = workbench.fail()
    assert "docopt 0.6.2 has no wheel" in message
    assert "uv.lock has only its source distribution" in message


def test_a_runtime_that_the_lock_does_not_cover(workbench: Workbench) -> None:
    workbench.configure(runtime="python3.9")
    message = workbench.fail()
    assert "uv.lock does not cover python3.9 on x86_64" in message
    assert "does not satisfy the Python version requirement '>=3.10'" in message


def test_no_uv(workbench: Workbench, tmp_path: Path, plugin_wheel: Path) -> None:
    python = tmp_path / "venv/bin/python"
    run(["uv", "venv", "-q", "--python", sys.executable, tmp_path / "venv"], cwd=tmp_path)
    packages: list[str | Path] = [plugin_wheel, "hatchling"]
    run(["uv", "pip", "install", "-q", "--python", python, *packages], cwd=tmp_path)
    build = workbench.build(python=python, check=False, environment={"PATH": str(tmp_path)})
    assert build.returncode == 1
    assert "uv was not found: neither $UV, $HATCH_UV, PATH nor" in build.output
    assert '"hatch-lambda-zip[uv]" in build-system.requires' in build.output


def test_a_uv_that_hangs(workbench: Workbench) -> None:
    message = workbench.fail({"HATCH_LAMBDA_ZIP_TIMEOUT": "0.001"})
    assert "did not end within 0.001 seconds and was stopped" in message
    assert "`uv " in message


def test_a_timeout_that_is_none(workbench: Workbench) -> None:
    assert "HATCH_LAMBDA_ZIP_TIMEOUT=soon: not a number" in workbench.fail(
        {"HATCH_LAMBDA_ZIP_TIMEOUT": "soon"}
    )


def test_a_path_dependency_that_does_not_build(workbench: Workbench) -> None:
    (workbench.root / "lib/src/fixture_lib/__init__.py").unlink()
    (workbench.root / "lib/setup.py").write_text("raise SystemExit('out of order')\n")
    message = workbench.fail()
    assert "The wheel of fixture-lib could not be built" in message
    assert "out of order" in message


def test_a_path_dependency_that_is_gone(workbench: Workbench) -> None:
    shutil.rmtree(workbench.root / "lib")
    message = workbench.fail()
    assert "lib" in message


def test_own_files_that_hatchling_cannot_find(workbench: Workbench) -> None:
    workbench.replace(
        'runtime = "python3.13"', 'runtime = "python3.13"\nforce-include = {"no" = "x"}'
    )
    message = workbench.fail()
    assert "hatchling can't build the package's wheel: Forced include not found" in message


@pytest.mark.skipif(
    shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").is_file(),
    reason="compiling needs a C compiler and Python's headers",
)
def test_a_compiled_local_wheel_for_another_machine(workbench: Workbench) -> None:
    library = workbench.root / "lib"
    (library / "fast.c").write_text(
        "#include <Python.h>\n"
        'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", 0, -1, 0};\n'
        "PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }\n"
    )
    (library / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(ext_modules=[Extension('fixture_lib.fast', ['fast.c'])])\n"
    )
    workbench.configure(architecture="arm64")
    message = workbench.fail()
    assert "fixture-lib 0.4 was built on this machine as a platform wheel" in message
    assert "which does not fit python3.13 on arm64" in message
    workbench.configure(architecture="x86_64", runtime=f"python3.{sys.version_info.minor}")
    assert "fixture-lib was compiled on this machine" in workbench.build().output


def test_a_native_library_for_another_machine(workbench: Workbench) -> None:
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + (183).to_bytes(2, "little")
    (workbench.path / "src/fixture_app/lib.so").write_bytes(header + bytes(100))
    message = workbench.fail()
    assert "fixture_app/lib.so of fixture-app was built for arm64" in message
    assert "can't be loaded on x86_64" in message


def test_a_function_that_is_too_large(workbench: Workbench) -> None:
    with (workbench.path / "src/fixture_app/large.bin").open("wb") as file:
        file.truncate(262_144_000)
    message = workbench.fail()
    assert "Lambda takes 262,144,000 at the most" in message
    assert "The largest distributions: fixture-app 262.1 MB, " in message


def test_a_note_when_the_zip_has_to_go_through_s3(workbench: Workbench) -> None:
    # Counters hash to bytes that no encoder makes smaller.
    import hashlib

    noise = b"".join(hashlib.sha512(str(n).encode()).digest() for n in range(850_000))
    (workbench.path / "src/fixture_app/noise.bin").write_bytes(noise)
    assert "deploy it through S3" in workbench.build().output


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("fixture_app.main.handle", "defines no 'handle'. Did you mean 'handler'?"),
        ("fixture_app.mian.handler", "the zip has neither fixture_app/mian.py nor"),
        ("handler", f"{KEY}.handler: 'handler' is not of the form 'package.module.function'"),
    ],
)
def test_a_handler_that_lambda_would_not_find(
    workbench: Workbench, handler: str, expected: str
) -> None:
    workbench.configure(handler=handler)
    assert expected in workbench.fail()


def test_two_distributions_that_ship_one_file(workbench: Workbench) -> None:
    (workbench.path / "src/fixture_lib").mkdir()
    (workbench.path / "src/fixture_lib/__init__.py").write_text("x = 1\n")
    workbench.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nonly-include = ["src"]\nsources = ["src"]',
    )
    message = workbench.fail()
    assert "fixture-app and fixture-lib both ship fixture_lib/__init__.py" in message


def test_an_editable_pth_in_a_wheel(workbench: Workbench) -> None:
    (workbench.path / "src/elsewhere.pth").write_text(f"{workbench.root}\n")
    workbench.replace(
        'runtime = "python3.13"',
        'runtime = "python3.13"\nonly-include = ["src"]\nsources = ["src"]',
    )
    assert "fixture-app is an editable install: elsewhere.pth" in workbench.fail()


def test_an_output_directory_that_cannot_be_written(workbench: Workbench) -> None:
    (workbench.path / "occupied").write_text("a file, not a directory\n")
    workbench.configure(directory="occupied/dist")
    result = run(
        [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"],
        cwd=workbench.path,
        env=clean_environment(),
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "occupied" in result.stderr


def test_a_failed_build_leaves_the_previous_zip(workbench: Workbench) -> None:
    build = workbench.build()
    before = {path.name: path.read_bytes() for path in build.directory.iterdir()}
    workbench.configure(handler="fixture_app.main.nothing")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "lambda-zip"]
    assert run(command, cwd=workbench.path, check=False).returncode == 1
    assert {path.name: path.read_bytes() for path in build.directory.iterdir()} == before
