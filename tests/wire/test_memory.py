"""Memory stays flat, whatever passes through; measured on a server in a process of its own."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rig.child import Child, child
from rig.client import connect, read_all, replies
from rig.forms import BOUNDARY

PROGRAMS = str(Path(__file__).parent / "rig" / "programs.py")
MB = 1_000_000
SIZE = int(os.environ.get("SEGUE_UPLOAD_MB", "5000")) * MB
PING = b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"
SPOOL_HEAD = b'--%b\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n' % BOUNDARY
SPOOL_TAIL = b"\r\n--%b--\r\n" % BOUNDARY


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    log = tmp_path_factory.mktemp("memory") / "log"
    with child(PROGRAMS, "uploads", log, "keep_alive=300", "header_timeout=300") as server:
        yield server


def send_large(server: Child, path: str, size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    length = len(head) + size + len(tail)
    piece = b"x" * MB
    kind = b"multipart/form-data; boundary=" + BOUNDARY
    with connect(server.address, timeout=60) as connection:
        line = b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" % path.encode()
        connection.sendall(line + b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, length) + head)
        for _ in range(size // MB):
            connection.sendall(piece)
        connection.sendall(tail)
        [reply] = replies(read_all(connection))
    assert reply.status == 200, reply
    return reply.body


@pytest.mark.row("SA9", "TO16")
def test_an_upload_of_gigabytes_that_is_read_as_it_comes(server: Child) -> None:
    """The first piece of a reply leaves before the handler ends: test_responses.py."""
    send_large(server, "/stream", 10 * MB)
    before = server.resident()
    assert send_large(server, "/stream", SIZE) == b'{"bytes":%d}' % SIZE
    assert server.peak() < 80 * MB
    assert server.resident() - before < 8 * MB


@pytest.mark.timeout(300)
@pytest.mark.row("BO7", "U22")
def test_an_upload_of_ten_gigabytes_that_is_spooled_to_disk(tmp_path: Path) -> None:
    """That its name is made safe, and from which size on it goes to disk: test_guards.py. A full disk: test_disk_full.py."""
    if shutil.disk_usage(tempfile.gettempdir()).free < 12_000 * MB:
        pytest.skip("there are no 12 GB free for temporary files")
    size = 10_000 * MB
    with child(PROGRAMS, "uploads", tmp_path / "log") as server:
        assert send_large(server, "/spool", size, SPOOL_HEAD, SPOOL_TAIL) == b'{"bytes":%d}' % size
        assert server.peak() < 60 * MB


@pytest.mark.row("U22")
@pytest.mark.parametrize("size", [2_500_001, 10_000 * MB])
def test_a_body_over_the_limit_is_refused_before_any_of_it_is_sent(server: Child, size: int) -> None:
    with connect(server.address) as connection:
        kind = b"Content-Type: multipart/form-data; boundary=" + BOUNDARY
        connection.sendall(
            b"POST /form HTTP/1.1\r\nHost: a\r\n%b\r\nContent-Length: %d\r\n\r\n" % (kind, size)
        )
        [reply] = replies(read_all(connection))
    assert reply.status == 413
    assert b"2500000" in reply.body, "it says what is taken"


@pytest.mark.row("SEC-29")
def test_what_is_over_the_limit_is_not_kept_for_a_handler_that_has_not_read_yet(tmp_path: Path) -> None:
    """That it is 413 on every interface: tests/contracts/test_body_limit.py, and the corpus."""
    clients, limit, size = 100, 10_000, 300_000
    request = b"POST /late HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size
    with child(PROGRAMS, "uploads", tmp_path / "log") as server, contextlib.ExitStack() as stack:
        for connection in opened(server, clients):
            stack.enter_context(connection)
        before = server.resident()
        connections = [stack.enter_context(connect(server.address)) for _ in range(clients)]
        for connection in connections:
            connection.sendall(request + b"x" * 250_000)
        stack.enter_context(opened(server, 1)[0])  # all of it has been received
        assert server.resident() - before < clients * (limit + 64 * 1024)
        for connection in connections:
            assert b" 413 " in connection.recv(4096)


def test_a_reply_of_half_a_gigabyte_to_a_slow_reader(server: Child) -> None:
    with connect(server.address, receive_buffer=65_536) as connection:
        connection.sendall(b"GET /download HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(200):
            connection.recv(16_384)
            time.sleep(0.002)
        assert server.peak() < 80 * MB


def test_a_client_reads_while_it_sends_and_the_other_way_round(server: Child) -> None:
    size = 50 * MB
    received = bytearray()
    with connect(server.address, timeout=30) as connection:

        def reading() -> None:
            received.extend(read_all(connection))

        thread = threading.Thread(target=reading)
        thread.start()
        line = b"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
        connection.sendall(line)
        for _ in range(size // MB):
            connection.sendall(b"x" * MB)
        thread.join()
    [reply] = replies(bytes(received))
    assert reply.whole
    assert len(reply.body) == size
    assert server.peak() < 80 * MB


def opened(server: Child, count: int) -> list[socket.socket]:
    connections = []
    for _ in range(count):
        connection = connect(server.address)
        connection.sendall(PING)
        connections.append(connection)
    for connection in connections:
        assert b"pong" in connection.recv(4096)
    return connections


@pytest.mark.row("TO1")
def test_twenty_thousand_open_sockets_on_one_process(tmp_path: Path) -> None:
    """As many as the machine allows a process, if those are fewer; each has been answered, and any is answered again."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = 20_000 if most == resource.RLIM_INFINITY else min(20_000, most - 500)
    assert count >= 10_000, "tens of thousands"
    with (
        child(PROGRAMS, "uploads", tmp_path / "log", "keep_alive=300") as server,
        contextlib.ExitStack() as stack,
    ):
        connections = [stack.enter_context(one) for one in opened(server, count)]
        for connection in connections[::100]:
            connection.sendall(PING)
            assert b"pong" in connection.recv(4096)
        assert server.resident() < 400 * MB


@pytest.mark.row("SA1")
def test_ten_thousand_idle_connections_and_a_thousand_active_ones(
    server: Child, pace: Callable[[], float]
) -> None:
    before = server.resident()
    idle = opened(server, 10_000)
    assert (server.resident() - before) / 10_000 < 15_000, "bytes for each"
    active = opened(server, 1_000)
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection in active:
            selector.register(connection, selectors.EVENT_READ)
        # Each sends its next request a while after the last reply, as 1,000 people would: 1,000 a second in all.
        due = [(time.monotonic() + number / 1_000, connection) for number, connection in enumerate(active)]
        sent: dict[socket.socket, float] = {}
        end = time.monotonic() + 4
        while time.monotonic() < end or sent:
            now = time.monotonic()
            while due and due[0][0] <= now < end:
                _, connection = due.pop(0)
                connection.sendall(PING)
                sent[connection] = now
            for key, _ in selector.select(0.001):
                connection = key.fileobj  # type: ignore[assignment]
                assert b"pong" in connection.recv(4096)
                took.append(time.monotonic() - sent.pop(connection))
                due.append((time.monotonic() + 1, connection))
    took.sort()
    assert len(took) > 1_500
    assert took[int(len(took) * 0.99)] < 0.1 * pace()
    for connection in (*idle, *active):
        connection.close()
