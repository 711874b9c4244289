"""Addresses that somebody else has stored: what would run a script is plain text, wherever Segue shows it."""

from __future__ import annotations

import html
import html.parser
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from browser import opened

from segue import HTTPURL, App
from segue.db import Database, Field, Model, field
from segue.formats import HTML, JSON, RSS, Feed, Item
from segue.grid import Grid
from segue.html import Page, Templates, UnsafeURL, h, render
from segue.html.attribute import attributes
from segue.security import MemorySessions, Sessions
from segue.site import detail_page, list_page
from segue.testing import Client, LiveServer

KEY = "the-key-of-the-tests-of-grids-0123456789-abcdefghijklmnop"

HOSTILE = [
    "javascript:hit()",
    "JaVaScRiPt:hit()//http://x.example",
    "java\tscript:hit()//https://x.example",
    "java\nscript:hit()//https://x.example",
    "java\r\n\tscript:hit()//http://",
    "\x01\x1f javascript:hit()//http://",
    " \n javascript://x.example/%0ahit()",
    "javascript&colon;hit()//http://x",
    "&#106;avascript:hit()//http://x",
    "vbscript:hit()//http://x",
    "data:text/html,<script>opener.hit()</script>http://",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==//http://x",
    'https://x.example/" onmouseover="hit()',
    "https://x.example/'><script>hit()</script>",
    "\u2028javascript:hit()//http://x",
    "jav\x00ascript:hit()//http://x",
]
FINE = "https://x.example/?q=javascript:hit()"


class Bookmark(Model, table="hostile_bookmark"):
    title: Field[str] = field(max_length=200)
    url: Field[HTTPURL]


async def filled(db: Database) -> None:
    # As if they had been stored before anybody looked: the field itself takes none of them.
    for number, url in enumerate([*HOSTILE, FINE]):
        await db.execute(
            "INSERT INTO hostile_bookmark (title, url) VALUES (:title, :url)", title=f"b{number}", url=url
        )


def site(url: str, *plugins: Any) -> App:
    app = App(
        "hostile links",
        plugins=[
            Database(url, models=[Bookmark]),
            Sessions(MemorySessions(), key=KEY),
            Templates(None),
            *plugins,
        ],
    )
    app.include(
        Grid(Bookmark, columns=[Bookmark.title, Bookmark.url], can={"write": True}, size=100), at="/grid"
    )
    app.get("/list")(list_page(Bookmark.all().order_by(Bookmark.id), size=100))
    app.get("/one/{id:int}", name="one")(detail_page(Bookmark))

    @app.get("/table", formats=[HTML, JSON])
    async def table() -> list[Bookmark]:
        return await Bookmark.all()

    @app.get("/feed", formats=[RSS])
    async def feed() -> Feed:
        items = [Item(title=one.title, link=one.url) for one in await Bookmark.all()]
        return Feed(title="Bookmarks", link="/", items=items)

    @app.lifespan
    async def tables(db: Database) -> AsyncIterator[None]:
        await db.create_all()
        await filled(db)
        yield

    return app


def schemes(page: str) -> set[str]:
    """The schemes of all links, as a browser reads them."""
    found = set()
    for one in re.findall(
        r"<(?:a|form|area|iframe)\b[^>]*?\b(?:href|action|src)\s*=\s*(\"[^\"]*\"|'[^']*')", page
    ):
        read = re.sub(r"[\x00-\x20]+", "", html.unescape(one[1:-1]))
        scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", read)
        found.add(scheme[1].lower() if scheme else "")
    found |= {
        re.sub(r"[\x00-\x20]+", "", html.unescape(one)).partition(":")[0].lower()
        for one in re.findall(r"<link>([^<]*)</link>", page)
    }
    return found


def attribute_names(page: str) -> set[str]:
    """The names of all attributes."""
    found: set[str] = set()

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update(name for name, _ in attrs)

    Reader().feed(page)
    return found


@pytest.mark.row("SEC-54")
def test_addresses_that_run_a_script_are_text_on_every_page(sqlite: str) -> None:
    with Client(site(sqlite)) as client:
        pages = ["/grid/", "/list", "/table", *(f"/one/{number}" for number in range(1, len(HOSTILE) + 2))]
        grid = client.get("/grid/", headers={"accept": "text/html"}).text
        views = [html.unescape(one) for one in re.findall(r'href="([^"]*/grid/[^"]*)"', grid)]
        views = [one.partition("#")[0] for one in views if "export" not in one]
        assert len(views) > len(HOSTILE)
        for path in dict.fromkeys([*pages, *views]):
            answer = client.get(path, headers={"accept": "text/html"})
            assert answer.status == 200, path
            assert schemes(answer.text) <= {"", "https"}, path
            assert "<script>hit" not in answer.text
            assert "onmouseover" not in attribute_names(answer.text)
        assert f'href="{html.escape(FINE)}"' in grid
        with pytest.raises(TypeError, match="does not link"):
            client.get("/feed", headers={"accept": "application/rss+xml"})


@pytest.mark.row("SEC-54")
def test_a_form_takes_none_of_them(sqlite: str) -> None:
    with Client(site(sqlite)) as client:
        page = client.get("/grid/", headers={"accept": "text/html"}).text
        new = html.unescape(next(one for one in re.findall(r'href="([^"]*)"', page) if "/new" in one))
        form = client.get(new).text
        token = re.search(r'name="(csrf[^"]*)" value="([^"]*)"', form)
        given = {token[1]: html.unescape(token[2])} if token else {}
        for url in HOSTILE:
            answer = client.post(new, data={**given, "title": "x", "url": url})
            assert answer.status == 422, url
            assert schemes(answer.text) <= {"", "https"}


@pytest.mark.row("SEC-54")
@pytest.mark.parametrize(
    "url", [one for one in HOSTILE if not one.startswith(("https", "&#", "javascript&", "\u2028"))]
)
def test_templates_and_elements_refuse_them(url: str) -> None:
    app = App(
        "refusing links",
        plugins=[
            Templates(
                None,
                texts={
                    "a.html": '<a href="{{ url }}">x</a>',
                    "b.html": "<a {{ {'href': url}|xmlattr }}>x</a>",
                },
            )
        ],
    )

    @app.get("/{name}.html")
    async def page(name: str) -> Page:
        return render(f"{name}.html", url=url)

    with Client(app) as client:
        # A page that shows one still is a page.
        assert client.get("/a.html").text == '<a href="about:invalid#unsafe-url">x</a>'
        with pytest.raises(UnsafeURL):
            client.get("/b.html")
    with pytest.raises(UnsafeURL):
        str(h.a("x", href=url))
    with pytest.raises(UnsafeURL):
        attributes({"formaction": url})


@pytest.mark.row("SEC-54")
@pytest.mark.requires("chromium")
def test_a_browser_follows_no_link_into_a_script(sqlite: str, tmp_path: Path) -> None:
    with LiveServer(site(sqlite)) as server, opened("about:blank", tmp_path / "profile") as tab:
        for path in ("/grid/", "/list", "/table", "/one/3"):
            tab.command("Page.navigate", url=server.url + path)
            tab.wait_for(f"location.pathname === '{path}' && document.readyState === 'complete'")
            tab.value("window.hits = 0; window.hit = () => { window.hits += 1 }")
            protocols = tab.value(
                "[...new Set([...document.querySelectorAll('a[href]')].map(a => a.protocol))]"
            )
            assert set(protocols) <= {"http:", "https:"}
            # Each is clicked, without leaving the page.
            tab.value(
                "document.addEventListener('click', event => { if (event.target.closest('a') && "
                "event.target.closest('a').protocol !== 'javascript:') event.preventDefault() });"
                "document.querySelectorAll('a').forEach(a => a.click())"
            )
            assert tab.value("window.hits") == 0
