"""The native server's WebSockets: what well-behaved peers see (RFC 6455)."""

import asyncio
import logging

import pytest
from websocket_rig import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Application,
    Seconds,
    connect,
    echo,
    frame,
    handshake,
    serve,
    serve_session,
)
from websockets.asyncio.client import connect as client
from websockets.exceptions import ConnectionClosed

from segue.http.errors import Forbidden
from segue.http.websocket import WebSocket, WebSocketDisconnected, WebSocketOptions

MESSAGES = ["", "hello", "x" * 125, "x" * 126, "é" * 40_000, b"", b"\0\xff", b"y" * 65_535, b"y" * 65_536]


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_messages_of_every_size_come_back(compression: str | None) -> None:
    async def run() -> None:
        async with serve_session(echo) as serving:
            async with client(serving.url, compression=compression) as socket:
                for message in [*MESSAGES, "z" * 1024 * 1024]:
                    await socket.send(message)
                    assert await socket.recv() == message
                await socket.send(iter(["in ", "three ", "parts"]))
                assert await socket.recv() == "in three parts"
                await (await socket.ping())
            assert socket.close_code == 1000
            await serving.idle()

    asyncio.run(run())


def test_the_handshake_carries_the_headers_of_the_response() -> None:
    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving) as peer:
            assert peer.status == 101
            assert peer.fields["x-content-type-options"] == "nosniff"
            assert peer.fields["connection"].lower() == "upgrade"
            # The example of RFC 6455, section 1.3.
            assert peer.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    asyncio.run(run())


def test_what_the_client_sends_behind_its_handshake_is_not_lost() -> None:
    async def run() -> None:
        early = handshake() + frame(TEXT, b"early")
        async with serve_session(echo) as serving, connect(serving, early) as peer:
            assert await peer.receive() == (TEXT, b"early")

    asyncio.run(run())


def test_frames_in_pieces_of_one_byte_are_the_same_frames() -> None:
    stream = b"".join(
        [
            frame(TEXT, b"one"),
            frame(TEXT, b"t", fin=False),
            frame(PING, b"now"),
            frame(CONTINUATION, b"wo"),
            frame(BINARY, b"z" * 300),
        ]
    )

    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving) as peer:
            for at in range(len(stream)):
                await peer.send(stream[at : at + 1])
                await asyncio.sleep(0)
            got = sorted([await peer.receive() for _ in range(4)])
            assert got == [(TEXT, b"one"), (TEXT, b"two"), (BINARY, b"z" * 300), (PONG, b"now")]

    asyncio.run(run())


def test_a_handler_that_returns_closes_with_1000() -> None:
    async def greet(socket: WebSocket) -> None:
        await socket.send("bye")

    async def run() -> None:
        async with serve_session(greet) as serving, connect(serving) as peer:
            assert await peer.receive() == (TEXT, b"bye")
            assert await peer.close_code() == 1000
            await serving.idle()

    asyncio.run(run())


def test_a_handler_closes_with_a_code_and_a_reason() -> None:
    async def refuse(socket: WebSocket) -> None:
        await socket.close(4001, "not today")
        with pytest.raises(WebSocketDisconnected):
            await socket.send("too late")

    async def run() -> None:
        async with serve_session(refuse) as serving, client(serving.url) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (4001, "not today")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("code", "reason"), [(1005, ""), (1006, ""), (999, ""), (2000, ""), (5000, ""), (1000, "é" * 62)]
)
def test_what_no_close_frame_can_hold_is_an_error_of_the_handler(code: int, reason: str) -> None:
    async def close(socket: WebSocket) -> None:
        with pytest.raises(ValueError, match=r"WebSocket|reason"):
            await socket.close(code, reason)
        await socket.send("still open")

    async def run() -> None:
        async with serve_session(close) as serving, connect(serving) as peer:
            assert await peer.receive() == (TEXT, b"still open")

    asyncio.run(run())


class Chat:
    on_disconnect = "finish"
    timeout: float | None = 60.0

    def __str__(self) -> str:
        return "chat (chat.py:7)"


def test_an_exception_closes_with_1011_and_is_logged_with_the_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(socket: WebSocket) -> None:
        raise RuntimeError("boom")

    async def run() -> None:
        async with serve_session(fail) as serving:
            serving.application.endpoint = Chat()
            async with connect(serving) as peer:
                assert await peer.close_code() == 1011

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    [record] = caplog.records
    assert "chat (chat.py:7)" in record.getMessage()
    assert record.exc_info
    assert "boom" in str(record.exc_info[1])


def test_an_error_of_the_client_closes_with_1008_and_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(socket: WebSocket) -> None:
        raise Forbidden("members only")

    async def run() -> None:
        async with serve_session(fail) as serving, client(serving.url) as socket:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (1008, "members only")

    asyncio.run(run())
    assert not caplog.records


def test_a_handler_that_talks_to_another_socket_that_is_gone_is_told_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def forward(socket: WebSocket) -> None:
        raise WebSocketDisconnected(1001)  # as the other socket's send would

    async def run() -> None:
        async with serve_session(forward) as serving, connect(serving) as peer:
            assert await peer.close_code() == 1011

    with caplog.at_level(logging.ERROR):
        asyncio.run(run())
    assert len(caplog.records) == 1


@pytest.mark.parametrize("goodbye", ["close", "end", "reset"])
def test_a_client_that_leaves_ends_the_loop_of_the_handler(
    goodbye: str, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    async def listen(socket: WebSocket) -> None:
        nonlocal ended
        async for message in socket:
            ended += [str(message)]
        with pytest.raises(WebSocketDisconnected) as receiving:
            await socket.receive()
        with pytest.raises(WebSocketDisconnected):
            await socket.send("too late")
        ended.append(str(receiving.value.code))

    async def run() -> None:
        async with serve_session(listen) as serving:
            async with connect(serving) as peer:
                await peer.send(frame(TEXT, b"hi"))
                if goodbye == "close":
                    await peer.send(frame(CLOSE, b"\x03\xe9"))
                    assert await peer.receive() == (CLOSE, b"\x03\xe9")
                elif goodbye == "reset":
                    peer.writer.transport.abort()
            await serving.idle()

    asyncio.run(run())
    assert ended[0] == "hi" or goodbye == "reset"
    assert ended[-1] == ("1001" if goodbye == "close" else "1006")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_handler_may_finish_what_it_is_at_when_the_client_leaves() -> None:
    stored = []

    async def store(socket: WebSocket) -> None:
        async for message in socket:
            await asyncio.sleep(0.1)
            stored.append(message)

    async def run() -> None:
        async with serve_session(store) as serving:
            serving.application.endpoint = Chat()
            serving.application.endpoint.on_disconnect = "cancel"
            async with connect(serving) as peer:
                await peer.send(frame(TEXT, b"one"), frame(TEXT, b"two"), frame(CLOSE, b"\x03\xe8"))
                assert await peer.close_code() == 1000
            await serving.idle()

    asyncio.run(run())
    assert stored == ["one", "two"]


def test_a_handler_that_waits_for_something_else_is_cancelled_ten_seconds_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        cancelled = asyncio.Event()

        async def wait(socket: WebSocket) -> None:
            await socket.send("ready")
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        async with serve(Application(wait, None), tick=0) as serving:
            serving.service.clock = Seconds()
            serving.application.endpoint = Chat()
            serving.application.endpoint.on_disconnect = "cancel"
            async with connect(serving) as peer:
                await peer.receive()
                await peer.send(frame(CLOSE, b"\x03\xe8"))
                assert await peer.close_code() == 1000
            await asyncio.sleep(0.05)
            for _ in range(10):
                serving.service.sweep()
                await asyncio.sleep(0.01)
                assert not cancelled.is_set()
            serving.service.sweep()
            await asyncio.wait_for(cancelled.wait(), 5)
            await serving.idle()

    asyncio.run(run())
    assert not caplog.records


def test_a_handler_that_never_notices_has_the_time_of_a_request_to_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def wait(socket: WebSocket) -> None:
        await socket.send("ready")
        await asyncio.sleep(60)

    async def run() -> None:
        async with serve_session(wait) as serving:
            serving.application.endpoint = Chat()
            serving.application.endpoint.timeout = 0.2
            async with connect(serving) as peer:
                await peer.receive()
            await serving.idle()

    asyncio.run(run())
    assert ["chat (chat.py:7) did not end" in record.getMessage() for record in caplog.records] == [True]


def test_two_tasks_cannot_receive_from_one_socket() -> None:
    async def both(socket: WebSocket) -> None:
        first = asyncio.create_task(socket.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="two tasks"):
            await socket.receive()
        first.cancel()
        await socket.send("one is enough")

    async def run() -> None:
        async with serve_session(both) as serving, connect(serving) as peer:
            assert await peer.receive() == (TEXT, b"one is enough")

    asyncio.run(run())


@pytest.mark.parametrize(("restart", "code"), [(True, 1012), (False, 1001)])
def test_draining_closes_with_a_code_that_says_whether_to_come_back(restart: bool, code: int) -> None:
    async def run() -> None:
        async with serve_session(echo) as serving, connect(serving) as peer:
            await peer.send(frame(TEXT, b"open"))
            await peer.receive()
            for connection in list(serving.service.connections):
                connection.drain(restart=restart)
            assert await peer.close_code() == code
            await serving.idle()

    asyncio.run(run())


def test_a_peer_that_does_not_answer_the_close_frame_is_cut_off() -> None:
    async def run() -> None:
        async with serve(Application(echo, None), tick=0) as serving, connect(serving) as peer:
            serving.service.clock = Seconds()
            await peer.send(frame(TEXT, b"open"))
            await peer.receive()
            for connection in list(serving.service.connections):
                connection.drain(restart=False)
            for _ in range(5):
                serving.service.sweep()
                await asyncio.sleep(0.01)
            assert serving.service.connections
            serving.service.sweep()
            await serving.idle()

    asyncio.run(run())


def test_json_both_ways() -> None:
    async def add(socket: WebSocket) -> None:
        await socket.send_json({"sum": sum(await socket.receive_json(list[int]))})

    async def run() -> None:
        async with serve_session(add) as serving, connect(serving) as peer:
            await peer.send(frame(TEXT, b"[1, 2, 3]"))
            assert await peer.receive() == (TEXT, b'{"sum":6}')

    asyncio.run(run())


@pytest.mark.parametrize("compression", [True, False])
def test_compression_is_used_where_both_want_it(compression: bool) -> None:
    async def run() -> None:
        options = WebSocketOptions(compression=compression)
        async with serve_session(echo, options) as serving, client(serving.url) as socket:
            assert socket.response is not None
            assert ("Sec-WebSocket-Extensions" in socket.response.headers) is compression
            await socket.send("a" * 10_000)
            assert await socket.recv() == "a" * 10_000

    asyncio.run(run())


def test_a_handler_that_waits_no_longer_loses_no_message() -> None:
    async def impatient(socket: WebSocket) -> None:
        await socket.send("ready")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.receive()
        await socket.send("waited")
        await socket.send(await socket.receive())

    async def run() -> None:
        async with serve_session(impatient) as serving, connect(serving) as peer:
            assert [await peer.receive(), await peer.receive()] == [(TEXT, b"ready"), (TEXT, b"waited")]
            await peer.send(frame(TEXT, b"here"))
            assert await peer.receive() == (TEXT, b"here")

    asyncio.run(run())


def test_the_limit_of_a_message_is_the_route_s() -> None:
    limits = WebSocketOptions(max_message=4 * 1024 * 1024)

    async def run() -> None:
        async with serve_session(echo, limits) as serving, connect(serving) as peer:
            await peer.send(frame(BINARY, bytes(4 * 1024 * 1024)))
            assert len((await peer.receive())[1]) == 4 * 1024 * 1024
            await peer.send(frame(BINARY, bytes(4 * 1024 * 1024 + 1)))
            assert await peer.close_code() == 1009

    asyncio.run(run())
