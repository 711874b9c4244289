"""Streams of the test client: pieces as they come, events, leaving early, disconnect policies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from segue import App
from segue.http.request import Request
from segue.http.response import Response
from segue.http.sse import Event, EventStream
from segue.testing import AsyncClient, Client


def test_pieces_come_as_they_are_sent() -> None:
    app = App()
    go = threading.Event()

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.to_thread(go.wait, 10)
        yield b"second"

    with Client(app) as client, client.stream("GET", "/") as response:
        assert response.status == 200
        pieces = iter(response)
        assert next(pieces) == b"first"
        go.set()
        assert list(pieces) == [b"second"]


def test_a_stream_is_held_up_while_the_client_does_not_read() -> None:
    app = App()
    sent: list[int] = []

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        for number in range(1_000):
            sent.append(number)
            yield b"x" * 32 * 1024

    with Client(app) as client:
        with client.stream("GET", "/") as response:
            response.piece()
            for _ in range(3):
                client.get("/none")
            assert len(sent) <= 6
        assert len(client.get("/").content) == 32 * 1024 * 1_000


def test_leaving_a_stream_closes_its_generator() -> None:
    app = App()
    closed: list[str] = []

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0)
        finally:
            closed.append("closed")

    with Client(app) as client:
        with client.stream("GET", "/") as response:
            assert response.piece() == b"x"
            assert closed == []
        assert closed == ["closed"]


def test_lines_and_the_rest() -> None:
    app = App()

    @app.get("/")
    async def stream() -> AsyncIterator[bytes]:
        for piece in (b"on", b"e\r\ntw", b"o\nthr", b"ee"):
            yield piece

    with Client(app) as client:
        with client.stream("GET", "/") as response:
            assert list(response.lines()) == ["one", "two", "three"]
        with client.stream("GET", "/") as response:
            assert response.piece() == b"on"
            assert response.read().text == "e\r\ntwo\nthree"


def test_an_upload_is_streamed_in_both_directions() -> None:
    app = App()

    @app.post("/")
    async def upper(request: Request) -> Response:
        async def shouted() -> AsyncIterator[bytes]:
            async for piece in request.stream():
                yield piece.upper()

        return Response(shouted(), content_type="text/plain")

    async def main() -> None:
        said: asyncio.Queue[bytes] = asyncio.Queue()

        async def speech() -> AsyncIterator[bytes]:
            while word := await said.get():
                yield word

        async with AsyncClient(app) as client, client.stream("POST", "/", content=speech()) as response:
            for word in (b"one", b"two"):
                said.put_nowait(word)
                assert await response.piece() == word.upper()
            said.put_nowait(b"")
            assert await response.piece() == b""

    asyncio.run(main())


def test_events_are_read_as_a_browser_reads_them() -> None:
    app = App()

    @app.get("/ticker")
    async def ticker(request: Request) -> EventStream[object]:
        assert request.headers["accept"] == "text/event-stream"
        yield Event(data="two\nlines", event="news", id="7", retry=10)
        number = 0
        while True:
            yield {"n": number}
            number += 1

    with Client(app) as client, client.events("/ticker") as events:
        assert next(events) == Event(data="two\nlines", event="news", id="7", retry=10)
        assert next(events) == Event(data='{"n":0}', id="7")
        assert next(events).data == '{"n":1}'


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_do_not_depend_on_how_the_bytes_come(size: int) -> None:
    raw = (
        "\ufeff: hi\r\ndata: ä\rdata:b\n\nid: 1\r\n\r\ndata\r\n\r\nevent: x\ndata: c\r\rdata: never".encode()
    )
    app = App()

    @app.get("/")
    async def stream() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(raw), size):
                yield raw[start : start + size]

        return Response(pieces(), content_type="text/event-stream")

    with Client(app) as client, client.events("/") as events:
        assert list(events) == [
            Event(data="ä\nb"),
            Event(data="", id="1"),
            Event(data="c", event="x", id="1"),
        ]


@pytest.mark.parametrize("policy", ["finish", "cancel"])
def test_a_client_that_leaves_before_the_answer(policy: str) -> None:
    app = App()
    began, over = threading.Event(), threading.Event()
    seen: list[str] = []

    @app.get("/", on_disconnect=policy)  # type: ignore[arg-type]
    async def slow(request: Request) -> str:
        began.set()
        try:
            await asyncio.to_thread(over.wait, 10)
            seen.append(f"finished, disconnected: {request.disconnected}")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "nobody reads it"

    async def main() -> None:
        async with AsyncClient(app) as client:
            asked = asyncio.create_task(client.get("/"))
            await asyncio.to_thread(began.wait, 10)
            asked.cancel()
            await asyncio.wait([asked])
            assert asked.cancelled()
            over.set()
            await client.get("/none")
            while not seen:  # noqa: ASYNC110 -- what is waited for is the end of another task of the client
                await asyncio.sleep(0.001)

    asyncio.run(main())
    assert seen == [{"finish": "finished, disconnected: True", "cancel": "cancelled"}[policy]]
