"""One function, declared once, and everybody who may call it."""

from __future__ import annotations

import csv
import io
import xmlrpc.client
from typing import Any
from xml.etree import ElementTree

import pyamf.remoting
import pytest

from segue import App
from segue.formats import CSV, RSS, XML, Feed, Item
from segue.services import Services
from segue.testing import Client

# What the other implementation of AMF loads when it first reads an object.
pytestmark = pytest.mark.filterwarnings("ignore:defusedxml:DeprecationWarning")


def make() -> App:
    services = Services(formats=[XML, CSV, RSS])

    @services.method(safe=True)
    async def news(first: int, count: int = 1) -> Feed:
        """The news from a number on."""
        items = [Item(title=f"News {one}", link=f"/news/{one}") for one in range(first, first + count)]
        return Feed(title="News", link="/", items=items)

    app = App()
    app.include(services, at="/call")
    return app


TITLES = ["News 1", "News 2"]


def titles(feed: Any) -> list[str]:
    return [one["title"] for one in feed["items"]]


@pytest.mark.row("W-21")
def test_one_function_in_every_protocol() -> None:
    with Client(make()) as client:
        assert titles(client.get("/call/json/news/1/2").json()) == TITLES
        assert titles(client.post("/call/json/news", json={"first": 1, "count": 2}).json()) == TITLES
        assert "News 2" in client.get("/call/run/news/1/2").text

        document = ElementTree.fromstring(client.get("/call/xml/news/1/2").content)
        assert [one.text for one in document.iter("title")] == ["News", *TITLES]
        rows = list(csv.DictReader(io.StringIO(client.get("/call/csv/news/1/2").text)))
        assert [row["title"] for row in rows] == TITLES
        feed = client.get("/call/rss/news/1/2")
        assert feed.content_type == "application/rss+xml"
        channel = ElementTree.fromstring(feed.content)
        assert [one.text for one in channel.iterfind("channel/item/title")] == TITLES
        assert channel.findtext("channel/item/link") == "http://localhost/news/1"

        call: dict[str, Any] = {"method": "news", "params": [1, 2], "id": 7}
        first = client.post("/call/jsonrpc1", json=call).json()
        assert (titles(first["result"]), first["error"], first["id"]) == (TITLES, None, 7)
        second = client.post("/call/jsonrpc", json={**call, "jsonrpc": "2.0"}).json()
        assert (titles(second["result"]), second["id"]) == (TITLES, 7)

        sent = xmlrpc.client.dumps((1, 2), "news")
        reply = client.post("/call/xmlrpc", content=sent, headers={"content-type": "text/xml"})
        assert titles(xmlrpc.client.loads(reply.content)[0][0]) == TITLES

        packet = pyamf.remoting.Envelope(amfVersion=3)
        packet["/1"] = pyamf.remoting.Request("news", [1, 2], envelope=packet)
        amf = client.post(
            "/call/amf",
            content=pyamf.remoting.encode(packet).getvalue(),
            headers={"content-type": "application/x-amf"},
        )
        assert titles(pyamf.remoting.decode(amf.content)["/1"].body) == TITLES

        description = client.get("/call/soap?wsdl")
        assert description.content_type == "text/xml"
        assert "The news from a number on." in description.text
        envelope = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
            '<n:news xmlns:n="urn:segue:services"><n:first>1</n:first><n:count>2</n:count></n:news>'
            "</e:Body></e:Envelope>"
        )
        soap = client.post("/call/soap", content=envelope, headers={"content-type": "text/xml"})
        found = [
            one.text
            for one in ElementTree.fromstring(soap.content).iter()
            if one.tag.rpartition("}")[2] == "title"
        ]
        assert sorted(found) == ["News", *TITLES]


def test_json_rpc_1_has_its_own_errors_and_notifications() -> None:
    with Client(make()) as client:

        def ask(**call: Any) -> Any:
            return client.post("/call/jsonrpc1", json=call)

        assert ask(method="news", params=[1], id=None).status == 204
        missing = ask(method="no", params=[], id="a").json()
        assert (missing["result"], missing["error"]["code"], missing["id"]) == (None, -32601, "a")
        assert ask(method="news", params=["x"], id=1).json()["error"]["code"] == -32602
        for bad in ({"method": 3, "params": [], "id": 1}, {"method": "news", "params": {}, "id": 1}):
            assert ask(**bad).json()["error"]["code"] == -32600
        assert client.post("/call/jsonrpc1", content=b"{}").status == 415
