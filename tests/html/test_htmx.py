"""Pages and parts of them, for htmx."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, Event, EventStream, WebSocket
from segue.core.inspection.checks import check_app
from segue.html import Htmx, Page, Renderer, Templates, h, hx, render
from segue.testing import Client

TEXTS = {
    "films.html": "<title>Films</title><ul id='list'>{% block list %}{% for film in films %}<li>{{ film }}</li>{% endfor %}{% endblock %}</ul>"
    "<b id='count'>{% block count %}{{ films|length }}{% endblock %}</b>",
}
HTMX = {"hx-request": "true"}


def app_of() -> App:
    app = App("films", plugins=[Templates(None, texts=TEXTS)])

    @app.get("/films")
    async def films() -> Page:
        return render("films.html", films=["<a>"]).part("list", oob=["count"])

    @app.get("/said")
    async def said(htmx: Htmx) -> dict[str, Any]:
        return {
            "part": bool(htmx), "request": htmx.is_request, "boosted": htmx.is_boosted, "history": htmx.is_history_restore,
            "target": htmx.target, "trigger": htmx.trigger, "name": htmx.trigger_name, "prompt": htmx.prompt, "url": htmx.current_url,
        }  # fmt: skip

    @app.post("/films")
    async def add() -> Any:
        return hx(
            (render("films.html#list", films=["b"]), 201),
            trigger={"saved": {"id": 7, "title": "Nuagés"}}, trigger_after_swap=["a", "b"], trigger_after_settle="c",
            retarget="#list", reswap="beforeend", reselect="li", push_url="/films/7", replace_url=False,
        )  # fmt: skip

    @app.post("/login")
    async def login() -> Any:
        return hx("", redirect="/login", refresh=True)

    @app.post("/go")
    async def go() -> Any:
        return hx(None, location={"path": "/films", "target": "#list"})

    return app


@pytest.mark.row("U30")
def test_a_page_or_a_part_by_who_asks() -> None:
    client = Client(app_of())
    whole = client.get("/films")
    assert whole.text.startswith("<title>Films</title>")
    assert whole.headers["vary"].lower() == "hx-request"
    part = client.get("/films", headers=HTMX)
    assert part.text == '<li>&lt;a&gt;</li>\n<div hx-swap-oob="innerHTML:#count">1</div>'
    assert part.headers["vary"].lower() == "hx-request"
    for more in ({"hx-boosted": "true"}, {"hx-history-restore-request": "true"}, {"hx-request-type": "full"}):
        assert client.get("/films", headers={**HTMX, **more}).text == whole.text
    assert client.get("/films", headers={**HTMX, "hx-request-type": "partial"}).text == part.text


def test_what_htmx_says() -> None:
    client = Client(app_of())
    nothing = client.get("/said").json()
    assert nothing == {"part": False, "request": False, "boosted": False, "history": False, "target": None, "trigger": None,
                       "name": None, "prompt": None, "url": None}  # fmt: skip
    two = {**HTMX, "hx-target": "list", "hx-trigger": "save", "hx-trigger-name": "go", "hx-prompt": "yes",
           "hx-current-url": "http://localhost/a%20b"}  # fmt: skip
    assert client.get("/said", headers=two).json() == {
        "part": True, "request": True, "boosted": False, "history": False, "target": "list", "trigger": "save",
        "name": "go", "prompt": "yes", "url": "http://localhost/a b",
    }  # fmt: skip
    four = {**HTMX, "hx-target": "ul#list", "hx-source": "button#save", "hx-boosted": "true"}
    said = client.get("/said", headers=four).json()
    assert (said["part"], said["boosted"], said["target"], said["trigger"]) == (False, True, "list", "save")


@pytest.mark.row("LI16")
def test_what_htmx_is_told() -> None:
    client = Client(app_of())
    answer = client.post("/films", headers=HTMX)
    assert (answer.status, answer.text) == (201, "<li>b</li>")
    told = {name: answer.headers[name] for name in answer.headers if name.startswith("hx-")}
    assert told == {
        "hx-trigger": '{"saved": {"id": 7, "title": "Nuag\\u00e9s"}}', "hx-trigger-after-swap": "a, b",
        "hx-trigger-after-settle": "c", "hx-retarget": "#list", "hx-reswap": "beforeend", "hx-reselect": "li",
        "hx-push-url": "/films/7", "hx-replace-url": "false",
    }  # fmt: skip
    login = client.post("/login")
    assert (login.headers["hx-redirect"], login.headers["hx-refresh"]) == ("/login", "true")
    assert client.post("/go").headers["hx-location"] == '{"path": "/films", "target": "#list"}'


def test_elements_have_its_attributes() -> None:
    assert h.button("go", hx_get="/films", hx_target="#list", hx_swap="outerHTML") == (
        '<button hx-get="/films" hx-target="#list" hx-swap="outerHTML">go</button>'
    )


def test_parts_of_pages_in_events_and_sockets() -> None:
    app = app_of()

    @app.get("/events")
    async def events(renderer: Renderer) -> EventStream[str]:
        async def told() -> AsyncIterator[Event]:
            yield Event(data=renderer.text("films.html#list", films=["<x>\n"]), event="films")

        return told()

    @app.websocket("/socket")
    async def chat(socket: WebSocket, renderer: Renderer) -> None:
        async for message in socket:
            await socket.send(renderer.text("films.html#list", films=[message]))

    client = Client(app)
    assert client.get("/events").text.startswith("event: films\ndata: <li>&lt;x&gt;\ndata: </li>\n")
    with client.websocket("/socket") as socket:
        socket.send("<y>")
        assert socket.receive() == "<li>&lt;y&gt;</li>"


@pytest.mark.row("HX2")
def test_results_say_what_they_are_and_check_finds_targets_and_actions_that_are_not_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.html").write_text(
        "<body><ul id='list'>{% block list %}{% for one in rows %}<li>{{ one }}</li>{% endfor %}{% endblock %}</ul>"
        "<b id='count'>{% block count %}2{% endblock %}</b>"
        "<form action='/gone' method='post'><button hx-get='/page' hx-target='#lsit'>b</button></form></body>"
    )
    (tmp_path / "slow.html").write_text(
        "<body>{% later sum %}...{% then %}<i>{{ sum }}</i>{% endlater %}<p>end</p></body>"
    )
    app = App("intent", plugins=[Templates(tmp_path)])

    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def total() -> int:
        return 3

    @app.get("/page")
    async def page() -> Page:
        return render("page.html", rows=[1, 2]).part("list", oob=["count"])

    @app.get("/stream")
    async def stream() -> Page:
        return render("page.html", rows=numbers()).streamed()

    @app.get("/suspense")
    async def suspense() -> Page:
        return render("slow.html", sum=total()).streamed()

    client = Client(app)
    assert client.get("/page").text.startswith("<body><ul id='list'><li>1</li><li>2</li></ul>")
    part = client.get("/page", headers=HTMX)
    assert part.text == '<li>1</li><li>2</li>\n<div hx-swap-oob="innerHTML:#count">2</div>'
    assert client.get("/stream").text == client.get("/page").text
    text = client.get("/suspense").text
    shell, content = (
        text.index('<div id="segue-later-1">...</div><p>end</p>'),
        text.index('-content"><i>3</i></div>'),
    )
    assert shell < content < text.index("</body>")
    found = {(one.code, one.line, one.message) for one in check_app(app)}
    assert found == {
        ("dead-link", 1, 'action="/gone": there is no route for this path'),
        ("dead-target", 1, "no template has an element with the id 'lsit'"),
    }
