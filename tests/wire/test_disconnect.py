"""The client leaves: the handler learns of it by its policy, nothing is left behind, nothing is logged as our error."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from rig.app import Recorder
from rig.client import connect
from rig.server import Server, serving

from segue.http.errors import ClientDisconnected
from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits

HOST = b"Host: a.example\r\n"


class Told:
    """What became of the handlers, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.arrived = threading.Event()

    def __call__(self, event: str) -> None:
        self.events.append(event)
        self.arrived.set()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def server(told: Told) -> Iterator[Server]:
    recorder = Recorder()

    async def work(request: Request, release: Callable[[], bool]) -> Response:
        told("began")
        try:
            while not release():  # noqa: ASYNC110 -- as a handler that looks now and then
                await asyncio.sleep(0.005)
        except asyncio.CancelledError:
            told("cancelled")
            raise
        finally:
            told("finally")
        told("finished")
        return Response(b"done")

    @recorder.at("/finish")
    async def finish(request: Request) -> Response:
        return await work(request, lambda: request.disconnected)

    @recorder.at("/cancel", on_disconnect="cancel")
    async def cancel(request: Request) -> Response:
        return await work(request, lambda: False)

    @recorder.at("/upload")
    async def upload(request: Request) -> Response:
        told("began")
        try:
            await request.body()
        except ClientDisconnected:
            told("disconnected")
            raise
        finally:
            told("finally")
        return Response(b"whole")

    @recorder.at("/stream")
    async def stream(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            told("began")
            try:
                while True:
                    yield b"x" * 1000
                    await asyncio.sleep(0.005)
            finally:
                told("finally")

        return Response(pieces())

    @recorder.at("/silent")
    async def silent(request: Request) -> Response:
        async def events() -> AsyncIterator[bytes]:
            told("began")
            try:
                yield b"data: first\n\n"
                await asyncio.sleep(60)
            finally:
                told("finally")

        return Response(events(), content_type="text/event-stream")

    @recorder.at("/transact", on_disconnect="cancel")
    async def transact(request: Request) -> Response:
        with contextlib.closing(sqlite3.connect(request.query["file"])) as database, database:
            database.execute("insert into film values (1)")
            told("began")
            try:
                await asyncio.sleep(60)
            finally:
                told("finally")
        return Response(b"")

    with serving(recorder, Limits(), sweep=0.25) as server:
        yield server


def leave(connection: socket.socket, how: str) -> None:
    """Politely, or with a reset."""
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request(server: Server, told: Told, sent: bytes) -> socket.socket:
    connection = connect(server.address)
    connection.sendall(sent)
    assert told.arrived.wait(10)
    return connection


@pytest.mark.row("FAULT-8")
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/finish", ["began", "finally", "finished"]),
        ("/cancel", ["began", "cancelled", "finally"]),
        ("/stream", ["began", "finally"]),
        ("/silent", ["began", "finally"]),
    ],
)
def test_a_client_that_leaves_in_the_middle(
    server: Server, told: Told, path: str, expected: list[str], how: str
) -> None:
    connection = request(server, told, f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
    leave(connection, how)
    began = time.monotonic()
    server.until(lambda: told.events == expected)
    assert time.monotonic() - began < 1, "FAULT-8: within a second"
    server.settled()
    assert server.logged() == []


@pytest.mark.row("FAULT-8")
def test_a_transaction_is_rolled_back(server: Server, told: Told, tmp_path: Path) -> None:
    file = tmp_path / "films.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("create table film (id integer)")
        line = f"GET /transact?file={file} HTTP/1.1\r\n".encode()
        leave(request(server, told, line + HOST + b"\r\n"), "close")
        server.until(lambda: told.events == ["began", "finally"])
        server.settled()
        assert database.execute("select count(*) from film").fetchall() == [(0,)]


@pytest.mark.row("FAULT-8")
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("framing", [b"Content-Length: 100000", b"Transfer-Encoding: chunked"])
def test_a_client_that_leaves_in_the_middle_of_its_upload(
    server: Server, told: Told, framing: bytes, how: str
) -> None:
    sent = b"POST /upload HTTP/1.1\r\n" + HOST + framing + b"\r\n\r\n" + b"4\r\nwiki\r\n"
    leave(request(server, told, sent), how)
    server.until(lambda: told.events == ["began", "disconnected", "finally"])
    server.settled()
    assert server.logged() == []


def test_a_client_that_leaves_before_its_turn_is_not_served(server: Server, told: Told) -> None:
    line = b"GET /finish HTTP/1.1\r\n" + HOST + b"\r\n"
    leave(request(server, told, line * 3), "close")
    server.until(lambda: told.events == ["began", "finally", "finished"])
    server.settled()
    assert told.events.count("began") == 1


def test_hundreds_that_leave_at_once_leave_nothing_behind(server: Server, told: Told) -> None:
    paths = [b"/finish", b"/cancel", b"/stream", b"/silent", b"/upload"]
    connections = []
    for number in range(300):
        connection = connect(server.address)
        path = paths[number % 5]
        framing = b"Content-Length: 9\r\n" if path == b"/upload" else b""
        connection.sendall(b"POST " + path + b" HTTP/1.1\r\n" + HOST + framing + b"\r\n")
        connections.append(connection)
    server.until(lambda: told.events.count("began") == 300)
    for number, connection in enumerate(connections):
        leave(connection, "reset" if number % 2 else "close")
    server.settled()
    assert told.events.count("finally") == 300
    assert server.logged() == []
