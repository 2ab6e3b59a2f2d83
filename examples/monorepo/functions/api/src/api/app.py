"""The function behind the API."""

from __future__ import annotations

from typing import Any

from common import greeting
from pydantic import BaseModel


class Request(BaseModel):
    """What a caller sends."""

    name: str


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Greet the caller."""
    del context
    return {"statusCode": 200, "body": greeting(Request.model_validate(event).name)}
