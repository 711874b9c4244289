"""Types that only the app's JSON codec knows: how the description tells of them, and plugins that bring some."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pydantic
import pytest

from segue import App, Body, JSONCodec, Query, Setup, Struct
from segue.formats import PydanticJSON
from segue.testing import Client

Described = Callable[..., dict[str, Any]]


class Money:
    def __init__(self, text: str) -> None:
        try:
            self.amount = Decimal(text)
        except ArithmeticError:
            raise ValueError(f"{text!r} is no amount") from None


class Price(Struct):
    of: str
    amount: Money


MONEY = {"type": "string", "format": "money"}


class Payments:
    """A plugin that brings a type."""

    name = "payments"

    def setup(self, to: Setup) -> None:
        to.json_type(Money, write=lambda money: f"{money.amount:.2f}", read=Money, schema=MONEY)


def shop(**options: Any) -> App:
    app = App("shop", **options)

    @app.post("/double")
    async def double(price: Price) -> Price:
        return Price(price.of, Money(str(price.amount.amount * 2)))

    @app.get("/free")
    async def free(by: Query[str] = "") -> list[Money]:
        return [Money("0")]

    return app


def test_a_plugin_brings_a_type_and_its_schema(described: Described) -> None:
    app, inner = shop(plugins=[Payments()]), App("inner")

    @inner.get("/price")
    async def price() -> Price:
        return Price("film", Money("3"))

    app.include(inner, at="/inner")
    document = described(app)
    assert document["components"]["schemas"]["Price"]["properties"]["amount"] == MONEY
    free = document["paths"]["/free"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert free == {"type": "array", "items": MONEY}
    with Client(app) as client:
        assert client.post("/double", json={"of": "film", "amount": "1.50"}).json() == {
            "of": "film",
            "amount": "3.00",
        }
        assert client.post("/double", json={"of": "film", "amount": "x"}).status == 422
        assert client.get("/inner/price").json()["amount"] == "3.00"


def test_what_the_app_says_of_a_type_stands_and_the_rest_of_its_codec_too() -> None:
    codec = JSONCodec(write={Money: lambda money: "mine"}, order="sorted", decimals="number")
    app = shop(plugins=[Payments()], json=codec)

    @app.get("/more")
    async def more() -> dict[str, Any]:
        return {"b": Decimal("1.5"), "a": Money("1")}

    with Client(app) as client:
        assert client.get("/more").text == '{"a":"mine","b":1.5}'
        assert client.post("/double", json={"of": "x", "amount": "1"}).status == 200
    assert codec.schema(Money) is None
    assert codec.extended(schemas={Money: MONEY}).schema(Money) == MONEY


def test_the_app_itself_may_say_it_and_a_copy_has_it_too() -> None:
    app = App()
    app.json_type(Money, write=str)

    @app.get("/")
    async def index() -> dict[str, Money]:
        return {}

    copy = app.copy("copy")
    copy.json_type(Price, write=lambda price: price.of)
    assert copy.json.writes(Money)
    assert copy.json.writes(Price)
    assert not app.json.writes(Price)


class Label(pydantic.BaseModel):
    text: str


class Film(pydantic.BaseModel):
    title: str = pydantic.Field(max_length=80)
    labels: list[Label] = []


def test_models_of_pydantic_are_described_with_what_they_refer_to(described: Described) -> None:
    app = App(json=PydanticJSON())

    @app.post("/films")
    async def add(film: Body[Film]) -> Film:
        return film

    document = described(app)
    body = document["paths"]["/films"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["title"] == {"maxLength": 80, "title": "Title", "type": "string"}
    assert body["properties"]["labels"]["items"] == {"$ref": "#/components/schemas/Label"}
    assert document["components"]["schemas"]["Label"]["required"] == ["text"]


@pytest.mark.parametrize("own", [JSONCodec(), PydanticJSON()])
def test_a_type_that_nobody_describes_is_anything(described: Described, own: JSONCodec) -> None:
    app = App(json=own.extended(write={Money: str}))

    @app.get("/")
    async def index() -> dict[str, Money]:
        return {}

    answer = described(app)["paths"]["/"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {"type": "object", "additionalProperties": {}}
