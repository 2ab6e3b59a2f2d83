"""Distributions that bring different files in one place are installed apart, and told apart."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.support.loose import build, lock, names_in, write
from tests.support.wheels import write_wheel

PKGUTIL = b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
OTHER = b"from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n"
TABLE = """
    [tool.hatch.build.targets.lambda-zip]
    runtime = "python3.13"
    code = "."
    handler = "main.handler"
    exclude = ["wheels/"]
"""
HANDLER = "import space.one, space.two\n\n\ndef handler(event, context): ...\n"


@pytest.fixture(params=["uv.lock", "requirements.txt"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Give a project with two distributions of one namespace, which they spell differently."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    made = [
        write_wheel(wheels, {"space/__init__.py": init, f"space/{name}.py": b""}, name)
        for name, init in (("one", PKGUTIL), ("two", OTHER))
    ]
    write(tmp_path, {"main.py": HANDLER, "pyproject.toml": TABLE})
    if request.param == "uv.lock":
        project = '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
        project += (
            'dependencies = ["one", "two"]\n[tool.uv]\nno-index = true\nfind-links = ["wheels"]\n'
        )
        (tmp_path / "pyproject.toml").write_text(project + TABLE.replace("    ", ""))
        lock(tmp_path)
    else:
        lines = ["--no-index", "--find-links ./wheels"]
        for wheel in made:
            digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
            lines.append(f"{wheel.name.partition('-')[0]}==1.0 --hash=sha256:{digest}")
        (tmp_path / "requirements.txt").write_text("\n".join([*lines, ""]))
    return tmp_path


def zip_of(project: Path) -> str:
    has_name = (project / "uv.lock").exists()
    return "app-1.0-lambda.zip" if has_name else "lambda.zip"


def test_one_spelling_of_a_namespace_ships(project: Path) -> None:
    build(project)
    names = names_in(project, zip_of(project))
    assert {"space/__init__.py", "space/one.py", "space/two.py"} <= names


@pytest.mark.parametrize("name", ["one", "two"])
def test_what_stays_is_what_its_own_wheel_has(project: Path, name: str) -> None:
    """Whichever uv put over the other; that was reported as a damaged cache."""
    pyproject = project / "pyproject.toml"
    line = f'exclude-distributions = ["{name}"]\ncheck-imports = "off"\n'
    pyproject.write_text(pyproject.read_text() + line)
    build(project)
    other = {"one": "two", "two": "one"}[name]
    with zipfile.ZipFile(project / "dist" / zip_of(project)) as archive:
        assert archive.read("space/__init__.py") == {"one": PKGUTIL, "two": OTHER}[other]
        assert f"space/{name}.py" not in archive.namelist()
