"""The native server on a loop and a thread of its own, reached over real sockets."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import uvloop

from segue.server.application import Application
from segue.server.http1 import HTTP1Protocol
from segue.server.limits import Limits
from segue.server.service import Service

__all__ = ["Server", "serving"]

T = TypeVar("T")


class Server:
    """A running server: its address, its service, and the log records that it and the application made."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop, port: int) -> None:
        self.service = service
        self.loop = loop
        self.port = port
        self.records: list[logging.LogRecord] = []

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def until(self, condition: Callable[[], bool], within: float = 10.0) -> None:
        """Waits for something that the server does by itself."""
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not so within {within} s: {condition}")
            time.sleep(0.005)

    def settled(self, within: float = 10.0) -> None:
        """Waits until no connection and no task is left: then nothing that was sent can still have an effect."""
        self.until(lambda: not self.service.connections and not self.service.tasks, within)
        self.until(lambda: self.tasks() == 0, within)

    def tasks(self) -> int:
        async def count() -> int:
            # Not this one, nor that of the server, nor the one that sweeps.
            return len(asyncio.all_tasks()) - 3

        return self.run(count())

    def worked(self) -> float:
        """Seconds of CPU that the loop's thread has used: what others do on the machine does not count."""

        async def spent() -> float:
            return time.thread_time()

        return self.run(spent())

    def logged(self) -> list[str]:
        return [record.getMessage() for record in self.records]


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self.records = records

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def serving(
    application: Application, limits: Limits | None = None, *, sweep: float = 1.0
) -> Iterator[Server]:
    """Serves ``application`` on a free port. ``sweep``: seconds between two looks at the deadlines."""
    ready: list[Server] = []
    began = threading.Event()
    done: list[asyncio.Event] = []

    async def main() -> None:
        service = Service(application, limits)
        loop = asyncio.get_running_loop()
        await application.startup()
        listening = await loop.create_server(lambda: HTTP1Protocol(service), "127.0.0.1", 0, backlog=4096)
        done.append(asyncio.Event())
        ready.append(Server(service, loop, listening.sockets[0].getsockname()[1]))

        async def tick() -> None:
            while True:
                await asyncio.sleep(sweep)
                service.sweep()

        ticking = loop.create_task(tick())
        began.set()
        await done[0].wait()
        ticking.cancel()
        listening.close()
        for connection in list(service.connections):
            connection.abort()
        await asyncio.sleep(0.05)
        await application.shutdown()

    def work() -> None:
        try:
            uvloop.run(main())
        finally:
            began.set()

    thread = threading.Thread(target=work, name="wire-server", daemon=True)
    thread.start()
    began.wait(10)
    server = ready[0]
    collector = _Collector(server.records)
    loggers = [logging.getLogger(name) for name in ("segue", "asyncio")]
    for logger in loggers:
        logger.addHandler(collector)
    try:
        yield server
    finally:
        for logger in loggers:
            logger.removeHandler(collector)
        server.loop.call_soon_threadsafe(done[0].set)
        thread.join(20)
        if thread.is_alive():
            raise RuntimeError("the server did not stop")
