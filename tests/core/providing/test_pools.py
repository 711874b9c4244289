"""Many requests, few connections, few threads: all of them are answered."""

import asyncio
import queue
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from segue import App, Next, Request, Response, Threads
from segue.testing import AsyncClient

MOST = 5


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Connection:
    """One of five."""


class Session:
    """Needs a connection."""


def blocking(app: App) -> queue.Queue[Connection]:
    """A pool for threads: who finds no connection blocks the thread, without a limit."""
    free = queue.Queue[Connection]()
    for _ in range(MOST):
        free.put(Connection())

    @app.provide
    def borrowed() -> Iterator[Connection]:
        connection = free.get()
        try:
            yield connection
        finally:
            free.put(connection)

    return free


def handlers(app: App) -> None:
    @app.get("/sync")
    def sync(connection: Connection) -> str:
        return "ok"

    @app.get("/async")
    async def on_loop(connection: Connection) -> str:
        await asyncio.sleep(0.001)
        return "ok"


async def all_are_answered(app: App) -> None:
    async with asyncio.timeout(60), AsyncClient(app) as client:
        answers = await asyncio.gather(*[client.get(path) for path in ["/sync", "/async"] * 100])
        assert [answer.status for answer in answers] == [200] * 200


def small_app() -> App:
    return App(threads=Threads(10, patience=30))


@pytest.mark.row("U3")
@pytest.mark.anyio
async def test_a_pool_of_the_loop() -> None:
    app, slots = small_app(), asyncio.Semaphore(MOST)

    @app.provide
    async def connection() -> AsyncIterator[Connection]:
        async with slots:
            yield Connection()

    handlers(app)
    await all_are_answered(app)


@pytest.mark.row("U3")
@pytest.mark.anyio
async def test_a_pool_that_blocks_threads() -> None:
    app = small_app()
    free = blocking(app)
    handlers(app)
    await all_are_answered(app)
    assert free.qsize() == MOST


@pytest.mark.row("U3")
@pytest.mark.anyio
async def test_an_async_provider_over_a_pool_that_blocks_threads() -> None:
    app = small_app()
    free = blocking(app)

    @app.provide
    async def session(connection: Connection) -> AsyncIterator[Session]:
        await asyncio.sleep(0.001)
        yield Session()

    @app.get("/sync")
    def sync(session: Session, connection: Connection) -> str:
        return "ok"

    @app.get("/async")
    async def on_loop(session: Session) -> str:
        return "ok"

    await all_are_answered(app)
    assert free.qsize() == MOST


@pytest.mark.row("U3")
@pytest.mark.anyio
async def test_middleware_over_a_pool_that_blocks_threads() -> None:
    app = small_app()
    free = blocking(app)

    @app.middleware
    async def use(request: Request, next: Next, connection: Connection) -> Response:
        return await next(request)

    handlers(app)
    await all_are_answered(app)
    assert free.qsize() == MOST


@pytest.mark.anyio
async def test_who_is_cancelled_gives_the_connection_back() -> None:
    app = small_app()
    free = blocking(app)
    handlers(app)

    async with asyncio.timeout(60), AsyncClient(app):
        for _ in range(20):
            tasks = [asyncio.ensure_future(answer(app.handle, path)) for path in ["/sync", "/async"] * 10]
            await asyncio.sleep(0.002)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        # A thread cannot be interrupted: it gives back what it has borrowed when it comes to its end.
        back = [await asyncio.to_thread(free.get) for _ in range(MOST)]
        for connection in back:
            free.put(connection)
        assert (await app.handle(Request("GET", "/sync", []))).status == 200


def answer(handle: Callable[[Request], Awaitable[Response]], path: str) -> Any:
    return handle(Request("GET", path, []))
