"""Projects of poetry, pdm and pipenv, whose locked versions are kept; layers' locks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.foreign import PDM, PIPENV, POETRY
from tests.support.index import find_index
from tests.support.loose import build, fail, invoke, lock, names_in, write

TABLE = (
    '[tool.hatch.build.targets.lambda-zip]\nruntime = "python3.12"\ncode = "."\n'
    'handler = "main.handler"\n'
)
IDNA = "946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"
MAIN = "import idna\ndef handler(e, c): ...\n"


def put(root: Path, files: Mapping[str, str]) -> None:
    files = {"main.py": MAIN, **files}
    write(root, {**files, "pyproject.toml": f"{files['pyproject.toml']}{TABLE}"})


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (POETRY, "poetry.lock"),
        pytest.param(PDM, "pdm.lock", marks=pytest.mark.exhaustive),
        pytest.param(PIPENV, "Pipfile.lock", marks=pytest.mark.exhaustive),
    ],
)
def test_versions_are_kept(tmp_path: Path, files: Mapping[str, str], name: str) -> None:
    put(tmp_path, files)
    message = fail(tmp_path)
    assert f"a {name}, which nothing is installed from. `hatch-lambda-zip lock` keeps" in message
    result = invoke("lock", tmp_path)
    assert result.exit_code == 0, result.stderr
    assert f"versions of {name}: idna 3.10\n" in result.stdout
    assert "pylock.toml: written" in result.stdout
    (zip_name,) = build(tmp_path)
    assert "idna-3.10.dist-info/METADATA" in names_in(tmp_path, zip_name)
    result = invoke("lock", tmp_path, "--upgrade")
    assert f"{name} decides its versions" in result.stdout
    assert "pylock.toml: up to date" in result.stdout
    assert invoke("lock", "--check", tmp_path).exit_code == 0
    pyproject = tmp_path / "pyproject.toml"
    table = pyproject.read_text()
    pyproject.write_text(table.replace("python3.12", "python3.13"))
    result = invoke("lock", "--check", tmp_path)
    assert "was made for Python >=3.12, while 3.13 is the lowest in use now" in result.stderr
    pyproject.write_text(table)
    # Another version there, and not locked again here.
    path = tmp_path / name
    path.write_text(path.read_text().replace("3.10", "3.9"))
    message = fail(tmp_path)
    assert "idna==3.9" in message
    assert "idna==3.10" in message
    assert f"was made of another {name}: since then" in message
    assert "`hatch-lambda-zip lock`" in invoke("lock", "--check", tmp_path).stderr


@pytest.mark.exhaustive
def test_a_path_and_what_the_other_lock_lacks(tmp_path: Path) -> None:
    library = (
        '[project]\nname = "libx"\nversion = "1"\ndependencies = ["six"]\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    write(tmp_path / "lib", {"pyproject.toml": library, "src/libx/__init__.py": ""})
    package = '[[package]]\nname = "libx"\nversion = "1"\npath = "../lib"\ngroups = ["default"]\n'
    put(tmp_path / "app", {**PDM, "pdm.lock": f"{PDM['pdm.lock']}\n{package}"})
    result = invoke("lock", tmp_path / "app")
    assert "not in it, so chosen by uv: six 1." in result.stdout
    (zip_name,) = build(tmp_path / "app")
    assert {"libx/__init__.py", "six.py"} <= names_in(tmp_path / "app", zip_name)


def test_files_of_another_index(tmp_path: Path) -> None:
    put(tmp_path, POETRY)
    path = tmp_path / "poetry.lock"
    path.write_text(path.read_text().replace("sha256:946d195a", "sha256:00000000"))
    result = invoke("lock", tmp_path)
    assert result.exit_code == 1
    assert "uv finds other files of idna than poetry.lock allows" in result.stderr
    assert not [*tmp_path.glob("pylock*")]


def test_files_that_the_other_lock_has_no_hash_of(tmp_path: Path) -> None:
    put(tmp_path, POETRY)
    path = tmp_path / "poetry.lock"
    path.write_text(path.read_text().replace(f'    {{hash = "sha256:{IDNA}"}},\n', ""))
    result = invoke("lock", tmp_path)
    assert result.exit_code == 0
    assert "  without a hash there, so as the index has them now: idna\n" in result.stdout


SDIST = "sha256:12f65c9b470abda6dc35cf8e63cc574b1c52b11df2c86030af0ac09b01b13ea9"


def test_wheels_of_another_index_beside_the_same_sdist(tmp_path: Path) -> None:
    put(tmp_path, POETRY)
    path = tmp_path / "poetry.lock"
    files = f'{{hash = "{SDIST}"}},\n    {{hash = "sha256:00000000'
    path.write_text(path.read_text().replace('{hash = "sha256:946d195a', files))
    result = invoke("lock", tmp_path)
    assert "uv finds other files of idna than poetry.lock allows" in result.stderr
    assert not [*tmp_path.glob("pylock*")]


def test_only_files_that_the_other_lock_allows(tmp_path: Path) -> None:
    put(tmp_path, POETRY)
    lock(tmp_path)
    assert IDNA in (tmp_path / "pylock.toml").read_text()
    assert "sdist" not in (tmp_path / "pylock.toml").read_text()


@pytest.mark.parametrize(
    ("files", "name", "old", "new", "file"),
    [
        (POETRY, "poetry.lock", '"main", "dev"', '"dev"', "pyproject.toml"),
        pytest.param(
            *(POETRY, "poetry.lock", "python_version > '3.5'", "os_name == 'nt'", "pyproject.toml"),
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            *(PIPENV, "Pipfile.lock", '"default": {', '"default": {}, "x": {', "Pipfile"),
            marks=pytest.mark.exhaustive,
        ),
    ],
)
def test_a_lock_that_forgot_what_only_its_tool_reads(
    tmp_path: Path, files: Mapping[str, str], name: str, old: str, new: str, file: str
) -> None:
    forgetful = files[name].replace(old, new)
    put(tmp_path, {**files, "main.py": "def handler(e, c): ...\n", name: forgetful})
    lock(tmp_path)
    message = fail(tmp_path)
    assert f"pylock.toml does not have what {file} requires: " in message
    assert re.search(r"dna(<4,>=3\.0)? \(not in it\)", message)
    assert "lock`, then `hatch-lambda-zip lock`, and commit both results." in message


@pytest.mark.parametrize("code", ["api", pytest.param(".", marks=pytest.mark.exhaustive)])
def test_a_lock_that_forgot_what_the_project_beside_it_requires(tmp_path: Path, code: str) -> None:
    forgetful = PDM["pdm.lock"].replace('"default", "dev"', '"dev"').replace('["default"]', "[]")
    main = "def handler(e, c): ...\n"
    files = {"pyproject.toml": PDM["pyproject.toml"], "pdm.lock": forgetful, "main.py": main}
    if code == ".":
        put(tmp_path, files)
    else:
        write(tmp_path / code, files)
        write(tmp_path, {"pyproject.toml": TABLE.replace('"."', f'"{code}"')})
    lock(tmp_path)
    message = fail(tmp_path)
    assert "pylock.toml does not have what demo requires: idna>=3 (not in it)" in message
    assert "Run `pdm lock --update-reuse`, then `hatch-lambda-zip lock`, and commit" in message


def test_groups_of_another_lock_are_refused(tmp_path: Path) -> None:
    put(tmp_path, PDM)
    with (tmp_path / "pyproject.toml").open("a") as stream:
        stream.write('groups = ["dev"]\n\n[dependency-groups]\ndev = ["iniconfig"]\n')
    result = invoke("lock", tmp_path)
    assert result.exit_code == 1
    assert "is one flat list, from which no extras or dependency groups" in result.stderr


@pytest.fixture
def layered(tmp_path: Path) -> Path:
    """A function and its layer, with requirements each, and locked."""
    table = "tool.hatch.build.targets.lambda-zip"
    files = {
        "pyproject.toml": (
            f'[{table}]\nruntime = "python3.12"\n[{table}.functions.api]\ncode = "api"\n'
            f'handler = "main.handler"\nlayers = ["shared"]\n[{table}.layers.shared]\n'
            'lock = "shared/pylock.toml"\n'
        ),
        "api/main.py": "import idna, six\ndef handler(e, c): ...\n",
        "api/requirements.txt": "six\nidna\n",
        "shared/requirements.txt": "six==1.16.0\niniconfig\n",
    }
    write(tmp_path, files)
    lock(tmp_path)
    return tmp_path


def test_a_function_takes_the_versions_of_its_layers(layered: Path) -> None:
    assert 'version = "1.16.0"' in (layered / "api/pylock.toml").read_text()
    build(layered)
    assert "python/iniconfig/__init__.py" in names_in(layered, "shared-layer.zip")
    names = names_in(layered, "api-lambda.zip")
    assert "idna/core.py" in names
    assert "six.py" not in names


SIX = "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"


@pytest.mark.parametrize(
    "of_layer", ["uv.lock", pytest.param("requirements.txt", marks=pytest.mark.exhaustive)]
)
def test_a_function_takes_the_versions_of_any_lock_of_its_layers(
    layered: Path, of_layer: str
) -> None:
    (layered / "shared/pylock.toml").unlink()
    (layered / "api/pylock.toml").unlink()
    pyproject = (layered / "pyproject.toml").read_text()
    if of_layer == "uv.lock":
        project = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.10"\n'
        project += 'dependencies = ["six==1.16.0"]\n'
        pyproject = project + pyproject.replace('lock = "shared/pylock.toml"\n', "")
    else:
        hashed = f"six==1.16.0 --hash=sha256:{SIX}\n"
        write(layered, {"shared/requirements.txt": hashed})
        pyproject = pyproject.replace("shared/pylock.toml", "shared/requirements.txt")
    write(layered, {"pyproject.toml": pyproject})
    lock(layered)
    assert 'version = "1.16.0"' in (layered / "api/pylock.toml").read_text()
    (zip_name,) = (name for name in build(layered) if "api" in name)
    assert "six.py" not in names_in(layered, zip_name)


@pytest.mark.exhaustive
def test_locks_are_renewed_together_or_not_at_all(layered: Path) -> None:
    write(layered, {"shared/requirements.txt": "six==1.17.0\n", "api/requirements.txt": "six<1.17"})
    before = (layered / "shared/pylock.toml").read_bytes()
    result = invoke("lock", layered)
    assert result.exit_code == 1
    assert "what the locks of the layers pin holds too: six==1.17.0" in result.stderr
    assert (layered / "shared/pylock.toml").read_bytes() == before
    write(layered, {"api/requirements.txt": "six"})
    lock(layered)
    assert 'version = "1.17.0"' in (layered / "api/pylock.toml").read_text()


@pytest.mark.parametrize(("files", "command"), [(POETRY, "poetry lock"), (PIPENV, "pipenv lock")])
@pytest.mark.parametrize("code", [".", "functions"])
def test_requirements_that_nobody_locked(
    tmp_path: Path, files: Mapping[str, str], command: str, code: str
) -> None:
    unlocked = {name: text for name, text in files.items() if not name.endswith(".lock")}
    put(tmp_path, unlocked)
    if code != ".":
        write(tmp_path / code, {"main.py": MAIN, **unlocked})
        write(tmp_path, {"pyproject.toml": TABLE.replace('"."', f'"{code}"')})
    told = f"Run `{command}`, then `hatch-lambda-zip lock`, and commit both results."
    assert told in fail(tmp_path)
    for words in ((), ("--check",)):
        result = invoke("lock", *words, tmp_path)
        assert result.exit_code == 1
        assert told in result.stderr
    write(tmp_path / code, {"requirements.txt": ""})  # which says that nothing is
    assert invoke("lock", tmp_path).exit_code == 0


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("command", "files"),
    [
        (["poetry", "lock"], POETRY),
        (["pdm@2.22.2", "lock"], PDM),
        (["pipenv", "lock"], PIPENV),
    ],
    ids=["poetry", "pdm", "pipenv"],
)
def test_what_the_tools_write_today(
    tmp_path: Path, command: list[str], files: Mapping[str, str]
) -> None:
    unlocked = {name: text for name, text in files.items() if not name.endswith(".lock")}
    # They want a Python that is here.
    put(tmp_path, {name: text.replace("3.12", "3.10") for name, text in unlocked.items()})
    index = find_index(tmp_path / "plain")
    pipfile = tmp_path / "Pipfile"
    if pipfile.is_file():
        pipfile.write_text(pipfile.read_text().replace('"index"', f'"{index}"'))
    if command[0] == "poetry":
        with (tmp_path / "pyproject.toml").open("a") as stream:
            stream.write(f'[[tool.poetry.source]]\nname = "main"\nurl = "{index}"\n')
    uv = [sys.executable, "-m", "uv", "tool", "run"]
    newer = ["--exclude-newer", "2025-01-15"] if command[0].startswith("pdm") else []
    ran = subprocess.run(
        [*uv, *newer, *command], cwd=tmp_path, timeout=300, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    lock(tmp_path)
    (zip_name,) = build(tmp_path)
    assert "idna/core.py" in names_in(tmp_path, zip_name)
