"""RSS and Atom of one Feed."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest

from segue import App
from segue.formats import RSS, Atom, Feed, Item
from segue.testing import Client

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = Feed(
    title="News & <more>",
    link="/",
    language="en",
    items=[
        Item(
            title="A",
            link="/posts/1",
            summary="1 < 2",
            published=datetime(2020, 1, 2, 3, 4, 5),  # noqa: DTZ001 -- a time without zone
            categories=["x & y"],
        ),
        Item(
            title="B",
            link="https://other.example/b",
            html="<b>b</b>",
            updated=datetime(2021, 1, 1, tzinfo=UTC),
            id="urn:b",
        ),
    ],
)


def served(value: Any) -> Client:
    app = App()

    @app.get("/news", formats=[RSS, Atom], suffixes=True)
    async def news() -> Any:
        return value

    return Client(app, base_url="https://example.com")


def test_rss_has_whole_links_and_mail_dates() -> None:
    reply = served(FEED).get("/news.rss")
    assert reply.content_type == "application/rss+xml"
    root = ET.fromstring(reply.content)
    channel = root.find("channel")
    assert root.get("version") == "2.0"
    assert channel is not None
    found = {one.tag: one.text for one in channel if one.tag != "item"}
    assert found["title"] == "News & <more>"
    assert (found["link"], found["language"]) == ("https://example.com/", "en")
    assert found["lastBuildDate"] == "Fri, 01 Jan 2021 00:00:00 +0000"
    own = channel.find(f"{ATOM}link")
    assert own is not None
    assert own.get("href") == "https://example.com/news.rss"
    first, second = [{one.tag: one.text for one in item} for item in channel.findall("item")]
    assert first == {
        "title": "A",
        "link": "https://example.com/posts/1",
        "guid": "https://example.com/posts/1",
        "description": "1 &lt; 2",  # HTML, by custom
        "pubDate": "Thu, 02 Jan 2020 03:04:05 +0000",
        "category": "x & y",
    }
    assert (second["guid"], second["description"]) == ("urn:b", "<b>b</b>")


def test_atom_has_what_rfc_4287_demands() -> None:
    root = ET.fromstring(served(FEED).get("/news.atom").content)
    assert root.tag == f"{ATOM}feed"
    for place in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert place.findtext(ATOM + name), name
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "News & <more>"
    first, second = root.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}published") == "2020-01-02T03:04:05Z"
    assert second.findtext(f"{ATOM}updated") == "2021-01-01T00:00:00Z"
    content = second.find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", "<b>b</b>")


def test_a_dict_with_the_fields_will_do_and_others_say_what_is_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert (
        b"<title>t</title>"
        in served({"title": "t", "link": "/", "items": [{"title": "a", "link": "/a"}]}).get("/news").content
    )
    client = Client(served({"title": "t"})._visitor.application, raise_server_exceptions=False)
    assert client.get("/news").status == 500
    assert "it is no Feed: Object missing required field `link`" in caplog.text


@pytest.mark.parametrize("link", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x"])
@pytest.mark.parametrize("one", [RSS(), Atom()])
def test_a_link_that_runs_is_refused(one: Any, link: str) -> None:
    with pytest.raises(ValueError, match="does not link"):
        one.encode(Feed(title="t", link="/", items=[Item(title="a", link=link)]))
