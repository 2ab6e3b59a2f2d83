"""What comes of an invocation, whatever the process does that asks for the event."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from hatch_lambda_zip.cli import runtime_api
from hatch_lambda_zip.cli.runtime_api import Answer, RuntimeApi

CLIENT = """
import sys, time, urllib.request
base = f"http://{sys.argv[1]}/2018-06-01/runtime/"
def post(path, body):
    urllib.request.urlopen(base + path, data=body).read()
def take():
    global request, event
    with urllib.request.urlopen(base + "invocation/next") as response:
        request, event = response.headers["Lambda-Runtime-Aws-Request-Id"], response.read()
        return response.headers
def answer(body, how="response"):
    post(f"invocation/{request}/{how}", body)
"""


def invoke(script: str, *, timeout: float = 30, event: bytes = b'{"a": 1}') -> Answer:
    """Let a script be what asks."""
    api = RuntimeApi(event, "arn:aws:lambda:x", timeout)
    with api.serving():
        code = CLIENT + textwrap.dedent(script)
        with subprocess.Popen([sys.executable, "-c", code, api.address]) as process:
            try:
                return api.wait(process)
            finally:
                process.kill()


def test_an_answer() -> None:
    answer = invoke("time.sleep(0.05); take(); answer(event + b'!'); take()")
    assert (answer.payload, answer.is_error) == (b'{"a": 1}!', False)
    assert answer.init_seconds > 0.05


def test_what_the_context_is_made_of() -> None:
    script = """
        headers = take()
        left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
        answer(f"{0 < left <= 30} {headers['Lambda-Runtime-Invoked-Function-Arn']}".encode())
    """
    assert invoke(script).payload == b"True arn:aws:lambda:x"


def test_an_error_of_the_function() -> None:
    answer = invoke("""take(); answer(b'{"errorType": "KeyError"}', "error")""")
    assert (answer.payload, answer.is_error) == (b'{"errorType": "KeyError"}', True)


def test_an_error_while_it_gets_ready() -> None:
    answer = invoke("""post("init/error", b'{"errorType": "Runtime.ImportModuleError"}')""")
    assert (answer.payload, answer.is_error) == (
        b'{"errorType": "Runtime.ImportModuleError"}',
        True,
    )


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("sys.exit(7)", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
        ("take(); sys.exit(7)", "Runtime.ExitError", "exit status 7"),
        ("take(); import os; os.kill(os.getpid(), 9)", "Runtime.ExitError", "signal 9"),
        ("take(); time.sleep(60)", "Sandbox.Timedout", "Task timed out after 0.50 seconds"),
        (
            "take(); answer(b' ' * 6_291_557)",
            "Function.ResponseSizeTooLarge",
            "exceeded maximum allowed payload size (6291556 bytes)",
        ),
    ],
)
def test_what_lambda_itself_says(script: str, kind: str, message: str) -> None:
    answer = invoke(script, timeout=0.5 if "sleep" in script else 30)
    assert answer.is_error
    document = json.loads(answer.payload)
    assert document["errorType"] == kind
    assert message in document["errorMessage"]


def test_a_function_that_never_gets_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_api, "INIT_LIMIT", 0.2)
    answer = invoke("time.sleep(60)", timeout=0.1)
    assert b"Task timed out after 0.20 seconds" in answer.payload


def test_what_is_no_part_of_it() -> None:
    script = """
        import urllib.error
        take()
        codes = []
        for path in ("invocation/other/response", "restore/next"):
            try:
                post(path, b"{}")
            except urllib.error.HTTPError as error:
                codes.append(error.code)
        answer(str(codes).encode())
    """
    assert invoke(script).payload == b"[404, 404]"
