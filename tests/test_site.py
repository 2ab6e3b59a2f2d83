"""The documentation's site in a browser, on a wide screen and a narrow one."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browsers import browser_modules, chromium
from tests.support.commands import CHECKOUT, UV, needed, run

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytestmark = pytest.mark.exhaustive

SCRIPT = Path(__file__).parent / "browser/site.mjs"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(directory: Path) -> Iterator[str]:
    """Serve a directory on this machine, and yield its address."""
    handler = functools.partial(Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_site_asks_nobody_fits_and_is_searched(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    modules, browser = browser_modules(tmp_path_factory), chromium()
    shutil.copytree(CHECKOUT / "docs", tmp_path / "docs")
    for name in ("CHANGELOG.md", "zensical.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    (pin,) = project["dependency-groups"]["docs"]
    run([UV, "tool", "run", "--from", pin, "zensical", "build", "--strict"], cwd=tmp_path)
    site = tmp_path / "site"
    pages = [str(page.parent.relative_to(site)) for page in site.rglob("index.html")]
    assert len(pages) > 40
    with served(site) as address:
        result = run([needed("node"), SCRIPT, modules, browser, address, *pages], cwd=tmp_path)
    seen = json.loads(result.stdout)
    assert seen["trouble"] == []
    assert seen["wide"] == []
    assert {*seen["found"].values()} == {"/troubleshooting/"}
