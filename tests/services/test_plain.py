"""Calls by a path and a query, or with a JSON body."""

from __future__ import annotations

import pytest

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
