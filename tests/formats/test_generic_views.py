"""One action under every extension (web2py's generic views)."""

from datetime import datetime
from typing import Any

import pytest

from segue import App
from segue.formats import CSV, HTML, JSON, PDF, RSS, XML, Formats, ICalendar
from segue.testing import Client

VALUE: dict[str, Any] = {
    "title": "Concerts",
    "link": "/",
    "events": [{"title": "<Django>", "start": datetime(2020, 1, 1, 20), "link": "/1"}],  # noqa: DTZ001 -- a time without zone
}


@pytest.fixture
def client() -> Client:
    app = App(formats=[HTML, HTML(fragment=True), JSON, XML, CSV, RSS, ICalendar, PDF], suffixes=True)

    @app.get("/concerts")
    async def concerts() -> dict[str, Any]:
        return {**VALUE, "items": VALUE["events"]}

    @app.get("/private", formats=["json"])
    async def private() -> dict[str, Any]:
        return VALUE

    @app.get("/closed", formats=[], suffixes=False)
    async def closed() -> dict[str, Any]:
        return VALUE

    app.format(JSON)
    return Client(app)


@pytest.mark.row("W-14")
@pytest.mark.parametrize(
    ("suffix", "kind", "inside"),
    [
        ("html", "text/html", b"&lt;Django&gt;"),
        ("load", "text/html", b"<dl><dt>title</dt><dd>Concerts</dd>"),
        ("json", "application/json", b'"title":"<Django>"'),
        ("xml", "application/xml", b"<item><title>&lt;Django&gt;</title>"),
        ("rss", "application/rss+xml", b"<item><title>&lt;Django&gt;</title>"),
        ("csv", "text/csv", b"Concerts"),
        ("ics", "text/calendar", b"SUMMARY:<Django>\r\n"),
        ("pdf", "application/pdf", b"%PDF-"),
    ],
)
def test_the_same_action_under_every_extension(client: Client, suffix: str, kind: str, inside: bytes) -> None:
    reply = client.get(f"/concerts.{suffix}")
    assert (reply.status, reply.content_type) == (200, kind)
    assert inside in reply.content
    assert client.get(f"/concerts.{suffix}x").status == 404


@pytest.mark.row("W-14")
def test_what_is_not_allowed_is_not_there(client: Client) -> None:
    assert client.get("/private.json").json()["title"] == "Concerts"
    assert client.get("/private.csv").status == 404
    assert client.get("/closed").json()["title"] == "Concerts"
    assert client.get("/closed.json").status == 404


def test_the_plugin_names_what_needs_no_more_packages() -> None:
    names = ["json", "jsonlines", "csv", "xml", "msgpack", "html", "text", "rss", "atom", "icalendar"]
    app = App(plugins=[Formats()])

    @app.get("/", formats=names, suffixes=True)
    async def index() -> list[int]:
        return [1]

    client = Client(app)
    for suffix in ("json", "jsonl", "csv", "xml", "msgpack", "html", "txt"):
        assert client.get(f"/index.{suffix}").status == 200
