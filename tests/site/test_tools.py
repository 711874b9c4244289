"""Sitemaps, robots, moved and flat pages, values as people say them."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from picturehouse import CinemaOldPage, CinemaText, database

from segue import App, Request
from segue.html import Templates
from segue.site import FlatPages, Humanised, Moved, Place, Robots, Sitemap
from segue.site.humanised import day, file_size, in_words, ordinal, since, spelled, thousands
from segue.testing import Client

S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
X = "{http://www.w3.org/1999/xhtml}"
HTML = {"accept": "text/html"}


def test_a_small_site_has_one_sitemap() -> None:
    sitemap = Sitemap()
    app = App("films", plugins=[sitemap, Robots(disallow=["/account"])])

    @app.get("/films/{id:int}", name="film")
    async def film(id: int) -> str:
        return ""

    @sitemap.section
    async def films(request: Request) -> AsyncIterator[Place]:
        moment = datetime.datetime(2025, 6, 1, 8, tzinfo=datetime.UTC)
        yield Place(request.url_for("film", id=1), moment, "weekly", 0.5, {"de": "/de/films/1?a=1&b=2"})
        yield Place("/é/<x>", datetime.date(2025, 1, 2))

    client = Client(app)
    reply = client.get("/sitemap.xml")
    assert reply.content_type == "application/xml"
    first, second = ElementTree.fromstring(reply.content)
    assert [one.text for one in first[:4]] == [
        "http://localhost/films/1",
        "2025-06-01T08:00:00+00:00",
        "weekly",
        "0.5",
    ]
    assert first[4].tag == f"{X}link"
    assert first[4].attrib == {
        "rel": "alternate",
        "hreflang": "de",
        "href": "http://localhost/de/films/1?a=1&b=2",
    }
    assert [one.text for one in second] == ["http://localhost/%C3%A9/%3Cx%3E", "2025-01-02"]
    robots = client.get("/robots.txt").text
    assert robots == "User-agent: *\nDisallow: /account\nSitemap: http://localhost/sitemap.xml\n"


def test_a_large_site_has_an_index_of_files() -> None:
    sitemap = Sitemap(size=10)
    app = App("films", plugins=[sitemap])

    @sitemap.section(count=lambda: 25)
    def numbers() -> list[str]:
        return [f"/{n}" for n in range(25)]

    @sitemap.section(name="more-pages")
    async def pages() -> list[str]:
        return ["/about"]

    client = Client(app)
    files = [one[0].text or "" for one in ElementTree.fromstring(client.get("/sitemap.xml").content)]
    assert files == [f"http://localhost/sitemap-numbers-{n}.xml" for n in (1, 2, 3)] + [
        "http://localhost/sitemap-more-pages-1.xml"
    ]
    found = [
        one[0].text
        for file in files
        for one in ElementTree.fromstring(client.get(file.removeprefix("http://localhost")).content)
    ]
    assert found == [f"http://localhost/{n}" for n in range(25)] + ["http://localhost/about"]
    for path in ("/sitemap-numbers-4.xml", "/sitemap-numbers-0.xml", "/sitemap-nothing-1.xml"):
        assert client.get(path).status == 404
    with pytest.raises(ValueError, match="two sections named 'numbers'"):
        sitemap.section(name="numbers")(pages)
    with pytest.raises(ValueError, match="no name for a section"):
        sitemap.section(name="a/b")(pages)


def test_robots_by_name_and_what_cannot_stand_there() -> None:
    app = App("films", plugins=[Robots({"GPTBot": ["/"], "*": []})])
    assert (
        Client(app).get("/robots.txt").text
        == "User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nDisallow: \n"
    )
    for wrong in (["account"], ["/a\nAllow: /"], [""], {"a b\n": ["/"]}):
        with pytest.raises(ValueError, match=r"robots\.txt|no path"):
            Robots(wrong)
    with pytest.raises(TypeError, match="a list"):
        Robots({"*": "/account"})


def moving(where: Any) -> Client:
    app = App("films", plugins=[Moved(where)])
    app.get("/films")(_page)
    app.get("/missing/{id:int}")(_missing)
    return Client(app, follow_redirects=False)


async def _page() -> str:
    return "films"


async def _missing(id: int) -> None:
    from segue import NotFound

    raise NotFound


def test_old_addresses_lead_to_new_ones() -> None:
    async def find(path: str) -> str | None:
        return "/films" if path == "/cinema" else None

    client = moving({"/movies": "/films", "/gone": "", "/films": "/never", "/a?id=1": "/films?x=1", "/é": "https://films.example/é",
                     "/missing/1": "/never"})  # fmt: skip
    moved = client.get("/movies")
    assert (moved.status, moved.headers["location"]) == (301, "/films")
    assert client.get("/movies?page=2").headers["location"] == "/films?page=2"
    assert client.get("/a?id=1").headers["location"] == "/films?x=1"
    assert client.get("/a?id=2").status == 404
    assert client.get("/%C3%A9").headers["location"].startswith("https://films.example/%C3%A9")
    assert client.get("/gone", headers=HTML).status == 410
    assert client.get("/films").text == "films"
    assert client.get("/missing/1").status == 404  # a route has said so
    assert client.post("/movies").status == 404
    assert client.head("/movies").status == 301
    assert moving(find).get("/cinema").headers["location"] == "/films"
    outer = App("outer")
    inner = App("inner", plugins=[Moved({"/films/old": "/films/new"})])
    outer.include(inner, at="/films")
    assert (
        Client(outer).get("/films/old").status == 404
    )  # its routes are answered inside, what is unanswered is the outer's


def test_pages_and_old_addresses_are_in_tables(url: str, tmp_path: Path) -> None:
    texts = {"own.html": "own {{ page.title }}"}
    app = App(
        "films",
        plugins=[database(url), Templates(None, texts=texts), FlatPages(CinemaText), Moved(CinemaOldPage)],
    )

    @app.lifespan
    async def filled() -> Any:
        await CinemaText.create(path="/about", title="About <us>", content="<p>We <b>are</b>.</p>")
        await CinemaText.create(path="/own", title="Own", template="own.html")
        await CinemaText.create(path="/hidden", title="Hidden", visible=False)
        await CinemaOldPage.create(old="/who", new="/about")
        await CinemaOldPage.create(old="/soon", new="/about", permanent=False)
        yield

    with Client(app, follow_redirects=False) as client:
        about = client.get("/about")
        assert about.status == 200
        assert "<h1>About &lt;us&gt;</h1>" in about.text
        assert "<p>We <b>are</b>.</p>" in about.text
        assert client.get("/own").text == "own Own"
        assert client.get("/hidden", headers=HTML).status == 404
        assert (client.get("/who").status, client.get("/who").headers["location"]) == (301, "/about")
        assert client.get("/soon").status == 302
        assert client.get("/nothing").status == 404


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (thousands(4500000), "4,500,000"),
        (thousands(-1234.5), "-1,234.5"),
        (in_words(999), "999"),
        (in_words(1_000_000), "1 million"),
        (in_words(1_200_000), "1.2 million"),
        (in_words(-2_500), "-2.5 thousand"),
        (ordinal(1), "1st"),
        (ordinal(2), "2nd"),
        (ordinal(3), "3rd"),
        (ordinal(11), "11th"),
        (ordinal(112), "112th"),
        (ordinal(121), "121st"),
        (ordinal(0), "0th"),
        (spelled(0), "zero"),
        (spelled(9), "nine"),
        (spelled(10), "10"),
        (spelled(-1), "-1"),
        (file_size(0), "0 bytes"),
        (file_size(1), "1 byte"),
        (file_size(999), "999 bytes"),
        (file_size(1_000), "1 kB"),
        (file_size(999_960), "1 MB"),
        (file_size(13_400_000), "13.4 MB"),
        (file_size(10**24), "1000000 EB"),
        (day(datetime.date(2025, 6, 1), datetime.date(2025, 6, 1)), "today"),
        (day(datetime.date(2025, 5, 31), datetime.date(2025, 6, 1)), "yesterday"),
        (day(datetime.date(2025, 6, 2), datetime.date(2025, 6, 1)), "tomorrow"),
        (day(datetime.date(2025, 6, 9), datetime.date(2025, 6, 1)), "9 June 2025"),
    ],
)
def test_values_as_people_say_them(given: str, expected: str) -> None:
    assert given == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "now"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (90, "1 minute ago"),
        (3 * 3600, "3 hours ago"),
        (-2 * 86400, "in 2 days"),
        (8 * 86400, "1 week ago"),
        (70 * 86400, "2 months ago"),
        (-800 * 86400, "in 2 years"),
    ],
)
def test_times_as_seen_from_now(seconds: int, expected: str) -> None:
    now = datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.UTC)
    bare = now.replace(tzinfo=None)
    assert since(bare - datetime.timedelta(seconds=seconds), now) == expected
    zone = datetime.timezone(datetime.timedelta(hours=5))
    assert since((now - datetime.timedelta(seconds=seconds)).astimezone(zone), now) == expected


def test_templates_have_the_filters() -> None:
    app = App(
        "films",
        plugins=[Templates(None, texts={"t.html": "{{ 3|ordinal }} {{ 13e6|file_size }}"}), Humanised()],
    )

    @app.get("/", template="t.html")
    async def home() -> dict[str, str]:
        return {}

    assert Client(app).get("/").text == "3rd 13 MB"
