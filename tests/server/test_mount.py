"""Foreign applications under a Segue app: unmodified WSGI and ASGI applications, their lifespans and WebSockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import pytest

from segue import App, Request
from segue.http.websocket import WebSocketDisconnected
from segue.server.limits import Limits
from segue.server.mount import mounted
from segue.testing import Client, IncompleteResponse, WebSocketRefused

Environ = dict[str, Any]
Start = Callable[..., Callable[[bytes], object]]


def served(foreign: object, at: str = "/legacy") -> App:
    app = App()
    app.mount(at, foreign)

    @app.get("/own")
    async def own() -> str:
        return "own"

    return app


def environ_app(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Kept", "a"), ("X-Kept", "b")])
    names = (
        "SCRIPT_NAME",
        "PATH_INFO",
        "QUERY_STRING",
        "REQUEST_METHOD",
        "REQUEST_URI",
        "HTTP_HOST",
        "REMOTE_ADDR",
    )
    shown = [f"{name}={environ.get(name)}" for name in names]
    shown += sorted(
        f"{name}={value}" for name, value in environ.items() if name.startswith(("HTTP_X", "CONTENT_"))
    )
    shown.append(f"body={environ['wsgi.input'].read()!r} beyond={environ['wsgi.input'].read(1)!r}")
    return ["\n".join(shown).encode("latin-1")]


@pytest.mark.row("BO17")
def test_a_wsgi_app_sees_where_it_is_mounted() -> None:
    with Client(served(environ_app)) as client:
        response = client.post("/legacy/a%20b/%C3%A4?q=%20", content=b"hello", headers={"x-one": "1"})
        assert response.text.splitlines() == [
            "SCRIPT_NAME=/legacy",
            "PATH_INFO=/a b/ä",  # latin-1 text of its UTF-8, as PEP 3333 has it, sent as latin-1
            "QUERY_STRING=q=%20",
            "REQUEST_METHOD=POST",
            "REQUEST_URI=/legacy/a%20b/%C3%A4?q=%20",
            "HTTP_HOST=localhost",
            "REMOTE_ADDR=127.0.0.1",
            "CONTENT_LENGTH=5",
            "HTTP_X_ONE=1",
            "body=b'hello' beyond=b''",
        ]
        assert response.headers.get_all("x-kept") == ["a", "b"]
        assert client.get("/own").text == "own"
        for path in ("/legacy", "/legacy/"):
            assert "SCRIPT_NAME=/legacy\nPATH_INFO=/\n" in client.get(path).text


def test_an_app_in_an_included_app_is_mounted_below_both_places() -> None:
    outer = App()
    outer.include(served(environ_app), at="/outer")
    with Client(outer) as client:
        assert client.get("/outer/legacy/x").text.startswith("SCRIPT_NAME=/outer/legacy\nPATH_INFO=/x\n")


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen() -> None:
    with Client(served(environ_app)) as client:
        response = client.get("/legacy/", headers=[("x_forwarded_for", "evil"), ("x-forwarded-for", "good")])
        assert [line for line in response.text.splitlines() if "FORWARDED" in line] == [
            "HTTP_X_FORWARDED_FOR=good"
        ]
        assert "FORWARDED" not in client.get("/legacy/", headers={"x_forwarded_for": "evil"}).text


def test_bodies_of_a_wsgi_app_are_streamed_both_ways() -> None:
    closed = threading.Event()

    class Echo:
        def __init__(self, environ: Environ, start_response: Start) -> None:
            start_response("200 OK", [])
            self.input = environ["wsgi.input"]

        def __iter__(self) -> Iterator[bytes]:
            while piece := self.input.read1():
                yield piece.upper()

        def close(self) -> None:
            closed.set()

    def echo(environ: Environ, start_response: Start) -> Iterable[bytes]:
        return Echo(environ, start_response)

    async def main() -> None:
        from segue.testing import AsyncClient

        said: asyncio.Queue[bytes] = asyncio.Queue()

        async def speech() -> AsyncIterator[bytes]:
            while word := await said.get():
                yield word

        async with AsyncClient(served(echo)) as client:
            said.put_nowait(b"one")
            async with client.stream("POST", "/legacy/", content=speech()) as response:
                assert await response.piece() == b"ONE"
                said.put_nowait(b"two")
                assert await response.piece() == b"TWO"
                said.put_nowait(b"")
                assert await response.piece() == b""

    asyncio.run(main())
    assert closed.wait(10)


def test_a_wsgi_app_is_held_up_and_closed_when_the_client_leaves() -> None:
    made: list[int] = []
    closed = threading.Event()

    def endless(environ: Environ, start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                made.append(1)
                yield b"x" * 32 * 1024
        finally:
            closed.set()

    with Client(served(endless)) as client:
        with client.stream("GET", "/legacy/") as response:
            response.piece()
            client.get("/own")
            assert len(made) < 20
        assert closed.wait(10)


def test_errors_of_a_wsgi_app_stay_its_own(caplog: pytest.LogCaptureFixture) -> None:
    def broken(environ: Environ, start_response: Start) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/early":
                raise LookupError("early")
            case "/exit":
                raise SystemExit(3)
            case "/silent":
                return [b"no head"]
            case "/split":
                start_response("200 OK", [("x-split", "a\r\nb: c")])
                return [b"x"]
            case "/status":
                start_response("99 No", [])
                return [b"x"]
            case "/replaced":
                start_response("200 OK", [])
                try:
                    raise LookupError("replaced")
                except LookupError as error:
                    start_response("500 No", [], (type(error), error, error.__traceback__))
                return [b"replaced"]
            case _:
                return late(start_response)

    def late(start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"x"
        raise LookupError("late")

    with Client(served(broken), raise_server_exceptions=False) as client:
        for path in ("early", "exit", "silent", "split", "status"):
            assert client.get(f"/legacy/{path}").status == 500, path
        assert client.get("/legacy/replaced").content == b"replaced"
        with pytest.raises(IncompleteResponse):
            client.get("/legacy/late")
        assert client.get("/own").text == "own"
    assert "early" in caplog.text
    assert "late" in caplog.text


def test_write_of_the_old_interface() -> None:
    def old(environ: Environ, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"two ")
        return [b"three"]

    with Client(served(old)) as client:
        assert client.get("/legacy/").content == b"one two three"


def test_a_body_over_the_limit_is_the_clients_fault() -> None:
    def careful(environ: Environ, start_response: Start) -> Iterable[bytes]:
        try:
            environ["wsgi.input"].read()
        except BaseException:  # noqa: BLE001 -- as a framework does
            start_response("500 Mine", [])
            return [b"caught"]
        start_response("200 OK", [])
        return [b"read"]

    async def careful_too(scope: Any, receive: Any, send: Any) -> None:
        try:
            while (await receive())["more_body"]:
                pass
            status = 200
        except BaseException:  # noqa: BLE001 -- as a framework does
            status = 500
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    for foreign in (careful, mounted(careful_too, "asgi")):
        with Client(served(foreign), limits=Limits(max_body=100)) as client:
            assert client.post("/legacy/", content=b"x" * 100).status == 200
            assert client.post("/legacy/", content=b"x" * 101).status == 413
            assert client.post("/legacy/", content=iter([b"x" * 60] * 2)).status == 413


def test_wsgi_has_no_websockets() -> None:
    with Client(served(environ_app)) as client:
        with pytest.raises(WebSocketRefused) as refused, client.websocket("/legacy/"):
            pass
        assert refused.value.response.status == 426


# --- ASGI --------------------------------------------------------------------------------------------------------


class Foreign:
    """An ASGI application that tells what it sees."""

    def __init__(self, name: str = "foreign", seen: list[str] | None = None) -> None:
        self.name = name
        self.seen = [] if seen is None else seen
        self.scopes: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await getattr(self, scope["type"])(scope, receive, send)

    async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        assert await receive() == {"type": "lifespan.startup"}
        scope["state"]["name"] = self.name
        self.seen.append(f"{self.name} up")
        await send({"type": "lifespan.startup.complete"})
        assert await receive() == {"type": "lifespan.shutdown"}
        self.seen.append(f"{self.name} down")
        await send({"type": "lifespan.shutdown.complete"})

    async def http(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        path = scope["path"].removeprefix(scope["root_path"])
        if path == "/early":
            raise LookupError("early")
        await send(
            {"type": "http.response.start", "status": 201, "headers": [(b"X-Own", b"1"), (b"date", b"x")]}
        )
        if path == "/stream":
            for number in range(3):
                await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
        if path == "/late":
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            raise LookupError("late")
        if path == "/wait":
            try:
                while True:
                    await send({"type": "http.response.body", "body": b"x" * 1024, "more_body": True})
                    await asyncio.sleep(0)
            except OSError:
                self.seen.append((await receive())["type"])
                raise
        await send({"type": "http.response.body", "body": body + b"."})
        self.seen.append("after")

    async def websocket(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        path = scope["path"].removeprefix(scope["root_path"])
        if path == "/refuse":
            await send({"type": "websocket.close"})
            return
        if path == "/reply":
            await send(
                {"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-own", b"1")]}
            )
            await send({"type": "websocket.http.response.body", "body": b"who are you?"})
            return
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": scope["subprotocols"][0],
                "headers": [(b"x-own", b"1")],
            }
        )
        await send({"type": "websocket.send", "text": f"hello from {scope['state']['name']}"})
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "bye":
                await send({"type": "websocket.close", "code": 4000, "reason": "bye"})
                return
            if message.get("text") == "boom":
                raise LookupError("boom")
            await send({"type": "websocket.send", **{k: v for k, v in message.items() if k != "type"}})
        self.seen.append(f"{message['type']} {message['code']}")


def test_an_asgi_app_sees_where_it_is_mounted() -> None:
    foreign = Foreign()
    with Client(served(foreign), base_url="https://films.example") as client:
        response = client.post("/legacy/a%20b%2Fc?q=1", content=iter([b"a", b"b"]), headers={"x-one": "1"})
        assert (response.status, response.content) == (201, b"ab.")
        assert response.headers["x-own"] == "1"
        assert response.headers["date"] != "x"
        client.get("/legacy")
    scope, bare = foreign.scopes
    assert {
        name: scope[name]
        for name in ("type", "method", "scheme", "path", "raw_path", "root_path", "query_string")
    } == {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": "/legacy/a b/c",
        "raw_path": b"/legacy/a%20b%2Fc",
        "root_path": "/legacy",
        "query_string": b"q=1",
    }
    assert (b"x-one", b"1") in scope["headers"]
    assert scope["client"] == ("127.0.0.1", 50_000)
    assert scope["state"] == {"name": "foreign"}
    assert bare["path"] == "/legacy/"


@pytest.mark.row("U7")
def test_lifespans_of_mounted_apps_run_in_order() -> None:
    seen: list[str] = []
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        seen.append("own up")
        yield
        seen.append("own down")

    app.mount("/one", Foreign("one", seen))
    inner = App()
    inner.mount("/two", Foreign("two", seen))
    app.include(inner, at="/inner")
    with Client(app) as client:
        assert seen == ["own up", "one up", "two up"]
        assert client.get("/inner/two/").status == 201
        seen.remove("after")
    assert seen == ["own up", "one up", "two up", "two down", "one down", "own down"]


def test_a_mounted_lifespan_that_fails_stops_the_start() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="did not start: no database"), Client(served(failing)):
        pass


def test_an_asgi_app_without_a_lifespan_is_fine() -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"plain"})

    with Client(served(plain)) as client:
        assert client.get("/legacy/").content == b"plain"


def test_streams_and_errors_of_an_asgi_app(caplog: pytest.LogCaptureFixture) -> None:
    foreign = Foreign()
    with Client(served(foreign), raise_server_exceptions=False) as client:
        assert client.get("/legacy/stream").content == b"012."
        assert client.get("/legacy/early").status == 500
        with pytest.raises(IncompleteResponse):
            client.get("/legacy/late")
        with client.stream("GET", "/legacy/wait") as response:
            assert response.piece()[:1] == b"x"
        for _ in range(100):
            if "http.disconnect" in foreign.seen:
                break
            client.get("/own")
        assert "http.disconnect" in foreign.seen
        head = client.head("/legacy/")
        assert (head.status, head.content) == (201, b"")
    assert "early" in caplog.text
    assert "late" in caplog.text


def test_websockets_pass_through() -> None:
    foreign = Foreign()
    with Client(served(foreign), raise_server_exceptions=False) as client:
        with client.websocket("/legacy/ws?q=1", subprotocols=["v1"]) as socket:
            assert socket.subprotocol == "v1"
            assert socket.headers["x-own"] == "1"
            assert socket.receive() == "hello from foreign"
            for message in ("text", b"\x00"):
                socket.send(message)
                assert socket.receive() == message
        assert foreign.seen[-1] == "websocket.disconnect 1000"
        for word, code in (("bye", 4000), ("boom", 1011)):
            with client.websocket("/legacy/ws", subprotocols=["v1"]) as socket:
                socket.receive()
                socket.send(word)
                with pytest.raises(WebSocketDisconnected) as closed:
                    socket.receive()
                assert closed.value.code == code
        for path, status, text in (("refuse", 403, "403 Forbidden\n"), ("reply", 401, "who are you?")):
            with pytest.raises(WebSocketRefused) as refused, client.websocket(f"/legacy/{path}"):
                pass
            assert (refused.value.response.status, refused.value.response.text) == (status, text)
    scope = foreign.scopes[0]
    assert (scope["type"], scope["scheme"], scope["path"], scope["query_string"]) == (
        "websocket",
        "ws",
        "/legacy/ws",
        b"q=1",
    )


def test_what_is_mounted_is_told_by_its_signature() -> None:
    def wsgi(environ: Environ, start_response: Start) -> Iterable[bytes]:
        return []

    def either(*args: Any, **named: Any) -> Any:
        return None

    async def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    own = App()
    assert mounted(own) is own
    assert type(mounted(wsgi)).__name__ == "MountedWSGI"
    assert type(mounted(asgi)).__name__ == "MountedASGI"
    assert type(mounted(Foreign())).__name__ == "MountedASGI"
    assert type(mounted(either, "wsgi")).__name__ == "MountedWSGI"
    for wrong, told in (
        (either, "interface="),
        (Foreign, "an instance"),
        (7, "cannot be called"),
        (len, "takes"),
    ):
        with pytest.raises(TypeError, match=told):
            mounted(wrong)


@pytest.mark.requires("flask")
def test_flask() -> None:
    import flask

    legacy = flask.Flask("legacy")

    @legacy.post("/films/<int:number>")
    def film(number: int) -> Any:
        return {
            "url": flask.url_for("film", number=number),
            "form": flask.request.form,
            "file": flask.request.files["f"].read().decode(),
        }

    with Client(served(legacy)) as client:
        response = client.post("/legacy/films/7", data={"a": "1"}, files={"f": b"content"})
        assert response.json() == {"url": "/legacy/films/7", "form": {"a": "1"}, "file": "content"}
        assert client.get("/legacy/none").status == 404


@pytest.mark.requires("django")
def test_django_over_both_interfaces() -> None:
    django = pytest.importorskip("django")
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
    from django.urls import clear_url_caches, path, reverse

    def film(request: HttpRequest, number: int) -> JsonResponse:
        return JsonResponse(
            {"url": reverse("film", args=[number]), "body": request.body.decode(), "info": request.path_info}
        )

    def stream(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(iter([b"a", b"b"]))

    module = type(
        "urls", (), {"urlpatterns": [path("films/<int:number>", film, name="film"), path("stream", stream)]}
    )
    if not settings.configured:
        settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, USE_TZ=True)
        django.setup()
    settings.ROOT_URLCONF = module
    clear_url_caches()
    for application in (get_wsgi_application(), get_asgi_application()):
        with Client(served(application)) as client:
            response = client.post("/legacy/films/7", content=b"hello")
            assert response.json() == {"url": "/legacy/films/7", "body": "hello", "info": "/films/7"}


@pytest.mark.requires("starlette")
def test_starlette() -> None:
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.requests import Request as StarletteRequest
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    done: list[str] = []

    async def film(request: StarletteRequest) -> JSONResponse:
        form = await request.body()
        return JSONResponse(
            {"url": str(request.url_for("film", number=7)), "body": form.decode()},
            background=BackgroundTask(done.append, "background"),
        )

    async def stream(request: StarletteRequest) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a"
            yield b"b"

        return StreamingResponse(pieces())

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close(4002)

    foreign = Starlette(
        routes=[
            Route("/films/{number:int}", film, methods=["POST"], name="film"),
            Route("/stream", stream),
            WebSocketRoute("/ws", echo),
        ]
    )
    with Client(served(foreign)) as client:
        assert client.post("/legacy/films/7", content=b"hello").json() == {
            "url": "http://localhost/legacy/films/7",
            "body": "hello",
        }
        assert client.get("/legacy/stream").content == b"ab"
        with client.websocket("/legacy/ws") as socket:
            socket.send("x")
            assert socket.receive() == "x"
            with pytest.raises(WebSocketDisconnected) as closed:
                socket.receive()
            assert closed.value.code == 4002
    assert done == ["background"]


@pytest.mark.requires("starlette")
def test_a_segue_app_in_starlette() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.testclient import TestClient

    seen: list[str] = []
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        seen.append("up")
        yield

    @app.get("/films/{id}")
    async def film(id: int, request: Request) -> dict[str, str]:
        return {"path": request.path, "prefix": request.prefix, "url": str(request.url)}

    with TestClient(Starlette(routes=[Mount("/segue", app=app)])) as client:
        assert client.get("/segue/films/7").json() == {
            "path": "/films/7",
            "prefix": "/segue",
            "url": "http://testserver/segue/films/7",
        }
    assert seen == ["up"]
