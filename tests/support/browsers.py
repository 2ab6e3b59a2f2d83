"""A browser, and what drives it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from tests.support.commands import missing, needed, run
from tests.support.shared import made_once

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return where a browser is; without one, see `missing`."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        missing("Chromium is not installed")
    return browser


def browser_modules(factory: pytest.TempPathFactory) -> Path:
    """Install what drives it once for all workers, and return a directory with node_modules."""
    npm = needed("npm")

    def install(directory: Path) -> None:
        directory.mkdir()
        words = ("install", "--no-audit", "--no-fund", "--prefix", directory)
        run([npm, *words, "axe-core@4", "playwright-core@1"], cwd=directory)

    return made_once(factory, "browser", install)
