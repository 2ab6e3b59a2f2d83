"""What uv says when it fails: the oldest one that is allowed, and the newest of the index."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import UvError, UvFailure
from hatch_lambda_zip.uv import OLDEST, Uv, find_uv

pytestmark = pytest.mark.slow

INSTALL = [
    *("pip", "install", "--no-deps", "--target", "site", "--python", sys.executable),
    *("--python-platform", "x86_64-manylinux2014", "--python-version", "3.13", "--no-build"),
]
# From a requirements.txt, and no other configuration.
FROM_REQUIREMENTS = [*INSTALL, "--require-hashes", "--no-config", "--no-index", "-r"]

# It makes wheels for another platform than that of INSTALL.
BACK_END = """\
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "demo_of_a_long_name-1.0"
    wheel = f"{name}-cp39-cp39-win_amd64.whl"
    with zipfile.ZipFile(f"{directory}/{wheel}", "w") as archive:
        for file, text in (
            ("METADATA", "Metadata-Version: 2.1\\nName: demo-of-a-long-name\\nVersion: 1.0\\n"),
            ("WHEEL", "Wheel-Version: 1.0\\nTag: cp39-cp39-win_amd64\\n"),
            ("RECORD", ""),
        ):
            archive.writestr(f"{name}.dist-info/{file}", text)
    return wheel
"""


def ignore(message: str) -> None:
    del message


@pytest.fixture(scope="module", params=[f"uv=={OLDEST}", "uv"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a uv of its own; after the first time it comes from the cache."""
    package = pytest.importorskip("uv")
    directory = tmp_path_factory.mktemp("uv")
    command = [package.find_uv_bin(), "pip", "install", "--quiet", "--target", directory]
    subprocess.run([*command, request.param], check=True)
    (path,) = (directory / "bin").glob("uv")
    return Path(path)


@pytest.fixture(params=["", "30"], ids=["wide", "narrow"])
def uv(program: Path, request: pytest.FixtureRequest) -> Uv:
    """Give a uv for which everything is in the directory that it runs in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    variables = {"UV": str(program), "UV_OFFLINE": "1", "UV_PYTHON_DOWNLOADS": "never"}
    return find_uv({**kept, **variables, "COLUMNS": request.param}, log=ignore)


def failure_of(uv: Uv, command: list[str], directory: Path) -> UvError:
    with pytest.raises(UvError) as caught:
        uv.run(command, cwd=directory)
    assert caught.value.said
    assert str(caught.value).endswith(f":\n{caught.value.said}")
    return caught.value


def test_an_outdated_lock(uv: Uv, tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    text = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
    project.write_text(text, encoding="utf-8")
    uv.run(["lock", "--python", sys.executable], cwd=tmp_path)
    command = ["export", "--locked", "--format", "pylock.toml", "--python", sys.executable]
    assert "created-by" in uv.run(command, cwd=tmp_path)
    project.write_text(text.replace("3.10", "3.9"), encoding="utf-8")
    assert failure_of(uv, command, tmp_path).failure is UvFailure.LOCK_OUTDATED


def test_a_lock_that_is_none(uv: Uv, tmp_path: Path) -> None:
    text = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.10"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    (tmp_path / "uv.lock").write_text("version = 'one'\n", encoding="utf-8")
    command = ["export", "--locked", "--format", "pylock.toml", "--python", sys.executable]
    assert failure_of(uv, command, tmp_path).failure is None


def test_a_configuration_that_wants_source(uv: Uv, tmp_path: Path) -> None:
    (tmp_path / "uv.toml").write_text('no-binary-package = ["demo"]\n', encoding="utf-8")
    url = "https://example.invalid/demo-1.0-py3-none-any.whl"
    (tmp_path / "pylock.demo.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "demo"\nversion = "1.0"\n'
        f'wheels = [{{ url = "{url}", hashes = {{ sha256 = "{"0" * 64}" }} }}]\n',
        encoding="utf-8",
    )
    error = failure_of(uv, [*INSTALL, "-r", "pylock.demo.toml"], tmp_path)
    assert error.failure is UvFailure.NO_BINARY


def hash_of(path: Path) -> str:
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


def foreign_wheel(directory: Path) -> Path:
    path = directory / "demo_of_a_long_name-1.0-cp313-cp313-win_amd64.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo_of_a_long_name-1.0.dist-info/METADATA", "Name: demo\nVersion: 1.0\n")
    return path


def source_distribution(directory: Path) -> Path:
    path = directory / "demo_of_a_long_name-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("demo_of_a_long_name-1.0/PKG-INFO"), io.BytesIO())
    return path


@pytest.mark.parametrize("make", [foreign_wheel, source_distribution])
def test_a_release_without_a_wheel_that_fits(
    uv: Uv, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    (tmp_path / "requirements.txt").write_text(
        f"--find-links {tmp_path}\ndemo-of-a-long-name==1.0 {hash_of(path)}\n", encoding="utf-8"
    )
    error = failure_of(uv, [*FROM_REQUIREMENTS, "requirements.txt"], tmp_path)
    assert error.failure is UvFailure.NO_WHEEL
    assert error.without_wheel == (("demo-of-a-long-name", "1.0"),)


def test_a_release_that_is_not_there(uv: Uv, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        f"--find-links {tmp_path}\ndemo==1.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8"
    )
    error = failure_of(uv, [*FROM_REQUIREMENTS, "requirements.txt"], tmp_path)
    assert (error.failure, error.without_wheel) == (None, ())


def test_a_build_for_this_machine_alone(uv: Uv, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
        '[project]\nname = "demo-of-a-long-name"\nversion = "1.0"\n',
        encoding="utf-8",
    )
    (tmp_path / "back_end.py").write_text(BACK_END, encoding="utf-8")
    command = [part for part in INSTALL if part != "--no-build"]
    error = failure_of(uv, [*command, "--no-config", "."], tmp_path)
    assert error.failure is UvFailure.FOREIGN_BUILD


def test_no_interpreter_that_a_project_wants(uv: Uv, tmp_path: Path) -> None:
    text = '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.99"\n'
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    lock = 'version = 1\nrequires-python = ">=3.99"\n\n[[package]]\nname = "app"\nversion = "1"\n'
    (tmp_path / "uv.lock").write_text(f'{lock}source = {{ virtual = "." }}\n', encoding="utf-8")
    command = ["export", "--locked", "--format", "pylock.toml"]
    # Of the machine's Pythons this one alone: old releases of uv stumble over much older ones.
    uv = replace(uv, environment={**uv.environment, "PATH": str(Path(sys.executable).parent)})
    assert failure_of(uv, command, tmp_path).failure is UvFailure.NO_INTERPRETER
    assert "created-by" in uv.run([*command[:1], "--frozen", *command[2:]], cwd=tmp_path)
