"""XML-RPC, with the client of the standard library and by hand."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterator
from datetime import datetime

import pytest
from offered import make

from segue.testing import Client, LiveServer


@pytest.fixture
def proxy() -> Iterator[xmlrpc.client.ServerProxy]:
    with (
        LiveServer(make()) as server,
        xmlrpc.client.ServerProxy(
            f"http://127.0.0.1:{server.port}/call/xmlrpc", allow_none=True, use_builtin_types=True
        ) as proxy,
    ):
        yield proxy


def fault(client: Client, body: bytes) -> xmlrpc.client.Fault:
    response = client.post("/call/xmlrpc", content=body, headers={"content-type": "text/xml"})
    assert response.status == 200
    with pytest.raises(xmlrpc.client.Fault) as caught:
        xmlrpc.client.loads(response.content)
    return caught.value


@pytest.mark.row("CP5")
def test_values_of_all_types(proxy: xmlrpc.client.ServerProxy) -> None:
    assert proxy.add(2, 3) == 5
    assert proxy.math.product([2, 3, 4]) == 24
    assert proxy.math.product([2**20, 2**20]) == 2**40
    assert proxy.nothing() is None
    order = {"number": 7, "lines": [{"item": "tea", "count": 2}]}
    assert proxy.order(order, "large") == {**order, "note": "large"}
    at = datetime(2026, 5, 4, 3, 2, 1)  # noqa: DTZ001 -- a time without a zone is what goes over the wire
    assert proxy.shift(at, at, "1.50", b"raw", True) == [
        "2026-05-04",
        "2026-05-04T03:02:01",
        "1.50",
        "raw",
        "True",
    ]


def test_introspection(proxy: xmlrpc.client.ServerProxy) -> None:
    assert {"add", "math.product", "system.listMethods"} <= set(proxy.system.listMethods())  # type: ignore[arg-type]
    assert proxy.system.methodHelp("add") == "The sum of two numbers."
    assert proxy.system.methodSignature("add") == [["int", "int", "int"]]
    assert proxy.system.methodSignature("order") == [["struct", "struct", "string"]]
    assert proxy.system.methodSignature("shift")[0] == [  # type: ignore[index]
        *("array", "dateTime.iso8601", "dateTime.iso8601", "undef", "base64", "boolean")
    ]


def test_many_calls_at_once(proxy: xmlrpc.client.ServerProxy) -> None:
    calls = xmlrpc.client.MultiCall(proxy)
    calls.add(1, 2)
    calls.closed()
    calls.add(3, 4)
    results = calls()
    assert results[0] == 3
    assert results[2] == 7
    with pytest.raises(xmlrpc.client.Fault, match="the account is closed"):
        results[1]


def test_faults(proxy: xmlrpc.client.ServerProxy, caplog: pytest.LogCaptureFixture) -> None:
    for method, code, text in [
        ("missing", -32601, "there is no method 'missing'"),
        ("closed", 7, "the account is closed"),
        ("taken", 409, "taken already"),
        ("add", -32602, "a: is missing"),
        ("broken", -32603, "Internal error"),
    ]:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            getattr(proxy, method)()
        assert (caught.value.faultCode, caught.value.faultString) == (code, text)
    assert "KeyError" in caplog.text


BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<methodCall><methodName>anything</methodName><params><param><value>&b;</value></param></params></methodCall>"""


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b"<methodCall><methodName>add</methodName>",
        b"<methodCall/>",
        b"<other/>",
        b"",
        b"<a>" * 10_000,
        b"<methodCall><methodName>add</methodName><params><param><value><int>x</int></value></param></params></methodCall>",
        b'<?xml version="1.0" encoding="nothing"?><methodCall/>',
    ],
)
def test_what_is_no_call(client: Client, body: bytes) -> None:
    assert fault(client, body).faultCode == -32700


def test_a_page_of_another_site_cannot_call(client: Client) -> None:
    body = b"<methodCall><methodName>nothing</methodName></methodCall>"
    assert client.post("/call/xmlrpc", content=body, headers={"content-type": "text/plain"}).status == 415
