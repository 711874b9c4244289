"""What a handler may rely on while the server runs it where its request arrives: one task, its own context, its time."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import threading
from collections.abc import Iterator

import pytest

from segue import App, Request, Response, WebSocket
from segue.testing import LiveServer

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")

app = App()
gone = threading.Event()
finished = threading.Event()


@app.get("/plain")
async def plain() -> str:
    return "plain"


@app.get("/sign-in")
async def sign_in(request: Request) -> str:
    before = user.get()
    user.set(request.query.get("as", "somebody"))
    return before


@app.get("/sign-in-later")
async def sign_in_later() -> str:
    before = user.get()
    await asyncio.sleep(0)
    user.set("late")
    await asyncio.sleep(0)
    return before


@app.get("/same-task")
async def same_task() -> list[bool]:
    first = asyncio.current_task()
    await asyncio.sleep(0.01)
    return [first is not None and first is asyncio.current_task()]


@app.get("/timeout")
async def timeout() -> str:
    try:
        async with asyncio.timeout(0.02):
            await asyncio.sleep(30)
    except TimeoutError:
        return "in time"
    return "never"


@app.get("/group")
async def group() -> list[int]:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    async with asyncio.TaskGroup() as tasks:
        found = [tasks.create_task(double(number)) for number in range(3)]
    return [task.result() for task in found]


@app.get("/cancels-itself")
async def cancels_itself() -> str:
    task = asyncio.current_task()
    if task is not None:
        task.cancel()
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        if task is not None:
            task.uncancel()
        return "cancelled"
    return "never"


@app.get("/waits", on_disconnect="cancel")
async def waits() -> None:
    try:
        await asyncio.sleep(30)
    finally:
        gone.set()


@app.get("/finishes")
async def finishes(request: Request) -> None:
    while not request.disconnected:  # noqa: ASYNC110 -- this is how a handler may ask
        await asyncio.sleep(0.01)
    finished.set()


@app.get("/blanks")
async def blanks(request: Request) -> str:
    return repr(request.headers["x-blank"])


@app.post("/echo")
async def body_back(request: Request) -> bytes:
    return await request.body()


@app.websocket("/socket")
async def echo(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with LiveServer(app) as running:
        yield running


def ask(connection: socket.socket, path: str, more: str = "") -> bytes:
    """The body of the reply to one request of a connection that stays open."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return body


@pytest.fixture
def connection(server: LiveServer) -> Iterator[socket.socket]:
    with socket.create_connection((server.host, server.port), timeout=10) as opened:
        assert (
            ask(opened, "/plain") == b"plain"
        )  # the second request is the first that is run where it arrives
        yield opened


def test_context_variables_of_one_request_are_not_seen_by_the_next(connection: socket.socket) -> None:
    assert [
        ask(connection, path) for path in ("/sign-in?as=a", "/sign-in", "/sign-in-later", "/sign-in")
    ] == [b"nobody"] * 4


def test_pipelined_requests_do_not_see_each_others_context_variables(connection: socket.socket) -> None:
    request = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n"
    connection.sendall(request * 5 + request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"nobody") == 6


def test_a_handler_that_waits_stays_in_one_task(connection: socket.socket) -> None:
    assert ask(connection, "/same-task") == b"[true]"
    assert ask(connection, "/timeout") == b"in time"
    assert ask(connection, "/group") == b"[0,2,4]"
    assert ask(connection, "/cancels-itself") == b"cancelled"
    assert ask(connection, "/plain") == b"plain"


@pytest.mark.row("AI12")
def test_a_client_that_leaves_cancels_only_the_handlers_that_ask_for_it(server: LiveServer) -> None:
    for path, done in (("/waits", gone), ("/finishes", finished)):
        with socket.create_connection((server.host, server.port)) as leaving:
            leaving.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert done.wait(5), path


def test_blanks_around_a_value_do_not_belong_to_it(connection: socket.socket) -> None:
    assert ask(connection, "/blanks", "X-Blank: \t two words \t \r\n") == b"'two words'"


def test_the_order_of_the_fields_and_those_after_a_body_do_not_matter(connection: socket.socket) -> None:
    body = b"3 \r\n\r\nabc"
    for head in (
        b"Host: localhost\r\nContent-Length: ",
        b"A: b\r\nHost: localhost\r\nC: d\r\nContent-Length: ",
    ):
        connection.sendall(b"POST /echo HTTP/1.1\r\n" + head + body)
        assert connection.recv(65536).endswith(b"\r\n\r\nabc")
    chunked = b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n\r\n"
    connection.sendall(chunked + b"3\r\nabc\r\n0\r\nHost: trailer\r\n\r\n")
    assert connection.recv(65536).endswith(b"\r\n\r\nabc")
    assert ask(connection, "/plain") == b"plain"
    connection.sendall(b"GET /plain HTTP/1.1\r\nA: b\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_websocket_cannot_be_opened_with_http_1_0(connection: socket.socket) -> None:
    connection.sendall(
        b"GET /socket HTTP/1.0\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert connection.recv(65536).startswith(b"HTTP/1.1 426 ")


def test_an_application_that_raises_is_answered_for(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        default_headers: list[tuple[bytes, bytes]] = []  # noqa: RUF012 -- an Application has it, unchanged

        async def startup(self) -> None:
            pass

        async def shutdown(self) -> None:
            pass

        async def handle(self, request: Request) -> Response:
            if request.path == "/plain":
                return Response("plain")
            raise LookupError("nowhere")

    with (
        LiveServer(Broken()) as running,
        socket.create_connection((running.host, running.port)) as connection,
    ):
        assert ask(connection, "/plain") == b"plain"
        assert ask(connection, "/broken") == b"500 Internal Server Error\n"
        assert ask(connection, "/plain") == b"plain"
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True]
