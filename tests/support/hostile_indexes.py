"""Servers that do not do what a lock expects of them."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.support.hostile import World, pylock
from tests.support.hostile_wheels import NAME, wheel

_WHEEL: Final = wheel()
_PAGE: Final = f'<!DOCTYPE html><a href="{NAME}">{NAME}</a>'.encode()


class Server(http.server.ThreadingHTTPServer):
    """A server on this machine, which can be told to end what it is doing."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer: Callable[[Handler], object]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.over = threading.Event()
        self.asked: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    """Lets the server's function answer."""

    server: Server

    def do_GET(self) -> None:
        """Answer."""
        self.server.asked.append(self.path)
        with contextlib.suppress(OSError):  # who asked has gone
            self.server.answer(self)

    do_HEAD = do_GET  # noqa: N815 - as the base class wants it

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def give(
        self,
        content: bytes = b"",
        status: int = 200,
        kind: str = "application/octet-stream",
        **headers: str,
    ) -> None:
        """Answer with some content; in headers ``_`` stands for ``-``."""
        self.send_response(status)
        headers = {"Content_Length": str(len(content)), "Content_Type": kind, **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def stall(self) -> None:
        """Wait until the test is over."""
        self.server.over.wait(60)


@contextlib.contextmanager
def answering(answer: Callable[[Handler], object]) -> Iterator[Server]:
    """Run a server."""
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@dataclass(frozen=True)
class Index:
    """A hostile server.

    Attributes:
        name: of the case.
        answer: what it does with a request.
        is_page: whether a page names the wheel (and a requirements.txt the page), or a lock does.
        timeout: seconds that uv gets.
    """

    name: str
    answer: Callable[[Handler], object]
    is_page: bool = False
    timeout: str = "60"

    @property
    def variables(self) -> dict[str, str]:
        """What keeps uv from trying for long."""
        return {
            "HATCH_LAMBDA_ZIP_TIMEOUT": self.timeout,
            "UV_HTTP_TIMEOUT": "2",
            "UV_HTTP_RETRIES": "0",
        }

    def prepare(self, world: World, url: str) -> None:
        """Write the lock that names the server."""
        if self.is_page:
            world.project.configure(lock="requirements.txt")
        digest = hashlib.sha256(_WHEEL).hexdigest()
        if self.is_page:
            (world.app / "requirements.txt").write_text(
                f"--index-url {url}/simple\ncarrier==1.0 --hash=sha256:{digest}\n"
            )
            return
        pylock(
            world,
            'name = "carrier"\nversion = "1.0"\n'
            f'wheels = [{{ url = "{url}/{NAME}", hashes = {{ sha256 = "{digest}" }} }}]',
        )


def _status(status: int, **headers: str) -> Callable[[Handler], object]:
    return lambda handler: handler.give(b"no", status, **headers)


def _page(content: bytes = _PAGE, kind: str = "text/html") -> Callable[[Handler], object]:
    """Give a page, and the right wheel where that is asked for."""

    def answer(handler: Handler) -> None:
        if handler.path.endswith(".whl"):
            handler.give(_WHEEL)
        else:
            handler.give(content, kind=kind)

    return answer


def _other_host(handler: Handler) -> None:
    """Send whoever comes by address to the same server by name."""
    port = handler.server.server_address[1]
    if handler.headers.get("Host", "").startswith("127."):
        handler.give(status=302, Location=f"http://localhost:{port}{handler.path}")
    else:
        handler.give(_WHEEL)


def _trickle(handler: Handler) -> None:
    """Never end: a byte now and then."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.2):
        handler.wfile.write(b"P")
        handler.wfile.flush()


def _endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    until = time.monotonic() + 60
    while not handler.server.over.is_set() and time.monotonic() < until:
        handler.wfile.write(bytes(1 << 16))


def _half(handler: Handler) -> None:
    handler.give(_WHEEL[: len(_WHEEL) // 2], Content_Length=str(len(_WHEEL)))
    handler.close_connection = True


def _no_http(handler: Handler) -> None:
    handler.wfile.write(b"\x16\x03\x01 not HTTP\r\n\r\n")
    handler.close_connection = True


def _credentials(handler: Handler) -> None:
    handler.give(b"", 401, WWW_Authenticate='Basic realm="private"')


INDEXES: Final = (
    Index("right", lambda handler: handler.give(_WHEEL)),
    Index("500", _status(500)),
    Index("503-later", _status(503, Retry_After="86400")),
    Index("404", _status(404)),
    Index("403", _status(403)),
    Index("401", _credentials),
    Index("429", _status(429, Retry_After="86400")),
    Index("204", _status(204)),
    Index("status-999", _status(999)),
    Index("stalls", Handler.stall),
    Index("stalls-beyond-our-time", _trickle, timeout="3"),
    Index("truncates", _half),
    Index("redirects-to-another-host", _other_host),
    Index("redirects-for-ever", lambda h: h.give(status=302, Location=h.path)),
    Index("redirects-to-a-file", _status(302, Location="file:///etc/passwd")),
    Index("redirects-to-nothing", _status(302, Location="http://")),
    Index("redirects-to-nobody", _status(302, Location="http://127.0.0.1:1/x.whl")),
    Index("another-wheel", lambda h: h.give(wheel(points="[a]\nb = c\n"))),
    Index("a-sign-in-page", lambda h: h.give(b"<html>Sign in</html>", kind="text/html")),
    Index("nothing", lambda h: h.give(b"")),
    Index("wrong-length", lambda h: h.give(_WHEEL, Content_Length="99999999")),
    Index("wrong-coding", lambda h: h.give(_WHEEL, Content_Encoding="gzip")),
    Index("no-http", _no_http),
    Index("headers-with-escapes", _status(500, X_Note="\x1b[2J\x1b]0;title\x07")),
    Index("page-right", _page(), is_page=True),
    Index("page-404", _status(404), is_page=True),
    Index("page-401", _credentials, is_page=True),
    Index("page-500", _status(500), is_page=True),
    Index("page-empty", _page(b""), is_page=True),
    Index("page-bytes", _page(bytes(range(256)) * 50), is_page=True),
    Index("page-of-another", _page(_PAGE.replace(b"carrier", b"other")), is_page=True),
    Index(
        "page-with-another-hash",
        _page(_PAGE.replace(b'.whl"', b".whl#sha256=" + b"0" * 64 + b'"')),
        is_page=True,
    ),
    Index(
        "page-yanked", _page(_PAGE.replace(b"<a ", b'<a data-yanked="evil \x1b[2J" ')), is_page=True
    ),
    Index(
        "page-for-later-pythons",
        _page(_PAGE.replace(b"<a ", b'<a data-requires-python="&gt;=9" ')),
        is_page=True,
    ),
    Index("page-of-files", _page(_PAGE.replace(b'href="', b'href="file:///etc/')), is_page=True),
    Index(
        "page-of-scripts",
        _page(_PAGE.replace(b'href="', b'href="javascript:alert(1)//')),
        is_page=True,
    ),
    Index("page-that-climbs", _page(_PAGE.replace(b'href="', b'href="../../../../')), is_page=True),
    Index(
        "page-of-json", _page(b'{"files": 5', "application/vnd.pypi.simple.v1+json"), is_page=True
    ),
    Index(
        "page-of-nested-json",
        _page(b"[" * 100_000, "application/vnd.pypi.simple.v1+json"),
        is_page=True,
    ),
    Index("page-of-ten-megabytes", _page(b"<a>x</a>" * 1_300_000), is_page=True),
    Index("page-endless", _endless, is_page=True, timeout="5"),
)
