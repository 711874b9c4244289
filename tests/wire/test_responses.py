"""Replies: what HTTP does not allow never leaves, and none of them spoils the one after it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from rig.app import Recorder
from rig.client import Broken, connect, exchange, read_all, replies
from rig.server import Server, serving

from segue.http.cookies import Cookie
from segue.http.errors import HTTPError, SeeOther
from segue.http.request import Request
from segue.http.response import Response
from segue.server.limits import Limits

HOST = b"Host: a.example\r\n"
LAST = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
SPLIT = ["\r\nset-cookie: evil=1", "\nset-cookie: evil=1", "\rx", "\x00x"]


async def pieces(*texts: bytes) -> AsyncIterator[bytes]:
    for text in texts:
        await asyncio.sleep(0)
        yield text


def raw(response: Response, name: bytes, value: bytes) -> Response:
    """Past the checks of the front door, as a foreign app or a careless plugin would."""
    response.headers.raw.append((name, value))
    return response


def status(number: int) -> Response:
    response = Response(b"")
    response.status = number
    return response


SPLITTERS: dict[str, Callable[[str], Response]] = {
    "header value": lambda bad: Response(b"", headers={"x-note": "a" + bad}),
    "header name": lambda bad: Response(b"", headers={"x" + bad: "a"}),
    "raw header value": lambda bad: raw(Response(b""), b"x-note", b"a" + bad.encode()),
    "raw header name": lambda bad: raw(Response(b""), b"x" + bad.encode(), b"a"),
    "content type": lambda bad: Response(b"", content_type="text/plain" + bad),
    "redirect": lambda bad: Response(b"", 303, headers={"location": "/a" + bad}),
    "cookie name": lambda bad: _cookie("a" + bad, "b"),
    "cookie value": lambda bad: _cookie("a", "b" + bad),
    "cookie path": lambda bad: _cookie("a", "b", path="/" + bad),
    "cookie domain": lambda bad: _cookie("a", "b", domain="a.example" + bad),
    "cookie same_site": lambda bad: _cookie("a", "b", same_site="Lax" + bad),
}


def _cookie(*args: str, **named: str) -> Response:
    response = Response(b"")
    response.set_cookie(Cookie(*args, **named))  # type: ignore[arg-type] # same_site: wrong on purpose
    return response


INVALID: dict[str, Callable[[], Response]] = {
    "status 0": lambda: status(0),
    "status 99": lambda: status(99),
    "status 600": lambda: status(600),
    "status 1000": lambda: status(1000),
    "status -1": lambda: status(-1),
    "status text": lambda: status("200 OK\r\nx: y"),  # type: ignore[arg-type]
    "204 with a body": lambda: Response(b"body", 204),
    "304 with a body": lambda: Response(b"body", 304),
    "204 with a stream": lambda: Response(pieces(b"body"), 204),
    "100 as a reply": lambda: Response(b"", 100),
    "101 without an upgrade": lambda: Response(b"", 101),
    "a length that lies": lambda: Response(b"body", headers={"content-length": "3"}),
    "a length that is none": lambda: Response(b"body", headers={"content-length": "4, 4"}),
    "two lengths": lambda: raw(Response(b"body", headers={"content-length": "4"}), b"content-length", b"5"),
    "its own transfer coding": lambda: Response(b"body", headers={"transfer-encoding": "chunked"}),
    "a length for a stream that is none": lambda: Response(
        pieces(b"body"), headers={"content-length": "four"}
    ),
    "a coding for a stream": lambda: Response(pieces(b"body"), headers={"transfer-encoding": "gzip"}),
}


REPLIES: dict[str, Callable[[], Response]] = {
    "/text": lambda: Response("text " * 3),
    "/stream": lambda: Response(pieces(b"one", b"", b"two")),
    "/empty-stream": lambda: Response(pieces()),
    "/no-content": lambda: Response(b"", 204),
    "/not-modified": lambda: Response(b"", 304, headers={"etag": '"a"'}),
    "/declared": lambda: Response(pieces(b"one", b"two"), headers={"content-length": "6"}),
    "/short": lambda: Response(pieces(b"one"), headers={"content-length": "6"}),
    "/long": lambda: Response(pieces(b"one", b"two!"), headers={"content-length": "6"}),
}


def _giving(make: Callable[[], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def give(request: Request) -> Response:
        return make()

    return give


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    recorder = Recorder()

    @recorder.at("/split")
    async def splitting(request: Request) -> Response:
        kind, bad = json.loads(await request.body())
        return SPLITTERS[kind](bad)

    @recorder.at("/invalid")
    async def invalid(request: Request) -> Response:
        return INVALID[(await request.body()).decode()]()

    @recorder.at("/redirect")
    async def redirect(request: Request) -> Response:
        raise SeeOther((await request.body()).decode())

    @recorder.at("/reason")
    async def reason(request: Request) -> Response:
        raise HTTPError(409, (await request.body()).decode(), title="a\r\nx: y")

    for path, make in REPLIES.items():
        recorder.at(path)(_giving(make))

    @recorder.at("/fails-first")
    async def fails_first(request: Request) -> Response:
        raise RuntimeError("before the first byte")

    @recorder.at("/fails-later")
    async def fails_later(request: Request) -> Response:
        async def failing() -> AsyncIterator[bytes]:
            yield b"first"
            await asyncio.sleep(0.05)
            raise RuntimeError("after the first byte")

        return Response(failing())

    recorder.released = asyncio.Event()  # type: ignore[attr-defined]

    @recorder.at("/steps")
    async def steps(request: Request) -> Response:
        async def stepping() -> AsyncIterator[bytes]:
            yield b"first"
            await recorder.released.wait()  # type: ignore[attr-defined]
            yield b"last"

        return Response(stepping())

    return recorder


@pytest.fixture(scope="module")
def server(recorder: Recorder) -> Iterator[Server]:
    with serving(recorder, Limits(linger=0.5), sweep=0.25) as server:
        yield server


def ask(server: Server, path: str, body: bytes = b"", method: str = "POST") -> bytes:
    server.records.clear()
    head = f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n".encode()
    received = exchange(server.address, [head + HOST + b"\r\n" + body + LAST])
    server.settled()
    return received


@pytest.mark.row("SEC-15")
@pytest.mark.parametrize("bad", SPLIT)
@pytest.mark.parametrize("kind", SPLITTERS)
def test_a_response_is_never_split(server: Server, kind: str, bad: str) -> None:
    received = ask(server, "/split", json.dumps([kind, bad]).encode())
    assert [reply.status for reply in replies(received)] == [500, 200]
    assert b"evil" not in received
    assert len(server.records) == 1
    message = server.logged()[0]
    assert "splitting (" in message, "the log names the handler"


@pytest.mark.parametrize("bad", SPLIT)
def test_a_raised_redirect_or_error_is_never_split(server: Server, bad: str) -> None:
    for path in ("/redirect", "/reason"):
        received = ask(server, path, ("/a" + bad).encode())
        assert replies(received)[-1].status == 200
        assert b"\r\nset-cookie" not in received.replace(b"409 /a\r\nset-cookie", b"")
        assert all("set-cookie" not in reply and "x" not in reply for reply in replies(received))


@pytest.mark.parametrize("kind", INVALID)
def test_what_http_does_not_allow_is_a_500_and_the_log_names_the_handler(server: Server, kind: str) -> None:
    received = ask(server, "/invalid", kind.encode())
    assert [reply.status for reply in replies(received)] == [500, 200]
    [message] = server.logged()
    assert "invalid (" in message
    assert "test_responses.py:" in message


@pytest.mark.row("SEC-19")
@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("/text", "GET", 200, b"text text text "),
        ("/text", "HEAD", 200, b""),
        ("/stream", "GET", 200, b"onetwo"),
        ("/stream", "HEAD", 200, b""),
        ("/empty-stream", "GET", 200, b""),
        ("/no-content", "GET", 204, b""),
        ("/no-content", "HEAD", 204, b""),
        ("/not-modified", "GET", 304, b""),
        ("/declared", "GET", 200, b"onetwo"),
        ("/declared", "HEAD", 200, b""),
    ],
)
def test_the_next_reply_on_the_connection_is_intact(
    server: Server, path: str, method: str, status: int, body: bytes
) -> None:
    received = ask(server, path, method=method)
    first, last = replies(received, [method])
    assert (first.status, first.body, first.whole) == (status, body, True)
    assert (last.status, json.loads(last.body)["path"]) == (200, "/last")
    if status == 204:
        assert "content-length" not in first
    assert server.logged() == []


@pytest.mark.row("SEC-19")
@pytest.mark.parametrize("path", ["/short", "/long"])
def test_a_body_that_is_not_as_long_as_it_said_ends_the_connection(server: Server, path: str) -> None:
    """No reply may follow: where it begins would be a guess."""
    [reply] = replies(ask(server, path))
    assert reply["content-length"] == "6"
    assert reply.body == b"one"
    assert not reply.whole
    [record] = server.records
    cause = record.exc_info[1] if record.exc_info else record.getMessage()
    assert "Content-Length" in str(cause)


@pytest.mark.row("SA9")
def test_the_first_piece_arrives_before_the_last_is_made(server: Server, recorder: Recorder) -> None:
    with connect(server.address) as connection:
        connection.sendall(b"GET /steps HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        received = b""
        while b"first" not in received:
            received += connection.recv(4096)
        server.loop.call_soon_threadsafe(recorder.released.set)  # type: ignore[attr-defined]
        received += read_all(connection)
    [reply] = replies(received)
    assert (reply.body, reply.whole) == (b"firstlast", True)


def test_a_failure_before_the_first_byte_is_a_500(server: Server) -> None:
    assert [reply.status for reply in replies(ask(server, "/fails-first"))] == [500, 200]
    assert len(server.records) == 1


def test_a_failure_after_the_first_byte_closes_without_a_final_chunk(server: Server) -> None:
    received = ask(server, "/fails-later")
    [reply] = replies(received)
    assert (reply.status, reply.body, reply.whole) == (200, b"first", False)
    assert b"Traceback" not in received
    assert b"after the first byte" not in received
    [record] = server.records
    assert "fails_later (" in record.getMessage()
    assert record.exc_info
    assert [reply.status for reply in replies(exchange(server.address, [LAST]))] == [200], "it still serves"


def test_the_reader_of_these_tests_sees_what_a_proxy_would() -> None:
    with pytest.raises(Broken):
        replies(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n")
