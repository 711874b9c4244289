"""Visitors of the film example: some who ask and go on asking, some who listen."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Self

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

__all__ = ["Listener", "Searcher", "Traffic", "exchange"]

_PATIENCE = 20.0
_QUESTION = b"GET /films?q=the&size=5 HTTP/1.1\r\nhost: films\r\n\r\n"


async def exchange(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Reads one response whole: its status, and whether the connection goes on. Raises IncompleteReadError."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
    await reader.readexactly(int(fields["content-length"]))
    return int(head.split(" ", 2)[1]), fields.get("connection") != "close"


@dataclass
class Traffic:
    """``visitors`` connections that together ask ``rate`` times a second until it is stopped.

    A request has failed when it did not get a whole 200, for whatever reason. ``failures`` begin with how far it came:
    ``refused``; ``late``, the connection was closed before anything came back; ``lost``, in the middle or with an error.
    """

    port: int
    rate: float = 200.0
    visitors: int = 10
    answered: int = 0
    failures: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    _goals: list[tuple[int, asyncio.Event]] = field(default_factory=list)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._visit()) for _ in range(self.visitors)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def _visit(self) -> None:
        reader = writer = None
        while not self._stop.is_set():
            begun = time.perf_counter()
            try:
                async with asyncio.timeout(_PATIENCE):
                    if reader is None or writer is None:
                        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.write(_QUESTION)
                    status, goes_on = await exchange(reader)
                if status != 200:
                    self.failures.append(f"lost: {status}")
                self._answered()
                self.times.append(time.perf_counter() - begun)
                if not goes_on:
                    writer.close()
                    writer = None
            except ConnectionRefusedError as error:
                self.failures.append(f"refused: {error!r}")
            except (OSError, EOFError) as error:
                begun_reply = getattr(error, "partial", b"")
                self.failures.append(f"{'lost' if begun_reply else 'late'}: {error!r}")
                if writer is not None:
                    writer.close()
                writer = None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self.visitors / self.rate)
        if writer is not None:
            writer.close()

    def _answered(self) -> None:
        self.answered += 1
        for goal, reached in self._goals:
            if self.answered >= goal:
                reached.set()

    async def more(self, count: int) -> None:
        """Until so many more requests were answered."""
        reached = asyncio.Event()
        self._goals.append((self.answered + count, reached))
        async with asyncio.timeout(_PATIENCE * 2):
            await reached.wait()


class Listener:
    """Somebody who listens to the feed; ``end`` is what came last, when the server ended it in order."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.end = b""
        self.opened = asyncio.Event()
        self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(b"GET /feed HTTP/1.1\r\nhost: films\r\naccept: text/event-stream\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            self.opened.set()
            while piece := await reader.read(4096):
                self.end = (self.end + piece)[-200:]
        finally:
            writer.close()


class Searcher:
    """Somebody who searches as they type; ``code`` is the one that the server closed with."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.code: int | None = None
        self.opened = asyncio.Event()
        self.task = asyncio.create_task(self._search())

    async def _search(self) -> None:
        async with connect(f"ws://127.0.0.1:{self.port}/search", open_timeout=_PATIENCE) as socket:
            try:
                while True:
                    await socket.send("alien")
                    assert "Alien" in str(await socket.recv())
                    self.opened.set()
                    await asyncio.sleep(0.1)
            except ConnectionClosed as closed:
                self.code = closed.rcvd.code if closed.rcvd is not None else None
