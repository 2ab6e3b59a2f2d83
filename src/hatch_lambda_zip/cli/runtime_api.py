"""Lambda's Runtime API on the loopback, for one invocation: what the runtime client talks to.

AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes" (version 2018-06-01).
"""

from __future__ import annotations

import contextlib
import http.server
import json
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hatch_lambda_zip.process.one_thread import start_thread

_PREFIX: Final = "/2018-06-01/runtime"
_LARGEST: Final = 6_291_556  # bytes of an answer: AWS's quota for synchronous invocations
INIT_LIMIT: Final = 10.0  # seconds that Lambda gives a function to get ready

# What is told by the threads that serve: the kinds of what can happen.
_READY: Final = "ready"
_ANSWERED: Final = "answered"
_FAILED: Final = "failed"
_ENDED: Final = "ended"


@dataclass(frozen=True)
class Answer:
    """What came of an invocation.

    Attributes:
        payload: what whoever invoked the function gets: JSON, mostly.
        is_error: whether the function failed.
        init_seconds: from the start of the process until the function was ready.
        seconds: from then to the answer.
    """

    payload: bytes
    is_error: bool
    init_seconds: float
    seconds: float


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: the client is ended when it has answered, in the middle of a request."""


class RuntimeApi:
    """What hands out one event, and takes the answer.

    Attributes:
        request_id: of the invocation.
        address: host and port, as ``AWS_LAMBDA_RUNTIME_API`` has them.
    """

    def __init__(self, event: bytes, arn: str, timeout: float) -> None:
        """Prepare the invocation.

        Args:
            event: JSON.
            arn: of the function.
            timeout: seconds that it has for an answer.
        """
        self.request_id = str(uuid.uuid4())
        self.address = ""
        self._event = event
        self._arn = arn
        self._timeout = timeout
        self._happened: queue.Queue[tuple[str, bytes, float]] = queue.Queue()
        self._is_taken = False
        self._over = threading.Event()

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        """Serve it."""
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.hand_out(self)

            def do_POST(self) -> None:
                api.take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing: the log is the function's."""

        with _Server(("127.0.0.1", 0), Handler) as server:
            self.address = f"127.0.0.1:{server.server_address[1]}"
            thread = start_thread(server.serve_forever, 0.05)
            try:
                yield
            finally:
                self._over.set()
                server.shutdown()
                thread.join()

    def wait(self, process: subprocess.Popen[bytes]) -> Answer:
        """Wait for what comes of the invocation, which is over then, however it went."""
        started = time.monotonic()

        def tell_end() -> None:
            code = process.wait()
            how = f"exit status {code}" if code >= 0 else f"signal {-code}"
            self._tell(_ENDED, how.encode())

        start_thread(tell_end)
        kind, payload, ready = self._next(max(INIT_LIMIT, self._timeout))
        if kind != _READY:
            return self._answer(kind, payload, ready - started, 0.0)
        kind, payload, done = self._next(self._timeout)
        return self._answer(kind, payload, ready - started, done - ready)

    def hand_out(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Give the runtime client the event; when it asks for another one, let it wait."""
        if request.path != f"{_PREFIX}/invocation/next":
            request.send_error(404)
            return
        if self._is_taken:
            self._over.wait()
            return
        self._is_taken = True
        deadline = int((time.time() + self._timeout) * 1000)
        self._tell(_READY)
        _reply(
            request,
            200,
            self._event,
            {
                "Lambda-Runtime-Aws-Request-Id": self.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": self._arn,
                "Lambda-Runtime-Trace-Id": "",
            },
        )

    def take(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Take an answer, or an error."""
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        kinds = {
            f"{_PREFIX}/invocation/{self.request_id}/response": _ANSWERED,
            f"{_PREFIX}/invocation/{self.request_id}/error": _FAILED,
            f"{_PREFIX}/init/error": _FAILED,
        }
        if request.path not in kinds:
            request.send_error(404)
            return
        kind = kinds[request.path]
        if len(body) > _LARGEST:
            kind = _FAILED
            body = _error(
                "Function.ResponseSizeTooLarge",
                f"Response payload size exceeded maximum allowed payload size ({_LARGEST} bytes).",
            )
        self._tell(kind, body)
        _reply(request, 202, b'{"status":"OK"}\n')

    def _next(self, seconds: float) -> tuple[str, bytes, float]:
        try:
            return self._happened.get(timeout=seconds)
        except queue.Empty:
            message = (
                f"RequestId: {self.request_id} Error: Task timed out after {seconds:.2f} seconds"
            )
            return _FAILED, _error("Sandbox.Timedout", message), time.monotonic()

    def _answer(self, kind: str, payload: bytes, init: float, seconds: float) -> Answer:
        if kind == _ENDED:
            why = f"Runtime exited with error: {payload.decode()}"
            payload = _error("Runtime.ExitError", f"RequestId: {self.request_id} Error: {why}")
        return Answer(payload, kind != _ANSWERED, init, seconds)

    def _tell(self, kind: str, payload: bytes = b"") -> None:
        self._happened.put((kind, payload, time.monotonic()))


def _error(kind: str, message: str) -> bytes:
    """Return an error as Lambda itself has it."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _reply(
    request: http.server.BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: dict[str, str] | None = None,
) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
