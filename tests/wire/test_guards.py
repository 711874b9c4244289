"""Limits as an author sets them, and guards that see what the router sees."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Iterator

import pytest
from rig.client import Reply, connect, exchange, read_all, replies
from rig.forms import field, multipart, post, upload
from rig.server import Server, serving

from segue import App, File, HTTPError, Next, Request, Response
from segue.core.middleware.compression import Compression
from segue.core.middleware.hosts import AllowedHosts
from segue.http.forms import FormLimits
from segue.http.multipart import MultipartWriter, iter_parts
from segue.server.limits import Limits

MIB = 1024 * 1024


def application(released: asyncio.Event) -> App:
    app = App()

    @app.middleware
    async def guard(request: Request, next: Next) -> Response:
        if request.path.startswith("/private"):
            raise HTTPError(401, "not you")
        return await next(request)

    app.middleware(Compression())

    @app.get("/private/{name}")
    async def private(name: str) -> str:
        return "secret"

    @app.get("/public")
    async def public(request: Request) -> dict[str, str]:
        return {"path": request.path, "target": request.target}

    @app.post("/mebibyte", max_body=MIB)
    async def mebibyte(request: Request) -> dict[str, int]:
        return {"fields": len((await request.form(FormLimits(field_size=2 * MIB))).multi_items())}

    @app.post("/parts", max_body=None)
    async def parts(request: Request) -> dict[str, list[str]]:
        found: list[str] = []
        async for part in iter_parts(request.stream(), request.headers["content-type"]):
            if part.head.content_type.startswith("multipart/"):
                found += [f"{part.head.name} > {await inner.text()}" async for inner in part.parts()]
            else:
                found.append(f"{part.head.name} {sum([len(piece) async for piece in part])}")
        return {"found": found}

    @app.post("/limits")
    async def limits(request: Request) -> dict[str, int]:
        form = await request.form(FormLimits(fields=3, memory=500_000))
        return {"fields": len(form.multi_items())}

    @app.post("/expect")
    async def expect(request: Request) -> dict[str, int]:
        if "expect" in request.headers and request.headers.get("authorization") is None:
            raise HTTPError(417, "say who you are first")
        return {"bytes": len(await request.body())}

    @app.post("/save")
    async def save(picture: File) -> dict[str, str | bool]:
        return {"name": picture.filename, "on disk": not hasattr(picture.file, "getbuffer")}

    @app.get("/steps")
    async def steps() -> AsyncIterator[str]:
        yield "first " * 1_000
        await released.wait()
        yield "last"

    return app


class Guarded:
    """The server, and the event that lets a stream go on."""

    def __init__(self, server: Server, released: asyncio.Event) -> None:
        self.address = server.address
        self.server = server
        self.released = released


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    released = asyncio.Event()
    with serving(application(released), Limits(linger=0.5), sweep=0.25) as server:
        yield Guarded(server, released)


def send(guarded: Guarded, sent: bytes) -> Reply:
    [reply] = replies(exchange(guarded.address, [sent]))
    return reply


def get(target: str, *fields: str, host: str = "a.example") -> bytes:
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n".encode("latin-1")


@pytest.mark.row("SEC-7")
def test_a_guard_sees_the_path_that_is_routed(guarded: Guarded) -> None:
    """CVE-2026-48710: nothing in Host or in the form of the target makes the two differ."""
    assert send(guarded, get("/private/a")).status == 401
    for host in ("a.example/public?bar=", "a.example/public#", "a.example\\public", "u@a.example", "a b"):
        assert send(guarded, get("/private/a", host=host)).status == 400
    for target in ("@evil", "private/a", "evil.example/private/a"):
        assert send(guarded, get(target)).status == 400
    for target in (
        "/%70rivate/a",
        "http://a.example/private/a",
        "/private%2Fa",
        "/private/a?x=/public",
        "/private/%2e%2e/public",
    ):
        assert send(guarded, get(target)).status in (401, 404), target
    # These are other paths, for the guard and for the router alike: nobody folds them into /private.
    for target in ("//private/a", "/./private/a", "/public/../private/a", "/x/%2e%2e/private/a"):
        reply = send(guarded, get(target))
        assert reply.status in (401, 404)
        assert b"secret" not in reply.body
    reply = send(guarded, get("/public?a=b"))
    assert json.loads(reply.body) == {"path": "/public", "target": "/public?a=b"}


@pytest.mark.row("AI10")
def test_the_limit_of_a_form_and_none_for_a_stream(guarded: Guarded) -> None:
    frame = len(multipart(field("a", b"")))
    assert send(guarded, post("/mebibyte", multipart(field("a", b"x" * (MIB - frame))))).status == 200
    assert send(guarded, post("/mebibyte", multipart(field("a", b"x" * (MIB - frame + 1))))).status == 413
    large = multipart(upload("film", b"a.mkv", b"x" * 20_000_000))
    assert json.loads(send(guarded, post("/parts", large)).body) == {"found": ["film 20000000"]}
    inner = MultipartWriter(subtype="mixed")
    inner.part({"Content-Type": "text/plain"}, b"one")
    inner.part({"Content-Type": "text/plain"}, b"two")
    outer = MultipartWriter()
    outer.part(
        {"Content-Disposition": 'form-data; name="both"', "Content-Type": inner.content_type}, inner.body()
    )
    reply = send(guarded, post("/parts", outer.body(), outer.content_type.encode()))
    assert json.loads(reply.body) == {"found": ["both > one", "both > two"]}


@pytest.mark.row("AI15")
def test_a_handler_refuses_before_the_body_is_sent(guarded: Guarded) -> None:
    head = b"POST /expect HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n"
    refused = exchange(guarded.address, [head + b"\r\n"])
    assert b"100 Continue" not in refused
    assert [reply.status for reply in replies(refused)] == [417]
    with connect(guarded.address) as connection:
        connection.sendall(head + b"Authorization: Bearer me\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        [reply] = replies(read_all(connection))
        assert json.loads(reply.body) == {"bytes": 5}


@pytest.mark.row("FL20")
def test_the_limits_of_flask(guarded: Guarded) -> None:
    assert send(guarded, post("/limits", b"x" * 2_500_001)).status == 413
    assert send(guarded, post("/limits", multipart(field("a", b"x" * 500_001)))).status == 413
    assert send(guarded, post("/limits", multipart(*[field("a", b"x")] * 4))).status == 400
    assert send(guarded, post("/limits", multipart(*[field("a", b"x")] * 3))).status == 200
    app = App()
    app.middleware(AllowedHosts(["a.example"]))

    @app.get("/")
    async def index() -> str:
        return "index"

    with serving(app) as server:
        for host, status in (
            ("a.example", 200),
            ("A.example:8000", 200),
            ("evil.example", 400),
            ("xa.example", 400),
        ):
            [reply] = replies(exchange(server.address, [get("/", host=host)]))
            assert reply.status == status


@pytest.mark.row("BO7")
def test_an_upload_has_a_safe_name_and_goes_to_disk_when_it_is_large(guarded: Guarded) -> None:
    for size, on_disk in ((100_000, False), (100_001, True)):
        reply = send(guarded, post("/save", multipart(upload("picture", b"../../x", b"x" * size))))
        assert json.loads(reply.body) == {"name": "x", "on disk": on_disk}


@pytest.mark.row("AI9")
def test_a_compressed_stream_arrives_while_it_is_written(guarded: Guarded) -> None:
    with connect(guarded.address) as connection:
        connection.sendall(get("/steps", "Accept-Encoding: gzip"))
        received = b""
        text = b""
        while text != b"first " * 1_000:
            received += connection.recv(4096)
            [reply] = replies(received) or [None]
            if reply is not None and reply.body:
                text = zlib.decompressobj(wbits=31).decompress(reply.body)
        guarded.server.loop.call_soon_threadsafe(guarded.released.set)
        [reply] = replies(received + read_all(connection))
    assert reply["content-encoding"] == "gzip"
    assert reply.whole
    assert zlib.decompress(reply.body, wbits=31) == b"first " * 1_000 + b"last"
