"""Pages that are sent while they are rendered."""

import asyncio
import http.client
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from browser import opened

from segue import App
from segue.html import Page, TemplateError, Templates, captured_templates, render
from segue.security import Security
from segue.testing import AsyncClient, Client, LiveServer

TEXTS = {
    "base.html": "<title>t</title>{% block main %}{% endblock %}<footer>",
    "rows.html": '{% extends "base.html" %}{% from "m.html" import cell %}{% block main %}{% for row in rows %}{{ cell(row) }}{% endfor %}'
    "{{ total() }}{% endblock %}",
    "m.html": "{% macro cell(x) %}<td>{{ x }}</td>{% endmacro %}",
    "bad.html": "<p>\n{% for row in rows %}{{ row.x }}{% endfor %}",
    "assets.html": "{{ page_assets() }}",
}


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        await asyncio.sleep(0)
        yield number


async def total() -> str:
    await asyncio.sleep(0)
    return "<total>"


def app_of() -> App:
    app = App("stream", plugins=[Templates(None, texts=TEXTS)])

    @app.get("/rows/{count:int}")
    async def rows(count: int) -> Page:
        return render("rows.html", rows=numbers(count), total=total).streamed()

    @app.get("/plain")
    async def plain() -> Page:
        return render("rows.html", rows=range(40_000), total=lambda: "<t>").streamed().with_status(203)

    @app.get("/bad")
    async def bad() -> Page:
        return render("bad.html", rows=[1]).streamed()

    @app.get("/assets")
    async def assets() -> Page:
        return render("assets.html").streamed()

    return app


def test_async_values_are_awaited() -> None:
    app = app_of()
    with captured_templates(app) as pages:
        answer = Client(app).get("/rows/3")
    assert answer.text == "<title>t</title><td>0</td><td>1</td><td>2</td>&lt;total&gt;<footer>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-length" not in answer.headers
    assert [one.template for one in pages] == ["rows.html"]


def test_a_large_page_comes_in_pieces() -> None:
    answer = Client(app_of()).get("/plain")
    assert answer.status == 203
    assert answer.text.count("<td>") == 40_000
    assert answer.text.endswith("&lt;t&gt;<footer>")


def test_what_fails_at_the_beginning_is_an_ordinary_error() -> None:
    client = Client(app_of(), raise_server_exceptions=False)
    assert client.get("/bad").status == 500
    with pytest.raises(TemplateError, match="a stream is sent before that"):
        Client(app_of()).get("/assets")


def test_what_stands_before_something_slow_is_sent_already() -> None:
    app = App("slow", plugins=[Templates(None, texts=TEXTS)])
    seen = threading.Event()

    async def slow() -> str:
        await asyncio.to_thread(seen.wait, 30)
        return "slow"

    @app.get("/")
    async def page() -> Page:
        return render("rows.html", rows=["first"], total=slow).streamed()

    with LiveServer(app) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        begin = answer.read1()
        assert b"<td>first</td>" in begin
        assert b"slow" not in begin
        seen.set()
        assert answer.read() == b"slow<footer>"
        connection.close()


def test_who_leaves_ends_the_values_too() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
                await asyncio.sleep(0)
        finally:
            ended.set()

    app = App("endless", plugins=[Templates(None, texts=TEXTS)])

    @app.get("/")
    async def page() -> Page:
        return render("rows.html", rows=endless(), total=total).streamed()

    async def leave() -> None:
        async with AsyncClient(app) as client, client.stream("GET", "/") as answer:
            async for _ in answer:
                break
        await asyncio.wait_for(ended.wait(), 20)

    asyncio.run(leave())
    assert ended.is_set()


LATER = """<!doctype html><html><head><title>t</title></head><body><h1>Films</h1>
<section>{% later stats %}Counting...{% then %}<b id="stats">{{ stats.total }} {{ word }}</b>{% endlater %}</section>
<section>{% later quick %}...{% then %}<i id="quick">{{ quick }}</i>{% endlater %}</section><p id="end">end</p></body></html>"""


def later_app(wait: threading.Event, *plugins: Any, text: str = LATER) -> App:
    app = App("later", plugins=[Templates(None, texts={"later.html": text}), *plugins])

    async def stats() -> dict[str, str]:
        await asyncio.to_thread(wait.wait, 30)
        return {"total": "<12>"}

    async def quick() -> str:
        await asyncio.sleep(0)
        return "<quick>"

    @app.get("/")
    async def page() -> Page:
        return render("later.html", stats=stats(), quick=quick, word="films").streamed()

    @app.get("/now")
    async def now() -> Page:
        return render("later.html", stats={"total": 1}, quick="q", word="films")

    @app.get("/impatient")
    async def impatient() -> Page:
        return render("later.html", stats=stats, quick="q")

    @app.get("/waits")
    async def waits() -> Page:
        return render("later.html", stats=stats(), quick="q", word="films")

    return app


def test_parts_of_a_page_come_when_they_are_ready() -> None:
    seen = threading.Event()
    with LiveServer(later_app(seen)) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        begin = b""
        while b"&lt;quick&gt;" not in begin or not begin.rstrip().endswith(b"</script>"):
            begin += answer.read1()
        assert b'<div id="segue-later-1">Counting...</div>' in begin
        assert b'<p id="end">end</p>' in begin
        assert b"&lt;12&gt;" not in begin
        assert b"</body>" not in begin
        seen.set()
        rest = answer.read()
        assert b'<div id="segue-later-1-content"><b id="stats">&lt;12&gt; films</b></div>' in rest
        assert rest.endswith(b"</body></html>")
        connection.close()


def test_what_is_there_already_is_shown_at_once() -> None:
    ready = threading.Event()
    ready.set()
    client = Client(later_app(ready))
    assert client.get("/waits").text == client.get("/now").text.replace(">1 films", ">&lt;12&gt; films")
    page = client.get("/now").text
    assert '<section><b id="stats">1 films</b></section>' in page
    assert "segue-later" not in page
    with pytest.raises(TemplateError, match=r"return render\(\.\.\.\)\.streamed\(\)"):
        client.get("/impatient")


@pytest.mark.requires("chromium")
def test_a_browser_puts_the_parts_in_their_places_under_a_strict_policy(tmp_path: Path) -> None:
    ready = threading.Event()
    ready.set()
    nonced = LATER.replace("<title>", '<meta name="n" content="{{ csp_nonce }}"><title>')
    app = later_app(ready, Security(https=False), text=nonced)
    with LiveServer(app) as server, opened(server.url, tmp_path) as tab:
        tab.wait_for("document.readyState === 'complete' && !!document.querySelector('#end')")
        tab.wait_for("!document.querySelector('[id^=segue-later]')")
        assert tab.value("document.querySelector('section').textContent") == "<12> films"
        assert (
            tab.value("document.querySelectorAll('section')[1].innerHTML")
            == '<i id="quick">&lt;quick&gt;</i>'
        )
        assert [one for one in tab.complaints if "favicon" not in one] == []
