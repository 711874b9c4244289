"""A network between a test and a server, which the test may break."""

from __future__ import annotations

import asyncio
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Forwards to the host of a URL. `url` is the same URL through the proxy.

    While `open` is not set, what is sent is swallowed, in both directions, and nothing is closed.
    """

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.open = asyncio.Event()
        self.open.set()
        self.accepted = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user = self.target.username or ""
        self.url = self.target._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Resets every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._writers.add(writer)
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        other: asyncio.StreamWriter | None = None
        try:
            await self.open.wait()
            back, other = await asyncio.open_connection(self.target.hostname, self.target.port)
            self._writers.add(other)
            await asyncio.gather(self._pump(reader, other), self._pump(back, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in (writer, other):
                if one is not None:
                    self._writers.discard(one)
                    one.transport.abort()
            if task is not None:
                self._tasks.discard(task)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if self.open.is_set():
                sink.write(data)
                await sink.drain()
        sink.close()
