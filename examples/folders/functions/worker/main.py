"""Tells sizes."""

from __future__ import annotations

import humanize
from common.reply import reply


def handler(event: dict[str, int], _context: object) -> dict[str, object]:
    """Answer an invocation."""
    return reply(humanize.naturalsize(event.get("bytes", 0)))
