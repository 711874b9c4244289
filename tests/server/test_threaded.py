"""A server of sync handlers with few threads, as those who come from CherryPy know it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from process_rig import PATIENCE, open_socket, until

from segue import App, Request
from segue.core.threads import Threads
from segue.server import TLS, Limits, ServerConfig
from segue.testing import LiveServer

SIZE, QUEUE = 10, 5
LIMITS = Limits(header_timeout=1.0, body_timeout=1.0, keep_alive=1.0, linger=0.5)
HOST = b"Host: a\r\n"
GET = b"GET /ping HTTP/1.1\r\n" + HOST + b"\r\n"


class Busy:
    """An app whose slow handlers end when the test says so."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        # A place in the queue is kept for longer than any of these tests takes.
        self.app = App(threads=Threads(size=SIZE, queue=QUEUE, patience=PATIENCE))

        @self.app.get("/slow")
        def slow() -> str:
            self.begun.release()
            assert self.go_on.wait(PATIENCE)
            return "slow"

        @self.app.get("/ping")
        def ping() -> str:
            return "pong"

        @self.app.get("/number/{number:int}")
        def number(number: int) -> str:
            return f"<{number}>"

        @self.app.post("/upload", max_body=1_000)
        async def upload(request: Request) -> str:
            return str(len(await request.body()))


@pytest.fixture
def busy() -> Iterator[Busy]:
    busy = Busy()
    yield busy
    busy.go_on.set()


@pytest.fixture
def port(busy: Busy) -> Iterator[int]:
    with LiveServer(busy.app, ServerConfig(binds=("127.0.0.1:0",), grace=2.0, limits=LIMITS)) as server:
        yield server.port
        busy.go_on.set()


def read_all(sock: socket.socket) -> bytes:
    sock.settimeout(PATIENCE)
    pieces = []
    with sock:
        while piece := sock.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


def ask(port: int, data: bytes) -> bytes:
    return read_all(open_socket(port, data))


def status(data: bytes) -> int:
    assert data.startswith(b"HTTP/1.1 "), data
    return int(data[9:12])


def slow_clients(port: int, count: int) -> list[socket.socket]:
    request = b"GET /slow HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    return [open_socket(port, request) for _ in range(count)]


@pytest.mark.row("CP18")
def test_the_eleventh_slow_request_waits_for_its_turn(busy: Busy, port: int) -> None:
    clients = slow_clients(port, SIZE + 1)
    for _ in range(SIZE):
        assert busy.begun.acquire(timeout=PATIENCE)
    assert not busy.begun.acquire(timeout=0.3), "ten threads, and no more"
    busy.go_on.set()
    assert [status(read_all(client)) for client in clients] == [200] * (SIZE + 1)
    assert busy.begun.acquire(timeout=PATIENCE)


@pytest.mark.row("CP18")
def test_a_full_queue_is_503_and_the_server_goes_on(busy: Busy, port: int) -> None:
    clients = slow_clients(port, SIZE)
    for _ in range(SIZE):
        assert busy.begun.acquire(timeout=PATIENCE)
    # Five find a place in the queue. Which five cannot be told; the others are answered now.
    more = slow_clients(port, QUEUE + 3)
    answered: list[int] = []
    lock = threading.Lock()

    def read(client: socket.socket) -> None:
        found = status(read_all(client))
        with lock:
            answered.append(found)

    readers = [threading.Thread(target=read, args=(client,)) for client in more]
    for reader in readers:
        reader.start()
    until(lambda: len(answered) == 3, "three refusals")
    assert answered == [503] * 3
    upload = b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc"
    assert status(ask(port, upload)) == 200, "what needs no thread is served"
    busy.go_on.set()
    for reader in readers:
        reader.join(PATIENCE)
    assert sorted(answered) == [200] * QUEUE + [503] * 3
    assert [status(read_all(client)) for client in clients] == [200] * SIZE


@pytest.mark.row("CP18")
def test_bodies_over_the_limit(port: int) -> None:
    head = b"POST /upload HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
    assert status(ask(port, head + b"Content-Length: 1000\r\n\r\n" + b"x" * 1_000)) == 200
    assert status(ask(port, head + b"Content-Length: 1001\r\n\r\n")) == 413
    chunks = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n"
    assert status(ask(port, chunked + chunks * 2 + b"0\r\n\r\n")) == 200
    assert status(ask(port, chunked + chunks * 3 + b"0\r\n\r\n")) == 413


@pytest.mark.row("CP18")
def test_pipelined_requests_are_answered_in_their_order(port: int) -> None:
    requests = [b"GET /number/%d HTTP/1.1\r\n" % number + HOST for number in range(20)]
    data = b"\r\n".join(requests) + b"Connection: close\r\n\r\n"
    received = ask(port, data)
    found = [received.find(b"<%d>" % number) for number in range(20)]
    assert -1 not in found
    assert found == sorted(found)


@pytest.mark.row("CP18")
def test_the_body_is_asked_for_with_100_continue(port: int) -> None:
    head = b"POST /upload HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nConnection: close\r\n"
    with open_socket(port, head + b"Content-Length: 3\r\n\r\n") as sock:
        sock.settimeout(PATIENCE)
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"abc")
        assert status(read_all(sock)) == 200
    refused = ask(port, head + b"Content-Length: 1001\r\n\r\n")
    assert status(refused) == 413


@pytest.mark.row("CP18")
@pytest.mark.parametrize(
    ("version", "field", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_connections_are_kept_as_their_version_says(
    port: int, version: bytes, field: bytes, kept: bool
) -> None:
    request = b"GET /ping HTTP/%b\r\n" % version + HOST + field + b"\r\n"
    with open_socket(port, request) as sock:
        sock.settimeout(PATIENCE)
        first = sock.recv(4096)
        assert status(first) == 200
        assert (b"\r\nconnection: close\r\n" not in first) == kept
        if version == b"1.0":
            assert (b"\r\nconnection: keep-alive\r\n" in first) == kept
        if kept:
            sock.sendall(request)
            assert status(sock.recv(4096)) == 200
        else:
            assert sock.recv(4096) == b""


@pytest.mark.row("CP18")
@pytest.mark.parametrize("line", [b"no colon", b"a b: c", b": c", b"a : b", b"a: b\0c"])
def test_a_malformed_header_is_400(port: int, line: bytes) -> None:
    assert status(ask(port, b"GET /ping HTTP/1.1\r\n" + HOST + line + b"\r\n\r\n")) == 400


@pytest.mark.row("CP18")
def test_idle_is_closed_and_started_but_silent_is_408(port: int) -> None:
    assert ask(port, b"") == b""
    answer = ask(port, GET)
    assert status(answer) == 200
    assert answer.count(b"HTTP/1.1") == 1, "then closed, without a word"
    assert status(ask(port, b"GET /ping HTTP/1.1\r\nHos")) == 408
    body = b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc"
    assert status(ask(port, body)) == 408


@pytest.mark.row("CP18")
def test_http_on_the_tls_port_is_400(busy: Busy, tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "all.pem")
    tls = TLS(certfile=str(tmp_path / "all.pem"), keyfile=str(tmp_path / "all.pem"))
    config = ServerConfig(binds=("127.0.0.1:0",), grace=2.0, limits=LIMITS, tls=tls)
    with LiveServer(busy.app, config) as server:
        assert status(ask(server.port, GET)) == 400
