"""``hatch-lambda-zip why``: asked of real projects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.loose import invoke, write
from tests.support.projects import Project
from tests.support.schemas import is_valid

PYPROJECT = """
    [tool.hatch.build.targets.lambda-zip]
    runtime = "python3.13"
    function-directories = "functions/*"
    handler = "app.handler"
    exclude = ["*.sql"]
    """


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "pyproject.toml": PYPROJECT,
            "functions/api/app.py": "def handler(event, context):\n    import reports\n",
            "functions/api/reports.py": "",
            "functions/api/schema.sql": "",
        },
    )
    return tmp_path


@pytest.mark.shared_cache
def test_the_way_to_a_distribution(project: Project) -> None:
    result = invoke("why", "lambda", "fixture-lib", "-p", project.path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "lambda: fixture-lib ships: version 0.4, which is required\n"
        "  fixture-app requires fixture-lib\n"
    )
    assert not (project.path / "dist").exists()
    result = invoke("why", "lambda", "ColorAma", "-p", project.path, "--json")
    assert result.exit_code == 1, result.stderr
    (answer,) = json.loads(result.stdout)
    assert is_valid([answer], "why.schema.json")
    assert (answer["name"], answer["ships"]) == ("colorama", False)
    assert (
        "nothing that this function requires on python3.13 on x86_64 leads to it" in answer["why"]
    )


def test_own_files(loose: Path) -> None:
    result = invoke("why", "api", "reports.py", "-p", loose)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "api: reports.py ships: it is the project's functions/api/reports.py\n"
        '  by tool.hatch.build.targets.lambda-zip.functions.api.code = {"functions/api": ""}\n'
        "  app.py, line 2: import reports\n"
    )
    result = invoke("why", "api", "schema.sql", "-p", loose, "--json")
    assert result.exit_code == 1, result.stderr
    assert json.loads(result.stdout) == [
        {
            "schema": 1,
            "function": "api",
            "name": "schema.sql",
            "kind": "file",
            "ships": False,
            "why": "`include` or `exclude` leaves it out",
            "reason": "pattern",
            "rule": {
                "key": "tool.hatch.build.targets.lambda-zip.exclude",
                "value": ["*.sql"],
            },
            "requirements": [],
            "imports": [],
        }
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["api", "report.py"], "Did you mean 'reports.py'?"),
        (["apy", "reports.py"], "Did you mean 'api'?"),
    ],
)
def test_what_nobody_knows(loose: Path, words: list[str], said: str) -> None:
    result = invoke("why", *words, "-p", loose)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert said in result.stderr


def test_what_is_wrong_elsewhere_is_in_nobodys_way(loose: Path) -> None:
    (loose / "functions/api/app.py").write_text("import nothing\ndef handler(event, context): ...")
    assert invoke("build", loose).exit_code == 1
    assert invoke("why", "api", "app.py", "-p", loose).exit_code == 0
    (loose / "functions/api/app.py").unlink()
    result = invoke("why", "api", "reports.py", "-p", loose)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("Error: tool.hatch.build.targets.lambda-zip")
