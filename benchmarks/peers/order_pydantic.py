"""The order of ``POST /order`` for frameworks that validate with pydantic, or bring no validation of their own."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Name = Annotated[str, Field(min_length=1, max_length=80)]
Cents = Annotated[int, Field(ge=0)]


class Order(BaseModel):
    id: int
    customer: Name
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=120)]
    street: Name
    city: Name
    postcode: Annotated[str, Field(min_length=3, max_length=10)]
    country: Annotated[str, Field(min_length=2, max_length=2)]
    phone: str | None
    currency: Literal["EUR", "USD", "GBP"]
    net: Cents
    tax: Cents
    discount: Annotated[float, Field(ge=0, le=1)]
    paid: bool
    express: bool
    gift: bool
    note: str
    tags: list[str]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    weight: Annotated[float, Field(gt=0)]
    channel: Literal["web", "shop", "phone"]
