"""Bodies: the limit holds on every path and before anything is read; nothing beyond the end is ever seen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from rig.app import Recorder
from rig.client import connect, exchange, read_all, replies
from rig.server import Server, serving

from segue.http.request import Request
from segue.http.response import Response, json_response
from segue.server.limits import Limits

HOST = b"Host: a.example\r\n"
MB = 1_000_000


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    recorder = Recorder()

    @recorder.at("/size")
    async def size(request: Request) -> Response:
        total = largest = 0
        async for piece in request.stream():
            total += len(piece)
            largest = max(largest, len(piece))
        return json_response({"total": total, "largest": largest})

    @recorder.at("/unlimited")
    async def unlimited(request: Request) -> Response:
        request.source.admit(None)
        return await size(request)

    @recorder.at("/unread")
    async def unread(request: Request) -> Response:
        return Response(b"not read")

    @recorder.at("/beyond")
    async def beyond(request: Request) -> Response:
        pieces = [await request.source.read() for _ in range(5)]
        return json_response([piece.decode() for piece in pieces])

    return recorder


@pytest.fixture(scope="module")
def server(recorder: Recorder) -> Iterator[Server]:
    with serving(recorder, Limits(linger=0.5), sweep=0.25) as server:
        yield server


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def post(path: bytes, *fields: bytes) -> bytes:
    return b"POST %b HTTP/1.1\r\n" % path + HOST + b"".join(b"%b\r\n" % field for field in fields) + b"\r\n"


def test_a_body_declared_too_large_is_refused_before_any_of_it_is_read(server: Server) -> None:
    """No byte of the body is sent: the answer comes all the same."""
    for length in (2_500_001, 10**17):
        [reply] = replies(exchange(server.address, [post(b"/size", b"Content-Length: %d" % length)]))
        assert reply.status == 413
        assert reply["connection"] == "close"


def test_a_body_of_just_the_limit_passes(server: Server) -> None:
    body = b"x" * 2_500_000
    sent = [post(b"/size", b"Content-Length: %d" % len(body), b"Connection: close"), body]
    [reply] = replies(exchange(server.address, sent))
    assert json.loads(reply.body)["total"] == len(body)


def test_a_chunked_body_is_cut_at_the_limit(server: Server) -> None:
    sent = [post(b"/size", b"Transfer-Encoding: chunked"), *[chunk(b"x" * 50_000)] * 51]
    [reply] = replies(exchange(server.address, sent))
    assert reply.status == 413
    server.settled()


def test_an_endless_chunked_body_is_cut(server: Server) -> None:
    piece = chunk(b"x" * 60_000)
    with connect(server.address) as connection:
        connection.sendall(post(b"/size", b"Transfer-Encoding: chunked"))
        began = time.monotonic()
        cut = False
        while not cut and time.monotonic() - began < 20:
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                cut = True
        assert cut
    server.settled()


def test_a_client_that_asks_is_told_to_go_on_only_when_the_body_is_wanted(server: Server) -> None:
    expect = b"Expect: 100-continue"
    with connect(server.address) as connection:
        connection.sendall(post(b"/size", b"Content-Length: 5", expect, b"Connection: close"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        [reply] = replies(read_all(connection))
        assert json.loads(reply.body)["total"] == 5
    too_large = exchange(server.address, [post(b"/size", b"Content-Length: 2500001", expect)])
    assert b"100 Continue" not in too_large
    assert [reply.status for reply in replies(too_large)] == [413]
    not_wanted = exchange(server.address, [post(b"/unread", b"Content-Length: 5", expect)])
    assert b"100 Continue" not in not_wanted
    assert [reply.status for reply in replies(not_wanted)] == [200]


def test_a_chunked_body_that_asks_first_is_told_too(server: Server) -> None:
    sent = post(b"/size", b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"Connection: close")
    with connect(server.address) as connection:
        connection.sendall(sent)
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(chunk(b"hello") + b"0\r\n\r\n")
        [reply] = replies(read_all(connection))
        assert json.loads(reply.body)["total"] == 5


@pytest.mark.row("FC25")
def test_reading_beyond_the_end_gives_nothing(server: Server) -> None:
    """The next request on the connection is never part of the body."""
    first = post(b"/beyond", b"Content-Length: 5") + b"hello"
    last = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    found = replies(exchange(server.address, [first + last]))
    assert json.loads(found[0].body) == ["hello", "", "", "", ""]
    assert found[1].status == 200
    chunked = post(b"/beyond", b"Transfer-Encoding: chunked") + chunk(b"hello") + b"0\r\n\r\n"
    found = replies(exchange(server.address, [chunked + last]))
    assert json.loads(found[0].body) == ["hello", "", "", "", ""]
    assert found[1].status == 200


def test_a_small_body_that_nobody_read_does_not_spoil_the_connection(server: Server) -> None:
    last = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    sent = post(b"/unread", b"Content-Length: 30000") + b"GET /smuggled HTTP/1.1\r\n\r\n".ljust(30_000, b"x")
    assert [reply.status for reply in replies(exchange(server.address, [sent + last]))] == [200, 200]


def test_a_large_body_that_nobody_read_closes_the_connection_and_the_reply_arrives(
    server: Server, recorder: Recorder
) -> None:
    recorder.seen.clear()
    body = b"GET /smuggled HTTP/1.1\r\n\r\n" * 50_000
    received = exchange(server.address, [post(b"/unread", b"Content-Length: %d" % len(body)), body])
    assert [(reply.status, reply.body) for reply in replies(received)] == [(200, b"not read")]
    server.settled()
    assert recorder.seen == ["POST /unread"]


def test_a_handler_that_lifts_the_limit_reads_as_much_as_comes_in_small_pieces(server: Server) -> None:
    total = 30 * MB
    sent = [post(b"/unlimited", b"Content-Length: %d" % total, b"Connection: close"), *[b"x" * MB] * 30]
    [reply] = replies(exchange(server.address, sent, timeout=30))
    told = json.loads(reply.body)
    assert told["total"] == total
    assert told["largest"] <= 64 * 1024 + 256 * 1024, "one read of the socket above what is held back"
