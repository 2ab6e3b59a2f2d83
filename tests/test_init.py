"""hatch-lambda-zip init, lock and build: projects of other tools become zips without an editor."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from hatch_lambda_zip import __version__
from tests.support.loose import build, invoke, lock, names_in, write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HANDLER = "def lambda_handler(event, context):\n    return {}\n"
SAM = """
    AWSTemplateFormatVersion: '2010-09-09'
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Timeout: 3
        Runtime: python3.12
    Resources:
      HelloWorldFunction:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: hello_world/
          Handler: app.lambda_handler
          Architectures: [arm64]
          Role: !GetAtt Role.Arn
      Table:
        Type: AWS::DynamoDB::Table
      Image:
        Type: AWS::Serverless::Function
        Properties:
          PackageType: Image
"""
SERVERLESS = """
    service: demo
    provider:
      name: aws
      runtime: python3.13
      stage: ${opt:stage, 'dev'}
    functions:
      hello:
        handler: handler.hello
      bye:
        handler: handler.bye
"""


def proposed(root: Path, *words: str) -> str:
    """Write the proposal, and return the table."""
    result = invoke("init", root, "--write", *words)
    assert result.exit_code == 0, result.stderr
    return (root / "pyproject.toml").read_text()


def call(zipped: Path, handler: str, place: Path) -> str:
    """Unpack a zip, and return what its handler returns to a process that has nothing else."""
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(place)
    module, _, function = handler.rpartition(".")
    code = (
        f"import importlib, sys; sys.path.insert(0, {str(place)!r});"
        f"print(importlib.import_module({module!r}).{function}({{}}, None))"
    )
    command = [sys.executable, "-I", "-S", "-c", code]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


DEEP = 3_000
ODD = {
    "template.yaml": ("[" * DEEP + "]" * DEEP, "template.yaml can't be read: "),
    "serverless.yml": ("a: " + "{b: " * DEEP + "1" + "}" * DEEP, "serverless.yml can't be read: "),
    "app.py": (HANDLER + "    " + "-" * 100_000 + "1\n", "no handler was found in "),
    "main.py": ("x = " + "(" * DEEP + ")" * DEEP, "no handler was found in "),
    "a.tf": ("\0", "a.tf, line 1, column 1, can't be read: "),
}


@pytest.mark.parametrize("name", ODD)
def test_files_that_no_parser_can_read(tmp_path: Path, name: str) -> None:
    text, expected = ODD[name]
    (tmp_path / name).write_text(text)
    result = invoke("init", tmp_path)
    assert result.exit_code == 1, result.exception
    assert expected in result.stderr


def test_a_pyproject_that_is_not_in_utf_8(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(HANDLER + "    return 1\n")
    (tmp_path / "pyproject.toml").write_bytes(b'# caf\xe9\n[project]\nname = "a"\n')
    result = invoke("init", tmp_path)
    assert result.exit_code == 1, result.exception
    assert f"{tmp_path / 'pyproject.toml'} can't be read: 'utf-8' codec" in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX only")
@pytest.mark.parametrize("name", ["main.py", "a.tf", "functions/a/app.py"])
def test_pipes_hold_nobody_up(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(tmp_path / name)
    result = invoke("init", tmp_path)
    assert "no handler was found in " in result.stderr


def test_a_bare_handler(tmp_path: Path) -> None:
    write(tmp_path, {"lambda_function.py": HANDLER, "requirements.txt": "six\n"})
    shown = invoke("init", tmp_path)
    assert shown.exit_code == 0
    assert '+code = "."' in shown.stdout
    assert not (tmp_path / "pyproject.toml").exists()
    assert "Nothing says the runtime: python3.14, the newest." in shown.stderr
    text = proposed(tmp_path, "--runtime", "python3.13", "--architecture", "arm64")
    assert text == (
        "[tool.hatch.build.targets.lambda-zip]\n"
        f'required-version = "=={__version__}"\nruntime = "python3.13"\narchitecture = "arm64"\n'
        'code = "."\nhandler = "lambda_function.lambda_handler"\n'
    )
    lock(tmp_path)
    build(tmp_path)
    assert {"lambda_function.py", "six.py"} <= names_in(tmp_path, "lambda.zip")


def test_no_password_is_shown_beside_the_table(tmp_path: Path) -> None:
    """Nor one at the end of the file, whose line gets its end."""
    before = (
        '[tool.hatch.build]\nexclude = ["a"]\n[[tool.uv.index]]\nurl = "https://u:s3cretive@a.invalid"\n'
        '[[tool.poetry.source]]\nname = "a"\npassword = "0ther-one"'
    )
    write(tmp_path, {"main.py": HANDLER, "pyproject.toml": before})
    shown = invoke("init", tmp_path)
    assert '+code = "."' in shown.stdout
    assert "s3cretive" not in shown.stdout
    assert "0ther-one" not in shown.stdout
    text = proposed(tmp_path)
    assert "s3cretive" in text
    assert "0ther-one" in text


def test_no_control_characters_are_printed(tmp_path: Path) -> None:
    """A resource's name is whatever a template says."""
    odd = 'Resources:\n  "A\\e[2J":\n    Type: AWS::Serverless::Function\n'
    write(tmp_path, {"template.yaml": odd, "main.py": HANDLER})
    shown = invoke("init", tmp_path)
    assert "\x1b" not in shown.stderr
    assert "Not taken: A\\x1b[2J of template.yaml" in shown.stderr


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.tf", "provider \"a\" {\n  password = 's3cretive'\n}\n", "a.tf, line 2, column"),
        ("template.yaml", "a: 1\nb: *s3cretive\n", "template.yaml, line 2, column 4,"),
        ("serverless.yml", "a: 1\nb: *s3cretive\n", "serverless.yml, line 2, column 4,"),
    ],
)
def test_nothing_of_a_broken_file_is_quoted(
    tmp_path: Path, name: str, text: str, where: str
) -> None:
    (tmp_path / name).write_text(text)
    shown = invoke("init", tmp_path)
    assert "s3cretive" not in shown.stderr
    assert where in shown.stderr
    assert "can't be read" in shown.stderr


def test_sams_hello_world(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "template.yaml": SAM,
            "hello_world/app.py": HANDLER,
            "hello_world/__init__.py": "",
            "hello_world/requirements.txt": "six\n",
            "tests/unit/test_handler.py": "",
            "pyproject.toml": "[tool.black]\nline-length = 90 # kept\n",
        },
    )
    text = proposed(tmp_path)
    assert text.startswith("[tool.black]\nline-length = 90 # kept\n\n[tool.hatch")
    assert 'runtime = "python3.12"\narchitecture = "arm64"\ncode = "hello_world"\n' in text
    lock(tmp_path)
    build(tmp_path)
    assert {"app.py", "__init__.py", "six.py"} <= names_in(tmp_path, "lambda.zip")


def test_what_was_not_taken_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"template.yaml": SAM, "hello_world/app.py": HANDLER})
    result = invoke("init", tmp_path)
    assert "Not taken: Image of template.yaml has no CodeUri of this project" in result.stderr


def test_a_serverless_project(tmp_path: Path) -> None:
    handlers = "def hello(event, context): ...\n\n\ndef bye(event, context): ...\n"
    write(tmp_path, {"serverless.yml": SERVERLESS, "handler.py": handlers})
    text = proposed(tmp_path)
    assert 'code = "."\nhandler = "handler.hello"\n' in text
    assert '.functions.bye]\nhandler = "handler.bye"\n' in text
    assert build(tmp_path).keys() == {"hello-lambda.zip", "bye-lambda.zip"}
    assert names_in(tmp_path, "bye-lambda.zip") == {"handler.py"}


SERVERLESS_FOLDERS = """
    provider: {name: aws, runtime: python3.13}
    functions:
      sibling: {handler: functions/sibling/handler.main}
      root: {handler: src/root.handler}
      between: {handler: ./src/handlers/between.handler}
      alone: {handler: jobs/my-jobs/alone.run}
      dotted: {handler: jobs.dotted.run}
      requiring: {handler: functions/requiring/handler.main}
      module: {handler: handler.main, module: functions/module}
      other: {handler: web/index.handler}
"""


def test_a_serverless_project_with_handlers_in_folders(tmp_path: Path) -> None:
    root = tmp_path / "project"
    files = {
        "functions/sibling/handler.py": "import json, util\ndef main(e, c): return util.X\n",
        "functions/sibling/util.py": "X = 1\n",
        "src/root.py": "from src.shared import X\ndef handler(e, c): return X\n",
        "src/shared.py": "X = 1\n",
        "src/handlers/between.py": "import shared\ndef handler(e, c): return shared.X\n",
        "jobs/my-jobs/alone.py": "def run(e, c): return 1\n",
        "jobs/dotted.py": "import jobs.other\ndef run(e, c): return 1\n",
        "jobs/other/__init__.py": "",
        "functions/requiring/handler.py": "def main(e, c): return 1\n",
        "functions/requiring/requirements.txt": "# none yet\n",
        "functions/module/handler.py": "def main(e, c): return 1\n",
    }
    write(root, {"serverless.yml": SERVERLESS_FOLDERS, **files})
    shown = invoke("init", root, "--write")
    assert shown.exit_code == 0, shown.stderr
    assert (
        "Not taken: other of serverless.yml has the handler web/index.handler, which"
        in shown.stderr
    )
    build(root)
    table = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    table = table["targets"]["lambda-zip"]
    places = {
        name: (function["code"], function.get("handler", table["handler"]))
        for name, function in table["functions"].items()
    }
    assert places == {
        "sibling": ("functions/sibling", "handler.main"),
        "root": (".", "src.root.handler"),
        "between": ("src", "handlers.between.handler"),
        "alone": ("jobs/my-jobs", "alone.run"),
        "dotted": (".", "jobs.dotted.run"),
        "requiring": ("functions/requiring", "handler.main"),
        "module": ("functions/module", "handler.main"),
    }
    for name, (_, handler) in places.items():
        assert call(root / f"dist/{name}-lambda.zip", handler, tmp_path / name) == "1\n"


def test_folders(tmp_path: Path) -> None:
    files = {f"src/{name}/main.py": HANDLER for name in ("one", "two", "three")}
    write(tmp_path, {**files, "src/common/util.py": "", "src/three/requirements.txt": "six\n"})
    text = proposed(tmp_path)
    assert 'function-directories = ["src/*", "!src/common"]\n' in text
    lock(tmp_path)
    assert build(tmp_path).keys() == {f"{name}-lambda.zip" for name in ("one", "two", "three")}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no handler was found in"),
        (
            {"template.yaml": "a: [", "app.py": HANDLER},
            "template.yaml, line 1, column",
        ),
        (
            {
                "app.py": HANDLER,
                "pyproject.toml": "[tool.hatch.build.targets.lambda-zip]\ncode = '.'\n",
            },
            "has the table [tool.hatch.build.targets.lambda-zip] already; change that",
        ),
        (
            {"app.py": HANDLER, "hatch.toml": "[build.targets.lambda-zip]\ncode = '.'\n"},
            "hatch.toml has a table lambda-zip already; change that",
        ),
        (
            {"app.py": HANDLER, "pyproject.toml": "tool = { black = { line-length = 90 } }\n"},
            "can't take the table at its end",
        ),
    ],
)
def test_what_can_not_be_proposed(tmp_path: Path, files: Mapping[str, str], message: str) -> None:
    write(tmp_path, files)
    result = invoke("init", tmp_path, "--write")
    assert result.exit_code == 1
    assert message in result.stderr


TERRAFORM = """
    data "archive_file" "api" {
      type        = "zip"
      source_dir  = "${path.module}/functions/api"
      output_path = "api.zip"
    }

    resource "aws_lambda_function" "api" {
      filename      = data.archive_file.api.output_path
      runtime       = "python3.12"
      architectures = ["arm64"]
      handler       = "app.lambda_handler"
    }

    resource "aws_lambda_function" "other" {
      filename = var.package
      runtime  = "python3.12"
      handler  = "app.lambda_handler"
    }
"""


def test_terraforms_files(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": TERRAFORM, "functions/api/app.py": HANDLER})
    result = invoke("init", tmp_path, "--write")
    assert result.exit_code == 0, result.stderr
    assert "Not taken: aws_lambda_function.other has no handler and source_dir" in result.stderr
    text = (tmp_path / "pyproject.toml").read_text()
    assert 'runtime = "python3.12"\narchitecture = "arm64"\ncode = "functions/api"\n' in text


def test_a_cdk_project(tmp_path: Path) -> None:
    app = "def main(): ...\n"
    files = {f"lambda/{name}/index.py": HANDLER for name in ("read", "write")}
    write(tmp_path, {**files, "app.py": app, "cdk.json": "{}"})
    result = invoke("init", tmp_path)
    assert '+function-directories = "lambda/*"\n' in result.stdout
    assert "Not taken: what CDK's stacks say of runtimes" in result.stderr


def test_sams_functions_in_several_directories(tmp_path: Path) -> None:
    template = """
        Resources:
          A:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: hello/, Handler: app.lambda_handler, Runtime: python3.12}
          B:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: bye/, Handler: main.lambda_handler, Runtime: python3.13}
          C: {Type: [AWS::Serverless::Function]}
          D: {Type: {Ref: Other}}
    """
    write(
        tmp_path,
        {"template.yaml": template, "hello/app.py": HANDLER, "bye/main.py": HANDLER, "docs/a": ""},
    )
    text = proposed(tmp_path)
    assert 'function-directories = ["bye", "hello"]\n' in text
    assert '.functions.bye]\nhandler = "main.lambda_handler"\nruntime = "python3.13"\n' in text
    assert build(tmp_path).keys() == {"hello-lambda.zip", "bye-lambda.zip"}


@pytest.mark.parametrize(
    "before",
    [
        "[tool.hatch.build.targets.wheel]\npackages = ['a'] # kept\n\n[tool.ruff]\nx = 1\n",
        "[project]\nname = 'a'  # kept\nversion = '1'\n",
        "[tool.black]\nl = 1\n\n[tool.hatch.envs.a]\nx = 'y'\n\n[build-system]\nrequires = []\n",
    ],
)
def test_the_file_keeps_its_formatting(before: str, tmp_path: Path) -> None:
    write(tmp_path, {"app.py": HANDLER})
    (tmp_path / "pyproject.toml").write_text(before)
    lines = proposed(tmp_path).splitlines()
    kept = [line for line in lines if line in before.splitlines()]
    assert list(filter(None, kept)) == list(filter(None, before.splitlines()))
    start = lines.index("[tool.hatch.build.targets.lambda-zip]")
    assert start == 0 or lines[start - 1] == ""
    following = [n for n, line in enumerate(lines) if n > start and line.startswith("[")]
    assert all(lines[number - 1] == "" for number in following)


def test_lines_end_as_they_did(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": HANDLER})
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b'[project]\r\nname = "a"\r\nversion = "1"\r\n')
    assert invoke("init", tmp_path, "--write").exit_code == 0
    content = path.read_bytes()
    assert content.startswith(b'[project]\r\nname = "a"\r\nversion = "1"\r\n')
    assert content.count(b"\n") == content.count(b"\r\n")


RUNNABLE = "import six\n\n\ndef lambda_handler(event, context):\n    return six.__version__\n"


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"lambda_function.py": RUNNABLE}, "lambda_function.lambda_handler"),
        ({"template.yaml": SAM, "hello_world/app.py": RUNNABLE}, "app.lambda_handler"),
        (
            {
                "serverless.yml": (
                    "provider: {runtime: python3.13}\n"
                    "functions: {hello: {handler: handler.lambda_handler}}\n"
                ),
                "handler.py": RUNNABLE,
            },
            "handler.lambda_handler",
        ),
    ],
    ids=["bare", "SAM", "Serverless"],
)
def test_what_was_proposed_runs(files: Mapping[str, str], handler: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    write(root, files)
    folder = next(iter((root / name).parent for name in files if name.endswith(".py")))
    write(folder, {"requirements.txt": "six\n"})
    proposed(root)
    lock(root)
    build(root)
    assert call(root / "dist/lambda.zip", handler, tmp_path / "task").startswith("1.")
