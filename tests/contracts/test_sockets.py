"""WebSockets over every server that has them; over WSGI, 426."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from segue.http.websocket import WebSocketDisconnected
from segue.testing import Client, HandshakeOptions, LiveServer, WebSocketRefused

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, Server, exchange, serving
from scenarios import make_app

HANDSHAKE = (
    b"GET /socket/swing HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_in_process() -> None:
    with Client(make_app(), raise_server_exceptions=False) as client:
        with client.websocket("/socket/swing?who=django", subprotocols=["v0", "v1"]) as socket:
            assert socket.subprotocol == "v1"
            assert socket.receive() == "django in swing"
            for message in ("ä", b"\x00\xff", "x" * 100_000):
                socket.send(message)
                assert socket.receive() == message
            socket.send("bye")
            with pytest.raises(WebSocketDisconnected) as closed:
                socket.receive()
            assert (closed.value.code, closed.value.reason) == (4001, "bye")
        with pytest.raises(WebSocketRefused) as refused, client.websocket("/none"):
            pass
        assert refused.value.response.status == 404


class Sockets:
    server: ClassVar[Server | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def port(cls) -> Iterator[int]:
        if cls.server is None:
            with LiveServer(make_app()) as live:
                yield live.port
        elif importlib.util.find_spec(cls.server.needs) is None:
            yield 0  # the mark of the class skips, or fails, each test by the name of what is absent
        else:
            with serving(cls.server) as number:
                yield number

    def test_messages(self, port: int) -> None:
        url = f"ws://127.0.0.1:{port}/socket/swing?who=django"
        with connect(url, subprotocols=["v0", "v1"]) as socket:  # type: ignore[list-item]
            assert socket.subprotocol == "v1"
            assert socket.recv(10) == "django in swing"
            for message in ("ä", b"\x00\xff", "x" * 100_000):
                socket.send(message)
                assert socket.recv(10) == message
            socket.send("bye")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(10)
            assert closed.value.rcvd is not None
            assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "bye")

    def test_a_handler_that_fails_closes_with_1011(self, port: int) -> None:
        with connect(f"ws://127.0.0.1:{port}/socket/swing") as socket:
            socket.recv(10)
            socket.send("boom")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1011

    def test_a_message_over_the_limit(self, port: int) -> None:
        with connect(f"ws://127.0.0.1:{port}/socket/swing", compression=None) as socket:
            socket.recv(10)
            socket.send("x" * (1024 * 1024 + 1))
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(10)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009

    @pytest.mark.parametrize(
        ("path", "origin", "status"),
        [("/none", None, 404), ("/socket/swing", "https://evil.example", 403), ("/text", None, 200)],
    )
    def test_refusals_are_ordinary_replies(
        self, port: int, path: str, origin: str | None, status: int
    ) -> None:
        with pytest.raises(InvalidStatus) as refused, connect(f"ws://127.0.0.1:{port}{path}", origin=origin):  # type: ignore[arg-type]
            pass
        response = refused.value.response
        assert response.status_code == status
        options = HandshakeOptions() if origin is None else HandshakeOptions(origin=origin)
        with (
            Client(make_app()) as client,
            pytest.raises(WebSocketRefused) as expected,
            client.websocket(path, **options),
        ):
            pass
        assert response.body == expected.value.response.content

    def test_the_own_origin_may_connect(self, port: int) -> None:
        url = f"127.0.0.1:{port}"
        with connect(f"ws://{url}/socket/swing", origin=f"http://{url}") as socket:  # type: ignore[arg-type]
            assert socket.recv(10) == "nobody in swing"


class TestNative(Sockets):
    pass


@pytest.mark.requires("uvicorn")
class TestUvicorn(Sockets):
    server = SERVERS["uvicorn"]


@pytest.mark.requires("granian")
class TestGranian(Sockets):
    server = SERVERS["granian"]


@pytest.mark.requires("hypercorn")
class TestHypercorn(Sockets):
    server = SERVERS["hypercorn"]


@pytest.mark.requires("gunicorn")
def test_over_wsgi_there_are_none() -> None:
    with serving(SERVERS["gunicorn"]) as port:
        reply = exchange(port, HANDSHAKE, "GET")
    assert reply.status == 426
    assert (
        reply.body
        == b"426 Upgrade Required\nThis address is a WebSocket, which this server does not offer.\n"
    )
