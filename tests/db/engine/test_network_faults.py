"""Servers that do not answer, go away, or are asked for too much."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest
from databases import SERVERS, Database
from tcp_proxy import Proxy

from segue import App
from segue.db.engine import ConnectionLost, Engine, PoolTimeout, StatementTimeout, engine_for
from segue.db.engine.options import Settings
from segue.testing import AsyncClient

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database", SERVERS, indirect=True)]


def film_app(engine: Engine, sql: str) -> App:
    app = App()

    @app.get("/films")
    async def films() -> list[int]:
        return [row[0] for row in await engine.fetch(sql)]

    return app


@pytest.mark.row("FAULT-12")
async def test_a_database_behind_a_black_hole_is_a_503_and_not_a_wait(database: Database) -> None:
    defaults = Settings()
    assert (defaults.connect_timeout, defaults.statement_timeout) == (5.0, 30.0)
    async with Proxy(database.url) as proxy:
        engine = engine_for(proxy.url, connect_timeout=0.5, statement_timeout=0.5, pool_size=3)
        await engine.open()
        app = film_app(engine, "SELECT 1")
        try:
            async with AsyncClient(app) as client:
                assert (await client.get("/films")).json() == [1]
                proxy.open.clear()
                began = time.monotonic()
                # The first learns it from its statement, the second from a ping or from connecting.
                for _ in range(2):
                    reply = await client.get("/films")
                    assert reply.status == 503
                    assert "SELECT" not in reply.text
                    assert reply.headers["retry-after"] == "1"
                assert time.monotonic() - began < 10
                with pytest.raises(ConnectionLost, match=r"did not answer within 0\.5 seconds"):
                    await engine.fetch("SELECT 1")
                proxy.open.set()
                assert (await client.get("/films")).json() == [1]
        finally:
            await engine.close()
        assert engine.statistics == (0, 0, 0)


async def test_a_statement_that_the_server_answers_too_late(database: Database) -> None:
    engine = database.engine(statement_timeout=0.3, pool_size=2)
    await engine.open()
    try:
        async with engine.connection() as connection:
            await connection.begin()
            with pytest.raises(StatementTimeout) as late:
                await connection.fetch(database.sleep(20))
            assert late.value.status == 503
            with pytest.raises(ConnectionLost, match="cannot be used any more"):
                await connection.fetch("SELECT 1")
        # Somebody's own cancellation stays one.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await engine.fetch(database.sleep(20))
        assert len(await engine.fetch("SELECT 1")) == 1
    finally:
        await engine.close()


async def test_the_server_stops_working_on_what_nobody_waits_for(database: Database) -> None:
    engine = database.engine(statement_timeout=0.2)
    watcher = database.engine()
    await engine.open()
    await watcher.open()
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%tag_seven%'"
        " AND state = 'active' AND pid <> pg_backend_pid()"
        if database.kind == "postgresql"
        else "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%%tag_seven%%'"
        " AND id <> connection_id()"
    )
    try:
        with pytest.raises(StatementTimeout):
            await engine.fetch(f"{database.sleep(60)} /* tag_seven */")
        async with asyncio.timeout(10):
            while (await watcher.fetch(running))[0][0]:  # noqa: ASYNC110 -- the server tells nobody
                await asyncio.sleep(0.02)
    finally:
        await engine.close()
        await watcher.close()


@pytest.mark.row("FAULT-13")
async def test_a_storm_on_a_small_pool(database: Database) -> None:
    assert Settings().pool_timeout == 5.0
    engine = database.engine(pool_size=5, pool_timeout=1)
    await engine.open()
    app = film_app(engine, database.sleep(0.8))
    try:
        async with AsyncClient(app) as client:
            began = time.monotonic()
            most = 0

            async def ask() -> tuple[int, float]:
                reply = await client.get("/films")
                return reply.status, time.monotonic() - began

            asking = [asyncio.create_task(ask()) for _ in range(100)]
            while not all(task.done() for task in asking):
                most = max(most, engine.statistics.open)
                await asyncio.sleep(0.01)
            replies = [task.result() for task in asking]
            assert {status for status, _ in replies} == {200, 503}
            assert sum(status == 200 for status, _ in replies) >= 5
            # Room for a busy machine: without a bound they would have taken 16 seconds.
            assert max(after for status, after in replies if status == 503) < 5
            assert most <= 5
            assert engine.statistics.waiting == 0
            assert engine.statistics.open == engine.statistics.free <= 5
            assert (await client.get("/films")).status == 200
        with pytest.raises(PoolTimeout, match="pool_size=10"):
            await exhaust(engine)
    finally:
        await engine.close()


async def exhaust(engine: Engine) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(engine.connection())
        await engine.fetch("SELECT 1")


async def test_connections_that_were_cut_are_found_out(database: Database) -> None:
    async with Proxy(database.url) as proxy:
        engine = engine_for(proxy.url, pool_size=5)
        await engine.open()
        try:
            await asyncio.gather(*(engine.fetch(database.sleep(0.05)) for _ in range(5)))
            assert engine.statistics.open == 5
            proxy.cut()
            # Not one of them is met by somebody: not by reads, not by writes.
            for _ in range(10):
                assert len(await engine.fetch("SELECT 1")) == 1
            proxy.cut()
            await asyncio.sleep(0.05)
            await engine.execute("CREATE TABLE cut_once (id INTEGER)")
            await engine.execute("DROP TABLE cut_once")
        finally:
            await engine.close()


async def test_a_connection_cut_in_the_middle_of_a_transaction(database: Database) -> None:
    async with Proxy(database.url) as proxy:
        engine = engine_for(proxy.url)
        await engine.open()
        try:
            await engine.execute("CREATE TABLE cut_twice (id INTEGER)")
            async with engine.connection() as connection:
                await connection.begin()
                await connection.execute("INSERT INTO cut_twice VALUES (1)")
                proxy.cut()
                with pytest.raises(ConnectionLost) as lost:
                    await connection.execute("INSERT INTO cut_twice VALUES (2)")
                assert lost.value.status == 503
                with pytest.raises(ConnectionLost):
                    await connection.commit()
            assert len(await engine.fetch("SELECT * FROM cut_twice")) == 0
            await engine.execute("DROP TABLE cut_twice")
        finally:
            await engine.close()


async def test_an_idle_connection_is_asked_whether_it_still_stands(database: Database) -> None:
    async with Proxy(database.url) as proxy:
        engine = engine_for(proxy.url, ping_after=0, connect_timeout=1)
        await engine.open()
        try:
            before = proxy.accepted
            await engine.fetch("SELECT 1")
            await engine.fetch("SELECT 1")
            assert proxy.accepted == before
            proxy.cut()
            await engine.fetch("SELECT 1")
            assert proxy.accepted == before + 1
        finally:
            await engine.close()


async def test_an_old_connection_is_replaced(database: Database) -> None:
    async with Proxy(database.url) as proxy:
        engine = engine_for(proxy.url, lifetime=0.05)
        await engine.open()
        try:
            before = proxy.accepted
            await asyncio.sleep(0.1)
            await engine.fetch("SELECT 1")
            assert proxy.accepted == before + 1
        finally:
            await engine.close()


async def test_nobody_is_at_the_address(database: Database) -> None:
    async with Proxy(database.url) as proxy:
        url = proxy.url
    engine = engine_for(url)
    with pytest.raises(ConnectionLost, match="Is the server running"):
        await engine.open()
    with pytest.raises(PoolTimeout, match="not open"):
        await engine.fetch("SELECT 1")
