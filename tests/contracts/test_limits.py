"""Body limits on every interface: 413 however a body is declared, and little more of it taken in than the limit."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from segue.server import inbound
from segue.server.asgi import serve
from segue.testing import Client, LiveServer

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, serving
from scenarios import make_app

LIMIT = 1000  # of the route /small
SLACK = 64 * 1024
ONE_READ = 256 * 1024  # what a transport of asyncio or uvloop hands over at once
PIECE = b"x" * 16 * 1024


def endless() -> Iterator[bytes]:
    while True:
        yield PIECE


class Endless(io.RawIOBase):
    """The ``wsgi.input`` of a client that never stops."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "read without a bound"
        self.taken += size
        return b"x" * size


@pytest.mark.parametrize("declared", [None, 10_000_000, 10])
def test_in_process(declared: int | None) -> None:
    taken: list[int] = []

    def counted() -> Iterator[bytes]:
        for piece in endless():
            taken.append(len(piece))
            yield piece

    headers = {} if declared is None else {"content-length": str(declared)}
    with Client(make_app()) as client:
        response = client.post("/small", content=counted(), headers=headers)
    # A length that is not true is no request that can be trusted: 400, and nothing of the surplus is read.
    assert response.status == (400 if declared == 10 else 413)
    assert sum(taken) <= (0 if declared == 10_000_000 else LIMIT + SLACK)


@pytest.mark.parametrize("declared", [None, 10_000_000, 10])
@pytest.mark.parametrize("version", ["1.1", "2"])
def test_asgi(declared: int | None, version: str) -> None:
    taken = 0
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += len(PIECE)
        return {"type": "http.request", "body": PIECE, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost")]
    if declared is not None:
        headers.append((b"content-length", b"%d" % declared))
    elif version == "1.1":
        headers.append((b"transfer-encoding", b"chunked"))
    scope = {"type": "http", "http_version": version, "method": "POST", "path": "/small", "headers": headers}
    asyncio.run(asyncio.wait_for(serve(make_app(), scope, receive, send), 10))
    assert sent[0]["status"] == (400 if declared == 10 else 413)
    assert taken <= (0 if declared == 10_000_000 else LIMIT + SLACK)


@pytest.mark.parametrize("declared", [None, 10_000_000, 10])
def test_wsgi(declared: int | None) -> None:
    source = Endless()
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/small", "SERVER_PROTOCOL": "HTTP/1.1"}
    setup_testing_defaults(environ)
    environ |= {"wsgi.input": source, "wsgi.input_terminated": True}
    if declared is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(declared)
    statuses: list[str] = []
    result = make_app().wsgi(environ, lambda status, headers, exc_info=None: statuses.append(status))
    assert list(result)
    result.close()
    # WSGI's input goes on after the body of this request: what is more than its length belongs to another one.
    assert statuses[0][:3] == ("200" if declared == 10 else "413")
    assert source.taken <= {None: LIMIT + SLACK, 10: 10}.get(declared, 0)


@pytest.mark.parametrize("declared", [None, 10_000_000, 10])
def test_native(declared: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    feed = inbound.InboundBody.feed

    def counted(self: inbound.InboundBody, piece: bytes) -> None:
        feed(self, piece)
        held.append(self._buffered)

    monkeypatch.setattr(inbound.InboundBody, "feed", counted)
    framing = b"Transfer-Encoding: chunked" if declared is None else b"Content-Length: %d" % declared
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if declared is None else PIECE
    with (
        LiveServer(make_app()) as server,
        socket.create_connection((server.host, server.port), 10) as connection,
    ):
        connection.sendall(b"POST /small HTTP/1.1\r\nHost: localhost\r\n%b\r\n\r\n" % framing)
        with contextlib.suppress(ConnectionError, TimeoutError):
            connection.settimeout(0.5)
            for _ in range(400):
                connection.sendall(piece)
        connection.settimeout(10)
        reply = b""
        with contextlib.suppress(ConnectionResetError):
            while received := connection.recv(65536):
                reply += received
    assert reply[9:12] == (b"200" if declared == 10 else b"413")
    assert max(held, default=0) <= LIMIT + SLACK + ONE_READ
    if declared == 10:
        assert reply.count(b"HTTP/1.1 200") == 1
        assert b"HTTP/1.1 400" in reply


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.requires(SERVERS[name].needs))
        for name in ("granian", "hypercorn")
    ],
)
def test_http_2(name: str) -> None:
    from http2 import ask

    host = (b":authority", b"localhost")
    with serving(SERVERS[name]) as port:
        assert ask(port, "/small", (host,), [b"x" * LIMIT], "POST").status == 200
        for body in ([b"x" * (LIMIT + 1)], [PIECE] * 100):
            assert ask(port, "/small", (host,), body, "POST").status == 413
        length = (b"content-length", b"%d" % (len(PIECE) * 100))
        assert ask(port, "/small", (host, length), [PIECE] * 100, "POST").status == 413
