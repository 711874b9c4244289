"""A service that every way of calling is tried on."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal

from segue import App, Conflict, Request, Struct
from segue.services import Fault, Services


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Line(Struct):
    item: str
    count: int = 1


class Order(Struct):
    number: int
    lines: list[Line]
    note: str | None = None


class Shop:
    def __init__(self, name: str) -> None:
        self.name = name


def make() -> App:
    services = Services()

    @services.method(safe=True)
    async def add(a: int, b: int = 0) -> int:
        """The sum of two numbers."""
        return a + b

    @services.method("math.product", safe=True)
    def product(numbers: list[int]) -> int:
        result = 1
        for number in numbers:
            result *= number
        return result

    @services.method
    async def order(order: Order, size: Size = Size.SMALL) -> Order:
        order.note = size.value
        return order

    @services.method
    async def shift(day: date, at: datetime, price: Decimal, raw: bytes, cold: bool) -> list[str]:
        return [day.isoformat(), at.isoformat(), str(price), raw.decode(), str(cold)]

    @services.method
    async def nothing() -> None: ...

    @services.method
    async def anything(value: object) -> object:
        return value

    @services.method
    async def caller(request: Request, greeting: str) -> str:
        return f"{greeting} {request.headers['user-agent']}"

    @services.method
    async def closed() -> int:
        raise Fault(7, "the account is closed", {"since": 2020})

    @services.method
    async def taken() -> int:
        raise Conflict("taken already")

    @services.method
    async def broken() -> int:
        raise KeyError("secret")

    @services.method
    async def greet(shop: Shop, name: str) -> str:
        return f"{shop.name} greets {name}"

    app = App()
    app.provide(Shop, lambda: Shop("The tea shop"))
    app.include(services, at="/call")
    return app
