"""Source distributions of well-known packages, each as the project that a zip is made of."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support import loose
from tests.support.commands import UV, clean_environment, run
from tests.support.shared import made_once

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.exhaustive

MINOR = f"3.{sys.version_info.minor}"
TABLE = f'\n[tool.hatch.build.targets.lambda-zip]\nruntime = "python{MINOR}"\n'
NEWEST = {"UV_EXCLUDE_NEWER": "2026-11-01T00:00:00Z"}
# What each is imported as, where that is not its name.
PROJECTS = {
    # Namespace packages, vendored trees, programs, generated modules, odd or no metadata.
    "azure-core": "azure.core",
    "backports-tarfile": "backports.tarfile",
    "boto3": "",
    "docopt": "",
    "future": "",
    "google-cloud-core": "google.cloud.client",
    "jaraco-context": "jaraco.context",
    "jaraco-functools": "jaraco.functools",
    "jmespath": "",
    "pip": "",
    "pytz": "",
    "ruamel-yaml": "ruamel.yaml",
    "s3transfer": "",
    "websocket-client": "websocket",
    "setuptools": "",
    "six": "",
    "zope-event": "zope.event",
    # hatchling
    "attrs": "attr",
    "httpx": "",
    "humanize": "",
    "jsonschema": "",
    "mangum": "",
    "pydantic-settings": "pydantic_settings",
    "pygments": "",
    "referencing": "",
    "sqlparse": "",
    "starlette": "",
    "structlog": "",
    # flit
    "arrow": "",
    "blinker": "",
    "click": "",
    "docutils": "",
    "flask": "",
    "idna": "",
    "itsdangerous": "",
    "jinja2": "",
    "marshmallow": "",
    "more-itertools": "more_itertools",
    "packaging": "",
    "pathspec": "",
    "pyparsing": "",
    "typing-extensions": "typing_extensions",
    "werkzeug": "",
    # poetry-core and pdm
    "aws-lambda-powertools": "aws_lambda_powertools",
    "fastapi": "",
    "rich": "",
    "tomlkit": "",
    # setuptools
    "anyio": "",
    "babel": "",
    "mpmath": "",
    "markdown": "",
    "pluggy": "",
    "pyjwt": "jwt",
    "python-dateutil": "dateutil",
    "python-dotenv": "dotenv",
    "requests": "",
    "sympy": "",
    "tabulate": "",
    "tqdm": "",
}
IMPORT = "import importlib, sys; sys.path.insert(0, {0!r}); module = importlib.import_module({1!r})"
WHERE = "assert (module.__file__ or list(module.__path__)[0]).startswith({0!r}), module"


@pytest.fixture(scope="session")
def source_distributions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the URLs of the source distributions by name."""

    def make(directory: Path) -> None:
        directory.mkdir()
        (directory / "requirements.in").write_text("\n".join(PROJECTS), encoding="utf-8")
        options = ("--no-deps", "--universal", "--format", "pylock.toml", "--python-version", MINOR)
        command = [UV, "pip", "compile", "-q", *options, "requirements.in", "-o", "pylock.toml"]
        run(command, cwd=directory, env=clean_environment(**NEWEST))

    path = made_once(tmp_path_factory, "real-projects", make) / "pylock.toml"
    packages = tomllib.loads(path.read_text(encoding="utf-8"))["packages"]
    return {package["name"]: package["sdist"]["url"] for package in packages if "sdist" in package}


def unpack(archive: Path, root: Path) -> dict[str, Any]:
    """Unpack a project, with a table for the zip, and return what its pyproject.toml has."""
    with tarfile.open(archive) as opened:
        opened.extractall(root.parent, filter="data")
    (unpacked,) = (path for path in root.parent.iterdir() if path.is_dir())
    unpacked.rename(root)
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8") if pyproject.exists() else ""
    pyproject.write_text(text + TABLE, encoding="utf-8")
    return tomllib.loads(text)


# hatch-vcs calls setuptools-scm in a way that is to end.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", PROJECTS)
def test_a_real_project_builds_the_same_twice(
    source_distributions: dict[str, str], tmp_path: Path, name: str
) -> None:
    archive = tmp_path / "archive.tar.gz"
    with urllib.request.urlopen(source_distributions[name]) as response:  # noqa: S310 - the index's
        archive.write_bytes(response.read())
    roots = [tmp_path / "one/project", tmp_path / "a longer path/project"]
    for root in roots:
        root.parent.mkdir()
        tables = unpack(archive, root)
    first, second = roots
    environment = clean_environment(**NEWEST)
    if "project" in tables:
        run([UV, "lock", "-q"], cwd=first, env=environment)
    else:  # uv finds what it needs with the back end's help
        source = "setup.py" if "build-system" not in tables else "pyproject.toml"
        options = ("--universal", "--format", "pylock.toml", "--python-version", MINOR)
        command = [UV, "pip", "compile", "-q", *options, source, "-o", "pylock.toml"]
        run(command, cwd=first, env=environment)
    for lock in ("uv.lock", "pylock.toml"):
        if (first / lock).exists():
            shutil.copy(first / lock, second)
    zips = loose.build(first)
    assert len(zips) == 1
    assert loose.build(second) == zips
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(next((first / "dist").glob("*.zip")), unpacked)
    code = f"{IMPORT}; {WHERE}".format(str(unpacked), PROJECTS[name] or name)
    command = [sys.executable, "-I", "-S", "-c", code]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
