"""Writes invoices for a queue."""

import json

import humanize


def handler(event: dict[str, list[dict[str, str]]], _context: object) -> list[str]:
    """Say what the order in each message comes to."""
    orders = [json.loads(record["body"]) for record in event["Records"]]
    return [f"{humanize.intcomma(order['total'])} €" for order in orders]
