"""What users have configured for setuptools is read, or one sentence says why it can't be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.commands import UV, clean_environment, run
from tests.support.loose import write

CANARY = "hunter2-canary"
BY_SETUPTOOLS = (
    '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
)
NAMED = f'[project]\nname = "lib"\nversion = "1"\n{BY_SETUPTOOLS}'
IN_SETUP_PY = "from setuptools import setup\nsetup(name='lib', version='1', py_modules=['lib'])\n"
APP = """\
[project]
name = "app"
version = "1"
dependencies = ["lib"]

[tool.uv.sources]
lib.path = "@PATH@"

[tool.hatch.build.targets.lambda-zip]
runtime = "python3.13"
code = "."
"""


def app_with(root: Path, kind: str) -> Path:
    """Make a project whose dependency uv or we build by setuptools."""
    write(root, {"lib/pyproject.toml": NAMED, "lib/lib.py": "", "app/main.py": ""})
    path = "../lib"
    if kind == "locked sdist":  # which uv builds as it installs
        run([UV, "build", "-q", "--sdist", "-o", root / "files"], cwd=root / "lib")
        path = "../files/lib-1.tar.gz"
    if kind == "dynamic metadata":  # for which uv builds as it checks the lock
        write(root, {"lib/pyproject.toml": BY_SETUPTOOLS, "lib/setup.py": IN_SETUP_PY})
    write(root, {"app/pyproject.toml": APP.replace("@PATH@", path)})
    run([UV, "lock", "-q"], cwd=root / "app")
    return root / "app"


def failure(app: Path, *options: str, **variables: str) -> str:
    command = [sys.executable, "-m", "hatch_lambda_zip", "build", *options]
    result = run(command, cwd=app, env=clean_environment(**variables), check=False)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert not list(app.rglob("*.zip"))
    return result.stdout + result.stderr


@pytest.mark.parametrize("kind", ["directory", "locked sdist", "dynamic metadata"])
@pytest.mark.parametrize(
    "name", ["DIST_EXTRA_CONFIG", pytest.param("HOME", marks=pytest.mark.exhaustive)]
)
def test_a_configuration_that_is_none_is_not_shown(tmp_path: Path, kind: str, name: str) -> None:
    app = app_with(tmp_path, kind)
    path = tmp_path / "home/.pydistutils.cfg"
    write(tmp_path, {"home/.pydistutils.cfg": f"password={CANARY}\n"})
    run_with = {name: str(path if name == "DIST_EXTRA_CONFIG" else path.parent)}
    message = failure(app, "-v", **run_with)
    assert f"{path}: it can't be read as a configuration of setuptools, an INI file" in message
    assert "Correct th" in message
    assert CANARY not in message


def test_an_option_that_no_command_has(tmp_path: Path) -> None:
    app = app_with(tmp_path, "directory")
    write(tmp_path, {"extra.cfg": "[build]\nno-such = 1\n"})
    path = tmp_path / "extra.cfg"
    assert (
        f"DIST_EXTRA_CONFIG={path}: the command build of setuptools has no option `no_such`. "
        "Remove that from the file."
    ) in failure(app, DIST_EXTRA_CONFIG=str(path))
