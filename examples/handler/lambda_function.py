"""Tells which release of a library the function runs with."""

from __future__ import annotations

import requests


def handler(event: dict[str, object], _context: object) -> dict[str, object]:
    """Answer an invocation."""
    return {"requests": requests.__version__, "event": event}
