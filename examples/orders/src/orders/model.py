"""What an order is."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, Field


class Item(BaseModel):
    """One line of an order."""

    sku: str
    quantity: int = Field(gt=0)
    price: Decimal = Field(gt=0)


class Order(BaseModel):
    """An order as the shop sends it."""

    customer: str
    items: list[Item] = Field(min_length=1)

    @property
    def total(self) -> Decimal:
        """The price of all items."""
        return sum((item.quantity * item.price for item in self.items), Decimal())
