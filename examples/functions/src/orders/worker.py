"""Sends orders from SQS to the warehouse, and keeps a copy in S3 if there is a bucket."""

import os
import tomllib
from pathlib import Path
from typing import Any

import requests

from orders.model import Order

# `include-files` puts it into the root of the zip.
ROOT = Path(os.environ.get("LAMBDA_TASK_ROOT", Path(__file__).parents[1]))
CONFIG = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Work through a batch of messages."""
    del context
    orders = [Order.model_validate_json(record["body"]) for record in event["Records"]]
    for order in orders:
        send(order)
        if bucket := os.environ.get("ARCHIVE_BUCKET"):
            archive(order, bucket)
    return {"sent": len(orders), "webhook": CONFIG["archive"]["webhook"]}


def send(order: Order) -> None:
    """Tell the warehouse, unless this is a rehearsal."""
    request = requests.Request(
        "POST", CONFIG["archive"]["webhook"], json=order.model_dump(mode="json")
    )
    prepared = request.prepare()
    if "REHEARSAL" not in os.environ:
        with requests.Session() as session:
            session.send(prepared, timeout=10).raise_for_status()


def archive(order: Order, bucket: str) -> None:
    """Keep a copy; boto3 is not in the zip, but Lambda's runtime has it."""
    import boto3

    boto3.client("s3").put_object(
        Bucket=bucket, Key=f"{order.customer}.json", Body=order.model_dump_json().encode()
    )
