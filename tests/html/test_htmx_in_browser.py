"""htmx itself, in a browser, against pages of Segue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from browser import Tab, opened

from segue import App, Event, EventStream, Form, WebSocket
from segue.html import Htmx, Page, Renderer, Templates, h, hx, render
from segue.testing import LiveServer

PAGE = """<!doctype html><html><head><title>{{ title }}</title>
{% for name in ["htmx", "hx-sse", "hx-ws"] %}<script src="/vendor/{{ name }}.min.js"></script>{% endfor %}
<script>let heard = []; addEventListener("saved", event => heard.push(event.detail.title ?? event.detail.value?.title))</script></head>
<body><h1>{{ title }}</h1>
<button id="load" hx-get="/films" hx-target="#list">load</button>
<form hx-post="/films" hx-target="#list"><input name="title" value="<Nuages>"><button id="add">add</button></form>
<ul id="list">{% block list %}{% for film in films %}<li>{{ film }}</li>{% endfor %}{% endblock %}</ul>
<b id="count">{% block count %}{{ films|length }}{% endblock %}</b>
<button id="aim" hx-get="/aim" hx-target="#list">aim</button><p id="other">other</p>
<button id="go" hx-get="/location">go</button><button id="redirect" hx-get="/redirect">go</button>
<a id="boost" href="/page/boosted" hx-boost="true">boost</a>
<div id="feed" hx-sse:connect="/events" hx-swap="beforeend"></div>
<div hx-ws:connect="/socket" hx-target="#chat"><form id="say" hx-ws:send><input name="word" value="<hi>"><button id="send">say</button></form></div>
<div id="chat"></div>
</body></html>"""


def app_of(said: list[Any]) -> App:
    app = App("films", plugins=[Templates(None, texts={"page.html": PAGE})])
    app.static("/vendor", Path(__file__).parent / "vendor")
    films: list[str] = []

    @app.get("/page/{title}")
    async def page(title: str, htmx: Htmx) -> Page:
        said.append((title, bool(htmx), htmx.is_boosted))
        return render("page.html", title=title, films=films)

    @app.get("/films")
    async def listed(htmx: Htmx) -> Page:
        said.append(
            (
                bool(htmx),
                htmx.is_request,
                htmx.target,
                htmx.trigger,
                (htmx.current_url or "").rpartition("/")[2],
            )
        )
        return render("page.html", title="films", films=films).part("list", oob=["count"])

    @app.post("/films")
    async def add(title: Form[str]) -> Any:
        films.append(title)
        part = render("page.html", title="films", films=films).part("list", oob=["count"])
        return hx(part, trigger={"saved": {"title": title}}, push_url="/page/pushed")

    @app.get("/aim")
    async def aim() -> Any:
        return hx(h.p("aimed", id="other"), retarget="#other", reswap="outerHTML")

    @app.get("/location")
    async def location() -> Any:
        return hx("", location="/page/located")

    @app.get("/redirect")
    async def redirect() -> Any:
        return hx("", redirect="/page/redirected")

    @app.get("/events")
    async def events(renderer: Renderer) -> EventStream[str]:
        async def told() -> AsyncIterator[Event]:
            for number in range(2):
                yield Event(data=renderer.text("page.html#list", films=[f"<{number}>"]))

        return told()

    @app.websocket("/socket")
    async def chat(socket: WebSocket, renderer: Renderer) -> None:
        async for message in socket:
            import json

            await socket.send(renderer.text("page.html#list", films=[json.loads(message)["word"]]))

    return app


def click(tab: Tab, id: str) -> None:
    tab.value(f"document.getElementById('{id}').click()")


@pytest.mark.row("HX1")
@pytest.mark.requires("chromium")
def test_attributes_headers_swaps_events_and_sockets_of_htmx(tmp_path: Path) -> None:
    said: list[Any] = []
    with LiveServer(app_of(said)) as server, opened(f"{server.url}/page/first", tmp_path) as tab:
        tab.wait_for("document.readyState === 'complete' && typeof htmx === 'object'")
        click(tab, "add")
        tab.wait_for("document.querySelector('#list li')?.textContent === '<Nuages>'")
        tab.wait_for("document.querySelector('#count').textContent === '1'")
        tab.wait_for("heard.length === 1 && heard[0] === '<Nuages>'")
        tab.wait_for("location.pathname === '/page/pushed'")
        tab.value("document.querySelector('#list').innerHTML = ''")
        click(tab, "load")
        tab.wait_for("document.querySelectorAll('#list li').length === 1")
        assert said[-1] == (True, True, "list", "load", "pushed")
        click(tab, "aim")
        tab.wait_for("document.querySelector('#other').textContent === 'aimed'")
        tab.wait_for(
            "[...document.querySelectorAll('#feed li')].slice(0, 2).map(one => one.textContent).join() === '<0>,<1>'"
        )
        click(tab, "send")
        tab.wait_for("document.querySelector('#chat li')?.textContent === '<hi>'")
        click(tab, "boost")
        tab.wait_for(
            "document.querySelector('h1').textContent === 'boosted' && location.pathname === '/page/boosted'"
        )
        assert ("boosted", False, True) in said
        click(tab, "go")
        tab.wait_for(
            "document.querySelector('h1').textContent === 'located' && location.pathname === '/page/located'"
        )
        click(tab, "redirect")
        tab.wait_for(
            "document.querySelector('h1')?.textContent === 'redirected' && location.pathname === '/page/redirected'"
        )
