"""How an app reads and writes JSON."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest

from segue import App, Body, JSONCodec, JSONLines, Request, Struct, WebSocket
from segue.testing import Client


class Money:
    def __init__(self, cents: int) -> None:
        self.cents = cents

    @classmethod
    def parse(cls, text: str) -> "Money":
        amount, _, currency = text.partition(" ")
        if currency != "EUR":
            raise ValueError("only EUR is taken")
        return cls(int(amount))


class Price(Struct):
    of: str
    price: Money


@dataclasses.dataclass
class Reel:
    at: datetime
    day: date
    id: UUID
    length: Decimal


@attrs.define
class Poster:
    title: str
    size: int = 3


CODEC = JSONCodec(
    write={Money: lambda value: f"{value.cents} EUR"}, read={Money: Money.parse}, order="sorted"
)


def app_with(**options: Any) -> App:
    app = App(**options)

    @app.post("/price")
    async def price(price: Price) -> Price:
        assert isinstance(price.price, Money)
        return price

    @app.post("/money")
    async def money(money: Body[Money], request: Request) -> dict[str, Any]:
        assert (await request.json(Money)).cents == money.cents
        return {"b": money, "a": [money]}

    @app.get("/top")
    async def top() -> Money:
        return Money(3)

    @app.get("/lines")
    async def lines() -> JSONLines[Price]:
        yield Price("a", Money(1))

    @app.get("/plain")
    async def plain() -> Any:
        return Reel(datetime(2020, 1, 2, tzinfo=UTC), date(2020, 1, 2), UUID(int=7), Decimal("1.50"))

    return app


@pytest.mark.row("FL19")
def test_an_app_has_types_of_its_own_in_json_and_its_test_client_speaks_it() -> None:
    client = Client(app_with(json=CODEC))
    reply = client.post("/price", json=Price("film", Money(5)))
    assert reply.text == '{"of":"film","price":"5 EUR"}'
    assert reply.json(Price).price.cents == 5
    assert client.post("/money", json=Money(4)).text == '{"a":["4 EUR"],"b":"4 EUR"}'
    assert client.get("/top").text == '"3 EUR"'
    assert client.get("/lines").text == '{"of":"a","price":"1 EUR"}\n'
    assert client.get("/plain").json() == {
        "at": "2020-01-02T00:00:00Z",
        "day": "2020-01-02",
        "id": "00000000-0000-0000-0000-000000000007",
        "length": "1.50",
    }


def test_what_a_reader_refuses_is_a_bad_field() -> None:
    reply = Client(app_with(json=CODEC)).post("/price", json={"of": "film", "price": "5 USD"})
    assert reply.status == 422
    assert reply.json()["errors"] == [{"loc": ["body", "price"], "msg": "only EUR is taken"}]


def test_an_unknown_type_is_a_500_that_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.get("/")
    async def index() -> dict[str, Any]:
        return {"a": Money(1)}

    assert Client(app, raise_server_exceptions=False).get("/").status == 500
    assert "App(json=JSONCodec(write={Money: ...}))" in caplog.text


def test_an_included_app_may_have_its_own() -> None:
    inner = App("inner", json=JSONCodec(decimals="number"))

    @inner.get("/")
    async def index() -> dict[str, Any]:
        return {"a": Decimal("1.5")}

    app = App()
    app.include(inner, at="/in")
    app.get("/")(index)
    assert Client(app).get("/in/").text == '{"a":1.5}'
    assert Client(app).get("/").text == '{"a":"1.5"}'


def test_attrs_classes_are_models_like_others() -> None:
    app = App()

    @app.post("/")
    async def add(poster: Poster) -> list[Poster]:
        return [poster]

    client = Client(app)
    assert client.post("/", json={"title": "a"}).json() == [{"title": "a", "size": 3}]
    assert [one["loc"] for one in client.post("/", json={"size": "x"}).json()["errors"]] == [
        ["body", "title"],
        ["body", "size"],
    ]


def test_what_json_does_not_have_is_null_and_subclasses_of_text_are_text() -> None:
    class Shout(str):
        __slots__ = ()

    app = App()

    @app.get("/")
    async def index() -> dict[str, Any]:
        return {"nan": float("nan"), "inf": float("-inf"), "text": Shout("a")}

    assert Client(app).get("/").text == '{"nan":null,"inf":null,"text":"a"}'


def test_sockets_speak_it_too() -> None:
    app = App(json=CODEC)

    @app.websocket("/")
    async def prices(socket: WebSocket) -> None:
        price = await socket.receive_as(Price)
        again = await socket.receive_json(Price)
        await socket.send_value(Price("sum", Money(price.price.cents + again.price.cents)))
        await socket.send_json([price.price])

    with Client(app).websocket("/") as socket:
        socket.send('{"of":"a","price":"3 EUR"}')
        socket.send('{"of":"b","price":"4 EUR"}')
        assert socket.receive() == '{"of":"sum","price":"7 EUR"}'
        assert socket.receive() == '["3 EUR"]'
