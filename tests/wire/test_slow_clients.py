"""Slow clients of each kind, a thousand of them: others are served as if they were not there."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import psutil
import pytest
from rig.app import Recorder
from rig.client import connect
from rig.server import Server, serving

from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits

HOST = b"Host: a.example\r\n"
KINDS = {
    "headers": b"GET / HTTP/1.1\r\nHost: a",
    "body": b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\nx",
    "chunks": b"POST /upload HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    "reading": b"GET /flood HTTP/1.1\r\n" + HOST + b"\r\n",
}
PING = b"GET /ping HTTP/1.1\r\n" + HOST + b"\r\n"


def recorder() -> Recorder:
    recorder = Recorder()

    @recorder.at("/ping")
    async def ping(request: Request) -> Response:
        return Response(b"pong")

    @recorder.at("/upload")
    async def upload(request: Request) -> Response:
        return Response(await request.body())

    @recorder.at("/flood")
    async def flood(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 16_384

        return Response(pieces())

    return recorder


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def probe(server: Server, times: int) -> list[float]:
    """The seconds that an ordinary client waits, each time on a new connection, in order of size."""
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        with connect(server.address) as connection:
            connection.sendall(PING)
            assert b"pong" in connection.recv(4096)
        took.append(time.perf_counter() - began)
        time.sleep(0.005)
    return sorted(took)


def many(server: Server, count: int, sent: bytes, receive_buffer: int = 0) -> list[socket.socket]:
    connections = []
    for _ in range(count):
        connection = connect(server.address, receive_buffer=receive_buffer)
        connection.sendall(sent)
        connections.append(connection)
    return connections


@pytest.mark.row("SEC-18", "FAULT-7")
@pytest.mark.parametrize("count", [200, 1_100])
@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients(kind: str, count: int, pace: Callable[[], float]) -> None:
    limits = Limits(header_timeout=4.0, body_timeout=4.0, write_timeout=4.0, linger=0.5)
    process = psutil.Process()
    with serving(recorder(), limits, sweep=0.25) as server:
        before = process.memory_info().rss
        began = time.monotonic()
        connections = many(server, count, KINDS[kind], receive_buffer=4096 if kind == "reading" else 0)
        took = probe(server, 100)
        assert took[98] < 0.1 * pace(), "99 of 100 within a tenth of a second"
        assert process.memory_info().rss - before < count * 400_000
        try:
            server.settled(20)  # they do not go by themselves: the server cuts them
            assert time.monotonic() - began < 20
        finally:
            for connection in connections:
                connection.close()
