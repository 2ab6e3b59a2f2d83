"""Code directories that are projects of their own: members of a workspace, or locked alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.commands import UV, run
from tests.support.loose import build, fail, invoke, lock, names_in, write

pytestmark = pytest.mark.shared_cache

TABLE = """
    [tool.hatch.build.targets.lambda-zip]
    runtime = "python3.13"
    function-directories = "functions/*"
    handler = "main.handler"
"""
WORKSPACE = f"""
    [tool.uv.workspace]
    members = ["functions/*", "common"]
{TABLE}"""
PROJECT = """
    [project]
    name = "{}"
    version = "1.0"
    requires-python = ">=3.10"
    dependencies = {}
"""
PACKAGE = """
    [build-system]
    requires = ["uv_build>=0.10.2,<1"]
    build-backend = "uv_build"
"""
HANDLER = "import {}\n\n\ndef handler(event, context):\n    return None\n"


def member(name: str, requires: str = "[]", more: str = "") -> str:
    return PROJECT.format(name, requires) + more


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give a workspace whose functions are members, one of them a package."""
    write(
        tmp_path,
        {
            "pyproject.toml": WORKSPACE,
            "common/pyproject.toml": member("common", '["toml"]', PACKAGE),
            "common/src/common/__init__.py": "ANSWER = 42\n",
            "functions/api/pyproject.toml": member("api", '["idna"]'),
            "functions/api/main.py": HANDLER.format("idna"),
            "functions/worker/pyproject.toml": member(
                "worker",
                '["six", "common"]',
                PACKAGE + "[tool.uv.sources]\ncommon.workspace = true\n",
            ),
            "functions/worker/main.py": HANDLER.format("six, common, toml"),
            "functions/worker/src/worker/__init__.py": "",
        },
    )
    lock(tmp_path)
    return tmp_path


def requirements_in(root: Path, name: str) -> object:
    return json.loads((root / "dist" / f"{name}-lambda.json").read_text())["requirements"]


def test_a_function_has_what_its_member_requires(workspace: Path) -> None:
    build(workspace)
    api, worker = (names_in(workspace, f"{name}-lambda.zip") for name in ("api", "worker"))
    assert "idna/__init__.py" in api
    assert not {"six.py", "common/__init__.py"} & api
    assert {"main.py", "six.py", "common/__init__.py", "toml/__init__.py"} <= worker
    # As for any code directory: what lies in it ships, and not the wheel that it would make.
    assert "src/worker/__init__.py" in worker
    assert not [name for name in worker if name.startswith(("worker", "idna"))]
    assert requirements_in(workspace, "api") == ["idna"]
    assert requirements_in(workspace, "worker") == ["common", "six"]


def test_what_nobody_locked_is_refused(workspace: Path) -> None:
    write(workspace, {"functions/api/pyproject.toml": member("api", '["idna", "six"]')})
    assert "does not match pyproject.toml any more. Run `uv lock`" in fail(workspace)


def test_what_the_lock_has_forgotten_is_refused(workspace: Path) -> None:
    """By a bad merge, say; uv does not notice."""
    path = workspace / "uv.lock"
    text = path.read_text()
    forgotten = '{ name = "idna" }'
    assert forgotten in text
    path.write_text(text.replace(f"    {forgotten},\n", "", 1))
    assert "uv.lock does not have what api requires: idna" in fail(workspace)


def test_excluded_is_what_only_that_brought(workspace: Path) -> None:
    text = f'{WORKSPACE}exclude-distributions = ["common"]\n'
    write(workspace, {"pyproject.toml": text})
    shutil.rmtree(workspace / "functions/api")
    main = workspace / "functions/worker/main.py"
    main.write_text(HANDLER.format("six"))
    lock(workspace)
    build(workspace)
    names = names_in(workspace, "worker-lambda.zip")
    assert "six.py" in names
    assert not {"common/__init__.py", "toml/__init__.py"} & names
    pyproject = workspace / "functions/worker/pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"six", ', '"six", "toml", '))
    lock(workspace)
    build(workspace)
    names = names_in(workspace, "worker-lambda.zip")
    assert "toml/__init__.py" in names
    assert "common/__init__.py" not in names


def test_a_project_that_is_no_member(workspace: Path) -> None:
    (workspace / "pyproject.toml").write_text(
        (workspace / "pyproject.toml").read_text().replace('"functions/*", "common"', '"common"')
    )
    message = fail(workspace)
    assert "functions/api/pyproject.toml has a [project], and there is no lock of it" in message
    # To the letter: locked alone.
    shutil.rmtree(workspace / "functions/worker")
    lock(workspace)
    assert (workspace / "functions/api/uv.lock").is_file()
    build(workspace)
    assert "idna/__init__.py" in names_in(workspace, "api-lambda.zip")


def test_a_lock_of_its_own(tmp_path: Path) -> None:
    """It goes before the project's, which was taken without a word."""
    write(
        tmp_path,
        {
            "pyproject.toml": member("whole", '["toml"]', TABLE),
            "functions/api/pyproject.toml": member("api", '["idna"]'),
            "functions/api/main.py": HANDLER.format("idna"),
            "functions/worker/main.py": HANDLER.format("toml"),
        },
    )
    lock(tmp_path)
    build(tmp_path)
    api, worker = (names_in(tmp_path, f"whole-1.0-{name}-lambda.zip") for name in ("api", "worker"))
    assert "idna/__init__.py" in api
    assert "toml/__init__.py" not in api
    assert "toml/__init__.py" in worker
    assert invoke("lock", "--check", tmp_path).exit_code == 0
    rows = json.loads(invoke("list", "--json", tmp_path).stdout)
    assert [row["lock"] for row in rows] == ["functions/api/uv.lock", "uv.lock"]


def test_a_lock_that_uv_does_not_use(workspace: Path) -> None:
    shutil.copy(workspace / "uv.lock", workspace / "functions/api/uv.lock")
    message = fail(workspace)
    assert "functions/api/uv.lock is not the lock that uv uses for " in message
    assert f"which is {workspace}/uv.lock. Remove it" in message


def test_a_lock_of_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": member("whole", '["toml"]', TABLE),
            "functions/api/main.py": HANDLER.format("toml"),
        },
    )
    run([UV, "lock", "-q"], cwd=tmp_path)
    shutil.copy(tmp_path / "uv.lock", tmp_path / "functions/api/uv.lock")
    message = fail(tmp_path)
    assert "functions/api/uv.lock lies beside no pyproject.toml with a [project]" in message


def test_a_package_beside_members(workspace: Path) -> None:
    """Both have to be in the lock: what the package requires, and what the member does."""
    text = member("whole", '["toml"]', PACKAGE) + WORKSPACE + "package = true\n"
    write(
        workspace,
        {
            "pyproject.toml": text,
            "src/whole/__init__.py": "",
            "functions/api/pyproject.toml": member(
                "api", '["idna", "whole"]', "[tool.uv.sources]\nwhole.workspace = true\n"
            ),
        },
    )
    shutil.rmtree(workspace / "functions/worker")
    lock(workspace)
    result = invoke("build", workspace)
    assert "1 wheel to build" in result.stderr
    names = names_in(workspace, "whole-1.0-api-lambda.zip")
    assert {"idna/__init__.py", "whole/__init__.py", "toml/__init__.py"} <= names
    write(workspace, {"functions/api/pyproject.toml": member("api", '["idna"]')})
    lock(workspace)
    assert "does not have what whole requires: toml" in fail(workspace)


def test_groups_alone_are_the_projects(tmp_path: Path) -> None:
    """What lies beside the code is not asked then."""
    write(
        tmp_path,
        {
            "pyproject.toml": member("whole", '["toml"]', TABLE)
            + 'only-groups = ["{function}"]\n[dependency-groups]\napi = ["six"]\n',
            "functions/api/main.py": HANDLER.format("six"),
            "functions/api/requirements.txt": "idna\n",
        },
    )
    lock(tmp_path)
    build(tmp_path)
    names = names_in(tmp_path, "whole-1.0-api-lambda.zip")
    assert "six.py" in names
    assert not {"idna/__init__.py", "toml/__init__.py"} & names
