"""What users of other frameworks bring along, each as one small app that does all of it."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import httpx2
import pytest
from flask import Flask
from markupsafe import escape
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from segue import App, Cors, EventStream, Forbidden, Next, Request, Response, WebSocket, around
from segue.client import Http
from segue.debug import Toolbar
from segue.html import Element, Templates, h
from segue.html.textfilters import urlize
from segue.http.forms import FormLimits
from segue.http.url import URL
from segue.security import MemorySessions, Session, Sessions
from segue.testing import AsyncClient, Client, LiveServer

KEY = secrets.token_urlsafe(48)


class Desk:
    """Something that handlers are provided with."""

    def __init__(self, told: list[str]) -> None:
        self.told = told


@pytest.mark.row("FX10")
def test_background_work_lifespan_apps_in_apps_middleware_and_sockets_with_what_they_need() -> None:
    told: list[str] = []

    app, inner, old = App(), App("inner"), Flask("old")

    @app.lifespan
    async def life(_: App) -> AsyncIterator[None]:
        told.append("up")
        yield
        told.append("down")

    app.provide(Desk, lambda: Desk(told), life="app")

    @app.post("/mails")
    async def mail(request: Request, to: str) -> dict[str, str]:
        async def send() -> None:
            told.append(f"sent to {to}")

        request.after(send)
        request.after(told.append, "counted")
        return {"to": to}

    @app.middleware
    async def timed(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers["x-timed"] = "yes"
        return response

    @app.websocket("/echo/{room}")
    async def echo(socket: WebSocket, room: str, desk: Desk, loud: bool = False) -> None:
        async for message in socket:
            desk.told.append(f"{room}: {message!s}")
            await socket.send(message.upper() if loud and isinstance(message, str) else message)

    @inner.get("/here")
    async def here(request: Request) -> str:
        return request.url_for("inner.here")

    @old.get("/there")
    def there() -> str:
        return "from Flask"

    app.include(inner, at="/inner")
    app.mount("/old", old)
    with Client(app) as client:
        assert told == ["up"]
        reply = client.post("/mails?to=django")
        assert (reply.json(), reply.headers["x-timed"]) == ({"to": "django"}, "yes")
        assert client.get("/inner/here").text == "/inner/here"
        assert client.get("/old/there").text == "from Flask"
        with client.websocket("/echo/one?loud=true") as socket:
            socket.send("hello")
            assert socket.receive() == "HELLO"
    assert told == ["up", "sent to django", "counted", "one: hello", "down"]


def multipart(*parts: tuple[str, bytes]) -> tuple[bytes, dict[str, str]]:
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in parts
    )
    return body + b"--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.row("FX12")
def test_forms_are_limited_in_fields_and_in_the_size_of_a_part() -> None:
    app = App()

    @app.post("/own")
    async def own(request: Request) -> str:
        form = await request.form(FormLimits(fields=3, field_size=10, files=1, file_size=20))
        return str(len(form))

    @app.post("/usual")
    async def usual(request: Request) -> str:
        return str(len(await request.form()))

    with Client(app) as client:
        for count, status in ((3, 200), (4, 400)):
            fields = {f"f{number}": "x" for number in range(count)}
            assert client.post("/own", data=fields).status == status
            body, headers = multipart(*[(name, b"x") for name in fields])
            assert client.post("/own", content=body, headers=headers).status == status
        for size, status in ((5, 200), (20, 413)):
            assert client.post("/own", data={"a": "x" * size}).status == status
            body, headers = multipart(("a", b"x" * size))
            assert client.post("/own", content=body, headers=headers).status == status
        for size, status in ((20, 200), (21, 413)):
            files = {"a": ("a.bin", b"x" * size, "application/octet-stream")}
            assert client.post("/own", files=files).status == status
        many = "&".join(f"f{number}=x" for number in range(1001))
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post("/usual", content=many, headers=form).status == 400
        assert client.post("/usual", content="a=" + "x" * 1_000_001, headers=form).status == 413


def shop() -> App:
    app = App(plugins=[Sessions(MemorySessions(), key=KEY)])

    @app.get("/cart")
    async def cart(session: Session) -> Any:
        return session.get("cart", [])

    @app.websocket("/bell")
    async def bell(socket: WebSocket, session: Session) -> None:
        await socket.send(f"ding, {session.get('user', 'nobody')}")

    return app


@pytest.mark.row("LI15")
def test_a_test_sets_the_session_and_asks_with_either_client_and_over_a_socket() -> None:
    with Client(shop()) as client:
        with client.session() as session:
            session["cart"] = ["Nuages"]
            session["user"] = "Django"
        assert client.get("/cart").json() == ["Nuages"]
        with client.websocket("/bell") as socket:
            assert socket.receive() == "ding, Django"
    asyncio.run(ask_asynchronously())


async def ask_asynchronously() -> None:
    async with AsyncClient(shop()) as client:
        assert (await client.get("/cart")).json() == []
        async with client.session() as session:
            session["cart"] = ["Minor Swing"]
        assert (await client.get("/cart")).json() == ["Minor Swing"]
        async with client.websocket("/bell") as socket:
            assert await socket.receive() == "ding, nobody"


@pytest.mark.row("DJ-19")
def test_urls_with_converters_namespaces_reversing_and_appended_slashes() -> None:
    polls = App("polls", slashes="redirect")

    @polls.get("/")
    async def index() -> str:
        return "index"

    @polls.get("/{pk:int}/")
    async def detail(pk: int, request: Request) -> str:
        return request.url_for("polls.results", pk=pk)

    @polls.get("/{pk:int}/results/", name="results")
    async def results(pk: int) -> str:
        return str(pk)

    @polls.get("/{slug:slug}/{key:uuid}/{rest:path}")
    async def archived(slug: str, key: Any, rest: str) -> str:
        return f"{slug} {key.hex} {rest}"

    app = App("site")
    app.include(polls, at="/polls")
    app.include(polls, at="/old-polls", name="archive")
    key = "12345678-1234-5678-1234-567812345678"
    with Client(app) as client:
        assert client.get("/polls/7/").text == "/polls/7/results/"
        assert client.get("/polls/x/").status == 404
        assert client.get(f"/polls/a-b/{key}/c/d").text == f"a-b {key.replace('-', '')} c/d"
        redirect = client.get("/polls/7?page=2", follow_redirects=False)
        assert (redirect.status, redirect.headers["location"]) == (308, "/polls/7/?page=2")
    assert app.url_for("polls.detail", pk=3) == "/polls/3/"
    assert app.url_for("archive.detail", pk=3) == "/old-polls/3/"
    with pytest.raises(LookupError, match=r"polls\.detail"):
        app.url_for("polls.detial", pk=3)


@pytest.mark.row("EM-09")
def test_an_echo_events_and_streams_over_the_wire() -> None:
    app = App()

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    @app.get("/events")
    async def events() -> EventStream[dict[str, int]]:
        for number in range(3):
            yield {"number": number}

    @app.get("/lines")
    async def lines() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number}\n"

    with LiveServer(app) as server:

        async def ask() -> None:
            async with Http(base_url=server.url) as http:
                assert (await http.get("/lines")).text == "0\n1\n2\n"
                found = []
                async for event in http.events("/events"):
                    found.append(json.loads(event.data))
                    if len(found) == 3:
                        break  # else it would ask again
                assert found == [{"number": 0}, {"number": 1}, {"number": 2}]
                async with http.websocket("/echo") as socket:
                    for message in ("text", b"bytes"):
                        await socket.send(message)
                        assert await socket.receive() == message

        asyncio.run(ask())


@pytest.mark.row("EM-03")
def test_typed_variables_parts_that_may_be_missing_several_paths_and_every_output() -> None:
    app = App(plugins=[Templates(texts={"film.html": "<h1>{{ title }}</h1>"})])

    @app.get("/i/{v:int}/{f:float}/{d:date}/{a:alpha}/{s}/{rest:path}")
    async def typed(v: int, f: float, d: Any, a: str, s: str, rest: str) -> list[str]:
        return [repr(v), repr(f), d.isoformat(), a, s, rest]

    @app.get("/films")
    @app.get("/films/{id:int}")
    @app.route("/movies/{id:int}", methods=["GET", "POST"])
    async def films(id: int = 0) -> str:
        return f"film {id}"

    @app.get("/bytes")
    async def as_bytes() -> bytes:
        return b"\x00\xff"

    @app.get("/iter")
    async def as_iterator() -> Iterable[str]:
        return iter(["a", "b"])

    @app.get("/template", template="film.html")
    async def as_page() -> dict[str, str]:
        return {"title": "<Nuages>"}

    @app.get("/snippet")
    async def as_snippet() -> Element:
        return h.li("<Nuages>", class_="film")

    with Client(app) as client:
        path = "/i/-7/2.5/2026-11-20/abc/x y/a/b"
        assert client.get(path).json() == ["-7", "2.5", "2026-11-20", "abc", "x y", "a/b"]
        for wrong in (
            "/i/x/2.5/2026-11-20/abc/x/a",
            "/i/7/2.5/2026-13-20/abc/x/a",
            "/i/7/2.5/2026-11-20/a1/x/a",
        ):
            assert client.get(wrong).status == 404
        assert [client.get(path).text for path in ("/films", "/films/3", "/movies/4")] == [
            "film 0",
            "film 3",
            "film 4",
        ]
        assert client.post("/movies/4").text == "film 4"
        assert client.post("/films/4").status == 405
        assert client.get("/bytes").content_type == "application/octet-stream"
        assert client.get("/bytes").content == b"\x00\xff"
        assert client.get("/iter").text == "ab"
        page = client.get("/template", headers={"accept": "text/html"})
        assert (page.content_type, page.text) == ("text/html", "<h1>&lt;Nuages&gt;</h1>")
        snippet = client.get("/snippet")
        assert (snippet.content_type, snippet.text) == ("text/html", '<li class="film">&lt;Nuages&gt;</li>')


class Pipe:
    """What Emmett calls a pipe, as a middleware."""

    def __init__(self, name: str, told: list[str]) -> None:
        self.name, self.told = name, told

    async def __call__(self, request: Request, next: Next) -> Response:
        self.told.append(f"open {self.name}")
        try:
            response = await next(request)
            # What fails further in is a response by now.
            self.told.append(f"{self.name} {'failed' if response.status >= 500 else 'succeeded'}")
            return response
        except Exception:
            self.told.append(f"{self.name} failed")
            raise
        finally:
            self.told.append(f"close {self.name}")


@pytest.mark.row("EM-02")
def test_pipes_of_an_app_a_module_and_a_route_open_close_and_learn_how_it_went() -> None:
    told: list[str] = []
    app, module = (
        App(plugins=[Templates(texts={"page.html": "{{ visitor }} {{ films | length }}"})]),
        App("m"),
    )
    app.middleware(Pipe("app", told))
    module.middleware(Pipe("module", told))
    app.include(module, at="/module")
    app.provide(Desk, lambda: Desk(told))

    @app.template_value
    def visitor(request: Request) -> str:
        return request.query.get("as", "nobody")

    @module.get("/fine")
    @around(Pipe("route", told))
    async def fine(desk: Desk) -> str:
        desk.told.append("handler")
        return "fine"

    @module.get("/broken")
    @around(Pipe("route", told))
    async def broken() -> str:
        raise ValueError("broken")

    @app.get("/page", template="page.html")
    async def page() -> dict[str, list[str]]:
        return {"films": ["Nuages"]}

    opened = ["open app", "open module", "open route"]
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/module/fine").text == "fine"
        assert told == [
            *opened,
            "handler",
            *("route succeeded", "close route", "module succeeded", "close module"),
            *("app succeeded", "close app"),
        ]
        told.clear()
        assert client.get("/module/broken").status == 500
        assert told == [
            *opened,
            *("route failed", "close route", "module failed", "close module", "app failed", "close app"),
        ]
        told.clear()
        assert client.get("/page?as=Django", headers={"accept": "text/html"}).text == "Django 1"
        assert told == ["open app", "app succeeded", "close app"]


@pytest.mark.row("AI24")
def test_session_security_templates_events_cors_and_a_toolbar_need_nothing_else() -> None:
    app = App(
        "shop",
        debug=True,
        plugins=[
            Sessions(MemorySessions(), key=KEY),
            Templates(texts={"home.html": "<body>{{ user }}</body>"}),
            Toolbar(),
        ],
    )
    app.development = True
    app.middleware(Cors(["https://app.example"], credentials=True))

    async def members(session: Session) -> None:
        if "user" not in session:
            raise Forbidden("members only")

    @app.get("/", template="home.html")
    async def home(session: Session) -> dict[str, str]:
        return {"user": session.get("user", "nobody")}

    @app.get("/desk", requires=[members])
    async def desk() -> str:
        return "the desk"

    @app.get("/events")
    async def events() -> EventStream[str]:
        yield "one"

    page = {"accept": "text/html"}
    with Client(app) as client:
        assert "<body>nobody" in client.get("/", headers=page).text
        assert client.get("/desk").status == 403
        with client.session() as session:
            session["user"] = "<Django>"
        shown = client.get("/", headers=page).text
        assert "<body>&lt;Django&gt;" in shown
        assert 'id="segue-toolbar"' in shown
        assert client.get("/desk").text == "the desk"
        with client.events("/events") as stream:
            assert next(iter(stream)).data == "one"
        origin = {"origin": "https://app.example"}
        assert client.get("/desk", headers=origin).headers["access-control-allow-origin"] == origin["origin"]
        other = client.get("/desk", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.row("U28")
def test_an_app_takes_part_in_what_there_is_for_asgi() -> None:
    app = App()

    @app.get("/long")
    async def long() -> str:
        return "Nuages " * 1000

    async def there(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(f"from Starlette, at {request.scope['root_path']}")

    app.mount("/there", Starlette(routes=[Route("/", there)]))
    around_it: Any = TrustedHostMiddleware(GZipMiddleware(app), allowed_hosts=["films.example"])
    outer = Starlette(routes=[Mount("/inside", app)])

    async def ask() -> None:
        for asgi, url, status, text in (
            (around_it, "http://films.example/long", 200, "Nuages " * 1000),
            (around_it, "http://films.example/there/", 200, "from Starlette, at /there"),
            (around_it, "http://other.example/long", 400, "Invalid host header"),
            (outer, "http://films.example/inside/long", 200, "Nuages " * 1000),
        ):
            async with httpx2.AsyncClient(transport=httpx2.ASGITransport(asgi)) as client:
                reply = await client.get(url)
                assert (reply.status_code, reply.text) == (status, text)
                assert (reply.headers.get("content-encoding") == "gzip") == (
                    asgi is around_it and len(text) > 999
                )

    asyncio.run(ask())


@pytest.mark.row("TO25")
def test_helpers_for_text_and_urls_and_a_wsgi_app_that_blocks_nobody() -> None:
    assert escape("<b>&") == "&lt;b&gt;&amp;"
    assert urlize("see www.a.example!").startswith('see <a href="https://www.a.example"')
    assert str(URL.parse("http://a.example/x?a=1").with_query({"a": "1", "b": "ä&"})) == (
        "http://a.example/x?a=1&b=%C3%A4%26"
    )
    entered, leave = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        entered.set()
        assert leave.wait(20)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"slow"]

    app = App()
    app.mount("/slow", slow)

    @app.get("/loop")
    async def loop() -> str:
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]

    with LiveServer(app) as server, ThreadPoolExecutor() as pool:

        def ask(path: str) -> str:
            with urlopen(f"{server.url}{path}", timeout=20) as reply:
                return str(reply.read().decode())

        waiting = pool.submit(ask, "/slow/")
        assert entered.wait(20)
        assert ask("/loop") in ("uvloop", "asyncio")
        assert not waiting.done()
        leave.set()
        assert waiting.result(20) == "slow"
