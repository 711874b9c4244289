"""Results in the format that the client asks for."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from segue import App, EventStream, NotFound, Request, Response, Struct
from segue.core.plan import FreezeError
from segue.formats import CSV, HTML, JSON, XML, Formats, JSONLines, MessagePack, Text
from segue.testing import Client


class Film(Struct):
    title: str
    year: int = 2000


FILMS = [Film("Nuages", 1940), Film("Playtime", 1967)]


@pytest.fixture
def app() -> App:
    app = App()

    @app.get("/films", formats=[JSON, CSV, XML], suffixes=True)
    async def films() -> list[Film]:
        return FILMS

    @app.get("/films/{title}", formats=[JSON, XML], suffixes=True)
    async def film(title: str) -> Film:
        if title == "none":
            raise NotFound("no such film")
        return Film(title)

    return app


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/xml;q=0.5, text/csv;q=0.9", "text/csv"),
        ("text/xml", "text/xml"),
        ("text/html, application/xml;q=0.9, */*;q=0.1", "application/xml"),
        ("application/json;q=0, */*", "text/csv"),
    ],
)
def test_the_client_chooses_and_the_first_format_is_the_default(app: App, accept: str, kind: str) -> None:
    reply = Client(app).get("/films", headers={"accept": accept})
    assert (reply.status, reply.content_type, reply.headers["vary"]) == (200, kind, "accept")


def test_the_suffix_says_it_whatever_the_client_accepts(app: App) -> None:
    reply = Client(app).get("/films.csv", headers={"accept": "application/json"})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.text == "title,year\r\nNuages,1940\r\nPlaytime,1967\r\n"
    assert "vary" not in reply.headers
    assert Client(app).get("/films.exe").status == 404


def test_a_suffix_after_a_parameter_is_no_part_of_it(app: App) -> None:
    client = Client(app)
    assert client.get("/films/Nuages.xml").text.endswith(
        "<film><title>Nuages</title><year>2000</year></film>\n"
    )
    assert client.get("/films/Nuages").json()["title"] == "Nuages"
    assert client.get("/films/Nuages.v2.json").json()["title"] == "Nuages.v2"


def test_what_nobody_offers_is_a_406_that_names_what_there_is_before_anything_runs() -> None:
    app, ran = App(), []

    @app.post("/", formats=[JSON, CSV])
    async def create() -> list[int]:
        ran.append(1)
        return [1]

    reply = Client(app).post("/", headers={"accept": "image/png"})
    assert (reply.status, ran) == (406, [])
    assert reply.json()["available"] == ["application/json", "text/csv"]


def test_each_path_with_a_suffix_has_the_name_of_its_route_and_the_suffix(app: App) -> None:
    outer = App("outer")
    outer.include(app, at="/in", name="inner")
    assert app.url_for("films.csv") == "/films.csv"
    assert app.url_for("film.xml", title="a") == "/films/a.xml"
    assert outer.url_for("inner.films.csv") == "/in/films.csv"


def test_a_route_without_formats_takes_no_notice_of_accept() -> None:
    app = App()

    @app.get("/")
    async def index() -> dict[str, int]:
        return {"a": 1}

    reply = Client(app).get("/", headers={"accept": "text/csv"})
    assert reply.content_type == "application/json"
    assert "vary" not in reply.headers
    assert "choose" not in app.plan.endpoints[0].source


def test_replies_and_status_pass_through() -> None:
    app = App(formats=[JSON, XML])

    @app.get("/tuple")
    async def created() -> tuple[Film, int, dict[str, str]]:
        return Film("a"), 201, {"x-own": "1"}

    @app.get("/response")
    async def own() -> Response:
        return Response("own")

    @app.get("/maybe")
    async def maybe() -> Film | Response:
        return Response("own")

    @app.get("/none")
    async def none() -> Film | None:
        return None

    client = Client(app, headers={"accept": "text/xml"})
    reply = client.get("/tuple")
    assert (reply.status, reply.headers["x-own"], reply.content_type) == (201, "1", "text/xml")
    assert client.get("/response", headers={"accept": "image/png"}).text == "own"
    assert client.get("/maybe").text == "own"
    assert client.get("/none").status == 204


def test_streams_stream_in_the_format() -> None:
    app = App()
    waiting = asyncio.Event()

    @app.get("/films", formats=[JSON, CSV, XML, JSONLines, MessagePack, Text], suffixes=True)
    async def films() -> AsyncIterator[Film]:
        yield FILMS[0]
        await waiting.wait()
        yield FILMS[1]

    with Client(app) as client:
        for suffix, first in [
            ("csv", b"title,year\r\nNuages,1940\r\n"),
            ("json", b'[{"title":"Nuages","year":1940}'),
            ("jsonl", b'{"title":"Nuages","year":1940}\n'),
            ("txt", b"title: Nuages\nyear: 1940\n"),
        ]:
            with client.stream("GET", f"/films.{suffix}") as reply:
                assert reply.piece() == first
        waiting.set()
        assert client.get("/films.json").json() == [
            {"title": "Nuages", "year": 1940},
            {"title": "Playtime", "year": 1967},
        ]
        assert client.get("/films.xml").text.count("<film>") == 2


def test_a_stream_that_fails_at_once_is_an_error_reply_and_is_closed() -> None:
    app, closed = App(), []

    @app.get("/", formats=[CSV, HTML])
    def films() -> Iterator[Film]:
        try:
            yield FILMS[0]
            raise NotFound
        finally:
            closed.append(1)

    @app.get("/none", formats=[CSV])
    async def none() -> AsyncIterator[Film]:
        raise NotFound
        yield

    client = Client(app)
    assert client.get("/none").status == 404
    # HTML does not stream: the items are gathered before anything is sent.
    assert client.get("/", headers={"accept": "text/html"}).status == 404
    assert closed == [1]
    with client.stream("GET", "/") as reply:
        reply.piece()
    assert closed == [1, 1]


def test_formats_have_names_that_routes_may_use() -> None:
    class Shout:
        name, media_types, suffixes = "shout", ("text/x-shout",), ("loud",)

        def encode(self, value: Any) -> bytes:
            return str(value).upper().encode()

    inner = App("inner")

    @inner.get("/", formats=["json", "shout"], suffixes=True)
    async def index() -> str:
        return "hello"

    app = App(plugins=[Formats()])
    app.format(Shout)
    app.include(inner, at="/in")
    client = Client(app)
    assert client.get("/in/", headers={"accept": "text/x-shout"}).text == "HELLO"
    assert client.get("/in/index.loud").text == "HELLO"
    assert client.get("/in/").json() == "hello"


def test_what_is_wrong_with_formats_is_said_when_the_app_is_frozen() -> None:
    app = App()

    @app.get("/a", formats=["jsn"])
    async def a() -> int:
        return 1

    @app.get("/b", formats=[object()])  # type: ignore[list-item] # what is tested
    async def b() -> int:
        return 1

    @app.get("/c", formats=[JSON], content_type="text/plain")
    async def c() -> int:
        return 1

    with pytest.raises(FreezeError) as caught:
        app.freeze()
    first, second, third = caught.value.problems
    assert "no format is called 'jsn'" in first
    assert "App(plugins=[Formats()])" in first
    assert "has no 'name'" in second
    assert "content_type" in third
    assert all("test_negotiation.py:" in one for one in caught.value.problems)


def test_a_value_that_a_format_cannot_write_is_a_500_that_names_both(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()

    @app.get("/", formats=[XML])
    async def index() -> dict[str, int]:
        return {"not a name": 1}

    assert Client(app, raise_server_exceptions=False).get("/").status == 500
    assert "the format 'xml' cannot write: 'not a name' cannot be the name of an XML element" in caplog.text
    assert "test_negotiation.py" in caplog.text


def test_a_format_may_answer_by_the_request_and_work_in_a_thread() -> None:
    class Who:
        name, media_types, suffixes = "who", ("text/x-who",), ()
        blocking = True

        def encode(self, value: Any) -> bytes:
            raise NotImplementedError

        def render(self, value: Any, request: Request) -> Response:
            inside = threading.current_thread().name
            return Response(f"{value} {request.path} {inside}", headers={"x-own": "1"})

    app = App()

    @app.get("/here", formats=[Who], status=202)
    async def here() -> str:
        return threading.current_thread().name

    reply = Client(app).get("/here")
    loop, path, thread = reply.text.split()
    assert (reply.status, path, reply.headers["x-own"]) == (202, "/here", "1")
    assert loop != thread


def test_the_default_of_an_app_leaves_alone_what_is_a_reply_already(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    app = App(formats=[JSON, CSV], suffixes=True)
    app.static("/files", tmp_path)

    @app.get("/path")
    async def path() -> Path:
        return tmp_path / "a.png"

    @app.get("/events")
    async def events() -> EventStream[Film]:
        yield FILMS[0]

    client = Client(app, headers={"accept": "image/png"})
    assert client.get("/files/a.png").content == b"png"
    assert client.get("/path").content == b"png"
    assert client.get("/events").content_type == "text/event-stream"
    assert {one.path for one in app.plan.endpoints} == {"/files/", "/files/{path:path}", "/path", "/events"}
