"""Translates host names."""

from __future__ import annotations

import idna
from common.reply import reply


def handler(event: dict[str, str], _context: object) -> dict[str, object]:
    """Answer an invocation."""
    return reply(idna.encode(event.get("host", "bücher.example")).decode())
