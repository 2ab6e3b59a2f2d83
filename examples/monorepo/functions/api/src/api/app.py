"""The function behind the API."""

from __future__ import annotations

from typing import Any

from common import greeting
from pydantic import BaseModel


class Request(BaseModel):
    """What a caller sends."""

    customer: str


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Greet the caller."""
    del context
    request = Request.model_validate_json(event["body"])
    return {"statusCode": 200, "body": greeting(request.customer)}
