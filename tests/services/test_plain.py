"""Calls by a path and a query, or with a JSON body."""

from __future__ import annotations

import pytest

from segue import App, JSONCodec
from segue.services import Services
from segue.testing import Client


@pytest.mark.parametrize(
    "path",
    ["add/1/2", "add?a=1&b=2", "add/1?b=2", "math.product?numbers=3", "math.product?numbers=1&numbers=3"],
)
def test_a_safe_method_is_called_by_a_link(client: Client, path: str) -> None:
    response = client.get(f"/call/json/{path}")
    assert (response.status, response.json()) == (200, 3)
    assert client.get(f"/call/run/{path}").text == "3"


def test_any_method_is_called_by_post(client: Client) -> None:
    order = {"number": 7, "lines": []}
    assert client.post("/call/json/order", json={"order": order}).json() == {**order, "note": "small"}
    assert client.post("/call/json/add", json=[1, 2]).json() == 3
    assert client.post("/call/json/add/1/2").json() == 3
    assert client.get("/call/json/order").status == 405
    assert client.get("/call/json/order").headers["allow"] == "POST"


def test_errors(client: Client) -> None:
    response = client.get("/call/json/add/x?b=y&c=1")
    assert response.status == 422
    assert sorted(error["loc"] for error in response.json()["errors"]) == [
        ["arguments", "a"],
        ["arguments", "b"],
        ["arguments", "c"],
    ]
    assert client.get("/call/json/missing").status == 404
    assert client.post("/call/json/taken").status == 409
    closed = client.post("/call/json/closed")
    assert (closed.status, closed.json()["code"], closed.json()["data"]) == (400, 7, {"since": 2020})
    with pytest.raises(KeyError, match="secret"):  # as any handler that fails in a test
        client.post("/call/json/broken")
    assert (
        client.post("/call/json/add", content=b"{", headers={"content-type": "application/json"}).status
        == 400
    )
    assert (
        client.post("/call/json/add", content=b"1", headers={"content-type": "application/json"}).status
        == 400
    )
    assert client.post("/call/json/add", content=b"{}", headers={"content-type": "text/plain"}).status == 415


class Money:
    """A type that only the app's codec knows."""

    def __init__(self, text: str) -> None:
        self.cents = int(text.replace(".", ""))


def test_the_app_says_how_its_types_are_read_and_written() -> None:
    services = Services()

    @services.method
    async def double(price: Money) -> dict[str, Money]:
        price.cents *= 2
        return {"price": price}

    codec = JSONCodec(write={Money: lambda one: f"{one.cents / 100:.2f}"}, read={Money: Money})
    app = App(json=codec)
    app.include(services, at="/call")
    with Client(app) as client:
        assert client.post("/call/json/double", json={"price": "1.50"}).json() == {"price": "3.00"}
        call = {"jsonrpc": "2.0", "id": 1, "method": "double", "params": ["1.50"]}
        assert client.post("/call/jsonrpc", json=call).json()["result"] == {"price": "3.00"}
