"""What every subcommand has: help with an example, exit codes, JSON with a schema, plain text."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from hatch_lambda_zip.cli import main
from hatch_lambda_zip.cli.reference import each_command
from hatch_lambda_zip.explain import inspection
from tests.support.commands import CHECKOUT, clean_environment, needed
from tests.support.loose import write
from tests.support.schemas import is_valid
from tests.support.site_zips import zipped


@dataclass(frozen=True)
class Case:
    """A command, and arguments by the exit code that they lead to; none where there is no way.

    Attributes:
        good: exits with 0.
        other: exits with 1, and is no failure.
        unreadable: can't be read.
        code: which then is the exit code.
        schema: of what --json prints, in docs; or why there is no --json.
        is_slow: whether it needs other processes or the network.
    """

    good: str
    other: str = ""
    unreadable: str = ""
    code: int = 1
    schema: str = ""
    is_slow: bool = False


PROJECT = {
    "pyproject.toml": """
        [tool.hatch.build.targets.lambda-zip]
        runtime = "python3.13"
        handler = "app.handler"
        function-directories = "functions/*"
        exclude = ["*.sql"]
        """,
    "functions/api/app.py": "def handler(event, context):\n    return event\n",
    "functions/api/schema.sql": "",
}
CASES = {
    "init": Case("folders", "project", "absent", code=2, schema="it shows a change of TOML"),
    "build": Case("project", "empty", "broken", schema="build"),
    "invoke": Case(
        "-p project", "other -p project", "-p broken", schema="it prints JSON", is_slow=True
    ),
    "list": Case("project", "empty", "broken", schema="list"),
    "lock": Case("project", "empty", "broken", schema="it writes locks"),
    "inspect": Case("a.zip", "large.zip", "broken.zip", code=2, schema="inspect"),
    "diff": Case("a.zip a.zip", "a.zip b.zip", "a.zip broken.zip", code=2, schema="diff"),
    "verify": Case(
        "project --against project/dist/api-lambda.zip",
        "project --against a.zip",
        "project --against broken.zip",
        code=2,
        schema="verify",
        is_slow=True,
    ),
    "normalize": Case(
        "a.zip -o out.zip", "--check a.zip", "--check broken.zip", code=2, schema="normalize"
    ),
    "report": Case(
        "a.zip -o a.html", "large.zip -o a.html", "broken.zip -o a.html", code=2, schema="report"
    ),
    "why": Case(
        "api app.py -p project",
        "api schema.sql -p project",
        "api app.py -p broken",
        code=2,
        schema="why",
    ),
    "cache dir": Case("", schema="it prints one path"),
    "cache info": Case("", schema="cache"),
    "cache prune": Case("", schema="it removes files"),
    "cache clear": Case("", schema="it removes files"),
}


COMMANDS = dict(each_command(main))


def slow(names: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.exhaustive] if names in CASES and CASES[names].is_slow else []


with_each = pytest.mark.parametrize(
    "names", [pytest.param(names, marks=slow(names)) for names in COMMANDS]
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """What invokes commands in a directory that has all that the cases name."""
    root = tmp_path / "here"
    write(root / "project", PROJECT)
    write(root / "folders", {"functions/api/app.py": PROJECT["functions/api/app.py"]})
    write(root / "empty", {"README.md": ""})
    write(root / "broken", {"pyproject.toml": "[broken"})
    (root / "a.zip").write_bytes(zipped({"app.py": b"value = 1\n"}))
    (root / "b.zip").write_bytes(zipped({"app.py": b"value = 2\n"}))
    (root / "large.zip").write_bytes(zipped({"app.py": b"value = 12345\n" * 9}))
    (root / "broken.zip").write_bytes(zipped({"app.py": b""})[:-9])
    monkeypatch.setattr(inspection, "MAX_UNZIPPED", 100)
    monkeypatch.chdir(root)
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o700)
    return CliRunner(
        env={**clean_environment(), "HATCH_LAMBDA_ZIP_CACHE": str(kept), "NO_COLOR": ""}
    )


def words(names: str, arguments: str) -> list[str]:
    return [*names.split(), *arguments.split()]


def test_every_command_is_in_the_table() -> None:
    assert {*COMMANDS} == {*CASES}
    schemas = {path.name.partition(".")[0] for path in (CHECKOUT / "docs").glob("*.schema.json")}
    printed = {case.schema for names, case in CASES.items() if has_json(names)}
    assert schemas - {"manifest", "lambda-zip"} == printed


def has_json(names: str) -> bool:
    return any("--json" in parameter.opts for parameter in COMMANDS[names].params)


@pytest.mark.parametrize("names", COMMANDS)
def test_help_and_wrong_usage(names: str) -> None:
    for option in ("-h", "--help"):
        result = CliRunner().invoke(main, [*names.split(), option])
        assert result.exit_code == 0
        text = " ".join(result.stdout.split())
        assert " Exit codes: 0" in text
        assert f" hatch-lambda-zip {names}" in text.partition(" Example")[2]
        assert "\\b" not in text
    result = CliRunner().invoke(main, [*names.split(), "--nothing"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "No such option" in result.stderr


@with_each
def test_exit_codes_and_plain_text(names: str, run: CliRunner) -> None:
    case = CASES[names]
    if "dist" in case.good:
        assert run.invoke(main, ["build", "-q", "project"]).exit_code == 0
    expected = [(case.good, 0), (case.other, 1), (case.unreadable, case.code)]
    for arguments, code in expected:
        if arguments or code == 0:
            result = run.invoke(main, words(names, arguments))
            assert result.exit_code == code, result.output
            assert "\x1b" not in result.output
            assert "Traceback" not in result.output
            # On a terminal that wants no colours.
            result = run.invoke(main, words(names, arguments), color=True, env={"NO_COLOR": "1"})
            assert "\x1b" not in result.output
    if case.unreadable:
        result = run.invoke(main, words(names, case.unreadable))
        assert result.stdout == ""
        assert result.stderr.count("Error: ") == 1


@with_each
def test_json_is_as_its_schema_says(names: str, run: CliRunner) -> None:
    case = CASES[names]
    if not has_json(names):
        assert " " in case.schema, "say why it has no --json"
        return
    if "dist" in case.good:
        assert run.invoke(main, ["build", "-q", "project"]).exit_code == 0
    for arguments, code in ((case.good, 0), (case.other, 1)):
        result = run.invoke(main, [*words(names, arguments), "--json"])
        if arguments or code == 0:
            assert result.exit_code == code, result.output
        if result.stdout:
            document = json.loads(result.stdout)
            assert is_valid(document, f"{case.schema}.schema.json")
            assert not is_valid({"nothing": 1}, f"{case.schema}.schema.json")


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("", {"build", "diff", "inspect", "list", "normalize", "report", "verify", "why"}),
        ("nor", {"normalize"}),
        ("cache pr", {"prune"}),
        ("normalize --by", {"--bytecode"}),
        ("normalize --bytecode ", {"normalize", "drop"}),
        # The names of functions, as they are in the project that is named, or here.
        ("build project -f ", {"api"}),
        ("verify project -f a", {"api"}),
        ("why -p project a", {"api"}),
        ("invoke -p project ", {"api"}),
        ("build project -f b", set()),
        ("build broken -f ", set()),
        ("build -f ", set()),
    ],
)
def test_what_shells_are_told_to_complete(typed: str, proposed: set[str], run: CliRunner) -> None:
    words = f"hatch-lambda-zip {typed}"
    environment = {
        "_HATCH_LAMBDA_ZIP_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": f"{len(words.split(' ')) - 1}",
    }
    result = run.invoke(main, env=environment)
    assert (result.exit_code, result.stderr) == (0, "")
    found = {line.partition(",")[2] for line in result.stdout.split()}
    assert proposed <= found if not typed else proposed == found


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("shell", "script"),
    [
        (
            "bash",
            """
            COMP_WORDS=(hatch-lambda-zip build project -f ''); COMP_CWORD=4
            _hatch_lambda_zip_completion hatch-lambda-zip; echo ${COMPREPLY[@]}
            """,
        ),
        ("fish", "complete -C 'hatch-lambda-zip build project -f '"),
        # What it makes of the answer takes a terminal.
        ("zsh", "print -r $_comps[hatch-lambda-zip] | sed s/_hatch_lambda_zip_completion/api/"),
    ],
)
def test_completion_as_the_documentation_says(
    shell: str, script: str, run: CliRunner, tmp_path: Path
) -> None:
    assert run
    text = (CHECKOUT / "docs/why.md").read_text("utf-8")
    (line,) = (line for line in text.splitlines() if f"={shell}_source" in line)
    before = "autoload -Uz compinit\ncompinit -u -D\n" if shell == "zsh" else ""
    done = subprocess.run(
        [needed(shell), "-c", f"{before}{line}\n{script}"],
        cwd=tmp_path / "here",
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["api"], "")


def test_each_command_is_what_the_group_calls_it() -> None:
    assert {names: command.name for names, command in COMMANDS.items()} == {
        names: names.rpartition(" ")[2] for names in COMMANDS
    }


def test_what_reads_a_zip_imports_nothing_that_builds_one() -> None:
    program = (
        "import sys; from hatch_lambda_zip.cli import main; main.get_command(None, 'inspect')\n"
        "print(*(f'hatch_lambda_zip.{name}' in sys.modules for name in ('cli.inspect', 'install')))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["True", "False"]
