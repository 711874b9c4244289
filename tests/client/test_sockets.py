"""WebSockets seen from the client: with our own server and with others, whole, broken, dead and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
import tornado.websocket
from client_rig import peer, run, until
from websockets.asyncio.server import serve as websockets_serve
from websockets.utils import accept_key

from segue import App, Header, Struct, WebSocket, WebSocketDisconnected, WebSocketOptions
from segue.client import Backoff, CallTimedOut, HandshakeRefused, Http, Timeouts, Unreachable
from segue.testing import LiveServer

Serve = Callable[..., LiveServer]
SOON = Backoff(first=0.01, most=0.05)


class Note(Struct):
    text: str


@contextlib.contextmanager
def tornado_server() -> Iterator[str]:
    """Another framework's echo, in a thread with a loop of its own."""

    class Echo(tornado.websocket.WebSocketHandler):
        def check_origin(self, origin: str) -> bool:
            return True

        def select_subprotocol(self, subprotocols: list[str]) -> str | None:
            return "chat.2" if "chat.2" in subprotocols else None

        async def on_message(self, message: str | bytes) -> None:
            await self.write_message(message, binary=isinstance(message, bytes))

        def get_compression_options(self) -> dict[str, Any]:
            return {}

    started, found = threading.Event(), {}

    def serve() -> None:
        async def main() -> None:
            server = tornado.httpserver.HTTPServer(tornado.web.Application([("/echo", Echo)]))
            sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
            server.add_sockets(sockets)
            found["port"] = sockets[0].getsockname()[1]
            found["stop"] = stop = asyncio.Event()
            found["loop"] = asyncio.get_running_loop()
            started.set()
            await stop.wait()
            server.stop()
            await server.close_all_connections()

        asyncio.run(main())

    thread = threading.Thread(target=serve)
    thread.start()
    assert started.wait(20)
    try:
        yield f"ws://127.0.0.1:{found['port']}/echo"
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(20)


async def echoes(http: Http, url: str) -> None:
    async with http.websocket(
        url, subprotocols=["chat.1", "chat.2"], origin="https://films.example"
    ) as socket:
        assert socket.subprotocol == "chat.2"
        for message in ("hello", "é" * 10_000, b"\x00\xff" * 5_000, ""):
            await socket.send(message)
            assert await socket.receive() == message
        await socket.send_json({"text": "é"})
        assert await socket.receive_json(Note) == Note("é")


@pytest.mark.row("TO4")
def test_echo_with_a_server_of_another_framework() -> None:
    async def call(url: str) -> None:
        async with Http() as http:
            await echoes(http, url)

    with tornado_server() as url:
        run(call(url))


def test_echo_with_a_server_of_the_websockets_library() -> None:
    async def call() -> None:
        async def echo(connection: Any) -> None:
            async for message in connection:
                await connection.send(message)

        async with websockets_serve(echo, "127.0.0.1", 0, subprotocols=["chat.2"]) as server, Http() as http:
            await echoes(http, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")

    run(call())


class Sockets:
    """An app of our own with sockets that behave in several ways."""

    def __init__(self) -> None:
        self.app = app = App()
        self.opened = 0
        self.codes: list[int] = []
        app.websocket("/echo", subprotocols=["chat.2"], origins=["https://films.example"])(self.echo)
        app.websocket("/closes/{code:int}")(self.closes)
        app.websocket("/small", limits=WebSocketOptions(max_message=1000, receive_timeout=0.2))(self.echo)
        app.websocket("/pings", limits=WebSocketOptions(ping_interval=1.0, ping_timeout=1.0))(self.echo)
        app.websocket("/large")(self.large)
        app.websocket("/flaky")(self.flaky)
        app.get("/plain")(self.plain)

    async def echo(self, socket: WebSocket) -> None:
        self.opened += 1
        try:
            while True:
                await socket.send(await socket.receive())
        except WebSocketDisconnected as gone:
            self.codes.append(gone.code)

    async def closes(self, socket: WebSocket, code: int) -> None:
        self.opened += 1
        await socket.close(code, "because")

    async def large(self, socket: WebSocket) -> None:
        await socket.send("x" * 5_000_000)
        with contextlib.suppress(WebSocketDisconnected):
            await socket.receive()

    async def flaky(self, socket: WebSocket) -> None:
        self.opened += 1
        await socket.send(str(self.opened))
        await socket.close(1012 if self.opened < 4 else 1000)

    async def plain(self) -> str:
        return "no socket"


@pytest.mark.row("AI8")
def test_both_sides_speak_compress_limit_and_time_out(serve: Serve) -> None:
    """Subprotocols, compression, 4 MiB and 1009 on both sides, a time limit for receiving, close by itself."""
    sockets = Sockets()
    url = serve(sockets.app).url.replace("http", "ws")

    async def call() -> None:
        async with Http() as http:
            await echoes(http, f"{url}/echo")
            wide = WebSocketOptions(max_message=4 * 1024 * 1024)
            # Too large for the client: it closes with 1009.
            async with http.websocket(f"{url}/large", options=wide) as socket:
                with pytest.raises(WebSocketDisconnected) as gone:
                    await socket.receive()
                assert gone.value.code == 1009
            async with http.websocket(
                f"{url}/large", options=WebSocketOptions(max_message=8_000_000)
            ) as socket:
                assert len(await socket.receive()) == 5_000_000
            # Too large for the server.
            async with http.websocket(f"{url}/small") as socket:
                await socket.send("x" * 1001)
                with pytest.raises(WebSocketDisconnected) as gone:
                    await socket.receive()
                assert gone.value.code == 1009
            # Who receives waits only so long: the server, and the client.
            async with http.websocket(f"{url}/small") as socket:
                with pytest.raises(WebSocketDisconnected) as gone:
                    await socket.receive()
                assert (gone.value.code, gone.value.reason) == (1001, "no message in time")
            impatient = WebSocketOptions(receive_timeout=0.2)
            async with http.websocket(
                f"{url}/echo", options=impatient, origin="https://films.example"
            ) as socket:
                with pytest.raises(WebSocketDisconnected) as gone:
                    await socket.receive()
                assert (gone.value.code, gone.value.reason) == (1001, "no message in time")

    run(call())


@pytest.mark.row("AI8")
def test_a_heartbeat_finds_a_dead_server() -> None:
    """A server that opens the socket and then is silent: no pong, no message, no close."""

    def dead(connection: Any, head: bytes) -> None:
        key = next(
            line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        ).split()[1]
        answer = accept_key(key.decode()).encode()
        connection.sendall(
            b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
            % answer
        )
        while connection.recv(65536):
            pass

    with peer(dead) as server:

        async def call() -> None:
            async with Http(timeouts=Timeouts(connect=0.5)) as http:
                heartbeat = WebSocketOptions(ping_interval=0.1, ping_timeout=0.2)
                async with http.websocket(server.url, options=heartbeat) as socket:
                    began = time.monotonic()
                    with pytest.raises(WebSocketDisconnected) as gone:
                        await socket.receive()
                    assert gone.value.code == 1011
                    assert time.monotonic() - began < 20

        run(call())


@pytest.mark.row("AI8")
def test_a_heartbeat_finds_a_dead_client(serve: Serve) -> None:
    sockets = Sockets()
    server = serve(sockets.app)

    async def call() -> None:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(
            b"GET /pings HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        while await reader.read(65536):  # pings are read and not answered, until the server gives up
            pass
        writer.close()
        await until(lambda: sockets.codes)

    run(call())
    assert sockets.codes == [1011]


def test_a_client_that_answers_pings_stays(serve: Serve) -> None:
    sockets = Sockets()
    url = serve(sockets.app).url.replace("http", "ws")

    async def call() -> None:
        async with Http() as http, http.websocket(f"{url}/pings") as socket:
            await asyncio.sleep(3.5)
            await socket.send("still here")
            assert await socket.receive() == "still here"

    run(call())


def test_it_comes_back_after_a_restart_and_stops_when_all_is_said(serve: Serve) -> None:
    sockets = Sockets()
    url = serve(sockets.app).url.replace("http", "ws")
    heard: list[Any] = []

    async def call() -> None:
        async with Http() as http:
            async for socket in http.websocket(f"{url}/flaky", again=SOON):
                heard.extend([message async for message in socket])

    run(call())
    assert heard == ["1", "2", "3", "4"]


@pytest.mark.parametrize(("code", "ends"), [(1000, None), (1008, 1008), (1003, 1003), (4001, 4001)])
def test_other_ends_are_ends(code: int, ends: int | None, serve: Serve) -> None:
    sockets = Sockets()
    url = serve(sockets.app).url.replace("http", "ws")

    async def call() -> None:
        async with Http() as http:
            async for socket in http.websocket(f"{url}/closes/{code}", again=SOON):
                async for _ in socket:
                    pass

    if ends is None:
        run(call())
    else:
        with pytest.raises(WebSocketDisconnected) as gone:
            run(call())
        assert (gone.value.code, gone.value.reason) == (ends, "because")
    assert sockets.opened == 1


def test_who_leaves_the_loop_closes_the_socket(serve: Serve) -> None:
    sockets = Sockets()
    url = serve(sockets.app).url.replace("http", "ws")

    async def call() -> None:
        async with Http() as http:
            async for socket in http.websocket(f"{url}/pings"):
                await socket.send("x")
                assert await socket.receive() == "x"
                break
            async for socket in http.websocket(f"{url}/pings"):
                await socket.close()
            await until(lambda: len(sockets.codes) >= 2)

    run(call())
    assert Counter(sockets.codes) == {1000: 2}


def test_a_server_that_is_not_there_yet_is_waited_for(serve: Serve) -> None:
    sockets = Sockets()
    refused: list[bytes] = []

    def busy(connection: Any, head: bytes) -> None:
        refused.append(head)
        connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy")

    with peer(busy) as server:

        async def call() -> None:
            async with Http() as http:
                with pytest.raises(HandshakeRefused, match="no WebSocket, but 503: busy") as error:
                    async with http.websocket(server.url):
                        pass
                assert error.value.status == 503

                async def again() -> None:
                    async for _ in http.websocket(server.url, again=SOON):
                        pass

                waiting = asyncio.ensure_future(again())
                await until(lambda: len(refused) >= 4)
                waiting.cancel()
                await asyncio.wait([waiting])

        run(call())
    url = serve(sockets.app).url

    async def never() -> None:
        async with Http(base_url=url) as http:
            for path, status in {"/nowhere": 404, "/plain": 200}.items():
                with pytest.raises(HandshakeRefused) as error:
                    async for _ in http.websocket(path, again=SOON):
                        pass
                assert error.value.status == status

    run(never())


def test_redirects_of_a_handshake_are_not_followed() -> None:
    with peer(
        b"HTTP/1.1 302 Found\r\nLocation: ws://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    ) as server:

        async def call() -> None:
            async with Http() as http:
                with pytest.raises(HandshakeRefused, match="302"):
                    async with http.websocket(server.url):
                        pass

        run(call())


def test_what_does_not_open_is_told_in_time() -> None:
    def silent(connection: Any, _: bytes) -> None:
        connection.recv(1)

    with peer(silent) as server:

        async def call() -> None:
            async with Http(timeouts=Timeouts(total=0.3)) as http:
                with pytest.raises(CallTimedOut):
                    async with http.websocket(server.url):
                        pass
            async with Http() as http:
                with pytest.raises(Unreachable):
                    async with http.websocket("ws://127.0.0.1:1/"):
                        pass

        run(call())


def test_headers_and_cookies_go_along_to_the_own_host_only(serve: Serve) -> None:
    app = App()

    @app.websocket("/")
    async def show(
        socket: WebSocket, x_key: Header[str] = "", cookie: Header[str] = "", authorization: Header[str] = ""
    ) -> None:
        await socket.send_json([x_key, cookie, authorization])

    home, other = serve(app).url, serve(app).url

    async def call() -> None:
        async with Http(base_url=home, headers={"x-key": "1"}) as http:
            async with http.websocket(
                "/", cookies={"a": "1"}, headers={"authorization": "Bearer 1"}
            ) as socket:
                assert await socket.receive_json() == ["1", "a=1", "Bearer 1"]
            async with http.websocket(other.replace("http", "ws")) as socket:
                assert await socket.receive_json() == ["", "", ""]

    run(call())
