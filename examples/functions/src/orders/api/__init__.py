"""Takes orders from API Gateway."""

from typing import Any

import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from orders.model import Order

logger = Logger(service="orders-api")
app = APIGatewayHttpResolver()


@app.post("/orders")
def take_order() -> Response:
    """Check an order and answer with its total."""
    order = Order.model_validate_json(app.current_event.body or "")
    logger.info("order taken", customer=order.customer)
    body = orjson.dumps({"customer": order.customer, "total": str(order.total)})
    return Response(status_code=201, content_type="application/json", body=body.decode())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a request."""
    return app.resolve(event, context)
