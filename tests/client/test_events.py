"""Server-Sent Events, for as long as they come."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from client_rig import peer, run

from segue import App, Event, EventStream, Header, Struct
from segue.client import Backoff, CallBroken, Http, Retries, StatusFailed, UnfitReply, Unreachable
from segue.testing import LiveServer

SOON = Backoff(first=0.01, most=0.05)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n"


class Price(Struct):
    cents: int


def test_events_are_typed_and_named(serve: Callable[..., LiveServer]) -> None:
    app = App()

    @app.post("/prices")
    async def prices(start: int) -> EventStream[Price]:
        yield Event(data=Price(start), event="price", id="7")
        yield Price(start + 1)

    url = serve(app).url

    async def call() -> list[Event]:
        async with Http(base_url=url) as http:
            stream = http.events("/prices", Price, method="POST", params={"start": 5}, again=None)
            return [event async for event in stream]

    found = run(call())
    assert [(one.data, one.event, one.id) for one in found] == [
        (Price(5), "price", "7"),
        (Price(6), None, "7"),
    ]


def test_it_goes_on_where_it_broke_off(serve: Callable[..., LiveServer]) -> None:
    app = App()
    seen: list[str] = []

    @app.get("/log")
    async def log(last_event_id: Header[str] = "") -> EventStream[str]:
        seen.append(last_event_id)
        start = int(last_event_id) + 1 if last_event_id else 0
        for number in range(start, start + 2):
            yield Event(data=f"line {number}", id=str(number))

    url = serve(app).url

    async def call() -> list[str]:
        found: list[str] = []
        async with Http(base_url=url) as http:
            async for event in http.events("/log", last_id="9", again=SOON):
                found.append(event.data)
                if len(found) == 5:
                    break
        return found

    assert run(call()) == [f"line {number}" for number in range(10, 15)]
    assert seen == ["9", "11", "13"]


def test_trouble_is_waited_out_and_a_204_is_the_end() -> None:
    answers = [
        b"",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        HEAD + b"retry: 10\n: ping\n\ndata: one\nid: 1\n\ndata: cut off",
        HEAD + b"data: two\r\rdata: three\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    ]

    def say(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answers.pop(0))

    with peer(say) as server:

        async def call() -> list[Any]:
            async with Http(retries=Retries(times=0)) as http:
                return [event.data async for event in http.events(server.url, again=SOON)]

        assert run(call()) == ["one", "two", "three"]
        assert b"last-event-id: 1" in server.asked[3].lower()
        assert all(b"accept: text/event-stream" in one.lower() for one in server.asked)


@pytest.mark.parametrize(
    ("answer", "failure", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", StatusFailed, "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", UnfitReply, "content type"),
        (HEAD + b"data: no number\n\n", UnfitReply, "no int"),
        (HEAD + b"data: " + b"x" * 2000 + b"\n\n", UnfitReply, "more than 1000"),
        (HEAD + b"data: x\n" * 1000, UnfitReply, "more than 1000"),
    ],
)
def test_what_no_second_attempt_would_mend_is_told(
    answer: bytes, failure: type[Exception], told: str
) -> None:
    with peer(answer) as server:

        async def call() -> None:
            async with Http() as http:
                async for _ in http.events(server.url, int, again=SOON, limit=1000):
                    pass

        with pytest.raises(failure, match=told):
            run(call())
        assert len(server.asked) == 1


def test_without_again_every_failure_is_told() -> None:
    async def call() -> None:
        async with Http() as http:
            with pytest.raises(Unreachable):
                async for _ in http.events("http://127.0.0.1:1/", again=None):
                    pass
            cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 500\r\n\r\ndata: 1\n\n"
            with peer(cut) as server, pytest.raises(CallBroken):
                async for _ in http.events(server.url, again=None):
                    pass

    run(call())


def test_who_leaves_ends_the_stream(serve: Callable[..., LiveServer]) -> None:
    app = App()
    left = asyncio.Event()

    @app.get("/")
    async def forever() -> EventStream[int]:
        try:
            while True:
                yield 1
                await asyncio.sleep(0.01)
        finally:
            left.set()

    server = serve(app)

    async def call() -> None:
        async with Http() as http:
            async for _ in http.events(server.url):
                break
            async with asyncio.timeout(20):
                while not left.is_set():  # noqa: ASYNC110 -- the event is one of another loop
                    await asyncio.sleep(0.01)

    run(call())
