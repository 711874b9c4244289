"""Parts of templates that are kept, and parts that are pages of the app themselves."""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from markupsafe import Markup

from segue import App, Request
from segue.cache import Cache, Caching, Pages
from segue.html import BrokenTemplate, Page, Renderer, TemplateError, Templates, render
from segue.i18n import I18n
from segue.security import Security, Session, Sessions
from segue.testing import Client

KEY = "an-old-and-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"


class Counted:
    """Says how often it was looked at."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, value: object = "") -> str:
        self.times += 1
        return f"{value}:{self.times}"


def site(text: str, *plugins: Any, **texts: str) -> tuple[App, Counted]:
    looked = Counted()
    app = App("fragments", plugins=[Templates(None, texts={"page.html": text, **texts}), *plugins])

    @app.get("/")
    async def page(films: str = "a,b", word: str = "<w>") -> Page:
        return render("page.html", films=films.split(","), look=looked, word=word)

    @app.get("/streamed")
    async def streamed(films: str = "a,b", word: str = "<w>") -> Page:
        return render("page.html", films=films.split(","), look=looked, word=word).streamed()

    @app.get("/format", template="page.html")
    async def by_format() -> dict[str, Any]:
        return {"films": ["a", "b"], "look": looked, "word": "<w>"}

    if plugins:

        @app.post("/forget/{tag}")
        async def forget(tag: str, cache: Cache) -> None:
            await cache.invalidate(tag)

    return app, looked


def test_a_part_is_kept_by_what_it_varies_by() -> None:
    app, _ = site(
        "<ul>{% for film in films %}{% cache film, tags=['films', 'film ' ~ film] %}<li>{{ look(film) }} {{ word }}</li>"
        "{% endcache %}{% endfor %}</ul>{{ look() }}",
        Caching(),
    )
    with Client(app) as client:
        assert client.get("/").text == "<ul><li>a:2 &lt;w&gt;</li><li>b:3 &lt;w&gt;</li></ul>:1"
        assert client.get("/?word=x").text == "<ul><li>a:2 &lt;w&gt;</li><li>b:3 &lt;w&gt;</li></ul>:4"
        assert (
            client.get("/streamed?films=b,c").text
            == "<ul><li>b:3 &lt;w&gt;</li><li>c:5 &lt;w&gt;</li></ul>:6"
        )
        client.post("/forget/film a")
        assert client.get("/format").text.startswith("<ul><li>a:8 &lt;w&gt;</li><li>b:3 ")
        client.post("/forget/films")
        assert "b:3" not in client.get("/").text


def test_a_part_ends_with_its_time_and_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _ = site(
        "{% cache seconds=0 %}{{ look() }}{% endcache %} {% cache 1, seconds=60 %}{{ look(1) }}{% endcache %}",
        Caching(),
    )
    with Client(app) as client:
        assert [client.get("/").text for _ in range(2)] == [":1 1:2", ":3 1:2"]
    other, _ = site("{% cache 1, seconds=60 %}{{ look(2) }}{% endcache %}", Caching())
    with Client(other) as client:
        assert client.get("/").text == "2:1"


def test_parts_in_parts_loops_components_and_styles() -> None:
    app, looked = site(
        "<head>{{ page_assets() }}</head>{% set x = look('x') %}{% for film in films %}{% set n = loop.index %}"
        "{% cache film %}[{{ n }} {{ x }} {% cache %}{{ look('in') }}{% endcache %}{% for one in films %}{{ loop.index }}{% endfor %}]"
        "{% endcache %}{% endfor %}{% cache 'styled' %}{% component 'card.html' %}c{% endcomponent %}{% endcache %}",
        Caching(),
        **{"card.html": "{% asset '/card.css' %}<i>{% slot %}{% endslot %}{{ load('/') if false }}</i>"},
    )
    with Client(app) as client:
        expected = '<head><link rel="stylesheet" href="/card.css"></head>[1 x:1 in:212][2 x:1 in:212]<i>c</i>'
        assert client.get("/").text == expected
        assert client.get("/").text == expected, (
            "what brings a style is made each time, and its style is there"
        )
    assert looked.times == 3


def test_of_many_that_miss_at_once_one_makes_it() -> None:
    app, _ = site("{% cache %}{{ look() }}{% endcache %}", Caching())
    with Client(app) as client:
        begin = threading.Barrier(8)

        def ask(_: int) -> str:
            begin.wait(10)
            text: str = client.get("/").text
            return text

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask, range(8))) == {":1"}


def test_each_language_has_its_own() -> None:
    app, _ = site("{% cache %}{{ language }} {{ look() }}{% endcache %}", Caching(), I18n("en", "de"))
    with Client(app) as client:
        asked = [client.get("/", headers={"accept-language": one}).text for one in ("en", "de", "de", "en")]
        assert asked == ["en :1", "de :2", "de :2", "en :1"]


@contextlib.contextmanager
def somebody_else(client: Client) -> Iterator[None]:
    """A block in which the client is another visitor."""
    kept = {name: client.cookies[name] for name in client.cookies}
    client.cookies.clear()
    yield
    client.cookies.clear()
    for name, value in kept.items():
        client.cookies.set(name, value)


def test_what_is_of_one_visitor_is_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    app, _ = site(
        "{{ csp_nonce|length > 5 }} {% cache 1 %}{% include 'who.html' %}{% endcache %}{% cache 2 %}{{ load('/name') }}{% endcache %}"
        "{% cache 3 %}{{ look() }}{% endcache %}",
        Caching(),
        Sessions("memory:", key=KEY),
        Security(https=False),
        **{"who.html": "{{ csrf_token()|length > 5 }}<script nonce='{{ csp_nonce }}'></script>"},
    )

    @app.get("/name")
    async def name(session: Session) -> Markup:
        return Markup("<b>{}</b>").format(session.get("name", "nobody"))

    @app.post("/name/{name}")
    async def rename(name: str, session: Session) -> None:
        session["name"] = name

    with Client(app) as client, caplog.at_level(logging.WARNING):
        client.post("/name/Django")
        pages = [client.get("/").text]
        with somebody_else(client):
            pages.append(client.get("/").text)
        pages.append(client.get("/").text)
        assert ["<b>Django</b>" in page for page in pages] == [True, False, True]
        assert "nobody" in pages[1]
        nonces = {page.partition("nonce='")[2].partition("'")[0] for page in pages}
        assert len(nonces) == 3
        assert all(page.endswith(":1") for page in pages), "what is beside it is kept"
        assert "is of one visitor" in caplog.text


@pytest.mark.parametrize(
    "what", ["{{ csrf_field() }}", "{{ csrf_token() }}", "{{ csp_nonce }}", "{{ flashes()|length }}"]
)
def test_what_the_page_has_asked_for_before_is_of_one_visitor_all_the_same(what: str) -> None:
    app, looked = site(
        what + "{% cache %}{% include 'who.html' %}{{ look() }}{% endcache %}",
        Caching(),
        Sessions("memory:", key=KEY),
        Security(https=False),
        **{"who.html": what},
    )
    with Client(app) as client:
        for _ in range(3):
            client.get("/")
    assert looked.times == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% cache %}{{ csrf_token() }}{% endcache %}", "csrf_token is of one visitor"),
        ("{% for a in films %}{% cache a %}{{ loop.index }}{% endcache %}{% endfor %}", "has gone on"),
        ("{% cache time=3 %}{% endcache %}", "options seconds and tags, and not 'time'"),
        ("{% cache seconds=3, 4 %}{% endcache %}", "what it varies by first"),
        ("{% block a %}{% cache %}{{ super() }}{% endcache %}{% endblock %}", "no super"),
    ],
)
def test_what_a_part_cannot_have_is_told(text: str, told: str) -> None:
    app, _ = site(text, Caching())
    with pytest.raises(Exception, match=told) as caught:
        Client(app).get("/")
    assert isinstance(caught.value, BrokenTemplate) or "page.html" in str(caught.value)


def test_what_is_wrong_while_it_is_made_is_told_and_not_kept() -> None:
    app, _ = site("{% cache %}\n{{ films[7].name }}{% endcache %}", Caching())
    with Client(app) as client, pytest.raises(Exception, match=r"7|name") as caught:
        client.get("/")
    assert any("page.html" in str(entry.path) or entry.lineno == 2 for entry in caught.traceback)
    bare, _ = site("{% cache %}a{% endcache %}")
    with pytest.raises(TemplateError, match="has no cache"):
        Client(bare).get("/")
    keyed, _ = site("{% cache look %}a{% endcache %}", Caching())
    with pytest.raises(TypeError, match="is no part of a key"):
        Client(keyed).get("/")


def test_where_no_page_is_answered_it_is_made_at_once() -> None:
    app, looked = site(
        "{% cache %}{{ look() }}{% endcache %}", Caching(), **{"other.html": "{{ load('/x') }}"}
    )

    @app.get("/text")
    async def text(renderer: Renderer, request: Request) -> list[str]:
        found = [str(renderer.text("page.html", look=looked, films=[], word="")) for _ in range(2)]
        found.append(str(renderer.text("page.html", request=request, look=looked, films=[], word="")))
        with pytest.raises(TemplateError, match="for pages that handlers return"):
            renderer.text("other.html", request=request)
        return found

    with Client(app) as client:
        assert client.get("/text").json() == [":1", ":2", ":3"]


# --- load ----------------------------------------------------------------------------------------------------------------


def test_handlers_in_pages() -> None:
    texts = {
        "page.html": "<h1>{{ load(url_for('part', of='a b')) }}</h1>{{ load('/plain') }}{{ load('/deep') }}",
        "deep.html": "[{{ load('/plain') }}]",
        "bad.html": "{{ load('/none') }}",
        "out.html": "{{ load('//elsewhere') }}",
        "lazy.html": "{{ load('/part?of=\"x', lazy=True, label='<More>') }}",
        "circle.html": "{{ load('/circle') }}",
    }
    app = App("loads", plugins=[Templates(None, texts=texts)])

    @app.get("/part")
    async def part(of: str, request: Request) -> Markup:
        return Markup("<i>{} {}</i>").format(of, request.headers.get("x-who", ""))

    @app.get("/plain")
    async def plain() -> str:
        return "<script>"

    for name in ("page", "deep", "bad", "out", "lazy", "circle"):

        async def shown(name: str = name) -> Page:
            return render(f"{name}.html")

        async def streamed(name: str = name) -> Page:
            return render(f"{name}.html").streamed()

        for one in (shown, streamed):
            one.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
        app.get(f"/{name}", name=f"shown {name}")(shown)
        app.get(f"/streamed/{name}", name=f"streamed {name}")(streamed)
    with Client(app) as client:
        page = "<h1><i>a b me</i></h1>&lt;script&gt;[&lt;script&gt;]"
        assert client.get("/page", headers={"x-who": "me"}).text == page
        assert client.get("/streamed/page", headers={"x-who": "me"}).text == page
        assert client.get("/bad", raise_errors=False).status == 404
        with pytest.raises(ValueError, match="is given a path of the app"):
            client.get("/out")
        assert client.get("/lazy").text == (
            '<div hx-get="/part?of=&#34;x" hx-trigger="load" hx-swap="outerHTML"><a href="/part?of=&#34;x">&lt;More&gt;</a></div>'
        )
        with pytest.raises(RuntimeError, match="circle"):
            client.get("/circle")


def test_a_page_with_a_part_of_one_visitor_is_kept_for_nobody() -> None:
    app = App(
        "parted",
        plugins=[
            Templates(None, texts={"page.html": "{{ load('/name') }}"}),
            Caching(),
            Sessions("memory:", key=KEY),
        ],
    )

    @app.get("/name")
    async def name(session: Session) -> str:
        name: str = session.get("name", "nobody")
        return name

    @app.post("/name/{name}")
    async def rename(name: str, session: Session) -> None:
        session["name"] = name

    @app.get("/", middleware=[Pages(60)])
    async def page() -> Page:
        return render("page.html")

    with Client(app) as client:
        client.post("/name/Django")
        assert client.get("/").text == "Django"
        with somebody_else(client):
            assert client.get("/").text == "nobody"
        assert client.get("/").text == "Django"
