"""WebSockets of the test client."""

from __future__ import annotations

import asyncio

import pytest

from segue import App
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.http.websocket import WebSocket, WebSocketDisconnected, WebSocketOptions
from segue.testing import AsyncClient, Client, HandshakeOptions, WebSocketRefused


def chat_app() -> tuple[App, list[str]]:
    app = App()
    seen: list[str] = []

    @app.websocket("/chat/{room}", subprotocols=["v2", "v1"])
    async def chat(socket: WebSocket, room: str, request: Request) -> None:
        if room == "secret":
            raise Forbidden("not you")
        seen.append(request.cookies.get("who", "nobody"))
        async for message in socket:
            if message == "boom":
                raise LookupError("the room is gone")
            if message == "bye":
                await socket.close(4000, "bye")
                return
            await socket.send(message if isinstance(message, bytes) else f"{room}: {message}")
        seen.append("left")

    @app.get("/page")
    async def page() -> str:
        return "a page"

    return app, seen


def test_messages_go_both_ways() -> None:
    app, seen = chat_app()
    with Client(app) as client:
        client.cookies.set("who", "django")
        with client.websocket("/chat/swing", subprotocols=["v1", "v3"]) as socket:
            assert socket.subprotocol == "v1"
            socket.send("hello")
            assert socket.receive() == "swing: hello"
            socket.send(b"\x00\x01")
            assert socket.receive() == b"\x00\x01"
            socket.send_json({"a": 1})
            assert socket.receive() == 'swing: {"a":1}'
            socket.send(b"[1]")
            assert socket.receive_json(list[int]) == [1]
    assert seen == ["django", "left"]


def test_the_app_closes() -> None:
    app, _ = chat_app()
    with Client(app) as client:
        with client.websocket("ws://localhost/chat/swing") as socket:
            socket.send("bye")
            with pytest.raises(WebSocketDisconnected) as caught:
                socket.receive()
            assert (caught.value.code, caught.value.reason) == (4000, "bye")
            with pytest.raises(WebSocketDisconnected):
                socket.send("more")
        with client.websocket("/chat/swing") as socket:
            socket.send("1")
            socket.send("bye")
            assert list(socket) == ["swing: 1"]


def test_a_handler_that_closed_the_socket_goes_on() -> None:
    app = App()
    seen: list[str] = []

    @app.websocket("/")
    async def brief(socket: WebSocket) -> None:
        await socket.close(4000)
        await asyncio.sleep(0.01)
        seen.append("after")

    with Client(app) as client:
        with client.websocket("/") as socket, pytest.raises(WebSocketDisconnected):
            socket.receive()
        assert seen == ["after"]


def test_a_handshake_can_be_refused() -> None:
    app, _ = chat_app()
    with Client(app) as client:
        for url, options, status in (
            ("/page", HandshakeOptions(), 200),
            ("/chat/swing", HandshakeOptions(origin="https://evil.example"), 403),
            ("/chat/none/such", HandshakeOptions(), 404),
        ):
            with pytest.raises(WebSocketRefused) as caught, client.websocket(url, **options):
                pass
            assert caught.value.response.status == status
        with client.websocket("/chat/swing", origin="http://localhost") as socket:
            socket.send("x")
            assert socket.receive() == "swing: x"


def test_what_the_handler_does_not_catch_is_raised_in_the_test() -> None:
    app, _ = chat_app()

    def talk(client: Client) -> None:
        with client.websocket("/chat/x") as socket:
            socket.send("boom")
            socket.receive()

    with Client(app) as client, pytest.raises(LookupError, match="the room is gone"):
        talk(client)
    with Client(app, raise_server_exceptions=False) as client:
        with pytest.raises(WebSocketDisconnected) as caught:
            talk(client)
        assert caught.value.code == 1011


def test_limits_of_messages_and_of_the_queue() -> None:
    app = App()

    @app.websocket("/", limits=WebSocketOptions(max_message=10, max_queue=2))
    async def idle(socket: WebSocket) -> None:
        await asyncio.Event().wait()

    with Client(app, timeout=0.2) as client:
        with client.websocket("/") as socket:
            socket.send("x")
            socket.send("x")
            with pytest.raises(TimeoutError):
                socket.send("x")
        with client.websocket("/") as socket:
            socket.send("x" * 11)
            with pytest.raises(WebSocketDisconnected) as caught:
                socket.receive()
            assert caught.value.code == 1009


def test_coroutines_have_the_same() -> None:
    app, seen = chat_app()

    async def main() -> None:
        async with AsyncClient(app) as client:
            async with client.websocket("/chat/a") as one, client.websocket("/chat/b") as other:
                await one.send("1")
                await other.send("2")
                assert [await other.receive(), await one.receive()] == ["b: 2", "a: 1"]
                await one.close()
            with pytest.raises(WebSocketRefused):
                async with client.websocket("/page"):
                    pass

    asyncio.run(main())
    assert seen.count("left") == 2
