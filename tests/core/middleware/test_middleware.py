"""Middleware: one fold around everything that answers."""

import asyncio
import base64
import contextvars
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from segue import App, EventStream, Next, NotFound, Request, Response, SeeOther, Setup, WebSocket
from segue.testing import Client, LiveServer

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


def tracing(app: App, name: str) -> None:
    @app.middleware
    async def trace(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers.add("x-trace", name)
        return response


def test_the_first_is_outermost_and_included_apps_have_their_own() -> None:
    app, inner, deeper = App("app"), App("inner"), App("deeper")
    for one, names in ((app, "ab"), (inner, "cd"), (deeper, "e")):
        for name in names:
            tracing(one, name)

    @app.get("/")
    @inner.get("/")
    @deeper.get("/")
    async def index() -> str:
        return "x"

    inner.include(deeper, at="/deeper")
    app.include(inner, at="/inner")
    with Client(app) as client:
        assert client.get("/").headers.get_all("x-trace") == ["b", "a"]
        assert client.get("/inner/").headers.get_all("x-trace") == ["d", "c", "b", "a"]
        assert client.get("/inner/deeper/").headers.get_all("x-trace") == ["e", "d", "c", "b", "a"]
        # What no route answers passes through that of the app, so that it can count, log, and add headers.
        assert (client.get("/no").status, client.get("/no").headers.get_all("x-trace")) == (404, ["b", "a"])
        assert (client.put("/").status, client.put("/").headers.get_all("x-trace")) == (405, ["b", "a"])


def test_an_object_or_a_class_instance_can_be_middleware_and_may_answer_itself() -> None:
    class Gate:
        def __init__(self, secret: str) -> None:
            self.secret = secret

        async def __call__(self, request: Request, next: Next) -> Response:
            if request.headers.get("x-secret") != self.secret:
                return Response("closed", 403)
            return await next(request)

    app = App()
    app.middleware(Gate("sesame"))

    @app.get("/")
    async def index() -> str:
        return "open"

    with Client(app) as client:
        assert (client.get("/").status, client.get("/").text) == (403, "closed")
        assert client.get("/", headers={"x-secret": "sesame"}).text == "open"


def test_errors_are_responses_already_when_middleware_sees_them() -> None:
    app = App("app")
    seen: list[int] = []

    @app.middleware
    async def watch(request: Request, next: Next) -> Response:
        response = await next(request)
        seen.append(response.status)
        return response

    @app.get("/missing")
    async def missing() -> None:
        raise NotFound

    @app.get("/broken")
    async def broken() -> None:
        raise KeyError("x")

    @app.get("/away")
    async def away() -> None:
        raise SeeOther("/")

    with Client(app, raise_server_exceptions=False) as client:
        for path in ("/missing", "/broken", "/away"):
            client.get(path)
    assert seen == [404, 500, 303]


def test_what_middleware_raises_or_forgets_is_an_error_page() -> None:
    app, inner = App("app"), App("inner")

    @app.middleware
    async def outer(request: Request, next: Next) -> Response:
        if request.path == "/raises":
            raise KeyError("outer")
        if request.path == "/forgets":
            await next(request)
            return None  # type: ignore[return-value]
        response = await next(request)
        response.headers["x-outer"] = "1"
        return response

    @inner.middleware
    async def within(request: Request, next: Next) -> Response:
        raise NotFound("by the inner one")

    @inner.error_handler(NotFound)
    async def lost(request: Request, error: NotFound) -> str:
        return error.detail

    @inner.get("/x")
    @app.get("/forgets")
    async def handler() -> str:
        return "x"

    app.include(inner, at="/inner")
    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/raises").status == 500
        assert client.get("/forgets").status == 500
        answer = client.get("/inner/x")
        assert (answer.status, answer.text, answer.headers["x-outer"]) == (404, "by the inner one", "1")


@pytest.mark.row("AI5")
def test_a_header_is_added_to_websockets_streams_and_files_too() -> None:
    app = App()
    log: list[str] = []

    @app.middleware
    async def prepare(request: Request, next: Next) -> Response:
        response = await next(request)
        response.headers["x-prepared"] = "yes"
        return response

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        log.append("startup")
        yield
        log.append("shutdown")

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    @app.get("/events")
    async def events() -> EventStream[str]:
        yield "a"

    @app.websocket("/socket")
    async def echo(socket: WebSocket) -> None:
        async for message in socket:
            await socket.send(message)

    with LiveServer(app) as server:

        def head(request: str) -> bytes:
            with socket.create_connection((server.host, server.port), timeout=10) as connection:
                connection.sendall(request.encode())
                data = b""
                while b"\r\n\r\n" not in data:
                    data += connection.recv(65536)
                return data.partition(b"\r\n\r\n")[0]

        for path in ("/stream", "/events", "/missing"):
            assert b"\r\nx-prepared: yes" in head(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
        key = base64.b64encode(os.urandom(16)).decode()
        handshake = head(
            f"GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
        assert handshake.startswith(b"HTTP/1.1 101 ")
        assert b"\r\nx-prepared: yes" in handshake
        assert log == ["startup"]
    assert log == ["startup", "shutdown"]


@pytest.mark.row("U6")
def test_middleware_keeps_context_streams_and_work_after_the_response() -> None:
    app = App()
    first_sent, released, worked = threading.Event(), threading.Event(), threading.Event()
    seen: list[str] = []

    @app.middleware
    async def outer(request: Request, next: Next) -> Response:
        response = await next(request)
        seen.append(user.get())
        return response

    @app.middleware
    async def second(request: Request, next: Next) -> Response:
        return await next(request)

    @app.get("/async")
    async def asynchronous() -> str:
        user.set("async")
        return "x"

    @app.get("/sync")
    def synchronous() -> str:
        user.set("sync")
        return "x"

    @app.get("/nothing")
    async def nothing() -> str:
        return user.get()

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "first"
        while not released.is_set():  # noqa: ASYNC110 -- set by another thread
            await asyncio.sleep(0.001)
        yield "last"

    @app.get("/after")
    async def after(request: Request) -> str:
        async def work() -> None:
            while not first_sent.is_set():  # noqa: ASYNC110 -- set by another thread
                await asyncio.sleep(0.001)
            worked.set()

        request.after(work)
        return "answered"

    with LiveServer(app) as server:
        connection = socket.create_connection((server.host, server.port), timeout=10)

        def ask(path: str, until: bytes) -> bytes:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            return read(until)

        def read(until: bytes) -> bytes:
            data = b""
            while not data.endswith(until):
                piece = connection.recv(65536)
                assert piece, data
                data += piece
            return data

        with connection:
            ask("/async", b"x")
            ask("/sync", b"x")
            assert seen == ["async", "sync"]
            ask("/nothing", b"nobody")  # nothing leaks into the next request of the connection
            ask("/stream", b"first\r\n")
            released.set()
            read(b"0\r\n\r\n")
            ask("/after", b"answered")
            assert not worked.is_set()
            ask("/async", b"x")  # the work holds nobody up
            first_sent.set()
            assert worked.wait(10)


def test_without_middleware_nothing_is_around_a_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    # Who has imported current_request() has a context around everything: other tests may have.
    monkeypatch.delitem(sys.modules, "segue.core.context", raising=False)
    app = App()

    @app.get("/")
    async def index() -> str:
        return "x"

    app.plan.handle(Request("GET", "/", [])).close()
    assert app.plan.handle.__qualname__ == "dispatcher.<locals>.dispatch"
    assert app.plan.endpoints[0].call.__code__.co_filename == "<segue binding>"  # type: ignore[attr-defined]


def test_what_an_inner_middleware_raises_is_a_response_to_the_outer_one() -> None:
    app, inner = App("app"), App("inner")
    tracing(app, "outer")

    @app.middleware
    async def closed(request: Request, next: Next) -> Response:
        if request.path == "/closed":
            raise NotFound("closed")
        return await next(request)

    tracing(inner, "inner")

    @inner.middleware
    async def lost(request: Request, next: Next) -> Response:
        raise LookupError("lost")

    @inner.error_handler(LookupError)
    async def found(request: Request, error: LookupError) -> str:
        return "found"

    inner.get("/")(_page)
    app.include(inner, at="/in")
    with Client(app, raise_server_exceptions=False) as client:
        answer = client.get("/closed")
        assert (answer.status, answer.headers.get_all("x-trace")) == (404, ["outer"])
        answer = client.get("/in/")
        assert (answer.text, answer.headers.get_all("x-trace")) == ("found", ["inner", "outer"])


async def _page() -> str:
    return "page"


@pytest.mark.row("FC6")
def test_one_class_has_all_stages_and_the_last_one_runs_after_errors_too() -> None:
    log: list[object] = []

    class Stages:
        """A plugin whose middleware is what other frameworks have as process_request, _resource and _response."""

        name = "stages"

        def setup(self, to: Setup) -> None:
            to.middleware(self)
            to.before(self.resource)
            to.lifespan(self.life)

        async def life(self) -> AsyncIterator[None]:
            log.append("startup")
            yield
            log.append("shutdown")

        async def resource(self, request: Request) -> None:
            if request.endpoint is not None:
                name = str(request.endpoint).partition(" ")[0]
                log.append(("resource", name, dict(request.params)))

        async def __call__(self, request: Request, next: Next) -> Response:
            log.append(("request", request.path))
            response = await next(request)
            log.append(("response", response.status, response.status < 400))
            return response

    app = App("app", plugins=[Stages()])

    @app.middleware
    async def closed(request: Request, next: Next) -> Response:
        if request.path == "/closed":
            raise NotFound
        return await next(request)

    @app.get("/films/{id:int}")
    async def film(id: int) -> str:
        if id == 0:
            raise KeyError(id)
        return "film"

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.send("x")

    def stages(path: str) -> list[object]:
        del log[:]
        client.get(path)
        return log[:]

    with Client(app, raise_server_exceptions=False) as client:
        assert log == ["startup"]
        resource = ("resource", "app.film", {"id": 7})
        assert stages("/films/7") == [("request", "/films/7"), resource, ("response", 200, True)]
        assert stages("/films/0")[2:] == [("response", 500, False)]
        assert stages("/nowhere") == [("request", "/nowhere"), ("response", 404, False)]
        # Independent of what the others do: it has begun, so it ends.
        assert stages("/closed") == [("request", "/closed"), ("response", 404, False)]
        del log[:]
        with client.websocket("/live") as socket:
            assert socket.receive() == "x"
        assert log == [("request", "/live"), ("resource", "app.live", {}), ("response", 101, True)]
        del log[:]
    assert log == ["shutdown"]
