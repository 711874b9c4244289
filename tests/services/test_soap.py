"""SOAP, with zeep as a client that knows nothing but the description."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from offered import make

from segue.testing import Client, LiveServer

ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="urn:segue:services">'
    "{}<soap:Body>{}</soap:Body></soap:Envelope>"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LiveServer(make()) as server:
        yield f"http://127.0.0.1:{server.port}/call/soap?wsdl"


@pytest.fixture(params=["ServicesSoap", "ServicesSoap12"])
def service(address: str, request: pytest.FixtureRequest) -> Any:
    zeep = pytest.importorskip("zeep")
    return zeep.Client(address).bind("Services", request.param)


@pytest.mark.requires("zeep")
def test_a_client_made_from_the_description(service: Any) -> None:
    assert service.add(a=2, b=3) == 5
    assert service.add(a=2) == 2
    assert service["math.product"](numbers=[2, 3, 4]) == 24
    assert service.nothing() is None
    order = service.order(
        order={"number": 7, "lines": [{"item": "tea", "count": 2}, {"item": "rum"}]}, size="large"
    )
    assert (order.number, order.note) == (7, "large")
    assert [(line.item, line.count) for line in order.lines] == [("tea", 2), ("rum", 1)]
    at = datetime(2026, 5, 4, 3, 2, 1)  # noqa: DTZ001 -- a time without a zone is what goes over the wire
    told = service.shift(day=date(2026, 5, 4), at=at, price=Decimal("1.50"), raw=b"raw", cold=True)
    assert told == ["2026-05-04", "2026-05-04T03:02:01", "1.50", "raw", "True"]


@pytest.mark.requires("zeep")
@pytest.mark.parametrize(
    ("method", "text"),
    [("closed", "the account is closed"), ("taken", "taken already"), ("broken", "Internal error")],
)
def test_faults(service: Any, method: str, text: str) -> None:
    import zeep.exceptions

    with pytest.raises(zeep.exceptions.Fault, match=text):
        service[method]()


def post(client: Client, content: str) -> Any:
    return client.post("/call/soap", content=content.encode(), headers={"content-type": "text/xml"})


@pytest.mark.parametrize(
    ("header", "body", "told"),
    [
        ("", "<t:add><a>x</a></t:add>", "a: Expected `int`"),
        ("", "<t:add/>", "a: is missing"),
        ("", "<t:add><a>1</a><a>2</a></t:add>", "is there 2 times"),
        ("", "<t:add><a>1</a><c>2</c></t:add>", "c: is no argument"),
        ("", "<t:order><order><number>1</number><x/></order></t:order>", "has no child"),
        ("", "<t:missing/>", "there is no method"),
        ("", "", "one element"),
        ('<soap:Header><t:key soap:mustUnderstand="1"/></soap:Header>', "<t:nothing/>", "not understood"),
    ],
)
def test_a_bad_call_is_the_fault_of_the_client(client: Client, header: str, body: str, told: str) -> None:
    response = post(client, ENVELOPE.format(header, body))
    assert response.status == 500
    assert "<faultcode>soap:Client</faultcode>" in response.text
    assert told in response.text


@pytest.mark.parametrize(
    "content",
    ["", "<a/>", "<a>" * 10_000, '<!DOCTYPE a [<!ENTITY b "b">]>' + ENVELOPE.format("", "<a>&b;</a>")],
)
def test_what_is_no_envelope(client: Client, content: str) -> None:
    assert "soap:Client" in post(client, content).text


def test_results_are_escaped(client: Client) -> None:
    reply = post(client, ENVELOPE.format("", '<t:anything><value>"&lt;/x&gt;&amp;"</value></t:anything>'))
    assert reply.status == 200
    assert '"&lt;/x&gt;&amp;"' in reply.text


def test_a_body_over_the_limit_is_a_413_here_too(client: Client) -> None:
    assert post(client, "<a>" + "x" * 3_000_000).status == 413
