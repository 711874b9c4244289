"""Server-Sent Events over real sockets (WHATWG HTML, section 9.2): what a client sees, and what happens when it leaves."""

import asyncio
import logging
import re
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websocket_rig import Serving, serve

from segue import App, Event, EventStream, Header, Request, Response, Struct
from segue.core.results.events import event_stream


class Skipping(selectors.DefaultSelector):
    """Adds up the time that a loop would have waited for nothing, instead of waiting."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(
            0.02
        )  # whatever is on its way between two sockets of this process comes sooner
        if not ready:
            self.skipped += timeout
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop on which fifteen idle seconds pass at once."""

    def __init__(self) -> None:
        self.selector = Skipping()
        super().__init__(self.selector)

    def time(self) -> float:
        return super().time() + self.selector.skipped


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        runner.run(coroutine)


class Reply:
    """A response that is read as it comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        self.reader = reader
        self.writer = writer
        self.status = int(head.split(b" ")[1])
        lines = head.decode().split("\r\n")[1:]
        self.fields = dict(line.split(": ", 1) for line in lines if line)

    async def chunk(self) -> bytes:
        """The next chunk; empty at the end."""
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size + 2)
        return data[:-2]


@asynccontextmanager
async def ask(serving: Serving, target: str, *lines: str, method: str = "GET") -> AsyncIterator[Reply]:
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    try:
        head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *lines])
        writer.write(head.encode() + b"\r\n\r\n")
        yield Reply(reader, writer, await reader.readuntil(b"\r\n\r\n"))
    finally:
        writer.close()


class Price(Struct):
    name: str
    cents: int


@pytest.mark.row("FX6")
def test_events_come_with_their_headers_pings_and_ids_by_any_method() -> None:
    app = App()
    go_on: dict[str, asyncio.Event] = {}

    async def prices(last_event_id: Header[str] = "") -> EventStream[Price]:
        first = int(last_event_id) + 1 if last_event_id else 1
        await go_on["it"].wait()
        for number in range(first, 4):
            yield Event(data=Price("tea", number), id=str(number), event="price")

    for register in (app.get, app.post, app.put, app.query):
        register("/prices")(prices)

    async def main() -> None:
        go_on["it"] = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with serve(app, tick=0) as serving:
            # The head comes at once, before there is any event.
            async with ask(serving, "/prices") as reply:
                began = loop.time()
                assert reply.status == 200
                assert reply.fields["content-type"] == "text/event-stream"
                assert reply.fields["cache-control"] == "no-cache"
                assert reply.fields["x-accel-buffering"] == "no"
                assert await reply.chunk() == b": ping\n\n"
                assert 15 <= loop.time() - began < 16
                assert await reply.chunk() == b": ping\n\n"
                assert 30 <= loop.time() - began < 31
                go_on["it"].set()
                assert await reply.chunk() == b'event: price\nid: 1\ndata: {"name":"tea","cents":1}\n\n'
            async with ask(serving, "/prices", "Last-Event-ID: 1") as reply:
                got = [await reply.chunk() for _ in range(3)]
                assert [event.split(b"\n")[1] for event in got[:2]] == [b"id: 2", b"id: 3"]
                assert got[2] == b""
            for method in ("POST", "PUT", "QUERY"):
                async with ask(serving, "/prices", "Last-Event-ID: 2", method=method) as reply:
                    assert reply.fields["content-type"] == "text/event-stream"
                    assert b"id: 3\n" in await reply.chunk()
            async with ask(serving, "/prices", "Connection: close", method="HEAD") as reply:
                assert reply.fields["content-type"] == "text/event-stream"
                assert await reply.reader.read() == b""

    run(main())


def serve_events(source: Callable[[], AsyncIterator[Any]], **options: Any) -> App:
    app = App()

    @app.get("/")
    async def events() -> Response:
        return event_stream(source(), **options)

    return app


def test_the_ping_may_come_sooner_or_not_at_all() -> None:
    async def slow() -> AsyncIterator[str]:
        await asyncio.sleep(100)
        yield "late"

    async def main(ping: float | None, first: bytes) -> None:
        async with serve(serve_events(slow, ping=ping), tick=0) as serving, ask(serving, "/") as reply:
            assert await reply.chunk() == first

    run(main(2, b": ping\n\n"))
    run(main(None, b"data: late\n\n"))


def test_a_ping_does_not_disturb_a_timeout_around_a_yield() -> None:
    """Each item in a task of its own would break what has to be entered and left by one task."""

    async def bounded() -> AsyncIterator[int]:
        async with asyncio.timeout(1000), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(1))
            for number in range(3):
                yield number
                await asyncio.sleep(20)

    async def main() -> None:
        async with serve(serve_events(bounded), tick=0) as serving, ask(serving, "/") as reply:
            got = [await reply.chunk() for _ in range(7)]
            assert got == [
                b"data: 0\n\n",
                b": ping\n\n",
                b"data: 1\n\n",
                b": ping\n\n",
                b"data: 2\n\n",
                b": ping\n\n",
                b"",
            ]

    run(main())


Ending = Callable[[Serving, Reply], Awaitable[None]]


async def leave(serving: Serving, reply: Reply) -> None:
    reply.writer.transport.abort()


async def drain(serving: Serving, reply: Reply) -> None:
    for connection in list(serving.service.connections):
        connection.drain(restart=True)
    told = re.fullmatch(rb"retry: ([0-9]+)\n\n", await reply.chunk())
    assert told is not None
    assert 1_000 <= int(told[1]) < 3_000  # so that not all clients come back at once
    assert await reply.chunk() == b""


@pytest.mark.parametrize("ending", [leave, drain])
@pytest.mark.parametrize("waits", [True, False])
def test_when_the_stream_is_over_the_generator_is_closed(
    ending: Ending, waits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []

    async def main() -> None:
        closed = asyncio.Event()

        async def forever() -> AsyncIterator[str]:
            try:
                while True:
                    yield "x" * 10
                    await asyncio.sleep(1000 if waits else 0)
            except asyncio.CancelledError:
                told.append("cancelled")
                raise
            finally:
                await asyncio.sleep(0)  # cleaning up may take a moment
                told.append("closed")
                closed.set()

        async with serve(serve_events(forever), tick=0) as serving, ask(serving, "/") as reply:
            assert await reply.chunk() == b"data: xxxxxxxxxx\n\n"
            if waits:
                await ending(serving, reply)
            else:
                reply.writer.transport.abort()
            await asyncio.wait_for(closed.wait(), 5)
            await serving.idle()

    asyncio.run(main())
    assert told[-1] == "closed"
    assert not waits or told == ["cancelled", "closed"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_an_item_of_another_type_ends_the_stream_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = App()

    @app.get("/prices")
    async def prices() -> EventStream[Price]:
        yield Price("tea", 5)
        yield {"name": "milk", "cents": "many"}  # type: ignore[misc]
        yield Price("salt", 5)

    async def main() -> None:
        async with serve(app, tick=0) as serving, ask(serving, "/prices") as reply:
            assert await reply.chunk() == b'data: {"name":"tea","cents":5}\n\n'
            assert await reply.reader.read() == b""

    asyncio.run(main())
    [record] = caplog.records
    assert "prices" in record.getMessage()
    assert "cents" in str(record.exc_info and record.exc_info[1])


def test_an_exception_of_the_generator_ends_the_stream_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken() -> AsyncIterator[str]:
        yield "one"
        raise RuntimeError("boom")

    async def main() -> None:
        async with serve(serve_events(broken), tick=0) as serving, ask(serving, "/") as reply:
            assert await reply.chunk() == b"data: one\n\n"
            assert await reply.reader.read() == b""

    asyncio.run(main())
    assert ["boom" in str(record.exc_info and record.exc_info[1]) for record in caplog.records] == [True]


def test_a_client_that_does_not_read_holds_the_generator_up() -> None:
    made = 0

    async def flood() -> AsyncIterator[str]:
        nonlocal made
        while True:
            made += 1
            yield "x" * 10_000

    async def main() -> None:
        async with serve(serve_events(flood), tick=0) as serving, ask(serving, "/") as reply:
            reply.writer.transport.pause_reading()  # type: ignore[attr-defined]
            before = -1
            while made != before:
                before = made
                await asyncio.sleep(0.3)
            assert made < 2000, "20 MB: what the kernel and the transport keep, and no more"

    asyncio.run(main())


def test_500_streams_that_end_leave_no_task() -> None:
    async def one() -> AsyncIterator[str]:
        yield "hello"
        await asyncio.sleep(1000)

    async def main() -> None:
        async with serve(serve_events(one), tick=0) as serving:
            before = len(asyncio.all_tasks())
            for _ in range(50):
                async with asyncio.TaskGroup() as group:
                    for _ in range(10):
                        group.create_task(visit(serving))
            await serving.idle()
            assert len(asyncio.all_tasks()) <= before

    async def visit(serving: Serving) -> None:
        async with ask(serving, "/") as reply:
            assert await reply.chunk() == b"data: hello\n\n"

    asyncio.run(main())


@pytest.mark.row("TO2")
def test_long_polling_releases_all_waiters_at_once_and_forgets_those_that_left() -> None:
    app = App()
    waiting: set[asyncio.Future[str]] = set()

    @app.post("/a/message/updates", on_disconnect="cancel")
    async def updates() -> str:
        message = asyncio.get_running_loop().create_future()
        waiting.add(message)
        try:
            return await message
        finally:
            waiting.discard(message)

    @app.post("/a/message/new")
    async def new(request: Request) -> None:
        text = await request.text()
        for message in list(waiting):
            message.set_result(text)

    async def until(count: int) -> None:
        async with asyncio.timeout(5):
            while len(waiting) != count:  # noqa: ASYNC110 -- nothing tells that a handler has come so far
                await asyncio.sleep(0.005)

    async def poll(serving: Serving) -> bytes:
        async with ask(serving, "/a/message/updates", method="POST") as reply:
            return await reply.reader.readexactly(int(reply.fields["content-length"]))

    async def main() -> None:
        async with serve(app) as serving:
            polls = [asyncio.create_task(poll(serving)) for _ in range(20)]
            await until(20)
            polls.pop().cancel()
            await until(19)
            assert not any(one.done() for one in polls)
            reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
            writer.write(b"POST /a/message/new HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            assert (await reader.readline()).startswith(b"HTTP/1.1 204")
            async with asyncio.timeout(5):
                assert await asyncio.gather(*polls) == [b"hello"] * 19
            assert not waiting
            writer.close()

    asyncio.run(main())
