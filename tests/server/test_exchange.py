"""Connections change hands while both sides work at full speed: no request is lost, doubled or torn."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import BinaryIO

import pytest

from segue import App, Request
from segue.server import ServerConfig
from segue.server.eventloop import new_event_loop
from segue.server.exchange import Exchange, Relief, report_loop_error
from segue.server.movable import MovableProtocol
from segue.server.server import Server

CLIENTS = 8
REQUESTS = 120

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="moving needs Linux")


def counting_app() -> tuple[App, Counter[str]]:
    app = App()
    counted: Counter[str] = Counter()

    @app.post("/")
    async def body(request: Request) -> str:
        name = (await request.body()).decode()
        counted[name] += 1
        return name

    @app.get("/{name}")
    async def path(name: str) -> str:
        counted[name] += 1
        if name.endswith("7"):
            await asyncio.sleep(0)
        return name

    return app, counted


def ask(port: int, number: int, failures: list[str]) -> None:
    """One client on one connection: pipelined requests of both kinds, cut anywhere."""
    choice = random.Random(number)
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as sock, sock.makefile("rb") as replies:
            sent = 0
            while sent < REQUESTS:
                names = [f"{number}-{sent + one}" for one in range(choice.choice((1, 1, 3)))]
                sent += len(names)
                data = b"".join(request_for(name, choice) for name in names)
                cut = choice.randrange(len(data))
                sock.sendall(data[:cut])
                time.sleep(choice.choice((0, 0, 0.0005)))
                sock.sendall(data[cut:])
                for name in names:
                    if (got := read_reply(replies)) != name:
                        failures.append(f"{name} was answered by {got!r}")
                        return
    except OSError as error:
        failures.append(f"client {number}: {error!r}")


def request_for(name: str, choice: random.Random) -> bytes:
    text = name.encode()
    if choice.random() < 0.5:
        return b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % text
    return b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text)


def read_reply(replies: BinaryIO) -> str:
    head = replies.readline()
    length = 0
    while (line := replies.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = replies.read(length).decode()
    return body if head.startswith(b"HTTP/1.1 200 ") else f"{head!r} {body}"


async def serve_while_moving(app: App, errors: list[object]) -> tuple[int, list[str]]:
    """Two servers that take each other's connections as often as they can, and clients of one of them."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    exchange = Exchange.open()
    assert exchange is not None
    config = ServerConfig(binds=("127.0.0.1:0",))
    servers = [Server(app, config, exchange=exchange) for _ in range(2)]
    failures: list[str] = []
    stop = threading.Event()
    moved = [0, 0]

    def move(index: int) -> None:
        relief = Relief(servers[index].service, exchange, loop)
        while not stop.is_set():
            moved[index] += relief()
            time.sleep(0.0002)

    async with servers[0], servers[1]:
        port = int(servers[0].urls[0].rpartition(":")[2])
        movers = [threading.Thread(target=move, args=(index,)) for index in range(2)]
        clients = [threading.Thread(target=ask, args=(port, one, failures)) for one in range(CLIENTS)]
        for thread in (*movers, *clients):
            thread.start()
        for client in clients:
            await asyncio.to_thread(client.join)
        stop.set()
        for thread in (*movers, *clients):
            thread.join()
    exchange.close()
    return sum(moved), failures


@pytest.mark.parametrize("new_loop", [new_event_loop, asyncio.new_event_loop])
def test_nothing_is_lost_or_doubled_however_often_a_connection_moves(new_loop: object) -> None:
    app, counted = counting_app()
    errors: list[object] = []
    with asyncio.Runner(loop_factory=new_loop) as runner:  # type: ignore[arg-type]  # both make loops
        moved, failures = runner.run(serve_while_moving(app, errors))
    assert not failures, failures[:3]
    assert moved > CLIENTS  # otherwise nothing was tested
    assert len(counted) >= CLIENTS * REQUESTS
    assert set(counted.values()) == {1}
    # What uvloop takes for a fault is that a connection that has gone is not read; the worker's handler knows better.
    assert all(isinstance(one["protocol"], MovableProtocol) and one["protocol"].gone for one in errors)  # type: ignore[index]


def test_other_faults_of_the_loop_are_reported_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        loop = runner.get_loop()
        loop.set_exception_handler(report_loop_error)
        loop.call_exception_handler({"message": "something else went wrong"})
    assert "something else went wrong" in caplog.text


def test_a_full_queue_leaves_the_connection_where_it_is() -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(offer_to_nobody())


async def offer_to_nobody() -> None:
    exchange = Exchange.open()
    assert exchange is not None
    app, _ = counting_app()
    async with Server(app, ServerConfig(binds=("127.0.0.1:0",)), exchange=exchange) as server:
        loop = asyncio.get_running_loop()
        loop.remove_reader(exchange.fileno())  # nobody takes
        sock = socket.create_connection(("127.0.0.1", int(server.urls[0].rpartition(":")[2])), 20)
        spare = sock.dup()
        with sock, spare:
            offered = until_blocked(lambda: exchange.give(spare.fileno()))
            assert offered > 10
            while not server.service.connections:  # noqa: ASYNC110 -- nothing tells
                await asyncio.sleep(0.01)
            sock.sendall(request_for("here", random.Random(1)))
            assert Relief(server.service, exchange, loop)() == 0
            data = await asyncio.to_thread(sock.recv, 4096)
            assert data.endswith(b"here")
            assert until_blocked(lambda: socket.socket.close(exchange.accept()[0])) == offered
    exchange.close()


def until_blocked(step: Callable[[], object]) -> int:
    """How often ``step`` can be done until there is no more room, or nothing more."""
    for count in itertools.count():
        try:
            step()
        except BlockingIOError:
            return count
    raise AssertionError
