"""What all functions answer with."""

from __future__ import annotations


def reply(text: str) -> dict[str, object]:
    """Return an answer for API Gateway."""
    return {"statusCode": 200, "body": text}
