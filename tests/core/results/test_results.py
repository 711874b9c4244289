"""What a handler returns, and the response that becomes of it."""

import asyncio
import http.client
import io
import json
import logging
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from segue import (
    App,
    Event,
    EventStream,
    Found,
    HTTPError,
    JSONLines,
    NotFound,
    Request,
    Response,
    SeeOther,
    Struct,
)
from segue.http.errors import MovedPermanently
from segue.testing import Client, IncompleteResponse, LiveServer

Serve = Callable[[App], Any]


class Film(Struct):
    title: str
    year: int = 2000


@dataclass
class Reel:
    number: int = 1


class Markup(str):
    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class Page:
    def __html__(self) -> str:
        return "<h1>page</h1>"


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("203 Fine", [("Content-Type", "text/x-wsgi")])
    return [environ["PATH_INFO"].encode()]


def forms() -> dict[str, Any]:
    """Names of routes to what their handlers return."""
    return {
        "dict": {"a": 1},
        "list": [1, Film("x")],
        "struct": Film("x"),
        "dataclass": Reel(),
        "set": {1},
        "str": "<b>text</b> ä",
        "bytes": b"\x00\x01",
        "bytearray": bytearray(b"ab"),
        "none": None,
        "markup": Markup("<b>x</b>"),
        "page": Page(),
        "response": Response(b"own", 418, {"x-own": "1"}),
        "status": ("made", 201),
        "status and headers": ({"a": 1}, 202, {"x-a": "b"}),
        "headers": ("text", {"x-a": "b"}),
        "pairs": ("text", 200, [("set-cookie", "a=1"), ("set-cookie", "b=2")]),
        "no content": (None, 204),
        "accepted": (None, 202),
        "memory": io.BytesIO(b"in memory"),
        "iterator": iter(["a", "b"]),
        "map": map(str, [1, 2]),
        "wsgi": wsgi_app,
    }


TEXT, BINARY, JSON, HTML = (
    "text/plain; charset=utf-8",
    "application/octet-stream",
    "application/json",
    "text/html; charset=utf-8",
)


@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("mode", ["async", "sync", "inline"])
@pytest.mark.parametrize(
    ("name", "status", "content_type", "body"),
    [
        ("dict", 200, JSON, b'{"a":1}'),
        ("list", 200, JSON, b'[1,{"title":"x","year":2000}]'),
        ("struct", 200, JSON, b'{"title":"x","year":2000}'),
        ("dataclass", 200, JSON, b'{"number":1}'),
        ("set", 200, JSON, b"[1]"),
        ("str", 200, TEXT, "<b>text</b> ä".encode()),
        ("bytes", 200, BINARY, b"\x00\x01"),
        ("bytearray", 200, BINARY, b"ab"),
        ("none", 204, None, b""),
        ("markup", 200, HTML, b"<b>x</b>"),
        ("page", 200, HTML, b"<h1>page</h1>"),
        ("response", 418, None, b"own"),
        ("status", 201, TEXT, b"made"),
        ("status and headers", 202, JSON, b'{"a":1}'),
        ("headers", 200, TEXT, b"text"),
        ("pairs", 200, TEXT, b"text"),
        ("no content", 204, None, b""),
        ("accepted", 202, None, b""),
        ("memory", 200, BINARY, b"in memory"),
        ("iterator", 200, TEXT, b"ab"),
        ("map", 200, TEXT, b"12"),
        ("wsgi", 203, "text/x-wsgi", b"/"),
    ],
)
def test_each_form_of_result(
    name: str, status: int, content_type: str | None, body: bytes, mode: str, annotated: bool
) -> None:
    app = App()
    result = forms()[name]

    async def asynchronous() -> Any:
        return result

    def synchronous() -> Any:
        return result

    handler: Callable[..., Any] = asynchronous if mode == "async" else synchronous
    # An annotation makes it faster, never wrong: here it is one that does not hold.
    handler.__annotations__["return"] = dict[str, int] if annotated else Any
    app.get("/", inline=mode == "inline")(handler)
    with Client(app) as client:
        response = client.get("/")
        assert (response.status, response.headers.get("content-type"), response.content) == (
            status,
            content_type,
            body,
        )


@pytest.mark.row("FL5")
def test_results_as_flask_has_them(serve: Serve, errors: Callable[[], list[logging.LogRecord]]) -> None:
    app = App("flask")

    def route(path: str, result: Any) -> None:
        @app.get(path)
        def handler() -> Any:
            return result() if callable(result) and result is not wsgi_app else result

    def generator() -> Iterator[str]:
        yield "first "
        yield "second"

    route("/str", "text")
    route("/bytes", b"bytes")
    route("/dict", {"a": 1})
    route("/list", [1, 2])
    route("/tuple", ({"a": 1}, 201, {"x-a": "b"}))
    route("/generator", generator)
    route("/response", Response("own", 202))
    route("/wsgi", lambda: None)
    app.get("/foreign")(lambda: wsgi_app)
    route("/none", None)

    @app.get("/object")
    async def unknown() -> Any:
        return object()

    ask = serve(app)

    def got(path: str) -> tuple[int, str | None, bytes]:
        answer = ask.get(path)
        return answer.status, answer.headers.get("content-type"), answer.body

    assert got("/str") == (200, TEXT, b"text")
    assert got("/bytes") == (200, BINARY, b"bytes")
    assert got("/dict") == (200, JSON, b'{"a":1}')
    assert got("/list") == (200, JSON, b"[1,2]")
    assert got("/tuple") == (201, JSON, b'{"a":1}')
    assert ask.get("/tuple").headers["x-a"] == "b"
    assert got("/generator") == (200, TEXT, b"first second")
    assert got("/response") == (202, TEXT, b"own")
    assert got("/foreign") == (203, "text/x-wsgi", b"/foreign")
    assert got("/none") == (204, None, b"")
    assert errors() == []
    assert ask.get("/object").status == 500
    (record,) = errors()
    assert record.exc_info is not None
    told = str(record.exc_info[1])
    assert told.startswith("flask.unknown (test_results.py:")
    assert "there is no rule that makes a response of object. Return a Response, a dict" in told


@pytest.mark.parametrize(
    "value", [3, True, 2.5, object(), (1, 2, 3, 4), ("a", "b"), ({}, True), io.StringIO("text"), dict]
)
def test_a_result_without_a_rule_is_an_error_that_names_the_handler(
    value: Any, errors: Callable[[], list[logging.LogRecord]]
) -> None:
    app = App("app")

    @app.get("/")
    async def handler() -> Any:
        return value

    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/").status == 500
    (record,) = errors()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], TypeError)
    assert "app.handler (test_results.py:" in record.getMessage() + str(record.exc_info[1])


def test_status_and_content_type_of_a_route() -> None:
    app = App()

    @app.post("/films", status=201)
    async def create() -> Film:
        return Film("x")

    @app.get("/csv", content_type="text/csv")
    async def csv() -> str:
        return "a,b"

    @app.get("/image", content_type="image/png")
    async def image() -> bytes:
        return b"png"

    @app.get("/rows", content_type="text/csv", status=203)
    async def rows() -> AsyncIterator[str]:
        yield "a,b\n"

    @app.delete("/films", status=202)
    async def delete() -> None: ...

    @app.post("/override", status=201)
    async def override() -> Any:
        return {"a": 1}, 200

    with Client(app) as client:
        assert (client.post("/films").status, client.post("/films").json()) == (
            201,
            {"title": "x", "year": 2000},
        )
        assert client.get("/csv").headers["content-type"] == "text/csv"
        assert client.get("/image").headers["content-type"] == "image/png"
        assert (client.get("/rows").status, client.get("/rows").headers["content-type"]) == (203, "text/csv")
        assert client.delete("/films").status == 202
        assert client.post("/override").status == 200


@pytest.mark.row("FC23", "AI20")
def test_errors_and_redirects_may_be_raised_anywhere(serve: Serve) -> None:
    app = App()

    def deep() -> None:
        raise SeeOther("/x")

    @app.post("/form")
    def form() -> None:
        deep()

    @app.get("/old")
    async def old() -> None:
        raise Found("/")

    @app.get("/moved")
    async def moved() -> Any:
        raise MovedPermanently("https://example.com/ä b?c=d")
        yield "never"

    @app.get("/missing/{id}")
    async def missing(id: int) -> None:
        raise NotFound("no such film")

    @app.get("/conflict")
    def conflict() -> Iterator[str]:
        raise HTTPError(409, "being edited", headers={"retry-after": "5"})
        yield "never"

    @app.middleware
    async def gate(request: Request, next: Any) -> Response:
        if request.path == "/gate":
            raise SeeOther("/login")
        response: Response = await next(request)
        return response

    @app.error_handler(404)
    async def lost(request: Request, error: NotFound) -> dict[str, str]:
        return {"lost": error.detail or request.path}

    ask = serve(app)
    answer = ask("POST", "/form", {"content-length": "0"})
    assert (answer.status, answer.headers["location"]) == (303, "/x")
    assert (ask.get("/old").status, ask.get("/old").headers["location"]) == (302, "/")
    assert ask.get("/moved").headers["location"] == "https://example.com/%C3%A4%20b?c=d"
    assert (ask.get("/gate").status, ask.get("/gate").headers["location"]) == (303, "/login")
    assert (ask.get("/missing/3").status, ask.get("/missing/3").text) == (404, '{"lost":"no such film"}')
    assert (ask.get("/nowhere").status, ask.get("/nowhere").text) == (404, '{"lost":"/nowhere"}')
    conflict_answer = ask.get("/conflict")
    assert (conflict_answer.status, conflict_answer.headers["retry-after"]) == (409, "5")


# --- streams ---------------------------------------------------------------------------------------------------------


@pytest.mark.row("FX7")
def test_values_that_are_yielded_are_json_lines_each_validated(serve: Serve) -> None:
    app = App()

    @app.get("/films")
    async def films() -> AsyncIterator[Film]:
        yield Film("a")
        yield Film("b", 1953)

    @app.get("/sync")
    def sync() -> Iterator[dict[str, int]]:
        yield {"n": 1}
        yield {"n": 2}

    @app.get("/lines")
    async def lines() -> JSONLines[str]:
        yield "a\nb"
        yield "c"

    @app.get("/converted")
    async def converted() -> JSONLines[Film]:
        yield {"title": "x"}  # type: ignore[misc]

    @app.get("/bad")
    async def bad() -> JSONLines[Film]:
        yield {"title": 5}  # type: ignore[misc]

    @app.get("/late")
    async def late() -> JSONLines[Film]:
        yield Film("a")
        yield {"year": "x"}  # type: ignore[misc]

    @app.get("/binary", content_type="image/png")
    async def binary() -> AsyncIterator[bytes]:
        yield b"\x89PNG"
        yield bytearray(b"..")
        yield memoryview(b"!")

    ask = serve(app)
    assert ask.get("/films").text == '{"title":"a","year":2000}\n{"title":"b","year":1953}\n'
    assert ask.get("/films").headers["content-type"] == "application/jsonl"
    assert ask.get("/sync").text == '{"n":1}\n{"n":2}\n'
    assert ask.get("/lines").text == '"a\\nb"\n"c"\n'
    assert ask.get("/converted").text == '{"title":"x","year":2000}\n'
    assert ask.get("/bad").status == 500
    assert (ask.get("/binary").body, ask.get("/binary").headers["content-type"]) == (
        b"\x89PNG..!",
        "image/png",
    )
    with pytest.raises((IncompleteResponse, http.client.IncompleteRead)):
        ask.get("/late")


@pytest.mark.row("CP23")
def test_a_stream_begins_before_it_ends_and_fails_honestly(
    errors: Callable[[], list[logging.LogRecord]],
) -> None:
    app = App("films")
    go_on = threading.Event()

    @app.get("/sync")
    def sync() -> Iterator[str]:
        yield "first"
        assert go_on.wait(10)
        yield "last"

    @app.get("/async")
    async def asynchronous() -> AsyncIterator[str]:
        yield "first"
        while not go_on.is_set():  # noqa: ASYNC110 -- set by another thread
            await asyncio.sleep(0.001)
        yield "last"

    @app.get("/early")
    def early() -> Iterator[str]:
        raise KeyError("before the first byte")
        yield "never"

    @app.get("/late")
    def late() -> Iterator[str]:
        yield "first"
        raise KeyError("after the first byte")

    @app.get("/fine")
    async def fine() -> str:
        return "fine"

    with LiveServer(app) as server:

        def connected(path: str) -> socket.socket:
            connection = socket.create_connection((server.host, server.port), timeout=10)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            return connection

        def read_until(connection: socket.socket, end: bytes) -> bytes:
            data = b""
            while not data.endswith(end):
                piece = connection.recv(65536)
                if not piece:
                    break
                data += piece
            return data

        for path in ("/sync", "/async"):
            go_on.clear()
            with connected(path) as connection:
                assert read_until(connection, b"5\r\nfirst\r\n").startswith(b"HTTP/1.1 200 ")
                go_on.set()
                assert read_until(connection, b"0\r\n\r\n") == b"4\r\nlast\r\n0\r\n\r\n"
        with connected("/early") as connection:
            assert read_until(connection, b"}").startswith(b"HTTP/1.1 500 ")
        with connected("/late") as connection:
            answer = read_until(connection, b"never, so until it is closed")
            assert answer.endswith(b"5\r\nfirst\r\n")
        with connected("/fine") as connection:
            assert read_until(connection, b"fine").startswith(b"HTTP/1.1 200 ")
    early_record, late_record = [record for record in errors() if record.name.startswith("segue")]
    assert "films.early (test_results.py:" in early_record.getMessage()
    assert "films.late (test_results.py:" in late_record.getMessage()
    assert "after the first byte" in str(late_record.exc_info and late_record.exc_info[1])


@pytest.mark.row("BO5")
def test_results_as_bottle_has_them(serve: Serve, errors: Callable[[], list[logging.LogRecord]]) -> None:
    app = App()
    opened: list[Any] = []
    closed = threading.Event()

    @app.get("/str")
    def text() -> str:
        return "ä"

    @app.get("/bytes")
    def octets() -> bytes:
        return b"x"

    @app.get("/dict")
    def mapping() -> Any:
        return {"a": 1}

    @app.get("/iterable")
    def iterable() -> Any:
        return map(str, range(3))

    @app.get("/file")
    def file() -> Any:
        opened.append(tempfile.TemporaryFile())  # noqa: SIM115 -- the response closes it
        opened[-1].write(b"x" * 300_000)
        opened[-1].seek(100)
        return opened[-1]

    @app.get("/path")
    def path() -> Any:
        return Path(__file__)

    @app.get("/pipe")
    def pipe() -> Any:
        class Pipe:
            def __init__(self) -> None:
                self.pieces = [b"a", b"b", b""]

            def read(self, size: int) -> bytes:
                return self.pieces.pop(0)

            def close(self) -> None:
                closed.set()

        return Pipe()

    @app.get("/response")
    def response() -> Response:
        return Response("x", 203)

    @app.get("/late")
    def late() -> Iterator[str]:
        yield "a"
        raise KeyError("late")

    ask = serve(app)
    assert (ask.get("/str").text, ask.get("/bytes").body) == ("ä", b"x")
    assert (ask.get("/dict").headers["content-type"], ask.get("/dict").text) == (JSON, '{"a":1}')
    assert ask.get("/iterable").text == "012"
    answer = ask.get("/file")
    assert (answer.status, len(answer.body), answer.headers["content-length"]) == (200, 299_900, "299900")
    assert ask.get("/path").body == Path(__file__).read_bytes()
    assert ask.get("/path", {"range": "bytes=0-3"}).status == 206
    assert ask.get("/pipe").text == "ab"
    assert closed.wait(10)
    assert ask.get("/response").status == 203
    assert errors() == []
    with pytest.raises((IncompleteResponse, http.client.IncompleteRead)):
        ask.get("/late")
    assert ask.get("/str").status == 200
    assert opened[0].closed


def test_a_stream_whose_client_goes_is_closed_even_if_it_never_began() -> None:
    closed = threading.Event()
    app = App()

    @app.get("/async")
    async def asynchronous() -> AsyncIterator[str]:
        try:
            while True:
                yield "x" * 1000
                await asyncio.sleep(0)
        finally:
            closed.set()

    @app.get("/sync")
    def sync() -> Iterator[str]:
        try:
            while True:
                yield "x" * 1000
        finally:
            closed.set()

    with LiveServer(app) as server:
        for path in ("/async", "/sync"):
            closed.clear()
            with socket.create_connection((server.host, server.port), timeout=10) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                connection.recv(1000)
            assert closed.wait(10), path
        closed.clear()
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            connection.sendall(b"HEAD /async HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
            assert closed.wait(10)


def test_a_sync_generator_that_is_busy_when_its_client_goes_closes_itself(
    errors: Callable[[], list[logging.LogRecord]],
) -> None:
    began, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    app = App()

    def items() -> Iterator[str]:
        try:
            yield "x"
            began.set()
            assert go_on.wait(10)
            yield "y"
        finally:
            closed.set()

    app.get("/stream")(items)

    @app.get("/events")
    def events() -> EventStream[str]:  # type: ignore[misc]
        yield from items()

    with LiveServer(app) as server:
        for path in ("/stream", "/events"):
            for event in (began, go_on, closed):
                event.clear()
            with socket.create_connection((server.host, server.port), timeout=10) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                assert connection.recv(1000)
                assert began.wait(10)
            while server.server.service.connections:
                time.sleep(0.005)
            assert not closed.is_set()
            go_on.set()
            assert closed.wait(10), path
    assert errors() == []


def test_texts_and_bytes_may_be_mixed_and_html_is_told_apart() -> None:
    app = App()

    @app.get("/mixed")
    async def mixed() -> AsyncIterator[str | bytes]:
        yield "ä"
        yield b"!"

    @app.get("/html")
    async def html() -> AsyncIterator[Markup]:
        yield Markup("<b>")

    @app.get("/wrong")
    async def wrong() -> AsyncIterator[str]:
        yield 5  # type: ignore[misc]

    with Client(app, raise_server_exceptions=False) as client:
        assert (client.get("/mixed").text, client.get("/mixed").headers["content-type"]) == ("ä!", TEXT)
        assert client.get("/html").headers["content-type"] == HTML
        assert client.get("/wrong").status == 500


def test_events_of_sync_and_async_generators() -> None:
    app = App()

    @app.get("/async")
    async def asynchronous() -> EventStream[dict[str, int]]:
        yield {"n": 1}
        yield Event(data={"n": 2}, id="2")  # type: ignore[misc]

    @app.post("/sync")
    def sync() -> EventStream[int]:  # type: ignore[misc]
        yield 1
        yield 2

    with Client(app) as client:
        assert client.get("/async").text == 'data: {"n":1}\n\nid: 2\ndata: {"n":2}\n\n'
        assert client.post("/sync").text == "data: 1\n\ndata: 2\n\n"
        assert client.get("/async").headers["content-type"] == "text/event-stream"


def test_an_empty_stream_is_an_empty_body() -> None:
    app = App()

    @app.get("/")
    async def nothing() -> AsyncIterator[bytes]:
        for piece in ():
            yield piece

    with Client(app) as client:
        assert (client.get("/").status, client.get("/").content) == (200, b"")


def test_json_keeps_what_a_response_says() -> None:
    app = App()

    @app.get("/")
    async def handler() -> dict[str, Any]:
        return {"é": [1.5, None, True], "deep": {"film": Film("x")}}

    with Client(app) as client:
        assert json.loads(client.get("/").content) == {
            "é": [1.5, None, True],
            "deep": {"film": {"title": "x", "year": 2000}},
        }
