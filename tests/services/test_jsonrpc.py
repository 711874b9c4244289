"""JSON-RPC 2.0: the examples of the specification, and what it leaves open."""

from __future__ import annotations

from typing import Any

import pytest

from segue.testing import Client


def call(client: Client, message: Any) -> Any:
    response = client.post("/call/jsonrpc", json=message)
    return response.json() if response.status == 200 else response.status


def one(client: Client, method: str, params: Any = ()) -> Any:
    reply = call(client, {"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
    assert reply["jsonrpc"] == "2.0"
    assert reply["id"] == 1
    return reply.get("result", reply.get("error"))


@pytest.mark.parametrize("params", [[2, 3], {"a": 2, "b": 3}, {"a": 5}])
def test_arguments_come_by_place_or_by_name(client: Client, params: Any) -> None:
    assert one(client, "add", params) == 5


def test_structs_go_in_and_come_out(client: Client) -> None:
    order = {"number": 7, "lines": [{"item": "tea", "count": 2}]}
    assert one(client, "order", {"order": order, "size": "large"}) == {**order, "note": "large"}
    assert one(client, "nothing") is None
    assert one(client, "math.product", [[2, 3, 4]]) == 24


def test_a_notification_has_no_reply_whatever_becomes_of_it(client: Client) -> None:
    for method in ("add", "broken", "missing"):
        assert call(client, {"jsonrpc": "2.0", "method": method, "params": [1]}) == 204


def test_a_batch(client: Client) -> None:
    replies = call(
        client,
        [
            {"jsonrpc": "2.0", "method": "add", "params": [1, 2], "id": "1"},
            {"jsonrpc": "2.0", "method": "add", "params": [7]},
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
            1,
        ],
    )
    assert [(reply["id"], reply.get("result"), reply.get("error", {}).get("code")) for reply in replies] == [
        ("1", 3, None),
        (None, None, -32600),
        ("5", None, -32601),
        (None, None, -32600),
    ]
    assert call(client, [{"jsonrpc": "2.0", "method": "add", "params": [7]}]) == 204
    assert call(client, [])["error"]["code"] == -32600
    assert call(client, [{}] * 101)["error"]["code"] == -32600


@pytest.mark.parametrize(
    "message",
    [
        {"method": "add", "id": 1},
        {"jsonrpc": "2.0", "method": 1, "id": 1},
        {"jsonrpc": "2.0", "method": "add", "params": "bar", "id": 1},
        {"jsonrpc": "2.0", "method": "add", "params": [1], "id": {}},
        {"jsonrpc": "2.0", "method": "add", "params": [1], "id": True},
    ],
)
def test_what_is_no_call(client: Client, message: Any) -> None:
    assert call(client, message)["error"]["code"] == -32600


@pytest.mark.parametrize("body", [b'{"jsonrpc": "2.0", "method"', b"[" * 100_000, b"\xff", b""])
def test_what_is_no_json(client: Client, body: bytes) -> None:
    response = client.post("/call/jsonrpc", content=body, headers={"content-type": "application/json"})
    assert response.json()["error"]["code"] == -32700
    assert response.json()["id"] is None


def test_every_bad_argument_is_named(client: Client) -> None:
    error = one(
        client, "order", {"order": {"number": "x", "lines": [{"count": "y"}]}, "size": "huge", "more": 1}
    )
    assert error["code"] == -32602
    assert sorted(tuple(map(str, problem["loc"])) for problem in error["data"]) == [
        ("more",),
        ("order", "lines", "0", "count"),
        ("order", "lines", "0", "item"),
        ("order", "number"),
        ("size",),
    ]
    assert one(client, "add")["data"] == [{"loc": ["a"], "msg": "is missing"}]
    assert one(client, "add", [1, 2, 3])["code"] == -32602


def test_errors(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert one(client, "closed") == {"code": 7, "message": "the account is closed", "data": {"since": 2020}}
    assert one(client, "taken") == {"code": 409, "message": "taken already", "data": {"status": 409}}
    assert not caplog.records
    assert one(client, "broken") == {"code": -32603, "message": "Internal error"}
    assert "broken (offered.py:" in caplog.text


def test_a_page_of_another_site_cannot_call(client: Client) -> None:
    response = client.post(
        "/call/jsonrpc",
        content=b'{"jsonrpc":"2.0","method":"nothing"}',
        headers={"content-type": "text/plain"},
    )
    assert response.status == 415
