"""The function behind the queue."""

from __future__ import annotations

from typing import Any

from common import greeting


def handler(event: dict[str, Any], context: object) -> list[str]:
    """Greet everyone in a batch."""
    del context
    return [greeting(record["body"]) for record in event["Records"]]
