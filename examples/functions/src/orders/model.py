"""What an order is."""

from decimal import Decimal

from pydantic import BaseModel, PositiveInt


class Item(BaseModel):
    """One line of an order."""

    sku: str
    quantity: PositiveInt
    price: Decimal


class Order(BaseModel):
    """An order."""

    customer: str
    items: list[Item]

    @property
    def total(self) -> Decimal:
        """The sum of all lines."""
        return sum((item.price * item.quantity for item in self.items), Decimal())
