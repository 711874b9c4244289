"""The order of ``POST /order`` for frameworks that validate with msgspec."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=80)]
Cents = Annotated[int, Meta(ge=0)]


class Order(Struct):
    id: int
    customer: Name
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=120)]
    street: Name
    city: Name
    postcode: Annotated[str, Meta(min_length=3, max_length=10)]
    country: Annotated[str, Meta(min_length=2, max_length=2)]
    phone: str | None
    currency: Literal["EUR", "USD", "GBP"]
    net: Cents
    tax: Cents
    discount: Annotated[float, Meta(ge=0, le=1)]
    paid: bool
    express: bool
    gift: bool
    note: str
    tags: list[str]
    quantity: Annotated[int, Meta(ge=1, le=1000)]
    weight: Annotated[float, Meta(gt=0)]
    channel: Literal["web", "shop", "phone"]
