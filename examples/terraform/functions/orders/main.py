"""Takes orders."""

import json

import idna


def handler(event: dict[str, str], _context: object) -> dict[str, object]:
    """Answer a request with where its order is sent to."""
    order = json.loads(event.get("body") or "{}")
    host = idna.encode(order.get("host", "bücher.example")).decode()
    return {"statusCode": 201, "body": json.dumps({"host": host})}
