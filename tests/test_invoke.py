"""``hatch-lambda-zip invoke``: zips under AWS's own runtime client, as on Lambda."""

from __future__ import annotations

import json
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import CHECKOUT, clean_environment
from tests.support.examples import EVENTS, MACHINE, example
from tests.support.loose import invoke, write
from tests.support.processes import comes_true, number_in, runs

pytestmark = [
    pytest.mark.shared_cache,
    pytest.mark.skipif(sys.platform != "linux", reason="functions run on Linux"),
]

TABLE = f"""
[tool.hatch.build.targets.lambda-zip]
runtime = "python3.{sys.version_info.minor}"
architecture = "{MACHINE}"
code = "."
handler = "main.handler"
"""


def loose(root: Path, source: str, table: str = TABLE) -> Path:
    write(root, {"pyproject.toml": table, "main.py": source})
    return root


def test_a_function_with_its_layer_answers(tmp_path: Path) -> None:
    project = example("terraform", tmp_path)
    result = invoke("invoke", "orders", "-p", project, "--event", EVENTS / "http-api.json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer == {"statusCode": 201, "body": '{"host": "xn--mnchen-3ya.example"}'}
    assert re.search(r"orders: init \d+ ms, then \d+ ms, answered", result.stderr)
    assert (project / "dist/orders-lambda.zip").is_file()


@pytest.mark.slow
def test_a_function_sees_what_lambda_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
        import importlib.util, logging, os, sys

        logging.getLogger().setLevel("INFO")

        def handler(event, context):
            print("printed")
            logging.info("logged")
            import boto3  # as on Lambda
            return {
                "variables": sorted(os.environ),
                "given": os.environ["GIVEN"],
                "here": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"] == sys.path[0],
                "name": context.function_name,
                "arn": context.invoked_function_arn,
                "in time": 0 < context.get_remaining_time_in_millis() <= 3000,
                "click": importlib.util.find_spec("click") is not None,
            }
        """
    loose(tmp_path, source)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    result = invoke("invoke", "-p", tmp_path, "-e", "GIVEN=x=y", "-e", "HOME", "-q")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert {"AWS_LAMBDA_FUNCTION_NAME", "GIVEN", "HOME", "TZ"} <= {*answer.pop("variables")}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:lambda"
    assert answer == {
        "given": "x=y",
        "here": True,
        "name": "lambda",
        "arn": arn,
        "in time": True,
        "click": False,  # it is a dependency of the command, and not of the function
    }
    assert re.search(r"^printed\n\[INFO\]\t.*\tlogged$", result.stderr, re.MULTILINE)


@pytest.mark.slow
def test_errors_are_lambdas(tmp_path: Path) -> None:
    loose(tmp_path, "def handler(event, context):\n    return event['missing']\n")
    result = invoke("invoke", "-p", tmp_path)
    assert result.exit_code == 1
    error = json.loads(result.stdout)
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'missing'")
    assert "[ERROR] KeyError: 'missing'\nTraceback (most recent call last):\n" in result.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_function_ends_with_the_command(number: signal.Signals, tmp_path: Path) -> None:
    source = """
        import os, pathlib, time

        def handler(event, context):
            pathlib.Path(os.environ["NUMBER"]).write_text(f"{os.getpid()}\\n")
            time.sleep(600)
        """
    loose(tmp_path, source)
    words: list[str | Path] = [
        "-p",
        tmp_path,
        "-e",
        f"NUMBER={tmp_path / 'number'}",
        "--timeout",
        "60",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "hatch_lambda_zip", "invoke", *words], env=clean_environment()
    ) as command:
        function = number_in(tmp_path / "number")
        command.send_signal(number)
    assert comes_true(lambda: not runs(function))


@pytest.mark.exhaustive
def test_code_without_source(tmp_path: Path) -> None:
    release = platform.python_version()
    compiled = f'bytecode = "compile"\nbytecode-python = "{release}"\nsource = "omit"\n'
    loose(tmp_path, "def handler(event, context):\n    return event\n", TABLE + compiled)
    write(tmp_path, {"event.json": '["é"]'})
    result = invoke("invoke", "-p", tmp_path, "--event", tmp_path / "event.json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, ["é"]), result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--event", "{root}/main.py"], "main.py is not JSON"),
        (["-e", "NOT_SET_HERE"], "NOT_SET_HERE is not set here; write NOT_SET_HERE=VALUE"),
        (["-e", "=x"], "has no name"),
        ([], "Which FUNCTION? One of api, worker."),
    ],
)
def test_wrong_usage(words: list[str], message: str, tmp_path: Path) -> None:
    two = "functions = { api = {}, worker = {} }\n"
    loose(tmp_path, "def handler(*_): ...\n", TABLE + two)
    result = invoke("invoke", "-p", tmp_path, *(word.format(root=tmp_path) for word in words))
    assert result.exit_code == 2, result.output
    assert message in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ((f'"{MACHINE}"', '"other"'), [], "can't run on this machine"),
        (('handler = "main.handler"\n', ""), [], ".handler: is missing"),
        (('code = "."', 'code = "."\nlayers.more = {}'), ["more"], "more is a layer"),
        (('code = "."', 'code = "."'), ["mian"], "the function 'mian' is not one of lambda"),
    ],
)
def test_what_can_not_be_invoked(
    change: tuple[str, str], words: list[str], message: str, tmp_path: Path
) -> None:
    other = "arm64" if MACHINE == "x86_64" else "x86_64"
    loose(
        tmp_path,
        "def handler(*_): ...\n",
        TABLE.replace(change[0], change[1].replace("other", other)),
    )
    result = invoke("invoke", *words, "-p", tmp_path)
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert not (tmp_path / "dist").exists()
