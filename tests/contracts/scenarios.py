"""One app with every kind of request and response, and one table of requests: the same replies under every server.

`app` is served natively and by ASGI servers, `wsgi` by WSGI servers. Nothing here depends on time or on chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from segue import (
    App,
    Body,
    Cookie,
    Event,
    EventStream,
    File,
    Form,
    Header,
    HTTPError,
    Meta,
    NotFound,
    Query,
    Request,
    Response,
    SeeOther,
    SetCookie,
    WebSocket,
)
from segue.http.parameters import split_list

FILE = Path(__file__).with_name("nuages.txt")


class Film(msgspec.Struct):
    title: Annotated[str, Meta(min_length=1)]
    year: Annotated[int, Meta(ge=1888)]
    tags: list[str] = []


def make_app() -> App:
    app = App()
    _values(app)
    _requests(app)
    _responses(app)
    _streams(app)
    _sockets(app)
    return app


def _values(app: App) -> None:
    @app.get("/text")
    async def text() -> str:
        return "Nuages, ä and 雲"

    @app.get("/json")
    async def data() -> dict[str, object]:
        return {"title": "Nuages", "year": 1940, "unicode": "é雲", "none": None}

    @app.get("/bytes")
    async def octets() -> bytes:
        return bytes(range(256))

    @app.get("/nothing")
    async def nothing() -> None:
        return None

    @app.get("/sync")
    def sync() -> str:
        return "from a thread"

    @app.get("/status")
    async def status() -> tuple[dict[str, int], int]:
        return {"id": 7}, 201

    @app.get("/films/{id:int}")
    async def film(id: int, times: Annotated[int, Meta(ge=1)] = 1) -> dict[str, int]:
        if id == 404:
            raise NotFound("no such film")
        return {"id": id * times}

    @app.get("/segment/{name}")
    async def segment(name: str, request: Request) -> list[str]:
        return [name, request.path, request.target]

    @app.get("/tail/{rest:path}")
    async def tail(rest: str) -> str:
        return rest

    @app.get("/file")
    async def file() -> Path:
        return FILE


def _requests(app: App) -> None:
    @app.any("/echo")
    async def echo(request: Request) -> dict[str, object]:
        # What a carrier may do to header fields (their order, how repeated ones are joined) is taken out.
        names = sorted(set(request.headers) - {"host", "connection", "transfer-encoding", "content-length"})
        return {
            "method": request.method,
            "path": request.path,
            "query": request.query.multi_items(),
            "headers": [(name, split_list(request.headers.joined(name) or "")) for name in names],
            "cookies": request.cookies.multi_items(),
            "body": (await request.body()).decode("latin-1"),
            "scheme": request.scheme,
        }

    @app.get("/parameters")
    async def parameters(
        q: Query[list[str]], x_token: Header[str] = "none", theme: Cookie[str] = "light"
    ) -> list[object]:
        return [q, x_token, theme]

    @app.post("/films")
    async def create(film: Film) -> tuple[Film, int]:
        return film, 201

    @app.post("/form")
    async def form(title: Form[str], tag: Form[list[str]]) -> list[object]:
        return [title, tag]

    @app.post("/upload")
    async def upload(title: Form[str], score: File) -> list[object]:
        return [title, score.filename, score.content_type, score.size, score.read(8).decode("latin-1")]

    @app.post("/small", max_body=1000)
    async def small(data: Body[bytes]) -> dict[str, int]:
        return {"bytes": len(data)}

    @app.post("/unread")
    async def unread() -> str:
        return "nobody read the body"

    @app.post("/count", max_body=None)
    async def count(request: Request) -> dict[str, int]:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return {"bytes": size}


def _responses(app: App) -> None:
    @app.get("/redirect")
    async def redirect() -> None:
        raise SeeOther("/text")

    @app.get("/cookies")
    async def cookies() -> Response:
        response = Response("set")
        response.set_cookie(SetCookie("theme", "dark"))
        response.set_cookie(SetCookie("__Host-id", "7", secure=True, max_age=60))
        response.delete_cookie("old")
        return response

    @app.get("/headers")
    async def headers() -> Response:
        response = Response(
            b"{}", headers={"X-Latin": "é", "Server-Timing": "a"}, content_type="application/json"
        )
        response.headers.add("Link", "</a>; rel=next")
        response.headers.add("link", "</b>; rel=prev")
        response.headers["referrer-policy"] = "no-referrer"
        return response

    @app.get("/teapot")
    async def teapot() -> Response:
        return Response("short and stout", 418)

    @app.get("/not-modified")
    async def not_modified() -> Response:
        return Response(b"", 304, {"etag": '"1"'})

    @app.get("/error/{status:int}")
    async def error(status: int) -> None:
        raise HTTPError(status, "as you wished")

    @app.get("/boom")
    async def boom() -> None:
        raise HTTPError(500)

    @app.get("/bad/{how}")
    async def bad(how: str) -> Response:
        # What HTTP does not allow, past the checks of Response: as a plugin could leave it.
        response = Response("x")
        match how:
            case "body":
                response.status = 204
            case "length":
                response.headers["content-length"] = "7"
            case "status":
                response.status = 99
            case "header":
                response.headers["x-split"] = "a\r\nset-cookie: stolen=1"
            case _:
                raise NotFound
        return response


def _streams(app: App) -> None:
    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"%d\n" % number
            await asyncio.sleep(0)

    @app.get("/sync-stream")
    def sync_stream() -> Iterator[str]:
        yield from ("ein", "", "zwei ä")

    @app.get("/empty-stream")
    async def empty_stream() -> AsyncIterator[bytes]:
        for piece in ():
            yield piece

    @app.get("/big-stream")
    async def big_stream() -> AsyncIterator[bytes]:
        for number in range(64):
            yield bytes([number]) * 16 * 1024

    @app.get("/known-length")
    async def known_length() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"12345"
            yield b"67890"

        return Response(pieces(), headers={"content-length": "10"}, content_type="text/plain")

    @app.get("/fails-early")
    async def fails_early() -> AsyncIterator[bytes]:
        raise HTTPError(409, "before the first byte")
        yield b""

    @app.get("/fails-late")
    async def fails_late() -> AsyncIterator[bytes]:
        yield b"x" * 10
        raise LookupError("after the first byte")

    @app.get("/events")
    async def events() -> EventStream[object]:
        yield Event(data="two\nlines", event="news", id="7")
        yield {"n": 1}


def _sockets(app: App) -> None:
    @app.websocket("/socket/{room}", subprotocols=["v1"])
    async def socket(socket: WebSocket, room: str, who: Query[str] = "nobody") -> None:
        await socket.send(f"{who} in {room}")
        async for message in socket:
            if message == "bye":
                await socket.close(4001, "bye")
                return
            if message == "boom":
                raise LookupError("boom")
            await socket.send(message)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `body`: bytes, or pieces that are sent chunked. `status`: of the right reply."""

    name: str
    status: int
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | tuple[bytes, ...] = b""
    cut: bool = False
    """The reply is broken off after its head: what counts is that no server makes a whole reply of it."""
    parsed: bool = False
    """A server's own parser may refuse it first, in its own words: then only that it is a 4xx counts."""


_JSON = (("content-type", "application/json"),)
_FORM = (("content-type", "application/x-www-form-urlencoded"),)
_HTML = (("accept", "text/html"),)
_BOUNDARY = "-----segue"
_MULTIPART = (("content-type", f"multipart/form-data; boundary={_BOUNDARY}"),)
_UPLOAD = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="title"\r\n\r\nNuages ä\r\n'
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="score"; filename="../nu ages.pdf"\r\n'
    f"Content-Type: application/pdf\r\n\r\n%PDF-1.7 and more\r\n--{_BOUNDARY}--\r\n"
).encode()
_TAG = '"' + "x" * 10 + '"'


def _get(name: str, target: str, status: int = 200, *headers: tuple[str, str], **more: object) -> Case:
    return Case(name=name, target=target, status=status, headers=headers, **more)  # type: ignore[arg-type]


def _post(
    name: str, target: str, status: int, headers: tuple[tuple[str, str], ...] = (), body: object = b""
) -> Case:
    return Case(name=name, target=target, status=status, method="POST", headers=headers, body=body)  # type: ignore[arg-type]


CASES = (
    _get("text", "/text"),
    _get("json", "/json"),
    _get("bytes", "/bytes"),
    _get("no content", "/nothing", 204),
    _get("sync handler", "/sync"),
    _get("status", "/status", 201),
    _get("path parameter", "/films/7?times=3"),
    _get("path parameter that does not convert", "/films/seven", 404),
    _get("digits without end", "/films/" + "9" * 5000, 404, parsed=True),
    _get("query that does not convert", "/films/7?times=zero", 422),
    _get("query out of bounds", "/films/7?times=0", 422),
    _get("raised 404", "/films/404", 404),
    _get("no route", "/none", 404),
    _get("no route, as a page", "/none", 404, *_HTML),
    _get("escaped segment", "/segment/a%20%C3%A4%3F%23"),
    _get("escaped slash", "/segment/a%2Fb"),
    _get("escaped percent sign", "/segment/100%25"),
    _get("escaped slash in a tail", "/tail/a/b%2Fc//d"),
    _get("dot segments", "/tail/a/../b"),
    _get("bad UTF-8 in the path", "/segment/%ff", 400),
    _get("NUL in the path", "/segment/%00", 400),
    _get("line end after the path", "/text%0a", 404),
    _get("empty query", "/echo?"),
    _get("query", "/echo?a=1&a=2&b=%C3%A4+x&c=a%26b&d=1;e=2&f"),
    _get("bad UTF-8 in the query", "/echo?a=%ff", 400),
    _get("headers", "/echo", 200, ("X-One", "1"), ("Accept-Language", "de, en;q=0.5"), ("user-agent", "x y")),
    _get("repeated headers", "/echo", 200, ("x-many", "a"), ("x-other", "o"), ("x-many", "b, c")),
    _get("latin-1 header", "/echo", 200, ("x-latin", "é")),
    _get("cookies", "/echo", 200, ("cookie", 'a=1; b="2"; a=3; =x; nothing')),
    _get("parameters", "/parameters?q=1&q=2", 200, ("x-token", "t"), ("cookie", "theme=dark")),
    _get("missing parameters", "/parameters", 422),
    _get("redirect", "/redirect", 303),
    _get("set cookies", "/cookies"),
    _get("response headers", "/headers"),
    _get("a status with no special meaning", "/teapot", 418),
    _get("not modified", "/not-modified", 304),
    *(_get(f"error {status}", f"/error/{status}", status) for status in (400, 401, 403, 409, 429, 503)),
    _get("error as a page", "/error/403", 403, *_HTML),
    _get("a body where none may be", "/bad/body", 500),
    _get("a length that is not true", "/bad/length", 500),
    _get("a status out of range", "/bad/status", 500),
    _get("file", "/file"),
    _get("part of a file", "/file", 206, ("range", "bytes=2-5")),
    _get("end of a file", "/file", 206, ("range", "bytes=-4")),
    _get("range behind the end", "/file", 416, ("range", "bytes=9999-")),
    _get("range of digits without end", "/file", 200, ("range", "bytes=" + "9" * 5000 + "-")),
    _get("unchanged file", "/file", 304, ("if-none-match", "*")),
    _get("stream", "/stream"),
    _get("sync stream", "/sync-stream"),
    _get("empty stream", "/empty-stream"),
    _get("big stream", "/big-stream"),
    _get("stream of known length", "/known-length"),
    _get("stream that fails before its first byte", "/fails-early", 409),
    _get("stream that fails after its first byte", "/fails-late", 200, cut=True),
    _get("events", "/events"),
    *(
        Case(name=f"HEAD {target}", method="HEAD", target=target, status=status)
        for target, status in [("/text", 200), ("/file", 200), ("/stream", 200), ("/nothing", 204), ("/none", 404)]
    ),
    Case(name="OPTIONS", method="OPTIONS", target="/films/7", status=204),
    Case(name="wrong method", method="DELETE", target="/films/7", status=405),
    Case(name="method that no route has", method="PROPFIND", target="/text", status=405),
    *(
        Case(name=f"{method} with a body", method=method, target="/echo", status=200, headers=_FORM, body=b"a=1")
        for method in ("POST", "PUT", "PATCH", "DELETE")
    ),
    _post("no body at all", "/echo", 200),
    _post("JSON", "/films", 201, _JSON, '{"title":"Nuages ä","year":1940}'.encode()),
    _post("JSON, chunked", "/films", 201, _JSON, (b'{"title":"Nu', b'ages","year"', b":1940}")),
    _post("JSON with bad fields", "/films", 422, _JSON, b'{"title":"","year":12,"tags":[1]}'),
    _post("JSON cut off", "/films", 400, _JSON, b'{"title":"Nuages"'),
    _post("JSON 100,000 deep", "/films", 400, _JSON, b"[" * 100_000),
    _post("JSON with NaN", "/films", 400, _JSON, b'{"title":NaN}'),
    _post("JSON of another type", "/films", 415, (("content-type", "text/plain"),), b"{}"),
    _post("form", "/form", 200, _FORM, b"title=Nuages+%C3%A4&tag=a&tag=b"),
    _post("form without its fields", "/form", 422, _FORM, b"tag=a"),
    _post("form of 1,001 fields", "/form", 400, _FORM, b"&".join([b"tag=%d" % n for n in range(1001)])),
    _post("upload", "/upload", 200, _MULTIPART, _UPLOAD),
    _post("upload, chunked", "/upload", 200, _MULTIPART, tuple(_UPLOAD[at : at + 50] for at in range(0, len(_UPLOAD), 50))),
    _post("upload cut off", "/upload", 400, _MULTIPART, _UPLOAD[:-20]),
    _post("body at the limit", "/small", 200, (), b"x" * 1000),
    _post("body over the limit", "/small", 413, (), b"x" * 1001),
    _post("body over the limit, chunked", "/small", 413, (), (b"x" * 600, b"x" * 600)),
    _post("body over the limit of all routes", "/echo", 413, (), b"x" * 2_600_000),
    _post("body over the limit of all routes, chunked", "/echo", 413, (), (b"x" * 100_000,) * 26),
    _post("body that nobody reads", "/unread", 200, (), b"x" * 1000),
    _post("body without a limit", "/count", 200, (), b"x" * 3_000_000),
    _post("body without a limit, chunked", "/count", 200, (), (b"x" * 100_000,) * 30),
    _get("host that is none", "/text", 400, ("host", "a b"), parsed=True),
    _get("two hosts", "/text", 400, ("host", "a"), ("host", "b"), parsed=True),
    _get("101 headers", "/text", 431, *((f"x-{n}", "1") for n in range(101)), parsed=True),
    _get("a header of 33 KB", "/text", 431, ("x-large", "x" * 33_000), parsed=True),
    _get("a target of 9 KB", "/text?" + "x" * 9_000, 414, parsed=True),
    *(
        _get(f"Content-Length {value!r}", "/text", 400, ("content-length", value), parsed=True)
        for value in ("+1", "-1", "1_0", "1, 1", "0x1", "9" * 30)
    ),
    _get("a length and chunks", "/text", 400, ("content-length", "1"), ("transfer-encoding", "chunked"), parsed=True),
    _get("a coding that nobody knows", "/text", 400, ("transfer-encoding", "xchunked"), parsed=True),
)  # fmt: skip

app = make_app()
wsgi = app.wsgi
