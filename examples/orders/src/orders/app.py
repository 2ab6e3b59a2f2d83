"""The Lambda function: POST /orders and GET /health."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import orjson
import requests
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from pydantic import ValidationError

from orders.model import Order

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

app = APIGatewayHttpResolver()
session = requests.Session()  # kept between invocations


def _json(status: int, body: dict[str, Any]) -> Response[str]:
    return Response(status, "application/json", orjson.dumps(body).decode())


@app.post("/orders")
def create_order() -> Response[str]:
    """Take an order and answer with its total."""
    try:
        order = Order.model_validate_json(app.current_event.body or "")
    except ValidationError as error:
        return _json(422, {"errors": error.errors(include_url=False, include_context=False)})
    return _json(201, {"customer": order.customer, "total": str(order.total)})


@app.get("/health")
def health() -> Response[str]:
    """Tell which version runs."""
    return _json(200, {"version": version("orders"), "client": session.headers["User-Agent"]})


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of API Gateway."""
    return app.resolve(event, context)
