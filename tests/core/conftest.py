"""Apps under test answer twice: to the client in the same process, and over a real socket."""

import asyncio
import contextlib
import http.client
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from segue.http.headers import Headers
from segue.server.application import Application
from segue.server.http1 import HTTP1Protocol
from segue.server.service import Service
from segue.testing import Client

EMPTY: Mapping[str, str] = {}


class Answer(NamedTuple):
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Asker:
    """Sends one request at a time to one app and reads the answer."""

    def __init__(self, send: Callable[..., Answer]) -> None:
        self._send = send

    def __call__(
        self, method: str, target: str, headers: Mapping[str, str] = EMPTY, body: bytes = b""
    ) -> Answer:
        return self._send(method, target, headers, body)

    def get(self, target: str, headers: Mapping[str, str] = EMPTY) -> Answer:
        return self("GET", target, headers)


def in_process(app: Application) -> Iterator[Asker]:
    with Client(app, raise_server_exceptions=False) as client:

        def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
            more: dict[str, Any] = {"content": body} if body else {}
            response = client.request(method, target, headers=headers, **more)
            return Answer(response.status, response.headers, response.content)

        yield Asker(send)


@contextlib.contextmanager
def served(app: Application) -> Iterator[tuple[str, int]]:
    """The app on a free port, in a thread with a loop of its own."""
    ready, ending = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    address: list[tuple[str, int]] = []
    failure: list[BaseException] = []

    async def main() -> None:
        await app.startup()
        service = Service(app)
        server = await loop.create_server(lambda: HTTP1Protocol(service), "127.0.0.1", 0)
        address.append(server.sockets[0].getsockname())
        ready.set()
        await ending.wait()
        server.close()
        for connection in list(service.connections):
            connection.abort()
        await asyncio.sleep(0)
        await app.shutdown()

    def run() -> None:
        try:
            loop.run_until_complete(main())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        except BaseException as error:  # noqa: BLE001 -- told by the thread of the test
            failure.append(error)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(20)
        assert not failure, failure
        yield address[0]
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(ending.set)
        thread.join(20)
    assert not failure, failure


def over_socket(app: Application) -> Iterator[Asker]:
    with served(app) as (host, port):

        def send(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
            named = {name.lower() for name in headers}
            lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
            if "host" not in named:
                lines.append("host: localhost")
            if body and "content-length" not in named:
                lines.append(f"content-length: {len(body)}")
            lines += ["connection: close", "", ""]
            with socket.create_connection((host, port), timeout=20) as connection:
                connection.sendall("\r\n".join(lines).encode("latin-1") + body)
                response = http.client.HTTPResponse(connection, method=method)
                response.begin()
                content = response.read()
                pairs = [(n.lower().encode(), v.encode("latin-1")) for n, v in response.getheaders()]
                return Answer(response.status, Headers(pairs), content)

        yield Asker(send)


@pytest.fixture(params=["client", "server"])
def serve(request: pytest.FixtureRequest) -> Iterator[Callable[[Application], Asker]]:
    """Starts an app and gives the function that asks it: once in process, once by a server."""
    with contextlib.ExitStack() as stack:
        start = contextlib.contextmanager(in_process if request.param == "client" else over_socket)
        yield lambda app: stack.enter_context(start(app))


@pytest.fixture
def serve_raw() -> Iterator[Callable[[Application], Asker]]:
    """Only by a server, for what no client in process would send."""
    with contextlib.ExitStack() as stack:
        start = contextlib.contextmanager(over_socket)
        yield lambda app: stack.enter_context(start(app))


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[logging.LogRecord]]:
    """What was logged as an error so far."""
    caplog.set_level(logging.WARNING, "segue")
    return lambda: [record for record in caplog.records if record.levelno >= logging.ERROR]
