"""Clean-up after the response: for what nobody should wait for."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from segue import App, NotFound, Request, WebSocket
from segue.core.plan import FreezeError
from segue.core.threads import Threads
from segue.testing import AsyncClient, Client


class Pool:
    pass


class Connection:
    def __init__(self, pool: Pool) -> None:
        self.pool = pool


class Trace:
    pass


class Films:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class User:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection


@pytest.mark.row("FX2")
def test_shared_needs_guards_of_each_layer_clean_up_after_the_response_and_stand_ins(
    serve_raw: Callable[[App], Any],
) -> None:
    """What is needed twice is made once; its clean-up runs when the client has the whole response."""
    log: list[str] = []
    made: list[Connection] = []
    answered, closed = threading.Event(), threading.Event()

    def guard(name: str) -> Callable[..., Any]:
        async def check(connection: Connection) -> None:
            log.append(f"{name} {connection is made[-1]}")

        return check

    app = App(requires=[guard("app")])
    films = App("films", requires=[guard("included")])
    app.provide(Pool, life="app")
    app.provide(Films)
    app.provide(User)

    @app.provide(cleanup="after")
    async def connection(pool: Pool) -> AsyncIterator[Connection]:
        made.append(Connection(pool))
        yield made[-1]
        await asyncio.to_thread(answered.wait, 20)
        closed.set()

    @films.get("/", requires=[guard("route")])
    async def index(films: Films, user: User) -> dict[str, bool]:
        return {"own": films.connection is user.connection is made[-1]}

    app.include(films, at="/films")
    ask = serve_raw(app)
    assert ask.get("/films/").body == b'{"own":true}'
    assert not closed.is_set()  # the client has all of it, and the clean-up still waits
    answered.set()
    assert closed.wait(20)
    assert (log, len(made)) == (["app True", "included True", "route True"], 1)

    class Fake(Connection):
        pass

    with app.overriding(Connection, Fake):
        assert ask.get("/films/").body == b'{"own":false}'
    assert log[3:] == ["app False", "included False", "route False"]


def test_the_order_is_that_of_other_clean_ups_behind_them() -> None:
    app, log = App(), list[str]()

    @app.provide(cleanup="after")
    async def pool() -> AsyncIterator[Pool]:
        yield Pool()
        log.append("pool")

    @app.provide(cleanup="after")
    def connection(pool: Pool) -> Iterator[Connection]:
        opened = threading.get_ident()
        yield Connection(pool)
        log.append(f"connection {threading.get_ident() == opened}")

    @app.provide
    async def trace(connection: Connection) -> AsyncIterator[Trace]:
        yield Trace()
        log.append("trace")

    @app.after
    async def after(request: Request, response: Any) -> None:
        log.append("response")

    @app.get("/")
    def show(trace: Trace, connection: Connection) -> str:
        return "ok"

    with Client(app) as client:
        assert client.get("/").text == "ok"
    assert log == ["trace", "response", "connection True", "pool"]


@pytest.mark.parametrize("hooked", [False, True], ids=["endpoint", "scope"])
def test_an_error_is_told_at_once(hooked: bool) -> None:
    app, log = App(), list[str]()

    @app.provide(cleanup="after")
    async def connection() -> AsyncIterator[Connection]:
        try:
            yield Connection(Pool())
        except LookupError:
            log.append("rollback")
            raise NotFound from None
        else:
            log.append("commit")

    if hooked:

        @app.middleware
        async def with_scope(request: Request, next: Any, connection: Connection) -> Any:
            return await next(request)

    @app.get("/")
    async def show(connection: Connection, fail: bool = False) -> str:
        if fail:
            raise LookupError
        return "ok"

    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/").status == 200
        reply = client.get("/?fail=true")
    assert log == ["commit", "rollback"]
    if not hooked:  # around a middleware, the error is a reply already
        assert reply.status == 404


def test_a_failure_afterwards_is_logged_and_the_reply_stands(
    serve_raw: Callable[[App], Any], caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    failed = threading.Event()

    @app.provide(cleanup="after")
    async def connection() -> AsyncIterator[Connection]:
        yield Connection(Pool())
        failed.set()
        raise OSError("the connection is gone")

    @app.get("/")
    async def show(connection: Connection) -> str:
        return "ok"

    with caplog.at_level(logging.ERROR):
        ask = serve_raw(app)
        assert ask.get("/").text == "ok"
        assert failed.wait(20)
        assert ask.get("/").text == "ok"
    assert any("connection is gone" in (record.exc_text or "") for record in caplog.records)


def test_a_stream_a_socket_and_work_outside_of_requests() -> None:
    app, log = App(), list[str]()

    @app.provide(cleanup="after")
    async def connection() -> AsyncIterator[Connection]:
        yield Connection(Pool())
        log.append("closed")

    @app.get("/")
    async def stream(connection: Connection) -> AsyncIterator[str]:
        yield "a"
        yield str(len(log))

    @app.websocket("/talk")
    async def talk(socket: WebSocket, connection: Connection) -> None:
        await socket.send(str(len(log)))

    async def outside() -> None:
        async with app.scope() as scope:
            await scope.get(Connection)
        assert len(log) == 3

    with Client(app) as client:
        assert client.get("/").text == "a0"
        assert log == ["closed"]
        with client.websocket("/talk") as socket:
            assert socket.receive() == "1"
    assert len(log) == 2
    asyncio.run(outside())


@pytest.mark.parametrize("between", [False, True])
def test_what_it_takes_must_not_be_gone_before_it(between: bool) -> None:
    app = App()

    @app.provide
    async def connection() -> AsyncIterator[Connection]:
        yield Connection(Pool())

    app.provide(Films)
    needed: Any = Films if between else Connection

    async def trace(needed: Any) -> AsyncIterator[Trace]:
        yield Trace()

    trace.__annotations__["needed"] = needed
    app.provide(Trace, trace, cleanup="after")
    with pytest.raises(FreezeError, match=r"Trace .* after the response, but takes Connection .* before"):
        app.freeze()


def test_what_has_no_clean_up_and_what_lives_with_the_app_are_refused() -> None:
    app = App()
    app.provide(Pool, cleanup="after")

    @app.provide(life="app", cleanup="after")
    async def connection() -> AsyncIterator[Connection]:
        yield Connection(Pool())

    with pytest.raises(FreezeError) as caught:
        app.freeze()
    assert ["has no clean-up" in one or "at shutdown" in one for one in caught.value.problems] == [True, True]


def test_a_pool_of_threads_and_connections_does_not_lock_up() -> None:
    """Who cleans up in a thread keeps the one that it has: others may wait in all the rest for what it holds."""
    app = App(threads=Threads(2))
    free = threading.BoundedSemaphore(1)

    @app.provide(cleanup="after")
    def connection() -> Iterator[Connection]:
        assert free.acquire(timeout=20)
        yield Connection(Pool())
        free.release()

    @app.get("/")
    def show(connection: Connection) -> str:
        return "ok"

    async def main() -> None:
        async with AsyncClient(app) as client:
            replies = await asyncio.gather(*[client.get("/") for _ in range(20)])
            assert [one.text for one in replies] == ["ok"] * 20

    asyncio.run(main())
