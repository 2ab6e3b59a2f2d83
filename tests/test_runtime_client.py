"""The examples' zips under AWS's runtime client, with events of API Gateway, SQS and S3."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from hatch_lambda_zip.build import Workspace
from hatch_lambda_zip.cli.console import Console
from hatch_lambda_zip.cli.execution import Execution, invoke_once
from hatch_lambda_zip.cli.project import open_project
from hatch_lambda_zip.cli.unpack import extract
from hatch_lambda_zip.config import file_name
from tests.support.commands import missing
from tests.support.examples import EVENTS, EXAMPLES, example
from tests.support.interpreters import arm_python, interpreters, version_of
from tests.support.loose import invoke
from tests.support.tools import arm_runtime_client

pytestmark = [
    pytest.mark.shared_cache,
    pytest.mark.exhaustive,
    pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux"),
]

TOTAL: Final = '"total":"4.50"'
# By example and function, the event that it is given and what is in its answer.
ANSWERS: Final = {
    "aws-cli": {"api": ("http-api", "Thank you, ada."), "files": ("s3", '["1.2 MB"]')},
    "beside": {"api": ("http-api", '"shop"'), "mail": ("sqs", '"shop!"')},
    "cdk": {"hello": ("http-api", '"hello"'), "bye": ("sqs", '"bye"')},
    "cdk-typescript": {"api": ("http-api", "Thank you, ada."), "files": ("s3", '["1.2 MB"]')},
    "cloudformation": {"api": ("http-api", "Thank you, ada."), "files": ("s3", '["1.2 MB"]')},
    "extension": {"lambda": ("http-api", '"1"')},
    "fastapi": {"lambda": ("http-api", '"statusCode": 404')},
    "folders": {"api": ("http-api", "xn--"), "worker": ("http-api", '"body": "0 Bytes"')},
    "functions": {"api": ("http-api", TOTAL), "worker": ("sqs", '"sent": 1')},
    "groups": {"api": ("http-api", "xn--"), "worker": ("sqs", '"1.')},
    "handler": {"lambda": ("s3", '"key": "orders/2026-11-01+m%C3%BCnchen.csv"')},
    "imported": {"api": ("http-api", "hello, api"), "cron": ("sqs", "hello, cron")},
    "layers": {"lambda": ("http-api", "!")},
    "loose-layer": {"api": ("http-api", '"tools"')},
    "monorepo/functions/api": {"lambda": ("http-api", "Hello ada, 1,000,000 times")},
    "monorepo/functions/worker": {"lambda": ("sqs", '["Hello {')},
    "orders": {"lambda": ("http-api", TOTAL)},
    "poetry": {"lambda": ("http-api", '"a"')},
    "pulumi": {"api": ("http-api", "Thank you, ada."), "files": ("s3", '["1.2 MB"]')},
    "requirements-layer": {"api": ("http-api", '"1"'), "mail": ("sqs", '"2"')},
    "sam": {"order": ("http-api", '"order1"'), "pay": ("sqs", '"pay1"')},
    "serverless": {"api": ("http-api", "Thank you, ada."), "files": ("s3", '["1.2 MB"]')},
    "terraform": {"invoices": ("sqs", "1,234,567"), "orders": ("http-api", "xn--mnchen-3ya")},
    "uv-build": {"lambda": ("http-api", '"1"')},
    "workspace": {"api": ("http-api", '"a"'), "worker": ("sqs", '"1"')},
}
# A function with its layer, one without, and each kind of event.
SAMPLE: Final = (("terraform", "orders"), ("terraform", "invoices"), ("aws-cli", "files"))
VARIABLES: Final = {"REHEARSAL": "1", "POWERTOOLS_SERVICE_NAME": "orders"}
MINORS: Final = (10, 11, 12, 13, 14)
ARM_RUNTIME: Final = "python3.11"


def python_of(minor: int) -> tuple[str, str]:
    """Return a CPython of a minor version, and its release."""
    releases = {python: (version_of(python) or "").split()[0] for python in interpreters()}
    found = [(it, release) for it, release in releases.items() if release.startswith(f"3.{minor}.")]
    return found[0] if found else missing(f"CPython 3.{minor} is not here")


def answer(project: Path, name: str, function: str, *words: str | Path) -> str:
    event, _ = ANSWERS[name][function]
    variables = [f"-e{name}={value}" for name, value in VARIABLES.items()]
    file = EVENTS / f"{event}.json"
    result = invoke("invoke", function, "-p", project, "--event", file, *variables, *words)
    assert result.exit_code == 0, result.output
    return result.stdout.replace("\\", "")


def test_each_example_is_here() -> None:
    here = {name.split("/")[0] for name in ANSWERS}
    assert here == {path.parent.name for path in EXAMPLES.glob("*/pyproject.toml")}


@pytest.mark.parametrize(
    ("name", "function"),
    [(name, function) for name, functions in ANSWERS.items() for function in functions],
)
def test_the_examples_answer(name: str, function: str, tmp_path: Path) -> None:
    root, _, member = name.partition("/")
    project = example(root, tmp_path) / member
    assert ANSWERS[name][function][1] in answer(project, name, function)


def sourceless(project: Path, python: str, release: str) -> None:
    """Have an example ship bytecode alone, compiled by a CPython of a release."""
    options = {
        "bytecode": "compile",
        "bytecode-python": release,
        "bytecode-python-path": python,
        "source": "omit",
    }
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items())
    file = project / "pyproject.toml"
    table = re.sub('(?m)^(runtime = ".*"\n)', rf"\1{lines}", file.read_text(encoding="utf-8"))
    file.write_text(table, encoding="utf-8")


def has_source(zipped: Path) -> bool:
    with zipfile.ZipFile(zipped) as archive:
        return any(name.endswith(".py") for name in archive.namelist())


@pytest.mark.parametrize("source", ["keep", "omit"])
@pytest.mark.parametrize(("name", "function"), SAMPLE)
@pytest.mark.parametrize("minor", MINORS)
def test_they_answer_on_each_runtime(
    minor: int, name: str, function: str, source: str, tmp_path: Path
) -> None:
    python, release = python_of(minor)
    project = example(name, tmp_path, f"python3.{minor}")
    if source == "omit":
        sourceless(project, python, release)
    assert ANSWERS[name][function][1] in answer(project, name, function, "--python", python)
    assert has_source(project / f"dist/{function}-lambda.zip") is (source == "keep")


@pytest.mark.parametrize("source", ["keep", "omit"])
@pytest.mark.parametrize(("name", "function"), [*SAMPLE, ("orders", "lambda")])
def test_they_answer_on_arm64(name: str, function: str, source: str, tmp_path: Path) -> None:
    python = arm_python()
    if python is None:
        missing("CPython 3.11 for 64-bit ARM is not here")
    project = example(name, tmp_path, ARM_RUNTIME, "arm64")
    if source == "omit":
        sourceless(project, *python_of(11))
    result = invoke("build", project)
    assert result.exit_code == 0, result.output

    with open_project(project, Console(-2)) as opened:
        config = opened.builder.lambda_config
        artifact = next(it for it in config.artifacts if it.name == function)
        task, *layers = (
            project / "dist" / file_name(it, opened.builder.project)
            for it in (artifact, *config.layers_of(artifact))
        )
    assert has_source(task) is (source == "keep")
    extract(task, tmp_path / "task")
    (tmp_path / "opt").mkdir()
    for layer in layers:
        extract(layer, tmp_path / "opt")
    event, expected = ANSWERS[name][function]
    # It has no environment of its own, so what the runtime has comes last on the path.
    path = f"{tmp_path / 'opt/python'}:{arm_runtime_client()}"
    log: list[str] = []
    with Workspace() as workspace:
        answered = invoke_once(
            artifact,
            Execution(python, tmp_path / "task", tmp_path / "opt"),
            (EVENTS / f"{event}.json").read_bytes(),
            timeout=300,
            variables={**VARIABLES, "PYTHONPATH": path},
            log=log.append,
            watcher=workspace.watcher,
        )
    assert not answered.is_error, (answered.payload, log)
    assert expected in answered.payload.decode().replace("\\", "")
