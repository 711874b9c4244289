"""Deadlines: for the header, the body, the handler, the reply and the silence between two requests."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from rig.app import Recorder
from rig.client import connect, exchange, read_all, replies
from rig.server import Server, serving

from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits

HOST = b"Host: a.example\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"

LIMITS = Limits(
    header_timeout=0.6,
    body_timeout=0.6,
    min_body_rate=2_000,
    request_timeout=0.8,
    write_timeout=0.6,
    keep_alive=0.6,
    linger=0.3,
    max_body=None,
)


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    recorder = Recorder()

    @recorder.at("/slow", timeout=0.8)
    async def slow(request: Request) -> Response:
        try:
            await asyncio.sleep(30)
        finally:
            recorder.seen.append("slow ended")
        return Response(b"too late")

    @recorder.at("/patient", timeout=30.0)
    async def patient(request: Request) -> Response:
        await asyncio.sleep(1.6)
        return Response(b"patient")

    @recorder.at("/endless", timeout=None)
    async def endless(request: Request) -> Response:
        await asyncio.sleep(1.6)
        return Response(b"endless")

    @recorder.at("/hasty", timeout=0.2)
    async def hasty(request: Request) -> Response:
        await asyncio.sleep(30)
        return Response(b"too late")

    @recorder.at("/upload", timeout=0.8)
    async def upload(request: Request) -> Response:
        total = 0
        async for piece in request.stream():
            total += len(piece)
        return Response(b"%d" % total)

    @recorder.at("/flood")
    async def flood(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"x" * 65_536
            finally:
                recorder.seen.append("flood ended")

        return Response(pieces())

    @recorder.at("/large")
    async def large(request: Request) -> Response:
        return Response(b"x" * 20_000_000)

    @recorder.at("/trickle")
    async def trickle(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(8):
                yield b"tick"
                await asyncio.sleep(0.2)

        return Response(pieces())

    return recorder


@pytest.fixture(scope="module")
def server(recorder: Recorder) -> Iterator[Server]:
    with serving(recorder, LIMITS, sweep=0.1) as server:
        yield server


@pytest.mark.row("FAULT-7")
def test_the_defaults_are_those_that_are_promised() -> None:
    """SECURITY.md, "Sizes" and "Times"."""
    limits = Limits()
    assert (limits.max_header_count, limits.max_header_size, limits.max_target) == (100, 32 * 1024, 8 * 1024)
    assert limits.max_body == 2_500_000
    assert (limits.header_timeout, limits.body_timeout, limits.request_timeout) == (10, 30, 60)
    assert (limits.write_timeout, limits.keep_alive) == (30, 15)
    assert limits.min_body_rate > 0


def test_the_page_about_limits_tells_the_defaults() -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "limits.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([0-9]+)\b", page, re.MULTILINE))
    assert {name: float(told[name]) for name in Limits.__struct_fields__} == {
        name: float(value) for name, value in msgspec.structs.asdict(Limits()).items()
    }


@pytest.mark.row("FAULT-7")
def test_a_header_that_does_not_end_in_time_gets_408(server: Server) -> None:
    with connect(server.address) as connection:
        began = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        [reply] = replies(read_all(connection))
        assert (reply.status, reply["connection"]) == (408, "close")
        assert 0.4 < time.monotonic() - began < 5


@pytest.mark.row("FAULT-7")
def test_a_byte_now_and_then_does_not_put_off_the_deadline_of_the_header(server: Server) -> None:
    with connect(server.address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        began = time.monotonic()
        connection.settimeout(0.1)
        received = b""
        while time.monotonic() - began < 8:
            try:
                connection.sendall(b"X: y\r\n")
                received = connection.recv(4096)
                break
            except TimeoutError:
                continue
        assert received.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 6


def test_a_connection_that_says_nothing_is_closed_without_a_word(server: Server) -> None:
    with connect(server.address) as connection:
        assert read_all(connection) == b""
    server.settled()
    assert server.logged() == []


def test_an_idle_connection_is_closed_without_a_word(server: Server) -> None:
    with connect(server.address) as connection:
        connection.sendall(GET)
        [reply] = replies(read_all(connection))
        assert reply.status == 200
        assert "connection" not in reply


def test_a_second_header_that_does_not_end_in_time_gets_408(server: Server) -> None:
    with connect(server.address) as connection:
        connection.sendall(GET + b"GET /second HTTP/1.1\r\n")
        assert [reply.status for reply in replies(read_all(connection))] == [200, 408]


@pytest.mark.row("FAULT-7")
@pytest.mark.parametrize("framing", [b"Content-Length: 10", b"Transfer-Encoding: chunked"])
def test_a_body_that_stops_gets_408(server: Server, framing: bytes) -> None:
    with connect(server.address) as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\n" + HOST + framing + b"\r\n\r\n")
        [reply] = replies(read_all(connection))
        assert reply.status == 408


@pytest.mark.row("FAULT-7")
def test_a_body_that_dribbles_gets_408(server: Server) -> None:
    """Each byte comes in time, but all of them would take for ever."""
    with connect(server.address) as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n")
        connection.settimeout(0.1)
        received = b""
        for _ in range(80):
            try:
                connection.sendall(b"x")
                received = connection.recv(4096)
                break
            except TimeoutError:
                continue
        assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_that_goes_on_may_take_longer_than_a_request(server: Server, chunked: bool) -> None:
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 200000"
    with connect(server.address) as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\n" + HOST + framing + b"\r\nConnection: close\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"2710\r\n%b\r\n" % (b"x" * 10_000) if chunked else b"x" * 10_000)
            time.sleep(0.1)
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        [reply] = replies(read_all(connection))
        assert (reply.status, reply.body) == (200, b"200000")


def test_a_handler_that_takes_too_long_is_cancelled_and_answered_by_503(
    server: Server, recorder: Recorder
) -> None:
    recorder.seen.clear()
    server.records.clear()
    [reply] = replies(exchange(server.address, [b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n"]))
    assert (reply.status, reply["connection"]) == (503, "close")
    assert recorder.seen == ["GET /slow", "slow ended"]
    [told] = server.logged()
    assert "slow (" in told, "the log names the handler"
    assert "test_timeouts.py:" in told


@pytest.mark.parametrize("path", ["patient", "endless"])
def test_a_handler_may_ask_for_more_time(server: Server, path: str) -> None:
    sent = f"GET /{path} HTTP/1.1\r\n".encode() + HOST + b"Connection: close\r\n\r\n"
    [reply] = replies(exchange(server.address, [sent]))
    assert (reply.status, reply.body) == (200, path.encode())


def test_a_handler_may_ask_for_less_time(server: Server) -> None:
    began = time.monotonic()
    [reply] = replies(exchange(server.address, [b"GET /hasty HTTP/1.1\r\n" + HOST + b"\r\n"]))
    assert reply.status == 503
    assert time.monotonic() - began < 0.75, "its own 0.2 s, not the 0.8 s of the server"


@pytest.mark.row("FAULT-7")
@pytest.mark.parametrize("path", [b"/flood", b"/large"])
def test_a_client_that_does_not_read_is_cut(server: Server, recorder: Recorder, path: bytes) -> None:
    recorder.seen.clear()
    with connect(server.address, receive_buffer=4096) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        server.until(lambda: len(recorder.seen) > 0)
        server.settled(8)
    if path == b"/flood":
        assert recorder.seen[-1] == "flood ended"


def test_a_client_that_reads_slowly_but_steadily_gets_all_of_it(server: Server) -> None:
    """2 s for a reply that was made at once, where a client that stops is cut after 0.6 s."""
    with connect(server.address, receive_buffer=65_536) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        received = bytearray()
        began = time.monotonic()
        while data := connection.recv(1_000_000):
            received += data
            # 10 MB a second, whatever one call brings
            time.sleep(max(0.0, began + len(received) / 10_000_000 - time.monotonic()))
    [reply] = replies(bytes(received))
    assert reply.whole
    assert len(reply.body) == 20_000_000
    assert time.monotonic() - began > 1.5


def test_a_stream_may_take_longer_than_any_of_the_deadlines(server: Server) -> None:
    sent = b"GET /trickle HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    [reply] = replies(exchange(server.address, [sent]))
    assert reply.whole
    assert reply.body == b"tick" * 8


def test_nothing_of_all_this_is_an_error_of_ours(server: Server) -> None:
    """But the handlers that took too long: those are."""
    server.settled()
    assert [told for told in server.logged() if "took too long" not in told] == []
